/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtri.conf to settings: core sections, then stages, then all together. */
#include "conf/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/core.h"
#include "conf/domain.h"
#include "conf/file.h"
#include "conf/listener.h"
#include "conf/route.h"
#include "conf/secret.h"
#include "conf/stagefile.h"
#include "conf/wiring.h"

struct parse {
	struct settings *settings;
	struct arena *arena;
	struct problems *problems;
	struct file file;
};

static struct place
place_in(const struct parse *p, unsigned line)
{
	return (struct place){ p->settings->file, NULL, line };
}

static unsigned
line_of(const struct section *s, const char *name)
{
	const struct entry *e = s == NULL ? NULL : file_entry(s, name);

	return e != NULL ? e->lines[0] : s == NULL ? 0 : s->line;
}

#define ERROR(p, line, ...) \
	problems_add((p)->problems, PROBLEM_ERROR, place_in((p), (line)), __VA_ARGS__)

/* A section that is not in the file has every default. */
static void
section_store(struct parse *p, const struct core_row *rows,
    const struct section *s, void *object)
{
	for (const struct core_row *r = rows; r->option.name != NULL; r++) {
		const struct entry *e = s == NULL ? NULL : file_entry(s, r->option.name);
		struct value_parser parser = { .arena = p->arena };
		struct value_text text = { NULL, 0 };
		struct setting_value v;

		if (e != NULL)
			text = e->text;
		if (value_parse(&parser, &r->option, text, &v) != 0)
			ERROR(p, line_of(s, r->option.name), "%s", parser.why);
		else if ((r->option.flags & MT_REQUIRED) != 0 && v.list_count == 0)
			ERROR(p, line_of(s, r->option.name), "%s must be set: %s",
			    r->option.name, r->option.help);
		else if (r->kind != CORE_BY_HAND)
			core_store(r, &v, object);
	}
}

static const struct section *
section_find(const struct parse *p, const char *name)
{
	for (size_t i = 1; i < p->file.count; i++)
		if (strcmp(p->file.sections[i].name, name) == 0)
			return &p->file.sections[i];
	return NULL;
}

static size_t
section_count(const struct parse *p, const char *name)
{
	size_t n = 0;

	for (size_t i = 1; i < p->file.count; i++)
		n += strcmp(p->file.sections[i].name, name) == 0;
	return n;
}

static void
hostname_finish(struct parse *p, const struct section *top)
{
	struct settings *s = p->settings;
	char name[256] = "";

	if (s->hostname == NULL) {
		gethostname(name, sizeof(name) - 1);
		s->hostname = arena_string(p->arena, span_of(name));
	}
	if (!domain_is_valid(s->hostname))
		ERROR(p, line_of(top, "hostname"), "hostname is \"%.64s\", but must "
		    "be a domain name in ASCII", s->hostname);
	else if (strchr(s->hostname, '.') == NULL)
		problems_add(p->problems, PROBLEM_WARNING,
		    place_in(p, line_of(top, "hostname")), "hostname is \"%.64s\", "
		    "which is not fully qualified: set it to the name in your MX "
		    "record", s->hostname);
}

static void
top_finish(struct parse *p, const struct section *top)
{
	const struct settings *s = p->settings;
	const struct { const char *name, *value; } dirs[] = {
		{ "state_dir", s->state_dir }, { "run_dir", s->run_dir },
		{ "stage_dir", s->stage_dir }, { "libexec_dir", s->libexec_dir },
	};
	const char *libexec = getenv("MAILTRI_LIBEXEC");

	hostname_finish(p, top);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		if (dirs[i].value != NULL && *dirs[i].value != '/')
			ERROR(p, line_of(top, dirs[i].name), "%s must be an "
			    "absolute path", dirs[i].name);
	if (s->user != NULL && geteuid() == 0 && getpwnam(s->user) == NULL)
		ERROR(p, line_of(top, "user"), "user is \"%.64s\", whom this machine "
		    "does not know: add a system user of that name", s->user);
	if (libexec != NULL)
		p->settings->libexec_dir = arena_string(p->arena, span_of(libexec));
	if (s->root_key != NULL)
		stagefile_try_secret(p->problems,
		    place_in(p, line_of(top, "root_key")), s->root_key);
}

