/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificate authorities in memory: read once, before the process is locked
 * and can open no file any more.
 */
#ifndef MAILTRI_DISPATCH_TRUST_H
#define MAILTRI_DISPATCH_TRUST_H

#include "base/span.h"

enum { TRUST_FILE_MAX = 4 << 20 };	/* bytes of one file of authorities */

/* The PEM text of a file, NULL: of the system's own; kept for good.  Empty:
 * it cannot be read or is too large, and nothing is to be trusted. */
struct mt_span trust_find(const char *path);

#endif
