/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host made of a table, for unit tests and fuzzers of one stage: yours too.
 * Nothing to link; C11 and C++.
 *
 *	#define MT_STAGE_STATIC
 *	#include <mailtri/stage_test.h>
 *	MT_EXPORT const struct mt_stage *mt_stage_entry_hello(void);
 *
 *	static struct mt_test t;
 *	mt_test_init(&t, mt_stage_entry_hello());
 *	mt_test_option(&t, "greeting", "hello");
 *	mt_test_fact(&t, "auth.from", "ann@example.com");
 *	mt_test_dns_text(&t, "_hello.example.com", "v=hello1");
 *	assert(mt_test_run_message(&t) == 0 && t.result.verdict == MT_CONTINUE);
 *	assert(strcmp(mt_test_fact_text(&t, "hello.result"), "pass") == 0);
 *	mt_test_fini(&t);
 *
 * The re-run contract is the real one: every question is MT_PENDING when it
 * is first asked (unless `known' is set), a run that returned MT_WAIT never
 * happened, keep() alone survives it, and there are at most MT_RUNS_MAX runs
 * and MT_QUESTIONS_MAX questions.  A test that misuses this header (unknown
 * option, table full) is stopped by abort() with a sentence on stderr.
 */
#ifndef MAILTRI_STAGE_TEST_H
#define MAILTRI_STAGE_TEST_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailtri/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MT_TEST_MAX = 128, MT_TEST_LINE_MAX = 1024 };

struct mt_test;
struct mt_msg { struct mt_test *test; };
struct mt_conf { struct mt_test *test; int in_route; };
struct mt_test_block { struct mt_test_block *next; };

/* An option's value: its members, or one text; set is 0 for the default. */
struct mt_test_value {
	const char *members[MT_TEST_MAX + 1];
	size_t count;
	int set;
};

/* What the test scripted and what the stage asked: one row a question. */
enum mt_test_kind { MT_TEST_DNS = 1, MT_TEST_CLAIM, MT_TEST_STATE, MT_TEST_HTTP };
struct mt_test_row {
	enum mt_test_kind kind;
	uint16_t type;			/* DNS type */
	int asked;			/* by the stage, in any run */
	uint32_t run;			/* in which it was asked first */
	int32_t status;			/* enum mt_status */
	struct mt_span key;		/* DNS name, state key */
	struct mt_span rr[MT_TEST_MAX];	/* DNS records; state: rr[0] */
	uint32_t count, used, limit;	/* records; claim */
	char event[40];			/* claim: its holder */
};

struct mt_test_request {		/* as it would go out */
	const char *target, *method, *path;
	const char *fields;		/* "Name: value\r\n", secrets in place */
	struct mt_span body;
	uint32_t run;
	const struct mt_http_reply *reply;
};

struct mt_test_letter {			/* a mail, as it would go out */
	const char *relay, *user;	/* user NULL: no AUTH */
	struct mt_span password, sender, rcpt, data;
	uint32_t run;
	const struct mt_mail_reply *reply;
};

struct mt_test_put { struct mt_span key, value; uint32_t ttl_s, when; };
struct mt_test_hold { const char *releaser; uint32_t expire_s; };

struct mt_test {
	/* Set by the test; mt_test_init() gives each a sane value. */
	const struct mt_stage *stage;
	struct mt_client client;
	struct mt_span sender, rcpt, raw;
	struct mt_intent intent;
	struct mt_thread thread;	/* event empty: it answers none */
	const struct mt_part *parts;
	size_t part_count;
	const char *event, *key;	/* key: deliver's idempotency key */
	uint32_t attempt;
	int64_t now, remaining_ms;
	int known;			/* answers are there at the first run */

	/* Read by the test. */
	struct mt_result result;
	struct mt_delivery delivery;
	uint32_t runs;
	const char *misuse;		/* why a run ended with -1 by the host */
	struct mt_fact facts[MT_TEST_MAX];
	struct mt_edit edits[MT_TEST_MAX];
	struct mt_test_put puts[MT_TEST_MAX];
	struct mt_test_hold holds[MT_TEST_MAX];
	char logs[MT_TEST_MAX][MT_TEST_LINE_MAX];
	struct mt_test_row rows[MT_TEST_MAX];
	struct mt_test_request requests[MT_TEST_MAX];
	struct mt_test_letter letters[MT_TEST_MAX];
	size_t fact_count, edit_count, put_count, hold_count, log_count;
	size_t row_count, request_count, letter_count;

	/* Private. */
	struct mt_host host;
	struct mt_msg msg;
	struct mt_conf base, route;
	struct mt_test_value *values[2];	/* base, route: one an option */
	size_t option_count;
	struct mt_http_reply replies[MT_TEST_MAX];
	size_t reply_count, reply_used;
	struct mt_mail_reply mail_replies[MT_TEST_MAX];
	size_t mail_reply_count, mail_reply_used;
	void *ctx, *kept;
	size_t kept_size;
	int opened, asking;
	uint32_t questions;
	struct mt_test_block *lasting, *passing;
};

#ifdef __cplusplus
}
#endif

#include "mailtri/stage_test_message.h"
#include "mailtri/stage_test_question.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All options at their defaults; the same struct may be used again after
 * mt_test_fini(). */
static inline void
mt_test_init(struct mt_test *t, const struct mt_stage *stage)
{
	memset(t, 0, sizeof(*t));
	t->stage = stage;
	t->event = "evt_00000000000000000000000000";
	t->key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	t->attempt = 1;
	t->now = 1767225600;	/* 2026-01-01T00:00:00Z */
	t->remaining_ms = 30000;
	t->client.size = sizeof(t->client);
	t->client.address = mt_test_span("192.0.2.1");
	t->client.helo = mt_test_span("mail.example.com");
	t->client.listener = mt_test_span("0.0.0.0:25");
	t->client.hostname = mt_test_span("mx.example.net");
	t->intent.size = sizeof(t->intent);
	t->thread.size = sizeof(t->thread);
	t->thread.event = t->thread.key = t->thread.resource_id = mt_test_span("");
	t->sender = t->rcpt = t->raw = t->client.tls = t->client.upstream =
	    mt_test_span("");
	t->intent.route = t->intent.verb = t->rcpt;
	t->intent.target = t->intent.params = t->rcpt;
	t->msg.test = t->base.test = t->route.test = t;
	t->route.in_route = 1;
	mt_test_host_init(&t->host);
	while (stage->options != NULL && stage->options[t->option_count].name != NULL)
		t->option_count++;
	for (int i = 0; i < 2; i++)
		t->values[i] = (struct mt_test_value *)mt_test_block(&t->lasting,
		    (t->option_count + 1) * sizeof(*t->values[i]));
	for (size_t i = 0; i < t->option_count; i++)
		mt_test_value_default(t, &stage->options[i], &t->values[0][i]);
}

static inline void
mt_test_fini(struct mt_test *t)
{
	if (t->opened && t->stage->close != NULL)
		t->stage->close(t->ctx);
	t->opened = 0;
	mt_test_blocks_free(&t->passing);
	mt_test_blocks_free(&t->lasting);
}

/* ---- options and facts ---- */

static inline void
mt_test_set(struct mt_test *t, int in_route, const char *name, const char *text)
{
	size_t i;
	const struct mt_option *o = mt_test_find_option(t, name, &i);
	struct mt_test_value *v = &t->values[in_route][i];

	if (!v->set || o->type != MT_OPT_LIST)
		v->count = 0;
	v->set = 1;
	if (text != NULL)
		mt_test_value_add(t, v, mt_test_span(text));
}

/* The text as in the options file.  A list takes one member a call; NULL
 * makes it empty, any other option unset.  A secret is its value. */
static inline void
mt_test_option(struct mt_test *t, const char *name, const char *text)
{
	mt_test_set(t, 0, name, text);
}

/* The same, as written in a route section that is in force for the message. */
static inline void
mt_test_route_option(struct mt_test *t, const char *name, const char *text)
{
	mt_test_set(t, 1, name, text);
}

/* A fact an earlier stage wrote, of the type the stage reads it as. */
static inline void
mt_test_fact(struct mt_test *t, const char *key, const char *text)
{
	const struct mt_fact_decl *d = mt_test_decl(t->stage->reads, key);
	struct mt_fact f;

	memset(&f, 0, sizeof(f));
	f.key = key;
	f.type = d == NULL ? (uint32_t)MT_TEXT : d->type;
	f.text = mt_test_span(text);
	if (f.type == MT_FLAG || f.type == MT_INT)
		f.num = strtoll(text, NULL, 10);
	mt_test_fact_add(t, &f);
}

/* What is written under the key, as text; NULL: nothing. */
static inline const char *
mt_test_fact_text(struct mt_test *t, const char *key)
{
	const struct mt_fact *f = mt_test_fact_find(t, key);
	char number[32];

	if (f == NULL)
		return NULL;
	if (f->type == MT_TOKEN || f->type == MT_TEXT)
		return f->text.ptr;
	snprintf(number, sizeof(number), "%lld", (long long)f->num);
	return mt_test_copy(t, mt_test_span(number)).ptr;
}

/* ---- scripting answers ---- */

/* Without records: MT_NODATA, MT_SERVFAIL, MT_TIMEOUT, MT_BOGUS.  A name and
 * type nobody scripted is MT_NXDOMAIN. */
static inline void
mt_test_dns(struct mt_test *t, const char *name, uint16_t type, int status)
{
	mt_test_row(t, MT_TEST_DNS, type, mt_test_span(name))->status = status;
}

/* One more record, in the form struct mt_answer documents. */
static inline void
mt_test_dns_record(struct mt_test *t, const char *name, uint16_t type,
    struct mt_span bytes)
{
	struct mt_test_row *r =
	    mt_test_row(t, MT_TEST_DNS, type, mt_test_span(name));

	r->status = MT_OK;
	r->rr[mt_test_room(r->count, "records of one name")] = mt_test_copy(t, bytes);
	r->count++;
}

static inline void
mt_test_dns_text(struct mt_test *t, const char *name, const char *text)
{
	mt_test_dns_record(t, name, 16, mt_test_span(text));
}

/* How often the key was taken before, and by whom; MT_BUSY as the status: by
 * a mail that is not decided yet. */
static inline void
mt_test_claim(struct mt_test *t, const char *key, uint32_t used, const char *event)
{
	struct mt_test_row *r =
	    mt_test_row(t, MT_TEST_CLAIM, 0, mt_test_span(key));

	r->used = used;
	snprintf(r->event, sizeof(r->event), "%s", event == NULL ? "" : event);
}

static inline void
mt_test_claim_busy(struct mt_test *t, const char *key)
{
	mt_test_row(t, MT_TEST_CLAIM, 0, mt_test_span(key))->status = MT_BUSY;
}

static inline void
mt_test_state(struct mt_test *t, const char *key, const char *value)
{
	struct mt_test_row *r =
	    mt_test_row(t, MT_TEST_STATE, 0, mt_test_span(key));

	r->status = MT_OK;
	r->rr[0] = mt_test_copy(t, mt_test_span(value));
}

/* Replies go to new requests in the order written here; when there are no
 * more, the host is down (ECONNREFUSED, nothing sent).  The struct returned
 * may be changed: retry_after_s, fields, error. */
static inline struct mt_http_reply *
mt_test_http(struct mt_test *t, int status, const char *body)
{
	struct mt_http_reply *r =
	    &t->replies[mt_test_room(t->reply_count, "HTTP replies")];

	t->reply_count++;
	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->status = status;
	r->sent = 1;
	r->fields = mt_test_span("");
	r->body = mt_test_copy(t, mt_test_span(body));
	return r;
}

/* The connection broke: errno value, bytes of request that had left. */
static inline struct mt_http_reply *
mt_test_http_error(struct mt_test *t, int error, uint32_t sent)
{
	struct mt_http_reply *r = mt_test_http(t, 0, "");

	r->error = error;
	r->sent = sent;
	return r;
}

/* Replies go to new mails in the order written here; when there are no more,
 * the relay is down (ECONNREFUSED, nothing sent).  The struct returned may be
 * changed: sent, error. */
static inline struct mt_mail_reply *
mt_test_mail(struct mt_test *t, int code, const char *text)
{
	struct mt_mail_reply *r =
	    &t->mail_replies[mt_test_room(t->mail_reply_count, "mail replies")];

	t->mail_reply_count++;
	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->code = code;
	r->sent = 1;
	r->text = mt_test_copy(t, mt_test_span(text));
	return r;
}

/* ---- running ---- */

/* check() and open(); 0, or -1 with the stage's reason in t->result.  The
 * functions below do it themselves when it was not done. */
static inline int
mt_test_open(struct mt_test *t)
{
	int error = 0;

	if (t->opened)
		return 0;
	memset(&t->result, 0, sizeof(t->result));
	t->result.size = sizeof(t->result);
	if (t->stage->check != NULL)
		error = t->stage->check(&t->host, &t->base, &t->result);
	if (error == 0 && t->stage->open != NULL)
		error = t->stage->open(&t->host, &t->base, &t->ctx, &t->result);
	mt_test_blocks_free(&t->passing);
	t->opened = error == 0;
	return error == 0 ? 0 : -1;
}

/* What a run may leave behind; a run that waited leaves nothing. */
struct mt_test_mark { size_t facts, edits, puts, holds, logs; };

static inline struct mt_test_mark
mt_test_mark(const struct mt_test *t)
{
	struct mt_test_mark m;

	m.facts = t->fact_count;
	m.edits = t->edit_count;
	m.puts = t->put_count;
	m.holds = t->hold_count;
	m.logs = t->log_count;
	return m;
}

static inline void
mt_test_rewind(struct mt_test *t, struct mt_test_mark m)
{
	t->fact_count = m.facts;
	t->edit_count = m.edits;
	t->put_count = m.puts;
	t->hold_count = m.holds;
	t->log_count = m.logs;
}

static inline int
mt_test_misuse(struct mt_test *t, const char *why)
{
	t->misuse = why;
	return -1;
}

static inline int
mt_test_call(struct mt_test *t, mt_inspect_fn fn)
{
	memset(&t->result, 0, sizeof(t->result));
	t->result.size = sizeof(t->result);
	if (fn != NULL)
		return fn(t->ctx, &t->msg, &t->result);
	memset(&t->delivery, 0, sizeof(t->delivery));
	t->delivery.size = sizeof(t->delivery);
	return t->stage->deliver(t->ctx, &t->msg, t->key, &t->delivery);
}

/* fn NULL: deliver. */
static inline int
mt_test_run(struct mt_test *t, mt_inspect_fn fn)
{
	struct mt_test_mark mark = mt_test_mark(t);

	if (mt_test_open(t) != 0)
		return -1;
	t->questions = 0;
	for (t->runs = 1; t->runs <= MT_RUNS_MAX; t->runs++) {
		int returned;

		t->asking = 0;
		returned = mt_test_call(t, fn);
		mt_test_blocks_free(&t->passing);
		if (returned == 0 || returned == -1)
			return returned;
		mt_test_rewind(t, mark);
		if (returned != MT_WAIT)
			return mt_test_misuse(t, "returned neither 0, -1 nor MT_WAIT");
		if (!t->asking)
			return mt_test_misuse(t, "waited without a question");
	}
	return mt_test_misuse(t, "more than MT_RUNS_MAX runs");
}

/* One callback for one message, to its end: 0 with t->result (t->delivery)
 * filled in, or -1: the stage failed, or broke the contract (t->misuse).
 * Facts stay, so envelope and message can be run one after the other. */
static inline int
mt_test_run_envelope(struct mt_test *t)
{
	return mt_test_run(t, t->stage->envelope);
}

static inline int
mt_test_run_message(struct mt_test *t)
{
	return mt_test_run(t, t->stage->message);
}

static inline int
mt_test_run_probe(struct mt_test *t)
{
	return mt_test_run(t, t->stage->probe);
}

static inline int
mt_test_run_deliver(struct mt_test *t)
{
	return mt_test_run(t, NULL);
}

#ifdef __cplusplus
}
#endif

#endif
