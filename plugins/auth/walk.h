/* SPDX-License-Identifier: BSD-2-Clause */
/* The DNS tree walk of RFC 9989 4.10: a name, then at most its last seven
 * labels, one fewer each time; all eight names are asked at once. */
#ifndef MAILTRI_AUTH_WALK_H
#define MAILTRI_AUTH_WALK_H

#include "dmarc_record.h"
#include "run.h"

enum { WALK_MAX = 8 };

struct walk_step {
	const char *domain;
	int status;	/* MT_OK: there is one record */
	struct dmarc_record record;
};

struct walk {
	struct walk_step step[WALK_MAX];
	size_t count;	/* up to and with the one that ended it */
	bool failed;	/* a question that counts failed or is pending */
};

/* The one record of a name; MT_NODATA: none, or several. */
int walk_fetch(struct run *, const char *domain, struct dmarc_record *);
void walk_make(struct run *, const char *domain, struct walk *);
/* Its organisational domain, a tail of the domain; NULL: failed. */
const char *walk_organisation(const struct walk *);
/* The step whose record is the policy; NULL: none, look at `failed'. */
const struct walk_step *walk_policy(const struct walk *);

#endif
