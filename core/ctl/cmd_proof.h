/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of the table in cmd_audit.c that are about one record or checkpoint. */
#ifndef MAILTRI_CTL_CMD_PROOF_H
#define MAILTRI_CTL_CMD_PROOF_H

#include "ctl/command.h"

struct proof_options {
	const char *key;
};
extern const struct option_row proof_rows[];

int proof_prove(struct context *);
int proof_check(struct context *);
int proof_checkpoint(struct context *);
int proof_consistency(struct context *);

#endif
