/* SPDX-License-Identifier: BSD-2-Clause */
/* The envelope, member by member. */
#include "envelope.h"

#include <string.h>
#include <strings.h>

#include "../common/field.h"
#include "command.h"
#include "value.h"

enum { ENVELOPE_VERSION = 1 };

#define WORDS "none|pass|fail|softfail|neutral|policy|temperror|permerror"

/* Whatever a stage of the pipeline wrote under these names is passed on. */
const struct mt_fact_decl envelope_reads[] = {
	{ "auth.from", NULL, "The one From mailbox.", MT_TEXT, MT_PERSONAL },
	{ "auth.spf", WORDS, "SPF of MAIL FROM.", MT_TOKEN, 0 },
	{ "auth.spf.domain", NULL, "The domain SPF was checked for.", MT_TEXT, 0 },
	{ "auth.spf.helo", WORDS, "SPF of HELO.", MT_TOKEN, 0 },
	{ "auth.spf.explanation", NULL, "What the domain says about a fail.", MT_TEXT, 0 },
	{ "auth.dkim", WORDS, "The best of the signatures.", MT_TOKEN, 0 },
	{ "auth.dkim.domain", NULL, "The domain of the signature that counts.", MT_TEXT, 0 },
	{ "auth.dmarc", WORDS, "DMARC of the From domain.", MT_TOKEN, 0 },
	{ "auth.dmarc.policy", NULL, "What the domain asks for.", MT_TOKEN, 0 },
	{ "auth.dmarc.domain", NULL, "The From domain.", MT_TEXT, 0 },
	{ "auth.arc", NULL, "The chain of ARC sets.", MT_TOKEN, 0 },
	{ "auth.replay", NULL, "Whether the message was seen before.", MT_TOKEN, 0 },
	{ "allowlist.match", NULL, "The entry that let the sender in.", MT_TEXT, MT_PERSONAL },
	{ "mime.ambiguous", NULL, "The structure can be read in two ways.", MT_FLAG, 0 },
	{ "mime.findings", NULL, "What is odd about the structure.", MT_TEXT, 0 },
	{ "clamav-scan.result", NULL, "clean, infected or unscannable.", MT_TOKEN, 0 },
	{ "clamav-scan.virus", NULL, "What was found.", MT_TEXT, 0 },
	{ "dlp.rules", NULL, "Rules that matched.", MT_TEXT, 0 },
	{ "dlp.count", NULL, "How often.", MT_INT, 0 },
	{ "dlp.action", NULL, "What was done about it.", MT_TOKEN, 0 },
	{ "anomaly.score", NULL, "How unusual the mail is.", MT_INT, 0 },
	{ "anomaly.reasons", NULL, "Why.", MT_TEXT, 0 },
	{ "anomaly.impostor", NULL, "Whom the sender looks like.", MT_TEXT, MT_PERSONAL },
	{ "anomaly.duplicate", NULL, "none, exact or near.", MT_TOKEN, 0 },
	{ NULL, NULL, NULL, 0, 0 }
};

/* One envelope being made. */
struct making {
	const struct mt_host *host;
	struct mt_msg *msg;
	const struct mt_conf *conf;
	struct body body;
	struct mt_span subject;		/* decoded */
	json_t *out;
	int cut;
};

static json_t *
span(struct making *k, struct mt_span s)
{
	return value_line(s, ENVELOPE_WORD_MAX, &k->cut);
}

static json_t *
span_or_null(struct making *k, struct mt_span s)
{
	return value_line_or_null(s, ENVELOPE_WORD_MAX, &k->cut);
}

static void
set(struct making *k, const char *name, json_t *value)
{
	json_object_set_new(k->out, name, value);
}

/* ---- facts ---- */

