/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Behind mailtri/stage_test.h, which includes this file: questions and acts
 * as the fake host answers them.  A test names none of it.
 */
#ifndef MAILTRI_STAGE_TEST_QUESTION_H
#define MAILTRI_STAGE_TEST_QUESTION_H

#ifndef MAILTRI_STAGE_TEST_H
#error "include mailtri/stage_test.h"
#endif

/* Names of DNS compare without case, everything else byte by byte. */
static inline struct mt_test_row *
mt_test_row_find(struct mt_test *t, enum mt_test_kind kind, uint16_t type,
    struct mt_span key)
{
	for (size_t i = 0; i < t->row_count; i++) {
		struct mt_test_row *r = &t->rows[i];

		if (r->kind != kind || r->type != type)
			continue;
		if (kind == MT_TEST_DNS ? mt_test_same_nocase(r->key, key) :
		    mt_test_same(r->key, key))
			return r;
	}
	return NULL;
}

static inline struct mt_test_row *
mt_test_row(struct mt_test *t, enum mt_test_kind kind, uint16_t type,
    struct mt_span key)
{
	struct mt_test_row *r = mt_test_row_find(t, kind, type, key);

	if (r != NULL)
		return r;
	r = &t->rows[mt_test_room(t->row_count, "scripted answers and questions")];
	t->row_count++;
	memset(r, 0, sizeof(*r));
	r->kind = kind;
	r->type = type;
	r->key = mt_test_copy(t, key);
	r->status = kind == MT_TEST_DNS ? MT_NXDOMAIN : MT_NODATA;
	return r;
}

/* Counts a question once; MT_OK: its answer may be given in this run. */
static inline int
mt_test_ask(struct mt_test *t, int *asked, uint32_t *run)
{
	if (!*asked) {
		if (t->questions >= MT_QUESTIONS_MAX)
			return MT_BUDGET;
		t->questions++;
		*asked = 1;
		*run = t->runs;
	}
	if (t->known || *run < t->runs)
		return MT_OK;
	t->asking = 1;
	return MT_PENDING;
}

static inline int
mt_test_h_dns_get(struct mt_msg *m, const char *name, uint16_t type,
    struct mt_answer *out)
{
	uint32_t size = out->size;
	struct mt_test_row *r;
	int status;

	memset(out, 0, size);
	out->size = size;
	out->status = MT_DENIED;
	if ((m->test->stage->needs & MT_NEED_DNS) == 0)
		return MT_DENIED;
	r = mt_test_row(m->test, MT_TEST_DNS, type, mt_test_span(name));
	status = mt_test_ask(m->test, &r->asked, &r->run);
	out->status = status == MT_OK ? r->status : status;
	if (out->status == MT_OK) {
		out->count = r->count;
		out->rr = r->rr;
		out->ttl = 300;
	}
	return out->status;
}

static inline int
mt_test_h_state_take(struct mt_msg *m, const struct mt_claim *c,
    struct mt_grant *out)
{
	struct mt_test *t = m->test;
	uint32_t size = out->size;
	struct mt_test_row *r;
	int status;

	memset(out, 0, size);
	out->size = size;
	out->status = MT_DENIED;
	if ((t->stage->needs & MT_NEED_STATE) == 0)
		return MT_DENIED;
	r = mt_test_row(t, MT_TEST_CLAIM, 0, c->key);
	r->limit = c->limit;
	status = mt_test_ask(t, &r->asked, &r->run);
	if (status == MT_OK && r->status == MT_BUSY)
		status = MT_BUSY;
	else if (status == MT_OK && r->used >= c->limit)
		status = MT_TAKEN;
	out->status = status;
	out->used = r->used + (status == MT_OK);
	if (status == MT_TAKEN && c->limit == 1)
		memcpy(out->event, r->event, sizeof(out->event));
	return status;
}

