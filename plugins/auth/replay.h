/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Once and never again.  The key of a message is made of
 * what its good signature covers, so that nobody who cannot sign can claim
 * it ahead and nothing he may alter on the way makes it another; without a
 * signature, of all its bytes, its sender and its recipient.
 */
#ifndef MAILTRI_AUTH_REPLAY_H
#define MAILTRI_AUTH_REPLAY_H

#include "judgement.h"

enum {
	REPLAY_KEY = 32
};

void replay_key(struct run *, const struct judgement *, const struct signature *,
    unsigned char key[REPLAY_KEY]);
/* Takes the claims of all good signatures, or of the bytes.  The run may be
 * waiting afterwards.  event: 40 bytes, the first event of a duplicate. */
enum replay replay_claim(struct run *, const struct judgement *, uint32_t window_s, char *event);

#endif
