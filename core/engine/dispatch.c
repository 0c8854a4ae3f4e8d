/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is due is carried out: load, open, parse, commit the attempt, call
 * the stage, commit the outcome.  A crash anywhere in between is found by
 * the next start, which tells the stage to read back first.
 */
#include "engine/integrations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/proto.h"
#include "pipeline/report.h"
#include "queue/answer.h"
#include "queue/schedule.h"

enum { DISPATCH_MAX = 32, DISPATCH_DEADLINE_MS = 120000,
	WAIT_MIN_MS = 500, WAIT_MAX_MS = 60000 };

/* One target of one message on its way out. */
struct attempt {
	struct attempt *next;
	struct dispatch *dispatch;
	struct arena arena;
	struct queue_item item;
	struct queue_target target;
	struct queue_load load;
	struct queue_begin begin;
	struct queue_finish finish;
	struct queue_act act;
	struct slot slot;
	struct buf head, raw;
	struct message message;
	struct mail_bytes bytes, view;
	struct journal_entry entry;
	struct buf told;	/* sealed: what its sender is told of the outcome */
	struct request request;
	struct generation *generation;	/* it is carried out by */
	uint32_t stage;		/* index in its settings */
	const char *unparsed;	/* why there is no view, a reason; or NULL */
	struct integrated *integrated;	/* it goes to */
	uint32_t era;		/* of that, as it began */
	uint32_t id;
};

struct dispatch {
	struct engine *engine;
	struct attempt *attempts;	/* in flight */
	size_t count;
	struct timer timer;
	struct queue_due due;
	struct arena due_arena;
	bool asking, again;
	char stray[QUEUE_NAME_SIZE];	/* what was warned of */
	uint32_t last_id;
};

static void
attempt_free(struct attempt *a)
{
	struct dispatch *d = a->dispatch;

	for (struct attempt **at = &d->attempts; *at != NULL; at = &(*at)->next)
		if (*at == a) {
			*at = a->next;
			d->count--;
			break;
		}
	queue_load_fini(&a->load);
	integrated_end(a->integrated);
	a->generation->attempts--;
	generation_look(a->generation);
	explicit_bzero(&a->slot, sizeof(a->slot));
	buf_wipe(&a->head);
	buf_wipe(&a->raw);
	buf_free(&a->told);
	mail_bytes_free(&a->bytes);
	mail_bytes_free(&a->view);
	arena_free(&a->message.arena);
	arena_free(&a->arena);
	free(a);
	dispatch_wake(d);
}

static void
acted(struct store_job *job)
{
	struct attempt *a = job->arg;

	engine_committed(a->dispatch->engine);
	if (a->act.error == 0 && a->target.action > 0)
		log_error("event=%s cannot be opened: %s; its sender is not told that it is %s",
		    a->item.event, a->act.reason, queue_answer_name(a->target.action));
	else if (a->act.error == 0)	/* else it was discarded meanwhile */
		log_error("event=%s cannot be opened: %s; it is dead, restore it from a backup",
		    a->item.event, a->act.reason);
	attempt_free(a);
}

/* A row whose slot or bytes fail is damage: dead and said aloud.  Where it is an
 * answer, its message may be done for long: the answer alone ends. */
static void
damage(struct attempt *a, const char *reason)
{
	struct audit_event event = { .event = a->item.event, .time_s = now_s(),
		.action = SPAN("mailtri.damage"), .status = AUDIT_FAILED,
		.stage = span_of(a->target.action > 0 ? a->target.stage : ""),
		.reason = span_of(reason) };

	if (audit_entry(&a->arena, &event, NULL, &a->entry) != 0)
		log_panic("an audit entry of %s cannot be made", a->item.event);
	a->act = (struct queue_act){ .action = a->target.action, .now_ms = now_ms(),
		.kind = a->target.action > 0 ? QUEUE_ACT_UNTOLD : QUEUE_ACT_DAMAGE,
		.entry = &a->entry, .job = { .done = acted, .arg = a } };
	snprintf(a->act.event, sizeof(a->act.event), "%s", a->item.event);
	snprintf(a->act.reason, sizeof(a->act.reason), "%s", reason);
	queue_act(a->dispatch->engine->store, &a->act);
}

