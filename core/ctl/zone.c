/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS out of a JSON file.  The file becomes, while it is read, a JSON object
 * of the same shape whose names are normal and whose every record has been
 * checked; looking up turns records into wire form.
 */
#include "ctl/zone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

enum { NAME_MAX_BYTES = 255, TYPE_CNAME = 5 };

struct zone {
	json_t *names;
};

/* Text of the file as bytes: U+0000 ... U+00FF are the bytes 0 ... 255, so
 * that a TXT record can hold anything.  ERANGE above. */
static int
bytes_of(const json_t *text, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)json_string_value(text);
	size_t len = json_string_length(text);

	for (size_t i = 0; i < len; i++) {	/* jansson saw to valid UTF-8 */
		if (p[i] < 0x80) {
			buf_add_char(out, (char)p[i]);
		} else if (p[i] <= 0xc3) {
			buf_add_char(out, (char)((p[i] & 3) << 6 | (p[i + 1] & 0x3f)));
			i++;
		} else {
			return ERANGE;
		}
	}
	return out->len > ZONE_RECORD_BYTES_MAX ? EMSGSIZE : 0;
}

static int
address_pack(const json_t *text, int family, struct buf *out)
{
	const char *s = json_string_value(text);
	unsigned char a[16];

	if (s == NULL || inet_pton(family, s, a) != 1)
		return EINVAL;
	buf_add(out, a, family == AF_INET ? 4 : 16);
	return 0;
}

static int
a_pack(const json_t *record, struct buf *out)
{
	return address_pack(record, AF_INET, out);
}

static int
aaaa_pack(const json_t *record, struct buf *out)
{
	return address_pack(record, AF_INET6, out);
}

static int
name_pack(const json_t *record, struct buf *out)
{
	size_t start = out->len;
	int error;

	if (!json_is_string(record))
		return EINVAL;
	error = bytes_of(record, out);
	if (out->len > start && out->p[out->len - 1] == '.')
		out->len--;
	return error;
}

static int
txt_pack(const json_t *record, struct buf *out)
{
	int error = json_is_array(record) || json_is_string(record) ? 0 : EINVAL;
	const json_t *string;
	size_t i;

	if (json_is_string(record))
		return bytes_of(record, out);
	json_array_foreach(record, i, string) {
		if (error == 0)
			error = json_is_string(string) ? bytes_of(string, out) : EINVAL;
	}
	return error;
}

static int
mx_pack(const json_t *record, struct buf *out)
{
	const json_t *preference = json_array_get(record, 0);
	json_int_t n = json_integer_value(preference);

	if (json_array_size(record) != 2 || !json_is_integer(preference) ||
	    n < 0 || n > 65535)
		return EINVAL;
	buf_add_char(out, (char)(n >> 8));
	buf_add_char(out, (char)(n & 0xff));
	return name_pack(json_array_get(record, 1), out);
}

static const struct type {
	const char *name;
	uint16_t number;
	int (*pack)(const json_t *, struct buf *);
	const char *form;
} types[] = {
	{ "A", 1, a_pack, "an IPv4 address" },
	{ "NS", 2, name_pack, "a name" },
	{ "CNAME", TYPE_CNAME, name_pack, "a name" },
	{ "PTR", 12, name_pack, "a name" },
	{ "MX", 15, mx_pack, "[preference, \"name\"]" },
	{ "TXT", 16, txt_pack, "a string or a list of strings" },
	{ "AAAA", 28, aaaa_pack, "an IPv6 address" },
	{ "SPF", 99, txt_pack, "a string or a list of strings" },
};

static const struct word {
	const char *text;
	int32_t status;
} words[] = {
	{ "NXDOMAIN", MT_NXDOMAIN },
	{ "SERVFAIL", MT_SERVFAIL },
	{ "REFUSED", MT_SERVFAIL },	/* as the resolver has it */
	{ "TIMEOUT", MT_TIMEOUT },
	{ "BOGUS", MT_BOGUS },
};

