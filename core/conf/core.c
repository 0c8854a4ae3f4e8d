/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of mailtri.conf: every option, its default, its place. */
#include "conf/core.h"

#include <stddef.h>

#define S(member) offsetof(struct settings, member)
#define LISTENER(member) offsetof(struct setting_listener, member)
#define ROUTE(member) offsetof(struct setting_route, member)

static const struct core_row top_rows[] = {
	{ { "hostname", NULL, NULL, "our name in the SMTP dialogue and in "
	    "Authentication-Results; unset: the system's", MT_OPT_STRING, 0, 0, 0 },
	    CORE_TEXT, S(hostname), 0 },
	{ { "pipeline", "", NULL, "stages every message passes, in this order",
	    MT_OPT_LIST, 0, 0, 0 }, CORE_BY_HAND, 0, 0 },
	{ { "user", NULL, NULL, "whom roles become when mailtrid is started by "
	    "root; unset: nobody else", MT_OPT_STRING, 0, 0, 0 },
	    CORE_TEXT, S(user), 0 },
	{ { "state_dir", MAILTRI_STATEDIR, NULL, "queue, audit log and keys",
	    MT_OPT_STRING, 0, 0, 0 }, CORE_TEXT, S(state_dir), 0 },
	{ { "run_dir", MAILTRI_RUNDIR, NULL, "control socket", MT_OPT_STRING,
	    0, 0, 0 }, CORE_TEXT, S(run_dir), 0 },
	{ { "stage_dir", MAILTRI_STAGEDIR, NULL, "shared objects of stages",
	    MT_OPT_STRING, 0, 0, 0 }, CORE_TEXT, S(stage_dir), 0 },
	{ { "libexec_dir", MAILTRI_LIBEXECDIR, NULL, "programs of the roles",
	    MT_OPT_STRING, 0, 0, 0 }, CORE_TEXT, S(libexec_dir), 0 },
	{ { "root_key", NULL, NULL, "key of 32 bytes under which all others are "
	    "wrapped; unset: keys/root in state_dir, made once",
	    MT_OPT_SECRET, 0, 0, 0 }, CORE_TEXT, S(root_key), 0 },
	{ .option = { .name = NULL } },
};

static const struct core_row tls_rows[] = {
	{ { "certificate", NULL, NULL, "files of certificate chains (PEM), the "
	    "server's first in each; an ECDSA and an RSA one may stand side by "
	    "side", MT_OPT_LIST, 0, 0, 0 },
	    CORE_LIST, S(tls_certificates), S(tls_count) },
	{ { "key", NULL, NULL, "files of their private keys (PEM), in the same "
	    "order", MT_OPT_LIST, 0, 0, 0 }, CORE_LIST, S(tls_keys), S(tls_count) },
	{ .option = { .name = NULL } },
};

static const struct core_row resolver_rows[] = {
	{ { "nameservers", NULL, NULL, "addresses of recursive name servers, "
	    "\"192.0.2.1\" or \"192.0.2.1@5353\"; unset: the system's",
	    MT_OPT_LIST, 0, 0, 0 },
	    CORE_LIST, S(nameservers), S(nameserver_count) },
	{ { "trust_anchor", NULL, NULL, "file of the DNSSEC trust anchor; unset: "
	    "answers are not validated", MT_OPT_STRING, 0, 0, 0 },
	    CORE_TEXT, S(trust_anchor), 0 },
	{ .option = { .name = NULL } },
};

