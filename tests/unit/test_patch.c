/* SPDX-License-Identifier: BSD-2-Clause */
/* Views that follow from an edit by arithmetic, beside the parser's own. */
#include "test.h"

#include <errno.h>

#include "base/frame.h"
#include "mail/parse.h"
#include "mail/patch.h"

struct parsed {
	struct buf raw, block;
	struct view view;
};

static void
parsed_from(struct parsed *p)
{
	assert_int_equal(parse_message(buf_span(&p->raw), &p->block), 0);
	assert_int_equal(view_open(&p->view, buf_span(&p->block), buf_span(&p->raw)), 0);
}

static void
parsed_free(struct parsed *p)
{
	buf_free(&p->raw);
	buf_free(&p->block);
}

#define MIXED "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"

struct patch_case {
	const char *message;
	struct mt_edit edits[3];
	size_t count;
	int error;
};

#define ADD(n, v) { .op = MT_FIELD_ADD, .name = SPAN(n), .bytes = SPAN(v) }
#define REMOVE(i) { .op = MT_FIELD_REMOVE, .index = i }
#define TRACED "X-Old: 1\r\nSubject: =?utf-8?q?=C3=A4?=\r\nReceived-SPF: pass\r\n\tfolded\r\n"
#define NESTED MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n" \
	"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--\r\n"

static const struct patch_case patches[] = {
	{ "Subject: x\r\n\r\nbody\r\n", { ADD("X-A", "1"), ADD("Received", "2") }, 2, 0 },
	{ "Subject: x\r\n\r\n", { ADD("Authentication-Results", "mx;\r\n\tspf=pass") }, 1, 0 },
	{ "X-A:\r\n\r\nbody\r\n", { REMOVE(0) }, 1, 0 },
	{ TRACED "\r\nbody\r\n", { REMOVE(2), REMOVE(0), ADD("X-New", "2") }, 3, 0 },
	{ TRACED NESTED, { REMOVE(0), ADD("X-New", "2") }, 2, 0 },
	{ TRACED "\r\nbody\r\n", { REMOVE(1) }, 1, ENOTSUP },
	{ TRACED "\r\nbody\r\n", { REMOVE(3) }, 1, ENOTSUP },
	{ TRACED "\r\nbody\r\n", { REMOVE(0), REMOVE(0) }, 2, ENOTSUP },
	{ TRACED "\r\nbody\r\n", { ADD("Subject", "y") }, 1, ENOTSUP },
	{ TRACED "\r\nbody\r\n", { ADD("X-", "y") }, 1, ENOTSUP },
	{ TRACED "\r\nbody\r\n", { ADD("X-A", "y\r\nSubject: z") }, 1, ENOTSUP },
	{ TRACED "\r\nbody\r\n", { { .op = MT_FIELD_SPLICE, .index = 0 } }, 1, ENOTSUP },
	{ "X-A: 1\r\nSubject: x\r\n", { ADD("X-B", "1") }, 1, ENOTSUP },	/* a finding */
	{ "X-A: \x80\r\n bare\n\r\n", { REMOVE(0) }, 1, ENOTSUP },
};

/* The view that follows from the old one is the view the parser would make. */
static void
patch_is_a_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
		struct buf raw = { 0 }, block = { 0 };
		struct parsed p = { .raw = { 0 } };

		buf_add_string(&p.raw, patches[i].message);
		parsed_from(&p);
		if (patch_apply(&p.view, patches[i].edits, patches[i].count, &raw, &block) !=
		    patches[i].error)
			fail_msg("patch %zu", i);
		assert_int_equal(raw.len == 0, patches[i].error != 0);
		if (patches[i].error == 0) {
			assert_int_equal(parse_message(buf_span(&raw), &p.block), 0);
			if (!span_equal(buf_span(&p.block), buf_span(&block)))
				fail_msg("patch %zu: another view", i);
		}
		buf_free(&raw);
		buf_free(&block);
		parsed_free(&p);
	}
}

/* At the limit, and a byte or a field beyond. */
static void
patch_limits(void **state)
{
	static const struct mt_edit add = ADD("X-A", "1");	/* 8 bytes */

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct buf raw = { 0 }, block = { 0 };
		struct parsed p = { .raw = { 0 } };

		buf_add_string(&p.raw, "X-B: 1\r\n\r\n");
		while (p.raw.len < FRAME_INLINE_MAX - 8 + more)
			buf_add_char(&p.raw, 'x');
		parsed_from(&p);
		assert_int_equal(patch_apply(&p.view, &add, 1, &raw, &block), more ? ENOTSUP : 0);
		parsed_free(&p);
		p = (struct parsed){ .raw = { 0 } };
		for (size_t i = 0; i < VIEW_FIELDS_MAX - 1 + more; i++)
			buf_add_string(&p.raw, "X-B: 1\r\n");
		buf_add_string(&p.raw, "\r\n");
		parsed_from(&p);
		assert_int_equal(patch_apply(&p.view, &add, 1, &raw, &block), more ? ENOTSUP : 0);
		parsed_free(&p);
		buf_free(&raw);
		buf_free(&block);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patch_is_a_parse),
		cmocka_unit_test(patch_limits),
	};

	parse_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
