/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stage says of itself, copied out of the .so by `worker --describe'
 * and checked: the only form in which master, engine and mailtrictl know a
 * stage.  All strings belong to the arena given.
 */
#ifndef MAILTRI_CONF_DESCRIPTOR_H
#define MAILTRI_CONF_DESCRIPTOR_H

#include "base/arena.h"
#include "base/buf.h"

enum {
	DESCRIPTOR_OPTIONS_MAX = 64,
	DESCRIPTOR_FACTS_MAX = 64,
	DESCRIPTOR_NAME_MAX = 32
};

enum { DESCRIPTOR_ENVELOPE = 1, DESCRIPTOR_MESSAGE = 2, DESCRIPTOR_DELIVER = 4,
	DESCRIPTOR_PROBE = 8, DESCRIPTOR_CHECK = 16 };	/* callbacks present */

struct descriptor {
	const char *name, *version, *summary;
	uint16_t abi_major, abi_minor;
	uint32_t needs, callbacks;
	struct mt_option *options;	/* option_count, then name NULL; the
					 * host's NAME_pin ... of a TARGET included */
	size_t option_count;
	struct mt_fact_decl *reads, *writes;	/* end with key NULL */
	size_t read_count, write_count;
};

void descriptor_pack(struct buf *, const struct descriptor *);
/* 0, or EBADMSG with `d' unusable. */
int descriptor_unpack(struct unpack *, struct arena *, struct descriptor *);
const struct mt_option *descriptor_option(const struct descriptor *, const char *);
const struct mt_fact_decl *descriptor_writes(const struct descriptor *, const char *);
const char *needs_string(struct arena *, uint32_t needs);	/* "dns, state" */

#endif
