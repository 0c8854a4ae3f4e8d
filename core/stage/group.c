/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening the stages of one group. */
#include "stage/group.h"

#include "base/log.h"
#include "stage/host.h"
#include "stage/reach.h"

/* A file that is open outlives every lock. */
static void
member_check_open(const struct member *m, const struct reach_open *open)
{
	int fd = reach_left(open);

	if (fd >= 0)
		log_fatal("stage %s left descriptor %d open: what it opens while it starts it "
		    "must close before its open() returns", m->setting->name, fd);
}

/* Once more, of the options of each route, and this time with the secrets. */
static void
member_check(const struct member *m)
{
	const struct mt_stage *s = &m->loaded.stage;
	struct mt_result why = { .size = sizeof(why) };

	for (size_t i = 0; s->check != NULL && i < m->setting->option_sets; i++) {
		const char *route = m->setting->options[i].route;

		host_set_conf(&m->confs[i]);
		if (s->check(host_services(), &m->confs[i], &why) == 0 &&
		    why.verdict == MT_CONTINUE)
			continue;
		why.text[sizeof(why.text) - 1] = '\0';
		log_fatal("stage %s cannot start%s%s: %s", m->setting->name,
		    route == NULL ? "" : " for route ", route == NULL ? "" : route, why.text);
	}
}

static void
member_open(struct group *g, struct member *m, const struct reach_open *open)
{
	struct mt_result why = { .size = sizeof(why) };
	char text[LOADER_WHY_MAX];

	if (loader_open(m->setting->path, &g->arena, &m->loaded, text) != 0)
		log_fatal("%s", text);
	m->confs = arena_alloc(&g->arena, m->setting->option_sets * sizeof(*m->confs));
	for (size_t i = 0; i < m->setting->option_sets; i++)
		m->confs[i] = options_conf(m->setting, m->setting->options[i].route,
		    g->secrets);
	member_check(m);
	host_set_conf(&m->confs[0]);
	if (m->loaded.stage.open(host_services(), &m->confs[0], &m->ctx, &why) != 0) {
		why.text[sizeof(why.text) - 1] = '\0';
		log_fatal("stage %s cannot start: %s", m->setting->name, why.text);
	}
	host_set_conf(NULL);
	member_check_open(m, open);
}

/* From here on no foreign code runs unlocked. */
static void
loading_lock(const struct group *g)
{
	struct sandbox_grant grant = { 0 };

	reach_libraries(&grant, g->settings->stage_dir, NULL);
	for (size_t i = 0; i < g->count; i++) {
		sandbox_grant_path(&grant, g->members[i].setting->path, false);
		reach_files(&grant, g->members[i].setting);
		reach_authorities(&grant, g->members[i].setting);
	}
	sandbox_lock(SANDBOX_LOADING, &grant);
}

void
group_lock(const struct group *g, enum sandbox_role role)
{
	const struct setting_limits *limits = &g->settings->limits;
	struct sandbox_grant grant = {
		.memory = 8 * limits->message_bytes + limits->inflight_bytes,
		.maps = 4 * limits->inflight_bytes };

	for (size_t i = 0; i < g->count; i++) {
		grant.needs |= g->members[i].setting->descriptor.needs;
		reach_files(&grant, g->members[i].setting);
	}
	sandbox_lock(role, &grant);
}

void
group_open(struct group *g, const char *name, const struct settings *settings,
    const struct secrets *secrets)
{
	struct reach_open open;

	*g = (struct group){ .name = name, .settings = settings, .secrets = secrets };
	g->members = arena_alloc(&g->arena, settings->stage_count * sizeof(*g->members));
	for (uint32_t i = 0; i < settings->stage_count; i++) {
		const struct setting_stage *s = &settings->stages[i];

		if (strcmp(s->group, name) != 0)
			continue;
		g->members[g->count++] = (struct member){ .index = i, .setting = s };
	}
	if (g->count == 0)
		log_fatal("no stage belongs to the group %s", name);
	loading_lock(g);
	reach_note(&open);
	for (size_t i = 0; i < g->count; i++)
		member_open(g, &g->members[i], &open);
}

const struct member *
group_member(const struct group *g, uint32_t index)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].index == index)
			return &g->members[i];
	return NULL;
}

const struct mt_conf *
member_conf(const struct member *m, struct mt_span route)
{
	for (size_t i = 1; i < m->setting->option_sets; i++)
		if (m->setting->options[i].route != NULL &&
		    span_is(route, m->setting->options[i].route))
			return &m->confs[i];
	return &m->confs[0];
}
