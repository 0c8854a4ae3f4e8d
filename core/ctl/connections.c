/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers of a configuration: name servers, targets, the account's libc. */
#include "ctl/connections.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/dial.h"

enum { DNS_PORT = 53, LINE_MAX_BYTES = 1024 };

static void
add(struct connections *cs, const struct connection *c)
{
	struct connection *list = arena_alloc(cs->arena, (cs->count + 1) * sizeof(*list));

	if (cs->count > 0)
		memcpy(list, cs->list, cs->count * sizeof(*list));
	list[cs->count++] = *c;
	cs->list = list;
}

/* "192.0.2.1" or "192.0.2.1@5353", checked when it was read. */
static void
nameserver_add(struct connections *cs, const char *text, const char *why)
{
	const char *at = strchr(text, '@');
	const char *host = at == NULL ? text :
	    arena_printf(cs->arena, "%.*s", (int)(at - text), text);

	add(cs, &(struct connection){ .role = "resolver", .protocol = "dns", .host = host,
		.port = at == NULL ? DNS_PORT : (uint16_t)strtoul(at + 1, NULL, 10),
		.addresses = host, .why = why });
}

/* The address of a "nameserver" line as libunbound reads it; NULL: another. */
static const char *
nameserver_line(struct connections *cs, const char *line)
{
	static const char word[] = "nameserver";
	size_t len = 0;

	line += strspn(line, " \t");
	if (strncmp(line, word, sizeof(word) - 1) != 0)
		return NULL;
	line += sizeof(word) - 1;
	line += strspn(line, " \t");
	while (isxdigit((unsigned char)line[len]) || line[len] == '.' || line[len] == ':')
		len++;
	return len == 0 ? NULL : arena_printf(cs->arena, "%.*s", (int)len, line);
}

static int
system_nameservers_add(struct connections *cs, const char *path)
{
	const char *why = arena_printf(cs->arena, "%s, as resolver.nameservers is unset", path);
	size_t before = cs->count;
	char line[LINE_MAX_BYTES];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return errno;
	while (fgets(line, sizeof(line), f) != NULL) {
		const char *host = nameserver_line(cs, line);

		if (host != NULL)
			nameserver_add(cs, host, why);
	}
	fclose(f);
	if (cs->count == before)
		nameserver_add(cs, "127.0.0.1",
		    arena_printf(cs->arena, "%s names no server: this machine's", path));
	return 0;
}

static int
nameservers_add(struct connections *cs, const struct settings *s, const char *resolv_conf)
{
	for (size_t i = 0; i < s->nameserver_count; i++)
		nameserver_add(cs, s->nameservers[i], "resolver.nameservers");
	return s->nameserver_count > 0 ? 0 : system_nameservers_add(cs, resolv_conf);
}

/* What the dialer allows: an address as it is, else the classes. */
static const char *
addresses_text(const struct dial_target *t)
{
	union dial_address a;
	enum dial_class class;

	if (t->address[0] == '\0')
		return t->private ? "public, private" : "public";
	if (dial_address_parse(t->address, t->port, &a) != 0)
		return "none";
	class = dial_address_classify(&a);
	return class == DIAL_PUBLIC || (class == DIAL_PRIVATE && t->private) ? t->address :
	    "none";
}

static bool
is_listed(const struct connections *cs, const struct connection *c)
{
	for (size_t i = 0; i < cs->count; i++) {
		const struct connection *o = &cs->list[i];

		if (o->port == c->port && o->addresses != NULL &&
		    strcmp(o->host, c->host) == 0 && strcmp(o->addresses, c->addresses) == 0 &&
		    strcmp(o->why, c->why) == 0)
			return true;
	}
	return false;
}

static void
targets_add(struct connections *cs, const struct settings *s)
{
	struct dial_targets targets;

	dial_targets_load(&targets, cs->arena, s);
	for (size_t i = 0; i < targets.count; i++) {
		const struct dial_target *t = &targets.list[i];
		const struct connection c = { .role = "resolver",
			.protocol = value_scheme_name(t->scheme), .host = t->host,
			.port = t->port, .addresses = addresses_text(t),
			.why = arena_printf(cs->arena, "%s.%s%s%s, for worker-net", t->stage,
			    t->option, t->route == NULL ? "" : " of route ",
			    t->route == NULL ? "" : t->route) };

		if (!is_listed(cs, &c))
			add(cs, &c);
	}
}

static void
unix_add(struct connections *cs, const char *host, const char *why)
{
	add(cs, &(struct connection){ .role = "mailtrid", .protocol = "unix", .host = host,
		.why = why });
}

static const char *
control_path(const struct connections *cs, const struct settings *s)
{
	return arena_printf(cs->arena, "%s/control", s->run_dir);
}

/* Of a listener without a host: "unix:/path". */
static const char *
socket_path(const struct setting_listener *l)
{
	return strchr(l->address, ':') + 1;
}

/* A path that is there may be a dead socket, or another mailtrid's. */
static void
probes_add(struct connections *cs, const struct settings *s)
{
	static const char why[] = "at start: does somebody still listen there?";

	unix_add(cs, control_path(cs, s), why);
	for (size_t i = 0; i < s->listener_count; i++)
		if (s->listeners[i].host == NULL)
			unix_add(cs, socket_path(&s->listeners[i]), why);
}

static void
listeners_add(struct connections *cs, const struct settings *s)
{
	for (size_t i = 0; i < s->listener_count; i++) {
		const struct setting_listener *l = &s->listeners[i];

		add(cs, &(struct connection){ .in = true, .role = "front",
			.protocol = l->protocol == PROTOCOL_LMTP ? "lmtp" : "smtp",
			.host = l->host == NULL ? socket_path(l) : l->host, .port = l->port,
			.addresses = l->host, .why = "listen" });
	}
	add(cs, &(struct connection){ .in = true, .role = "engine", .protocol = "unix",
		.host = control_path(cs, s), .why = "mailtrictl" });
}

int
connections_list(struct connections *cs, struct arena *arena, const struct settings *s,
    const char *resolv_conf)
{
	int error;

	*cs = (struct connections){ .arena = arena };
	error = nameservers_add(cs, s, resolv_conf);
	targets_add(cs, s);
	unix_add(cs, "$NOTIFY_SOCKET", "the service manager, where there is one");
	if (s->user != NULL)
		unix_add(cs, "/var/run/nscd/socket", "libc looks up `user' and groups; others only "
		    "where nsswitch.conf(5) says so");
	probes_add(cs, s);
	listeners_add(cs, s);
	return error;
}
