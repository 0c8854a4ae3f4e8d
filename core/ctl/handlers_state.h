/* SPDX-License-Identifier: BSD-2-Clause */
/* What concerns the state as a whole: pausing dispatch, backups, keys.  Each
 * act is audited before it is answered. */
#ifndef MAILTRI_CTL_HANDLERS_STATE_H
#define MAILTRI_CTL_HANDLERS_STATE_H

#include "ctl/handlers.h"

void handlers_pause(struct control_reply *, const json_t *, void *);
void handlers_backup_begin(struct control_reply *, const json_t *, void *);
void handlers_backup_end(struct control_reply *, const json_t *, void *);
void handlers_keys_backup(struct control_reply *, const json_t *, void *);
void handlers_keys_status(struct control_reply *, const json_t *, void *);

#endif