static const struct core_row limits_rows[] = {
	{ { "message", "25M", NULL, "bytes of one message; announced by SIZE",
	    MT_OPT_SIZE, 0, 1 << 10, 1 << 30 },
	    CORE_U64, S(limits.message_bytes), 0 },
	{ { "inflight", "256M", NULL, "bytes of all messages being received or "
	    "judged; beyond: 452", MT_OPT_SIZE, 0, 1 << 10, 1ll << 40 },
	    CORE_U64, S(limits.inflight_bytes), 0 },
	{ { "disk_reserve", "256M", NULL, "free bytes of state_dir below which no "
	    "mail is taken: 452; new deliveries stop at half of it",
	    MT_OPT_SIZE, 0, 0, 1ll << 50 }, CORE_U64, S(limits.disk_reserve_bytes), 0 },
	{ { "connections", "1000", NULL, "clients at once; beyond: 421",
	    MT_OPT_INT, 0, 1, 100000 }, CORE_U32, S(limits.connections), 0 },
	{ { "connections_per_client", "50", NULL, "connections of one address (of "
	    "one /64 for IPv6) at once; beyond: 421", MT_OPT_INT, 0, 1, 100000 },
	    CORE_U32, S(limits.connections_per_client), 0 },
	{ { "errors_soft", "10", NULL, "refused commands of a session until each "
	    "further refusal comes a second later", MT_OPT_INT, 0, 1, 1000 },
	    CORE_U32, S(limits.errors_soft), 0 },
	{ { "errors_hard", "20", NULL, "refused commands of a session until it is "
	    "closed: 421", MT_OPT_INT, 0, 1, 1000 },
	    CORE_U32, S(limits.errors_hard), 0 },
	{ { "command", "5m", NULL, "time to send one command, also the TLS "
	    "handshake", MT_OPT_DURATION, 0, 1, 3600 },
	    CORE_U32, S(limits.command_s), 0 },
	{ { "data", "10m", NULL, "time to send one message, at 500 bytes a second "
	    "or more", MT_OPT_DURATION, 0, 1, 86400 },
	    CORE_U32, S(limits.data_s), 0 },
	{ { "session", "1h", NULL, "time a session may last", MT_OPT_DURATION,
	    0, 1, 86400 }, CORE_U32, S(limits.session_s), 0 },
	{ { "drain", "5m", NULL, "time the sessions of an older configuration "
	    "have after a reload; then each gets 421 between two mails",
	    MT_OPT_DURATION, 0, 0, 3600 }, CORE_U32, S(limits.drain_s), 0 },
	{ { "judge", "60s", NULL, "time from the end of DATA to our answer; "
	    "beyond: 451", MT_OPT_DURATION, 0, 1, 600 },
	    CORE_U32_MS, S(limits.judge_ms), 0 },
	{ { "deliver_age", "5d", NULL, "age at which a delivery that cannot be "
	    "made is dead", MT_OPT_DURATION, 0, 60, 31536000 },
	    CORE_U32, S(limits.deliver_age_s), 0 },
	{ { "retry_min", "1m", NULL, "wait before the second attempt; doubles, "
	    "with jitter", MT_OPT_DURATION, 0, 1, 86400 },
	    CORE_U32, S(limits.retry_min_s), 0 },
	{ { "retry_max", "1h", NULL, "the longest wait between attempts",
	    MT_OPT_DURATION, 0, 1, 604800 }, CORE_U32, S(limits.retry_max_s), 0 },
	{ { "answers_per_sender", "50", NULL, "answers one sender gets from one route "
	    "within a day; above: none, and a line in the log", MT_OPT_INT, 0, 0, 100000 },
	    CORE_U32, S(limits.answers_per_sender), 0 },
	{ { "answers_per_thread", "20", NULL, "answers within one thread of mails within "
	    "a day", MT_OPT_INT, 0, 0, 100000 }, CORE_U32, S(limits.answers_per_thread), 0 },
	{ { "answer_reply", "30d", NULL, "time an answer may be replied to at the address "
	    "it gives", MT_OPT_DURATION, 0, 60, 31536000 },
	    CORE_U32, S(limits.answer_reply_s), 0 },
	{ .option = { .name = NULL } },
};

static const struct core_row listen_rows[] = {
	{ { "protocol", "smtp", "smtp|lmtp", "what is spoken", MT_OPT_CHOICE,
	    0, 0, 0 }, CORE_CHOICE, LISTENER(protocol), 0 },
	{ { "tls", "required", "required|offered|none", "STARTTLS: needed before "
	    "MAIL (530 else), offered, or not there; of a unix socket where "
	    "unset: none", MT_OPT_CHOICE, 0, 0, 0 },
	    CORE_CHOICE, LISTENER(tls), 0 },
	{ { "mode", NULL, NULL, "permissions of a unix socket in octal digits; "
	    "unset: 0600", MT_OPT_STRING, 0, 0, 0 }, CORE_TEXT, LISTENER(mode), 0 },
	{ { "owner", NULL, NULL, "user a unix socket belongs to; unset: who "
	    "started mailtrid", MT_OPT_STRING, 0, 0, 0 },
	    CORE_TEXT, LISTENER(owner), 0 },
	{ { "group", NULL, NULL, "group a unix socket belongs to; unset: that of "
	    "who started mailtrid", MT_OPT_STRING, 0, 0, 0 },
	    CORE_TEXT, LISTENER(group), 0 },
	{ { "xclient", NULL, NULL, "upstreams whose XCLIENT is believed: "
	    "addresses, networks, or \"unix\" for whoever opens the unix socket",
	    MT_OPT_LIST, 0, 0, 0 },
	    CORE_LIST, LISTENER(xclient), LISTENER(xclient_count) },
	{ { "xforward", NULL, NULL, "upstreams whose XFORWARD is believed, such "
	    "as a Postfix in front; in the same form", MT_OPT_LIST, 0, 0, 0 },
	    CORE_LIST, LISTENER(xforward), LISTENER(xforward_count) },
	{ .option = { .name = NULL } },
};

