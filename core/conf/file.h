/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One configuration file as sections of named texts, each with its line.
 * libconfuse reads it strictly by the grammar given; everything is text to
 * it, so that values are judged, and reported, all of them, by conf/value.h.
 * An unknown name is reported and read over; the first error of syntax ends it.
 */
#ifndef MAILTRI_CONF_FILE_H
#define MAILTRI_CONF_FILE_H

#include "conf/problem.h"
#include "conf/value.h"

enum { FILE_BYTES_MAX = 1 << 20, FILE_SECTIONS_MAX = 4096,
	FILE_ERRORS_MAX = 64 };

/* Options a section may have; rows are `stride' apart, so that a row may say
 * more than its struct mt_option. */
struct grammar {
	const char *section;	/* NULL: the file's own level */
	bool titled;		/* section "title" { ... }, any number of them */
	const struct mt_option *options;	/* ends with name NULL */
	size_t stride;
};

struct entry {
	const char *name;
	struct value_text text;
	const unsigned *lines;	/* of each text; [0] where there is none */
};

struct section {
	const char *name, *title;	/* NULL: the file's own level; no title */
	unsigned line;
	struct entry *entries;	/* those in the file */
	size_t count;
};

struct file {
	const char *path;
	struct section *sections;	/* [0]: the file's own level */
	size_t count;
};

struct file_reader {
	struct arena *arena;
	struct problems *problems;
	struct place place;	/* file: its path; stage; line unused */
	const struct grammar *grammar;	/* [0] must be the file's own level */
	size_t grammar_count;
};

/* 0: the sections are there, unknown names are among the problems; or an errno
 * value with the problems added. */
int file_read(const struct file_reader *, struct file *);
/* The same from an open stream, for tests. */
int file_read_stream(const struct file_reader *, FILE *, struct file *);

const struct entry *file_entry(const struct section *, const char *name);

#endif