static json_t *
fact(struct making *k, const char *key)
{
	struct mt_fact f = { .key = NULL };

	if (k->host->fact_get(k->msg, key, &f) != 0)
		return NULL;
	if (f.type == MT_FLAG)
		return json_boolean(f.num != 0);
	return f.type == MT_INT ? json_integer(f.num) :
	    value_line(f.text, MT_FACT_TEXT_MAX, &k->cut);
}

static json_t *
fact_or_null(struct making *k, const char *key)
{
	json_t *value = fact(k, key);

	return value == NULL ? json_null() : value;
}

static void
facts_set(struct making *k)
{
	json_t *all = json_object();

	for (const struct mt_fact_decl *d = envelope_reads; d->key != NULL; d++) {
		json_t *value = fact(k, d->key);

		if (value != NULL)
			json_object_set_new(all, d->key, value);
	}
	set(k, "facts", all);
}

static void
authentication_set(struct making *k)
{
	set(k, "authentication", json_pack("{s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}}",
	    "spf", fact_or_null(k, "auth.spf"), "dkim", fact_or_null(k, "auth.dkim"),
	    "dmarc", fact_or_null(k, "auth.dmarc"), "arc", fact_or_null(k, "auth.arc"),
	    "domains", "spf", fact_or_null(k, "auth.spf.domain"),
	    "dkim", fact_or_null(k, "auth.dkim.domain"),
	    "dmarc", fact_or_null(k, "auth.dmarc.domain")));
}

/* ---- what `include' selects ---- */

static void
text_set(struct making *k)
{
	size_t max = (size_t)k->host->conf_int(k->conf, "body_size");

	set(k, "text", k->body.text.type.len == 0 ? json_null() :
	    value_text(k->body.text.bytes, max, &k->cut));
}

static void
html_set(struct making *k)
{
	size_t max = (size_t)k->host->conf_int(k->conf, "body_size");

	set(k, "html", k->body.html.type.len == 0 ? json_null() :
	    value_text(k->body.html.bytes, max, &k->cut));
}

static void
commands_set(struct making *k)
{
	json_t *list = json_array();

	if (k->body.text.type.len > 0)
		command_list_text(list, k->body.text.bytes, &k->cut);
	command_list_subject(list, k->subject, &k->cut);
	set(k, "commands", list);
}

static void
attachments_set(struct making *k)
{
	set(k, "attachments", body_attachments(k->host, k->msg, &k->body, &k->cut));
}

static void
headers_set(struct making *k)
{
	set(k, "headers", field_list(k->host, k->msg, &k->cut));
}

static void
client_set(struct making *k)
{
	struct mt_client c = { .size = sizeof(c) };

	k->host->client(k->msg, &c);
	set(k, "client", json_pack("{s:o, s:o, s:o}", "address", span_or_null(k, c.address),
	    "helo", span_or_null(k, c.helo), "tls", span_or_null(k, c.tls)));
}

static void
envelope_set(struct making *k)
{
	struct mt_span from = { "", 0 }, rcpt = { "", 0 };

	k->host->sender(k->msg, &from);
	k->host->rcpt(k->msg, &rcpt);
	set(k, "envelope", json_pack("{s:o, s:o}",
	    "mail_from", value_line(from, ENVELOPE_ADDRESS_MAX, &k->cut),
	    "rcpt", value_line(rcpt, ENVELOPE_ADDRESS_MAX, &k->cut)));
}

static void
thread_set(struct making *k)
{
	struct mt_thread t = { .size = sizeof(t) };

	set(k, "thread", k->host->thread(k->msg, &t) != 0 ? json_null() :
	    json_pack("{s:o, s:o}", "event", span(k, t.event),
	    "resource_id", span_or_null(k, t.resource_id)));
}

static const struct {
	const char *name;
	void (*set)(struct making *);
} selectable[] = {
	{ "text", text_set }, { "html", html_set }, { "commands", commands_set },
	{ "attachments", attachments_set }, { "headers", headers_set },
	{ "client", client_set }, { "envelope", envelope_set },
	{ "authentication", authentication_set }, { "facts", facts_set },
	{ "thread", thread_set },
};

