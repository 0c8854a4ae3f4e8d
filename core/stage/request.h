/* SPDX-License-Identifier: BSD-2-Clause */
/* An HTTP request a stage asked for, packed: the question and the order. */
#ifndef MAILTRI_STAGE_REQUEST_H
#define MAILTRI_STAGE_REQUEST_H

#include "stage/message.h"

enum {
	REQUEST_FIELDS_MAX = 32, REQUEST_FIELD_MAX = 8192, REQUEST_PATH_MAX = 2048,
	REQUEST_BODY_MAX = 26 * 1024 * 1024
};

struct request_field {
	struct mt_span name, value;	/* value: the option's name if secret */
	uint32_t flags;		/* MT_FIELD_SECRET */
};

struct request {
	uint32_t timeout_ms;
	struct mt_span target, method, path, body;
	int32_t part;		/* >= 0: the body is this part's bytes */
	struct request_field fields[REQUEST_FIELDS_MAX];
	uint32_t field_count;
};

/* EINVAL: beyond a limit, a control byte, an unknown target or secret. */
int request_pack(struct buf *, const struct mt_msg *, const struct mt_http *);
int request_unpack(struct mt_span packed, struct request *);	/* borrows; EBADMSG */

#endif
