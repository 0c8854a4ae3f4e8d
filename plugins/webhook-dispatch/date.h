/* SPDX-License-Identifier: BSD-2-Clause */
/* Times of header fields (RFC 5322 3.3, the obsolete forms of 4.3 included). */
#ifndef WEBHOOK_DATE_H
#define WEBHOOK_DATE_H

#include "mailtri/stage.h"

enum { DATE_SIZE = 24 };

/* RFC 3339 in UTC, "2026-01-01T12:00:00Z"; EINVAL: it is no time. */
int date_format(struct mt_span value, char out[DATE_SIZE]);

#endif
