/* SPDX-License-Identifier: BSD-2-Clause */
/* Host services: reading the message, writing facts, asking, acting. */
#include "stage/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "mail/edit.h"
#include "stage/letter.h"
#include "stage/message.h"
#include "stage/options.h"
#include "stage/request.h"

/* The counts are of one run. */
enum { LINE_TEXT_MAX = 1024, LINES_MAX = 64, PUTS_MAX = 64, HOLDS_MAX = 8,
	ALLOC_MAX = 64 << 20, RELEASER_MAX = 64 };

static const struct mt_conf *opening;

void
host_set_conf(const struct mt_conf *conf)
{
	opening = conf;
}

static bool
needs(const struct mt_msg *m, uint32_t bit)
{
	return (m->member->loaded.stage.needs & bit) != 0;
}

static void
host_log(struct mt_msg *m, int level, const char *fmt, ...)
{
	char text[LINE_TEXT_MAX];
	struct line *l;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	for (char *p = text; *p != '\0'; p++)	/* one event, one line */
		if ((unsigned char)*p < 0x20 || (unsigned char)*p == 0x7f)
			*p = '?';
	if (m == NULL) {
		log_at((enum log_level)(level & 3), "%s", text);
		return;
	}
	if (m->run.line_count >= LINES_MAX)
		return;
	if (++m->run.line_count == LINES_MAX) {
		level = MT_WARNING;
		snprintf(text, sizeof(text), "logs more than %d lines: the rest is dropped",
		    LINES_MAX - 1);
	}
	l = arena_alloc(&m->arena, sizeof(*l));
	l->level = (uint32_t)level & 3;
	l->text = arena_span(&m->arena, span_of(text));
	*m->run.line_tail = l;
	m->run.line_tail = &l->next;
}

static void *
host_alloc(struct mt_msg *m, size_t size)
{
	if (size > ALLOC_MAX)
		log_panic("stage %s asks for %zu bytes", m->member->setting->name, size);
	return arena_alloc(&m->scratch, size);
}

static void *
host_keep(struct mt_msg *m, size_t size)
{
	struct kept *k = &m->kept[m->cursor];

	if (size == 0 || size > MT_KEEP_MAX)
		return NULL;
	if (k->ptr == NULL)
		*k = (struct kept){ arena_alloc(&m->arena, size), size };
	return k->size == size ? k->ptr : NULL;
}

static int64_t
host_now(const struct mt_msg *m)
{
	return m->call.now;
}

static int64_t
host_remaining_ms(const struct mt_msg *m)
{
	int64_t left = m->run.deadline_ms - clock_ms();

	return left < 0 ? 0 : left;
}

static const struct mt_conf *
host_conf(const struct mt_msg *m)
{
	return m == NULL ? opening : member_conf(m->member, m->call.intent.route);
}

static const char *
host_event(const struct mt_msg *m)
{
	return m->call.event.ptr;
}

/* Copies what the caller's struct can hold: its size is its author's. */
static int
give(void *to, uint32_t size, const void *from, size_t have)
{
	if (size < sizeof(uint32_t))
		return EINVAL;
	memcpy((char *)to + sizeof(uint32_t), (const char *)from + sizeof(uint32_t),
	    (size < have ? size : have) - sizeof(uint32_t));
	return 0;
}

static int
host_client(const struct mt_msg *m, struct mt_client *out)
{
	const struct envelope *e = &m->call.envelope;
	struct mt_client c = {
		.flags = ((e->flags & ENVELOPE_TLS) ? MT_CLIENT_TLS : 0) |
		    ((e->flags & ENVELOPE_ESMTP) ? MT_CLIENT_ESMTP : 0) |
		    ((e->flags & ENVELOPE_UTF8) ? MT_CLIENT_UTF8 : 0) |
		    ((e->flags & ENVELOPE_LMTP) ? MT_CLIENT_LMTP : 0),
		.address = e->client, .helo = e->helo, .listener = e->listener,
		.tls = e->tls, .upstream = e->upstream, .hostname = span_of(m->group->settings->hostname),
	};

	return give(out, out->size, &c, sizeof(c));
}

