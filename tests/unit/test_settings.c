/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings, descriptors and secrets: packed, unpacked, cut short, searched. */
#include "test.h"

#include <errno.h>

#include "conf/settings.h"

static struct mt_option options[] = {
	{ "require", "spf, dkim", NULL, "checks that must pass", MT_OPT_LIST, 0, 0, 0 },
	{ "mode", "strict", "strict|loose", "how", MT_OPT_CHOICE, MT_REQUIRED, 0, 0 },
	{ "age", NULL, NULL, "age", MT_OPT_DURATION, 0, -5, 90 },
	{ .name = NULL },
};
static struct mt_fact_decl reads[] = {
	{ "auth.spf", "pass|fail", "", MT_TOKEN, MT_REQUIRED }, { .key = NULL },
};
static struct mt_fact_decl writes[] = {
	{ "demo.a", NULL, "a", MT_TEXT, MT_PERSONAL },
	{ "demo.ab", NULL, "b", MT_INT, 0 }, { .key = NULL },
};
static const struct descriptor demo = {
	.name = "demo", .version = "1.0", .summary = "shows", .abi_major = 1,
	.abi_minor = 7, .needs = MT_NEED_DNS | MT_NEED_STATE,
	.callbacks = DESCRIPTOR_MESSAGE, .options = options, .option_count = 3,
	.reads = reads, .read_count = 1, .writes = writes, .write_count = 2,
};

static const char *two[] = { "spf", "dkim", NULL };
static const char *none[] = { NULL };
static const char *one[] = { "strict", NULL };
static struct setting_value base_values[] = {
	{ "require", 0, two, 2 }, { "mode", 0, one, 1 }, { "age", -3, NULL, 0 },
};
static struct setting_value route_values[] = {
	{ "require", 0, none, 0 }, { "mode", 0, one, 1 }, { "age", 9, NULL, 0 },
};
static struct setting_options option_sets[] = {
	{ NULL, base_values }, { "task.linear@example.com", route_values },
};
static struct setting_stage stages[] = {
	{ .name = "demo", .path = "/s/demo.so", .group = "checks",
	    .deadline_ms = 10000, .workers = 1, .concurrency = 3, .on_error = ON_ERROR_SKIP,
	    .descriptor = demo, .options = option_sets, .option_sets = 2 },
};
static uint32_t deliver[] = { 0 };
static struct setting_route routes[] = {
	{ .address = "task.linear@example.com", .verb = "task",
	    .target = "linear", .intents = two, .intent_count = 2,
	    .deliver = deliver, .deliver_count = 1, .retain_s = 7776000,
	    .answer = 1 },
};
static const char *upstreams[] = { "unix", NULL };
static struct setting_listener listeners[] = {
	{ .address = "0.0.0.0:25", .host = "0.0.0.0", .port = 25, .tls = TLS_REQUIRED },
	{ .address = "unix:/run/x", .protocol = PROTOCOL_LMTP, .tls = TLS_NONE, .mode = "0660",
	    .group = "mail", .xforward = upstreams, .xforward_count = 1 },
};
static const char *certificates[] = { "/c/rsa", "/c/ec", NULL };
static const struct settings whole = {
	.file = "/etc/mailtri/mailtri.conf", .hostname = "mx.example.com",
	.state_dir = "/s", .run_dir = "/r", .libexec_dir = "/l",
	.stage_dir = "/st", .conf_dir = "/c", .user = NULL,
	.listeners = listeners, .listener_count = 2,
	.tls_certificates = certificates, .tls_keys = certificates,
	.tls_count = 2, .trust_anchor = "/a", .root_key = NULL,
	.limits = { .message_bytes = 1ull << 40, .retry_max_s = 3600 },
	.stages = stages, .stage_count = 1, .pipeline_count = 1,
	.routes = routes, .route_count = 1,
};

/* A copy of exactly that size, so that a sanitizer sees one byte too many. */
static int
unpack_cut(const struct buf *b, size_t cut, struct settings **s)
{
	unsigned char *copy = malloc(cut == 0 ? 1 : cut);
	int error;

	memcpy(copy, b->p, cut);
	error = settings_unpack(span_make(copy, cut), s);
	free(copy);
	return error;
}

static void
settings_round_trip(void **state)
{
	struct buf first = { 0 }, again = { 0 };
	struct settings *s;

	(void)state;
	settings_pack(&first, &whole);
	assert_int_equal(unpack_cut(&first, first.len, &s), 0);
	settings_pack(&again, s);
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.p, again.p, first.len);
	assert_null(s->user);
	assert_null(s->listeners[1].host);
	assert_string_equal(s->tls_keys[1], "/c/ec");
	assert_int_equal(s->stages[0].descriptor.options[2].min, -5);
	assert_null(s->stages[0].descriptor.options[3].name);
	assert_null(s->stages[0].options[0].values[2].list);
	assert_int_equal(s->stages[0].options[0].values[2].num, -3);
	assert_non_null(s->stages[0].options[1].values[0].list);
	assert_int_equal(s->limits.message_bytes, 1ull << 40);
	settings_free(s);
	buf_free(&first);
	buf_free(&again);
}

