/* SPDX-License-Identifier: BSD-2-Clause */
/* The services of struct mt_host, as this worker gives them. */
#ifndef MAILTRI_STAGE_HOST_H
#define MAILTRI_STAGE_HOST_H

#include "mailtri/stage.h"

const struct mt_host *host_services(void);	/* lives as long as the process */

/* The options open() and check() see, while they run. */
void host_set_conf(const struct mt_conf *);

#endif
