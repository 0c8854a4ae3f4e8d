/* SPDX-License-Identifier: BSD-2-Clause */
/* Children that die or fail at a named point, on a store the parent has
 * closed. */
#ifndef MAILTRI_TESTS_CRASH_WORLD_H
#define MAILTRI_TESTS_CRASH_WORLD_H

#include <sys/wait.h>

#include "base/fault.h"
#include "store_world.h"

typedef void (*child_fn)(struct world *);

/* Runs fn in a child that has the variable set; its exit status. */
static inline int
run_child(struct world *w, const char *variable, const char *value, child_fn fn)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(2);	/* the log of a failure that was asked for */
		setenv(variable, value, 1);
		fault_reload();
		fn(w);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static inline int
crash_setup(void **state)
{
	struct world *w = malloc(sizeof(*w));

	world_init(w, false);
	store_close(w->store);	/* the children open it */
	w->store = NULL;
	*state = w;
	return 0;
}

static inline int
crash_teardown(void **state)
{
	struct world *w = *state;

	if (w->store == NULL)
		world_open(w);
	world_fini(w);
	free(w);
	return 0;
}

#endif
