/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of a mail as JSON strings: valid UTF-8 (what is none is U+FFFD, one a
 * byte), no control characters (U+FFFD too), cut between characters.
 */
#ifndef WEBHOOK_VALUE_H
#define WEBHOOK_VALUE_H

#include <jansson.h>

#include "mailtri/stage.h"

/* At most `max' bytes; *cut is set where that was not all, else left alone.
 * A line: unfolded, blanks squeezed.  A text: line ends become LF. */
json_t *value_line(struct mt_span, size_t max, int *cut);
json_t *value_text(struct mt_span, size_t max, int *cut);
json_t *value_line_or_null(struct mt_span, size_t max, int *cut);	/* empty: null */

/* The same line into a C string of `size' bytes; 0: nothing of it is shown.
 * What would hide or turn the text around it is left out. */
size_t value_plain(struct mt_span, char *out, size_t size, int *cut);

#endif
