/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl conf: the configuration in force, and what it could say. */
#include <string.h>

#include "conf/print.h"
#include "ctl/command.h"
#include "ctl/connections.h"

struct conf_options {
	bool defaults, changed, connections;
};

static const struct option_row conf_rows[] = {
	{ "defaults", 'd', OPTION_FLAG, offsetof(struct conf_options, defaults), NULL,
	    "every option with its default and what it means" },
	{ "changed", 'n', OPTION_FLAG, offsetof(struct conf_options, changed), NULL,
	    "what differs from the default" },
	{ "connections", 0, OPTION_FLAG, offsetof(struct conf_options, connections), NULL,
	    "every peer this configuration can ever reach, and who can reach us" },
	{ .name = NULL },
};

static void
connection_json(const struct context *c, const struct connection *o)
{
	json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s}", "kind",
	    o->in ? "listener" : "peer", "role", o->role, "protocol", o->protocol, "host",
	    o->host, "addresses", o->addresses, "why", o->why);

	json_object_set_new(line, "port", o->port == 0 ? json_null() : json_integer(o->port));
	command_json(c, line);
	json_decref(line);
}

/* Peers, or those who may come in. */
static void
connections_print(struct context *c, const struct connections *cs, bool in)
{
	static const char *const headings[] = { "ROLE", "PROTOCOL", "HOST", "PORT", "ADDRESSES",
		"WHY" };
	struct table table;

	table_init(&table, &c->arena, headings, sizeof(headings) / sizeof(headings[0]));
	for (size_t i = 0; i < cs->count; i++) {
		const struct connection *o = &cs->list[i];
		struct cell row[] = { { o->role, TERM_PLAIN }, { o->protocol, TERM_PLAIN },
			{ term_text(&c->arena, span_of(o->host)), TERM_BOLD },
			{ o->port == 0 ? NULL : arena_printf(&c->arena, "%u", o->port), TERM_PLAIN },
			{ o->addresses, TERM_PLAIN },
			{ term_text(&c->arena, span_of(o->why)), TERM_DIM } };

		if (o->in == in)
			table_add(&table, row);
	}
	term_title(&c->term, in ? "Who can reach us" : "Whom we can reach");
	table_print(&table, &c->term);
}

static int
connections_run(struct context *c, const struct settings *s)
{
	struct connections cs;
	int error = connections_list(&cs, &c->arena, s, CONNECTIONS_RESOLV_CONF);

	for (size_t i = 0; c->json && i < cs.count; i++)
		connection_json(c, &cs.list[i]);
	if (!c->json) {
		connections_print(c, &cs, false);
		connections_print(c, &cs, true);
	}
	if (error == 0)
		return COMMAND_DONE;
	command_error(CONNECTIONS_RESOLV_CONF ": %s: whom the resolver asks is not known; say so "
	    "in resolver.nameservers", strerror(error));
	return COMMAND_FAILED;
}

static int
conf_run(struct context *c)
{
	const struct conf_options *o = c->own;
	const struct settings *s;
	enum print_what what = o->defaults ? PRINT_DEFAULTS :
	    o->changed ? PRINT_CHANGED : PRINT_ALL;

	if (o->defaults + o->changed + o->connections > 1) {
		command_error("conf -d, -n or --connections, one of them");
		return COMMAND_USAGE;
	}
	s = context_settings(c);
	if (s == NULL)
		return COMMAND_FAILED;
	if (o->connections)
		return connections_run(c, s);
	if (c->json)
		print_settings_json(c->term.out, s, what);
	else
		print_settings(c->term.out, s, what);
	print_tls_warnings(stderr, s);
	return COMMAND_DONE;
}

const struct command conf_commands[] = {
	{ "conf", NULL, NULL, "the configuration in force; -d defaults, -n changes, --connections peers", conf_rows,
	    sizeof(struct conf_options), 0, 0, conf_run },
	{ .name = NULL },
};
