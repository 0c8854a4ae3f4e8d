/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named places where a test makes a process die, stop or fail.  Only a build with
 * --enable-faults looks at the environment; elsewhere these are nothing.
 *
 *	MAILTRI_CRASHPOINT=name[:n]	_exit at the n-th visit (1 by default)
 *	MAILTRI_STOP=name[:n]		every n-th visit stops the process, until
 *					SIGCONT
 *	MAILTRI_FAULT=name[:n]		fault_error() is true at the n-th visit
 *					and ever after
 */
#ifndef MAILTRI_BASE_FAULT_H
#define MAILTRI_BASE_FAULT_H

#include <stdbool.h>

enum { FAULT_EXIT = 86 };	/* exit status of a crash that was asked for */

#ifdef MAILTRI_FAULTS
void fault_point(const char *name);
bool fault_error(const char *name);
void fault_reload(void);	/* reads the environment again, counts from 0 */
#else
static inline void
fault_point(const char *name)
{
	(void)name;
}

static inline bool
fault_error(const char *name)
{
	(void)name;
	return false;
}
#endif

#endif
