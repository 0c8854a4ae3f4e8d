/* SPDX-License-Identifier: BSD-2-Clause */
/* The core's own options: the same kind of table a stage has, and where each
 * value lives in struct settings. */
#ifndef MAILTRI_CONF_CORE_H
#define MAILTRI_CONF_CORE_H

#include "conf/value.h"

enum core_kind {
	CORE_BY_HAND,		/* no one member: parse.c and print.c know it */
	CORE_TEXT,		/* const char * */
	CORE_LIST,		/* const char **, and its count */
	CORE_U8, CORE_U32, CORE_U64, CORE_I64,
	CORE_U32_MS,		/* seconds in the file */
	CORE_CHOICE		/* uint8_t: the place among the choices */
};

struct core_row {
	struct mt_option option;
	uint8_t kind;		/* enum core_kind */
	size_t offset, count_offset;
};

struct core_section {
	const char *name;	/* NULL: the file's own level */
	bool titled;
	const struct core_row *rows;	/* ends with option.name NULL */
};

enum { CORE_TOP, CORE_TLS, CORE_RESOLVER, CORE_LIMITS, CORE_LISTEN, CORE_ROUTE,
	CORE_SECTIONS };
/* LISTEN is of struct setting_listener, ROUTE of struct setting_route, all
 * else of struct settings. */
extern const struct core_section core_sections[CORE_SECTIONS];

void core_store(const struct core_row *, const struct setting_value *, void *object);
/* false: CORE_BY_HAND. */
bool core_fetch(struct arena *, const struct core_row *, const void *object,
    struct setting_value *);

#endif