static inline int
mt_test_h_state_get(struct mt_msg *m, struct mt_span key, struct mt_span *value)
{
	struct mt_test_row *r;
	int status;

	*value = mt_test_span("");
	if ((m->test->stage->needs & MT_NEED_STATE) == 0)
		return MT_DENIED;
	r = mt_test_row(m->test, MT_TEST_STATE, 0, key);
	status = mt_test_ask(m->test, &r->asked, &r->run);
	if (status != MT_OK || r->status != MT_OK)
		return status != MT_OK ? status : r->status;
	*value = r->rr[0];
	return MT_OK;
}

static inline int
mt_test_h_state_put(struct mt_msg *m, struct mt_span key, struct mt_span value,
    uint32_t ttl_s, uint32_t when)
{
	struct mt_test *t = m->test;
	struct mt_test_put *p;

	if ((t->stage->needs & MT_NEED_STATE) == 0)
		return MT_DENIED;
	p = &t->puts[mt_test_room(t->put_count, "puts")];
	t->put_count++;
	p->key = mt_test_copy(t, key);
	p->value = mt_test_copy(t, value);
	p->ttl_s = ttl_s;
	p->when = when;
	return MT_OK;
}

/* A control byte in a field is refused, as by the real host. */
static inline int
mt_test_is_clean(const struct mt_field *f)
{
	for (; f != NULL && f->name != NULL; f++)
		for (const char *p = f->value; *p != '\0'; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				return 0;
	return 1;
}

/* The fields as they would go out, the secrets in place. */
static inline const char *
mt_test_fields(struct mt_test *t, const struct mt_field *f)
{
	char *out = (char *)mt_test_block(&t->lasting, 1);
	size_t len = 0;

	for (; f != NULL && f->name != NULL; f++) {
		struct mt_span v = mt_test_span(f->value);
		const char *scheme = (f->flags & MT_FIELD_BEARER) != 0 ? "Bearer " : "";
		size_t more = strlen(f->name) + strlen(scheme) + 4;
		char *longer;

		if ((f->flags & MT_FIELD_SECRET) != 0 &&
		    mt_test_h_conf_secret(&t->route, f->value, &v) != 0)
			mt_test_abort("a field's secret is not set", f->value);
		longer = (char *)mt_test_block(&t->lasting, len + more + v.len + 1);
		memcpy(longer, out, len);
		snprintf(longer + len, more + v.len + 1, "%s: %s%.*s\r\n", f->name,
		    scheme, (int)v.len, v.ptr);
		len += more + v.len;
		out = longer;
	}
	return out;
}

static inline int
mt_test_same_request(const struct mt_test_request *a,
    const struct mt_test_request *b)
{
	return strcmp(a->target, b->target) == 0 &&
	    strcmp(a->method, b->method) == 0 && strcmp(a->path, b->path) == 0 &&
	    strcmp(a->fields, b->fields) == 0 && mt_test_same(a->body, b->body);
}

/* The request's row: the one asked before, or a new one that takes the next
 * scripted reply; without one it is refused as by a host that is down. */
static inline struct mt_test_request *
mt_test_request(struct mt_test *t, const struct mt_test_request *q)
{
	static const struct mt_http_reply down = { sizeof(struct mt_http_reply),
		0, ECONNREFUSED, 0, 0, 0, { "", 0 }, { "", 0 } };
	struct mt_test_request *r;

	for (size_t i = 0; i < t->request_count; i++)
		if (mt_test_same_request(&t->requests[i], q))
			return &t->requests[i];
	if (t->questions >= MT_QUESTIONS_MAX)
		return NULL;
	t->questions++;
	r = &t->requests[mt_test_room(t->request_count, "HTTP requests")];
	t->request_count++;
	*r = *q;
	r->run = t->runs;
	r->reply = t->reply_used < t->reply_count ?
	    &t->replies[t->reply_used++] : &down;
	return r;
}

static inline int
mt_test_h_http_request(struct mt_msg *m, const struct mt_http *h,
    struct mt_http_reply *out)
{
	struct mt_test *t = m->test;
	struct mt_test_request q, *r;
	uint32_t size = out->size;
	size_t i;

	memset(out, 0, size);
	out->size = size;
	out->error = EPERM;
	if ((t->stage->needs & MT_NEED_HTTP) == 0 || !mt_test_is_clean(h->fields))
		return MT_DENIED;
	if (mt_test_find_option(t, h->target, &i)->type != MT_OPT_TARGET)
		mt_test_abort("not a target", h->target);
	q.target = mt_test_copy(t, mt_test_span(h->target)).ptr;
	q.method = mt_test_copy(t, mt_test_span(h->method)).ptr;
	q.path = mt_test_copy(t, mt_test_span(h->path)).ptr;
	q.fields = mt_test_fields(t, h->fields);
	q.body = mt_test_copy(t, h->part >= 0 && (size_t)h->part < t->part_count ?
	    t->parts[h->part].bytes : h->body);
	q.reply = NULL;
	q.run = 0;
	r = mt_test_request(t, &q);
	if (r == NULL)
		return MT_BUDGET;
	if (!t->known && r->run >= t->runs) {
		t->asking = 1;
		return MT_PENDING;
	}
	memcpy(out, r->reply, size < sizeof(*out) ? size : sizeof(*out));
	out->size = size;
	return MT_OK;
}

static inline int
mt_test_is_address(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] <= 0x20 || (unsigned char)s.ptr[i] >= 0x7f ||
		    s.ptr[i] == '<' || s.ptr[i] == '>')
			return 0;
	return s.len > 0 && s.len <= 254 && memchr(s.ptr, '@', s.len) != NULL;
}

