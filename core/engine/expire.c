/* SPDX-License-Identifier: BSD-2-Clause */
/* What was held and nobody released in time is refused. */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

struct expiry {
	struct queue_act act;
	struct engine *engine;
	struct arena arena;
	struct journal_entry entry;
};

/* Somebody may have decided meanwhile: then it is not in a state for it. */
static void
refused(struct store_job *job)
{
	struct expiry *x = job->arg;

	engine_committed(x->engine);
	if (x->act.error == 0) {
		log_info("event=%s was held too long and is refused", x->act.event);
		dispatch_wake(x->engine->dispatch);	/* its sender is told; others had to wait */
	}
	arena_free(&x->arena);
	free(x);
}

void
expire_held(struct engine *e, const char *event)
{
	struct audit_event record = { .event = event, .time_s = now_s(),
		.action = SPAN("mailtri.refuse"), .status = AUDIT_REFUSED,
		.reason = SPAN("hold.expired") };
	struct expiry *x = xcalloc(1, sizeof(*x));

	x->engine = e;
	if (audit_entry(&x->arena, &record, NULL, &x->entry) != 0)
		log_panic("an audit entry of %s cannot be made", event);
	x->act = (struct queue_act){ .kind = QUEUE_ACT_REFUSE, .now_ms = now_ms(),
		.budget = answer_budget(e->current->settings), .reason = "hold.expired",
		.entry = &x->entry, .job = { .done = refused, .arg = x } };
	snprintf(x->act.event, sizeof(x->act.event), "%s", event);
	queue_act(e->store, &x->act);
}
