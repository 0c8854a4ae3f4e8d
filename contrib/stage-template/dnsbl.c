/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage dnsbl: refuses clients that a DNS blocklist names (RFC 5782).
 *
 * A whole stage outside mailtri's tree, small enough to read at once.  Copy
 * the folder, rename it, and keep the order of this file: options, facts,
 * what is checked at start, what is done for a mail, the table at the end.
 * All it includes is the installed <mailtri/stage.h>, which is the contract.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailtri/stage.h>

enum { TYPE_A = 1, NAME_MAX_LEN = 253, REVERSED_MAX = 64 };

/* What stages.d/dnsbl.conf may hold.  The host parses the file, refuses what
 * is not listed here, and prints these lines in `mailtrictl stages dnsbl'. */
static const struct mt_option options[] = {
	{ .name = "zone", .type = MT_OPT_STRING, .flags = MT_REQUIRED,
	  .help = "The blocklist's zone, such as \"zen.example.org\"." },
	{ .name = "refuse", .type = MT_OPT_BOOL, .def = "true",
	  .help = "Refuse who is listed; else the fact alone is written." },
	{ .name = NULL }
};

/* What this stage finds out, for the stages behind it, the report and the
 * audit log.  The prefix is the stage's name; a fact is written once. */
static const struct mt_fact_decl writes[] = {
	{ .key = "dnsbl.result", .type = MT_TOKEN, .choices = "listed|clean",
	  .help = "Whether the list names the client." },
	{ .key = NULL }
};

/* One for each worker, made by open() and given to every callback.  Nothing
 * about a mail belongs in it: a worker has many in turn. */
struct dnsbl {
	const struct mt_host *host;
};

/* ---- at start ---- */

/* Each option was checked by its type; this is for what types cannot say.  The
 * sentence is shown as "stages.d/dnsbl.conf:LINE: dnsbl: SENTENCE". */
static int
dnsbl_check(const struct mt_host *host, const struct mt_conf *conf, struct mt_result *why)
{
	const char *zone = host->conf_str(conf, "zone");

	if (strlen(zone) + REVERSED_MAX < NAME_MAX_LEN && strchr(zone, '.') != NULL)
		return 0;
	snprintf(why->text, sizeof(why->text), "zone: \"%.100s\" is no zone of a blocklist: "
	    "write its name, such as \"zen.example.org\"", zone);
	return -1;
}

static int
dnsbl_open(const struct mt_host *host, const struct mt_conf *conf, void **ctx,
    struct mt_result *why)
{
	struct dnsbl *d = malloc(sizeof(*d));

	(void)conf;
	if (d == NULL) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return -1;
	}
	d->host = host;
	*ctx = d;
	return 0;
}

/* ---- for a mail ---- */

/* "192.0.2.1" becomes "1.2.0.192.", an IPv6 address its 32 digits from the
 * last to the first (RFC 5782 2.1 and 2.4).  A span has no NUL at its end. */
static int
reverse(struct mt_span address, char out[REVERSED_MAX + 1])
{
	char text[INET6_ADDRSTRLEN];
	unsigned char b[16];
	size_t at = 0;

	if (address.len >= sizeof(text))
		return -1;
	memcpy(text, address.ptr, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET, text, b) == 1) {
		snprintf(out, REVERSED_MAX + 1, "%u.%u.%u.%u.", b[3], b[2], b[1], b[0]);
		return 0;
	}
	if (inet_pton(AF_INET6, text, b) != 1)
		return -1;
	for (int i = 15; i >= 0; i--)
		at += (size_t)snprintf(out + at, REVERSED_MAX + 1 - at, "%x.%x.", b[i] & 15u,
		    b[i] >> 4);
	return 0;
}

/*
 * Asks the list; an enum mt_status.  A stage never waits: the first run gets
 * MT_PENDING, returns MT_WAIT, and is run again from its beginning when the
 * answer is there, as if the first run had not been.  So a callback changes
 * nothing outside the message, and asks all it will want before it gives up.
 */
static int
list_ask(const struct mt_host *host, struct mt_msg *msg, const char *reversed,
    struct mt_answer *answer)
{
	char name[NAME_MAX_LEN + 1];

	snprintf(name, sizeof(name), "%s%s", reversed,
	    host->conf_str(host->conf(msg), "zone"));
	return host->dns_get(msg, name, TYPE_A, answer);
}

/* RFC 5782 2.1: listed is an answer in 127.0.0.0/8; a list that has closed
 * answers anything. */
static int
is_listed(const struct mt_answer *answer)
{
	for (uint32_t i = 0; i < answer->count; i++)
		if (answer->rr[i].len == 4 && (unsigned char)answer->rr[i].ptr[0] == 127)
			return 1;
	return 0;
}

static int
result_set(const struct mt_host *host, struct mt_msg *msg, const char *word)
{
	struct mt_fact fact = { .key = "dnsbl.result", .type = MT_TOKEN,
		.text = { word, strlen(word) } };

	return host->fact_set(msg, &fact);
}

/* An opinion: a stable reason for machines, a sentence that tells the sender
 * what to do.  There is no "accept": saying nothing is no objection. */
static void
refuse(struct mt_result *out, enum mt_verdict verdict, const char *reason, const char *text)
{
	out->verdict = (int32_t)verdict;
	snprintf(out->reason, sizeof(out->reason), "%s", reason);
	snprintf(out->text, sizeof(out->text), "%s", text);
}

/* At RCPT, before the content is sent.  0: done, `out' holds the opinion;
 * MT_WAIT: run me again; -1: I failed, and `on_error' of the stage's file
 * decides (451 where it says nothing). */
static int
dnsbl_envelope(void *ctx, struct mt_msg *msg, struct mt_result *out)
{
	const struct mt_host *host = ((struct dnsbl *)ctx)->host;
	struct mt_client client = { .size = sizeof(client) };
	struct mt_answer answer = { .size = sizeof(answer) };
	char reversed[REVERSED_MAX + 1];
	int status, listed;

	if (host->client(msg, &client) != 0 || reverse(client.address, reversed) != 0)
		return -1;
	status = list_ask(host, msg, reversed, &answer);
	if (status == MT_PENDING)
		return MT_WAIT;
	if (status != MT_OK && status != MT_NODATA && status != MT_NXDOMAIN) {
		/* Nobody knows: never a refusal for good, never a pass. */
		refuse(out, MT_TEMPFAIL, "dnsbl.dns", "the blocklist does not answer; try again later");
		return 0;
	}
	listed = status == MT_OK && is_listed(&answer);
	if (result_set(host, msg, listed ? "listed" : "clean") != 0)
		return -1;
	if (listed && host->conf_int(host->conf(msg), "refuse"))
		refuse(out, MT_REJECT, "dnsbl.listed", "your server is on a blocklist; "
		    "ask its operator to have it removed");
	return 0;
}

/* The one symbol the file exports.  needs: what the worker is given; what is
 * not asked for here is refused, by the host and by the kernel. */
MT_STAGE(dnsbl, .name = "dnsbl", .version = "1.0",
    .summary = "Refuses clients that a DNS blocklist names",
    .needs = MT_NEED_DNS, .options = options, .writes = writes,
    .check = dnsbl_check, .open = dnsbl_open, .close = free,
    .envelope = dnsbl_envelope);
