/* SPDX-License-Identifier: BSD-2-Clause */
/* Problems: collected, printed. */
#include "conf/problem.h"

#include <stdarg.h>

#include "base/emit.h"

static const struct {
	const char *word, *colour;
} levels[] = {
	[PROBLEM_ERROR] = { "error", "\033[1;31m" },
	[PROBLEM_WARNING] = { "warning", "\033[1;33m" },
	[PROBLEM_INFO] = { "info", "\033[36m" },
};

enum { LEVELS = sizeof(levels) / sizeof(*levels) };

void
problems_init(struct problems *p)
{
	*p = (struct problems){ 0 };
	p->tail = &p->head;
}

void
problems_fini(struct problems *p)
{
	arena_free(&p->arena);
	problems_init(p);
}

/* Text from files and foreign code goes to terminals and into JSON. */
static const char *
copy(struct arena *a, const char *s)
{
	char *out;

	if (s == NULL)
		return NULL;
	out = arena_string(a, span_of(s));
	for (char *p = out; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return out;
}

static const char * __attribute__((format(printf, 2, 0)))
vformat(struct arena *a, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	return copy(a, text);
}

/* A file that is read again for what stands behind an error finds what was
 * found before. */
static bool
is_known(const struct problems *p, const struct problem *one)
{
	for (const struct problem *k = p->head; k != NULL; k = k->next)
		if (k->place.line == one->place.line && strcmp(k->text, one->text) == 0 &&
		    strcmp(k->place.file, one->place.file) == 0)
			return true;
	return false;
}

void
problems_add(struct problems *p, enum problem_level level, struct place place,
    const char *fmt, ...)
{
	struct problem *one = arena_alloc(&p->arena, sizeof(*one));
	va_list ap;

	va_start(ap, fmt);
	*one = (struct problem){ .level = level,
		.place = { copy(&p->arena, place.file),
		    copy(&p->arena, place.stage), place.line },
		.text = vformat(&p->arena, fmt, ap) };
	va_end(ap);
	if (is_known(p, one))
		return;
	*p->tail = one;
	p->tail = &one->next;
	p->errors += level == PROBLEM_ERROR;
	p->warnings += level == PROBLEM_WARNING;
}

static void
problem_print(const struct problem *p, FILE *out, bool colour)
{
	fputs(p->place.file, out);
	if (p->place.line != 0)
		fprintf(out, ":%u", p->place.line);
	fputs(": ", out);
	if (p->place.stage != NULL)
		fprintf(out, "%s: ", p->place.stage);
	if (colour)
		fputs(levels[p->level].colour, out);
	if (p->level != PROBLEM_ERROR)
		fprintf(out, "%s: ", levels[p->level].word);
	if (colour)
		fputs("\033[0m", out);
	fprintf(out, "%s\n", p->text);
}

void
problems_print(const struct problems *p, FILE *out, bool colour)
{
	for (int level = 0; level < LEVELS; level++)
		for (const struct problem *one = p->head; one != NULL; one = one->next)
			if ((int)one->level == level)
				problem_print(one, out, colour);
}

void
problems_print_json(const struct problems *p, FILE *out)
{
	struct buf b = { 0 };
	struct emit e = emit_of(&b);

	emit_array(&e, NULL);
	for (const struct problem *one = p->head; one != NULL; one = one->next) {
		emit_object(&e, NULL);
		emit_text(&e, "file", one->place.file);
		emit_int(&e, "line", one->place.line);
		emit_text(&e, "stage", one->place.stage);
		emit_text(&e, "level", levels[one->level].word);
		emit_text(&e, "text", one->text);
		emit_end_object(&e);
	}
	emit_end_array(&e);
	fprintf(out, "%s\n", buf_string(&b));
	buf_free(&b);
}
