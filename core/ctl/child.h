/* SPDX-License-Identifier: BSD-2-Clause */
/* One process of `mailtrictl check', started as mailtrid would start it. */
#ifndef MAILTRI_CTL_CHILD_H
#define MAILTRI_CTL_CHILD_H

#include <sys/types.h>

/* Descriptors are borrowed; user is who it becomes where we are root. */
struct child {
	char *const *argv;	/* argv[0]: the program's path */
	const char *user;
	int channel, settings, secrets;	/* base/proto.h: 3, 4, 5 */
	int said;		/* its standard error */
};

/* It dies with us.  -1 and errno. */
pid_t child_start(const struct child *);

#endif
