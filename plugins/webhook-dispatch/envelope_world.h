/* SPDX-License-Identifier: BSD-2-Clause */
/* A mail for the fake host, the envelope made of it, and a look into that. */
#ifndef WEBHOOK_ENVELOPE_WORLD_H
#define WEBHOOK_ENVELOPE_WORLD_H

#include "test.h"

#include "mailtri/stage_test.h"

#include "command.h"
#include "envelope.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_webhook(void);

static struct mt_test t;
static json_t *made;

static int
setup(void **state)
{
	(void)state;
	mt_test_init(&t, mt_stage_entry_webhook());
	mt_test_option(&t, "endpoint", "https://hooks.example.com");
	mt_test_option(&t, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	t.sender = mt_test_span("ann@example.com");
	t.rcpt = t.intent.route = mt_test_span("task.hook@example.net");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(made);
	made = NULL;
	mt_test_fini(&t);
	return 0;
}

static void
again(void)
{
	teardown(NULL);
	setup(NULL);
}

/* The envelope of t; every test for hostile mail holds for it too. */
static void
make(void)
{
	struct mt_span body;

	mt_test_http(&t, 200, "");
	assert_int_equal(mt_test_run_deliver(&t), 0);
	body = t.requests[t.request_count - 1].body;
	for (size_t i = 0; i < body.len; i++)
		assert_true((unsigned char)body.ptr[i] >= 0x20 && body.ptr[i] != 0x7f);
	json_decref(made);
	made = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(made);
}

static void
of(const char *raw)
{
	t.raw = mt_test_span(raw);
	make();
}

/* What stands at "from/address", "to/0/name". */
static json_t *
at(const char *path)
{
	json_t *j = made;
	char step[64];

	while (j != NULL && *path != '\0') {
		size_t n = strcspn(path, "/");

		snprintf(step, sizeof(step), "%.*s", (int)n, path);
		j = json_is_array(j) ? json_array_get(j, (size_t)strtoul(step, NULL, 10)) :
		    json_object_get(j, step);
		path += n + (path[n] == '/');
	}
	return j;
}

static void
assert_text(const char *path, const char *expected)
{
	const char *found = json_string_value(at(path));

	if (found == NULL || strcmp(found, expected) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", path, found == NULL ? "no string" : found,
		    expected);
}

static void
assert_count(const char *path, size_t n)
{
	if (json_array_size(at(path)) != n)
		fail_msg("%s has %zu members, not %zu", path, json_array_size(at(path)), n);
}

#define PART(t_, d_, f_, b_) { .size = sizeof(struct mt_part), .type = { t_, sizeof(t_) - 1 },	\
	.charset = { "", 0 }, .disposition = { d_, sizeof(d_) - 1 },			\
	.filename = { f_, sizeof(f_) - 1 }, .bytes = { b_, sizeof(b_) - 1 } }

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
