/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool's members die with requests in every state. */
#include "test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/proto.h"
#include "pipeline/pool.h"

enum { REQUESTS = 3 };

struct rig {
	struct loop *loop;
	struct pool *pool;
	int member[2];		/* the other ends of the peers' channels */
	struct request request[REQUESTS];
	int replies, losses;
};

static void
send_one(struct request *r, struct channel *c)
{
	channel_send(c, PROTO_CALL, r->id, SPAN(""), NULL, 0);
}

static void
reply_one(struct request *r, struct frame *f)
{
	(void)f;
	((struct rig *)r->arg)->replies++;
}

static void
lose_one(struct request *r, const char *why)
{
	(void)why;
	((struct rig *)r->arg)->losses++;
}

static void
kill_none(void *arg, uint32_t instance)
{
	(void)arg;
	(void)instance;
}

static void
say(struct rig *r, int member, uint32_t type, uint32_t id)
{
	assert_int_equal(frame_send(r->member[member], type, id, SPAN(""), NULL, 0), 0);
	loop_once(r->loop, 0);
}

static void
join(struct rig *r, int member)
{
	int pair[2];

	assert_int_equal(socketpair_open(pair), 0);
	r->member[member] = pair[1];
	pool_join(r->pool, pair[0], (uint32_t)member);
	say(r, member, PROTO_READY, 0);
}

static void
leave(struct rig *r, int member)
{
	close(r->member[member]);
	for (int i = 0; i < 3; i++)	/* the end is seen, then what was buried goes */
		loop_once(r->loop, 0);
}

static int
setup(void **state)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	const struct pool_hooks hooks = { .kill = kill_none };

	r->loop = loop_new();
	r->pool = pool_new(r->loop, "worker", "test", true, &hooks);
	for (uint32_t i = 0; i < REQUESTS; i++)
		r->request[i] = (struct request){ .id = i + 1, .deadline_ms = 60000,
			.send = send_one, .reply = reply_one, .lost = lose_one, .arg = r };
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	pool_free(r->pool);
	loop_free(r->loop);
	free(r);
	return 0;
}

/* The last request whose state a member holds is in its hands as it dies. */
static void
test_dies_with_answers_in_hand(void **state)
{
	struct rig *r = *state;

	join(r, 0);
	pool_submit(r->pool, &r->request[0]);
	say(r, 0, PROTO_WAIT, 1);
	assert_true(r->request[0].held);
	pool_submit(r->pool, &r->request[0]);	/* its answers */
	leave(r, 0);
	assert_int_equal(r->losses, 1);
	assert_false(pool_ready(r->pool));
	join(r, 1);
	pool_submit(r->pool, &r->request[1]);
	say(r, 1, PROTO_RESULT, 2);
	assert_int_equal(r->replies, 2);
	close(r->member[1]);
}

/* What merely waits learns of the death when it comes back. */
static void
test_dies_while_one_waits(void **state)
{
	struct rig *r = *state;

	join(r, 0);
	for (uint32_t i = 0; i < REQUESTS; i++)
		pool_submit(r->pool, &r->request[i]);
	say(r, 0, PROTO_WAIT, 1);
	say(r, 0, PROTO_WAIT, 2);
	pool_submit(r->pool, &r->request[0]);	/* behind the third */
	leave(r, 0);
	assert_int_equal(r->losses, 1);		/* the third */
	pool_submit(r->pool, &r->request[1]);
	join(r, 1);
	say(r, 1, PROTO_RESULT, 1);
	say(r, 1, PROTO_RESULT, 2);
	assert_int_equal(r->replies, 4);
	assert_true(pool_cancel(&r->request[1]));
	close(r->member[1]);
}

/* What the next frame to a member is about. */
static uint32_t
heard(struct rig *r, int member, uint32_t type)
{
	struct frame f;
	struct buf in = { 0 };

	assert_int_equal(frame_recv(r->member[member], &f, &in, 0), 0);
	assert_int_equal(f.type, type);
	buf_free(&in);
	return f.id;
}

static bool
is_silent(struct rig *r, int member)
{
	struct frame f;
	struct buf in = { 0 };
	bool silent = frame_recv(r->member[member], &f, &in, MSG_DONTWAIT) == EAGAIN;

	buf_free(&in);
	return silent;
}

/* Those behind a head that hangs are another's as soon as there is another;
 * what the first says of them when it comes to itself counts for nothing. */
