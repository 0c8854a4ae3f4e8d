/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One mail to be checked: from the command line, or a line of a batch.
 */
#ifndef MAILTRI_CTL_LINE_H
#define MAILTRI_CTL_LINE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ctl/zone.h"

enum {
	LINE_BYTES_MAX = 256 << 20,	/* one line of a batch */
	LINE_RAW_MAX = 128 << 20,	/* a message; the engine's own limit is
					 * message_bytes and comes after */
	LINE_TEXT_MAX = 1024,	/* client, helo, mail_from, rcpt: each */
	LINE_STAGES_MAX = 32,
	LINE_WHY_MAX = 256
};

struct line_defaults {
	const char *client, *helo, *mail_from, *rcpt, *dns, *now;
	const char *const *stages;
	size_t stage_count;
};

/* Everything in the arena but id (a reference) and zone (owned). */
struct check_line {
	json_t *id;		/* NULL: none */
	struct mt_span raw;
	const char *client, *helo, *mail_from, *rcpt;
	bool has_zone;
	struct zone *zone;
	int64_t now;		/* 0: the clock */
	const char **stages;
	size_t stage_count;
};

/* What the object lacks comes from the defaults.  0; or an errno value and
 * `why', with line->id as far as it was understood. */
int line_parse(const json_t *, const struct line_defaults *, struct arena *,
    struct check_line *, char why[LINE_WHY_MAX]);
void line_fini(struct check_line *);

/* A file's bytes, "-" standard input.  0, EFBIG above max, errno. */
int line_read(const char *path, size_t max, struct buf *);
/* A file whose lines all end with a bare LF, as editors write them, becomes
 * what a mail client would have sent; any other file stays as it is. */
void line_crlf(struct buf *);
/* RFC 3339, "2025-10-11T14:30:00Z".  0 or EINVAL. */
int line_time(const char *, int64_t *);
/* RFC 4648 4, without line breaks.  0, EINVAL. */
int line_base64(struct mt_span, struct buf *);

#endif
