/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls and their results, packed. */
#include "pipeline/call.h"

#include <errno.h>
#include <unistd.h>

#include "base/utf8.h"
#include "mail/edit.h"

/* What stands before raw and view leaves them less room in some frames. */
enum { CALL_INLINE_MAX = FRAME_MAX - 64 };

static int
pack_shared(struct buf *b, struct mt_span s, int fd, struct call_fds *fds)
{
	bool own = fd < 0;

	if (own && b->len + s.len > CALL_INLINE_MAX && (fd = bytes_memfd(s)) < 0)
		return EMFILE;
	if (fd < 0)
		fd = bytes_pack(b, s);
	else
		bytes_pack_fd(b, s.len);
	if (fd == -2)
		return EMFILE;
	if (fd >= 0) {
		fds->own[fds->count] = own;
		fds->fd[fds->count++] = fd;
	}
	return 0;
}

void
call_fds_close(struct call_fds *fds)
{
	for (int i = 0; i < fds->count; i++)
		if (fds->own[i])
			close(fds->fd[i]);
	fds->count = 0;
}

static void
intent_pack(struct buf *b, const struct call_intent *i)
{
	pack_u32(b, i->cls);
	pack_span(b, i->route);
	pack_span(b, i->verb);
	pack_span(b, i->target);
	pack_span(b, i->params);
}

static void
intent_unpack(struct unpack *u, struct call_intent *i)
{
	i->cls = unpack_u32(u);
	i->route = unpack_span(u);
	i->verb = unpack_span(u);
	i->target = unpack_span(u);
	i->params = unpack_span(u);
}

int
call_pack(struct buf *b, const struct call *c, struct call_fds *fds)
{
	*fds = (struct call_fds){ 0 };
	pack_u8(b, c->phase);
	pack_i64(b, c->now);
	pack_u32(b, c->remaining_ms);
	pack_u32(b, c->stage_count);
	for (uint32_t i = 0; i < c->stage_count; i++)
		pack_u32(b, c->stages[i]);
	pack_span(b, c->event);
	envelope_pack(b, &c->envelope);
	intent_pack(b, &c->intent);
	pack_u32(b, c->attempt);
	pack_span(b, c->key);
	pack_span(b, c->thread.event);
	pack_span(b, c->thread.key);
	pack_span(b, c->thread.resource_id);
	facts_pack(b, c->facts);
	answers_pack(b, c->answers);
	if (pack_shared(b, c->raw, c->raw_fd, fds) == 0 &&
	    pack_shared(b, c->view, c->view_fd, fds) == 0)
		return 0;
	call_fds_close(fds);
	return EMFILE;
}

int
call_unpack(struct frame *f, struct call *c, struct bytes *raw, struct bytes *view)
{
	struct unpack u = unpack_of(f->body);

	*raw = *view = (struct bytes){ .span = { "", 0 } };
	c->raw_fd = c->view_fd = -1;
	c->phase = unpack_u8(&u);
	c->now = unpack_i64(&u);
	c->remaining_ms = unpack_u32(&u);
	c->stage_count = unpack_count(&u, 4);
	if (c->stage_count > CALL_STAGES_MAX)
		return EBADMSG;
	for (uint32_t i = 0; i < c->stage_count; i++)
		c->stages[i] = unpack_u32(&u);
	c->event = unpack_span(&u);
	if (envelope_unpack(&u, NULL, &c->envelope) != 0)
		return EBADMSG;
	intent_unpack(&u, &c->intent);
	c->attempt = unpack_u32(&u);
	c->key = unpack_span(&u);
	c->thread.event = unpack_span(&u);
	c->thread.key = unpack_span(&u);
	c->thread.resource_id = unpack_span(&u);
	if (facts_unpack(&u, c->facts) != 0 || answers_unpack(&u, c->answers) != 0)
		return EBADMSG;
	if (bytes_unpack(&u, f, raw) != 0)
		return EBADMSG;
	if (bytes_unpack(&u, f, view) != 0) {
		bytes_free(raw);
		return EBADMSG;
	}
	c->raw = raw->span;
	c->view = view->span;
	return 0;
}