static void
event_of(struct attempt *a, enum audit_status status, struct audit_event *out)
{
	const struct message *m = &a->message;

	*out = (struct audit_event){ .event = a->item.event, .time_s = now_s(),
		.email = m->email.len > 0 ? m->email : m->envelope.sender,
		.ip = m->envelope.client, .verified = m->email.len > 0,
		.action = m->intent.verb, .target = m->intent.target,
		.intent = m->intent.route, .intent_known = true,
		.parameters = m->intent.params, .permitted = true,
		.role = m->role, .policy = m->policy, .status = status,
		.stage = span_of(a->target.stage), .attempt = a->begin.attempt };
	if (a->target.action > 0)
		out->action = SPAN("mailtri.answer");
}

static void
entry_make(struct attempt *a, const struct audit_event *event)
{
	if (audit_entry(&a->arena, event, &a->slot, &a->entry) != 0)
		log_panic("an audit entry of %s cannot be made", a->item.event);
}

static void
finished(struct store_job *job)
{
	struct attempt *a = job->arg;

	engine_committed(a->dispatch->engine);
	log_info("dispatch event=%s stage=%s attempt=%u outcome=%s reason=%s resource=%s",
	    a->item.event, a->target.stage, a->begin.attempt,
	    queue_target_state_name(a->finish.outcome), a->finish.reason,
	    a->finish.resource_id);
	if (a->target.action > 0 && a->finish.outcome == QUEUE_FAILED)
		log_warning("event=%s its sender could not be told that it is %s", a->item.event,
		    queue_answer_name(a->target.action));
	attempt_free(a);
}

static void
lines_log(const struct attempt *a, const struct line *lines)
{
	for (const struct line *l = lines; l != NULL; l = l->next) {
		char quoted[1100];

		log_at((enum log_level)(l->level & 3), "%s: %s event=%s", a->target.stage,
		    log_quote(quoted, sizeof(quoted), l->text), a->item.event);
	}
}

static void
finish(struct attempt *a, const struct mt_delivery *delivery)
{
	static const enum audit_status statuses[] = {
		[QUEUE_WAITING] = AUDIT_DEFERRED, [QUEUE_DELIVERED] = AUDIT_SUCCESS,
		[QUEUE_DUPLICATE] = AUDIT_DUPLICATE, [QUEUE_PAUSED] = AUDIT_DEFERRED,
		[QUEUE_FAILED] = AUDIT_FAILED,
	};
	const struct setting_limits *limits = &a->generation->settings->limits;
	struct schedule schedule = { limits->retry_min_s, limits->retry_max_s };
	struct queue_finish *q = &a->finish;
	struct audit_event event;

	if (a->integrated->it.state == INTEGRATION_PAUSED)
		a->target.give_up_s = INT64_MAX;	/* no mail is dead for a pause */
	if (!a->unparsed)
		integrated_outcome(a->integrated, a->era, delivery);
	a->target.attempt = a->begin.attempt;
	*q = (struct queue_finish){ .action = a->target.action, .now_ms = now_ms(),
		.code = delivery->code, .entry = &a->entry,
		.job = { .done = finished, .arg = a } };
	q->outcome = schedule_decide(&schedule, &a->target, delivery, q->now_ms, &q->due_ms);
	snprintf(q->event, sizeof(q->event), "%s", a->item.event);
	snprintf(q->stage, sizeof(q->stage), "%s", a->target.stage);
	snprintf(q->reason, sizeof(q->reason), "%s", delivery->reason);
	snprintf(q->resource_id, sizeof(q->resource_id), "%s", delivery->resource_id);
	q->budget = answer_budget(a->generation->settings);
	if (a->load.context.answers && a->target.action == 0)
		answer_seal(&a->slot, &a->target, delivery, &a->told);
	q->told = buf_span(&a->told);
	event_of(a, statuses[q->outcome], &event);
	event.reason = span_of(delivery->reason);
	event.resource_id = span_of(delivery->resource_id);
	event.detail = span_of(delivery->text);
	entry_make(a, &event);
	queue_finish(a->dispatch->engine->store, q);
}

