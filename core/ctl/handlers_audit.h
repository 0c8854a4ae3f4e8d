/* SPDX-License-Identifier: BSD-2-Clause */
/* The audit half of the handlers' table. */
#ifndef MAILTRI_CTL_HANDLERS_AUDIT_H
#define MAILTRI_CTL_HANDLERS_AUDIT_H

#include "ctl/handlers.h"

enum {
	AUDIT_PAGE_MAX = 256,	/* rows of one answer */
	AUDIT_PAGE_BYTES = 8 << 20	/* of an export: at least one row, then
					 * no more when this is reached */
};

void handlers_audit_list(struct control_reply *, const json_t *, void *);
void handlers_audit_show(struct control_reply *, const json_t *, void *);
void handlers_audit_export(struct control_reply *, const json_t *, void *);
/* handlers_proof.c */
void handlers_audit_prove(struct control_reply *, const json_t *, void *);
void handlers_audit_growth(struct control_reply *, const json_t *, void *);
void handlers_audit_checkpoint(struct control_reply *, const json_t *, void *);
void handlers_explain(struct control_reply *, const json_t *, void *);

#endif
