/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of messages: read, kept, looked up. */
#include "queue/thread.h"

#include "queue/private.h"

static struct mt_span
id_at(struct mt_span value, size_t from)
{
	size_t n = 0;

	while (from + n < value.len && value.ptr[from + n] != '>' && value.ptr[from + n] != '<' &&
	    (unsigned char)value.ptr[from + n] > ' ')
		n++;
	return from + n < value.len && value.ptr[from + n] == '>' ?
	    span_make(value.ptr + from, n) : span_make("", 0);
}

size_t
thread_ids(struct mt_span value, struct mt_span ids[THREAD_NAMES_MAX])
{
	struct mt_span ring[THREAD_NAMES_MAX];
	size_t found = 0, count;

	for (size_t i = 0; i < value.len; i++) {
		struct mt_span id = value.ptr[i] == '<' ? id_at(value, i + 1) : span_make("", 0);

		if (id.len > 0 && id.len <= THREAD_ID_MAX)
			ring[found++ % THREAD_NAMES_MAX] = id;
	}
	count = found < THREAD_NAMES_MAX ? found : THREAD_NAMES_MAX;
	for (size_t i = 0; i < count; i++)
		ids[i] = ring[(found - count + i) % THREAD_NAMES_MAX];
	return count;
}

struct naming {
	uint8_t key[HASH_SIZE];
	struct mt_span route;
	struct thread_names *names;
};

static void
name_hash(const struct naming *n, struct mt_span id, uint8_t out[HASH_SIZE])
{
	struct mt_span parts[] = { n->route, SPAN("\0"), id };

	hash_hmac(n->key, parts, 3, out);
}

static void
ref_add(const struct naming *n, struct mt_span id)
{
	struct thread_names *names = n->names;
	uint8_t *ref;

	if (names->ref_count == THREAD_NAMES_MAX)
		return;
	ref = names->refs[names->ref_count];
	name_hash(n, id, ref);
	if (!names->named || memcmp(ref, names->self, HASH_SIZE) != 0)
		names->ref_count++;
}

void
thread_names(const uint8_t key[HASH_SIZE], struct mt_span route, const struct view *v,
    struct thread_names *names)
{
	struct naming n = { .route = route, .names = names };
	struct mt_span label = SPAN("mailtri/name/v1"), ids[THREAD_NAMES_MAX];
	struct view_field f;
	size_t count;

	*names = (struct thread_names){ .named = false };
	hash_hmac(key, &label, 1, n.key);
	if (view_find(v, "Message-ID", &f) == 0 && (count = thread_ids(f.value, ids)) > 0) {
		name_hash(&n, ids[0], names->self);
		names->named = true;
	}
	if (view_find(v, "In-Reply-To", &f) == 0) {
		count = thread_ids(f.value, ids);
		for (size_t i = 0; i < count; i++)
			ref_add(&n, ids[i]);
	}
	if (view_find(v, "References", &f) == 0)
		for (size_t i = thread_ids(f.value, ids); i-- > 0; )
			ref_add(&n, ids[i]);
}

/* The first message of what the statement finds, which must still be there to
 * be answered: not refused, not being erased. */
#define FIRST "SELECT f.id FROM message m JOIN message f ON f.id = coalesce(m.thread, m.id)" \
	" AND f.state NOT IN (6, 7)"

static int64_t
first_found(struct store *s, sqlite3_stmt *stmt)
{
	int64_t id = 0;

	if (db_step(store_queue(s), stmt)) {
		id = db_int(stmt, 0);
		db_reset(stmt);
	}
	return id;
}

int64_t
queue_thread_find(struct store *s, const struct thread_names *names, const char *route)
{
	sqlite3_stmt *stmt;
	int64_t id = 0;

	if (names->event[0] != '\0') {
		stmt = db_statement(store_queue(s), FIRST " WHERE m.event = ? AND m.route = ?");
		db_bind_text(stmt, 1, names->event);
		db_bind_text(stmt, 2, route);
		id = first_found(s, stmt);
	}
	for (size_t i = 0; id == 0 && i < names->ref_count; i++) {
		stmt = db_statement(store_queue(s), FIRST " WHERE m.id ="
		    " (SELECT min(id) FROM message WHERE name = ?)");
		db_bind_blob(stmt, 1, span_make(names->refs[i], HASH_SIZE));
		id = first_found(s, stmt);
	}
	return id;
}

void
queue_thread_load(struct store *s, struct queue_load *load)
{
	struct queue_context *c = &load->context;
	sqlite3_stmt *stmt = db_statement(store_queue(s), "SELECT f.event, o.key, o.resource"
	    " FROM message m JOIN message f ON f.id = m.thread"
	    " JOIN outbox o ON o.message = f.id AND o.stage = ?2 AND o.action = 0"
	    " WHERE m.id = ?1");

	db_bind_int(stmt, 1, (int64_t)load->item.id);
	db_bind_text(stmt, 2, load->stage);
	if (!db_step(store_queue(s), stmt))
		return;
	db_copy(stmt, 0, c->thread_event, sizeof(c->thread_event));
	if (db_span(stmt, 1).len == HASH_SIZE)
		memcpy(c->thread_key, db_span(stmt, 1).ptr, HASH_SIZE);
	db_copy(stmt, 2, c->thread_resource, sizeof(c->thread_resource));
	db_reset(stmt);
}
