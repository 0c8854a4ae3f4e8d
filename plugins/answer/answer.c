/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage answer: the sender is told what became of the mail, once.
 *
 * The host says by facts what there is to be told; who wrote is what auth
 * proved.  A relay that got the whole mail and said nothing may have accepted
 * it: it gets it again, under the Message-ID it knows, since an answer that is
 * lost is worse than one a mail program shows once of two.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/mailbox.h"
#include "../common/word.h"
#include "compose.h"
#include "pages.h"
#include "quiet.h"

static const struct mt_option options[] = {
	{ .name = "relay", .type = MT_OPT_TARGET, .choices = "smtp|smtps|smtp+plain",
	  .flags = MT_REQUIRED, .help = "The relay that takes answers: smtp:// is STARTTLS, which "
	  "it must offer, smtps:// is TLS from the first byte, smtp+plain:// is without, for a "
	  "numeric loopback address alone." },
	{ .name = "user", .type = MT_OPT_STRING, .help = "Name to log in with." },
	{ .name = "password", .type = MT_OPT_SECRET, .help = "Password to log in with." },
	{ .name = "from", .type = MT_OPT_STRING, .flags = MT_REQUIRED,
	  .help = "Address in the From field of answers." },
	{ .name = "from_name", .type = MT_OPT_STRING, .def = "mailtri",
	  .help = "Name in front of that address." },
	{ .name = "envelope_from", .type = MT_OPT_STRING,
	  .help = "Envelope sender; not set, it is the null sender, which nobody answers." },
	{ .name = "subject", .type = MT_OPT_STRING, .def = "Re: {{subject}}",
	  .help = "Subject, a template." },
	{ .name = "template_dir", .type = MT_OPT_STRING,
	  .help = "Folder with templates; one that is not there is built in." },
	{ .name = "addresses", .type = MT_OPT_LIST,
	  .help = "Other addresses by which mail comes to the routes: aliases.  Only who was "
	      "written to answers." },
	{ .name = "never", .type = MT_OPT_LIST,
	  .help = "Domains and addresses that are never answered: those of routes, not those that "
	      "senders write from." },
	{ .name = "no_reply", .type = MT_OPT_LIST, .def = "mailer-daemon, postmaster, owner-*, "
	  "*-owner, *-request, noreply*, no-reply*, no_reply*, donotreply*, do-not-reply*, bounce*",
	  .help = "Local parts that are never answered, with a * at one end." },
	{ .name = NULL }
};

static const struct mt_fact_decl reads[] = {
	{ .key = "auth.from", .type = MT_TEXT, .flags = MT_PERSONAL,
	  .help = "Who wrote, and gets the answer." },
	{ .key = "answer.outcome", .type = MT_TOKEN, .help = "What became of the mail." },
	{ .key = "answer.stage", .type = MT_TEXT, .help = "The stage that says so." },
	{ .key = "answer.reason", .type = MT_TEXT, .help = "Its reason." },
	{ .key = "answer.text", .type = MT_TEXT, .help = "Its sentence." },
	{ .key = "answer.resource_id", .type = MT_TEXT, .help = "What was made." },
	{ .key = "answer.resource_url", .type = MT_TEXT, .help = "Where it is." },
	{ .key = "answer.reply_to", .type = MT_TEXT, .flags = MT_PERSONAL,
	  .help = "Where a reply to the answer goes." },
	{ .key = "answer.mark", .type = MT_TEXT, .help = "By which we know our own mail." },
	{ .key = NULL }
};

struct answer {
	const struct mt_host *host;
	struct pages *pages;	/* by folder, as they were asked for */
};

/* ---- options ---- */

static int
refuse(struct mt_result *why, const char *text)
{
	snprintf(why->reason, sizeof(why->reason), "answer.option");
	snprintf(why->text, sizeof(why->text), "%s", text);
	return -1;
}