static void
delivered(struct request *r, struct frame *f)
{
	struct attempt *a = r->arg;
	struct unpack u = unpack_of(f->body);
	struct delivery d;

	if (delivery_unpack(&u, &a->arena, &d) != 0) {
		d = (struct delivery){ .returned = -1 };
		log_error("worker-net gave an outcome that cannot be read");
	}
	if (d.returned != 0) {
		d.value.status = MT_RETRY;
		if (d.value.reason[0] == '\0')
			snprintf(d.value.reason, sizeof(d.value.reason), "host.stage.failed");
	}
	lines_log(a, d.lines);
	finish(a, &d.value);
}

static void
retry(struct attempt *a, const char *reason, const char *text)
{
	struct mt_delivery d = { .size = sizeof(d), .status = MT_RETRY };

	snprintf(d.reason, sizeof(d.reason), "%s", reason);
	snprintf(d.text, sizeof(d.text), "%s", text);
	finish(a, &d);
}

/* The worker died with the call out: nobody knows what the target did. */
static void
lost(struct request *r, const char *why)
{
	(void)why;
	retry(r->arg, "host.stage.died",
	    "the worker died during the call; the next attempt reads back");
}

static void
deliver_send(struct request *r, struct channel *c)
{
	struct attempt *a = r->arg;
	struct answers none = { .head = NULL };
	const struct queue_context *context = &a->load.context;
	char key[2 * HASH_SIZE + 1], thread_key[2 * HASH_SIZE + 1];
	struct facts facts = a->message.facts;
	struct call call = { .phase = PHASE_DELIVER, .now = now_s(),
		.remaining_ms = DISPATCH_DEADLINE_MS, .stages = { a->stage },
		.stage_count = 1, .event = span_of(a->item.event),
		.envelope = a->message.envelope, .intent = a->message.intent,
		.attempt = a->begin.attempt, .facts = &facts,
		.answers = &none, .raw = a->bytes.span, .raw_fd = a->bytes.fd,
		.view = a->view.span, .view_fd = a->view.fd };
	struct call_fds fds;
	struct buf b = { 0 };

	hash_hex(a->target.key, HASH_SIZE, key);
	call.key = span_of(key);
	if (context->thread_event[0] != '\0') {
		hash_hex(context->thread_key, HASH_SIZE, thread_key);
		call.thread = (struct call_thread){ span_of(context->thread_event),
			span_of(thread_key), span_of(context->thread_resource) };
	}
	if (a->target.action > 0)
		answer_facts(a->dispatch->engine, &(struct answer_call){ &a->load, &a->slot,
		    a->generation->settings, &a->message.facts, &a->arena }, &facts);
	if (call_pack(&b, &call, &fds) != 0)
		log_panic("out of descriptors");
	channel_send(c, PROTO_DELIVER, r->id, buf_span(&b), fds.fd, fds.count);
	call_fds_close(&fds);
	buf_free(&b);
}

static void
begun(struct store_job *job)
{
	struct attempt *a = job->arg;
	struct engine *e = a->dispatch->engine;

	engine_committed(e);
	if (!a->begin.begun) {
		attempt_free(a);
		return;
	}
	a->target.give_up_s = a->begin.end_s;
	if (a->unparsed != NULL) {
		retry(a, a->unparsed, "there is no parsed view of the mail");
		return;
	}
	a->request = (struct request){ .id = a->id, .deadline_ms = DISPATCH_DEADLINE_MS,
		.send = deliver_send, .reply = delivered, .lost = lost, .arg = a };
	pool_submit(generation_pool(a->generation, "worker-net",
	    a->generation->settings->stages[a->stage].group), &a->request);
}

