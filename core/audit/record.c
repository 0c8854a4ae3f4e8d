/* SPDX-License-Identifier: BSD-2-Clause */
/* Records for people: the leaf with its values in place again. */
#include "audit/record.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/emit.h"

struct opened {
	struct arena arena;
	struct audit_value *values;
	size_t count;
	bool readable;		/* else personal values are null */
	int error;
};

static void
open_values(struct opened *o, const struct journal_row *row, const struct slot *slot)
{
	struct buf plain = { 0 };

	if (slot == NULL || row->opening.len == 0)
		return;
	o->error = seal_open(slot, SEAL_OPENING, span_of(row->event), row->opening, &plain);
	if (o->error == 0)
		o->error = audit_values(&o->arena, buf_span(&plain), &o->values, &o->count);
	o->readable = o->error == 0;
	buf_wipe(&plain);
}

static const struct audit_value *
find_value(const struct opened *o, const char *name)
{
	for (size_t i = 0; i < o->count; i++)
		if (span_is(o->values[i].name, name))
			return &o->values[i];
	return NULL;
}

/* Any bytes as a JSON string: what is not UTF-8 becomes U+FFFD. */
static json_t *
text_of(struct mt_span bytes)
{
	struct buf quoted = { 0 };
	struct emit j = emit_of(&quoted);
	json_t *text;

	emit_string(&j, NULL, bytes);
	text = json_loadb((const char *)quoted.p, quoted.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	buf_wipe(&quoted);
	return text != NULL ? text : json_null();
}

static json_t *
json_of(struct mt_span bytes)
{
	json_t *value = json_loadb(bytes.ptr, bytes.len, JSON_ALLOW_NUL, NULL);

	return value != NULL ? value : text_of(bytes);
}

static bool
is_commitment(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) == 7 + 2 * HASH_SIZE &&
	    strncmp(json_string_value(value), "sha256:", 7) == 0;
}

/* Puts the value of `name' in place of its commitment at object[key]. */
static void
put_value(struct opened *o, json_t *object, const char *key, const char *name)
{
	const json_t *old = json_object_get(object, key);
	const struct audit_value *value;
	char commitment[72];

	if (!is_commitment(old))
		return;
	value = o->readable ? find_value(o, name) : NULL;
	if (value != NULL) {
		audit_commitment(value, commitment);
		if (strcmp(commitment, json_string_value(old)) != 0)
			value = NULL;
	}
	if (value == NULL && o->readable)
		o->error = EBADMSG;
	if (value == NULL)
		json_object_set_new(object, key, json_null());
	else
		json_object_set_new(object, key, strcmp(key, "parameters") == 0 ?
		    json_of(value->value) : text_of(value->value));
}

static const struct {
	const char *object, *key, *name;
} places[] = {
	{ "actor", "email", "actor.email" },
	{ "actor", "ip", "actor.ip" },
	{ "actor", "userAgent", "actor.userAgent" },
	{ "action", "intent", "action.intent" },
	{ "action", "parameters", "action.parameters" },
	{ "result", "detail", "result.detail" },
	{ "result", "resourceId", "result.resourceId" },
};

/* The members people read, in the order they are written. */
static const char *const members[] = { "eventId", "timestamp", "actor", "action",
	"authentication", "authorization", "result", "seq", "reason", "checks", "count", "dispatch",
	"operator" };

static int
print_record(json_t *leaf, struct buf *out)
{
	json_t *record = json_object();
	int error = EBADMSG;
	char *text;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_get(leaf, members[i]) != NULL)
			json_object_set(record, members[i], json_object_get(leaf, members[i]));
	text = json_dumps(record, JSON_COMPACT);
	if (text != NULL) {
		buf_add_string(out, text);
		error = 0;
	}
	free(text);
	json_decref(record);
	return error;
}

int
audit_record(const struct journal_row *row, const struct slot *slot, struct buf *out)
{
	json_t *leaf = json_loadb(row->leaf.ptr, row->leaf.len, JSON_ALLOW_NUL, NULL);
	struct opened o = { 0 };

	if (!json_is_object(leaf)) {
		json_decref(leaf);
		return EBADMSG;
	}
	open_values(&o, row, slot);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		put_value(&o, json_object_get(leaf, places[i].object), places[i].key, places[i].name);
	if (o.error == 0)
		o.error = print_record(leaf, out);
	json_decref(leaf);
	arena_free(&o.arena);
	return o.error;
}

/* The leaf holds exactly this commitment. */
static bool
is_committed(const struct journal_row *row, const struct audit_value *value)
{
	char quoted[74];

	quoted[0] = '"';
	audit_commitment(value, quoted + 1);
	quoted[72] = '"';
	return memmem(row->leaf.ptr, row->leaf.len, quoted, 73) != NULL;
}

int
audit_value(const struct journal_row *row, const struct slot *slot, const char *name,
    struct buf *out)
{
	const struct audit_value *value;
	struct opened o = { 0 };
	int error;

	open_values(&o, row, slot);
	value = find_value(&o, name);
	if (o.error != 0)
		error = o.error;
	else if (value == NULL)
		error = ENOENT;
	else
		error = is_committed(row, value) ? 0 : EBADMSG;
	if (error == 0)
		buf_add(out, value->value.ptr, value->value.len);
	arena_free(&o.arena);
	return error;
}
