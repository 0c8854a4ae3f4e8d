/* SPDX-License-Identifier: BSD-2-Clause */
/* The options in force as a stage asks for them: struct mt_conf. */
#ifndef MAILTRI_STAGE_OPTIONS_H
#define MAILTRI_STAGE_OPTIONS_H

#include "conf/settings.h"

struct mt_conf {
	const struct setting_stage *stage;
	const struct setting_options *set;
	const struct secrets *secrets;	/* NULL: conf_secret() says EPERM */
};

/* The base, or what is in force for a route. */
struct mt_conf options_conf(const struct setting_stage *, const char *route,
    const struct secrets *);

/*
 * conf_int, conf_str, conf_list and conf_secret of struct mt_host.  Unset:
 * 0, NULL, an empty list, ENOENT.  To ask for an option that was not
 * declared, or as another type, is a bug of the stage and ends the worker: a
 * limit of 0 by mistake would be worse.
 */
void options_host(struct mt_host *);

#endif
