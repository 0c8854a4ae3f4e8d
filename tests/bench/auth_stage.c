/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU of one stage by itself: auth_stage STAGE.so ZONE COUNT FILE...
 *
 * Loads the stage as a worker does, gives it each mail COUNT times with every
 * DNS answer known, and prints the median CPU time of one in microseconds, a line a
 * file.  A claim is answered in a second run, as the engine answers it.
 * ZONE: lines "name text", all of them TXT.
 */
#include "mailtri/stage_test.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <time.h>

enum { ARENA = 4 << 20, BATCHES = 9, DNS_TXT = 16 };

static struct mt_test test;
static _Alignas(16) char arena[ARENA], kept[MT_KEEP_MAX];
static size_t arena_used;
static bool claimed, keeping;

static _Noreturn void
stop(const char *what, const char *which)
{
	fprintf(stderr, "auth_stage: %s: %s\n", what, which);
	exit(1);
}

static void *
bench_alloc(struct mt_msg *m, size_t n)
{
	void *p = arena + arena_used;

	(void)m;
	arena_used += (n + 15) & ~(size_t)15;
	if (arena_used > ARENA)
		stop("out of arena", "a run");
	return p;
}

static void *
bench_keep(struct mt_msg *m, size_t n)
{
	(void)m;
	if (n > sizeof(kept))
		return NULL;
	if (!keeping)
		memset(kept, 0, n);
	keeping = true;
	return kept;
}

static int
bench_take(struct mt_msg *m, const struct mt_claim *c, struct mt_grant *out)
{
	(void)m;
	(void)c;
	out->status = claimed ? MT_OK : MT_PENDING;
	claimed = true;
	return out->status;
}

static struct mt_span
load(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	long n;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 ||
	    fseek(f, 0, SEEK_SET) != 0 || (p = malloc((size_t)n + 1)) == NULL ||
	    fread(p, 1, (size_t)n, f) != (size_t)n)
		stop("cannot read", path);
	fclose(f);
	p[n] = '\0';
	return (struct mt_span){ p, (size_t)n };
}

static void
zone_load(const char *path)
{
	char *line = (char *)(uintptr_t)load(path).ptr, *rest = line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		char *space = strchr(line, ' ');

		if (space == NULL)
			continue;
		*space = '\0';
		mt_test_dns_text(&test, line, space + 1);
	}
}

static void
stage_load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = handle == NULL ? NULL : dlsym(handle, "mailtri_stage_v1");
	mt_stage_entry_fn entry;

	if (symbol == NULL)
		stop("no stage", path);
	memcpy(&entry, &symbol, sizeof(entry));
	mt_test_init(&test, entry());
}

/* The envelope, the message, and the message again when it is claimed. */
static void
judge(void)
{
	size_t rows = test.row_count;
	int returned;

	test.questions = 0;
	keeping = false;
	claimed = false;
	arena_used = 0;
	test.stage->envelope(test.ctx, &test.msg, &test.result);
	do {
		arena_used = 0;
		test.fact_count = test.edit_count = test.log_count = 0;
		mt_test_blocks_free(&test.passing);
		returned = test.stage->message(test.ctx, &test.msg, &test.result);
	} while (returned == MT_WAIT);
	if (returned != 0 || test.result.verdict != MT_CONTINUE || !claimed)
		stop("refused", test.result.text);
	test.row_count = rows;
}

static double
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
less(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
measure(unsigned count)
{
	double us[BATCHES];

	for (unsigned batch = 0; batch < BATCHES; batch++) {
		us[batch] = cpu_us();
		for (unsigned i = 0; i < count; i++)
			judge();
		us[batch] = (cpu_us() - us[batch]) / count;
	}
	qsort(us, BATCHES, sizeof(us[0]), less);
	return us[BATCHES / 2];
}

int
main(int argc, char **argv)
{
	if (argc < 5)
		stop("usage", "auth_stage STAGE.so ZONE COUNT FILE...");
	stage_load(argv[1]);
	zone_load(argv[2]);
	test.known = 1;
	test.client.address = mt_test_span("198.51.100.7");
	test.client.helo = mt_test_span("sender0.example");
	test.sender = mt_test_span("bench@sender0.example");
	test.rcpt = mt_test_span("task.linear@mailtri.example");
	test.host.alloc = bench_alloc;
	test.host.keep = bench_keep;
	test.host.state_take = bench_take;
	if (mt_test_open(&test) != 0)
		stop("does not open", test.result.text);
	for (int i = 4; i < argc; i++) {
		test.raw = load(argv[i]);
		judge();	/* and fills the caches */
		printf("%.1f\n", measure((unsigned)strtoul(argv[3], NULL, 10)));
	}
	mt_test_fini(&test);
	return 0;
}
