/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures of Standard Webhooks, and the secrets they are made with. */
#ifndef WEBHOOK_SECRET_H
#define WEBHOOK_SECRET_H

#include "mailtri/stage.h"

enum {
	SECRET_BYTES_MIN = 24, SECRET_BYTES_MAX = 64,
	SIGNATURE_SIZE = 48,	/* "v1," 44 NUL */
};

struct secret {
	unsigned char bytes[SECRET_BYTES_MAX];
	size_t len;
};

/* "whsec_" and base64; EINVAL: it is not that, or of too few or many bytes. */
int secret_parse(struct mt_span, struct secret *);
void secret_wipe(struct secret *);

/* "v1," and the base64 of HMAC-SHA256 over "ID.TIMESTAMP.BODY"; ENOMEM. */
int secret_sign(const struct secret *, const char *id, int64_t timestamp,
    struct mt_span body, char out[SIGNATURE_SIZE]);

#endif