static void
settings_cut_anywhere(void **state)
{
	struct buf b = { 0 };
	struct settings *s;

	(void)state;
	settings_pack(&b, &whole);
	for (size_t cut = 0; cut < b.len; cut++) {
		assert_int_equal(unpack_cut(&b, cut, &s), EBADMSG);
		assert_null(s);
	}
	pack_u8(&b, 0);		/* and one byte too many */
	assert_int_equal(unpack_cut(&b, b.len, &s), EBADMSG);
	buf_free(&b);
}

static void
settings_flipped_anywhere(void **state)
{
	struct buf b = { 0 };
	struct settings *s;

	(void)state;
	settings_pack(&b, &whole);
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 0xff;
		if (unpack_cut(&b, b.len, &s) == 0)
			settings_free(s);
		b.p[i] ^= 0xff;
	}
	buf_free(&b);
}

static void
settings_refuse_wild_index(void **state)
{
	struct settings bad = whole, *s;
	uint32_t wild[] = { 1 };
	struct setting_route r = routes[0];
	struct buf b = { 0 };

	(void)state;
	r.deliver = wild;
	bad.routes = &r;
	settings_pack(&b, &bad);
	assert_int_equal(unpack_cut(&b, b.len, &s), EBADMSG);
	buf_free(&b);
}

static void
routes_are_found_without_case(void **state)
{
	(void)state;
	assert_ptr_equal(settings_route(&whole, SPAN("Task.Linear@EXAMPLE.com")),
	    &routes[0]);
	assert_null(settings_route(&whole, SPAN("task.linear@example.co")));
	assert_null(settings_route(&whole, SPAN("")));
	assert_ptr_equal(settings_options(&stages[0], NULL), &option_sets[0]);
	assert_ptr_equal(settings_options(&stages[0], "other@example.com"),
	    &option_sets[0]);
	assert_ptr_equal(settings_options(&stages[0], "TASK.linear@example.com"),
	    &option_sets[1]);
}

static void
descriptor_limits(void **state)
{
	struct mt_option many[DESCRIPTOR_OPTIONS_MAX + 1];
	struct descriptor d = demo, out;
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < DESCRIPTOR_OPTIONS_MAX + 1; i++)
		many[i] = options[0];
	d.options = many;
	for (size_t i = 0; i < 2; i++) {
		struct buf b = { 0 };
		struct unpack u;

		d.option_count = DESCRIPTOR_OPTIONS_MAX + i;
		descriptor_pack(&b, &d);
		u = unpack_of(buf_span(&b));
		assert_int_equal(descriptor_unpack(&u, &a, &out),
		    i == 0 ? 0 : EBADMSG);
		buf_free(&b);
	}
	arena_free(&a);
}

static void
descriptor_search(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_ptr_equal(descriptor_option(&demo, "mode"), &options[1]);
	assert_null(descriptor_option(&demo, "mod"));
	assert_ptr_equal(descriptor_writes(&demo, "demo.ab"), &writes[1]);
	assert_ptr_equal(descriptor_writes(&demo, "demo.a"), &writes[0]);
	assert_null(descriptor_writes(&demo, "demo"));
	assert_string_equal(needs_string(&a, demo.needs), "dns, state");
	assert_string_equal(needs_string(&a, 0), "");
	arena_free(&a);
}

static void
secrets_round_trip(void **state)
{
	struct secrets *s;
	struct buf b = { 0 };

	(void)state;
	secrets_pack_one(&b, "root", span_make("\0\1\2", 3));
	secrets_pack_one(&b, "linear-dispatch..api_key", SPAN("lin_api_x"));
	assert_int_equal(secrets_unpack(buf_span(&b), &s), 0);
	assert_int_equal(s->count, 2);
	assert_int_equal(secrets_find(s, "root")->value.len, 3);
	assert_true(span_is(secrets_find(s, "linear-dispatch..api_key")->value,
	    "lin_api_x"));
	assert_null(secrets_find(s, "linear-dispatch"));
	secrets_free(s);
	for (size_t cut = 1; cut < b.len; cut++) {
		if (cut == 4 + 4 + 4 + 3)
			continue;	/* a whole secret: nothing is missing */
		assert_int_equal(secrets_unpack(span_make(b.p, cut), &s), EBADMSG);
		assert_null(s);
	}
	assert_int_equal(secrets_unpack(SPAN(""), &s), 0);
	assert_int_equal(s->count, 0);
	secrets_free(s);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_round_trip),
		cmocka_unit_test(settings_cut_anywhere),
		cmocka_unit_test(settings_flipped_anywhere),
		cmocka_unit_test(settings_refuse_wild_index),
		cmocka_unit_test(routes_are_found_without_case),
		cmocka_unit_test(descriptor_limits),
		cmocka_unit_test(descriptor_search),
		cmocka_unit_test(secrets_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