/* What root alone may read is no problem to somebody else who looks. */
static void
try_file(struct parse *p, unsigned line, const char *path, bool private)
{
	char why[SECRET_WHY_MAX];
	int error = secret_try_file(path, private, why);

	if (error != 0 && (error != EACCES || geteuid() == 0))
		ERROR(p, line, "%s", why);
}

static unsigned
value_line(const struct section *s, const char *name, size_t i)
{
	const struct entry *e = s == NULL ? NULL : file_entry(s, name);

	return e == NULL ? 0 : i < e->text.count ? e->lines[i] : e->lines[0];
}

static size_t
text_count(const struct section *s, const char *name)
{
	const struct entry *e = s == NULL ? NULL : file_entry(s, name);

	return e == NULL ? 0 : e->text.count;
}

static void
tls_finish(struct parse *p)
{
	const struct section *tls = section_find(p, "tls");
	struct settings *s = p->settings;

	if (text_count(tls, "certificate") != text_count(tls, "key")) {
		ERROR(p, line_of(tls, "key"), "tls has %zu certificates and %zu keys: "
		    "each certificate needs its key, in the same order",
		    text_count(tls, "certificate"), text_count(tls, "key"));
		s->tls_count = 0;
	}
	for (size_t i = 0; i < s->tls_count; i++) {
		try_file(p, value_line(tls, "certificate", i),
		    s->tls_certificates[i], false);
		try_file(p, value_line(tls, "key", i), s->tls_keys[i], true);
	}
}

static bool
is_nameserver(const char *text)
{
	char host[INET6_ADDRSTRLEN + 1];
	size_t len = strcspn(text, "@");
	struct in6_addr address;
	char *end;
	unsigned long port = 53;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (text[len] == '@') {
		port = strtoul(text + len + 1, &end, 10);
		if (end == text + len + 1 || *end != '\0')
			return false;
	}
	return port >= 1 && port <= 65535 &&
	    (inet_pton(AF_INET, host, &address) == 1 ||
	    inet_pton(AF_INET6, host, &address) == 1);
}

static void
resolver_finish(struct parse *p)
{
	const struct section *r = section_find(p, "resolver");
	const struct settings *s = p->settings;

	for (size_t i = 0; i < s->nameserver_count; i++)
		if (!is_nameserver(s->nameservers[i]))
			ERROR(p, value_line(r, "nameservers", i), "nameservers has "
			    "\"%.64s\", which is no address such as \"192.0.2.1\" or "
			    "\"192.0.2.1@5353\"", s->nameservers[i]);
	if (s->trust_anchor != NULL)
		try_file(p, line_of(r, "trust_anchor"), s->trust_anchor, false);
}

static void
limits_finish(struct parse *p)
{
	const struct section *l = section_find(p, "limits");
	const struct setting_limits *v = &p->settings->limits;

	if (v->inflight_bytes < v->message_bytes)
		ERROR(p, line_of(l, "inflight"), "inflight is smaller than message: "
		    "no message of the full size could ever be taken");
	if (v->errors_hard < v->errors_soft)
		ERROR(p, line_of(l, "errors_hard"), "errors_hard is smaller than "
		    "errors_soft");
	if (v->retry_max_s < v->retry_min_s)
		ERROR(p, line_of(l, "retry_max"), "retry_max is smaller than "
		    "retry_min");
}

static void
listeners_load(struct parse *p)
{
	struct settings *s = p->settings;
	struct listener_source source = { .settings = s, .problems = p->problems };

	s->listeners = arena_alloc(p->arena,
	    section_count(p, "listen") * sizeof(*s->listeners));
	for (size_t i = 1; i < p->file.count; i++) {
		const struct section *section = &p->file.sections[i];
		struct setting_listener *l = &s->listeners[s->listener_count];

		if (strcmp(section->name, "listen") != 0)
			continue;
		s->listener_count++;
		section_store(p, core_sections[CORE_LISTEN].rows, section, l);
		source.section = section;
		listener_finish(&source, l);
	}
	if (s->listener_count == 0)
		ERROR(p, 0, "there is no listen section: add listen \"0.0.0.0:25\" { }");
}