static int
answer_check(const struct mt_host *h, const struct mt_conf *c, struct mt_result *why)
{
	const char *from = h->conf_str(c, "from"), *sender = h->conf_str(c, "envelope_from");
	const char *subject = h->conf_str(c, "subject"), *folder = h->conf_str(c, "template_dir");
	char text[PAGES_WHY_MAX], what[TEMPLATE_WHY_MAX];
	struct mt_span password;
	struct pages *pages;
	size_t line;

	if (from == NULL || !mailbox_is_plain((struct mt_span){ from, strlen(from) }))
		return refuse(why, "from: a mail address is wanted, such as mailtri@example.net");
	if (sender != NULL && !mailbox_is_plain((struct mt_span){ sender, strlen(sender) }))
		return refuse(why, "envelope_from: a mail address is wanted; not set, it is the "
		    "null sender");
	if (h->conf_str(c, "user") == NULL && h->conf_secret(c, "password", &password) != ENOENT)
		return refuse(why, "password: user is not set");
	if (template_check((struct mt_span){ subject, strlen(subject) }, &line, what) != 0) {
		snprintf(text, sizeof(text), "subject: %s", what);
		return refuse(why, text);
	}
	pages = pages_load(folder, text);
	if (pages == NULL)
		return refuse(why, text);
	pages_free(pages);
	return 0;
}

static int
answer_open(const struct mt_host *h, const struct mt_conf *c, void **ctx, struct mt_result *why)
{
	struct answer *a = calloc(1, sizeof(*a));
	char text[PAGES_WHY_MAX];

	if (a == NULL)
		abort();
	*a = (struct answer){ .host = h, .pages = pages_load(h->conf_str(c, "template_dir"), text) };
	if (a->pages == NULL) {
		free(a);
		return refuse(why, text);
	}
	word_preload();
	*ctx = a;
	return 0;
}

static void
answer_close(void *ctx)
{
	struct answer *a = ctx;

	pages_free(a->pages);
	free(a);
}

/* A route may have a folder of its own, read at its first answer. */
static const struct pages *
pages_find(struct answer *a, const char *folder, char why[PAGES_WHY_MAX])
{
	struct pages *p = a->pages;

	while (p != NULL && strcmp(p->folder, folder == NULL ? "" : folder) != 0)
		p = p->next;
	if (p != NULL)
		return p;
	p = pages_load(folder, why);
	if (p != NULL) {
		p->next = a->pages;
		a->pages = p;
	}
	return p;
}

/* ---- what the host says ---- */

static struct mt_span
fact(const struct compose *c, const char *key)
{
	struct mt_fact f = { .text = { "", 0 } };

	return c->host->fact_get(c->msg, key, &f) == 0 ? f.text : (struct mt_span){ "", 0 };
}

static int
outcome_find(struct mt_span word)
{
	for (int i = 0; i < OUTCOMES; i++)
		if (word.len == strlen(outcome_names[i]) &&
		    memcmp(word.ptr, outcome_names[i], word.len) == 0)
			return i;
	return -1;
}

static int
is_mark(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= 0x20 || (unsigned char)s.ptr[i] >= 0x7f)
			return 0;
	return s.len <= COMPOSE_MARK_MAX;
}

static void
values_take(struct compose *c)
{
	static const struct { enum template_name name; const char *key; } rows[] = {
		{ TEMPLATE_OUTCOME, "answer.outcome" }, { TEMPLATE_REASON, "answer.reason" },
		{ TEMPLATE_SENTENCE, "answer.text" },
		{ TEMPLATE_RESOURCE_ID, "answer.resource_id" },
		{ TEMPLATE_RESOURCE_URL, "answer.resource_url" },
	};
	struct mt_intent intent = { .size = sizeof(intent), .route = { "", 0 } };
	const char *event = c->host->event(c->msg);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		c->values[rows[i].name] = fact(c, rows[i].key);
	c->host->intent(c->msg, &intent);
	c->values[TEMPLATE_ROUTE] = intent.route;
	c->values[TEMPLATE_EVENT] = (struct mt_span){ event, strlen(event) };
}

/* ---- what is said of it ---- */

static int
tell(struct mt_delivery *out, int status, const char *reason, const char *text)
{
	out->status = status;
	snprintf(out->reason, sizeof(out->reason), "%s", reason);
	snprintf(out->text, sizeof(out->text), "%s", text);
	return 0;
}

/* The first row that fits. */
static const struct { int from, to, status; const char *reason; } codes[] = {
	{ 200, 299, MT_DELIVERED, "answer.sent" },
	{ 530, 530, MT_PAUSE, "answer.login" }, { 534, 535, MT_PAUSE, "answer.login" },
	{ 538, 538, MT_PAUSE, "answer.login" },
	{ 500, 599, MT_FAILED, "answer.refused" },
	{ 100, 499, MT_RETRY, "answer.deferred" },
};

static const struct { int error, status; const char *reason; } errors[] = {
	{ EACCES, MT_PAUSE, "answer.login" },
	{ EINVAL, MT_FAILED, "answer.invalid" },
	{ EKEYREJECTED, MT_RETRY, "answer.untrusted" },
};

