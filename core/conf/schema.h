/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tables of a stage must obey, whoever made them. */
#ifndef MAILTRI_CONF_SCHEMA_H
#define MAILTRI_CONF_SCHEMA_H

#include "conf/settings.h"

enum { SCHEMA_WHY_MAX = 256, SCHEMA_OPTION_NAME_MAX = 48, SCHEMA_FACT_KEY_MAX = 64,
	SCHEMA_CONCURRENCY_MAX = 32 };

/*
 * Names, types, choices, limits, defaults that parse, no name twice, facts
 * under the stage's own prefix, checks or deliver.  0; or EINVAL and `why',
 * a sentence without the file's name.
 */
int schema_check(const struct descriptor *, char why[SCHEMA_WHY_MAX]);

/* Adds to a TARGET option what the host owns: NAME_pin (list, to be set
 * where NAME is), NAME_ca (file), NAME_private (bool) and NAME_connect
 * (numeric "127.0.0.1:8443" to dial instead of asking DNS).  0, or E2BIG. */
int schema_expand(struct arena *, struct descriptor *);

/* Of NAME_pin and its like, the TARGET option they belong to; else NULL. */
const struct mt_option *schema_target(const struct descriptor *, const char *name);

/* What a value must obey beyond its type: the form of a pin and of an address
 * to connect to.  0; or EINVAL and `why', which begins with the name. */
int schema_check_value(const struct descriptor *, const struct mt_option *,
    const struct setting_value *, char why[SCHEMA_WHY_MAX]);

/* What the values of a set must obey together: a target without TLS has no
 * pin to check and names its address itself.  As above. */
int schema_check_set(const struct descriptor *, const struct setting_value *,
    char why[SCHEMA_WHY_MAX]);

/* Names no stage may use: the host's own keys in every stage file. */
extern const struct mt_option schema_host_options[];	/* ends with name NULL */

#endif