static inline int
mt_test_is_data(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\0' || (s.ptr[i] == '\n' && (i == 0 || s.ptr[i - 1] != '\r')) ||
		    (s.ptr[i] == '\r' && (i + 1 == s.len || s.ptr[i + 1] != '\n')))
			return 0;
	return s.len >= 2 && s.len <= 1024 * 1024 && s.ptr[s.len - 1] == '\n';
}

/* The mail's row, as mt_test_request(). */
static inline struct mt_test_letter *
mt_test_letter(struct mt_test *t, const struct mt_test_letter *q)
{
	static const struct mt_mail_reply down = { sizeof(struct mt_mail_reply),
		0, ECONNREFUSED, 0, { "", 0 } };
	struct mt_test_letter *l;

	for (size_t i = 0; i < t->letter_count; i++) {
		l = &t->letters[i];
		if (strcmp(l->relay, q->relay) == 0 && mt_test_same(l->sender, q->sender) &&
		    mt_test_same(l->rcpt, q->rcpt) && mt_test_same(l->data, q->data))
			return l;
	}
	if (t->questions >= MT_QUESTIONS_MAX)
		return NULL;
	t->questions++;
	l = &t->letters[mt_test_room(t->letter_count, "mails")];
	t->letter_count++;
	*l = *q;
	l->run = t->runs;
	l->reply = t->mail_reply_used < t->mail_reply_count ?
	    &t->mail_replies[t->mail_reply_used++] : &down;
	return l;
}

static inline void
mt_test_letter_copy(struct mt_test *t, const struct mt_mail *m, struct mt_test_letter *q)
{
	size_t i;

	memset(q, 0, sizeof(*q));
	if (mt_test_find_option(t, m->relay, &i)->type != MT_OPT_TARGET)
		mt_test_abort("not a target", m->relay);
	q->relay = mt_test_copy(t, mt_test_span(m->relay)).ptr;
	q->password = mt_test_span("");
	if (m->user != NULL && m->password != NULL) {
		q->user = mt_test_copy(t, mt_test_span(m->user)).ptr;
		if (mt_test_h_conf_secret(&t->route, m->password, &q->password) != 0)
			mt_test_abort("a password is not set", m->password);
	}
	q->sender = mt_test_copy(t, m->sender);
	q->rcpt = mt_test_copy(t, m->rcpt);
	q->data = mt_test_copy(t, m->data);
}

