/* SPDX-License-Identifier: BSD-2-Clause */
/* The look-up: one question for all names, and what each of them is. */
#include "lookup.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "markdown.h"

static json_t *
labels_filter(const struct wish *w)
{
	json_t *any = json_array();

	for (size_t i = 0; i < w->label_count; i++)
		json_array_append_new(any, json_pack("{s:{s:s}}", "name", "eqIgnoreCase",
		    w->labels[i].text));
	return json_pack("{s:o}", "or", any);
}

static const char *
or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

int
lookup_ask(struct run *r, const struct wish *w, const char *team, const struct answer **a)
{
	const char *assignee = w->one[WISH_ASSIGNEE].text, *project = w->one[WISH_PROJECT].text;
	const char *state = w->one[WISH_STATE].text;

	return run_ask(r, &query_lookup, json_pack(
	    "{s:s, s:o, s:b, s:s, s:b, s:s, s:b, s:s, s:b}", "team", team,
	    "labels", labels_filter(w), "withLabels", w->label_count > 0,
	    "assignee", or_empty(assignee), "withAssignee", assignee != NULL,
	    "project", or_empty(project), "withProject", project != NULL,
	    "state", or_empty(state), "withState", state != NULL), a);
}

/* ---- one name in its list ---- */

enum match { MATCH_NONE, MATCH_ONE, MATCH_MANY };

static const char *
string_of(json_t *node, const char *key)
{
	return json_string_value(json_object_get(node, key));
}

static int
is_user(json_t *node, const char *name)
{
	(void)name;
	return json_is_true(json_object_get(node, "active"));
}

static int
is_anyone(json_t *node, const char *name)
{
	(void)node;
	(void)name;
	return 1;
}

/* The one that is spelt exactly so (by the key), or the only one. */
static enum match
node_find(json_t *nodes, const char *name, const char *key,
    int (*fits)(json_t *, const char *), const char **id)
{
	size_t i, found = 0, exact = 0;
	json_t *node;

	json_array_foreach(nodes, i, node) {
		const char *its = string_of(node, key);
		int same = its != NULL && strcasecmp(its, name) == 0;

		if (!fits(node, name) || string_of(node, "id") == NULL)
			continue;
		found++;
		if (same && exact++ > 0)
			return MATCH_MANY;
		if (same || found == 1)
			*id = string_of(node, "id");
	}
	if (exact == 1 || found == 1)
		return MATCH_ONE;
	return found == 0 ? MATCH_NONE : MATCH_MANY;
}

/* A label of the team, or of the workspace; a group cannot be put on an
 * issue. */
static enum match
label_find(json_t *nodes, const char *name, const char *team, const char **id)
{
	size_t i;
	json_t *node;
	enum match found = MATCH_NONE;

	json_array_foreach(nodes, i, node) {
		const char *of = string_of(json_object_get(node, "team"), "id");
		const char *its = string_of(node, "name");
		int same = its != NULL && strcmp(its, name) == 0;

		if (its == NULL || strcasecmp(its, name) != 0 ||
		    string_of(node, "id") == NULL ||
		    json_is_true(json_object_get(node, "isGroup")) ||
		    (of != NULL && strcmp(of, team) != 0))
			continue;
		if (found == MATCH_NONE || same)
			*id = string_of(node, "id");
		found = MATCH_ONE;
		if (same)
			break;
	}
	return found;
}

/* ---- all of them ---- */

struct reading {
	const struct run *run;
	struct lookup *lookup;
	int fails;		/* on_unknown */
	const char *wrong;
};

static void
note(struct reading *m, const char *what, const char *name, enum match match)
{
	struct text *t = &m->lookup->missing;

	if (t->len > 0)
		text_add(t, ", ");
	text_add(t, match == MATCH_MANY ? "one " : "");
	text_add(t, what);
	text_add(t, " \"");
	markdown_add(t, (struct mt_span){ name, strlen(name) });
	text_add(t, "\"");
}

