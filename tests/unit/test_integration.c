/* SPDX-License-Identifier: BSD-2-Clause */
/* When an integration may be called: a table of what happens to it. */
#include "test.h"

#include "engine/integration.h"

enum what { BEGIN, OK, TWICE, RETRY, LIMIT, FAILED, PAUSE, DROP, STALE_OK, STALE_RETRY, STALE_PAUSE,
	PASS, FAIL, HOLD, RESUME, RECOVER, LOOK };

/* retry_min 10 s, retry_max 100 s, concurrency 3; random 0 is the middle of
 * the jitter less a quarter: a backoff of 10 s is 8, of 60 s 45. */
struct step {
	int64_t at_s;
	enum what what;
	enum integration_change change;
	const char *word;	/* after it */
	uint32_t room;
	int64_t next_s;		/* 0: never */
};

#define N INTEGRATION_NONE

static void
run(const char *name, bool has_probe, const struct step *steps)
{
	static const int32_t statuses[] = { [OK] = MT_DELIVERED, [TWICE] = MT_DUPLICATE,
		[RETRY] = MT_RETRY, [LIMIT] = MT_RETRY, [FAILED] = MT_FAILED, [PAUSE] = MT_PAUSE,
		[STALE_OK] = MT_DELIVERED, [STALE_RETRY] = MT_RETRY, [STALE_PAUSE] = MT_PAUSE };
	struct integration it = { .schedule = { 10, 100 }, .concurrency = 3,
		.has_probe = has_probe };

	for (const struct step *s = steps; s->word != NULL; s++) {
		struct mt_delivery d = { .reason = "x.y" };
		struct integration_moment m = { .now_ms = s->at_s * 1000 };
		enum integration_change change = N;
		int64_t next;
		uint32_t era;

		if (s->what == BEGIN) {
			integration_begin(&it);
		} else if (s->what == DROP) {
			integration_end(&it);
		} else if (s->what < PASS) {
			era = it.era - (s->what >= STALE_OK);
			d.status = statuses[s->what];
			d.retry_after_s = s->what == LIMIT ? 30 : 0;
			change = integration_outcome(&it, era, &d, m);
			integration_end(&it);
		} else if (s->what == PASS || s->what == FAIL) {
			assert_true(integration_wants_probe(&it, m.now_ms));
			it.probing = true;
			assert_false(integration_wants_probe(&it, m.now_ms));
			assert_int_equal(integration_next(&it, m.now_ms), INT64_MAX);
			change = integration_probed(&it, s->what == PASS, m);
		} else if (s->what == HOLD) {
			change = integration_pause(&it);
		} else if (s->what == RESUME) {
			change = integration_resume(&it);
		} else if (s->what == RECOVER) {
			integration_recover(&it);
		} else {
			integration_look(&it, m.now_ms);
		}
		next = integration_next(&it, m.now_ms);
		if (change != s->change || strcmp(integration_word(&it, m.now_ms), s->word) != 0 ||
		    integration_room(&it, m.now_ms) != s->room ||
		    next != (s->next_s == 0 ? INT64_MAX : s->next_s * 1000))
			fail_msg("%s, step %d: change %d, %s, room %u, next %lld", name,
			    (int)(s - steps), (int)change, integration_word(&it, m.now_ms),
			    integration_room(&it, m.now_ms), (long long)next / 1000);
	}
}

#define RUN(has_probe, ...) run(__func__, has_probe, (const struct step[]){ __VA_ARGS__, { .word = NULL } })

static void
concurrency_is_bounded(void **state)
{
	(void)state;
	RUN(true, { 1, BEGIN, N, "running", 2, 0 }, { 1, BEGIN, N, "running", 1, 0 },
	    { 1, BEGIN, N, "running", 0, 0 }, { 2, OK, N, "running", 1, 0 },
	    { 2, DROP, N, "running", 2, 0 }, { 2, FAILED, N, "running", 3, 0 });
}

static void
limit_holds_all(void **state)
{
	(void)state;
	RUN(true, { 1, BEGIN, N, "running", 2, 0 }, { 1, BEGIN, N, "running", 1, 0 },
	    { 2, LIMIT, N, "limited", 0, 32 }, { 3, OK, N, "limited", 0, 32 },
	    { 31, HOLD, INTEGRATION_REFUSED, "paused", 0, 0 },
	    { 31, RESUME, INTEGRATION_RESUMED, "trying", 1, 0 });
	/* Eight limits in a row are no failure. */
	RUN(true, { 1, BEGIN, N, "running", 2, 0 }, { 1, LIMIT, N, "limited", 0, 31 },
	    { 40, BEGIN, N, "running", 2, 0 }, { 40, LIMIT, N, "limited", 0, 70 },
	    { 80, BEGIN, N, "running", 2, 0 }, { 80, LIMIT, N, "limited", 0, 110 },
	    { 120, BEGIN, N, "running", 2, 0 }, { 120, LIMIT, N, "limited", 0, 150 },
	    { 160, BEGIN, N, "running", 2, 0 }, { 160, LIMIT, N, "limited", 0, 190 },
	    { 200, BEGIN, N, "running", 2, 0 }, { 200, LIMIT, N, "limited", 0, 230 },
	    { 230, BEGIN, N, "running", 2, 0 });
}

#define RETRIES(at) { at, BEGIN, N, "running", 2, 0 }, { at, RETRY, N, "running", 3, 0 }, \
	{ at, BEGIN, N, "running", 2, 0 }, { at, RETRY, N, "running", 3, 0 }, \
	{ at, BEGIN, N, "running", 2, 0 }, { at, RETRY, N, "running", 3, 0 }, \
	{ at, BEGIN, N, "running", 2, 0 }, { at, RETRY, N, "running", 3, 0 }

