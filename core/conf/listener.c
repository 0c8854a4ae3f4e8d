/* SPDX-License-Identifier: BSD-2-Clause */
/* Listen sections: places, protocols, unix sockets, upstreams. */
#include "conf/listener.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "conf/network.h"
#include "conf/value.h"

enum { SOCKET_PATH_MAX = 100, SMTP_PORT = 25 };	/* of 108 in sun_path */

static unsigned
line_of(const struct listener_source *src, const char *name)
{
	const struct entry *e = file_entry(src->section, name);

	return e != NULL ? e->lines[0] : src->section->line;
}

#define REPORT(src, kind, name, ...) \
	problems_add((src)->problems, kind, (struct place){ (src)->settings->file, NULL, \
	    line_of((src), (name)) }, __VA_ARGS__)
#define ERROR(src, name, ...) REPORT(src, PROBLEM_ERROR, name, __VA_ARGS__)

/* "unix:/path", or a numeric address and port. */
static int
place_parse(const struct listener_source *src, struct setting_listener *l)
{
	const char *title = src->section->title;
	struct value_target address;

	l->address = title;
	if (strncmp(title, "unix:/", 6) == 0)
		return strlen(title + 5) < SOCKET_PATH_MAX ? 0 : EINVAL;
	if (value_parse_address(&src->settings->arena, title, &address) != 0)
		return EINVAL;
	l->host = address.host;
	l->port = address.port;
	return 0;
}

static void
tls_finish(const struct listener_source *src, struct setting_listener *l)
{
	if (l->host == NULL && file_entry(src->section, "tls") == NULL)
		l->tls = TLS_NONE;
	if (l->tls != TLS_NONE && src->settings->tls_count == 0)
		ERROR(src, "tls", "listener %s needs a certificate: "
		    "set certificate and key in a tls section", l->address);
	if (l->host != NULL && l->tls != TLS_REQUIRED)
		REPORT(src, PROBLEM_WARNING, "tls", "listener %s takes mail without "
		    "TLS (tls = %s): anybody on the way can read and change it",
		    l->address, l->tls == TLS_NONE ? "none" : "offered");
}

static bool
is_mode(const char *text)
{
	size_t digits = strspn(text, "01234567");

	return digits >= 3 && digits <= 4 && text[digits] == '\0' &&
	    (digits == 3 || text[0] == '0');
}

static void
socket_finish(const struct listener_source *src, const struct setting_listener *l)
{
	const struct { const char *name, *value; } options[] = {
		{ "mode", l->mode }, { "owner", l->owner }, { "group", l->group },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (l->host != NULL && options[i].value != NULL)
			ERROR(src, options[i].name, "%s is for a unix socket, which %s "
			    "is not: remove it", options[i].name, l->address);
	if (l->host == NULL && l->xclient_count + l->xforward_count == 0)
		REPORT(src, PROBLEM_WARNING, "", "listener %s has no upstream: its clients "
		    "have no address, and what is judged by one gets 451: set xforward or "
		    "xclient to { \"unix\" }", l->address);
	if (l->mode != NULL && !is_mode(l->mode))
		ERROR(src, "mode", "mode is \"%.16s\", but must be three octal digits, "
		    "such as \"0660\"", l->mode);
	if (l->owner != NULL && getpwnam(l->owner) == NULL)
		ERROR(src, "owner", "owner is \"%.64s\", whom this machine does not "
		    "know: add a system user of that name", l->owner);
	if (l->group != NULL && getgrnam(l->group) == NULL)
		ERROR(src, "group", "group is \"%.64s\", which this machine does not "
		    "know: add a system group of that name", l->group);
}

/* An entry that could never match would only look like trust. */
static void
upstreams_finish(const struct listener_source *src, const struct setting_listener *l,
    const char *name)
{
	const struct entry *e = file_entry(src->section, name);

	for (size_t i = 0; e != NULL && i < e->text.count; i++) {
		const char *text = e->text.texts[i];
		struct network network;
		int error = network_parse(text, &network);

		if (strcmp(text, "unix") == 0 && l->host == NULL)
			continue;
		if (l->host == NULL)
			ERROR(src, name, "%s has \"%.64s\": whoever reaches a unix "
			    "socket is named \"unix\"", name, text);
		else if (error == ERANGE)
			ERROR(src, name, "%s has \"%.64s\": everybody could claim to be "
			    "anybody; name the upstream alone", name, text);
		else if (error != 0)
			ERROR(src, name, "%s has \"%.64s\", which is no address or "
			    "network such as \"192.0.2.1\" or \"2001:db8::/64\"",
			    name, text);
	}
}

void
listener_finish(const struct listener_source *src, struct setting_listener *l)
{
	if (place_parse(src, l) != 0)
		ERROR(src, "", "listen \"%.64s\" is no place to listen at: write "
		    "\"0.0.0.0:25\", \"[::]:25\" or \"unix:/path\"", l->address);
	if (l->protocol == PROTOCOL_LMTP && l->port == SMTP_PORT)
		ERROR(src, "protocol", "listener %s speaks LMTP on the port of SMTP: "
		    "choose another port, such as 24 (RFC 2033 section 5)", l->address);
	tls_finish(src, l);
	socket_finish(src, l);
	upstreams_finish(src, l, "xclient");
	upstreams_finish(src, l, "xforward");
}
