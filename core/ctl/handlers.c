/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine answers on its control socket: status and queue.  The
 * store is asked by jobs, so every answer comes later. */
#include "ctl/handlers.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/handlers_act.h"
#include "ctl/handlers_audit.h"
#include "ctl/handlers_state.h"

/* One request while the store works on it. */
struct asking {
	union {
		struct queue_counts counts;
		struct queue_list list;
		struct queue_load load;
	} job;
	struct arena arena;
	const struct handlers *h;
	struct control_reply *reply;
};

static struct asking *
asking_new(struct control_reply *r, void *arg)
{
	struct asking *a = xcalloc(1, sizeof(*a));

	a->h = arg;
	a->reply = r;
	return a;
}

static void
asking_free(struct asking *a)
{
	arena_free(&a->arena);
	free(a);
}

static json_t *
text_json(const char *s)
{
	json_t *text = s == NULL ? json_null() : json_string(s);

	return text == NULL ? json_string("(not UTF-8)") : text;
}

static json_t *
time_json(int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	char text[32];
	struct tm tm;

	if (unix_s <= 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static bool
is_waiting(enum queue_target_state s)
{
	return s == QUEUE_WAITING || s == QUEUE_PAUSED;
}

/* It waits for its integration: as long as that is not well, that is why. */
static bool
is_kept(const struct handlers *h, const struct queue_item *q, const struct queue_target *t,
    struct handlers_wait *w)
{
	return h->wait != NULL && is_waiting(t->state) &&
	    (q->state == QUEUE_ACTIVE || q->state == QUEUE_DEFERRED) &&
	    h->wait(t->stage, q->route, w, h->arg);
}

static json_t *
target_json(const struct handlers *h, const struct queue_item *q, const struct queue_target *t)
{
	struct handlers_wait w = { .state = NULL };
	bool kept = is_kept(h, q, t, &w), paused = kept && strcmp(w.state, "paused") == 0;
	int64_t due_s = t->due_ms / 1000 > w.until_s ? t->due_ms / 1000 : w.until_s;
	json_t *o = json_object();

	json_object_set_new(o, "stage", text_json(t->stage));
	json_object_set_new(o, "state", text_json(paused ? "paused" :
	    queue_target_state_name(t->state)));
	json_object_set_new(o, "integration", text_json(kept ? w.state : NULL));
	json_object_set_new(o, "attempts", json_integer(t->attempt));
	json_object_set_new(o, "due", is_waiting(t->state) && (!kept || w.until_s > 0) ?
	    time_json(due_s) : json_null());
	json_object_set_new(o, "give_up", time_json(t->give_up_s));
	json_object_set_new(o, "code", json_integer(t->code));
	json_object_set_new(o, "reason", text_json(kept ? w.reason : t->reason));
	json_object_set_new(o, "resource_id", text_json(t->resource_id));
	return o;
}

/* Every target with something to be done waits for its integration. */
static bool
is_deferred(const struct handlers *h, const struct queue_item *q)
{
	struct handlers_wait w;
	bool kept = false;

	for (size_t i = 0; i < q->target_count; i++) {
		if (q->targets[i].state == QUEUE_CALLING ||
		    (is_waiting(q->targets[i].state) && !is_kept(h, q, &q->targets[i], &w)))
			return false;
		kept = kept || is_waiting(q->targets[i].state);
	}
	return kept;
}

/* What its sender was told, or is to be. */
static json_t *
answer_json(const struct handlers *h, const struct queue_item *q,
    const struct queue_target *t)
{
	json_t *o = target_json(h, q, t);

	json_object_set_new(o, "outcome", text_json(queue_answer_name(t->action)));
	return o;
}

static json_t *
item_json(const struct handlers *h, const struct queue_item *q)
{
	json_t *o = json_object(), *targets = json_array(), *releasers = json_array();
	json_t *answers = json_array();

	for (size_t i = 0; i < q->target_count; i++)
		json_array_append_new(targets, target_json(h, q, &q->targets[i]));
	for (size_t i = 0; i < q->answer_count; i++)
		json_array_append_new(answers, answer_json(h, q, &q->answers[i]));
	for (size_t i = 0; i < q->releaser_count; i++)
		json_array_append_new(releasers, text_json(q->releasers[i]));
	json_object_set_new(o, "id", json_integer((json_int_t)q->id));
	json_object_set_new(o, "event", text_json(q->event));
	json_object_set_new(o, "state", text_json(queue_state_name(
	    q->state == QUEUE_ACTIVE && is_deferred(h, q) ? QUEUE_DEFERRED : q->state)));
	json_object_set_new(o, "route", text_json(q->route));
	json_object_set_new(o, "accepted", time_json(q->accepted_s));
	json_object_set_new(o, "retain_until", time_json(q->retain_until_s));
	json_object_set_new(o, "size", json_integer((json_int_t)q->size));
	json_object_set_new(o, "answer_seen", json_boolean(q->seen));
	json_object_set_new(o, "releasers", releasers);
	json_object_set_new(o, "hold_until", time_json(q->hold_until_s));
	json_object_set_new(o, "targets", targets);
	json_object_set_new(o, "answers", answers);
	return o;
}

/* status */

static json_t *
room_json(const struct handlers *h)
{
	static const char *const words[] = {
		[STORE_ROOM] = "enough", [STORE_NO_INTAKE] = "no intake",
		[STORE_NO_ATTEMPTS] = "no intake, no attempts",
	};

	return json_string(words[store_room(h->store, h->settings->limits.disk_reserve_bytes)]);
}

static json_t *
warnings_json(const struct handlers *h)
{
	const char *trouble = h->publisher == NULL ? NULL : publisher_trouble(h->publisher);
	const struct settings *s = h->settings;
	json_t *list = json_array();

	if (trouble != NULL)
		json_array_append_new(list, json_sprintf("audit: %s", trouble));

	for (size_t i = 0; i < s->listener_count; i++) {
		const struct setting_listener *l = &s->listeners[i];

		if (l->host != NULL && l->tls != TLS_REQUIRED)
			json_array_append_new(list, json_sprintf("listen \"%s\": tls = %s: mail "
			    "may come in the clear", l->address,
			    l->tls == TLS_NONE ? "none" : "offered"));
	}
	return list;
}

static json_t *
audit_json(const struct handlers *h)
{
	struct buf key = { 0 };
	json_t *o = json_object();

	if (h->key->name[0] != '\0')
		note_key_format(h->key, &key);
	json_object_set_new(o, "records", json_integer((json_int_t)store_leaves(h->store)));
	json_object_set_new(o, "key", key.len == 0 ? json_null() : json_string(buf_string(&key)));
	if (h->publisher != NULL) {
		struct checkpoint last = publisher_last(h->publisher);

		json_object_set_new(o, "signed_records", json_integer((json_int_t)last.head.size));
		json_object_set_new(o, "signed", time_json(last.time_s));
	}
	buf_free(&key);
	return o;
}

static void
status_done(struct store_job *job)
{
	struct asking *a = job->arg;
	const struct queue_counts *c = &a->job.counts;
	json_t *o = json_object(), *queue = json_object();
	json_t *more = a->h->status == NULL ? NULL : a->h->status(a->h->arg);

	for (int s = QUEUE_ACTIVE; s <= QUEUE_ERASING; s++)
		json_object_set_new(queue, queue_state_name((enum queue_state)s),
		    json_integer((json_int_t)c->of[s]));
	json_object_set_new(queue, "oldest", time_json(c->oldest_s));
	json_object_set_new(o, "queue", queue);
	json_object_set_new(o, "audit", audit_json(a->h));
	json_object_set_new(o, "disk", room_json(a->h));
	json_object_set_new(o, "warnings", warnings_json(a->h));
	if (more != NULL)
		json_object_update_missing(o, more);
	json_decref(more);
	control_add(a->reply, o);
	control_done(a->reply);
	asking_free(a);
}

static void
status_handle(struct control_reply *r, const json_t *request, void *arg)
{
	struct asking *a = asking_new(r, arg);

	(void)request;
	a->job.counts.job = (struct store_job){ .done = status_done, .arg = a };
	queue_counts(a->h->store, &a->job.counts);
}

/* queue */

static void
list_done(struct store_job *job)
{
	struct asking *a = job->arg;

	for (size_t i = 0; i < a->job.list.count; i++)
		control_add(a->reply, item_json(a->h, &a->job.list.items[i]));
	control_done(a->reply);
	asking_free(a);
}

static void
list_handle(struct control_reply *r, const json_t *request, void *arg)
{
	const char *state = control_string(request, "state", "");
	int64_t max = control_int(request, "max", QUEUE_LIST_MAX);
	struct asking *a;
	int number = *state == '\0' ? 0 : queue_state_find(span_of(state));

	if (*state != '\0' && number == 0) {
		control_fail(r, "no such state: %s (active, deferred, held, dead, done, "
		    "refused, erasing)", state);
		return;
	}
	a = asking_new(r, arg);
	a->job.list = (struct queue_list){ .job = { .done = list_done, .arg = a },
		.arena = &a->arena, .state = (enum queue_state)number,
		.after = (uint64_t)control_int(request, "after", 0),
		.max = max < 1 || max > QUEUE_LIST_MAX ? QUEUE_LIST_MAX : (size_t)max };
	queue_list(a->h->store, &a->job.list);
}

bool
handlers_event(struct control_reply *r, const json_t *request, char out[QUEUE_EVENT_SIZE])
{
	const char *event = control_string(request, "event", "");

	if (*event != '\0' && strlen(event) < QUEUE_EVENT_SIZE) {
		memcpy(out, event, strlen(event) + 1);
		return true;
	}
	control_fail(r, "%s is not an event: they look like evt_ and 26 letters", event);
	return false;
}

static void
show_done(struct store_job *job)
{
	struct asking *a = job->arg;

	if (a->job.load.error == ENOENT) {
		control_fail(a->reply, "%s is not in the queue", a->job.load.event);
	} else if (a->job.load.error != 0) {
		control_fail(a->reply, "%s is damaged", a->job.load.event);
	} else {
		control_add(a->reply, item_json(a->h, &a->job.load.item));
		control_done(a->reply);
	}
	queue_load_fini(&a->job.load);
	asking_free(a);
}

static void
show_handle(struct control_reply *r, const json_t *request, void *arg)
{
	char event[QUEUE_EVENT_SIZE];
	struct asking *a;

	if (!handlers_event(r, request, event))
		return;
	a = asking_new(r, arg);
	a->job.load = (struct queue_load){ .job = { .done = show_done, .arg = a },
		.arena = &a->arena };
	memcpy(a->job.load.event, event, sizeof(event));
	queue_load(a->h->store, &a->job.load);
}

static void
reload_handle(struct control_reply *r, const json_t *request, void *arg)
{
	const struct handlers *h = arg;

	(void)request;
	if (h->reload == NULL)
		control_fail(r, "nothing is in force that could be reloaded");
	else
		h->reload(r, h->arg);
}

static void
probe_handle(struct control_reply *r, const json_t *request, void *arg)
{
	const struct handlers *h = arg;

	if (h->probe == NULL)
		control_fail(r, "nothing runs here that could be probed");
	else
		h->probe(r, request, h->arg);
}

const struct control_command handlers_table[] = {
	{ "status", status_handle },
	{ "reload", reload_handle },
	{ "probe", probe_handle },
	{ "queue.list", list_handle },
	{ "queue.show", show_handle },
	{ "queue.retry", handlers_act },
	{ "queue.release", handlers_act },
	{ "queue.refuse", handlers_act },
	{ "queue.discard", handlers_act },
	{ "queue.replay", handlers_act },
	{ "queue.pause", handlers_pause },
	{ "queue.resume", handlers_pause },
	{ "backup.begin", handlers_backup_begin },
	{ "backup.end", handlers_backup_end },
	{ "keys.status", handlers_keys_status },
	{ "keys.backup", handlers_keys_backup },
	{ "audit.list", handlers_audit_list },
	{ "audit.show", handlers_audit_show },
	{ "audit.export", handlers_audit_export },
	{ "audit.prove", handlers_audit_prove },
	{ "audit.growth", handlers_audit_growth },
	{ "audit.checkpoint", handlers_audit_checkpoint },
	{ "explain", handlers_explain },
	{ NULL, NULL },
};