static void
test_nobody_waits_behind_a_slow_head(void **state)
{
	struct rig *r = *state;

	join(r, 0);
	for (uint32_t i = 0; i < REQUESTS; i++)
		pool_submit(r->pool, &r->request[i]);
	for (uint32_t i = 0; i < REQUESTS; i++)
		assert_int_equal(heard(r, 0, PROTO_CALL), i + 1);
	loop_once(r->loop, -1);		/* the head is slow, but there is nobody else */
	join(r, 1);
	assert_int_equal(heard(r, 1, PROTO_CALL), 2);
	assert_int_equal(heard(r, 1, PROTO_CALL), 3);
	say(r, 1, PROTO_RESULT, 2);
	say(r, 1, PROTO_RESULT, 3);
	assert_int_equal(r->replies, 2);
	say(r, 0, PROTO_RESULT, 1);
	assert_int_equal(r->replies, 3);
	pool_submit(r->pool, &r->request[1]);	/* not to one with others' work before it */
	assert_int_equal(heard(r, 1, PROTO_CALL), 2);
	say(r, 0, PROTO_WAIT, 2);
	assert_int_equal(heard(r, 0, PROTO_DROP), 2);
	say(r, 0, PROTO_RESULT, 3);
	assert_int_equal(r->replies, 3);
	assert_int_equal(r->losses, 0);
	pool_submit(r->pool, &r->request[0]);
	assert_int_equal(heard(r, 0, PROTO_CALL), 1);	/* it is free again */
	say(r, 0, PROTO_RESULT, 1);
	say(r, 1, PROTO_RESULT, 2);
	assert_int_equal(r->replies, 5);
	assert_true(is_silent(r, 0) && is_silent(r, 1));
	close(r->member[0]);
	close(r->member[1]);
}

/* One whose state the slow member holds begins anew with another. */
static void
test_state_of_a_slow_member_is_left(void **state)
{
	struct rig *r = *state;

	join(r, 0);
	pool_submit(r->pool, &r->request[0]);
	say(r, 0, PROTO_WAIT, 1);
	assert_true(r->request[0].held);
	pool_submit(r->pool, &r->request[1]);
	loop_once(r->loop, -1);		/* the second is slow */
	join(r, 1);
	pool_submit(r->pool, &r->request[0]);
	assert_false(r->request[0].held);
	assert_int_equal(heard(r, 1, PROTO_CALL), 1);
	assert_int_equal(heard(r, 0, PROTO_CALL), 1);
	assert_int_equal(heard(r, 0, PROTO_CALL), 2);
	assert_int_equal(heard(r, 0, PROTO_DROP), 1);
	say(r, 1, PROTO_RESULT, 1);
	say(r, 0, PROTO_RESULT, 2);
	assert_int_equal(r->replies, 3);
	close(r->member[0]);
	close(r->member[1]);
}

/* It died of its head: of those that are another's by now nobody is blamed. */
static void
test_a_slow_member_that_dies_costs_its_head(void **state)
{
	struct rig *r = *state;

	join(r, 0);
	for (uint32_t i = 0; i < REQUESTS; i++)
		pool_submit(r->pool, &r->request[i]);
	loop_once(r->loop, -1);
	join(r, 1);
	say(r, 1, PROTO_RESULT, 2);
	leave(r, 0);
	assert_int_equal(r->losses, 1);
	say(r, 1, PROTO_RESULT, 3);
	assert_int_equal(r->replies, 2);
	close(r->member[1]);
}

/* Of a pool without an order, too: all that is in its hands is lost. */
static void
test_unordered_member_that_hangs_is_killed(void **state)
{
	struct rig *r = *state;
	const struct pool_hooks hooks = { .kill = kill_none };

	pool_free(r->pool);
	r->pool = pool_new(r->loop, "worker-net", "test", false, &hooks);
	join(r, 0);
	for (uint32_t i = 0; i < 2; i++) {
		r->request[i].deadline_ms = 10;
		pool_submit(r->pool, &r->request[i]);
	}
	while (r->losses == 0)
		loop_once(r->loop, -1);
	assert_int_equal(r->losses, 2);
	assert_int_equal(pool_deaths(r->pool), 1);
	close(r->member[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dies_with_answers_in_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dies_while_one_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_waits_behind_a_slow_head, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_of_a_slow_member_is_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_slow_member_that_dies_costs_its_head, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_unordered_member_that_hangs_is_killed, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
