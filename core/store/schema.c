/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables.  Nothing here names a person or quotes a mail: what does is in
 * a sealed column (head, body, opening, value).  Times named _ms are Unix
 * milliseconds, all others Unix seconds.
 */
#include "store/schema.h"

const char schema_queue[] =
	/* "Once": who holds it.  Outlives its message. */
	"CREATE TABLE claim(key BLOB PRIMARY KEY, event TEXT NOT NULL, until INTEGER NOT NULL)"
	"  WITHOUT ROWID, STRICT;"
	"CREATE INDEX claim_until ON claim(until);"

	"CREATE TABLE message(id INTEGER PRIMARY KEY, event TEXT NOT NULL UNIQUE,"
	"  state INTEGER NOT NULL, route TEXT NOT NULL, accepted INTEGER NOT NULL,"
	"  retain INTEGER NOT NULL, size INTEGER NOT NULL, slot INTEGER NOT NULL,"
	"  generation INTEGER NOT NULL,"
	/* The first of its thread, null: itself.  HMACs: its Message-ID at its
	 * route, its From mailbox, and what the keys of its answers are made
	 * from; null: none, not proven, none are sent. */
	"  thread INTEGER, name BLOB, person BLOB, answers BLOB,"
	"  head BLOB NOT NULL, body BLOB) STRICT;"	/* body null: in bodies/<event> */
	"CREATE INDEX message_state ON message(state, id);"
	"CREATE INDEX message_name ON message(name) WHERE name IS NOT NULL;"

	/* Whose sender may not know yet: small, so that an answer seen costs no
	 * second writing of its wide row. */
	"CREATE TABLE unseen(message INTEGER PRIMARY KEY) STRICT;"

	/* One deliver stage of one message (queue/queue.h); an action above 0 is
	 * an answer to its sender (queue/answer.h).  told: what an answer says,
	 * sealed; why: what the host itself has to say in one.  thread: the first
	 * message of its thread, itself too; null: it waits for none, an answer. */
	"CREATE TABLE outbox(message INTEGER NOT NULL, stage TEXT NOT NULL, action INTEGER NOT NULL,"
	"  state INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,"
	"  unknown INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL, give_up INTEGER NOT NULL,"
	"  code INTEGER NOT NULL DEFAULT 0, key BLOB NOT NULL, reason TEXT NOT NULL DEFAULT '',"
	"  resource TEXT NOT NULL DEFAULT '', told BLOB, why TEXT NOT NULL DEFAULT '', thread INTEGER,"
	"  PRIMARY KEY(message, stage, action))"
	"  WITHOUT ROWID, STRICT;"
	"CREATE INDEX outbox_due ON outbox(stage, due_ms) WHERE state IN (1, 5);"
	"CREATE INDEX outbox_paused ON outbox(stage) WHERE state = 5;"
	"CREATE INDEX outbox_calling ON outbox(message) WHERE state = 2;"
	/* What is undone alone: a thread may have thousands that are done. */
	"CREATE INDEX outbox_thread ON outbox(stage, thread, message)"
	"  WHERE action = 0 AND state IN (1, 2, 5);"

	/* A release still missing. */
	"CREATE TABLE hold(message INTEGER NOT NULL, releaser TEXT NOT NULL, until INTEGER NOT NULL,"
	"  PRIMARY KEY(message, releaser)) WITHOUT ROWID, STRICT;"
	"CREATE INDEX hold_until ON hold(until);"

	/* Every slot in use: a message's, or a refusal's.  state 1 live, 2 erasing. */
	"CREATE TABLE key_slot(slot INTEGER PRIMARY KEY, generation INTEGER NOT NULL,"
	"  event TEXT NOT NULL, until INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 1,"
	"  message INTEGER NOT NULL) STRICT;"
	"CREATE INDEX key_slot_until ON key_slot(until) WHERE state = 1;"
	"CREATE INDEX key_slot_erasing ON key_slot(slot) WHERE state = 2;"

	"CREATE TABLE audit(seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, event TEXT NOT NULL,"
	"  slot INTEGER NOT NULL, generation INTEGER NOT NULL,"
	"  leaf BLOB NOT NULL, opening BLOB NOT NULL) STRICT;"
	"CREATE INDEX audit_event ON audit(event, seq);"
	"CREATE TABLE checkpoint(id INTEGER PRIMARY KEY, size INTEGER NOT NULL,"
	"  time INTEGER NOT NULL, note TEXT NOT NULL) STRICT;"

	"CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;";

const char schema_counters[] =
	"CREATE TABLE counter(key BLOB PRIMARY KEY, used INTEGER NOT NULL, until INTEGER NOT NULL)"
	"  WITHOUT ROWID, STRICT;"
	"CREATE INDEX counter_until ON counter(until);"
	"CREATE TABLE value(key BLOB PRIMARY KEY, until INTEGER NOT NULL, value BLOB NOT NULL) STRICT;"
	"CREATE INDEX value_until ON value(until);";