static const struct type *
type_find(const char *name, uint16_t number)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (name != NULL ? strcmp(types[i].name, name) == 0 :
		    types[i].number == number)
			return &types[i];
	return NULL;
}

static const struct word *
word_find(const json_t *value)
{
	const char *s = json_string_value(value);

	for (size_t i = 0; s != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].text, s) == 0)
			return &words[i];
	return NULL;
}

/* Lower case without the final dot; ENAMETOOLONG. */
static int
name_normal(struct mt_span name, char out[NAME_MAX_BYTES + 1])
{
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (name.len > NAME_MAX_BYTES || memchr(name.ptr, '\0', name.len) != NULL)
		return ENAMETOOLONG;
	for (size_t i = 0; i < name.len; i++)
		out[i] = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ?
		    (char)(name.ptr[i] + 32) : name.ptr[i];
	out[name.len] = '\0';
	return 0;
}

struct reading {
	char *why;
	size_t size;
	const char *name;
};

static int __attribute__((format(printf, 2, 3)))
reading_fail(struct reading *r, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(r->why, r->size, "%s: ", r->name);

	if (n < 0 || (size_t)n >= r->size)
		return EINVAL;
	va_start(ap, fmt);
	vsnprintf(r->why + n, r->size - (size_t)n, fmt, ap);
	va_end(ap);
	return EINVAL;
}

/* The records of one name and type. */
static int
records_check(struct reading *r, const struct type *t, const json_t *records)
{
	struct buf scratch = { 0 };
	const json_t *record;
	size_t i;
	int error = 0;

	if (json_array_size(records) > ZONE_RECORDS_MAX)
		return reading_fail(r, "more than %d %s records", ZONE_RECORDS_MAX, t->name);
	json_array_foreach(records, i, record) {
		buf_reset(&scratch);
		error = t->pack(record, &scratch);
		if (error != 0)
			break;
	}
	buf_free(&scratch);
	return error == 0 ? 0 : reading_fail(r, "%s record %zu is not %s", t->name,
	    i + 1, t->form);
}

static int
type_check(struct reading *r, const char *name, json_t *value)
{
	const struct type *t = type_find(name, 0);

	if (t == NULL)
		return reading_fail(r, "record type %s is not known here", name);
	if (word_find(value) != NULL || json_is_array(value))
		return records_check(r, t, value);
	if (t->number == TYPE_CNAME && json_is_string(value)) {
		struct buf scratch = { 0 };
		int error = name_pack(value, &scratch);

		buf_free(&scratch);
		return error == 0 ? 0 : reading_fail(r, "CNAME is not a name");
	}
	return reading_fail(r, "%s is neither a list nor NXDOMAIN, SERVFAIL, REFUSED, "
	    "TIMEOUT or BOGUS", name);
}

static int
name_check(struct reading *r, json_t *value)
{
	const char *type;
	json_t *records;

	if (word_find(value) != NULL)
		return 0;
	if (!json_is_object(value))
		return reading_fail(r, "neither an object nor NXDOMAIN, SERVFAIL, "
		    "REFUSED, TIMEOUT or BOGUS");
	json_object_foreach(value, type, records) {
		int error = type_check(r, type, records);

		if (error != 0)
			return error;
	}
	return 0;
}

struct zone *
zone_new(const json_t *json, char *why, size_t size)
{
	struct reading r = { why, size, "zone" };
	struct zone *z;
	const char *name;
	json_t *value, *names;

	if (!json_is_object(json) || json_object_size(json) > ZONE_NAMES_MAX) {
		reading_fail(&r, "not an object of at most %d names", ZONE_NAMES_MAX);
		return NULL;
	}
	names = json_object();
	json_object_foreach((json_t *)(uintptr_t)json, name, value) {
		char normal[NAME_MAX_BYTES + 1];
		int error;

		r.name = name;
		error = name_normal(span_of(name), normal) == 0 ? name_check(&r, value) :
		    reading_fail(&r, "longer than %d bytes", NAME_MAX_BYTES);
		if (error != 0) {
			json_decref(names);
			return NULL;
		}
		json_object_set_nocheck(names, normal, value);
	}
	z = xmalloc(sizeof(*z));
	z->names = names;
	return z;
}