int
envelope_can_include(const char *name)
{
	for (size_t i = 0; i < sizeof(selectable) / sizeof(*selectable); i++)
		if (strcmp(name, selectable[i].name) == 0)
			return 1;
	return 0;
}

static int
is_included(const struct making *k, const char *name)
{
	const char *const *list = k->host->conf_list(k->conf, "include");

	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return 1;
	return 0;
}

/* ---- what is always there ---- */

static json_t *
params(struct mt_span text)
{
	json_t *value = json_loadb(text.ptr, text.len, 0, NULL);

	if (json_is_object(value))
		return value;
	json_decref(value);
	return json_object();
}

static void
intent_set(struct making *k)
{
	static const char *const classes[] = { NULL, [MT_READ] = "read",
		[MT_CREATE] = "create", [MT_MODIFY] = "modify", [MT_APPROVE] = "approve" };
	struct mt_intent i = { .size = sizeof(i), .route = { "", 0 }, .verb = { "", 0 },
		.target = { "", 0 }, .params = { "", 0 } };

	k->host->intent(k->msg, &i);
	set(k, "route", value_line(i.route, ENVELOPE_ADDRESS_MAX, &k->cut));
	set(k, "intent", json_pack("{s:o, s:s?, s:o, s:o}", "verb", span_or_null(k, i.verb),
	    "class", i.cls <= MT_APPROVE ? classes[i.cls] : NULL,
	    "target", span_or_null(k, i.target), "params", params(i.params)));
}

/* The address is the one that was judged, where one was: a receiver that
 * trusts it must not trust another reading of the field. */
static void
from_set(struct making *k)
{
	json_t *list = field_addresses(k->host, k->msg, "From", &k->cut);
	json_t *first = json_incref(json_array_get(list, 0)), *judged = fact(k, "auth.from");
	const char *read = json_string_value(json_object_get(first, "address"));

	if (judged != NULL && (read == NULL ||
	    strcasecmp(read, json_string_value(judged)) != 0)) {
		json_decref(first);
		first = json_pack("{s:O, s:s}", "address", judged, "name", "");
	}
	json_decref(judged);
	json_decref(list);
	set(k, "from", first == NULL ? json_null() : first);
}

static void
fields_set(struct making *k)
{
	const struct mt_host *h = k->host;
	struct mt_msg *m = k->msg;

	set(k, "version", json_integer(ENVELOPE_VERSION));
	set(k, "event", json_string(h->event(m)));
	set(k, "received", field_received(h, m));
	from_set(k);
	set(k, "to", field_addresses(h, m, "To", &k->cut));
	set(k, "cc", field_addresses(h, m, "Cc", &k->cut));
	set(k, "reply_to", field_addresses(h, m, "Reply-To", &k->cut));
	set(k, "subject", value_line(k->subject, ENVELOPE_SUBJECT_MAX, &k->cut));
	set(k, "date", field_date(h, m));
	set(k, "message_id", field_id(h, m, "Message-ID", &k->cut));
	set(k, "in_reply_to", field_id(h, m, "In-Reply-To", &k->cut));
	set(k, "references", field_ids(h, m, "References", &k->cut));
}

char *
envelope_format(const struct mt_host *h, struct mt_msg *m)
{
	struct making k = { .host = h, .msg = m, .conf = h->conf(m), .out = json_object() };
	struct mt_span subject;
	char *text;

	field_find(h, m, "Subject", &subject);
	k.subject = field_decoded(h, m, subject);
	body_find(h, m, &k.body);
	fields_set(&k);
	intent_set(&k);
	for (size_t i = 0; i < sizeof(selectable) / sizeof(*selectable); i++)
		if (is_included(&k, selectable[i].name))
			selectable[i].set(&k);
	set(&k, "truncated", json_boolean(k.cut));
	text = json_dumps(k.out, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(k.out);
	return text;
}
