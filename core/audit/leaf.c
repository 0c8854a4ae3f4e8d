/* SPDX-License-Identifier: BSD-2-Clause */
/* Making leaves and openings.  The members of every object are written in
 * the order RFC 8785 sorts them. */
#include "audit/leaf.h"

#include <errno.h>
#include <time.h>

#include "base/emit.h"
#include "base/log.h"

enum { FORMAT = 1, COMMITMENT_SIZE = 72, PERSONAL_MAX = 7 };

/* One leaf in the making. */
struct making {
	struct buf leaf, fields;	/* fields: the opening's, packed */
	struct emit emit;
	uint32_t field_count;
	uint8_t salts[PERSONAL_MAX][AUDIT_SALT_SIZE];	/* drawn at once: a draw is dear */
	int error;
};

static const char *const status_names[] = { "", "success", "refused", "held", "deferred",
	"failed", "duplicate" };

void
audit_time(int64_t unix_s, char out[AUDIT_TIME_SIZE])
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, AUDIT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		log_panic("no such time");
}

void
audit_commitment(const struct audit_value *value, char out[COMMITMENT_SIZE])
{
	struct mt_span parts[] = { SPAN("mailtri/field/v1"), value->name,
		span_make(value->salt, AUDIT_SALT_SIZE), value->value };
	uint8_t hash[HASH_SIZE];

	hash_sha256(parts, 4, hash);
	memcpy(out, "sha256:", 7);
	hash_hex(hash, sizeof(hash), out + 7);
}

/* key: the last word of name. */
static void
personal(struct making *m, const char *key, const char *name, struct mt_span value)
{
	struct audit_value v = { .name = span_of(name), .value = value };
	char commitment[COMMITMENT_SIZE];

	if (value.len == 0) {
		emit_text(&m->emit, key, "");
		return;
	}
	if (value.len > AUDIT_VALUE_MAX)
		m->error = EMSGSIZE;
	if (m->field_count == PERSONAL_MAX)
		log_panic("more than %d personal fields", PERSONAL_MAX);
	memcpy(v.salt, m->salts[m->field_count], sizeof(v.salt));
	audit_commitment(&v, commitment);
	emit_text(&m->emit, key, commitment);
	pack_string(&m->fields, name);
	pack_span(&m->fields, span_make(v.salt, AUDIT_SALT_SIZE));
	pack_span(&m->fields, value);
	m->field_count++;
}

/* An id that a service gave out is no place for prose. */
static bool
is_token(struct mt_span s)
{
	if (s.len > 128)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == ':';

		if (!plain)
			return false;
	}
	return true;
}

static void
emit_action(struct making *m, const struct audit_event *e)
{
	emit_object(&m->emit, "action");
	if (e->intent_known)
		emit_string(&m->emit, "intent", e->intent);
	else
		personal(m, "intent", "action.intent", e->intent);
	if (e->parameters.len > 0)
		personal(m, "parameters", "action.parameters", e->parameters);
	else
		emit_raw(&m->emit, "parameters", SPAN("{}"));
	emit_string(&m->emit, "target", e->target);
	emit_string(&m->emit, "type", e->action);
	emit_end_object(&m->emit);
}

static void
emit_actor(struct making *m, const struct audit_event *e)
{
	emit_object(&m->emit, "actor");
	personal(m, "email", "actor.email", e->email);
	personal(m, "ip", "actor.ip", e->ip);
	personal(m, "userAgent", "actor.userAgent", e->user_agent);
	emit_bool(&m->emit, "verified", e->verified);
	emit_end_object(&m->emit);
}

static void
emit_judgement(struct making *m, const struct audit_event *e)
{
	emit_object(&m->emit, "authentication");
	emit_string(&m->emit, "dkim", e->dkim);
	emit_string(&m->emit, "dmarc", e->dmarc);
	emit_string(&m->emit, "spf", e->spf);
	emit_end_object(&m->emit);
	emit_object(&m->emit, "authorization");
	emit_bool(&m->emit, "permitted", e->permitted);
	emit_string(&m->emit, "policy", e->policy);
	emit_string(&m->emit, "role", e->role);
	emit_end_object(&m->emit);
	emit_array(&m->emit, "checks");
	for (size_t i = 0; i < e->check_count; i++) {
		emit_object(&m->emit, NULL);
		emit_string(&m->emit, "phase", e->checks[i].phase);
		emit_string(&m->emit, "reason", e->checks[i].reason);
		emit_string(&m->emit, "stage", e->checks[i].stage);
		emit_string(&m->emit, "verdict", e->checks[i].verdict);
		emit_end_object(&m->emit);
	}
	emit_end_array(&m->emit);
}