static void
begin(struct attempt *a)
{
	struct queue_begin *q = &a->begin;
	struct audit_event event;

	*q = (struct queue_begin){ .action = a->target.action, .now_ms = now_ms(),
		.entry = &a->entry, .attempt = a->target.attempt + 1,
		.job = { .done = begun, .arg = a } };
	q->give_up_s = now_s() + (a->target.action > 0 ? ANSWER_GIVE_UP_S :
	    a->generation->settings->limits.deliver_age_s);
	snprintf(q->event, sizeof(q->event), "%s", a->item.event);
	snprintf(q->stage, sizeof(q->stage), "%s", a->target.stage);
	event_of(a, AUDIT_DEFERRED, &event);
	event.reason = SPAN("dispatch.attempt");
	entry_make(a, &event);
	queue_begin(a->dispatch->engine->store, q);
}

/* Not its fault, or not surely: an attempt that failed, so that one which
 * the parser can never read ends up dead and not in a circle.  Its bytes are
 * whole; this parser may want memory, another version may read them. */
static void
parse_failed(struct attempt *a, const char *reason, const char *why)
{
	log_error("event=%s was not parsed: %s: %s; the next attempt tries again",
	    a->item.event, reason, why);
	a->unparsed = reason;
	begin(a);
}

static void
parsed(struct request *r, struct frame *f)
{
	struct attempt *a = r->arg;
	struct unpack u = unpack_of(f->body);
	bool ok = unpack_u8(&u) == 1;
	struct mt_span why = unpack_span(&u);
	struct view view;
	char quoted[128];

	if (!ok)
		parse_failed(a, "host.parser.refused", log_quote(quoted, sizeof(quoted), why));
	else if (mail_bytes_take(&u, f, &a->view) != 0 ||
	    view_open(&view, a->view.span, a->bytes.span) != 0)
		parse_failed(a, "host.parser.failed", "its answer cannot be read");
	else
		begin(a);
}

static void
parse_lost(struct request *r, const char *why)
{
	parse_failed(r->arg, "host.parser.failed", why);
}

static void
parse_send(struct request *r, struct channel *c)
{
	struct attempt *a = r->arg;
	struct buf b = { 0 };

	if (a->bytes.fd >= 0)
		bytes_pack_fd(&b, a->bytes.span.len);
	else
		bytes_pack(&b, a->bytes.span);
	channel_send(c, PROTO_PARSE, r->id, buf_span(&b), &a->bytes.fd, a->bytes.fd >= 0);
	buf_free(&b);
}

static void
opened(const struct slot *slot, void *arg)
{
	struct attempt *a = arg;

	if (slot == NULL) {
		damage(a, "host.key.gone");
		return;
	}
	a->slot = *slot;
	if (queue_unseal(&a->load, slot, &a->head, &a->raw) != 0 ||
	    message_unpack(buf_span(&a->head), &a->message) != 0) {
		damage(a, "host.body.damaged");
		return;
	}
	a->bytes = (struct mail_bytes){ .span = buf_span(&a->raw), .fd = -1 };
	if (a->raw.len > FRAME_INLINE_MAX) {
		a->bytes.fd = bytes_memfd(a->bytes.span);
		if (a->bytes.fd < 0)
			log_panic("out of descriptors");
	}
	a->request = (struct request){ .id = a->id, .deadline_ms = DISPATCH_DEADLINE_MS / 4,
		.send = parse_send, .reply = parsed, .lost = parse_lost, .arg = a };
	pool_submit(a->generation->pipeline.parser, &a->request);
}

static void
loaded(struct store_job *job)
{
	struct attempt *a = job->arg;

	if (a->load.error == ENOENT)
		attempt_free(a);
	else if (a->load.error != 0)
		damage(a, "host.body.damaged");
	else
		keyring_open(a->dispatch->engine->keyring, a->load.item.slot,
		    a->load.item.generation, opened, a);
}

static uint32_t
stage_index(const struct settings *s, const char *name)
{
	uint32_t i = 0;

	while (i < s->stage_count && strcmp(s->stages[i].name, name) != 0)
		i++;
	return i;
}

