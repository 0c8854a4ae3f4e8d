/* SPDX-License-Identifier: BSD-2-Clause */
/* Acts on the state as a whole, and the state of the keys. */
#include "ctl/handlers_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/leaf.h"
#include "base/log.h"
#include "pipeline/mail.h"
#include "queue/pause.h"
#include "store/copy.h"
#include "store/shard.h"

/* One request while the store works on it. */
struct work {
	struct queue_pause pause;
	struct queue_record record;
	struct queue_slots slots;
	struct store_copy copy;
	struct store_job removal;
	struct arena arena;
	const struct handlers *h;
	struct control_reply *reply;
	struct journal_entry entry;
	json_t *answer;
};

static bool copying;		/* one at a time */

static struct work *
work_new(struct control_reply *r, void *arg)
{
	struct work *w = xcalloc(1, sizeof(*w));

	w->h = arg;
	w->reply = r;
	return w;
}

static void
work_free(struct work *w)
{
	json_decref(w->answer);
	arena_free(&w->arena);
	free(w);
}

static void
work_done(struct work *w)
{
	if (w->answer != NULL)
		control_add(w->reply, json_incref(w->answer));
	control_done(w->reply);
	work_free(w);
}

/* An event of its own for what concerns no single mail. */
static void
entry_make(struct work *w, const char *action, const char *reason)
{
	struct audit_event e = { .time_s = (int64_t)time(NULL), .action = span_of(action),
		.permitted = true, .role = SPAN("operator"), .status = AUDIT_SUCCESS,
		.reason = span_of(reason) };
	char event[40], operator[24];

	event_make(event);
	snprintf(operator, sizeof(operator), "uid:%u", control_uid(w->reply));
	e.event = arena_string(&w->arena, span_of(event));
	e.operator = span_of(operator);
	if (audit_entry(&w->arena, &e, NULL, &w->entry) != 0)
		log_panic("an audit entry of %s cannot be made", action);
}

/* queue pause, queue resume */

static void
paused(struct store_job *job)
{
	struct work *w = job->arg;

	w->h->pause(w->pause.pause, w->h->arg);
	w->answer = json_pack("{s:b, s:b}", "paused", w->pause.pause, "changed", w->pause.changed);
	work_done(w);
}

void
handlers_pause(struct control_reply *r, const json_t *request, void *arg)
{
	bool pause = strcmp(control_string(request, "command", ""), "queue.pause") == 0;
	const struct handlers *h = arg;
	struct work *w;

	if (!h->settled(h->arg)) {
		control_fail(r, "the state is still being looked through: try again");
		return;
	}
	if (*control_string(request, "stage", "") != '\0') {
		h->integration_pause(r, request, h->arg);
		return;
	}
	w = work_new(r, arg);
	entry_make(w, pause ? "mailtri.pause" : "mailtri.resume",
	    pause ? "operator.pause" : "operator.resume");
	w->pause = (struct queue_pause){ .pause = pause, .entry = &w->entry,
		.job = { .done = paused, .arg = w } };
	queue_pause(w->h->store, &w->pause);
}

/* backup */

static void
copied(struct store_job *job)
{
	struct work *w = job->arg;

	if (!w->copy.over) {
		store_copy(w->h->store, &w->copy);
		return;
	}
	copying = false;
	if (w->copy.error != 0) {
		control_fail(w->reply, "the databases cannot be copied: %s", w->copy.error == ENOSPC ?
		    "there is no room for a second copy of them in state_dir" :
		    strerror(w->copy.error));
		work_free(w);
		return;
	}
	w->answer = json_pack("{s:I, s:I}", "records", (json_int_t)w->copy.records,
	    "slots", (json_int_t)w->copy.slots);
	work_done(w);
}

static void
backup_recorded(struct store_job *job)
{
	struct work *w = job->arg;

	w->copy.job = (struct store_job){ .done = copied, .arg = w };
	store_copy(w->h->store, &w->copy);
}

void
handlers_backup_begin(struct control_reply *r, const json_t *request, void *arg)
{
	const struct handlers *h = arg;
	struct work *w;

	(void)request;
	if (copying || !h->settled(h->arg)) {
		control_fail(r, copying ? "another backup is being made" :
		    "the state is still being looked through: try again");
		return;
	}
	copying = true;
	w = work_new(r, arg);
	entry_make(w, "mailtri.backup", "operator.backup");
	w->record = (struct queue_record){ .now_s = w->entry.time_s, .entries = &w->entry,
		.entry_count = 1, .job = { .done = backup_recorded, .arg = w } };
	queue_record(h->store, &w->record);
}

static void
removed(struct store_job *job)
{
	copying = false;
	work_done(job->arg);
}

void
handlers_backup_end(struct control_reply *r, const json_t *request, void *arg)
{
	struct work *w;

	(void)request;
	if (copying) {
		control_fail(r, "a backup is being made");
		return;
	}
	copying = true;
	w = work_new(r, arg);
	w->removal = (struct store_job){ .done = removed, .arg = w };
	store_copy_remove(w->h->store, &w->removal);
}

/* keys */

static void
keys_told(const struct handlers_keys *k, void *arg)
{
	struct work *w = arg;
	const char *root = w->h->settings->root_key;

	if (k == NULL) {
		control_fail(w->reply, "the role keys cannot be asked now");
		work_free(w);
		return;
	}
	w->answer = json_pack("{s:s, s:i, s:s, s:i, s:I, s:I, s:I, s:I, s:s, s:o, s:o}",
	    "root_id", k->root, "root_version", (int)k->root_version,
	    "root_key", root != NULL ? root : "keys/root", "generation", (int)k->generation,
	    "slots", (json_int_t)k->next_slot,
	    "shards", (json_int_t)((k->next_slot + SHARD_SLOTS - 1) / SHARD_SLOTS),
	    "in_use", (json_int_t)w->slots.live, "erasing", (json_int_t)w->slots.erasing,
	    "log", k->log, "signed", k->signed_size > INT64_MAX ? json_null() :
	    json_integer((json_int_t)k->signed_size),
	    "kept_until", w->slots.until_s == 0 ? json_null() :
	    json_integer((json_int_t)w->slots.until_s));
	work_done(w);
}

static void
slots_counted(struct store_job *job)
{
	struct work *w = job->arg;

	w->h->keys(keys_told, w, w->h->arg);
}

static void
slots_count_begin(struct work *w)
{
	w->slots = (struct queue_slots){ .job = { .done = slots_counted, .arg = w } };
	queue_slots(w->h->store, &w->slots);
}

void
handlers_keys_status(struct control_reply *r, const json_t *request, void *arg)
{
	(void)request;
	slots_count_begin(work_new(r, arg));
}

static void
keys_recorded(struct store_job *job)
{
	slots_count_begin(job->arg);
}

/* mailtrictl copies the files, which are no use to anybody without the root
 * key; here it is written down that it does. */
void
handlers_keys_backup(struct control_reply *r, const json_t *request, void *arg)
{
	struct work *w = work_new(r, arg);

	(void)request;
	entry_make(w, "mailtri.keys.backup", "operator.backup");
	w->record = (struct queue_record){ .now_s = w->entry.time_s, .entries = &w->entry,
		.entry_count = 1, .job = { .done = keys_recorded, .arg = w } };
	queue_record(w->h->store, &w->record);
}
