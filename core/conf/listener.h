/* SPDX-License-Identifier: BSD-2-Clause */
/* What one listen section must be beyond the types of its options. */
#ifndef MAILTRI_CONF_LISTENER_H
#define MAILTRI_CONF_LISTENER_H

#include "conf/file.h"
#include "conf/problem.h"
#include "conf/settings.h"

struct listener_source {
	struct settings *settings;	/* its arena, its tls section */
	struct problems *problems;
	const struct section *section;
};

/* The options are stored; fills in the rest and reports what is wrong. */
void listener_finish(const struct listener_source *, struct setting_listener *);

#endif
