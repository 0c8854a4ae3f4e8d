/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS out of a JSON file, for `mailtrictl check --dns': the form is that of
 * mailtrictl(8), ZONE FILES.  Read whole, checked whole, then only looked at.
 */
#ifndef MAILTRI_CTL_ZONE_H
#define MAILTRI_CTL_ZONE_H

#include <jansson.h>

#include "base/arena.h"

enum {
	ZONE_NAMES_MAX = 100000,
	ZONE_RECORDS_MAX = 4096,	/* of one name and type */
	ZONE_RECORD_BYTES_MAX = 65535,
	ZONE_CHAIN_MAX = 8	/* CNAMEs followed; one more is SERVFAIL */
};

struct zone;

/* Keeps its own copy.  NULL: `why' says what is wrong with it, by name. */
struct zone *zone_new(const json_t *, char *why, size_t size);
struct zone *zone_parse(struct mt_span text, char *why, size_t size);
void zone_free(struct zone *);

struct zone_answer {
	int32_t status;		/* enum mt_status: OK NODATA NXDOMAIN SERVFAIL TIMEOUT */
	uint32_t count;
	struct mt_span *rr;	/* in the form of struct mt_answer */
};
/* Records and answer live in the arena.  Case and a final dot are ignored. */
void zone_find(const struct zone *, struct mt_span name, uint16_t type,
    struct arena *, struct zone_answer *);

#endif