struct zone *
zone_parse(struct mt_span text, char *why, size_t size)
{
	json_error_t e;
	json_t *json = json_loadb(text.ptr, text.len,
	    JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
	struct zone *z = NULL;

	if (json == NULL)
		snprintf(why, size, "line %d: %s", e.line, e.text);
	else
		z = zone_new(json, why, size);
	json_decref(json);
	return z;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	json_decref(z->names);
	free(z);
}

static struct mt_span
record_span(const struct type *t, const json_t *record, struct arena *arena)
{
	struct buf b = { 0 };
	struct mt_span s;

	t->pack(record, &b);	/* zone_new() saw to it that this works */
	s = arena_span(arena, buf_span(&b));
	buf_free(&b);
	return s;
}

static void
records_answer(const struct type *t, const json_t *records, struct arena *arena,
    struct zone_answer *a)
{
	size_t count = json_is_array(records) ? json_array_size(records) : 1;

	a->rr = arena_alloc(arena, count * sizeof(*a->rr));
	for (size_t i = 0; i < count; i++)
		a->rr[i] = record_span(t, json_is_array(records) ?
		    json_array_get(records, i) : records, arena);
	a->count = (uint32_t)count;
	a->status = count == 0 ? MT_NODATA : MT_OK;
}

/* One name, no chasing.  Returns the CNAME to follow, or NULL: answered. */
static const json_t *
name_answer(const struct zone *z, const char *name, const struct type *t,
    struct arena *arena, struct zone_answer *a)
{
	const json_t *value = json_object_get(z->names, name), *records, *cname;
	const struct word *w = word_find(value);

	*a = (struct zone_answer){ .status = value == NULL ? MT_NXDOMAIN : MT_NODATA };
	if (w == NULL && value != NULL) {
		cname = json_object_get(value, "CNAME");
		records = t == NULL ? NULL : json_object_get(value, t->name);
		if (records == NULL && cname != NULL && word_find(cname) == NULL &&
		    !(json_is_array(cname) && json_array_size(cname) == 0))
			return json_is_array(cname) ? json_array_get(cname, 0) : cname;
		w = word_find(records != NULL ? records : cname);
		if (records != NULL && w == NULL)
			records_answer(t, records, arena, a);
	}
	if (w != NULL)
		a->status = w->status;
	return NULL;
}

/* A name as the wire has it, in the file's way of writing bytes. */
static struct mt_span
name_text(struct mt_span name, struct arena *arena)
{
	char *text = arena_alloc(arena, name.len * 2), *p = text;

	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];

		if (c >= 0x80)
			*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(c < 0x80 ? c : (0x80 | (c & 0x3f)));
	}
	return span_make(text, (size_t)(p - text));
}

void
zone_find(const struct zone *z, struct mt_span name, uint16_t type,
    struct arena *arena, struct zone_answer *a)
{
	const struct type *t = type_find(NULL, type);
	char normal[NAME_MAX_BYTES + 1];
	const json_t *cname;

	*a = (struct zone_answer){ .status = MT_NXDOMAIN };
	if (name.len > NAME_MAX_BYTES + 1)
		return;
	name = name_text(name, arena);
	for (int links = 0; links <= ZONE_CHAIN_MAX; links++) {
		if (name_normal(name, normal) != 0)
			return;
		cname = name_answer(z, normal, t, arena, a);
		if (cname == NULL)
			return;
		name = span_make(json_string_value(cname), json_string_length(cname));
	}
	a->status = MT_SERVFAIL;
}
