/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of a stage, checked; and what the host adds to them. */
#include "conf/schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/pin.h"
#include "conf/value.h"

const struct mt_option schema_host_options[] = {
	{ "module", NULL, NULL, "the stage's file without .so, where it is not "
	    "the name in pipeline or deliver; or its absolute path",
	    MT_OPT_STRING, 0, 0, 0 },
	{ "group", NULL, NULL, "stages of one group share their workers; a stage "
	    "without it is a group of its own", MT_OPT_STRING, 0, 0, 0 },
	{ "deadline", "10s", NULL, "time a call may take, questions not counted, "
	    "until its worker is killed", MT_OPT_DURATION, 0, 1, 3600 },
	{ "workers", NULL, NULL, "processes of the group (the highest of its "
	    "stages counts); unset: 2 for stages that check, 1 for those that "
	    "deliver", MT_OPT_INT, 0, 1, 64 },
	{ "on_error", "tempfail", "tempfail|skip|quarantine", "what happens to "
	    "the message when the stage fails: 4xx, go on as if it were not "
	    "there, or keep for a person", MT_OPT_CHOICE, 0, 0, 0 },
	{ "concurrency", "8", NULL, "calls of a stage that delivers that are out at "
	    "once, to each system it delivers to", MT_OPT_INT, 0, 1, SCHEMA_CONCURRENCY_MAX },
	{ .name = NULL },
};

static int __attribute__((format(printf, 2, 3)))
refuse(char why[SCHEMA_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, SCHEMA_WHY_MAX, fmt, ap);
	va_end(ap);
	return EINVAL;
}

/* A word of lower case letters and digits; `more' may stand inside it. */
static bool
is_word(const char *s, size_t max, const char *more)
{
	if (!islower((unsigned char)*s) || strlen(s) > max)
		return false;
	for (; *s != '\0'; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) &&
		    strchr(more, *s) == NULL)
			return false;
	return true;
}

/* One line of printable text; for what ends up on terminals and in manuals. */
static bool
is_line(const char *s, size_t max)
{
	if (s == NULL || *s == '\0' || strlen(s) > max)
		return false;
	for (; *s != '\0'; s++)
		if (iscntrl((unsigned char)*s))
			return false;
	return true;
}

static bool
is_host_option(const char *name)
{
	if (strcmp(name, "route") == 0)
		return true;
	for (const struct mt_option *o = schema_host_options; o->name != NULL; o++)
		if (strcmp(name, o->name) == 0)
			return true;
	return false;
}

static int
check_default(const struct mt_option *o, char why[SCHEMA_WHY_MAX])
{
	struct arena a = { 0 };
	struct value_parser parser = { .arena = &a };
	struct setting_value value;
	int error = value_parse(&parser, o, (struct value_text){ NULL, 0 }, &value);

	if (error != 0)
		refuse(why, "the default of an option is wrong: %.200s", parser.why);
	arena_free(&a);
	return error;
}

/* A target's are its schemes, and may be left out. */
static bool
has_fitting_choices(const struct mt_option *o)
{
	bool some = o->choices != NULL && *o->choices != '\0';

	if (o->type == MT_OPT_TARGET && some)
		return value_are_schemes(o->choices);
	return (o->type == MT_OPT_CHOICE) == some;
}

static int
check_option(const struct mt_option *o, char why[SCHEMA_WHY_MAX])
{
	bool number = o->type >= MT_OPT_BOOL && o->type <= MT_OPT_DURATION;

	if (!is_word(o->name, SCHEMA_OPTION_NAME_MAX, "_"))
		return refuse(why, "an option is named \"%.64s\": a name is at "
		    "most %d of a-z, 0-9 and _", o->name, SCHEMA_OPTION_NAME_MAX);
	if (is_host_option(o->name))
		return refuse(why, "option %s: the name belongs to the host", o->name);
	if (o->type < MT_OPT_BOOL || o->type > MT_OPT_TARGET)
		return refuse(why, "option %s is of type %u, which this mailtri "
		    "does not know: update mailtri", o->name, o->type);
	if ((o->flags & ~(uint32_t)(MT_REQUIRED | MT_DEPRECATED)) != 0)
		return refuse(why, "option %s has unknown flags", o->name);
	if (!is_line(o->help, 1024))
		return refuse(why, "option %s has no help of one line", o->name);
	if (!has_fitting_choices(o))
		return refuse(why, "option %s: choices and type do not agree", o->name);
	if (o->min > o->max || (!number && (o->min != 0 || o->max != 0)))
		return refuse(why, "option %s: min and max do not agree", o->name);
	return check_default(o, why);
}

