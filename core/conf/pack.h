/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings and lists of strings of the configuration, where NULL means unset. */
#ifndef MAILTRI_CONF_PACK_H
#define MAILTRI_CONF_PACK_H

#include "base/arena.h"
#include "base/buf.h"

void pack_text(struct buf *, const char *);
/* NULL as packed; bad (and "") where the bytes hold a NUL. */
const char *unpack_text(struct unpack *, struct arena *);
const char *unpack_name(struct unpack *, struct arena *);	/* NULL is bad */

void pack_list(struct buf *, const char *const *, size_t count);
/* Ends with NULL; NULL as packed. */
const char **unpack_list(struct unpack *, struct arena *, size_t *count);

#endif