static void
emit_numbers(struct making *m, const struct audit_event *e, const struct slot *slot)
{
	if (e->count > 1)
		emit_int(&m->emit, "count", e->count);
	if (e->attempt > 0) {
		emit_object(&m->emit, "dispatch");
		emit_int(&m->emit, "attempt", e->attempt);
		emit_string(&m->emit, "stage", e->stage);
		emit_end_object(&m->emit);
	}
	emit_text(&m->emit, "eventId", e->event);
	if (slot != NULL) {
		emit_object(&m->emit, "key");
		emit_int(&m->emit, "generation", (int64_t)slot->generation);
		emit_int(&m->emit, "slot", (int64_t)slot->number);
		emit_end_object(&m->emit);
	}
	if (e->operator.len > 0)
		emit_string(&m->emit, "operator", e->operator);
}

static void
emit_result(struct making *m, const struct audit_event *e)
{
	emit_string(&m->emit, "reason", e->reason);
	if (e->report.len > 0)
		personal(m, "report", "report", e->report);
	emit_object(&m->emit, "result");
	if (e->detail.len > 0)
		personal(m, "detail", "result.detail", e->detail);
	if (is_token(e->resource_id))
		emit_string(&m->emit, "resourceId", e->resource_id);
	else
		personal(m, "resourceId", "result.resourceId", e->resource_id);
	emit_text(&m->emit, "status", status_names[e->status]);
	emit_end_object(&m->emit);
}

/* The leaf without its number; returns where the number goes. */
static size_t
make_leaf(struct making *m, const struct audit_event *e, const struct slot *slot)
{
	char time[AUDIT_TIME_SIZE];
	size_t seq_at;

	audit_time(e->time_s, time);
	m->emit = emit_of(&m->leaf);
	emit_object(&m->emit, NULL);
	emit_action(m, e);
	emit_actor(m, e);
	emit_judgement(m, e);
	emit_numbers(m, e, slot);
	emit_result(m, e);
	emit_raw(&m->emit, "seq", SPAN(""));
	seq_at = m->leaf.len;
	emit_text(&m->emit, "timestamp", time);
	emit_int(&m->emit, "v", FORMAT);
	emit_end_object(&m->emit);
	return seq_at;
}

static struct mt_span
seal_opening(struct arena *arena, const struct making *m, const struct audit_event *e,
    const struct slot *slot)
{
	struct buf plain = { 0 }, sealed = { 0 };
	struct mt_span out;

	pack_u8(&plain, FORMAT);
	pack_u32(&plain, m->field_count);
	buf_add(&plain, m->fields.p, m->fields.len);
	seal_close(slot, SEAL_OPENING, span_of(e->event), buf_span(&plain), &sealed);
	out = arena_span(arena, buf_span(&sealed));
	buf_wipe(&plain);
	buf_free(&sealed);
	return out;
}

int
audit_entry(struct arena *arena, const struct audit_event *e, const struct slot *slot,
    struct journal_entry *out)
{
	struct making m = { 0 };

	if (e->check_count > AUDIT_CHECKS_MAX)
		return EMSGSIZE;
	memset(out, 0, sizeof(*out));
	hash_random(m.salts, sizeof(m.salts));
	out->seq_at = make_leaf(&m, e, slot);
	if (m.error == 0 && m.leaf.len > JOURNAL_LEAF_MAX - JOURNAL_SEQ_DIGITS)
		m.error = EMSGSIZE;
	if (m.error == 0 && m.field_count > 0 && slot == NULL)
		m.error = EINVAL;
	if (m.error == 0) {
		out->event = arena_string(arena, span_of(e->event));
		out->time_s = e->time_s;
		out->leaf = arena_span(arena, buf_span(&m.leaf));
		out->slot = slot != NULL ? slot->number : 0;
		out->generation = slot != NULL ? slot->generation : 0;
		if (m.field_count > 0)
			out->opening = seal_opening(arena, &m, e, slot);
	}
	buf_free(&m.leaf);
	buf_wipe(&m.fields);
	explicit_bzero(m.salts, sizeof(m.salts));
	return m.error;
}

int
audit_values(struct arena *arena, struct mt_span opening, struct audit_value **out, size_t *count)
{
	struct unpack u = unpack_of(opening);
	uint8_t format = unpack_u8(&u);
	uint32_t n = unpack_count(&u, 3 * 4 + AUDIT_SALT_SIZE);
	struct audit_value *values;

	*count = 0;
	if (format != FORMAT || u.bad)
		return EBADMSG;
	values = arena_alloc(arena, (n + 1) * sizeof(*values));
	for (uint32_t i = 0; i < n; i++) {
		struct mt_span salt;

		values[i].name = arena_span(arena, unpack_span(&u));
		salt = unpack_span(&u);
		values[i].value = arena_span(arena, unpack_span(&u));
		if (u.bad || salt.len != AUDIT_SALT_SIZE)
			return EBADMSG;
		memcpy(values[i].salt, salt.ptr, AUDIT_SALT_SIZE);
	}
	if (!unpack_done(&u))
		return EBADMSG;
	*out = values;
	*count = n;
	return 0;
}