static void
missing(struct reading *m, const char *what, const struct wish_name *name, enum match match)
{
	const char *how = match == MATCH_MANY ? "more than one" : "no";

	if (m->wrong != NULL)
		return;
	if (!name->by_mail)
		m->wrong = run_printf(m->run, "Linear has %s %s \"%.100s\"; see the options of "
		    "this stage", how, what, name->text);
	else if (m->fails)
		m->wrong = run_printf(m->run, "there is %s %s \"%.100s\"; correct the mail, "
		    "or leave it out", how, what, name->text);
	else
		note(m, what, name->text, match);
}

static void
one_read(struct reading *m, const struct answer *a, const struct wish *w, enum wish_noun noun)
{
	static const struct {
		const char *what, *path, *key;
		int (*fits)(json_t *, const char *);
	} rows[] = {
		[WISH_STATE] = { "state", "workflowStates/nodes", "name", is_anyone },
		[WISH_ASSIGNEE] = { "active user", "users/nodes", "email", is_user },
		[WISH_PROJECT] = { "project", "projects/nodes", "name", is_anyone },
	};
	const struct wish_name *name = &w->one[noun];
	const char **id = noun == WISH_STATE ? &m->lookup->state :
	    noun == WISH_PROJECT ? &m->lookup->project : &m->lookup->assignee;
	enum match match;

	if (name->text == NULL)
		return;
	match = node_find(answer_find(a, rows[noun].path), name->text, rows[noun].key,
	    rows[noun].fits, id);
	if (match == MATCH_ONE)
		return;
	*id = NULL;
	m->lookup->noun = m->wrong == NULL ? noun : m->lookup->noun;
	missing(m, rows[noun].what, name, match);
}

static void
labels_read(struct reading *m, const struct answer *a, const struct wish *w)
{
	json_t *nodes = answer_find(a, "issueLabels/nodes");

	for (size_t i = 0; i < w->label_count; i++) {
		const char *id = NULL;

		if (label_find(nodes, w->labels[i].text, m->lookup->team, &id) == MATCH_ONE) {
			m->lookup->labels[m->lookup->label_count++] = id;
			continue;
		}
		m->lookup->noun = m->wrong == NULL ? WISH_LABEL : m->lookup->noun;
		missing(m, "label", &w->labels[i], MATCH_NONE);
	}
}

const char *
lookup_read(const struct run *r, const struct wish *w, const struct answer *a,
    struct lookup *l)
{
	struct reading m = { .run = r, .lookup = l,
		.fails = strcmp(r->host->conf_str(r->conf, "on_unknown"), "fail") == 0 };
	struct wish_name refused = { .text = w->refused_team, .by_mail = 1 };

	*l = (struct lookup){ .missing = { .cap = LOOKUP_MISSING_MAX },
		.team = answer_string(a, "teams/nodes/0/id") };
	l->missing.ptr = r->host->alloc(r->msg, LOOKUP_MISSING_MAX);
	if (l->team == NULL) {
		if (w->one[WISH_TEAM].text != NULL)
			missing(&m, "team", &w->one[WISH_TEAM], MATCH_NONE);
		return m.wrong != NULL ? m.wrong : "Linear does not show the issue's team";
	}
	if (refused.text != NULL)
		missing(&m, "team", &refused, MATCH_NONE);
	labels_read(&m, a, w);
	one_read(&m, a, w, WISH_ASSIGNEE);
	one_read(&m, a, w, WISH_PROJECT);
	one_read(&m, a, w, WISH_STATE);
	return m.wrong;
}

static void
id_set(json_t *input, const char *field, const char *id)
{
	if (id != NULL)
		json_object_set_new(input, field, json_string(id));
}

void
lookup_fill(const struct lookup *l, const struct wish *w, const char *label_field,
    json_t *input)
{
	json_t *labels = json_array();
	int priority = wish_priority(w);

	for (size_t i = 0; i < l->label_count; i++)
		json_array_append_new(labels, json_string(l->labels[i]));
	if (l->label_count > 0)
		json_object_set(input, label_field, labels);
	json_decref(labels);
	id_set(input, "assigneeId", l->assignee);
	id_set(input, "projectId", l->project);
	id_set(input, "stateId", l->state);
	id_set(input, "dueDate", w->one[WISH_DUE].text);
	if (priority >= 0)
		json_object_set_new(input, "priority", json_integer(priority));
}
