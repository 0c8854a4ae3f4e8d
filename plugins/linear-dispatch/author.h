/* SPDX-License-Identifier: BSD-2-Clause */
/* Who wrote, as Linear shows it. */
#ifndef LINEAR_AUTHOR_H
#define LINEAR_AUTHOR_H

#include "run.h"

enum { AUTHOR_UNITS_MAX = 64 };	/* UTF-16, of a name */

/* The From mailbox auth vouches for, else the envelope's; may be empty. */
struct mt_span author_mailbox(const struct run *);
/* The name in front of it, or the mailbox: valid UTF-8, one line. */
const char *author_name(const struct run *);

/* run_ask() of a create with `input' (stolen): in the sender's name where the
 * key may do that, and once more without where Linear does not accept it. */
int author_ask(struct run *, const struct query *, json_t *input, const struct answer **);

#endif
