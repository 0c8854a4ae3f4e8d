/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end-of-data machine.  States are named by what was just read:
 *
 *	START	CRLF (or nothing yet): a dot here is stuffed or the end
 *	DOT	START and '.'
 *	DOT_CR	START, '.' and CR: LF is the end
 *	TEXT	inside a line
 *	CR	inside a line, CR: LF ends the line
 */
#include "smtp/data.h"

#include "base/utf8.h"

void
data_init(struct data *d, uint64_t limit)
{
	*d = (struct data){ .limit = limit };
}

static void
add(struct data *d, struct buf *out, const char *p, size_t n)
{
	d->size += n;
	if (d->size > d->limit)
		d->faults |= DATA_LARGE;
	if (d->faults == 0)
		buf_add(out, p, n);
}

static void
add_text(struct data *d, struct buf *out, const char *p, size_t n)
{
	d->line += n;
	if (d->line > DATA_LINE_MAX)
		d->faults |= DATA_LONG;
	add(d, out, p, n);
}

/* A run of bytes that are neither CR nor LF nor NUL; its length. */
static size_t
text_run(struct mt_span in, size_t from)
{
	size_t i = from;

	while (i < in.len && in.ptr[i] != '\r' && in.ptr[i] != '\n' && in.ptr[i] != '\0')
		i++;
	return i - from;
}

static void
end_line(struct data *d, struct buf *out)
{
	add(d, out, "\r\n", 2);
	d->line = 0;
	d->state = DATA_START;
}

/* A CR is held back until the next byte says what it is. */
static void
after_cr(struct data *d, char c, struct buf *out)
{
	if (c == '\n') {
		if (d->state == DATA_DOT_CR)
			d->state = DATA_DONE;
		else
			end_line(d, out);
		return;
	}
	d->faults |= DATA_BARE;
	d->state = c == '\r' ? DATA_CR : DATA_TEXT;
	add_text(d, out, &c, 1);
}

static void
after_text(struct data *d, char c)
{
	if (c == '\r') {
		d->state = d->state == DATA_DOT ? DATA_DOT_CR : DATA_CR;
		return;
	}
	d->faults |= DATA_BARE;	/* LF or NUL */
	d->state = DATA_TEXT;
	d->line++;
}

size_t
data_feed(struct data *d, struct mt_span in, struct buf *out)
{
	size_t i = 0;

	while (i < in.len && d->state != DATA_DONE) {
		size_t run;

		if (d->state == DATA_CR || d->state == DATA_DOT_CR) {
			after_cr(d, in.ptr[i++], out);
			continue;
		}
		if (d->state == DATA_START && in.ptr[i] == '.') {
			d->state = DATA_DOT;	/* stuffed, or the end */
			i++;
			continue;
		}
		run = text_run(in, i);
		if (run > 0) {
			add_text(d, out, in.ptr + i, run);
			d->state = DATA_TEXT;
			i += run;
		} else
			after_text(d, in.ptr[i++]);
	}
	return i;
}

enum data_header
data_header(struct mt_span message)
{
	const char *end = message.len == 0 ? NULL :
	    memmem(message.ptr, message.len, "\r\n\r\n", 4);
	struct mt_span header = message;

	if (message.len >= 2 && memcmp(message.ptr, "\r\n", 2) == 0)
		return DATA_HEADER_ASCII;
	if (end != NULL)
		header.len = (size_t)(end - message.ptr);
	if (utf8_is_ascii(header))
		return DATA_HEADER_ASCII;
	return utf8_is_valid(header) ? DATA_HEADER_UTF8 : DATA_HEADER_OTHER;
}