static void
result_pack(struct buf *b, const struct mt_result *r)
{
	pack_u32(b, (uint32_t)r->verdict);
	pack_u16(b, r->smtp_code);
	pack_string(b, r->enhanced);
	pack_string(b, r->reason);
	pack_string(b, r->text);
}

/* A fixed field of a struct that crosses the ABI: always ends with NUL. */
static void
unpack_field(struct unpack *u, char *out, size_t size)
{
	struct mt_span s = unpack_span(u);
	size_t n = s.len < size - 1 ? s.len : size - 1;

	memcpy(out, s.ptr, n);
	out[n] = '\0';
}

static void
result_unpack(struct unpack *u, struct mt_result *r)
{
	*r = (struct mt_result){ .size = sizeof(*r) };
	r->verdict = (int32_t)unpack_u32(u);
	r->smtp_code = unpack_u16(u);
	unpack_field(u, r->enhanced, sizeof(r->enhanced));
	unpack_field(u, r->reason, sizeof(r->reason));
	unpack_field(u, r->text, sizeof(r->text));
}

/* Lists are packed as a 1 before each member and a 0 at the end. */
#define LIST_PACK(b, type, list, it)					\
	for (const struct type *it = (list);				\
	    pack_u8((b), it != NULL), it != NULL; it = it->next)

static void
lines_pack(struct buf *b, const struct line *lines)
{
	LIST_PACK(b, line, lines, l) {
		pack_u32(b, l->level);
		pack_span(b, l->text);
	}
}

static struct line *
lines_unpack(struct unpack *u, struct arena *a)
{
	struct line *head = NULL, **tail = &head;

	while (unpack_u8(u) == 1) {
		struct line *l = arena_alloc(a, sizeof(*l));

		l->level = unpack_u32(u);
		l->text = arena_span(a, unpack_span(u));
		*tail = l;
		tail = &l->next;
	}
	return head;
}

static void
acts_pack(struct buf *b, const struct outcome *o)
{
	LIST_PACK(b, put, o->puts, p) {
		pack_span(b, p->key);
		pack_span(b, p->value);
		pack_u32(b, p->ttl_s);
		pack_u32(b, p->when);
	}
	LIST_PACK(b, hold, o->holds, h) {
		pack_span(b, h->releaser);
		pack_u32(b, h->expire_s);
	}
	LIST_PACK(b, edit, o->edits, e)
		edit_pack(b, &e->value);
	lines_pack(b, o->lines);
}

static struct put *
puts_unpack(struct unpack *u, struct arena *a)
{
	struct put *head = NULL, **tail = &head;

	while (unpack_u8(u) == 1) {
		struct put *p = arena_alloc(a, sizeof(*p));

		p->key = arena_span(a, unpack_span(u));
		p->value = arena_span(a, unpack_span(u));
		p->ttl_s = unpack_u32(u);
		p->when = unpack_u32(u);
		*tail = p;
		tail = &p->next;
	}
	return head;
}

static struct hold *
holds_unpack(struct unpack *u, struct arena *a)
{
	struct hold *head = NULL, **tail = &head;

	while (unpack_u8(u) == 1) {
		struct hold *h = arena_alloc(a, sizeof(*h));

		h->releaser = arena_span(a, unpack_span(u));
		h->expire_s = unpack_u32(u);
		*tail = h;
		tail = &h->next;
	}
	return head;
}

static struct edit *
edits_unpack(struct unpack *u, struct arena *a)
{
	struct edit *head = NULL, **tail = &head;

	while (unpack_u8(u) == 1) {
		struct edit *e = arena_alloc(a, sizeof(*e));

		if (edit_unpack(u, a, &e->value) != 0) {
			u->bad = true;
			break;
		}
		*tail = e;
		tail = &e->next;
	}
	return head;
}

const struct mt_edit *
edits_array(const struct edit *list, struct arena *a, size_t *count)
{
	struct mt_edit *edits;
	size_t n = 0;

	for (const struct edit *e = list; e != NULL; e = e->next)
		n++;
	edits = arena_alloc(a, n * sizeof(*edits));
	*count = n;
	for (n = 0; list != NULL; list = list->next)
		edits[n++] = list->value;
	return edits;
}