static bool
in_flight(const struct dispatch *d, const struct queue_target *t)
{
	for (const struct attempt *a = d->attempts; a != NULL; a = a->next)
		if (strcmp(a->item.event, t->event) == 0 &&
		    strcmp(a->target.stage, t->stage) == 0)
			return true;
	return false;
}

static void
attempt_start(struct dispatch *d, const struct queue_item *item)
{
	struct engine *e = d->engine;
	uint32_t stage = stage_index(e->current->settings, item->targets[0].stage);
	struct integrated *i = integrations_find(e->integrations, item->targets[0].stage,
	    item->route);
	struct attempt *a;

	if (i == NULL || !integrated_has_room(i, d->count >= DISPATCH_MAX) ||
	    in_flight(d, &item->targets[0]))
		return;
	a = xcalloc(1, sizeof(*a));
	a->dispatch = d;
	a->generation = e->current;
	a->generation->attempts++;
	a->id = UINT32_MAX - d->last_id++ % (UINT32_MAX / 2);	/* mails count up */
	a->item = *item;
	a->target = item->targets[0];
	a->stage = stage;
	a->integrated = i;
	a->era = integrated_begin(i);
	a->bytes.fd = a->view.fd = -1;
	a->next = d->attempts;
	d->attempts = a;
	d->count++;
	a->load = (struct queue_load){ .arena = &a->arena, .content = true,
		.action = a->target.action, .job = { .done = loaded, .arg = a } };
	snprintf(a->load.event, sizeof(a->load.event), "%s", item->event);
	snprintf(a->load.stage, sizeof(a->load.stage), "%s", a->target.stage);
	queue_load(e->store, &a->load);
}

static void
stray_warn(struct dispatch *d)
{
	if (d->due.stray[0] != '\0' && strcmp(d->stray, d->due.stray) != 0)
		log_warning("mail waits for the stage %s, which is not configured", d->due.stray);
	memcpy(d->stray, d->due.stray, sizeof(d->stray));
}

static void
due_known(struct store_job *job)
{
	struct dispatch *d = job->arg;
	int64_t next = d->due.next_ms, wait, freed;

	d->asking = false;
	stray_warn(d);
	for (size_t i = 0; i < d->due.count; i++)
		attempt_start(d, &d->due.items[i]);
	for (size_t i = 0; i < d->due.expired_count; i++)
		expire_held(d->engine, d->due.expired[i]);
	arena_reset(&d->due_arena);
	if (d->again) {
		d->again = false;
		dispatch_wake(d);
	} else {
		/* Seen from when it was asked: what came free since was not. */
		freed = integrations_due(d->engine->integrations, d->due.now_ms);
		next = freed < next ? freed : next;
		wait = next == INT64_MAX ? WAIT_MAX_MS : next - now_ms();
		timer_set(d->engine->loop, &d->timer, wait < WAIT_MIN_MS ? WAIT_MIN_MS :
		    wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait);
	}
}

/* Something may be due.  One question at a time; the rest is asked after. */
void
dispatch_wake(struct dispatch *d)
{
	struct engine *e = d->engine;

	if (!e->recovered || e->paused || e->check || !integrations_ready(e->integrations))
		return;
	if (d->asking) {
		d->again = true;
		return;
	}
	if (store_room(e->store, e->current->settings->limits.disk_reserve_bytes) == STORE_NO_ATTEMPTS) {
		timer_set(e->loop, &d->timer, 5000);
		return;
	}
	d->asking = true;
	d->due = (struct queue_due){ .arena = &d->due_arena, .now_ms = now_ms(),
		.job = { .done = due_known, .arg = d } };
	d->due.lanes = integrations_lanes(e->integrations, &d->due_arena,
	    d->count >= DISPATCH_MAX, &d->due.lane_count);
	queue_due(e->store, &d->due);
}

static void
timer_wake(struct timer *t)
{
	dispatch_wake(t->arg);
}

struct dispatch *
dispatch_new(struct engine *e)
{
	struct dispatch *d = xcalloc(1, sizeof(*d));

	d->engine = e;
	d->timer = (struct timer){ .fn = timer_wake, .arg = d };
	return d;
}
