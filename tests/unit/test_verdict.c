/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts and intents, and the small things a report is made of. */
#include "test.h"

#include <errno.h>

#include "base/emit.h"
#include "base/idmap.h"
#include "pipeline/intent.h"
#include "pipeline/mail.h"
#include "pipeline/report.h"
#include "pipeline/walk.h"

static const char *intents[] = { "create_task", "update_task" };

static struct setting_route route = {
	.address = "task.linear@example.com", .verb = "task", .target = "linear",
	.intents = intents, .intent_count = 2,
};

static void
verdicts_combine(void **state)
{
	static const struct {
		int returned, verdict, on_error;
		uint16_t code;
		bool stops;
		uint16_t want;
		int disposition;
	} cells[] = {
		{ 0, MT_CONTINUE, ON_ERROR_TEMPFAIL, 0, false, 250, ACCEPTED },
		{ 0, MT_CONTINUE, ON_ERROR_TEMPFAIL, 550, false, 250, ACCEPTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 0, true, 550, REJECTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 554, true, 554, REJECTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 451, true, 550, REJECTED },
		{ 0, MT_REJECT, ON_ERROR_TEMPFAIL, 250, true, 550, REJECTED },
		{ 0, MT_TEMPFAIL, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ 0, MT_TEMPFAIL, ON_ERROR_SKIP, 452, true, 452, DEFERRED },
		{ 0, MT_TEMPFAIL, ON_ERROR_TEMPFAIL, 550, true, 451, DEFERRED },
		{ 0, 99, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ 0, -1, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ -1, MT_CONTINUE, ON_ERROR_TEMPFAIL, 0, true, 451, DEFERRED },
		{ -1, MT_REJECT, ON_ERROR_SKIP, 0, false, 250, ACCEPTED },
		{ -1, MT_CONTINUE, ON_ERROR_QUARANTINE, 0, false, 250, QUARANTINED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct setting_stage s = { .name = "a", .on_error = (uint8_t)cells[i].on_error };
		struct outcome o = { .returned = cells[i].returned,
			.result = { .verdict = cells[i].verdict, .smtp_code = cells[i].code } };
		struct verdict v = verdict_accepted();

		assert_int_equal(verdict_add(&v, &s, PHASE_MESSAGE, &o), cells[i].stops);
		assert_int_equal(v.code, cells[i].want);
		assert_int_equal(v.disposition, cells[i].disposition);
	}
}

static void
reply_text_is_one_printable_line(void **state)
{
	struct setting_stage s = { .name = "a" };
	struct outcome o = { .result = { .verdict = MT_REJECT, .text = "a\r\n250 ok\x80",
		.enhanced = "2.0.0" } };
	struct verdict v = verdict_accepted();

	(void)state;
	assert_true(verdict_add(&v, &s, PHASE_MESSAGE, &o));
	assert_string_equal(v.text, "a??250 ok?");
	assert_string_equal(v.enhanced, "5.7.1");	/* a class that is no 5 */
}

static void
holds_stick_and_reject_wins(void **state)
{
	struct setting_stage s = { .name = "a" };
	struct hold hold = { .releaser = SPAN("operator") };
	struct outcome o = { .holds = &hold }, reject = { .result.verdict = MT_REJECT };
	struct verdict v = verdict_accepted();

	(void)state;
	assert_false(verdict_add(&v, &s, PHASE_MESSAGE, &o));
	assert_int_equal(v.disposition, HELD);
	assert_int_equal(v.code, 250);
	assert_true(verdict_add(&v, &s, PHASE_MESSAGE, &reject));
	assert_int_equal(v.disposition, REJECTED);
}

static void
intents_are_selected(void **state)
{
	static const struct {
		const char *subject, *text, *verb;	/* NULL: ambiguous */
	} cells[] = {
		{ "hello", "world", "create_task" },
		{ "#update the thing", "", "update_task" },
		{ "please #UPDATE", "", "update_task" },
		{ "x#update", "", "create_task" },
		{ "fix #bug #123", "", "create_task" },
		{ "#task", "#create\n", "create_task" },
		{ "", "text\n#update\nmore", "update_task" },
		{ "", "text #update inside", "create_task" },
		{ "", "> #update quoted", "create_task" },
		{ "", "-- \n#update in the signature", "create_task" },
		{ "", "-- \r\n#update in the signature", "create_task" },
		{ "", "-- see below\n#update this", "update_task" },
		{ "#task #update", "", NULL },
		{ "#task", "#update", NULL },
		{ "#delete this", "", "create_task" },	/* not of this route */
		{ "#update_task", "", "update_task" },
	};
	struct call_intent intent;

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		int error = intent_find(&route, span_of(cells[i].subject),
		    span_of(cells[i].text), &intent);

		assert_int_equal(error, cells[i].verb == NULL ? EINVAL : 0);
		if (cells[i].verb != NULL)
			assert_true(span_is(intent.verb, cells[i].verb));
	}
	assert_int_equal(intent_class("update_task"), MT_MODIFY);
	assert_int_equal(intent_class("nobody_knows"), MT_APPROVE);
}

/* Against a plain array: set, find and remove of many numbers. */
static void
idmap_is_a_map(void **state)
{
	struct idmap map = { 0 };
	void *model[512] = { NULL };
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned id;

		seed = seed * 1103515245u + 12345u;
		id = seed >> 16 & 511;
		if ((seed & 0x8000) != 0) {
			model[id] = &model[id];
			idmap_set(&map, id, model[id]);
		} else {
			assert_ptr_equal(idmap_remove(&map, id), model[id]);
			model[id] = NULL;
		}
	}
	for (unsigned id = 0; id < 512; id++)
		assert_ptr_equal(idmap_find(&map, id), model[id]);
	idmap_free(&map);
}

static void
json_is_valid_whatever_comes(void **state)
{
	struct buf b = { 0 };
	struct emit j = emit_of(&b);

	(void)state;
	emit_object(&j, NULL);
	emit_string(&j, "a\"b", span_make("\x01\xff\xc3\xa9\n", 5));
	emit_array(&j, "list");
	emit_int(&j, NULL, -1);
	emit_bool(&j, NULL, true);
	emit_end_array(&j);
	emit_null(&j, "n");
	emit_end_object(&j);
	assert_string_equal(buf_string(&b),
	    "{\"a\\\"b\":\"\\u0001\xef\xbf\xbd\xc3\xa9\\n\",\"list\":[-1,true],\"n\":null}");
	buf_free(&b);
}

static void
events_are_well_formed(void **state)
{
	char a[40], b[40];

	(void)state;
	event_make(a);
	event_make(b);
	assert_int_equal(strlen(a), 30);
	assert_int_equal(strspn(a + 4, "0123456789abcdefghjkmnpqrstvwxyz"), 26);
	assert_string_not_equal(a, b);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_combine),
		cmocka_unit_test(reply_text_is_one_printable_line),
		cmocka_unit_test(holds_stick_and_reject_wins),
		cmocka_unit_test(intents_are_selected),
		cmocka_unit_test(idmap_is_a_map),
		cmocka_unit_test(json_is_valid_whatever_comes),
		cmocka_unit_test(events_are_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
