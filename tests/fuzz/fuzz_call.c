/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hostile worker may send: results, questions, deliveries; and what
 * reads a call.  The first byte chooses the reader. */
#include <stddef.h>
#include <stdint.h>

#include "pipeline/call.h"
#include "pipeline/intent.h"
#include "pipeline/poison.h"

static void
read_results(struct unpack *u, struct arena *a)
{
	struct outcome *outcomes;
	struct asked *asked;

	if (outcomes_unpack(u, a, &outcomes, &asked) != 0)
		return;
	for (const struct outcome *o = outcomes; o != NULL; o = o->next)
		if (o->result.text[sizeof(o->result.text) - 1] != '\0')
			__builtin_trap();
}

static void
read_questions(struct unpack *u, struct arena *a)
{
	struct asked *asked;
	struct question q;

	if (asked_unpack(u, a, &asked) == 0)
		for (; asked != NULL; asked = asked->next)
			question_unpack(asked->question, &q);
}

static void
read_delivery(struct unpack *u, struct arena *a)
{
	struct delivery d;

	delivery_unpack(u, a, &d);
}

static void
read_answers(struct unpack *u, struct arena *a)
{
	struct answers answers;

	answers_init(&answers, a);
	answers_unpack(u, &answers);
}

static void
read_call(struct unpack *u, struct arena *a)
{
	struct facts facts;
	struct answers answers;
	struct call call = { .facts = &facts, .answers = &answers };
	struct frame f = { .body = unpack_rest(u) };
	struct bytes raw, view;

	facts_init(&facts, a);
	answers_init(&answers, a);
	if (call_unpack(&f, &call, &raw, &view) == 0) {
		bytes_free(&raw);
		bytes_free(&view);
	}
}

/* Kept over restarts, so read back from the disk. */
static void
read_poisons(struct unpack *u, struct arena *a)
{
	struct mt_span packed = unpack_rest(u);
	struct poisons poisons = { .count = 0 };
	struct buf again = { 0 };

	(void)a;
	if (poisons_unpack(&poisons, packed) == 0) {
		poisons_pack(&again, &poisons);
		if (poisons.count > POISON_MAX || again.len > packed.len)
			__builtin_trap();
	} else if (poisons.count != 0)
		__builtin_trap();
	buf_free(&again);
}

static void
read_intent(struct unpack *u, struct arena *a)
{
	static const char *intents[] = { "create_task", "update_task", "delete_task" };
	struct setting_route route = { .address = "a@b.example", .target = "b",
		.intents = intents, .intent_count = 3 };
	struct mt_span text = unpack_rest(u);
	struct call_intent intent;

	(void)a;
	intent_find(&route, text, text, &intent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct unpack *, struct arena *) = {
		read_results, read_questions, read_delivery, read_answers,
		read_call, read_intent, read_poisons,
	};
	struct arena arena = { 0 };
	struct unpack u = unpack_of(span_make(data, size));
	uint8_t which = unpack_u8(&u);

	readers[which % (sizeof(readers) / sizeof(readers[0]))](&u, &arena);
	arena_free(&arena);
	return 0;
}
