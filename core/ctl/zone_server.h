/* SPDX-License-Identifier: BSD-2-Clause */
/* A zone in the place of the role resolver, for one mail at a time: what a
 * mail asked before is in its cache and costs no query. */
#ifndef MAILTRI_CTL_ZONE_SERVER_H
#define MAILTRI_CTL_ZONE_SERVER_H

#include "base/frame.h"
#include "ctl/zone.h"

struct zone_asked;
struct zone_server {	/* all zero is a valid empty one */
	struct arena arena;
	struct zone_asked *asked;
};

/* Answers a PROTO_ASK on the channel; EBADMSG: it cannot be read. */
int zone_server_answer(struct zone_server *, const struct zone *, struct channel *,
    const struct frame *);
void zone_server_reset(struct zone_server *);	/* the next mail */
void zone_server_fini(struct zone_server *);

#endif
