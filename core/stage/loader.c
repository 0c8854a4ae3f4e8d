/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading a stage: whose file it is, dlopen, copies of what it says. */
#include "stage/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/schema.h"

enum {
	STAGE_SIZE_MAX = 4096,	/* of a struct from the future */
	STRIDE_MAX = 1024
};

/* What release 1.0 of the ABI had: no stage has less. */
#define SIZE_TO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))
#define STAGE_SIZE_MIN SIZE_TO(struct mt_stage, deliver)
#define OPTION_SIZE_MIN SIZE_TO(struct mt_option, max)
#define FACT_SIZE_MIN SIZE_TO(struct mt_fact_decl, flags)

static int __attribute__((format(printf, 3, 4)))
refuse(char why[LOADER_WHY_MAX], int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, LOADER_WHY_MAX, fmt, ap);
	va_end(ap);
	return error;
}

static int
check_owner(const char *path, const struct stat *st, char why[LOADER_WHY_MAX])
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return refuse(why, EPERM, "%s: it belongs to user %u: chown it to "
		    "root", path, (unsigned)st->st_uid);
	/* In a sticky directory nobody replaces what is not his. */
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0))
		return refuse(why, EPERM, "%s: others may write it (mode %04o): "
		    "chmod go-w it", path, (unsigned)st->st_mode & 07777);
	return 0;
}

/* The file and every directory above it. */
static int
check_chain(const char *path, char why[LOADER_WHY_MAX])
{
	char copy[PATH_MAX];

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return refuse(why, ENAMETOOLONG, "%.128s...: the path is too long",
		    path);
	for (;;) {
		struct stat st;
		char *slash;
		int error;

		if (stat(*copy == '\0' ? "/" : copy, &st) < 0)
			return refuse(why, errno, "%s: %s: install the stage, or "
			    "name its file with module", path, strerror(errno));
		error = check_owner(*copy == '\0' ? "/" : copy, &st, why);
		if (error != 0 || *copy == '\0')
			return error;
		slash = strrchr(copy, '/');
		*slash = '\0';
	}
}

