/* SPDX-License-Identifier: BSD-2-Clause */
/* How often checkpoints are published, by the times in the notes themselves,
 * on a clock that the test moves. */
#include "publisher_world.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 50, BUSY_S = 20 };

static int64_t moved_ms;	/* past the machine's clock as the test began */

/* In place of the C library's: the clock stands still unless it is moved. */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	static struct timespec began[2];
	struct timespec *base = &began[id == CLOCK_REALTIME];
	int64_t ns;

	if (base->tv_sec == 0 && syscall(SYS_clock_gettime, id, base) != 0)
		return -1;
	ns = base->tv_nsec + moved_ms * 1000000;
	*ts = (struct timespec){ base->tv_sec + ns / 1000000000, ns % 1000000000 };
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* Whatever is under way comes to its end while the clock stands. */
static void
come_to_rest(struct desk *d)
{
	loop_once(d->loop, 0);
	while (publisher_due_ms(d->publisher) < 0)
		loop_once(d->loop, 1000);
	assert_null(publisher_trouble(d->publisher));
}

/* What the note on the disk says. */
static struct checkpoint
note(struct stand *s)
{
	struct verify_result r = desk_verify(&s->world, &s->signer, "audit", NULL);

	assert_int_equal(r.status, VERIFY_INTACT);
	return r.checkpoint;
}

static void
busy(void **state)
{
	struct stand *s = *state;
	int64_t last;
	int count = 0;

	desk_settle(&s->desk);
	come_to_rest(&s->desk);
	last = note(s).time_s;
	for (int64_t end = moved_ms + BUSY_S * 1000; moved_ms < end; moved_ms += STEP_MS) {
		struct checkpoint now;

		desk_rows(&s->world, 2);
		publisher_wake(s->desk.publisher);
		come_to_rest(&s->desk);
		now = note(s);
		count += now.time_s != last;
		assert_in_range(now.time_s, last, last + 1);
		last = now.time_s;
	}
	assert_in_range(count, BUSY_S - 1, BUSY_S + 1);
}

static void
idle(void **state)
{
	struct stand *s = *state;
	struct checkpoint first, second;

	desk_rows(&s->world, 3);
	desk_settle(&s->desk);
	come_to_rest(&s->desk);
	first = note(s);
	moved_ms += CHECKPOINT_IDLE_MS - 1;
	come_to_rest(&s->desk);
	assert_int_equal(note(s).time_s, first.time_s);
	moved_ms++;
	come_to_rest(&s->desk);
	second = note(s);
	assert_int_equal(second.time_s, first.time_s + CHECKPOINT_IDLE_MS / 1000);
	assert_int_equal(second.head.size, first.head.size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(busy, stand_setup, stand_teardown),
		cmocka_unit_test_setup_teardown(idle, stand_setup, stand_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