void
asked_pack(struct buf *b, const struct asked *asked)
{
	LIST_PACK(b, asked, asked, q)
		pack_span(b, q->question);
}

int
asked_unpack(struct unpack *u, struct arena *a, struct asked **out)
{
	struct asked **tail = out;

	*out = NULL;
	while (unpack_u8(u) == 1) {
		struct asked *q = arena_alloc(a, sizeof(*q));

		q->question = arena_span(a, unpack_span(u));
		*tail = q;
		tail = &q->next;
	}
	return u->bad ? EBADMSG : 0;
}

void
outcomes_pack(struct buf *b, const struct outcome *outcomes, const struct asked *ahead)
{
	LIST_PACK(b, outcome, outcomes, o) {
		pack_u32(b, o->stage);
		pack_u32(b, (uint32_t)o->returned);
		pack_u32(b, o->us);
		result_pack(b, &o->result);
		facts_pack(b, &o->facts);
		acts_pack(b, o);
	}
	asked_pack(b, ahead);
}

int
outcomes_unpack(struct unpack *u, struct arena *a, struct outcome **out, struct asked **ahead)
{
	struct outcome **tail = out;

	*out = NULL;
	while (unpack_u8(u) == 1) {
		struct outcome *o = arena_alloc(a, sizeof(*o));

		o->stage = unpack_u32(u);
		o->returned = (int32_t)unpack_u32(u);
		o->us = unpack_u32(u);
		result_unpack(u, &o->result);
		facts_init(&o->facts, a);
		if (facts_unpack(u, &o->facts) != 0)
			return EBADMSG;
		o->puts = puts_unpack(u, a);
		o->holds = holds_unpack(u, a);
		o->edits = edits_unpack(u, a);
		o->lines = lines_unpack(u, a);
		*tail = o;
		tail = &o->next;
	}
	if (asked_unpack(u, a, ahead) != 0 || !unpack_done(u))
		return EBADMSG;
	return 0;
}

void
delivery_pack(struct buf *b, const struct delivery *d)
{
	pack_u32(b, (uint32_t)d->returned);
	pack_u32(b, (uint32_t)d->value.status);
	pack_u32(b, d->value.retry_after_s);
	pack_u32(b, (uint32_t)d->value.code);
	pack_string(b, d->value.resource_id);
	pack_string(b, d->value.resource_url);
	pack_string(b, d->value.reason);
	pack_string(b, d->value.text);
	lines_pack(b, d->lines);
}

/* A target's words end up in logs, records and answers: one line, and UTF-8
 * that does not steer.  The last character may have been cut in two. */
static void
field_clean(char *s, bool ascii)
{
	size_t len = strlen(s);

	for (int cut = 0; cut < 3 && len > 0 && (s[len - 1] & 0x80) != 0 &&
	    !utf8_is_valid(span_make(s, len)); cut++)
		s[--len] = '\0';
	ascii = ascii || !utf8_is_text(span_make(s, len));
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || (ascii && (unsigned char)*s > 0x7e))
			*s = '?';
}

int
delivery_unpack(struct unpack *u, struct arena *a, struct delivery *d)
{
	*d = (struct delivery){ .returned = (int32_t)unpack_u32(u) };
	d->value.size = sizeof(d->value);
	d->value.status = (int32_t)unpack_u32(u);
	d->value.retry_after_s = unpack_u32(u);
	d->value.code = (int32_t)unpack_u32(u);
	unpack_field(u, d->value.resource_id, sizeof(d->value.resource_id));
	unpack_field(u, d->value.resource_url, sizeof(d->value.resource_url));
	unpack_field(u, d->value.reason, sizeof(d->value.reason));
	unpack_field(u, d->value.text, sizeof(d->value.text));
	field_clean(d->value.resource_id, true);
	field_clean(d->value.resource_url, true);
	field_clean(d->value.reason, true);
	field_clean(d->value.text, false);
	d->lines = lines_unpack(u, a);
	return unpack_done(u) ? 0 : EBADMSG;
}
