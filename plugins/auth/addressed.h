/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the author of a mail wrote it to its recipient. */
#ifndef MAILTRI_AUTH_ADDRESSED_H
#define MAILTRI_AUTH_ADDRESSED_H

#include "header.h"
#include "signature.h"

/* The address stands, as one, in a To or Cc that the signature covers.  Which
 * part of the field it is does not matter: all of it is the signer's word. */
bool addressed_to(const struct header *, const struct signature *, struct mt_span rcpt);

#endif
