/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mail as a receiver sees it: the normalised JSON envelope that
 * envelope.schema.json describes.  Nothing in it depends on when or how often
 * it is made: each attempt sends the same bytes.
 */
#ifndef WEBHOOK_ENVELOPE_H
#define WEBHOOK_ENVELOPE_H

#include <jansson.h>

#include "mailtri/stage.h"

enum {
	ENVELOPE_ADDRESSES_MAX = 100,	/* of each list */
	ENVELOPE_ADDRESS_MAX = 320, ENVELOPE_NAME_MAX = 256,
	ENVELOPE_SUBJECT_MAX = 2048,
	ENVELOPE_REFERENCES_MAX = 50, ENVELOPE_MESSAGE_ID_MAX = 998,
	ENVELOPE_ATTACHMENTS_MAX = 100, ENVELOPE_FILENAME_MAX = 255,
	ENVELOPE_WORD_MAX = 255,	/* types, HELO, TLS, verbs */
	ENVELOPE_HEADERS_MAX = 200, ENVELOPE_HEADER_MAX = 4096
};

extern const struct mt_fact_decl envelope_reads[];	/* ends with key NULL */
int envelope_can_include(const char *member);	/* whether it can be left out */

/* The JSON, to be freed; NULL: out of memory. */
char *envelope_format(const struct mt_host *, struct mt_msg *);

/* ---- its parts; each sets *cut where a limit left something out ---- */

struct mt_span field_decoded(const struct mt_host *, struct mt_msg *, struct mt_span value);
json_t *field_addresses(const struct mt_host *, struct mt_msg *, const char *name, int *cut);
json_t *field_id(const struct mt_host *, struct mt_msg *, const char *name, int *cut);
json_t *field_ids(const struct mt_host *, struct mt_msg *, const char *name, int *cut);
json_t *field_date(const struct mt_host *, struct mt_msg *);
/* When we took the mail: the date of the Received field in front, ours. */
json_t *field_received(const struct mt_host *, struct mt_msg *);
json_t *field_list(const struct mt_host *, struct mt_msg *, int *cut);

struct body {
	struct mt_part text, html;	/* type empty: there is none */
	size_t text_at, html_at;	/* their indexes */
};
void body_find(const struct mt_host *, struct mt_msg *, struct body *);
json_t *body_attachments(const struct mt_host *, struct mt_msg *, const struct body *, int *cut);

#endif