static int
check_options(const struct descriptor *d, char why[SCHEMA_WHY_MAX])
{
	for (size_t i = 0; i < d->option_count; i++) {
		int error = check_option(&d->options[i], why);

		if (error != 0)
			return error;
		if (descriptor_option(d, d->options[i].name) != &d->options[i])
			return refuse(why, "option %s is there twice",
			    d->options[i].name);
	}
	return 0;
}

/* A read need not repeat what its writer says of the type. */
static int
check_fact(const struct mt_fact_decl *f, bool written, char why[SCHEMA_WHY_MAX])
{
	uint32_t flags = MT_PERSONAL | MT_REQUIRED;

	if (!is_word(f->key, SCHEMA_FACT_KEY_MAX, "-_.") || strchr(f->key, '.') == NULL)
		return refuse(why, "a fact is named \"%.64s\": a key is "
		    "module.name, at most %d bytes", f->key, SCHEMA_FACT_KEY_MAX);
	if (f->type > MT_TEXT || (written && f->type < MT_FLAG))
		return refuse(why, "fact %s is of type %u, which this mailtri "
		    "does not know: update mailtri", f->key, f->type);
	if ((f->flags & ~flags) != 0)
		return refuse(why, "fact %s has unknown flags", f->key);
	if (written && (f->type == MT_TOKEN) !=
	    (f->choices != NULL && *f->choices != '\0'))
		return refuse(why, "fact %s: choices and type do not agree", f->key);
	return 0;
}

static int
check_reads(const struct descriptor *d, char why[SCHEMA_WHY_MAX])
{
	for (size_t i = 0; i < d->read_count; i++) {
		int error = check_fact(&d->reads[i], false, why);

		if (error != 0)
			return error;
	}
	return 0;
}

static int
check_writes(const struct descriptor *d, char why[SCHEMA_WHY_MAX])
{
	size_t prefix = strlen(d->name);

	for (size_t i = 0; i < d->write_count; i++) {
		const char *key = d->writes[i].key;
		int error = check_fact(&d->writes[i], true, why);

		if (error != 0)
			return error;
		if (strncmp(key, d->name, prefix) != 0 || key[prefix] != '.')
			return refuse(why, "fact %s: a stage writes only facts "
			    "that begin with its own name, \"%s.\"", key, d->name);
		if (descriptor_writes(d, key) != &d->writes[i])
			return refuse(why, "fact %s is there twice", key);
	}
	return 0;
}

static int
check_callbacks(const struct descriptor *d, char why[SCHEMA_WHY_MAX])
{
	uint32_t checks = d->callbacks & (DESCRIPTOR_ENVELOPE | DESCRIPTOR_MESSAGE);
	uint32_t deliver = d->callbacks & DESCRIPTOR_DELIVER;

	if (checks != 0 && deliver != 0)
		return refuse(why, "it has checks and deliver: a stage has one "
		    "or the other");
	if (checks == 0 && deliver == 0)
		return refuse(why, "it has none of envelope, message and deliver: "
		    "there is nothing to call");
	return 0;
}

int
schema_check(const struct descriptor *d, char why[SCHEMA_WHY_MAX])
{
	const uint32_t known = MT_NEED_MAIL * 2 - 1;
	int error;

	if (!is_word(d->name, DESCRIPTOR_NAME_MAX, "-"))
		return refuse(why, "it calls itself \"%.64s\": a name is at most "
		    "%d of a-z, 0-9 and -", d->name, DESCRIPTOR_NAME_MAX);
	if (!is_line(d->version, 64) || !is_line(d->summary, 256))
		return refuse(why, "version and summary must be one line each");
	if (d->abi_major != MT_ABI_MAJOR)
		return refuse(why, "it is of ABI %u.%u, this mailtri speaks %d.%d: "
		    "rebuild the stage", d->abi_major, d->abi_minor,
		    MT_ABI_MAJOR, MT_ABI_MINOR);
	if ((d->needs & ~known) != 0)
		return refuse(why, "it needs what this mailtri does not know "
		    "(0x%x): update mailtri", d->needs & ~known);
	error = check_callbacks(d, why);
	if (error == 0)
		error = check_options(d, why);
	if (error == 0)
		error = check_reads(d, why);
	return error == 0 ? check_writes(d, why) : error;
}

static const struct {
	const char *suffix, *help;
	uint32_t type, flags;
} target_options[] = {
	{ "_pin", "public keys one of which the server or an authority above it must "
	    "have, two at least: \"sha256//\" and base64 of the SHA-256 of a "
	    "SubjectPublicKeyInfo; or \"none\"; to be set where %s is", MT_OPT_LIST,
	    MT_REQUIRED },
	{ "_ca", "file of the certificate authorities trusted for %s instead of "
	    "the system's", MT_OPT_STRING, 0 },
	{ "_private", "%s may have a private or loopback address", MT_OPT_BOOL, 0 },
	{ "_connect", "numeric address and port to dial for %s instead of asking "
	    "DNS, such as \"127.0.0.1:8443\"", MT_OPT_STRING, 0 },
};

