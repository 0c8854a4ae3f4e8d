/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a configuration can reach: every source of a peer, and none twice. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "ctl/connections.h"

static struct arena arena;
static char path[] = "/tmp/mailtri-resolv-XXXXXX";

static int
setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	arena_free(&arena);
	return 0;
}

static void
resolv_write(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const struct connection *
find(const struct connections *cs, const char *host, uint16_t port)
{
	for (size_t i = 0; i < cs->count; i++)
		if (strcmp(cs->list[i].host, host) == 0 && cs->list[i].port == port)
			return &cs->list[i];
	return NULL;
}

static size_t
count(const struct connections *cs, const char *protocol)
{
	size_t n = 0;

	for (size_t i = 0; i < cs->count; i++)
		n += strcmp(cs->list[i].protocol, protocol) == 0;
	return n;
}

static void
test_nameservers(void **state)
{
	const char *list[] = { "192.0.2.1", "2001:db8::1@5353" };
	struct settings s = { .run_dir = "/run/m", .nameservers = list, .nameserver_count = 2 };
	struct connections cs;

	(void)state;
	assert_int_equal(connections_list(&cs, &arena, &s, "/nonexistent"), 0);
	assert_int_equal(count(&cs, "dns"), 2);
	assert_non_null(find(&cs, "192.0.2.1", 53));
	assert_string_equal(find(&cs, "2001:db8::1", 5353)->role, "resolver");
}

static void
test_system_nameservers(void **state)
{
	struct settings s = { .run_dir = "/run/m" };
	struct connections cs;

	(void)state;
	resolv_write("# nameserver 192.0.2.9\nsearch example.org\nnameserver 192.0.2.1\n"
	    "\tnameserver\t2001:db8::1 # comment\nnameserver\n");
	assert_int_equal(connections_list(&cs, &arena, &s, path), 0);
	assert_int_equal(count(&cs, "dns"), 2);
	assert_non_null(find(&cs, "192.0.2.1", 53));
	assert_non_null(find(&cs, "2001:db8::1", 53));

	resolv_write("");
	assert_int_equal(connections_list(&cs, &arena, &s, path), 0);
	assert_non_null(find(&cs, "127.0.0.1", 53));
	assert_int_equal(connections_list(&cs, &arena, &s, "/nonexistent"), ENOENT);
	assert_int_equal(count(&cs, "dns"), 0);
}

static void
test_listeners(void **state)
{
	struct setting_listener listeners[] = {
		{ .address = "0.0.0.0:25", .host = "0.0.0.0", .port = 25 },
		{ .address = "unix:/run/m/lmtp", .protocol = PROTOCOL_LMTP },
	};
	struct settings s = { .run_dir = "/run/m", .user = "mailtri", .listeners = listeners,
		.listener_count = 2 };
	struct connections cs;
	size_t in = 0;

	(void)state;
	assert_int_equal(connections_list(&cs, &arena, &s, path), 0);
	for (size_t i = 0; i < cs.count; i++)
		in += cs.list[i].in;
	assert_int_equal(in, 3);	/* two, and the control socket */
	assert_true(find(&cs, "0.0.0.0", 25)->in);
	assert_false(find(&cs, "/run/m/lmtp", 0)->in);	/* asked at start */
	assert_non_null(find(&cs, "/var/run/nscd/socket", 0));
	assert_int_equal(count(&cs, "lmtp"), 1);
}

/* A stage with one target, in the base and in two routes. */
static void
test_targets(void **state)
{
	struct mt_option options[] = { { .name = "to", .type = MT_OPT_TARGET },
		{ .name = "to_connect", .type = MT_OPT_STRING },
		{ .name = "to_private", .type = MT_OPT_BOOL }, { .name = NULL } };
	const char *one[] = { "https://api.example", NULL }, *two[] = { "https://b.example:8443", NULL };
	const char *yes[] = { "true", NULL };
	const char *near[] = { "127.0.0.1:99", NULL };
	struct setting_value values[3][3] = {
		{ { .name = "to", .list = one, .list_count = 1 }, { .name = "to_connect" },
		    { .name = "to_private" } },
		{ { .name = "to", .list = two, .list_count = 1 }, { .name = "to_connect" },
		    { .name = "to_private", .num = 1, .list = yes, .list_count = 1 } },
		{ { .name = "to", .list = one, .list_count = 1 },
		    { .name = "to_connect", .list = near, .list_count = 1 }, { .name = "to_private" } },
	};
	struct setting_options sets[] = { { .values = values[0] },
		{ .route = "b@example", .values = values[1] },
		{ .route = "c@example", .values = values[2] } };
	struct setting_stage stage = { .name = "call", .descriptor = { .options = options,
		.option_count = 3 }, .options = sets, .option_sets = 3 };
	struct settings s = { .run_dir = "/run/m", .stages = &stage, .stage_count = 1 };
	struct connections cs;

	(void)state;
	assert_int_equal(connections_list(&cs, &arena, &s, path), 0);
	assert_int_equal(count(&cs, "https"), 3);
	assert_string_equal(find(&cs, "api.example", 443)->addresses, "public");
	assert_string_equal(find(&cs, "api.example", 443)->why, "call.to, for worker-net");
	assert_string_equal(find(&cs, "b.example", 8443)->addresses, "public, private");
	assert_non_null(strstr(find(&cs, "b.example", 8443)->why, "b@example"));
	assert_string_equal(find(&cs, "api.example", 99)->addresses, "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nameservers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_system_nameservers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listeners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_targets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
