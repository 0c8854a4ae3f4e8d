/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processes say to each other.  Every role is started with
 *	fd 3	its channel to the engine (the engine: to the master)
 *	fd 4	memfd: the packed settings (conf/settings.h), the same for all
 *	fd 5	memfd: the packed secrets of this role alone; may be empty
 *	fd 6..	descriptors of its own, as its row says
 * and argv[1], its instance ("worker:checks").  Numbers are stable within
 * one build only: all programs of an installation are of one version.
 *
 * Payloads are packed (base/buf.h) in the order written here.  `bytes' is
 * bytes_pack() form: inline up to FRAME_INLINE_MAX, else by memfd.
 */
#ifndef MAILTRI_BASE_PROTO_H
#define MAILTRI_BASE_PROTO_H

enum { PROTO_CHANNEL_FD = 3, PROTO_SETTINGS_FD = 4, PROTO_SECRETS_FD = 5, PROTO_FIRST_FD = 6 };

enum proto_type {
	/* master -> engine.  A generation is one configuration and the roles
	 * that work by it; the engine's own first one is current from its
	 * start.  id: the generation's number where nothing else is said. */
	PROTO_ROLE = 1,		/* id: instance; u32 generation (of no meaning for
				 * keys), string role, string group; fd:
				 * channel to a role that just started; also
				 * after respawn, under a new instance */
	PROTO_CONTROL,		/* id 0; fd: listening unix socket for mailtrictl */
	PROTO_DIED,		/* id: instance that ended; u32 signal it died
				 * of, or 0 */
	/* engine -> master */
	PROTO_KILL,		/* id: instance that hangs or lies: SIGKILL it */
	/* master -> engine */
	PROTO_GENERATION,	/* fd: settings; its roles follow, nothing is given
				 * to it before it is current */
	PROTO_CURRENT,		/* it takes what is new; older ones drain */
	PROTO_GIVE_UP,		/* it never became current: forget it */
	PROTO_RELOADED,		/* id: the last PROTO_RELOAD this answers (0:
				 * none); u32 generation that is in force, u8
				 * reloaded, string problems, one a line */
	/* engine -> master */
	PROTO_OVER,		/* an older one has no session, no mail and no
				 * delivery left; its channels are closed */

	/* any role -> engine, once, when it is ready to serve.  id 0.  engine
	 * -> master: id: the instance that is ready; 0, once: intake opened
	 * for the first time. */
	PROTO_READY = 10,
	/* engine -> master */
	PROTO_RELOAD,		/* id: of the request, counting up */

	/* front -> engine.  id = transaction, unique while it lives. */
	PROTO_RCPT = 20,	/* envelope; answer: PROTO_REPLY */
	PROTO_MESSAGE,		/* bytes raw, then as PROTO_SEEN; answer:
				 * PROTO_REPLY */
	PROTO_END,		/* nothing: the transaction is over, or the
				 * session withdrew while being judged; also
				 * after a refused RCPT, so it may be unknown */
	PROTO_SEEN,		/* strings, events: a byte came after their 250 */
	PROTO_EARLY,		/* string client, string reason, string text: a
				 * refusal by the front, answered already: text
				 * is what the client read.  id: 0 before RCPT,
				 * else the transaction, its END follows */
	/* engine -> front */
	PROTO_REPLY = 30,	/* u16 code, string enhanced, string text,
				 * string event (message accepted) */
	PROTO_INTAKE,		/* id 0; u8 open: 0 = answer 452 4.3.1 at MAIL.
				 * Clients are accepted from the first one on */

	/* engine -> parser and back.  id = job. */
	PROTO_PARSE = 40,	/* bytes raw; answer: PROTO_VIEW */
	PROTO_APPLY,		/* u32 count, then edits (mail/edit.h); bytes
				 * raw; answer: PROTO_EDITED */
	PROTO_VIEW,		/* u8 ok; string why; bytes view (mail/view.h) */
	PROTO_EDITED,		/* u8 ok; string why; bytes raw; bytes view */

	/* engine -> worker.  id = job: one message in one group and phase. */
	PROTO_CALL = 50,	/* pipeline/call.h: call_pack() */
	PROTO_ANSWERS,		/* u32 count, answers that are new: the run may go on */
	PROTO_DROP,		/* nothing: forget the waiting job */
	/* worker -> engine */
	PROTO_WAIT = 60,	/* u32 count, questions */
	PROTO_RESULT,		/* pipeline/call.h: result_pack() */

	/* engine -> worker-net and back.  id = job. */
	PROTO_DELIVER = 70,	/* pipeline/call.h: call_pack() */
	PROTO_DELIVERED,	/* pipeline/call.h: delivery_pack() */
	PROTO_DIAL,		/* worker-net -> engine -> resolver: string host,
				 * u16 port, u8 private address allowed,
				 * string numeric address or empty */
	PROTO_DIALLED,		/* back: i32 errno, string text; fd if 0 */

	/* engine -> resolver.  id = ask. */
	PROTO_ASK = 80,		/* u32 deadline_ms, u32 count, questions: string
				 * name, u16 type */
	PROTO_ANSWER,		/* resolver -> engine, one or more, in any
				 * order, each: string name, u16 type, i32 status,
				 * u32 ttl, u32 secure, u32 count, spans;
				 * u32 queries sent for it (0: cached) */
	PROTO_FORGET,		/* id 0: empty the cache (check) */

	/* engine -> keys.  id = ask. */
	PROTO_SLOTS = 90,	/* u32 count wanted */
	PROTO_OPEN,		/* u64 slot, u64 generation */
	PROTO_ERASE,		/* u32 count, u64 slots: zeroed and fdatasync'd */
	PROTO_SIGN,		/* audit/promise.h: ask */
	PROTO_HELLO,		/* nothing */
	/* keys -> engine */
	PROTO_SLOTS_ARE = 95,	/* u32 count, each: u64 slot, u64 generation,
				 * span key (32) */
	PROTO_KEY,		/* i32 errno; 32 bytes key where it is 0 */
	PROTO_ERASED,		/* i32 errno */
	PROTO_SIGNATURE,	/* audit/promise.h: answer */
	PROTO_INSTALLATION,	/* span installation HMAC key (32), span Ed25519
				 * public key (32), string its name, u64 next
				 * slot (all issued ones are below), u32
				 * generation of slots, span id of the root key
				 * (16), u32 its version, promise (audit/promise.h):
				 * answer to HELLO */

	/* engine -> keys, too */
	PROTO_GONE = 110,	/* u32 count, each: u64 slot, u64 generation: which
				 * of them have no key any more? */
	/* keys -> engine */
	PROTO_GONE_ARE = 115,	/* u32 count, u64 slots */

	/* mailtrictl check -> engine started with --check.  id = line. */
	PROTO_CHECK = 100,	/* i64 now (0: clock), u32 count, strings: stages
				 * (0: all, with the SMTP syntax checks);
				 * u8 keep state; envelope; bytes raw;
				 * answer: PROTO_REPORT */
	PROTO_REPORT		/* bytes: one JSON object */
};

#endif
