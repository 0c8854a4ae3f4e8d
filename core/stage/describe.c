/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker that lives for one question about one stage. */
#include "stage/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "stage/loader.h"
#include "stage/options.h"
#include "stage/reach.h"

enum { EXIT_REFUSED = 1, EXIT_BROKEN = 2 };

static void
loading_lock(const char *stage_dir, const char *path, const struct setting_stage *stage)
{
	struct sandbox_grant grant = { 0 };

	reach_libraries(&grant, stage_dir, path);
	if (stage != NULL)
		reach_files(&grant, stage);
	sandbox_lock(SANDBOX_LOADING, &grant);
}

int
describe_main(const char *path)
{
	struct loaded_stage stage;
	struct arena a = { 0 };
	struct buf out = { 0 };
	char why[LOADER_WHY_MAX];
	int status = EXIT_REFUSED;

	loading_lock(MAILTRI_STAGEDIR, path, NULL);
	if (loader_open(path, &a, &stage, why) != 0)
		fprintf(stderr, "%s\n", why);
	else {
		descriptor_pack(&out, &stage.descriptor);
		if (fwrite(out.p, 1, out.len, stdout) == out.len &&
		    fflush(stdout) == 0)
			status = 0;
	}
	buf_free(&out);
	arena_free(&a);
	return status;
}

/* check() has no message: options, a clock, a log. */

static void __attribute__((format(printf, 3, 4)))
check_log(struct mt_msg *m, int level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	(void)m;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_at(level >= MT_ERROR ? LOG_LEVEL_ERROR : level == MT_WARNING ?
	    LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "%s", line);
}

static int64_t
check_now(const struct mt_msg *m)
{
	(void)m;
	return time(NULL);
}

static struct arena scratch;

static void *
check_alloc(struct mt_msg *m, size_t size)
{
	(void)m;
	return arena_alloc(&scratch, size);
}

static struct mt_conf conf_now;

static const struct mt_conf *
check_conf(const struct mt_msg *m)
{
	(void)m;
	return &conf_now;
}

/* One option set; true: refused, and said so. */
static int
check_set(const struct loaded_stage *l, const struct mt_host *host, size_t index)
{
	struct mt_result why = { .size = sizeof(why) };
	int returned = l->stage.check(host, &conf_now, &why);

	why.text[sizeof(why.text) - 1] = '\0';
	if (returned == 0 && why.verdict == MT_CONTINUE)
		return 0;
	for (char *p = why.text; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	printf("%zu\t%s\n", index, *why.text != '\0' ? why.text :
	    "its check() refuses these options without a reason");
	return EXIT_REFUSED;
}

static int
check_all(const struct loaded_stage *l, const struct setting_stage *stage)
{
	struct mt_host host = { .size = sizeof(host), .abi_minor = MT_ABI_MINOR,
		.log = check_log, .now = check_now, .alloc = check_alloc,
		.conf = check_conf };
	int status = 0;

	if (l->stage.check == NULL)
		return 0;
	options_host(&host);
	for (size_t i = 0; i < stage->option_sets; i++) {
		conf_now = (struct mt_conf){ .stage = stage,
			.set = &stage->options[i] };
		status |= check_set(l, &host, i);
	}
	return status;
}

static const struct setting_stage *
stage_find(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->stage_count; i++)
		if (strcmp(s->stages[i].name, name) == 0)
			return &s->stages[i];
	return NULL;
}

int
check_main(const char *name)
{
	struct settings *settings = settings_receive();
	const struct setting_stage *stage = stage_find(settings, name);
	struct loaded_stage loaded;
	struct arena a = { 0 };
	char why[LOADER_WHY_MAX];
	int status = EXIT_BROKEN;

	loading_lock(settings->stage_dir, stage == NULL ? NULL : stage->path, stage);
	if (stage == NULL)
		fprintf(stderr, "%s: no such stage in the settings\n", name);
	else if (loader_open(stage->path, &a, &loaded, why) != 0)
		fprintf(stderr, "%s\n", why);
	else
		status = check_all(&loaded, stage);
	if (fflush(stdout) != 0)
		status = EXIT_BROKEN;
	arena_free(&scratch);
	arena_free(&a);
	settings_free(settings);
	return status;
}