static int
tell_error(const struct mt_mail_reply *r, struct mt_delivery *out)
{
	out->code = r->error;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].error == r->error)
			return tell(out, errors[i].status, errors[i].reason, strerror(r->error));
	return tell(out, MT_RETRY, r->sent ? "answer.broken" : "answer.unreachable",
	    strerror(r->error));
}

static int
tell_reply(const struct compose *c, const struct mt_mail_reply *r, struct mt_delivery *out)
{
	char text[sizeof(out->text)], id[COMPOSE_OWN_ID_MAX];
	size_t i = 0, n = sizeof(codes) / sizeof(*codes);

	while (i < n && (r->code < codes[i].from || r->code > codes[i].to))
		i++;
	if (i == n)
		return tell_error(r, out);
	snprintf(text, sizeof(text), "%.*s", (int)r->text.len, r->text.ptr);
	out->code = r->code;
	compose_id(c, id);
	if (codes[i].status == MT_DELIVERED && strlen(id) < sizeof(out->resource_id))
		snprintf(out->resource_id, sizeof(out->resource_id), "%.127s", id);
	return tell(out, codes[i].status, codes[i].reason, text);
}

/* ---- one answer ---- */

static int
send_answer(struct compose *c, struct mt_delivery *out)
{
	const struct mt_conf *conf = c->host->conf(c->msg);
	const char *sender = c->host->conf_str(conf, "envelope_from");
	struct mt_mail mail = { .size = sizeof(mail), .relay = "relay",
		.user = c->host->conf_str(conf, "user"), .password = "password",
		.sender = { sender, sender == NULL ? 0 : strlen(sender) }, .rcpt = c->rcpt };
	struct mt_mail_reply reply = { .size = sizeof(reply), .text = { "", 0 } };
	int status;

	if (compose_mail(c, &mail.data) != 0)
		return tell(out, MT_FAILED, "answer.template",
		    "the answer is too long: shorten the template");
	status = c->host->mail_send(c->msg, &mail, &reply);
	if (status == MT_PENDING)
		return MT_WAIT;
	if (status != MT_OK)
		return tell(out, MT_RETRY, "answer.asked", "mailtri does not answer the question");
	return tell_reply(c, &reply, out);
}

static int
suppressed(const struct compose *c, const char *why, struct mt_delivery *out)
{
	char reason[sizeof(out->reason)];

	snprintf(reason, sizeof(reason), "answer.suppressed.%s", why);
	c->host->log(c->msg, MT_INFO, "no answer: %s", why);
	return tell(out, MT_DELIVERED, reason, "nothing was sent");
}

static int
broken(const struct compose *c, struct mt_delivery *out, const char *reason, const char *text)
{
	c->host->log(c->msg, MT_ERROR, "%s", text);
	tell(out, MT_FAILED, reason, text);
	return -1;
}

static int
deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *out)
{
	struct answer *a = ctx;
	struct compose c = { .host = a->host, .msg = m, .key = key };
	int outcome = outcome_find(fact(&c, "answer.outcome"));
	char text[PAGES_WHY_MAX];
	const char *why;

	if (outcome < 0)
		return broken(&c, out, "answer.outcome", "the host does not say what became of the "
		    "mail: this stage answers for others and stands in no deliver");
	c.outcome = (enum outcome)outcome;
	c.rcpt = fact(&c, "auth.from");
	c.mark = fact(&c, "answer.mark");
	c.reply_to = fact(&c, "answer.reply_to");
	if (!is_mark(c.mark) || (c.reply_to.len > 0 && !mailbox_is_plain(c.reply_to)))
		return broken(&c, out, "answer.fact", "answer.mark or answer.reply_to is none");
	why = quiet_why(a->host, m, c.rcpt);
	if (why != NULL)
		return suppressed(&c, why, out);
	c.pages = pages_find(a, a->host->conf_str(a->host->conf(m), "template_dir"), text);
	if (c.pages == NULL)
		return tell(out, MT_RETRY, "answer.template", text);
	values_take(&c);
	return send_answer(&c, out);
}

MT_STAGE(answer,
    .name = "answer", .version = "1.0",
    .summary = "tells the sender what became of a mail",
    .needs = MT_NEED_MAIL | MT_NEED_FILES, .options = options, .reads = reads,
    .check = answer_check, .open = answer_open, .close = answer_close,
    .deliver = deliver);