static const struct core_row route_rows[] = {
	{ { "intents", NULL, NULL, "verbs this address may mean; the first where "
	    "the mail names none", MT_OPT_LIST, MT_REQUIRED, 0, 0 },
	    CORE_LIST, ROUTE(intents), ROUTE(intent_count) },
	{ { "deliver", "", NULL, "stages an accepted message is handed to",
	    MT_OPT_LIST, 0, 0, 0 }, CORE_BY_HAND, 0, 0 },
	{ { "retain", "90d", NULL, "time after which a message is purged and its "
	    "key erased", MT_OPT_DURATION, 0, 1, 3153600000 },
	    CORE_I64, ROUTE(retain_s), 0 },
	{ { "answer", "false", NULL, "senders who are proven are told what came of "
	    "their mail: done, held, failed or refused; needs the stage answer", MT_OPT_BOOL, 0, 0, 0 },
	    CORE_U8, ROUTE(answer), 0 },
	{ .option = { .name = NULL } },
};

const struct core_section core_sections[CORE_SECTIONS] = {
	[CORE_TOP] = { NULL, false, top_rows },
	[CORE_TLS] = { "tls", false, tls_rows },
	[CORE_RESOLVER] = { "resolver", false, resolver_rows },
	[CORE_LIMITS] = { "limits", false, limits_rows },
	[CORE_LISTEN] = { "listen", true, listen_rows },
	[CORE_ROUTE] = { "route", true, route_rows },
};

static uint8_t
choice_index(const char *choices, const char *text)
{
	size_t len = strlen(text);
	uint8_t i = 0;

	for (; strncmp(choices, text, len) != 0 ||
	    (choices[len] != '|' && choices[len] != '\0'); i++)
		choices = strchr(choices, '|') + 1;
	return i;
}

static struct mt_span
choice_at(const char *choices, uint8_t index)
{
	while (index-- > 0)
		choices = strchr(choices, '|') + 1;
	return span_make(choices, strcspn(choices, "|"));
}

void
core_store(const struct core_row *row, const struct setting_value *v, void *object)
{
	void *at = (char *)object + row->offset;

	switch (row->kind) {
	case CORE_TEXT:
		*(const char **)at = v->list == NULL ? NULL : v->list[0];
		break;
	case CORE_LIST:
		*(const char ***)at = v->list;
		*(size_t *)(void *)((char *)object + row->count_offset) =
		    v->list_count;
		break;
	case CORE_U8:
		*(uint8_t *)at = (uint8_t)v->num;
		break;
	case CORE_U32:
		*(uint32_t *)at = (uint32_t)v->num;
		break;
	case CORE_U32_MS:
		*(uint32_t *)at = (uint32_t)(v->num * 1000);
		break;
	case CORE_U64:
		*(uint64_t *)at = (uint64_t)v->num;
		break;
	case CORE_I64:
		*(int64_t *)at = v->num;
		break;
	case CORE_CHOICE:
		*(uint8_t *)at = choice_index(row->option.choices, v->list[0]);
		break;
	}
}

/* The number a member holds, as the file counts it. */
static int64_t
number_at(const struct core_row *row, const void *at)
{
	switch (row->kind) {
	case CORE_U8:
		return *(const uint8_t *)at;
	case CORE_U32:
		return *(const uint32_t *)at;
	case CORE_U32_MS:
		return *(const uint32_t *)at / 1000;
	case CORE_U64:
		return (int64_t)*(const uint64_t *)at;
	default:
		return *(const int64_t *)at;
	}
}

static void
value_set(struct arena *a, struct setting_value *v, const char *text)
{
	v->list = arena_alloc(a, 2 * sizeof(*v->list));
	v->list[0] = text;
	v->list_count = 1;
}

bool
core_fetch(struct arena *a, const struct core_row *row, const void *object,
    struct setting_value *v)
{
	const void *at = (const char *)object + row->offset;
	const char *text;

	*v = (struct setting_value){ .name = row->option.name };
	switch (row->kind) {
	case CORE_BY_HAND:
		return false;
	case CORE_TEXT:
		text = *(const char *const *)at;
		if (text != NULL)
			value_set(a, v, text);
		return true;
	case CORE_LIST:
		v->list = *(const char **const *)at;
		v->list_count = *(const size_t *)(const void *)
		    ((const char *)object + row->count_offset);
		return true;
	case CORE_CHOICE:
		value_set(a, v, arena_string(a,
		    choice_at(row->option.choices, *(const uint8_t *)at)));
		return true;
	default:
		v->num = number_at(row, at);
		value_set(a, v, value_format_number(a, row->option.type, v->num));
		return true;
	}
}
