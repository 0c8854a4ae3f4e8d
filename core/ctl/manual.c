/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage's options in mdoc(7). */
#include "ctl/manual.h"

#include <ctype.h>
#include <string.h>

enum { LINE_COLUMNS = 78 };

static const char *const types[] = {
	[MT_OPT_BOOL] = "bool", [MT_OPT_INT] = "number", [MT_OPT_SIZE] = "size",
	[MT_OPT_DURATION] = "duration", [MT_OPT_STRING] = "string",
	[MT_OPT_LIST] = "list", [MT_OPT_CHOICE] = "choice",
	[MT_OPT_SECRET] = "secret", [MT_OPT_TARGET] = "target",
};

const char *
manual_type(const struct mt_option *o)
{
	return o->type < sizeof(types) / sizeof(types[0]) && types[o->type] != NULL ?
	    types[o->type] : "?";
}

/* Whether the line ends at this space: behind a sentence, as mdoc(7) wants it,
 * or because the next word is too long for it. */
static bool
line_ends(char before, const char *space, size_t column)
{
	return before == '.' || column + strcspn(space + 1, " ") >= LINE_COLUMNS;
}

static void
text_print(FILE *out, const char *text)
{
	char before = '\0';
	size_t column = 0;

	for (; *text != '\0'; before = *text++, column++)
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == ' ' && line_ends(before, text, column))
			fputs(text[1] == '.' || text[1] == '\'' ? "\n\\&" : "\n", out), column = 0;
		else
			fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
}

/* Text as one argument of a macro. */
static void
text_argument(FILE *out, const char *text)
{
	fputs("\"\\&", out);
	for (; *text != '\0'; text++)
		if (*text == '"')
			fputs("\"\"", out);
		else
			text_print(out, (char[]){ *text, '\0' });
	fputc('"', out);
}

/* Help is a phrase; here it begins and ends as a sentence does, and is no
 * macro. */
static void
help_print(FILE *out, const char *help)
{
	size_t len = strlen(help);

	if (len == 0)
		return;
	if (*help == '.' || *help == '\'')
		fputs("\\&", out);
	text_print(out, (char[]){ (char)toupper((unsigned char)*help), '\0' });
	text_print(out, help + 1);
	fputs(strchr(".!?", help[len - 1]) == NULL ? ".\n" : "\n", out);
}

static void
choices_print(FILE *out, const char *choices)
{
	fputs("One of\n", out);
	while (*choices != '\0') {
		size_t len = strcspn(choices, "|");
		bool last = choices[len] == '\0';

		fprintf(out, ".Cm %.*s%s\n", (int)len, choices, last ? " ." : " ,");
		choices += len + !last;
	}
}

static void
default_print(FILE *out, const struct mt_option *o)
{
	if ((o->flags & MT_REQUIRED) != 0) {
		fputs("Must be set.\n", out);
	} else if (o->def == NULL && o->type != MT_OPT_LIST) {
		fputs("Not set by default.\n", out);
	} else if (o->def == NULL || *o->def == '\0') {
		fputs("Empty by default.\n", out);
	} else {
		fputs("The default is\n.Li ", out);
		text_argument(out, o->def);
		fputs(" .\n", out);
	}
}

static void
option_print(FILE *out, const struct mt_option *o)
{
	fprintf(out, ".It Cm %s No = Ar %s\n", o->name, manual_type(o));
	help_print(out, o->help == NULL ? "" : o->help);
	if (o->type == MT_OPT_CHOICE && o->choices != NULL)
		choices_print(out, o->choices);
	if (o->min != 0 || o->max != 0)
		fprintf(out, "From %jd to %jd.\n", (intmax_t)o->min, (intmax_t)o->max);
	default_print(out, o);
	if ((o->flags & MT_DEPRECATED) != 0)
		fputs("Do not use it any more; it will go.\n", out);
}

void
manual_options(FILE *out, const struct descriptor *d)
{
	if (d->option_count == 0) {
		fputs("None.\n", out);
		return;
	}
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < d->option_count; i++)
		option_print(out, &d->options[i]);
	fputs(".El\n", out);
}