/* As written and as resolved: a link may not lead around the rule. */
static int
check_path(const char *path, char real[PATH_MAX], char why[LOADER_WHY_MAX])
{
	struct stat st;
	int error;

	if (*path != '/')
		return refuse(why, EINVAL, "%s: a stage is named by its absolute "
		    "path", path);
	error = check_chain(path, why);
	if (error != 0)
		return error;
	if (realpath(path, real) == NULL || stat(real, &st) < 0)
		return refuse(why, errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(why, EINVAL, "%s: it is not a file", path);
	return check_chain(real, why);
}

static void
options_copy(const struct mt_stage *s, struct arena *a, struct descriptor *d)
{
	const char *row = (const char *)s->options;
	size_t size = s->option_stride < sizeof(*d->options) ? s->option_stride :
	    sizeof(*d->options);
	/* One more than allowed, so that too many is seen as such. */
	size_t limit = DESCRIPTOR_OPTIONS_MAX + 1;

	d->options = arena_alloc(a, (limit + 1) * sizeof(*d->options));
	while (row != NULL && d->option_count < limit) {
		memcpy(&d->options[d->option_count], row, size);
		if (d->options[d->option_count].name == NULL)
			break;
		d->option_count++;
		row += s->option_stride;
	}
}

static struct mt_fact_decl *
facts_copy(const struct mt_stage *s, const struct mt_fact_decl *table,
    struct arena *a, size_t *count)
{
	const char *row = (const char *)table;
	size_t size = s->fact_stride < sizeof(*table) ? s->fact_stride :
	    sizeof(*table), limit = DESCRIPTOR_FACTS_MAX + 1;
	struct mt_fact_decl *copy = arena_alloc(a, (limit + 1) * sizeof(*copy));

	for (*count = 0; row != NULL && *count < limit; row += s->fact_stride) {
		memcpy(&copy[*count], row, size);
		if (copy[*count].key == NULL)
			break;
		++*count;
	}
	copy[*count] = (struct mt_fact_decl){ .key = NULL };
	return copy;
}

static uint32_t
callbacks_of(const struct mt_stage *s)
{
	return (s->envelope != NULL ? DESCRIPTOR_ENVELOPE : 0u) |
	    (s->message != NULL ? DESCRIPTOR_MESSAGE : 0u) |
	    (s->deliver != NULL ? DESCRIPTOR_DELIVER : 0u) |
	    (s->probe != NULL ? DESCRIPTOR_PROBE : 0u) |
	    (s->check != NULL ? DESCRIPTOR_CHECK : 0u);
}

/* What can be judged before the rest is read. */
static int
check_header(const struct mt_stage *s, char why[LOADER_WHY_MAX])
{
	if (s->abi_major != MT_ABI_MAJOR)
		return refuse(why, ENOEXEC, "it is of ABI %u, this mailtri speaks "
		    "%d: rebuild the stage", s->abi_major, MT_ABI_MAJOR);
	if (s->size < STAGE_SIZE_MIN || s->size > STAGE_SIZE_MAX)
		return refuse(why, ENOEXEC, "struct mt_stage has %u bytes, not %zu "
		    "to %d: rebuild the stage with MT_STAGE()", s->size,
		    STAGE_SIZE_MIN, STAGE_SIZE_MAX);
	if (s->option_stride < OPTION_SIZE_MIN || s->option_stride > STRIDE_MAX ||
	    s->fact_stride < FACT_SIZE_MIN || s->fact_stride > STRIDE_MAX)
		return refuse(why, ENOEXEC, "the strides of its tables are %u and "
		    "%u: rebuild the stage with MT_STAGE()", s->option_stride,
		    s->fact_stride);
	return 0;
}

static int
check_tables(const struct loaded_stage *l, char why[LOADER_WHY_MAX])
{
	const struct descriptor *d = &l->descriptor;
	int error;

	if (d->name == NULL || d->version == NULL || d->summary == NULL)
		return refuse(why, ENOEXEC, "name, version or summary is missing");
	if (l->stage.open == NULL)
		return refuse(why, ENOEXEC, "its open() is missing");
	if (d->option_count > DESCRIPTOR_OPTIONS_MAX)
		return refuse(why, ENOEXEC, "it has more than %d options",
		    DESCRIPTOR_OPTIONS_MAX);
	if (d->read_count > DESCRIPTOR_FACTS_MAX || d->write_count > DESCRIPTOR_FACTS_MAX)
		return refuse(why, ENOEXEC, "it has more than %d facts",
		    DESCRIPTOR_FACTS_MAX);
	error = schema_check(d, why);
	return error == 0 ? 0 : ENOEXEC;
}

int
loader_take(const struct mt_stage *s, struct arena *a, struct loaded_stage *l,
    char why[LOADER_WHY_MAX])
{
	struct descriptor *d = &l->descriptor;
	int error = check_header(s, why);

	if (error != 0)
		return error;
	*l = (struct loaded_stage){ .stage = { 0 } };
	memcpy(&l->stage, s, s->size < sizeof(l->stage) ? s->size : sizeof(l->stage));
	l->stage.size = sizeof(l->stage);
	*d = (struct descriptor){ .name = s->name, .version = s->version,
		.summary = s->summary, .abi_major = s->abi_major,
		.abi_minor = s->abi_minor, .needs = s->needs,
		.callbacks = callbacks_of(&l->stage) };
	options_copy(s, a, d);
	d->reads = facts_copy(s, s->reads, a, &d->read_count);
	d->writes = facts_copy(s, s->writes, a, &d->write_count);
	error = check_tables(l, why);
	if (error == 0 && schema_expand(a, d) != 0)
		return refuse(why, ENOEXEC, "it has more than %d options, those of "
		    "its targets counted", DESCRIPTOR_OPTIONS_MAX);
	return error;
}

static int
entry_find(const char *real, const char *path, mt_stage_entry_fn *entry,
    char why[LOADER_WHY_MAX])
{
	void *handle = dlopen(real, RTLD_NOW | RTLD_LOCAL);
	void *symbol;

	if (handle == NULL)
		return refuse(why, ENOEXEC, "%s: %s: install what it links, or "
		    "rebuild it", path, dlerror());
	symbol = dlsym(handle, "mailtri_stage_v1");
	if (symbol == NULL)
		return refuse(why, ENOEXEC, "%s: no symbol mailtri_stage_v1: it is "
		    "no stage, or one for another mailtri; rebuild it against "
		    "mailtri/stage.h of ABI %d", path, MT_ABI_MAJOR);
	memcpy(entry, &symbol, sizeof(*entry));
	return 0;
}

int
loader_open(const char *path, struct arena *a, struct loaded_stage *l,
    char why[LOADER_WHY_MAX])
{
	char real[PATH_MAX], reason[LOADER_WHY_MAX];
	const struct mt_stage *s;
	mt_stage_entry_fn entry = NULL;
	int error = check_path(path, real, why);

	if (error == 0)
		error = entry_find(real, path, &entry, why);
	if (error != 0)
		return error;
	s = entry();
	if (s == NULL)
		return refuse(why, ENOEXEC, "%s: mailtri_stage_v1() returned "
		    "nothing: rebuild it", path);
	error = loader_take(s, a, l, reason);
	if (error != 0)
		refuse(why, error, "%.200s: %.300s", path, reason);
	return error;
}
