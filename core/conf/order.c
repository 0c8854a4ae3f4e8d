/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of stages against what they read and write. */
#include "conf/order.h"

struct order {
	const struct settings *settings;
	const struct place *places;
	struct problems *problems;
};

static bool
is_deliverer(const struct setting_stage *s)
{
	return (s->descriptor.callbacks & DESCRIPTOR_DELIVER) != 0;
}

static void
check_kind(const struct order *o, size_t i)
{
	const struct setting_stage *s = &o->settings->stages[i];
	bool piped = i < o->settings->pipeline_count;

	if (piped && is_deliverer(s))
		problems_add(o->problems, PROBLEM_ERROR, o->places[i], "it delivers "
		    "and checks nothing: take it out of pipeline and name it in "
		    "a route's deliver");
	if (!piped && !is_deliverer(s))
		problems_add(o->problems, PROBLEM_ERROR, o->places[i], "it checks "
		    "and delivers nothing: take it out of deliver and name it in "
		    "pipeline");
}

/* The stage of the pipeline that writes a fact, SIZE_MAX: none. */
static size_t
writer_find(const struct settings *s, const char *key, size_t from)
{
	for (size_t i = from; i < s->pipeline_count; i++)
		if (descriptor_writes(&s->stages[i].descriptor, key) != NULL)
			return i;
	return SIZE_MAX;
}

/* A fact of the message phase cannot be read while only the envelope is known. */
static bool
is_too_early(const struct setting_stage *reader, const struct setting_stage *writer)
{
	return (reader->descriptor.callbacks &
	    (DESCRIPTOR_MESSAGE | DESCRIPTOR_DELIVER)) == 0 &&
	    (writer->descriptor.callbacks & DESCRIPTOR_ENVELOPE) == 0;
}

static void
check_read(const struct order *o, size_t i, const struct mt_fact_decl *read)
{
	const struct settings *s = o->settings;
	enum problem_level level = (read->flags & MT_REQUIRED) != 0 ?
	    PROBLEM_ERROR : PROBLEM_WARNING;
	size_t writer = writer_find(s, read->key, 0);

	if (writer == SIZE_MAX && level == PROBLEM_ERROR)
		problems_add(o->problems, level, o->places[i], "it needs the fact "
		    "%s, which no stage of pipeline writes: add the stage that "
		    "does", read->key);
	else if (writer != SIZE_MAX && writer >= i)
		problems_add(o->problems, level, o->places[i], "it reads the fact "
		    "%s, which %s writes later: put %s before it", read->key,
		    s->stages[writer].name, s->stages[writer].name);
	else if (writer != SIZE_MAX && is_too_early(&s->stages[i], &s->stages[writer]))
		problems_add(o->problems, level, o->places[i], "it reads the fact "
		    "%s at RCPT, %s writes it after DATA: they cannot work "
		    "together", read->key, s->stages[writer].name);
}

static void
check_facts(const struct order *o, size_t i)
{
	const struct settings *s = o->settings;
	const struct descriptor *d = &s->stages[i].descriptor;

	for (size_t j = 0; j < d->read_count; j++)
		check_read(o, i, &d->reads[j]);
	for (size_t j = 0; j < d->write_count && i < s->pipeline_count; j++) {
		size_t first = writer_find(s, d->writes[j].key, 0);

		if (first >= i)
			continue;
		problems_add(o->problems, PROBLEM_ERROR, o->places[i], "it writes "
		    "the fact %s, as %s does: a fact has one writer; remove one "
		    "of the two", d->writes[j].key, s->stages[first].name);
		return;
	}
}

static void
check_group(const struct order *o, size_t i)
{
	const struct setting_stage *s = o->settings->stages;

	for (size_t j = 0; j < i; j++)
		if (strcmp(s[i].group, s[j].group) == 0 &&
		    is_deliverer(&s[i]) != is_deliverer(&s[j])) {
			problems_add(o->problems, PROBLEM_ERROR, o->places[i],
			    "group %s has %s, too: stages that check and stages "
			    "that deliver cannot share a process; choose another "
			    "group", s[i].group, s[j].name);
			return;
		}
}

void
order_check(const struct settings *s, const struct place *places,
    struct problems *problems)
{
	struct order o = { s, places, problems };

	for (size_t i = 0; i < s->stage_count; i++) {
		check_kind(&o, i);
		check_facts(&o, i);
		check_group(&o, i);
	}
}
