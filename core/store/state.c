/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims, counters and values of stages. */
#include "store/state.h"

#include "base/log.h"
#include "store/private.h"

static struct mt_span
key_span(const uint8_t key[HASH_SIZE])
{
	return span_make(key, HASH_SIZE);
}

bool
state_claim_holder(struct store *s, const struct state_claim *claim, int64_t now_s,
    char holder[STATE_EVENT_SIZE], bool *seen)
{
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT c.event, u.message IS NULL FROM claim c"
	    " LEFT JOIN message m ON m.event = c.event LEFT JOIN unseen u ON u.message = m.id"
	    " WHERE c.key = ? AND c.until > ?");

	db_bind_blob(stmt, 1, key_span(claim->key));
	db_bind_int(stmt, 2, now_s);
	if (!db_step(db, stmt))
		return false;
	db_copy(stmt, 0, holder, STATE_EVENT_SIZE);
	*seen = db_int(stmt, 1) != 0;
	db_reset(stmt);
	return true;
}

static void
take_once(struct store *s, const struct state_claim *claim, int64_t now_s, const char *event)
{
	struct db *db = store_queue(s);
	sqlite3_stmt *stmt = db_statement(db,
	    "INSERT OR REPLACE INTO claim(key, event, until) VALUES(?, ?, ?)");

	db_bind_blob(stmt, 1, key_span(claim->key));
	db_bind_text(stmt, 2, event);
	db_bind_int(stmt, 3, now_s + claim->window_s);
	db_run(db, stmt);
}

static void
take_one(struct store *s, const struct state_claim *claim, int64_t now_s)
{
	struct db *db = store_counters(s);
	sqlite3_stmt *stmt = db_statement(db, "INSERT INTO counter(key, used, until)"
	    " VALUES(?1, 1, ?3) ON CONFLICT(key) DO UPDATE SET"
	    " used = CASE WHEN until > ?2 THEN used + 1 ELSE 1 END,"
	    " until = CASE WHEN until > ?2 THEN until ELSE ?3 END");

	db_bind_blob(stmt, 1, key_span(claim->key));
	db_bind_int(stmt, 2, now_s);
	db_bind_int(stmt, 3, now_s + claim->window_s);
	db_run(db, stmt);
}

bool
state_claim_is_free(struct store *s, const struct state_claim *claim)
{
	return claim->limit == 1 && !once_may_hold(store_once(s), claim->key);
}

void
state_claim_expect(struct store *s, const struct state_claim *claim, int64_t now_s)
{
	if (claim->limit == 1)
		once_add(store_once(s), claim->key, now_s + claim->window_s, now_s);
}

uint32_t
state_claim_used(struct store *s, const struct state_claim *claim, int64_t now_s)
{
	struct db *db = store_counters(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT used FROM counter WHERE key = ? AND until > ?");
	uint32_t used = 0;

	db_bind_blob(stmt, 1, key_span(claim->key));
	db_bind_int(stmt, 2, now_s);
	if (db_step(db, stmt)) {
		used = (uint32_t)db_int(stmt, 0);
		db_reset(stmt);
	}
	return used;
}

void
state_claim_take(struct store *s, const struct state_claim *claim, int64_t now_s,
    const char *event)
{
	if (claim->limit == 1)
		take_once(s, claim, now_s, event);
	else
		take_one(s, claim, now_s);
}

static void
look_run(struct store *s, struct store_job *job)
{
	struct state_look *look = (struct state_look *)job;
	sqlite3_stmt *stmt;
	struct db *db;

	if (look->claim.limit == 1) {
		look->used = state_claim_holder(s, &look->claim, look->now_s, look->holder,
		    &look->holder_seen);
		return;
	}
	db = store_counters(s);
	stmt = db_statement(db, "SELECT used, until - ?2 FROM counter WHERE key = ?1 AND until > ?2");
	db_bind_blob(stmt, 1, key_span(look->claim.key));
	db_bind_int(stmt, 2, look->now_s);
	if (!db_step(db, stmt))
		return;
	look->used = (uint32_t)db_int(stmt, 0);
	look->retry_after_s = (uint32_t)db_int(stmt, 1);
	db_reset(stmt);
}

void
state_look(struct store *s, struct state_look *look)
{
	look->used = look->retry_after_s = 0;
	look->holder[0] = '\0';
	look->holder_seen = false;
	look->job.prepare = NULL;
	look->job.run = look_run;
	look->job.flags = STORE_READ;
	store_submit(s, &look->job);
}

static void
get_run(struct store *s, struct store_job *job)
{
	struct state_get *get = (struct state_get *)job;
	struct db *db = store_counters(s);
	sqlite3_stmt *stmt = db_statement(db, "SELECT value FROM value WHERE key = ? AND until > ?");

	db_bind_blob(stmt, 1, key_span(get->key));
	db_bind_int(stmt, 2, get->now_s);
	if (!db_step(db, stmt))
		return;
	get->found = seal_open(store_key(s), SEAL_VALUE, key_span(get->key), db_span(stmt, 0),
	    &get->value) == 0;
	db_reset(stmt);
	if (!get->found)
		log_error("store: a value kept for a stage is damaged and counts as absent");
}

void
state_get(struct store *s, struct state_get *get)
{
	get->found = false;
	get->job.prepare = NULL;
	get->job.run = get_run;
	get->job.flags = STORE_READ;
	store_submit(s, &get->job);
}

static void
forget_value(struct store *s, const struct state_put *put)
{
	sqlite3_stmt *stmt = db_statement(store_counters(s), "DELETE FROM value WHERE key = ?");

	db_bind_blob(stmt, 1, key_span(put->key));
	db_run(store_counters(s), stmt);
}

void
state_put_value(struct store *s, const struct state_put *put)
{
	struct buf sealed = { 0 };
	sqlite3_stmt *stmt;

	if (put->value.len == 0) {
		forget_value(s, put);
		return;
	}
	if (put->value.len > STATE_VALUE_MAX)
		log_panic("state value of %zu bytes", put->value.len);
	seal_close(store_key(s), SEAL_VALUE, key_span(put->key), put->value, &sealed);
	stmt = db_statement(store_counters(s),
	    "INSERT OR REPLACE INTO value(key, until, value) VALUES(?, ?, ?)");
	db_bind_blob(stmt, 1, key_span(put->key));
	db_bind_int(stmt, 2, put->until_s);
	db_bind_blob(stmt, 3, buf_span(&sealed));
	db_run(store_counters(s), stmt);
	buf_free(&sealed);
}

static void
expire(struct db *db, const char *sql, int64_t now_s)
{
	sqlite3_stmt *stmt = db_statement(db, sql);

	db_bind_int(stmt, 1, now_s);
	db_run(db, stmt);
}

void
state_expire(struct store *s, int64_t now_s)
{
	expire(store_queue(s), "DELETE FROM claim WHERE until <= ?", now_s);
	expire(store_counters(s), "DELETE FROM counter WHERE until <= ?", now_s);
	expire(store_counters(s), "DELETE FROM value WHERE until <= ?", now_s);
}
