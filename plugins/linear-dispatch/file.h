/* SPDX-License-Identifier: BSD-2-Clause */
/* The attachments of a mail: names and types that are safe to pass on. */
#ifndef LINEAR_FILE_H
#define LINEAR_FILE_H

#include "../common/text.h"
#include "body.h"
#include "uuid.h"

enum { FILES_MAX = 10, FILE_NAME_UNITS_MAX = 128, FILE_TYPE_MAX = 100,
	FILES_LEFT_MAX = 2048 };

struct file {
	int32_t part;
	const char *name, *type;
	size_t size;
	char id[UUID_SIZE];	/* of its attachment in Linear */
};

struct files {
	struct file list[FILES_MAX];	/* to be uploaded */
	size_t count;
	struct text left;	/* the others, named; Markdown */
	int uploads;
};

/* All parts but those the text comes from. */
void files_read(const struct run *, const struct body *, struct files *);

/* For tests and the fuzzer: at most 4 bytes a unit, and NUL. */
void file_name_make(struct mt_span, size_t n, struct text *);
const char *file_type_make(struct mt_span, char out[FILE_TYPE_MAX + 1]);

#endif
