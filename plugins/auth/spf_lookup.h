/* SPDX-License-Identifier: BSD-2-Clause */
/* The lookups of one check_host(): its names, its budget, its answers. */
#ifndef MAILTRI_AUTH_SPF_LOOKUP_H
#define MAILTRI_AUTH_SPF_LOOKUP_H

#include "spf.h"
#include "spf_record.h"

struct spf_name {	/* what a token stands for */
	const char *domain;
	uint8_t kind;	/* enum spf_kind; SPF_ALL: a host of an MX answer */
	bool any;	/* prefix length 0: any address at all matches */
	bool top;	/* the first record, or where its redirects lead */
};

struct spf_state {
	struct run *run;
	const struct spf_subject *subject;
	struct spf_name *name;
	size_t names, room;
	unsigned lookups, voids;
	unsigned tree;	/* asking terms of all records known so far */
	bool over;	/* a limit is passed: permerror */
	bool deeper;	/* what is waited for is another record, not an address */
	bool failed;	/* a question of ptr failed: its no may be untrue */
	const char *exp_domain;	/* where the last record that decides stood */
	struct mt_span exp;	/* its exp= */
};

/* A domain-spec of a record that stood at `current', expanded and cut to 253
 * characters from the left (7.3); NULL: waiting for %{p}. */
const char *spf_expand(struct spf_state *, struct mt_span spec, const char *current);
void spf_values(struct spf_state *, const char *current, const char *validated,
    struct text *text, struct mt_span spec);	/* expands into text */
const char *spf_validated(struct spf_state *, const char *current);	/* %{p}; NULL:
			 * waiting */
bool spf_ptr_matches(struct spf_state *, const char *domain);	/* 5.5 */

/* The one record of a name: MT_OK and *txt, MT_NODATA: none, SPF_SEVERAL;
 * else what the question answered. */
enum { SPF_SEVERAL = -1 };
int spf_fetch(struct run *, const char *domain, struct mt_span *txt);
/* Records are kept as they were read, by their text. */
bool spf_parse(struct run *, struct mt_span txt, struct spf_record *);
void spf_lookup_fini(void);
uint16_t spf_address_type(const struct spf_state *);
/* Asks ahead for what the records known so far will need. */
void spf_ahead(struct spf_state *);

/* The budget: false where the limit is passed now or was before. */
bool spf_spend(struct spf_state *);
void spf_note_void(struct spf_state *, int status);

#endif
