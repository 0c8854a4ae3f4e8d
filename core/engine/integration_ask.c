/* SPDX-License-Identifier: BSD-2-Clause */
/* What an operator asks of one integration: pause, resume, probe. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "engine/integrations.h"

struct pausing {
	struct queue_pause pause;
	struct arena arena;
	struct journal_entry entry;
	struct engine *engine;
	struct control_reply *reply;
	char stage[QUEUE_NAME_SIZE];
};

static void
paused(struct store_job *job)
{
	struct pausing *p = job->arg;
	struct integrations *all = p->engine->integrations;
	bool changed = p->pause.changed || p->pause.always;
	struct integrated *i = NULL;

	engine_committed(p->engine);
	integrations_operated(all, p->stage, p->pause.pause);
	while (!p->pause.pause && (i = integrations_next(all, i, p->stage)) != NULL) {
		integration_resume(&i->it);
		i->left = false;
	}
	if (!p->pause.pause && changed)
		integrations_wake(all, p->stage, false);
	if (changed)
		log_info("integration %s %s by an operator", p->stage,
		    p->pause.pause ? "is paused" : "goes on");
	control_add(p->reply, json_pack("{s:s,s:b,s:b}", "stage", p->stage, "paused",
	    p->pause.pause, "changed", changed));
	control_done(p->reply);
	dispatch_wake(p->engine->dispatch);
	arena_free(&p->arena);
	free(p);
}

static void
entry_make(struct pausing *p)
{
	char event[40], operator[24];
	bool pause = p->pause.pause;
	struct audit_event e = { .event = event, .time_s = now_s(),
		.action = pause ? SPAN("mailtri.integration.paused") :
		    SPAN("mailtri.integration.resumed"), .permitted = true,
		.role = SPAN("operator"), .status = AUDIT_SUCCESS, .target = span_of(p->stage),
		.reason = pause ? SPAN("operator.pause") : SPAN("operator.resume") };

	event_make(event);
	snprintf(operator, sizeof(operator), "uid:%u", control_uid(p->reply));
	e.operator = span_of(operator);
	if (audit_entry(&p->arena, &e, NULL, &p->entry) != 0)
		log_panic("an audit entry of %s cannot be made", p->stage);
}

void
integrations_pause(struct control_reply *r, const json_t *request, void *arg)
{
	const char *stage = control_string(request, "stage", "");
	struct engine *e = arg;
	struct integrated *i = integrations_next(e->integrations, NULL, stage);
	struct pausing *p;

	if (i == NULL || !integrations_ready(e->integrations)) {
		control_fail(r, i == NULL ? "no stage %s delivers: mailtrictl status has those "
		    "that do" : "%s: the state is still being looked through: try again", stage);
		return;
	}
	p = xcalloc(1, sizeof(*p));
	p->engine = e;
	p->reply = r;
	snprintf(p->stage, sizeof(p->stage), "%s", stage);
	p->pause = (struct queue_pause){ .stage = p->stage, .entry = &p->entry,
		.pause = strcmp(control_string(request, "command", ""), "queue.pause") == 0,
		.job = { .done = paused, .arg = p } };
	for (; i != NULL; i = integrations_next(e->integrations, i, stage))
		if (p->pause.pause)
			integration_pause(&i->it);
		else if (i->it.state == INTEGRATION_PAUSED)
			p->pause.always = true;
	entry_make(p);
	queue_pause(e->store, &p->pause);
}

/* ---- probe ---- */

struct probing {
	struct probe probe;
	struct generation *generation;
	struct control_reply *reply;
	char *route;
	int64_t begun_ms;
};

static const char *
result_of(enum probe_end end, const struct outcome *o)
{
	if (end != PROBE_ANSWERED || o == NULL || o->returned != 0 ||
	    o->result.verdict == MT_TEMPFAIL)
		return "unknown";
	return o->result.verdict == MT_CONTINUE ? "passed" : "refused";
}

static const char *
sentence_of(enum probe_end end, const struct outcome *o)
{
	if (end == PROBE_ASKS)
		return "its probe asks questions that only a mail gets answered";
	if (end == PROBE_LOST)
		return "no answer in the time the stage has (deadline), or its worker died";
	return o == NULL ? "its worker gave an answer that cannot be read" :
	    o->result.text[0] == '\0' && o->returned != 0 ? "its probe failed without a word" :
	    o->result.text;
}

/* Text from outside is shown as JSON, which has to be UTF-8. */
static json_t *
text_json(const char *s)
{
	json_t *text = json_string(s);

	return text != NULL ? text : json_string("(not UTF-8)");
}

static void
probed(struct probe *probe, enum probe_end end, const struct outcome *o)
{
	struct probing *p = probe->arg;
	struct generation *g = p->generation;
	struct engine *e = g->engine;
	const char *stage = g->settings->stages[probe->stage].name;
	struct integrated *i = integrations_find(e->integrations, stage,
	    p->route == NULL ? "" : p->route);

	control_add(p->reply, json_pack("{s:s,s:s?,s:s,s:o,s:o,s:I}", "stage", stage,
	    "route", p->route, "result", result_of(end, o),
	    "reason", text_json(o == NULL ? "" : o->result.reason),
	    "text", text_json(sentence_of(end, o)),
	    "ms", (json_int_t)(clock_ms() - p->begun_ms)));
	control_done(p->reply);
	if (i != NULL && end == PROBE_ANSWERED && probe_passed(o))
		integration_look(&i->it, now_ms());	/* no need to wait for the next */
	free(p->route);
	free(p);
	g->attempts--;
	generation_look(g);
	dispatch_wake(e->dispatch);
}

static const char *
probe_wrong(const struct settings *s, uint32_t index, const char *route)
{
	if (index == s->stage_count)
		return "there is no such stage: mailtrictl stages lists them";
	if ((s->stages[index].descriptor.callbacks & DESCRIPTOR_PROBE) == 0)
		return "the stage has no probe";
	if (route != NULL && settings_route(s, span_of(route)) == NULL)
		return "mailtri.conf has no such route";
	return NULL;
}

void
integrations_probe(struct control_reply *r, const json_t *request, void *arg)
{
	const char *stage = control_string(request, "stage", "");
	const char *route = control_string(request, "route", NULL), *wrong;
	struct generation *g = ((struct engine *)arg)->current;
	const struct settings *s = g->settings;
	struct probing *p;
	uint32_t index = 0;

	while (index < s->stage_count && strcmp(s->stages[index].name, stage) != 0)
		index++;
	wrong = probe_wrong(s, index, route);
	if (wrong != NULL) {
		control_fail(r, "%s: %s", stage, wrong);
		return;
	}
	p = xcalloc(1, sizeof(*p));
	p->generation = g;
	p->reply = r;
	p->route = route == NULL ? NULL : strdup(route);
	p->begun_ms = clock_ms();
	p->probe = (struct probe){ .stage = index, .route = p->route, .done = probed, .arg = p };
	g->attempts++;
	probe_start(&p->probe, g->pipeline.workers[index], ++g->engine->traffic.last_id,
	    s->stages[index].deadline_ms);
}
