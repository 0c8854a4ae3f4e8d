/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the walk share: mail.c, ask.c, walk.c. */
#ifndef MAILTRI_PIPELINE_WALK_H
#define MAILTRI_PIPELINE_WALK_H

#include "pipeline/mail.h"

void mail_judge(struct mail *, struct verdict);
void mail_walk(struct mail *);	/* the next segment, or the verdict */
void mail_continue(struct mail *);	/* all that was awaited is answered */
void mail_ask(struct mail *, const struct asked *);	/* ahead: nobody waits */
void mail_ask_and_wait(struct mail *, const struct asked *);
void mail_check_add(struct mail *, struct check);
/* True: the mail was over; if it had ended it is freed now. */
bool mail_is_over(struct mail *);
/* After edits: false if the verb changed, and the mail is refused. */
bool mail_intent_kept(struct mail *);


/* suspect.c: poison (pipeline/poison.h). */
#define SUSPECT_PARSER ":parser"	/* no group has such a name */
/* It died, or was killed for hanging, with the mail in hand: one more, for good,
 * be the mail over or not. */
void suspect_killed(struct mail *, const char *group);
/* Before it is handed over, and after a death.  True: the mail is judged, stop. */
bool suspect_stops(struct mail *, const char *group);
void suspect_know(struct mail *);	/* before its bytes are edited */

#endif
