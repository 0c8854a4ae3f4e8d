/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU of libopendkim by itself: auth_library KEY-RECORD COUNT FILE...
 *
 * Verifies each mail COUNT times and prints the median CPU time of one in microseconds,
 * a line a file: the yardstick of tests/bench/auth.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include <opendkim/dkim.h>

enum { BATCHES = 9 };

static const char *record;

static _Noreturn void
stop(const char *what, const char *which)
{
	fprintf(stderr, "auth_library: %s: %s\n", what, which);
	exit(1);
}

static DKIM_CBSTAT
give_key(DKIM *handle, DKIM_SIGINFO *info, unsigned char *buf, size_t room)
{
	(void)handle;
	(void)info;
	snprintf((char *)buf, room, "%s", record);
	return DKIM_CBSTAT_CONTINUE;
}

static unsigned char *
load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	unsigned char *p = NULL;
	long n;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 ||
	    fseek(f, 0, SEEK_SET) != 0 || (p = malloc((size_t)n + 1)) == NULL ||
	    fread(p, 1, (size_t)n, f) != (size_t)n)
		stop("cannot read", path);
	fclose(f);
	*len = (size_t)n;
	return p;
}

static void
verify(DKIM_LIB *lib, unsigned char *raw, size_t len)
{
	static unsigned char id[] = "bench";
	DKIM_STAT status;
	DKIM *handle = dkim_verify(lib, id, NULL, &status);
	bool tested;

	if (handle == NULL || dkim_chunk(handle, raw, len) != DKIM_STAT_OK ||
	    dkim_chunk(handle, NULL, 0) != DKIM_STAT_OK ||
	    dkim_eom(handle, &tested) != DKIM_STAT_OK)
		stop("not verified", "a mail");
	dkim_free(handle);
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

int
main(int argc, char **argv)
{
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	unsigned count = argc < 4 ? 0 : (unsigned)strtoul(argv[2], NULL, 10);

	if (count == 0 || lib == NULL || dkim_set_key_lookup(lib, give_key) != DKIM_STAT_OK)
		stop("usage", "auth_library KEY-RECORD COUNT FILE...");
	record = argv[1];
	for (int i = 3; i < argc; i++) {
		double us[BATCHES];
		size_t len;
		unsigned char *raw = load(argv[i], &len);

		for (unsigned batch = 0; batch < BATCHES; batch++) {
			us[batch] = cpu_us();
			for (unsigned k = 0; k < count; k++)
				verify(lib, raw, len);
			us[batch] = (cpu_us() - us[batch]) / count;
		}
		qsort(us, BATCHES, sizeof(us[0]), less);
		printf("%.1f\n", us[BATCHES / 2]);
		free(raw);
	}
	dkim_close(lib);
	return 0;
}