static int
host_sender(const struct mt_msg *m, struct mt_span *out)
{
	*out = m->call.envelope.sender;
	return 0;
}

static int
host_rcpt(const struct mt_msg *m, struct mt_span *out)
{
	*out = m->call.envelope.rcpt;
	return 0;
}

static int
host_intent(const struct mt_msg *m, struct mt_intent *out)
{
	const struct call_intent *i = &m->call.intent;
	struct mt_intent intent = { .cls = i->cls, .route = i->route,
		.verb = i->verb, .target = i->target, .params = i->params };

	return give(out, out->size, &intent, sizeof(intent));
}

static int
host_raw(const struct mt_msg *m, struct mt_span *out)
{
	if (m->call.phase == PHASE_ENVELOPE)
		return ENOENT;
	if (!needs(m, MT_NEED_RAW))
		return EPERM;
	*out = m->call.raw;
	return 0;
}

static int
host_header_next(const struct mt_msg *m, size_t *it, struct mt_span *name,
    struct mt_span *value)
{
	struct view_field f;
	int error;

	if (*it > UINT32_MAX)
		return ENOENT;
	error = view_field(&m->view, (uint32_t)*it, &f);
	if (error != 0)
		return error;
	*name = f.name;
	*value = f.value;
	++*it;
	return 0;
}

static int
host_part_next(const struct mt_msg *m, size_t *it, struct mt_part *out)
{
	struct mt_part part = { .size = sizeof(part) };
	int error;

	if (!needs(m, MT_NEED_BODY))
		return EPERM;
	if (*it > UINT32_MAX)
		return ENOENT;
	error = view_part(&m->view, (uint32_t)*it, &part);
	if (error != 0)
		return error;
	++*it;
	return give(out, out->size, &part, sizeof(part));
}

static int
host_fact_get(const struct mt_msg *m, const char *key, struct mt_fact *out)
{
	const struct fact *f = facts_find(&m->facts, key);

	if (f == NULL)
		return ENOENT;
	*out = f->value;
	return 0;
}

static int
host_fact_set(struct mt_msg *m, const struct mt_fact *fact)
{
	return facts_add(&m->facts, m->member->setting->name,
	    m->member->loaded.descriptor.writes, fact);
}

/* The answer to a question, or NULL after recording that it is asked. */
static const struct answer *
ask(struct mt_msg *m, const struct question *q, int *status)
{
	struct buf packed = { 0 };
	struct mt_span key;
	struct answer *a;
	struct asked *asked;

	question_pack(&packed, q);
	a = answers_find(&m->answers, buf_span(&packed));
	if (a != NULL) {
		buf_free(&packed);
		*status = a->status;
		return a;
	}
	for (asked = m->run.asked; asked != NULL; asked = asked->next)
		if (span_equal(asked->question, buf_span(&packed)))
			break;
	*status = MT_PENDING;
	if (asked == NULL && m->questions >= MT_QUESTIONS_MAX) {
		*status = MT_BUDGET;
	} else if (asked == NULL) {
		key = arena_span(&m->arena, buf_span(&packed));
		asked = arena_alloc(&m->arena, sizeof(*asked));
		asked->question = key;
		*m->run.asked_tail = asked;
		m->run.asked_tail = &asked->next;
		m->questions++;
	}
	buf_free(&packed);
	return NULL;
}

static int
host_dns_get(struct mt_msg *m, const char *name, uint16_t type, struct mt_answer *out)
{
	char lower[QUESTION_NAME_MAX + 1];
	struct question q = { .kind = QUESTION_DNS, .type = type };
	struct mt_answer answer = { .status = MT_DENIED };
	const struct answer *a;
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (!needs(m, MT_NEED_DNS) || m->call.phase == PHASE_DELIVER) {
		answer.status = MT_DENIED;
	} else if (len == 0 || len > QUESTION_NAME_MAX) {
		answer.status = MT_NXDOMAIN;	/* no such name can exist */
	} else {
		for (size_t i = 0; i < len; i++)
			lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ?
			    name[i] + 32 : name[i]);
		q.key = span_make(lower, len);
		a = ask(m, &q, &answer.status);
		if (a != NULL) {
			answer.ttl = a->number[0];
			answer.secure = a->number[1];
			answer.count = a->count;
			answer.rr = a->rr;
		}
	}
	give(out, out->size, &answer, sizeof(answer));
	return answer.status;
}

