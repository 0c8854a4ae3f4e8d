/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing JSON (RFC 8259) into a buffer.  Commas are put by themselves;
 * bytes that are not UTF-8 become U+FFFD, so the output is always valid.
 * Members are written in the order of the calls.
 */
#ifndef MAILTRI_BASE_EMIT_H
#define MAILTRI_BASE_EMIT_H

#include "base/buf.h"

enum { EMIT_DEPTH_MAX = 16 };

struct emit {
	struct buf *out;
	unsigned depth;
	bool comma[EMIT_DEPTH_MAX];
};

struct emit emit_of(struct buf *);
/* key NULL: an element of an array, or the document itself. */
void emit_object(struct emit *, const char *key);
void emit_array(struct emit *, const char *key);
void emit_end_object(struct emit *);
void emit_end_array(struct emit *);
void emit_string(struct emit *, const char *key, struct mt_span);
void emit_text(struct emit *, const char *key, const char *);	/* NULL: null */
void emit_int(struct emit *, const char *key, int64_t);
void emit_bool(struct emit *, const char *key, bool);
void emit_null(struct emit *, const char *key);
void emit_raw(struct emit *, const char *key, struct mt_span);	/* valid JSON */

#endif
