/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers ask the engine to dial: the limits, and the way of an answer. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proto.h"
#include "engine/engine.h"

struct rig {
	struct loop *loop;
	struct generation generation;
	int worker, resolver;	/* the other ends */
	struct buf received;
};

static void
nobody_is_killed(void *arg, uint32_t instance)
{
	(void)arg;
	(void)instance;
}

static void
asked(void *arg, struct pool *pool, struct peer *peer, struct frame *f)
{
	dial_ask(arg, pool, peer, f);
}

static void
answered(struct channel *c, struct frame *f, void *arg)
{
	(void)c;
	dial_done(arg, f);
}

static void
gone(struct channel *c, void *arg)
{
	(void)c;
	(void)arg;
}

static void
resolver_comes(struct rig *r)
{
	int pair[2];

	assert_int_equal(socketpair_open(pair), 0);
	r->resolver = pair[1];
	r->generation.resolver = channel_new(r->loop, pair[0], answered, gone, &r->generation);
}

static int
setup(void **state)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	const struct pool_hooks hooks = { .kill = nobody_is_killed, .other = asked,
		.arg = &r->generation };
	int pair[2];

	r->loop = loop_new();
	r->generation.pools[0] = pool_new(r->loop, "worker-net", "test", false, &hooks);
	assert_int_equal(socketpair_open(pair), 0);
	r->worker = pair[1];
	r->resolver = -1;
	pool_join(r->generation.pools[0], pair[0], 1);
	assert_int_equal(frame_send(r->worker, PROTO_READY, 0, SPAN(""), NULL, 0), 0);
	loop_once(r->loop, 0);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	dial_forget(&r->generation);
	if (r->generation.resolver != NULL)
		channel_free(r->generation.resolver);
	pool_free(r->generation.pools[0]);
	loop_free(r->loop);
	close(r->worker);
	if (r->resolver >= 0)
		close(r->resolver);
	buf_free(&r->received);
	free(r);
	return 0;
}

/* A request of so many bytes, as worker-net packs one. */
static void
ask(struct rig *r, uint32_t id, size_t len)
{
	char host[2 * DIAL_REQUEST_MAX];
	struct buf b = { 0 };
	size_t around = 4 + 2 + 1 + 4;	/* two lengths, the port, private */

	assert_in_range(len, around, sizeof(host));
	memset(host, 'h', sizeof(host));
	pack_span(&b, (struct mt_span){ host, len - around });
	pack_u16(&b, 443);
	pack_u8(&b, 0);
	pack_span(&b, SPAN(""));
	assert_int_equal(b.len, len);
	assert_int_equal(frame_send(r->worker, PROTO_DIAL, id, buf_span(&b), NULL, 0), 0);
	buf_free(&b);
	loop_once(r->loop, 0);
}

/* What came at that end, if anything did. */
static bool
received(struct rig *r, int fd, struct frame *f)
{
	loop_once(r->loop, 0);
	return frame_recv(fd, f, &r->received, MSG_DONTWAIT) == 0;
}

static void
assert_refused(struct rig *r, uint32_t id, const char *why)
{
	struct frame f;
	struct unpack u;

	assert_true(received(r, r->worker, &f));
	assert_int_equal(f.type, PROTO_DIALLED);
	assert_int_equal(f.id, id);
	u = unpack_of(f.body);
	assert_int_equal(unpack_u32(&u), EINVAL);
	assert_true(span_equal(unpack_span(&u), span_of(why)));
}

static void
limit_of_bytes(void **state)
{
	struct rig *r = *state;
	struct frame f;

	resolver_comes(r);
	ask(r, 1, DIAL_REQUEST_MAX);
	assert_true(received(r, r->resolver, &f));
	assert_int_equal(f.body.len, DIAL_REQUEST_MAX);
	assert_false(received(r, r->worker, &f));
	ask(r, 2, DIAL_REQUEST_MAX + 1);
	assert_refused(r, 2, "no request to dial");
	assert_false(received(r, r->resolver, &f));
}

static void
what_cannot_be_read(void **state)
{
	struct rig *r = *state;
	struct frame f;

	resolver_comes(r);
	assert_int_equal(frame_send(r->worker, PROTO_DIAL, 7, SPAN("\xff\xff\xff\xff"), NULL, 0), 0);
	loop_once(r->loop, 0);
	assert_refused(r, 7, "no request to dial");
	assert_false(received(r, r->resolver, &f));
}

/* Without a resolver they are kept: no more than the limit, until one is over. */
static void
limit_of_dials(void **state)
{
	struct rig *r = *state;
	struct frame f;

	for (uint32_t id = 1; id <= DIALS_MAX; id++)
		ask(r, id, 32);
	assert_false(received(r, r->worker, &f));
	ask(r, DIALS_MAX + 1, 32);
	assert_refused(r, DIALS_MAX + 1, "too many are dialled at once");
	f = (struct frame){ .type = PROTO_DIALLED, .id = 1, .body = SPAN("done") };
	dial_done(&r->generation, &f);
	assert_true(received(r, r->worker, &f));
	assert_int_equal(f.id, 1);
	ask(r, DIALS_MAX + 2, 32);
	assert_false(received(r, r->worker, &f));
}

/* Its next life is asked what the last one did not answer; the worker has the
 * answer under the number it gave. */
static void
next_resolver_is_asked(void **state)
{
	struct rig *r = *state;
	struct frame f;

	ask(r, 77, 32);
	resolver_comes(r);
	dial_again(&r->generation);
	assert_true(received(r, r->resolver, &f));
	assert_int_equal(f.type, PROTO_DIAL);
	assert_int_equal(frame_send(r->resolver, PROTO_DIALLED, f.id, SPAN("done"), NULL, 0), 0);
	loop_once(r->loop, 0);
	assert_true(received(r, r->worker, &f));
	assert_int_equal(f.id, 77);
	assert_true(span_equal(f.body, SPAN("done")));
	assert_int_equal(r->generation.dials.used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(limit_of_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(limit_of_dials, setup, teardown),
		cmocka_unit_test_setup_teardown(next_resolver_is_asked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
