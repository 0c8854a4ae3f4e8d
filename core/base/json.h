/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing JSON (RFC 8259) into a buffer.  Commas are put by themselves;
 * bytes that are not UTF-8 become U+FFFD, so the output is always valid.
 * Members are written in the order of the calls.
 */
#ifndef MAILTRI_BASE_JSON_H
#define MAILTRI_BASE_JSON_H

#include "base/buf.h"

enum { JSON_DEPTH_MAX = 16 };

struct json {
	struct buf *out;
	unsigned depth;
	bool comma[JSON_DEPTH_MAX];
};

struct json json_of(struct buf *);
/* key NULL: an element of an array, or the document itself. */
void json_object(struct json *, const char *key);
void json_array(struct json *, const char *key);
void json_end_object(struct json *);
void json_end_array(struct json *);
void json_string(struct json *, const char *key, struct mt_span);
void json_text(struct json *, const char *key, const char *);	/* NULL: null */
void json_int(struct json *, const char *key, int64_t);
void json_bool(struct json *, const char *key, bool);
void json_null(struct json *, const char *key);
void json_raw(struct json *, const char *key, struct mt_span);	/* valid JSON */

#endif
