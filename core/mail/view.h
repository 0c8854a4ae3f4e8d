/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parsed view: what the parser saw in a message, in one flat block that
 * is checked once and then read without copies.  Field names and values are
 * offsets into the raw bytes; decoded parts lie in the block itself unless
 * they are the raw bytes.  The reader trusts nothing: view_open() checks
 * every offset, so that a lying parser costs one message.
 */
#ifndef MAILTRI_MAIL_VIEW_H
#define MAILTRI_MAIL_VIEW_H

#include "base/buf.h"

/* Caps before gmime sees a byte; beyond them the message is ambiguous and
 * its view holds the finding and no parts. */
enum {
	VIEW_FIELDS_MAX = 1000,
	VIEW_HEADER_BYTES_MAX = 256 * 1024,
	VIEW_FIELD_BYTES_MAX = 64 * 1024,
	VIEW_PARTS_MAX = 1000,
	VIEW_DEPTH_MAX = 32,
	VIEW_PARAMETERS_MAX = 64,	/* of one field */
	VIEW_PARAMETER_NAME_MAX = 60,
	VIEW_BOUNDARY_MAX = 70,
	VIEW_FINDINGS_MAX = 64,
	VIEW_FINDING_NAME_MAX = 63,	/* [a-z0-9.-] */
	VIEW_RAW_MAX = 1 << 28		/* offsets are 32 bits wide, and text grows
					 * on its way to UTF-8 */
};

struct view_field {
	struct mt_span name, value;	/* value: after the colon and one
					 * optional space, folded as received,
					 * without the final CRLF */
	size_t offset, length;	/* the whole field with its CRLF, in raw */
};

struct view {
	struct mt_span raw, block;
	uint32_t field_count, part_count, finding_count;
	uint32_t ambiguous;	/* 1: a finding makes the structure ambiguous */
	size_t body_offset;	/* of the first byte after the empty line */
	/* private: */
	size_t fields_at, parts_at, findings_at;
};

/* EBADMSG where the block and the raw bytes do not fit together. */
int view_open(struct view *, struct mt_span block, struct mt_span raw);
int view_field(const struct view *, uint32_t i, struct view_field *);	/* ENOENT */
/* Sets every field of *part but size. */
int view_part(const struct view *, uint32_t i, struct mt_part *);
int view_part(const struct view *, uint32_t i, struct mt_part *);
/* Whether its bytes lie in raw, and where. */
bool view_part_raw(const struct view *, uint32_t i, size_t *at);
bool view_part_embedded(const struct view *, uint32_t i);	/* in a message/rfc822 */
struct mt_span view_finding(const struct view *, uint32_t i);	/* "mime.caps.parts" */
/* First field of that name (ASCII case ignored); ENOENT. */
int view_find(const struct view *, const char *name, struct view_field *);
/* The Subject decoded to UTF-8, and the first text/plain part that is neither
 * an attachment nor inside an embedded message (text of text/html is not
 * used): what intents are read from.  Empty where there is none. */
struct mt_span view_subject(const struct view *);
struct mt_span view_text(const struct view *);

/* Writing side, in the parser.  The raw bytes outlive the builder.  A table
 * that is full takes no more; the caller's caps come before that. */
struct view_builder;
struct view_builder *view_builder_new(struct mt_span raw);
void view_builder_field(struct view_builder *, const struct view_field *);	/* in
		 * order; name and value lie within offset and length */
void view_builder_part(struct view_builder *, const struct mt_part *);	/* copies,
		 * but bytes that lie in raw */
void view_builder_embedded(struct view_builder *, int yes);	/* parts from here
		 * on are inside a message/rfc822 */
void view_builder_finding(struct view_builder *, const char *, int ambiguous);	/* once
		 * a name */
void view_builder_subject(struct view_builder *, struct mt_span);
void view_builder_body(struct view_builder *, size_t body_offset);
void view_builder_finish(struct view_builder *, struct buf *out);	/* frees */

#endif
