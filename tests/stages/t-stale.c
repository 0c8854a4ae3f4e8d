/* SPDX-License-Identifier: BSD-2-Clause */
/* A shared object for a mailtri that does not exist yet. */
#include "mailtri/stage.h"

MT_EXPORT const struct mt_stage *mailtri_stage_v2(void);

const struct mt_stage *
mailtri_stage_v2(void)
{
	return NULL;
}