static int
host_state_take(struct mt_msg *m, const struct mt_claim *claim, struct mt_grant *out)
{
	struct question q = { .kind = QUESTION_TAKE,
		.type = (uint16_t)m->member->index, .flags = claim->flags,
		.limit = claim->limit, .window_s = claim->window_s, .key = claim->key };
	struct mt_grant grant = { .status = MT_DENIED };
	const struct answer *a;

	if (needs(m, MT_NEED_STATE) && claim->key.len > 0 && claim->limit > 0 &&
	    claim->key.len <= QUESTION_KEY_MAX && m->call.phase <= PHASE_MESSAGE) {
		a = ask(m, &q, &grant.status);
		if (a != NULL) {
			grant.used = a->number[0];
			grant.retry_after_s = a->number[1];
			if (a->count > 0 && a->rr[0].len < sizeof(grant.event))
				memcpy(grant.event, a->rr[0].ptr, a->rr[0].len);
		}
	}
	give(out, out->size, &grant, sizeof(grant));
	return grant.status;
}

static int
host_state_get(struct mt_msg *m, struct mt_span key, struct mt_span *value)
{
	struct question q = { .kind = QUESTION_GET,
		.type = (uint16_t)m->member->index, .key = key };
	const struct answer *a;
	int status = MT_DENIED;

	*value = (struct mt_span){ "", 0 };
	if (!needs(m, MT_NEED_STATE) || key.len == 0 || key.len > QUESTION_KEY_MAX ||
	    m->call.phase > PHASE_MESSAGE)
		return MT_DENIED;
	a = ask(m, &q, &status);
	if (a != NULL && a->count > 0)
		*value = a->rr[0];
	return status;
}

static int
host_state_put(struct mt_msg *m, struct mt_span key, struct mt_span value,
    uint32_t ttl_s, uint32_t when)
{
	struct put *p;

	if (!needs(m, MT_NEED_STATE) || key.len == 0 || key.len > QUESTION_KEY_MAX ||
	    value.len > MT_KEEP_MAX || m->call.phase > PHASE_MESSAGE ||
	    (when != MT_IF_ACCEPTED && when != MT_ALWAYS) || m->run.put_count >= PUTS_MAX)
		return MT_DENIED;
	p = arena_alloc(&m->arena, sizeof(*p));
	*p = (struct put){ .key = arena_span(&m->arena, key),
		.value = arena_span(&m->arena, value), .ttl_s = ttl_s, .when = when };
	*m->run.put_tail = p;
	m->run.put_tail = &p->next;
	m->run.put_count++;
	return MT_OK;
}

static int
host_http_request(struct mt_msg *m, const struct mt_http *request,
    struct mt_http_reply *out)
{
	struct question q = { .kind = QUESTION_HTTP };
	struct mt_http_reply reply = { .error = EPERM };
	struct buf packed = { 0 };
	const struct answer *a;
	int status = MT_DENIED;

	if (needs(m, MT_NEED_HTTP) && m->call.phase >= PHASE_DELIVER &&
	    request_pack(&packed, m, request) == 0) {
		q.key = buf_span(&packed);
		a = ask(m, &q, &status);
		if (a != NULL) {
			reply.status = (int32_t)a->number[0];
			reply.error = (int32_t)a->number[1];
			reply.sent = a->number[2];
			reply.retry_after_s = a->number[3];
			reply.fields = a->count > 0 ? a->rr[0] : SPAN("");
			reply.body = a->count > 1 ? a->rr[1] : SPAN("");
		}
	}
	buf_free(&packed);
	give(out, out->size, &reply, sizeof(reply));
	return status;
}

