/* SPDX-License-Identifier: BSD-2-Clause */
/* Output for people: colours, alignment, progress. */
#include "ctl/term.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

static const char *const colors[] = {
	[TERM_PLAIN] = "", [TERM_BOLD] = "\033[1m", [TERM_DIM] = "\033[2m",
	[TERM_GOOD] = "\033[32m", [TERM_WARN] = "\033[33m", [TERM_BAD] = "\033[31m",
};

enum { FIELD_WIDTH = 14, GAP = 2 };

int
term_open(struct term *t, FILE *out, const char *when)
{
	const char *no_color = getenv("NO_COLOR"), *kind = getenv("TERM");
	bool is_terminal = isatty(fileno(out)) == 1;
	struct winsize w;

	*t = (struct term){ .out = out, .progress = isatty(STDERR_FILENO) == 1 };
	if (is_terminal && ioctl(fileno(out), TIOCGWINSZ, &w) == 0)
		t->width = w.ws_col;
	if (when == NULL || strcmp(when, "auto") == 0)
		t->color = is_terminal && (no_color == NULL || *no_color == '\0') &&
		    kind != NULL && strcmp(kind, "dumb") != 0;
	else if (strcmp(when, "always") == 0)
		t->color = true;
	else if (strcmp(when, "never") != 0)
		return EINVAL;
	return 0;
}

const char *
term_text(struct arena *arena, struct mt_span s)
{
	static const char hex[] = "0123456789abcdef";
	char *text = arena_alloc(arena, s.len * 4 + 1), *out = text;

	for (size_t i = 0, len; i < s.len; i += len) {
		const unsigned char *p = (const unsigned char *)s.ptr + i;
		bool plain = *p >= 0x20 && *p < 0x7f;

		len = 1;
		if (*p >= 0x80) {
			size_t n = utf8_length(p, s.len - i);

			plain = n > 0 && !utf8_is_steering(p, n);
			len = n > 0 ? n : 1;
		}
		for (size_t k = 0; k < len; k++) {
			if (plain) {
				*out++ = (char)p[k];
				continue;
			}
			*out++ = '\\';
			*out++ = 'x';
			*out++ = hex[p[k] >> 4];
			*out++ = hex[p[k] & 15];
		}
	}
	*out = '\0';
	return text;
}

void
term_print(const struct term *t, enum term_color color, const char *text)
{
	if (t->color && color != TERM_PLAIN)
		fprintf(t->out, "%s%s\033[0m", colors[color], text);
	else
		fputs(text, t->out);
}

void
term_title(const struct term *t, const char *text)
{
	term_print(t, TERM_BOLD, text);
	fputc('\n', t->out);
}

void
term_field(const struct term *t, const char *name, const char *value)
{
	if (value == NULL)
		return;
	term_print(t, TERM_DIM, name);
	fprintf(t->out, "%*s%s\n", (int)(strlen(name) < FIELD_WIDTH ?
	    FIELD_WIDTH - strlen(name) : 1), "", value);
}

void
term_progress(const struct term *t, const char *what, uint64_t done, uint64_t total)
{
	if (!t->progress)
		return;
	if (total == 0)
		fprintf(stderr, "\r\033[K%s: %ju", what, (uintmax_t)done);
	else
		fprintf(stderr, "\r\033[K%s: %ju of %ju (%ju %%)", what, (uintmax_t)done,
		    (uintmax_t)total, (uintmax_t)(done * 100 / total));
	fflush(stderr);
}

void
term_progress_end(const struct term *t)
{
	if (t->progress)
		fputs("\r\033[K", stderr);
}

struct table_row {
	struct table_row *next;
	struct cell cells[];
};

void
table_init(struct table *t, struct arena *arena, const char *const *headings,
    size_t columns)
{
	*t = (struct table){ .arena = arena, .columns = columns, .headings = headings };
	t->tail = &t->head;
}

void
table_add(struct table *t, const struct cell *cells)
{
	struct table_row *r = arena_alloc(t->arena,
	    sizeof(*r) + t->columns * sizeof(*cells));

	for (size_t i = 0; i < t->columns; i++)
		r->cells[i] = (struct cell){ cells[i].text == NULL ? "-" : cells[i].text,
			cells[i].color };
	*t->tail = r;
	t->tail = &r->next;
	t->rows++;
}

/* Columns a text takes: its characters, for what we print is not wide. */
static size_t
text_width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
row_print(const struct term *term, const struct cell *cells, const size_t *widths,
    size_t columns)
{
	for (size_t i = 0; i < columns; i++) {
		term_print(term, cells[i].color, cells[i].text);
		if (i + 1 < columns)
			fprintf(term->out, "%*s", (int)(widths[i] + GAP -
			    text_width(cells[i].text)), "");
	}
	fputc('\n', term->out);
}

void
table_print(const struct table *t, const struct term *term)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };
	struct cell headings[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < t->columns; i++) {
		headings[i] = (struct cell){ t->headings[i], TERM_BOLD };
		widths[i] = text_width(t->headings[i]);
		for (struct table_row *r = t->head; r != NULL; r = r->next)
			if (text_width(r->cells[i].text) > widths[i])
				widths[i] = text_width(r->cells[i].text);
	}
	row_print(term, headings, widths, t->columns);
	for (struct table_row *r = t->head; r != NULL; r = r->next)
		row_print(term, r->cells, widths, t->columns);
}