static bool
is_intent(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len > 0 && len <= 64 && s[len] == '\0';
}

static void
route_finish(struct parse *p, const struct section *s, struct setting_route *r,
    size_t index)
{
	if (route_parse(p->arena, s->title, r) != 0) {
		ERROR(p, s->line, "route \"%.64s\" is no intent address: write "
		    "\"verb.target@example.com\"", s->title);
		r->address = r->verb = r->target = s->title;
	}
	for (size_t i = 0; i < r->intent_count; i++)
		if (!is_intent(r->intents[i]))
			ERROR(p, value_line(s, "intents", i), "intents has "
			    "\"%.64s\": an intent is at most 64 of a-z, 0-9 and _",
			    r->intents[i]);
	for (size_t i = 0; i < index; i++)
		if (strcasecmp(p->settings->routes[i].address, r->address) == 0)
			ERROR(p, s->line, "route \"%.64s\" is there twice: merge the "
			    "sections", s->title);
}

static void
routes_load(struct parse *p)
{
	struct settings *s = p->settings;

	s->routes = arena_alloc(p->arena,
	    section_count(p, "route") * sizeof(*s->routes));
	for (size_t i = 1; i < p->file.count; i++) {
		const struct section *section = &p->file.sections[i];
		struct setting_route *r = &s->routes[s->route_count];

		if (strcmp(section->name, "route") != 0)
			continue;
		section_store(p, core_sections[CORE_ROUTE].rows, section, r);
		route_finish(p, section, r, s->route_count++);
	}
	if (s->route_count == 0)
		problems_add(p->problems, PROBLEM_WARNING, place_in(p, 0),
		    "there is no route section: every recipient is refused");
}

static int
core_load(struct parse *p)
{
	struct grammar grammar[CORE_SECTIONS];
	struct file_reader reader = { .arena = p->arena, .problems = p->problems,
		.place = place_in(p, 0), .grammar = grammar,
		.grammar_count = CORE_SECTIONS };
	int error;

	for (size_t i = 0; i < CORE_SECTIONS; i++)
		grammar[i] = (struct grammar){ core_sections[i].name,
			core_sections[i].titled, &core_sections[i].rows->option,
			sizeof(struct core_row) };
	error = file_read(&reader, &p->file);
	if (error != 0)
		return error;
	section_store(p, core_sections[CORE_TOP].rows, &p->file.sections[0],
	    p->settings);
	for (size_t i = CORE_TLS; i <= CORE_LIMITS; i++)
		section_store(p, core_sections[i].rows,
		    section_find(p, core_sections[i].name), p->settings);
	top_finish(p, &p->file.sections[0]);
	tls_finish(p);
	resolver_finish(p);
	limits_finish(p);
	listeners_load(p);
	routes_load(p);
	return 0;
}

static int
file_find(struct parse *p, const char *file)
{
	char real[PATH_MAX];
	struct settings *s = p->settings;
	const char *slash;

	s->file = arena_string(p->arena, span_of(file));
	if (realpath(file, real) == NULL) {
		ERROR(p, 0, "cannot be opened: %s", strerror(errno));
		return errno;
	}
	s->file = arena_string(p->arena, span_of(real));
	slash = strrchr(s->file, '/');
	s->conf_dir = slash == s->file ? "/" :
	    arena_string(p->arena, span_make(s->file, (size_t)(slash - s->file)));
	return 0;
}

struct settings *
parse_settings(const char *file, struct problems *problems)
{
	struct settings *s = xcalloc(1, sizeof(*s));
	struct parse p = { .settings = s, .arena = &s->arena, .problems = problems };
	size_t before = problems->errors;

	if (file_find(&p, file) == 0 && core_load(&p) == 0 &&
	    s->libexec_dir != NULL && s->stage_dir != NULL)
		wiring_load(s, &p.file, problems);
	if (problems->errors == before)
		return s;
	settings_free(s);
	return NULL;
}