static int
host_mail_send(struct mt_msg *m, const struct mt_mail *mail, struct mt_mail_reply *out)
{
	struct question q = { .kind = QUESTION_MAIL };
	struct mt_mail_reply reply = { .error = EPERM, .text = SPAN("") };
	struct buf packed = { 0 };
	const struct answer *a;
	int status = MT_DENIED;

	if (needs(m, MT_NEED_MAIL) && m->call.phase >= PHASE_DELIVER) {
		reply.error = letter_pack(&packed, m, mail);
		q.key = buf_span(&packed);
		a = reply.error == 0 ? ask(m, &q, &status) : NULL;
		if (reply.error != 0)
			status = MT_OK;	/* there is an answer: no mail is like this */
		if (a != NULL) {
			reply.code = (int32_t)a->number[0];
			reply.error = (int32_t)a->number[1];
			reply.sent = a->number[2];
			reply.text = a->count > 0 ? a->rr[0] : SPAN("");
		}
	}
	buf_free(&packed);
	give(out, out->size, &reply, sizeof(reply));
	return status;
}

static int
host_edit(struct mt_msg *m, const struct mt_edit *edit)
{
	struct mt_edit *others;
	struct edit *e;
	size_t n = 0;
	int error;

	if (!needs(m, MT_NEED_EDIT) || m->call.phase != PHASE_MESSAGE)
		return EPERM;
	if (m->run.edit_count >= EDITS_MAX)
		return ENOSPC;
	others = arena_alloc(&m->scratch, (m->run.edit_count + 1) * sizeof(*others));
	for (e = m->run.outcome->edits; e != NULL; e = e->next)
		others[n++] = e->value;
	error = edit_check(&m->view, edit, others, n);
	if (error != 0)
		return error;
	e = arena_alloc(&m->arena, sizeof(*e));
	e->value = *edit;
	e->value.name = arena_span(&m->arena, edit->name);
	e->value.bytes = arena_span(&m->arena, edit->bytes);
	*m->run.edit_tail = e;
	m->run.edit_tail = &e->next;
	m->run.edit_count++;
	return 0;
}

static int
host_hold(struct mt_msg *m, const char *releaser, uint32_t expire_s)
{
	struct hold *h;

	if (m->call.phase != PHASE_MESSAGE)
		return EPERM;
	if (releaser == NULL || *releaser == '\0' || strlen(releaser) > RELEASER_MAX)
		return EINVAL;
	if (m->run.hold_count >= HOLDS_MAX)
		return ENOSPC;
	h = arena_alloc(&m->arena, sizeof(*h));
	h->releaser = arena_span(&m->arena, span_of(releaser));
	h->expire_s = expire_s;
	*m->run.hold_tail = h;
	m->run.hold_tail = &h->next;
	m->run.hold_count++;
	return 0;
}

static uint32_t
host_attempt(const struct mt_msg *m)
{
	return m->call.attempt;
}

static int
host_thread(const struct mt_msg *m, struct mt_thread *out)
{
	const struct call_thread *t = &m->call.thread;
	struct mt_thread thread = { .event = t->event, .key = t->key,
		.resource_id = t->resource_id };

	if (t->event.len == 0)
		return ENOENT;
	return give(out, out->size, &thread, sizeof(thread));
}

static struct mt_host services = {
	.size = sizeof(struct mt_host),
	.abi_minor = MT_ABI_MINOR,
	.log = host_log,
	.alloc = host_alloc,
	.keep = host_keep,
	.now = host_now,
	.remaining_ms = host_remaining_ms,
	.conf = host_conf,
	.event = host_event,
	.client = host_client,
	.sender = host_sender,
	.rcpt = host_rcpt,
	.intent = host_intent,
	.raw = host_raw,
	.header_next = host_header_next,
	.part_next = host_part_next,
	.fact_get = host_fact_get,
	.fact_set = host_fact_set,
	.dns_get = host_dns_get,
	.state_take = host_state_take,
	.state_get = host_state_get,
	.state_put = host_state_put,
	.http_request = host_http_request,
	.edit = host_edit,
	.hold = host_hold,
	.attempt = host_attempt,
	.thread = host_thread,
	.mail_send = host_mail_send,
};

const struct mt_host *
host_services(void)
{
	if (services.conf_int == NULL)
		options_host(&services);
	return &services;
}
