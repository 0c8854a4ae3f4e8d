/* SPDX-License-Identifier: BSD-2-Clause */
/* What an operator does to a message: a table of acts. */
#include "ctl/handlers_act.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/leaf.h"

struct act {
	const char *command;
	enum queue_act_kind kind;
	enum audit_status status;
	const char *action, *reason;	/* of the record */
	const char *only;	/* what is not in a state for it is told */
};

static const struct act acts[] = {
	{ "queue.retry", QUEUE_ACT_RETRY, AUDIT_SUCCESS, "mailtri.retry", "operator.retry",
	    "only what is deferred or dead can be tried again" },
	{ "queue.release", QUEUE_ACT_RELEASE, AUDIT_SUCCESS, "mailtri.release",
	    "operator.release", "only what is held can be released" },
	{ "queue.refuse", QUEUE_ACT_REFUSE, AUDIT_REFUSED, "mailtri.refuse",
	    "operator.refuse", "only what is held can be refused" },
	{ "queue.discard", QUEUE_ACT_DISCARD, AUDIT_SUCCESS, "mailtri.discard",
	    "operator.discard", "only what is active, deferred, held or dead can be discarded" },
	{ "queue.replay", QUEUE_ACT_REPLAY, AUDIT_SUCCESS, "mailtri.replay", "operator.replay",
	    "only what is done or dead can be replayed" },
};

/* One act while the store works on it. */
struct acting {
	struct queue_act job;
	struct arena arena;
	const struct act *act;
	const struct handlers *h;
	struct control_reply *reply;
	struct journal_entry entry;
};

static void
acting_free(struct acting *a)
{
	arena_free(&a->arena);
	free(a);
}

static void
acting_fail(struct acting *a)
{
	const char *event = a->job.event;

	if (a->job.error == ENOENT)
		control_fail(a->reply, "%s is not in the queue", event);
	else if (a->job.error == ESRCH)
		control_fail(a->reply, "%s does not wait for %s: mailtrictl queue show %s "
		    "names those it waits for", event, a->job.releaser, event);
	else if (a->job.error == EBUSY)
		control_fail(a->reply, "%s: an attempt is being made right now: "
		    "discard it when that has ended", event);
	else if (a->job.error == ENODATA)
		control_fail(a->reply, "%s has no target it could be handed to again", event);
	else if (a->job.in != 0)
		control_fail(a->reply, "%s is %s, not %s", event, queue_state_name(a->job.state),
		    queue_state_name(a->job.in));
	else
		control_fail(a->reply, "%s is %s: %s", event, queue_state_name(a->job.state),
		    a->act->only);
}

static void
act_done(struct store_job *job)
{
	struct acting *a = job->arg;

	if (a->job.error != 0) {
		acting_fail(a);
		acting_free(a);
		return;
	}
	control_add(a->reply, json_pack("{s:s, s:s}", "event", a->job.event, "state",
	    queue_state_name(a->job.state)));
	control_done(a->reply);
	a->h->due(a->h->arg);	/* it, an answer, or what had to wait for it */
	if (a->job.state == QUEUE_ERASING)
		a->h->discarded(a->h->arg);
	acting_free(a);
}

/* False: the reply has been ended. */
static bool
releaser_get(struct acting *a, const json_t *request)
{
	const char *releaser = control_string(request, "releaser", "operator");

	if (*releaser != '\0' && strlen(releaser) < QUEUE_NAME_SIZE) {
		memcpy(a->job.releaser, releaser, strlen(releaser) + 1);
		return true;
	}
	control_fail(a->reply, "a releaser has a name of 1 to %d bytes", QUEUE_NAME_SIZE - 1);
	return false;
}

/* Who acted and, where it is no person's address, for whom. */
static int
entry_make(struct acting *a)
{
	char operator[24];
	struct audit_event e = { .event = a->job.event, .time_s = a->job.now_ms / 1000,
		.action = span_of(a->act->action), .permitted = true,
		.role = SPAN("operator"), .status = a->act->status,
		.reason = span_of(a->act->reason) };

	snprintf(operator, sizeof(operator), "uid:%u", control_uid(a->reply));
	e.operator = span_of(operator);
	if (a->act->kind == QUEUE_ACT_RELEASE && strchr(a->job.releaser, '@') == NULL)
		e.target = span_of(a->job.releaser);
	return audit_entry(&a->arena, &e, NULL, &a->entry);
}

static const struct act *
act_find(const json_t *request)
{
	const char *command = control_string(request, "command", "");
	size_t i = 0;

	while (strcmp(acts[i].command, command) != 0)	/* it led here */
		i++;
	return &acts[i];
}

void
handlers_act(struct control_reply *r, const json_t *request, void *arg)
{
	char event[QUEUE_EVENT_SIZE];
	struct timespec now;
	struct acting *a;

	if (!handlers_event(r, request, event))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	a = xcalloc(1, sizeof(*a));
	a->act = act_find(request);
	a->h = arg;
	a->reply = r;
	a->job = (struct queue_act){ .job = { .done = act_done, .arg = a },
		.kind = a->act->kind,
		.in = (enum queue_state)queue_state_find(span_of(control_string(request,
		    "state", ""))), .entry = &a->entry,
		.now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		.give_up_s = (int64_t)now.tv_sec + a->h->settings->limits.deliver_age_s };
	memcpy(a->job.event, event, sizeof(event));
	a->job.budget = (struct queue_budget){ a->h->settings->limits.answers_per_sender,
		a->h->settings->limits.answers_per_thread };
	if (a->act->kind == QUEUE_ACT_REFUSE)
		snprintf(a->job.reason, sizeof(a->job.reason), "%s", a->act->reason);
	if (!releaser_get(a, request)) {
		acting_free(a);
	} else if (entry_make(a) != 0) {
		control_fail(r, "%s cannot be audited, so it is not done", event);
		acting_free(a);
	} else {
		queue_act(a->h->store, &a->job);
	}
}