static inline int
mt_test_h_mail_send(struct mt_msg *m, const struct mt_mail *mail,
    struct mt_mail_reply *out)
{
	struct mt_test *t = m->test;
	struct mt_test_letter q, *l;
	uint32_t size = out->size;

	memset(out, 0, size);
	out->size = size;
	out->error = EPERM;
	if ((t->stage->needs & MT_NEED_MAIL) == 0)
		return MT_DENIED;
	out->error = EINVAL;
	if (!mt_test_is_address(mail->rcpt) || !mt_test_is_data(mail->data) ||
	    (mail->sender.len > 0 && !mt_test_is_address(mail->sender)))
		return MT_OK;
	mt_test_letter_copy(t, mail, &q);
	l = mt_test_letter(t, &q);
	if (l == NULL)
		return MT_BUDGET;
	if (!t->known && l->run >= t->runs) {
		t->asking = 1;
		return MT_PENDING;
	}
	memcpy(out, l->reply, size < sizeof(*out) ? size : sizeof(*out));
	out->size = size;
	return MT_OK;
}

/* ---- acts ---- */

static inline int
mt_test_h_edit(struct mt_msg *m, const struct mt_edit *e)
{
	struct mt_test *t = m->test;
	struct mt_edit *to;

	if ((t->stage->needs & MT_NEED_EDIT) == 0)
		return EPERM;
	to = &t->edits[mt_test_room(t->edit_count, "edits")];
	t->edit_count++;
	*to = *e;
	to->name = mt_test_copy(t, e->name);
	to->bytes = mt_test_copy(t, e->bytes);
	return 0;
}

static inline int
mt_test_h_hold(struct mt_msg *m, const char *releaser, uint32_t expire_s)
{
	struct mt_test *t = m->test;
	struct mt_test_hold *h = &t->holds[mt_test_room(t->hold_count, "holds")];

	t->hold_count++;
	h->releaser = mt_test_copy(t, mt_test_span(releaser)).ptr;
	h->expire_s = expire_s;
	return 0;
}

static inline uint32_t
mt_test_h_attempt(const struct mt_msg *m)
{
	return m->test->attempt;
}

static inline int
mt_test_h_thread(const struct mt_msg *m, struct mt_thread *out)
{
	uint32_t size = out->size;

	if (m->test->thread.event.len == 0)
		return ENOENT;
	memcpy(out, &m->test->thread, size < sizeof(*out) ? size : sizeof(*out));
	out->size = size;
	return 0;
}

static inline void
mt_test_host_init(struct mt_host *h)
{
	memset(h, 0, sizeof(*h));
	h->size = sizeof(*h);
	h->abi_minor = MT_ABI_MINOR;
	h->log = mt_test_h_log;
	h->alloc = mt_test_h_alloc;
	h->keep = mt_test_h_keep;
	h->now = mt_test_h_now;
	h->remaining_ms = mt_test_h_remaining_ms;
	h->conf = mt_test_h_conf;
	h->conf_int = mt_test_h_conf_int;
	h->conf_str = mt_test_h_conf_str;
	h->conf_list = mt_test_h_conf_list;
	h->conf_secret = mt_test_h_conf_secret;
	h->event = mt_test_h_event;
	h->client = mt_test_h_client;
	h->sender = mt_test_h_sender;
	h->rcpt = mt_test_h_rcpt;
	h->intent = mt_test_h_intent;
	h->raw = mt_test_h_raw;
	h->header_next = mt_test_h_header_next;
	h->part_next = mt_test_h_part_next;
	h->fact_get = mt_test_h_fact_get;
	h->fact_set = mt_test_h_fact_set;
	h->dns_get = mt_test_h_dns_get;
	h->state_take = mt_test_h_state_take;
	h->state_get = mt_test_h_state_get;
	h->state_put = mt_test_h_state_put;
	h->http_request = mt_test_h_http_request;
	h->edit = mt_test_h_edit;
	h->hold = mt_test_h_hold;
	h->attempt = mt_test_h_attempt;
	h->thread = mt_test_h_thread;
	h->mail_send = mt_test_h_mail_send;
}

#endif
