/* SPDX-License-Identifier: BSD-2-Clause */
/* Command line options by table. */
#include "ctl/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct found {
	const struct option_row *row;
	void *out;
};

static struct found
table_find(const struct option_row *row, void *out, const char *name, size_t len)
{
	for (; row != NULL && row->name != NULL; row++)
		if (len == 0 ? row->letter == *name :
		    strncmp(row->name, name, len) == 0 && row->name[len] == '\0')
			return (struct found){ row, out };
	return (struct found){ NULL, NULL };
}

/* len 0: a letter. */
static struct found
option_find(const struct options *o, const char *name, size_t len)
{
	struct found f = table_find(o->own, o->own_out, name, len);

	return f.row != NULL ? f : table_find(o->common, o->common_out, name, len);
}

static int
store_int(void *at, const char *value)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (errno != 0 || *value == '\0' || *end != '\0' || n < 0)
		return EINVAL;
	*(struct option_int *)at = (struct option_int){ n, true };
	return 0;
}

static int
store_list(void *at, const char *value)
{
	struct option_list *list = at;

	if (list->count == OPTION_LIST_MAX)
		return E2BIG;
	list->item[list->count++] = value;
	return 0;
}

static int
option_store(struct options *o, struct found f, const char *value)
{
	void *at = (char *)f.out + f.row->offset;
	int error = 0;

	if (f.row->kind == OPTION_FLAG)
		*(bool *)at = true;
	else if (f.row->kind == OPTION_STRING)
		*(const char **)at = value;
	else if (f.row->kind == OPTION_INT)
		error = store_int(at, value);
	else
		error = store_list(at, value);
	if (error == E2BIG)
		snprintf(o->why, sizeof(o->why), "--%s more than %d times",
		    f.row->name, OPTION_LIST_MAX);
	else if (error != 0)
		snprintf(o->why, sizeof(o->why), "--%s wants a number", f.row->name);
	return error == 0 ? 0 : EINVAL;
}

/* One option at argv[*i]; moves *i over its value. */
static int
option_take(struct options *o, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *value = NULL;
	bool is_long = arg[1] == '-';
	const char *name = arg + (is_long ? 2 : 1);
	size_t len = is_long ? strcspn(name, "=") : 0;
	struct found f = option_find(o, name, len);

	if (f.row == NULL) {
		snprintf(o->why, sizeof(o->why), "no such option: %s", arg);
		return EINVAL;
	}
	if (is_long && name[len] == '=')
		value = name + len + 1;
	else if (!is_long && name[1] != '\0')
		value = name + 1;
	if (f.row->kind == OPTION_FLAG && value != NULL) {
		snprintf(o->why, sizeof(o->why), "--%s takes no value", f.row->name);
		return EINVAL;
	}
	if (f.row->kind != OPTION_FLAG && value == NULL) {
		if (*i + 1 >= argc) {
			snprintf(o->why, sizeof(o->why), "--%s wants %s", f.row->name,
			    f.row->argument);
			return EINVAL;
		}
		value = argv[++*i];
	}
	return option_store(o, f, value);
}

int
options_parse(struct options *o, int argc, char **argv, struct operands *operands)
{
	bool only_operands = false;

	*operands = (struct operands){ .count = 0 };
	for (int i = 0; i < argc; i++) {
		if (!only_operands && strcmp(argv[i], "--") == 0) {
			only_operands = true;
			continue;
		}
		if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (option_take(o, argc, argv, &i) != 0)
				return EINVAL;
			continue;
		}
		if (operands->count == OPERANDS_MAX) {
			snprintf(o->why, sizeof(o->why), "more than %d operands",
			    OPERANDS_MAX);
			return EINVAL;
		}
		operands->item[operands->count++] = argv[i];
	}
	return 0;
}

int
options_leading(const struct option_row *table, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		bool is_long = argv[i][1] == '-';
		const char *name = argv[i] + (is_long ? 2 : 1);
		size_t len = is_long ? strcspn(name, "=") : 0;
		struct found f = table_find(table, NULL, name, len);
		bool has_value = is_long ? name[len] == '=' : name[1] != '\0';

		if (f.row != NULL && f.row->kind != OPTION_FLAG && !has_value)
			i++;
	}
	return i < argc ? i : argc;
}

void
options_help(FILE *out, const struct option_row *row)
{
	for (; row != NULL && row->name != NULL; row++) {
		char left[64], letter[8] = "    ";

		if (row->letter != 0)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(left, sizeof(left), "%s--%s %s", letter, row->name,
		    row->argument == NULL ? "" : row->argument);
		fprintf(out, "  %-28s %s\n", left, row->help);
	}
}
