/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mail to a capability address (queue/capability.h): at RCPT the store says
 * whom it was given to and at which route; after judgement the mail must be
 * from that person.  And our own mail coming back.
 */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "queue/capability.h"

struct asked_person {
	struct queue_person person;
	struct engine *engine;
	struct mail *mail;
	struct arena arena;
	struct capability capability;
};

static struct mt_span
domain_of(struct mt_span address)
{
	const char *at = memrchr(address.ptr, '@', address.len);

	return at == NULL ? span_make("", 0) :
	    span_make(at + 1, address.len - (size_t)(at + 1 - address.ptr));
}

static bool
is_our_domain(const struct settings *s, struct mt_span domain)
{
	for (size_t i = 0; i < s->route_count; i++)
		if (span_equal_nocase(domain_of(span_of(s->routes[i].address)), domain))
			return true;
	return false;
}

static void
refuse(struct mail *m, uint16_t code, const char *reason, const char *text)
{
	m->verdict = verdict_host(code, code < 500 ? "4.3.0" : "5.1.1", reason, text);
	m->verdict.phase = PHASE_ENVELOPE;
}

/* Whoever forged one learns nothing of which events there are. */
static void
known(struct store_job *job)
{
	struct asked_person *a = job->arg;
	struct mail *m = a->mail;
	const struct setting_route *route = a->person.found ?
	    settings_route(m->pipeline->settings, span_of(a->person.route)) : NULL;

	memcpy(a->capability.person, a->person.person, HASH_SIZE);
	if (route != NULL && span_equal_nocase(a->capability.domain,
	    domain_of(span_of(route->address))) && capability_is_ours(
	    a->engine->installation_key, &a->capability, m->envelope.rcpt)) {
		m->is_reply = true;
		memcpy(m->reply_event, a->person.event, sizeof(m->reply_event));
		memcpy(m->reply_person, a->person.person, sizeof(m->reply_person));
		mail_set_route(m, route);
	} else {
		refuse(m, 550, "reply.unknown", "this address to reply to is not known, or no "
		    "longer; write to the address you wrote to first");
	}
	m->committing = false;
	arena_free(&a->arena);
	intake_recipient(a->engine, m);
	free(a);
}

bool
reply_ask(struct engine *e, struct mail *m)
{
	struct capability c;
	struct asked_person *a;

	if (capability_parse(m->envelope.rcpt, &c) != 0 ||
	    !is_our_domain(m->pipeline->settings, c.domain))
		return false;
	if (c.until_s <= m->now)
		refuse(m, 550, "reply.expired", "this address to reply to has expired; write to "
		    "the address you wrote to first");
	else if (!e->has_key)
		refuse(m, 451, "host.keys", "no key is at hand to know the address by; try again later");
	if (m->verdict.code >= 400)
		return false;
	a = xcalloc(1, sizeof(*a));
	*a = (struct asked_person){ .engine = e, .mail = m, .capability = c };
	a->person = (struct queue_person){ .arena = &a->arena, .job = { .done = known, .arg = a } };
	memcpy(a->person.event, c.event, sizeof(a->person.event));
	m->committing = true;	/* the store has it: nobody else ends it */
	queue_person(e->store, &a->person);
	return true;
}

bool
reply_person(struct engine *e, const struct mail *m, uint8_t person[HASH_SIZE])
{
	const struct fact *from = facts_find(&m->facts, "auth.from");

	if (!record_proven(NULL, m))
		return false;
	capability_person(e->installation_key, from->value.text, person);
	return true;
}

bool
reply_is_allowed(struct engine *e, const struct mail *m)
{
	uint8_t person[HASH_SIZE];

	return !m->is_reply || (reply_person(e, m, person) &&
	    memcmp(person, m->reply_person, HASH_SIZE) == 0);
}

bool
reply_is_own(void *arg, const struct mail *m)
{
	const struct engine *e = ((struct generation *)arg)->engine;
	struct view_field f;

	for (uint32_t i = 0; e->has_key && view_field(&m->view, i, &f) == 0; i++)
		if (span_is_nocase(f.name, "Mailtri-Mark") &&
		    capability_mark_is_ours(e->installation_key, f.value))
			return true;
	return false;
}
