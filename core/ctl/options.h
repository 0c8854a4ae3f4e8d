/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line as a table: one row an option, its value stored at an
 * offset of the caller's struct.  Long options "--name VALUE" and
 * "--name=VALUE", short ones "-c VALUE"; "--" ends them; "-" is an operand.
 * Help is printed from the same table.
 */
#ifndef MAILTRI_CTL_OPTIONS_H
#define MAILTRI_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { OPTION_LIST_MAX = 32, OPERANDS_MAX = 16 };

enum option_kind {
	OPTION_FLAG = 1,	/* bool */
	OPTION_STRING,		/* const char * */
	OPTION_INT,		/* struct option_int, 0 or more */
	OPTION_LIST		/* struct option_list */
};

struct option_int {
	int64_t value;
	bool given;
};

struct option_list {
	const char *item[OPTION_LIST_MAX];
	size_t count;
};

struct option_row {
	const char *name;	/* without dashes; the table ends with NULL */
	char letter;		/* 0: none */
	uint8_t kind;
	size_t offset;
	const char *argument, *help;
};

struct operands {
	const char *item[OPERANDS_MAX];
	size_t count;
};

/* Options of both tables anywhere among the operands; `own' may be NULL.
 * The common table stores in `common_out', the other in `own_out'.
 * 0, or EINVAL with the sentence in `why'. */
struct options {
	const struct option_row *common, *own;
	void *common_out, *own_out;
	char why[160];
};
int options_parse(struct options *, int argc, char **argv, struct operands *);
/* Index of the first operand, over options of the common table with their
 * values; argc: none. */
int options_leading(const struct option_row *, int argc, char **argv);
void options_help(FILE *, const struct option_row *);

#endif
