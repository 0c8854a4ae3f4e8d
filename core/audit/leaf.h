/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One audit event, and the two things it becomes: a leaf, canonical JSON
 * (RFC 8785) for ever, without a personal value in it; and an opening, the
 * personal values with their salts, sealed under the event's slot.
 *
 * In place of a personal value the leaf has "sha256:" and the hex form of
 *	SHA-256("mailtri/field/v1" ‖ name ‖ salt ‖ value)
 * name being its path ("actor.email"), salt 16 random bytes of its own.
 */
#ifndef MAILTRI_AUDIT_LEAF_H
#define MAILTRI_AUDIT_LEAF_H

#include "store/journal.h"
#include "store/seal.h"

enum { AUDIT_CHECKS_MAX = 64, AUDIT_SALT_SIZE = 16, AUDIT_VALUE_MAX = 1 << 20 };

enum audit_status { AUDIT_SUCCESS = 1, AUDIT_REFUSED, AUDIT_HELD, AUDIT_DEFERRED,
	AUDIT_FAILED, AUDIT_DUPLICATE };

enum { AUDIT_TIME_SIZE = 32 };
void audit_time(int64_t unix_s, char out[AUDIT_TIME_SIZE]);	/* RFC 3339, UTC, seconds */

struct audit_check {
	struct mt_span stage, phase, verdict, reason;	/* words, no content */
};

/* All borrowed; an empty span is "not known".  P: personal. */
struct audit_event {
	const char *event;	/* "evt_..." */
	int64_t time_s;
	struct mt_span email, ip, user_agent;	/* actor; P */
	bool verified;
	struct mt_span action, target;	/* "create_task", "linear"; what
			 * mailtri does by itself: "mailtri.erase" ... */
	struct mt_span intent;	/* the address */
	bool intent_known;	/* it is a route of ours; else P */
	struct mt_span parameters;	/* JSON object; P */
	struct mt_span spf, dkim, dmarc;	/* RFC 8601 words */
	bool permitted;
	struct mt_span role, policy;
	struct mt_span operator;	/* "uid:0": who asked by the control socket */
	enum audit_status status;
	struct mt_span resource_id;	/* P unless a plain token */
	struct mt_span reason;	/* stable code */
	struct mt_span stage;	/* dispatch: who carries it out */
	uint32_t attempt;	/* dispatch: which try; 0: none */
	uint32_t count;		/* refusals summed up in it; 0 and 1: one */
	const struct audit_check *checks;
	size_t check_count;
	struct mt_span detail;	/* sentence of a reply or an error; P */
	struct mt_span report;	/* JSON object: all facts and checks with
				 * their texts, for `explain'; P */
};

/* Makes the entry in the arena.  slot NULL: nothing personal may be set
 * (EINVAL).  keep_until_s as in journal_entry: set it on the first event of
 * a refusal's own slot.  0, EINVAL, EMSGSIZE. */
int audit_entry(struct arena *, const struct audit_event *, const struct slot *,
    struct journal_entry *);

/* The opened opening. */
struct audit_value {
	struct mt_span name, value;
	uint8_t salt[AUDIT_SALT_SIZE];
};
int audit_values(struct arena *, struct mt_span opening, struct audit_value **,
    size_t *count);	/* EBADMSG */
void audit_commitment(const struct audit_value *, char out[72]);	/* "sha256:..." NUL */

#endif
