/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine answers on its control socket:
 *
 *	status		one object: roles, queue, audit, room
 *	queue.list	{"state","after","max"}: one object a message
 *	queue.show	{"event"}: one object
 *	queue.retry, queue.release, queue.refuse, queue.discard, queue.replay
 *			{"event"}, release also {"releaser"}, any also {"state"} it
 *			has to be in: one object with the new state
 *	queue.pause, queue.resume
 *			{} or {"stage"}: one object: {"paused","changed"}
 *	probe		{"stage","route"}: one object: {"result","reason","text","ms"}
 *	backup.begin	copies of the databases in state_dir/backup: one object
 *	backup.end	which are removed
 *	keys.status, keys.backup
 *			one object; the latter is audited
 *	audit.list	{"seq","max"}: records from seq on; -1: the last `max'
 *	audit.show	{"event"}: its records
 *	audit.export	{"seq","max","open"}: {"line"} each, then {"next","last"}
 *	audit.prove	{"seq"} or {"event"}: {"seq","records","proof"}
 *	audit.growth	{"old","new"}: {"path":[base64]}
 *	audit.checkpoint	{"note"}, the last one
 *	reload		{"problem"} each, then {"generation"} that is in force
 *	explain		{"event"}: the report its verdict was made with
 *
 * Use: control_server_new(loop, fd, handlers_table, &handlers).
 */
#ifndef MAILTRI_CTL_HANDLERS_H
#define MAILTRI_CTL_HANDLERS_H

#include "audit/publisher.h"
#include "conf/settings.h"
#include "ctl/control.h"
#include "queue/queue.h"
#include "store/root.h"
#include "store/seal.h"

/* slot NULL: the key is erased, or `keys' cannot be asked now.  The slot is
 * the callee's to read until it returns; the caller wipes it. */
typedef void (*handlers_slot_fn)(const struct slot *, void *arg);

/* What the role `keys' says of itself; NULL: it cannot be asked now. */
struct handlers_keys {
	uint64_t next_slot;	/* all message keys made are below */
	uint64_t signed_size;	/* of the last checkpoint; UINT64_MAX: not known */
	uint32_t generation, root_version;
	char root[2 * ROOT_ID_SIZE + 1];	/* the id, in hex */
	char log[NOTE_NAME_MAX + 1];
};
typedef void (*handlers_keys_fn)(const struct handlers_keys *, void *arg);

/* What keeps a target of a stage from being handed over. */
struct handlers_wait {
	const char *state;	/* "paused", "limited", "open", "trying", "missing" */
	const char *reason;	/* a code */
	int64_t until_s;	/* 0: nobody knows */
};

/* The engine's side; outlives the control server. */
struct handlers {
	struct store *store;
	const struct settings *settings;
	const struct publisher *publisher;
	const struct note_key *key;	/* name[0] == '\0': not known yet */
	/* Members to add to the answer of `status', such as "roles". */
	json_t *(*status)(void *arg);
	/* PROTO_OPEN; calls back now or later, once. */
	void (*open)(uint64_t slot, uint64_t generation, handlers_slot_fn, void *fn_arg,
	    void *arg);
	/* Something in the queue became due. */
	void (*due)(void *arg);
	/* Something was discarded: its key is to be erased. */
	void (*discarded)(void *arg);
	/* Asks `keys' how it is; calls back once. */
	void (*keys)(handlers_keys_fn, void *fn_arg, void *arg);
	/* Dispatch is paused, or goes on. */
	void (*pause)(bool, void *arg);
	/* What a crash or a restore left behind has been put right. */
	bool (*settled)(void *arg);
	/* Whether mail of that route waits for its stage as a whole; NULL: none
	 * does.  Valid until the next call. */
	bool (*wait)(const char *stage, const char *route, struct handlers_wait *, void *arg);
	/* queue.pause and queue.resume of one stage; probe: end the reply. */
	void (*integration_pause)(struct control_reply *, const json_t *request, void *arg);
	void (*probe)(struct control_reply *, const json_t *request, void *arg);
	/* Ends the reply when the configuration was read again, or was not. */
	void (*reload)(struct control_reply *, void *arg);
	void *arg;
};

extern const struct control_command handlers_table[];

/* The event a request names; false: the reply has been ended. */
bool handlers_event(struct control_reply *, const json_t *request, char out[QUEUE_EVENT_SIZE]);

#endif