static void
fifth_retry_opens(void **state)
{
	(void)state;
	/* A success between begins anew; a refusal of one mail does not. */
	RUN(true, RETRIES(1), { 1, BEGIN, N, "running", 2, 0 }, { 1, TWICE, N, "running", 3, 0 },
	    RETRIES(2), { 2, BEGIN, N, "running", 2, 0 }, { 2, FAILED, N, "running", 3, 0 },
	    { 2, BEGIN, N, "running", 2, 0 }, { 2, BEGIN, N, "running", 1, 0 },
	    { 2, RETRY, INTEGRATION_OPENED, "open", 0, 10 },
	    /* what was out before says nothing */
	    { 3, STALE_RETRY, N, "open", 0, 10 },
	    { 10, BEGIN, N, "trying", 0, 0 }, { 10, RETRY, N, "open", 0, 25 },
	    { 25, BEGIN, N, "trying", 0, 0 }, { 25, FAILED, N, "trying", 1, 0 },
	    { 25, BEGIN, N, "trying", 0, 0 }, { 25, DROP, N, "trying", 1, 0 },
	    { 25, BEGIN, N, "trying", 0, 0 }, { 25, OK, INTEGRATION_CLOSED, "running", 3, 0 },
	    RETRIES(30));
}

static void
backoff_ends_at_the_longest(void **state)
{
	struct integration it = { .schedule = { 10, 100 }, .concurrency = 3,
		.state = INTEGRATION_OPEN };
	const struct mt_delivery d = { .status = MT_RETRY };

	(void)state;
	for (uint32_t random = 0; random < 500; random++) {
		integration_outcome(&it, it.era, &d, (struct integration_moment){ 0, random });
		assert_in_range(it.until_ms, 7000, 125000);
	}
}

static void
pause_ends_by_a_probe(void **state)
{
	(void)state;
	RUN(true, { 1, BEGIN, N, "running", 2, 0 }, { 1, BEGIN, N, "running", 1, 0 },
	    { 1, BEGIN, N, "running", 0, 0 },
	    { 1, PAUSE, INTEGRATION_REFUSED, "paused", 0, 46 },
	    { 2, STALE_PAUSE, N, "paused", 0, 46 },	/* said once */
	    { 2, STALE_OK, N, "paused", 0, 46 },
	    { 46, FAIL, N, "paused", 0, 121 }, { 121, FAIL, N, "paused", 0, 196 },
	    { 196, PASS, INTEGRATION_RESUMED, "trying", 1, 0 },
	    { 197, BEGIN, N, "trying", 0, 0 },
	    /* it did not help: longer than at first */
	    { 198, PAUSE, INTEGRATION_REFUSED, "paused", 0, 273 },
	    { 199, LOOK, N, "paused", 0, 199 },	/* a reload: at once */
	    { 199, PASS, INTEGRATION_RESUMED, "trying", 1, 0 },
	    { 200, BEGIN, N, "trying", 0, 0 }, { 200, OK, INTEGRATION_CLOSED, "running", 3, 0 });
}

static void
pause_ends_by_a_trial(void **state)
{
	(void)state;
	RUN(false, { 1, BEGIN, N, "running", 2, 0 },
	    { 1, PAUSE, INTEGRATION_REFUSED, "paused", 0, 101 },
	    { 101, BEGIN, N, "paused", 0, 0 }, { 102, PAUSE, N, "paused", 0, 202 },
	    { 202, BEGIN, N, "paused", 0, 0 }, { 203, RETRY, N, "paused", 0, 303 },
	    { 210, LOOK, N, "paused", 1, 0 },
	    { 210, BEGIN, N, "paused", 0, 0 },
	    { 210, OK, INTEGRATION_RESUMED, "running", 3, 0 });
}

static void
person_pauses(void **state)
{
	(void)state;
	RUN(false, { 1, BEGIN, N, "running", 2, 0 }, { 1, BEGIN, N, "running", 1, 0 },
	    { 1, HOLD, INTEGRATION_REFUSED, "paused", 0, 0 },
	    { 1, HOLD, N, "paused", 0, 0 },
	    { 2, OK, N, "paused", 0, 0 }, { 2, PAUSE, N, "paused", 0, 0 },
	    { 999, LOOK, N, "paused", 0, 0 },
	    { 999, RECOVER, N, "paused", 0, 0 },
	    { 999, RESUME, INTEGRATION_RESUMED, "trying", 1, 0 },
	    { 999, RESUME, N, "trying", 1, 0 });
}

static void
restart_tries_one(void **state)
{
	(void)state;
	RUN(true, { 1, RECOVER, N, "trying", 1, 0 }, { 1, BEGIN, N, "trying", 0, 0 },
	    { 1, OK, INTEGRATION_CLOSED, "running", 3, 0 });
	RUN(true, { 1, RECOVER, N, "trying", 1, 0 }, { 1, BEGIN, N, "trying", 0, 0 },
	    { 1, PAUSE, INTEGRATION_REFUSED, "paused", 0, 46 });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(concurrency_is_bounded),
		cmocka_unit_test(limit_holds_all),
		cmocka_unit_test(fifth_retry_opens),
		cmocka_unit_test(backoff_ends_at_the_longest),
		cmocka_unit_test(pause_ends_by_a_probe),
		cmocka_unit_test(pause_ends_by_a_trial),
		cmocka_unit_test(person_pauses),
		cmocka_unit_test(restart_tries_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
