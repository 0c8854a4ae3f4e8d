/* SPDX-License-Identifier: BSD-2-Clause */
/* Which stages there are, and what belongs together. */
#ifndef MAILTRI_CONF_WIRING_H
#define MAILTRI_CONF_WIRING_H

#include "conf/file.h"

/* From the names in pipeline and the routes' deliver: stages loaded, routes
 * pointed at them, order and options checked.  `file' is mailtri.conf, its
 * core sections are in the settings already.  Problems are added. */
void wiring_load(struct settings *, const struct file *, struct problems *);

#endif
