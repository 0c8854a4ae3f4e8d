/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine answers on its control socket:
 *
 *	status		one object: roles, queue, audit, room
 *	queue.list	{"state","after","max"}: one object a message
 *	queue.show	{"event"}: one object
 *	queue.retry, queue.release, queue.refuse, queue.discard, queue.replay
 *			{"event"}, release also {"releaser"}: one object with the
 *			new state
 *	audit.list	{"seq","max"}: records from seq on; -1: the last `max'
 *	audit.show	{"event"}: its records
 *	audit.export	{"seq","max","open"}: {"line"} each, then {"next","last"}
 *	audit.prove	{"seq"} or {"event"}: {"seq","records","proof"}
 *	audit.growth	{"old","new"}: {"path":[base64]}
 *	audit.checkpoint	{"note"}, the last one
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
#include "store/seal.h"

/* slot NULL: the key is erased, or `keys' cannot be asked now.  The slot is
 * the callee's to read until it returns; the caller wipes it. */
typedef void (*handlers_slot_fn)(const struct slot *, void *arg);

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
	void *arg;
};

extern const struct control_command handlers_table[];

/* The event a request names; false: the reply has been ended. */
bool handlers_event(struct control_reply *, const json_t *request, char out[QUEUE_EVENT_SIZE]);

#endif
