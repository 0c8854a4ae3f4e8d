/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of a message seen by our own eyes before gmime sees a byte: caps
 * (VIEW_*_MAX) and whatever two readers may read differently.  It decodes
 * nothing.
 */
#ifndef MAILTRI_MAIL_STRUCTURE_H
#define MAILTRI_MAIL_STRUCTURE_H

#include "mail/finding.h"
#include "mail/view.h"

struct structure {
	uint32_t parts;		/* leaves */
	struct view_field subject;	/* the first; length 0: none */
};

/* Puts the header's fields and the body's place into the builder.  With a
 * caps finding set the rest of the message was not looked at. */
void structure_scan(struct mt_span raw, struct view_builder *, struct findings *,
    struct structure *out);

#endif
