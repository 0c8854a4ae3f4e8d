/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A header block read from the raw bytes (RFC 5322 2.2): our own eyes, so
 * that what we call a field is told by offsets and never by a library.
 */
#ifndef MAILTRI_MAIL_HEADER_H
#define MAILTRI_MAIL_HEADER_H

#include "mail/finding.h"
#include "mail/view.h"

struct header {
	struct mt_span raw;
	size_t at;		/* the next line */
	size_t start;
	uint32_t fields;
	struct findings *findings;
};

enum header_item {
	HEADER_FIELD,		/* *field is set */
	HEADER_JUNK,		/* a line that is no field: its offset and length */
	HEADER_END,		/* h->at is the first byte of the body */
	HEADER_CAPS		/* VIEW_FIELDS_MAX, VIEW_HEADER_BYTES_MAX or
				 * VIEW_FIELD_BYTES_MAX is passed; read no on */
};

void header_open(struct header *, struct mt_span raw, size_t at, struct findings *);
enum header_item header_next(struct header *, struct view_field *);

/* A line of `raw' from `at': without its end; *next is behind it. */
struct mt_span line_at(struct mt_span raw, size_t at, size_t *next);

#endif
