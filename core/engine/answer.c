/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to senders: who may get one, and what the stage that sends it is
 * told, as facts of its call (mailtri_stage(3)). */
#include "engine/engine.h"

#include <ctype.h>

#include "base/log.h"
#include "queue/answer.h"
#include "queue/capability.h"

/* The first word of a field, up to white space or a parameter. */
static bool
field_is(const struct view *v, const char *name, const char *const *words)
{
	struct view_field f;
	struct mt_span word;

	if (view_find(v, name, &f) != 0)
		return false;
	word = f.value;
	while (word.len > 0 && isspace((unsigned char)word.ptr[0]))
		word = span_make(word.ptr + 1, word.len - 1);
	for (size_t i = 0; i < word.len; i++)
		if (isspace((unsigned char)word.ptr[i]) || word.ptr[i] == ';' || word.ptr[i] == '(')
			word.len = i;
	for (; *words != NULL; words++)
		if (span_is_nocase(word, *words))
			return true;
	return false;
}

/* RFC 3834 section 2: nobody sits there who would read it. */
static bool
is_automatic(const struct view *v)
{
	static const char *const no[] = { "no", NULL }, *const many[] = { "bulk", "list", "junk", NULL };
	struct view_field f;

	return (view_find(v, "Auto-Submitted", &f) == 0 && !field_is(v, "Auto-Submitted", no)) ||
	    field_is(v, "Precedence", many) || view_find(v, "List-Id", &f) == 0;
}

struct queue_budget
answer_budget(const struct settings *s)
{
	return (struct queue_budget){ s->limits.answers_per_sender, s->limits.answers_per_thread };
}

bool
answer_is_due(const struct mail *m)
{
	return m->route->answer && m->envelope.sender.len > 0 && !is_automatic(&m->view);
}

struct told {
	struct mt_span stage, reason, text, resource_id, resource_url;
};

static void
told_pack(struct buf *b, const struct told *t)
{
	pack_span(b, t->stage);
	pack_span(b, t->reason);
	pack_span(b, t->text);
	pack_span(b, t->resource_id);
	pack_span(b, t->resource_url);
}

static struct told
told_unpack(struct mt_span packed)
{
	struct unpack u = unpack_of(packed);
	struct told t;

	t.stage = unpack_span(&u);
	t.reason = unpack_span(&u);
	t.text = unpack_span(&u);
	t.resource_id = unpack_span(&u);
	t.resource_url = unpack_span(&u);
	return unpack_done(&u) ? t : (struct told){ .stage = SPAN("") };
}

struct mt_span
answer_held(const struct mail *m, struct arena *arena)
{
	struct told t = { .stage = span_of(m->verdict.stage), .reason = span_of(m->verdict.reason) };
	struct buf b = { 0 };
	struct mt_span packed;

	told_pack(&b, &t);
	packed = arena_span(arena, buf_span(&b));
	buf_free(&b);
	return packed;
}

void
answer_seal(const struct slot *slot, const struct queue_target *target,
    const struct mt_delivery *d, struct buf *out)
{
	struct told t = { .stage = span_of(target->stage), .reason = span_of(d->reason),
		.text = span_of(d->text), .resource_id = span_of(d->resource_id),
		.resource_url = span_of(d->resource_url) };
	struct buf b = { 0 };

	told_pack(&b, &t);
	seal_close(slot, SEAL_TOLD, span_of(target->event), buf_span(&b), out);
	buf_wipe(&b);
}

static void
add(struct facts *facts, const char *key, uint32_t type, struct mt_span text)
{
	struct mt_fact f = { .key = key, .type = type, .text = text };

	if (text.len > 0 && facts_add(facts, "host", NULL, &f) != 0)
		log_error("the fact %s cannot be told", key);
}

/* An answer that waits for another mail says where to. */
static void
add_address(struct engine *e, const struct answer_call *a, struct facts *facts)
{
	const struct queue_item *item = &a->load->item;
	struct capability c = { .until_s = now_s() + a->settings->limits.answer_reply_s };
	char address[CAPABILITY_ADDRESS_SIZE];

	memcpy(c.event, item->event, sizeof(c.event));
	memcpy(c.person, a->load->context.person, HASH_SIZE);
	c.domain = span_of(strrchr(item->route, '@') + 1);
	if (capability_make(e->installation_key, &c, address) == 0)
		add(facts, "answer.reply_to", MT_TEXT, span_of(address));
}

/* The mail's own facts come last: whatever they are, ours have room. */
void
answer_facts(struct engine *e, const struct answer_call *a, struct facts *facts)
{
	const struct queue_context *context = &a->load->context;
	struct mt_span event = span_of(a->load->item.event);
	char mark[CAPABILITY_MARK_SIZE];
	struct buf plain = { 0 };
	struct told t = { .stage = SPAN("") };

	facts_init(facts, a->arena);
	if (context->told.len > 0 &&
	    seal_open(a->slot, SEAL_TOLD, event, context->told, &plain) == 0)
		t = told_unpack(buf_span(&plain));
	add(facts, "answer.outcome", MT_TOKEN, span_of(queue_answer_name(a->load->action)));
	add(facts, "answer.stage", MT_TEXT, t.stage);
	add(facts, "answer.reason", MT_TEXT, context->why[0] != '\0' ? span_of(context->why) : t.reason);
	add(facts, "answer.text", MT_TEXT, t.text);
	add(facts, "answer.resource_id", MT_TEXT, t.resource_id);
	add(facts, "answer.resource_url", MT_TEXT, t.resource_url);
	if (a->load->action == QUEUE_ANSWER_DONE || a->load->action == QUEUE_ANSWER_HELD)
		add_address(e, a, facts);
	if (capability_mark(e->installation_key, a->load->item.event, now_s(), mark) == 0)
		add(facts, "answer.mark", MT_TEXT, span_of(mark));
	for (const struct fact *f = a->known->head; f != NULL; f = f->next)
		facts_add(facts, f->writer, NULL, &f->value);
	buf_wipe(&plain);
}
