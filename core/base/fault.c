/* SPDX-License-Identifier: BSD-2-Clause */
/* Crash points, in builds with --enable-faults only. */
#include "base/fault.h"

#ifdef MAILTRI_FAULTS
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault {
	const char *variable;
	char name[64];
	unsigned long at, seen;
};

static struct fault crash = { .variable = "MAILTRI_CRASHPOINT" };
static struct fault stop = { .variable = "MAILTRI_STOP" };
static struct fault failure = { .variable = "MAILTRI_FAULT" };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded;

static void
fault_load(struct fault *f)
{
	const char *value = getenv(f->variable), *colon;
	size_t len;

	f->name[0] = '\0';
	f->at = 1;
	f->seen = 0;
	if (value == NULL)
		return;
	colon = strchr(value, ':');
	len = colon != NULL ? (size_t)(colon - value) : strlen(value);
	if (len >= sizeof(f->name))
		return;
	memcpy(f->name, value, len);
	f->name[len] = '\0';
	if (colon != NULL)
		f->at = strtoul(colon + 1, NULL, 10);
	if (f->at == 0)
		f->at = 1;
}

/* How often `name' was met if it is the one asked for, else 0. */
static unsigned long
fault_visit(struct fault *f, const char *name)
{
	unsigned long seen = 0;

	pthread_mutex_lock(&lock);
	if (!loaded) {
		fault_load(&crash);
		fault_load(&stop);
		fault_load(&failure);
		loaded = true;
	}
	if (strcmp(f->name, name) == 0)
		seen = ++f->seen;
	pthread_mutex_unlock(&lock);
	return seen;
}

void
fault_point(const char *name)
{
	unsigned long seen;

	if (fault_visit(&crash, name) == crash.at)
		_exit(FAULT_EXIT);
	seen = fault_visit(&stop, name);
	if (seen > 0 && seen % stop.at == 0)
		raise(SIGSTOP);
}

bool
fault_error(const char *name)
{
	unsigned long seen = fault_visit(&failure, name);

	return seen > 0 && seen >= failure.at;
}

void
fault_reload(void)
{
	pthread_mutex_lock(&lock);
	loaded = false;
	pthread_mutex_unlock(&lock);
}
#endif