enum { TARGET_OPTIONS = sizeof(target_options) / sizeof(*target_options) };

static const char *
help_of(struct arena *a, const char *pattern, const char *name)
{
	const char *mark = strstr(pattern, "%s");

	return arena_printf(a, "%.*s%s%s", (int)(mark - pattern), pattern, name,
	    mark + 2);
}

int
schema_expand(struct arena *a, struct descriptor *d)
{
	size_t count = d->option_count, added = 0;
	struct mt_option *list;

	for (size_t i = 0; i < count; i++)
		added += d->options[i].type == MT_OPT_TARGET ? TARGET_OPTIONS : 0;
	if (count + added > DESCRIPTOR_OPTIONS_MAX)
		return E2BIG;
	list = arena_alloc(a, (count + added + 1) * sizeof(*list));
	d->option_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct mt_option *o = &d->options[i];

		list[d->option_count++] = *o;
		for (size_t j = 0; o->type == MT_OPT_TARGET && j < TARGET_OPTIONS; j++)
			list[d->option_count++] = (struct mt_option){
				.name = arena_printf(a, "%s%s", o->name,
				    target_options[j].suffix),
				.def = target_options[j].type == MT_OPT_BOOL ?
				    "false" : NULL,
				.help = help_of(a, target_options[j].help, o->name),
				.type = target_options[j].type,
				.flags = target_options[j].flags };
	}
	d->options = list;
	return 0;
}

const struct mt_option *
schema_target(const struct descriptor *d, const char *name)
{
	for (size_t i = 0; i < d->option_count; i++) {
		const struct mt_option *o = &d->options[i];
		size_t len = strlen(o->name);

		if (o->type != MT_OPT_TARGET || strncmp(o->name, name, len) != 0)
			continue;
		for (size_t j = 0; j < TARGET_OPTIONS; j++)
			if (strcmp(name + len, target_options[j].suffix) == 0)
				return o;
	}
	return NULL;
}

int
schema_check_value(const struct descriptor *d, const struct mt_option *o,
    const struct setting_value *v, char why[SCHEMA_WHY_MAX])
{
	const struct mt_option *target = schema_target(d, o->name);
	struct value_target address;
	struct arena a = { 0 };
	const char *suffix, *wrong;
	size_t which = 0;
	int error = 0;

	if (target == NULL || v->list == NULL)
		return 0;
	suffix = o->name + strlen(target->name);
	wrong = strcmp(suffix, "_pin") == 0 && v->list_count > 0 ?
	    pins_wrong((const char *const *)v->list, v->list_count, &which) : NULL;
	if (wrong != NULL)
		error = refuse(why, "%s: \"%.64s\" %s", o->name, v->list[which], wrong);
	if (strcmp(suffix, "_connect") == 0 &&
	    value_parse_address(&a, v->list[0], &address) != 0)
		error = refuse(why, "%s is \"%.64s\", but must be a numeric "
		    "address and a port such as \"127.0.0.1:8443\"", o->name,
		    v->list[0]);
	arena_free(&a);
	return error;
}

static const struct setting_value *
target_value(const struct descriptor *d, const struct setting_value *values,
    const struct mt_option *target, const char *suffix)
{
	size_t len = strlen(target->name);

	for (size_t i = 0; i < d->option_count; i++)
		if (strncmp(d->options[i].name, target->name, len) == 0 &&
		    strcmp(d->options[i].name + len, suffix) == 0)
			return &values[i];
	return NULL;
}

int
schema_check_set(const struct descriptor *d, const struct setting_value *values,
    char why[SCHEMA_WHY_MAX])
{
	static const char plain[] = "smtp+plain://";

	for (size_t i = 0; i < d->option_count; i++) {
		const struct mt_option *o = &d->options[i];
		const struct setting_value *pin, *dial;

		if (o->type != MT_OPT_TARGET || values[i].list == NULL ||
		    strncmp(values[i].list[0], plain, sizeof(plain) - 1) != 0)
			continue;
		pin = target_value(d, values, o, "_pin");
		dial = target_value(d, values, o, "_connect");
		if (pin != NULL && pin->list_count > 0 && strcmp(pin->list[0], "none") != 0)
			return refuse(why, "%s_pin: smtp+plain has no certificate a pin could "
			    "be held against: write \"none\", or smtp or smtps in %s", o->name,
			    o->name);
		if (dial != NULL && dial->list != NULL)
			return refuse(why, "%s_connect: smtp+plain is only for the loopback "
			    "address that stands in %s: remove it", o->name, o->name);
	}
	return 0;
}
