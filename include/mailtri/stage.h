/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage ABI, all of it.  A stage is a shared object that exports one
 * function, mailtri_stage_v1(), made by MT_STAGE() at the end of its source.
 * mailtri_stage(3) is the manual; this header is the contract.
 *
 * Growth: every struct begins with its size as its author compiled it and
 * only ever grows at its end; the host copies min(its size, yours).  No enum
 * is a struct member, no struct is embedded that may grow.
 *
 * Ownership: what is read through a struct mt_msg is borrowed until the
 * callback returns; what is handed to the host is copied before the call
 * returns.  Nobody frees what the other side allocated.
 */
#ifndef MAILTRI_STAGE_H
#define MAILTRI_STAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MT_ABI_MAJOR 1	/* in the entry symbol: a break cannot load */
#define MT_ABI_MINOR 0	/* grows when a field or a host service is appended */

/* Limits a stage meets; what is beyond is refused, never cut in silence. */
#define MT_FACT_TEXT_MAX  1024	/* bytes of a text fact */
#define MT_RUNS_MAX	  16	/* runs of one callback for one message */
#define MT_QUESTIONS_MAX  40	/* questions of one message, all stages */
#define MT_KEEP_MAX	  65536	/* bytes of keep() */

struct mt_msg;		/* opaque: one message, valid during one call */
struct mt_conf;		/* opaque: the options in force, validated */
struct mt_host;

/* Borrowed bytes, not NUL-terminated, valid until the callback returns. */
struct mt_span {
	const char *ptr;
	size_t	    len;
};

/* What a callback returns: 0 done, MT_WAIT, or -1 "I failed". */
enum { MT_WAIT = 1 };

/* A stage's opinion.  The host turns opinions into one disposition. */
enum mt_verdict {
	MT_CONTINUE = 0,	/* no objection */
	MT_REJECT = 1,		/* 5xx; stops the pipeline */
	MT_TEMPFAIL = 2		/* 4xx; stops the pipeline */
};

/* Outcome of one hand-over to an outside system. */
enum mt_delivery_status {
	MT_DELIVERED = 0,	/* resource_id names what was made */
	MT_DUPLICATE = 1,	/* made by an earlier attempt; id names it */
	MT_RETRY = 2,		/* again, not before retry_after_s */
	MT_FAILED = 3,		/* never again; a person must look */
	MT_PAUSE = 4		/* our credentials are refused: keep, alarm */
};

/* What an answer, a grant or a reply says of its question. */
enum mt_status {
	MT_OK = 0,
	MT_PENDING,		/* not known yet: return MT_WAIT */
	MT_NODATA,		/* the name has no record of this type */
	MT_NXDOMAIN,		/* the name does not exist */
	MT_SERVFAIL,		/* the server failed or refused */
	MT_TIMEOUT,		/* no answer within the budget */
	MT_BOGUS,		/* DNSSEC validation failed */
	MT_BUDGET,		/* MT_QUESTIONS_MAX or the time is spent */
	MT_TAKEN,		/* claim: its limit is reached */
	MT_BUSY,		/* claim: held by a mail not yet decided */
	MT_DENIED		/* not declared in needs, or not in this phase */
};

/* What the worker is allowed; all else is refused by the host. */
enum mt_need {
	MT_NEED_DNS = 1u << 0,	/* dns_get() */
	MT_NEED_HTTP = 1u << 1,	/* http_request() to its own targets */
	MT_NEED_STATE = 1u << 2,	/* state_take(), state_get(), state_put() */
	MT_NEED_BODY = 1u << 3,	/* part_next(): decoded parts */
	MT_NEED_RAW = 1u << 4,	/* raw(): the bytes as received */
	MT_NEED_EDIT = 1u << 5,	/* edit() */
	MT_NEED_FILES = 1u << 6,	/* files named in its options, read only */
	MT_NEED_MAIL = 1u << 7	/* mail_send() to its own targets */
};

enum mt_option_type {
	MT_OPT_BOOL = 1,	/* true | false */
	MT_OPT_INT,		/* 42 */
	MT_OPT_SIZE,		/* bytes: 25M */
	MT_OPT_DURATION,	/* seconds: 90d, 12h, 15m, 30s */
	MT_OPT_STRING,
	MT_OPT_LIST,		/* { "a", "b" } */
	MT_OPT_CHOICE,		/* one of choices */
	MT_OPT_SECRET,		/* "file:/path" or "credential:name"; the host
				 * reads it, the value is never printed */
	MT_OPT_TARGET		/* "https://host[:port]", or the schemes of
				 * choices; the host adds the options
				 * NAME_pin (list, required), NAME_ca (path)
				 * NAME_private (bool)
				 * and NAME_connect (address:port) */
};

enum {
	MT_REQUIRED = 1u << 0,	/* option: must be set; read fact: must be
				 * written by an earlier stage */
	MT_DEPRECATED = 1u << 1,
	MT_PERSONAL = 1u << 2	/* fact: names a person; audited as commitment */
};

struct mt_option {
	const char *name, *def;	/* def: text as in the file; NULL: unset.
				 * A list's def is its members, comma-separated */
	const char *choices;	/* "a|b|c" for MT_OPT_CHOICE; for MT_OPT_TARGET
				 * "smtp|smtps": mail, by STARTTLS (587) or in
				 * TLS (465); "smtp+plain": without, to a
				 * numeric loopback address (25); NULL: https */
	const char *help;	/* one line; becomes the manual */
	uint32_t    type, flags;
	int64_t	    min, max;	/* both 0: unbounded */
};

enum mt_fact_type { MT_FLAG = 1, MT_INT, MT_TOKEN, MT_TEXT };

struct mt_fact_decl {
	const char *key;	/* "auth.spf"; the prefix is the module */
	const char *choices;	/* "pass|fail|..." for MT_TOKEN */
	const char *help;
	uint32_t    type, flags;
};

struct mt_fact {
	const char    *key;
	uint32_t       type, reserved;
	int64_t	       num;	/* MT_FLAG, MT_INT */
	struct mt_span text;	/* MT_TOKEN, MT_TEXT */
};

/* Caller-owned, fixed size: nothing to free across the boundary. */
struct mt_result {
	uint32_t size;
	int32_t	 verdict;	/* enum mt_verdict */
	uint16_t smtp_code;	/* 0: the host chooses 550 or 451 */
	uint16_t reserved[3];
	char	 enhanced[12];	/* "5.7.26"; RFC 3463 */
	char	 reason[64];	/* stable code, "auth.dmarc.fail" */
	char	 text[256];	/* one sentence that says what to do */
};

struct mt_delivery {
	uint32_t size;
	int32_t	 status;	/* enum mt_delivery_status */
	uint32_t retry_after_s;	/* the host waits for a day at most */
	int32_t	 code;		/* HTTP status or errno; 0 unknown */
	char	 resource_id[128];
	char	 resource_url[368];
	char	 reason[64];
	char	 text[256];
};

/* The connection and the envelope.  Addresses without <>. */
struct mt_client {
	uint32_t       size, flags;	/* MT_CLIENT_* */
	struct mt_span address;	/* "192.0.2.1", "2001:db8::1"; "unknown" or
				 * "unix": nothing can be judged by it */
	struct mt_span helo;	/* empty: unknown */
	struct mt_span listener;	/* "0.0.0.0:25" */
	struct mt_span tls;	/* "TLSv1.3 TLS_AES_256_GCM_SHA384" or empty */
	struct mt_span hostname;	/* our own name, the authserv-id */
	struct mt_span upstream;	/* who named the client by XCLIENT or
				 * XFORWARD; TLS is then of its connection.
				 * Empty: the client itself is connected */
};
enum {
	MT_CLIENT_TLS = 1u << 0, MT_CLIENT_ESMTP = 1u << 1,
	MT_CLIENT_UTF8 = 1u << 2,	/* it gave SMTPUTF8, RFC 6531 */
	MT_CLIENT_LMTP = 1u << 3
};

/* One leaf of the MIME tree, decoded (RFC 2045). */
struct mt_part {
	uint32_t       size, depth;
	struct mt_span type;	/* "text/plain", lower case */
	struct mt_span charset;	/* lower case, or empty */
	struct mt_span disposition;	/* "attachment", "inline" or empty */
	struct mt_span filename;	/* UTF-8; never a path to be used */
	struct mt_span bytes;	/* transfer encoding removed; text/ parts in
				 * UTF-8 where the charset was known */
};

/* DNS: rr[i] is one record.  A 4 bytes, AAAA 16 bytes, TXT its strings
 * joined without a space, MX two bytes of preference (network order) and
 * the name as text, PTR CNAME NS the name as text without final dot. */
struct mt_answer {
	uint32_t size;
	int32_t	 status;	/* enum mt_status */
	uint32_t ttl, secure, count, reserved;
	const struct mt_span *rr;
};

/* One of `limit' in the window; limit 1 is "once".  Tentative until the
 * message is accepted, released on any other ending. */
struct mt_claim {
	uint32_t       size, flags;	/* MT_CLAIM_* */
	struct mt_span key;
	uint32_t       limit, window_s;
};
enum {
	MT_CLAIM_MESSAGE = 1u << 0	/* the key is the message itself: if its
					 * holder's 250 was never seen by the
					 * sender, the host answers 250 with the
					 * first event; also the root of
					 * idempotency keys */
};
struct mt_grant {
	uint32_t size;
	int32_t	 status;	/* MT_OK, MT_TAKEN, MT_BUSY, MT_PENDING */
	uint32_t used, retry_after_s;
	char	 event[40];	/* MT_TAKEN, limit 1: the holder */
};

enum mt_when { MT_IF_ACCEPTED = 1, MT_ALWAYS = 2 };

enum mt_edit_op {
	MT_PART_SPLICE = 1,	/* part `index': length bytes at offset */
	MT_FIELD_SPLICE,	/* field `index': its value */
	MT_FIELD_ADD,		/* in front of all fields: name, bytes */
	MT_FIELD_REMOVE		/* field `index' */
};
struct mt_edit {
	uint32_t       size, op, index, reserved;
	uint64_t       offset, length;
	struct mt_span name, bytes;
};

enum mt_class { MT_READ = 1, MT_CREATE, MT_MODIFY, MT_APPROVE };
struct mt_intent {
	uint32_t       size, cls;	/* enum mt_class */
	struct mt_span route;	/* "task.linear@example.com" */
	struct mt_span verb;	/* "create_task" */
	struct mt_span target;	/* "linear" */
	struct mt_span params;	/* JSON object */
};

struct mt_field {
	const char *name, *value;
	uint32_t    flags, reserved;	/* MT_FIELD_SECRET: value names an
					 * MT_OPT_SECRET option; the host puts
					 * its value in place */
};
enum {
	MT_FIELD_SECRET = 1u << 0,
	MT_FIELD_BEARER = 1u << 1	/* with SECRET: "Bearer " in front of it */
};

struct mt_http {
	uint32_t       size, timeout_ms;	/* 0: 30 s */
	const char    *target;	/* name of an MT_OPT_TARGET option */
	const char    *method, *path;	/* "POST", "/graphql" */
	const struct mt_field *fields;	/* ends with name NULL; may be NULL */
	struct mt_span body;
	int32_t	       part;	/* -1: `body'; >= 0, 0 too: this part's bytes */
	uint32_t       reserved;
};
struct mt_http_reply {
	uint32_t       size;
	int32_t	       status;	/* HTTP status; 0: none came */
	int32_t	       error;	/* 0, or an errno value where status is 0 */
	uint32_t       sent;	/* bytes of request sent; 0: safe to repeat */
	uint32_t       retry_after_s, reserved;
	struct mt_span fields;	/* "Name: value\r\n" lines */
	struct mt_span body;	/* at most 1 MiB */
};

/* One mail to one recipient, handed to a relay (RFC 5321, RFC 6409). */
struct mt_mail {
	uint32_t       size, timeout_ms;	/* 0: 60 s */
	const char    *relay;	/* name of an MT_OPT_TARGET option */
	const char    *user;	/* NULL: no AUTH */
	const char    *password;	/* name of an MT_OPT_SECRET option; NULL: no
				 * AUTH */
	struct mt_span sender, rcpt;	/* ASCII, without <>; sender empty: the
				 * null sender */
	struct mt_span data;	/* header and body, lines end with CRLF; at
				 * most 1 MiB */
};
struct mt_mail_reply {
	uint32_t       size;
	int32_t	       code;	/* SMTP code of the last reply; 0: none came */
	int32_t	       error;	/* 0, or an errno value where code is 0 */
	uint32_t       sent;	/* 1: the end of data left, it may have been
				 * accepted; 0: safe to repeat */
	struct mt_span text;	/* the last reply, one line, at most 512 bytes */
};

/* deliver: what this message answers.  The host found it: the message came to
 * the address an answer invited to write to, or its In-Reply-To or References
 * name one that was accepted at the same route. */
struct mt_thread {
	uint32_t       size, reserved;
	struct mt_span event;	/* of the message that began the thread */
	struct mt_span key;	/* that message's idempotency key for this stage, 64
				 * hex digits: what it made has its name from it */
	struct mt_span resource_id;	/* what this stage made of it; empty: nothing */
};

enum mt_level { MT_DEBUG = 0, MT_INFO, MT_WARNING, MT_ERROR };

/*
 * Everything a stage may ask of the host.  Append only.
 *
 * Questions (dns_get, state_take, state_get, http_request, mail_send) answer
 * from what is known or record the question and return MT_PENDING; a callback that met
 * MT_PENDING and needs the answer returns MT_WAIT.  A run that returned
 * MT_WAIT never happened: its facts, edits, puts and log lines are dropped,
 * and the callback is run again when the answers are there.  So callbacks
 * are pure functions of message, facts and answers.  A run that returns 0
 * with questions pending has merely asked ahead.
 */
struct mt_host {
	uint32_t size, abi_minor;

	void (*log)(struct mt_msg *, int level, const char *fmt, ...)
#if defined(__GNUC__)
	    __attribute__((format(printf, 3, 4)))
#endif
	    ;			/* msg may be NULL; one line, no content */
	void *(*alloc)(struct mt_msg *, size_t);	/* gone at return;
							 * cannot fail */
	void *(*keep)(struct mt_msg *, size_t);	/* zeroed once, the same bytes
						 * on a re-run; NULL beyond
						 * MT_KEEP_MAX */
	int64_t (*now)(const struct mt_msg *);	/* Unix s; the only clock */
	int64_t (*remaining_ms)(const struct mt_msg *);

	/* Options in force for this message; NULL msg in check and open. */
	const struct mt_conf *(*conf)(const struct mt_msg *);
	int64_t (*conf_int)(const struct mt_conf *, const char *name);
	const char *(*conf_str)(const struct mt_conf *, const char *name);
	const char *const *(*conf_list)(const struct mt_conf *, const char *name);
	int (*conf_secret)(const struct mt_conf *, const char *name,
	    struct mt_span *value);

	/* The message.  Functions return 0, or an errno value. */
	const char *(*event)(const struct mt_msg *);	/* "evt_..." */
	int (*client)(const struct mt_msg *, struct mt_client *);
	int (*sender)(const struct mt_msg *, struct mt_span *);	/* MAIL FROM */
	int (*rcpt)(const struct mt_msg *, struct mt_span *);
	int (*intent)(const struct mt_msg *, struct mt_intent *);
	int (*raw)(const struct mt_msg *, struct mt_span *);
	int (*header_next)(const struct mt_msg *, size_t *it,
	    struct mt_span *name, struct mt_span *value);	/* folded, as
			 * received, without the final CRLF; *it starts at 0;
			 * ENOENT at the end */
	int (*part_next)(const struct mt_msg *, size_t *it, struct mt_part *);

	int (*fact_get)(const struct mt_msg *, const char *key,
	    struct mt_fact *);	/* ENOENT: not written */
	int (*fact_set)(struct mt_msg *, const struct mt_fact *);
			/* EPERM undeclared, EEXIST written, EINVAL type or
			 * choice, EMSGSIZE */

	/* Questions; the return value is an enum mt_status. */
	int (*dns_get)(struct mt_msg *, const char *name, uint16_t type,
	    struct mt_answer *);
	int (*state_take)(struct mt_msg *, const struct mt_claim *,
	    struct mt_grant *);
	int (*state_get)(struct mt_msg *, struct mt_span key,
	    struct mt_span *value);	/* MT_NODATA: nothing is kept */
	int (*state_put)(struct mt_msg *, struct mt_span key,
	    struct mt_span value, uint32_t ttl_s, uint32_t when);
			/* not a question: MT_OK or MT_DENIED */
	int (*http_request)(struct mt_msg *, const struct mt_http *,
	    struct mt_http_reply *);	/* deliver and probe only */

	/* Acts; 0 or an errno value.  Offsets are of the view at entry. */
	int (*edit)(struct mt_msg *, const struct mt_edit *);	/* EINVAL
			 * overlap or no such place, EPERM signed part */
	int (*hold)(struct mt_msg *, const char *releaser, uint32_t expire_s);

	/* deliver only: 1 on the first attempt; above, read back first. */
	uint32_t (*attempt)(const struct mt_msg *);
	/* deliver only: ENOENT: the message answers none. */
	int (*thread)(const struct mt_msg *, struct mt_thread *);
	/* A question; deliver and probe only.  MT_OK: *reply is filled in, also
	 * where the mail is none (EINVAL: an address, a line end). */
	int (*mail_send)(struct mt_msg *, const struct mt_mail *,
	    struct mt_mail_reply *);
	/* Append here. */
};

typedef int (*mt_inspect_fn)(void *ctx, struct mt_msg *, struct mt_result *);

struct mt_stage {
	uint32_t size;		/* sizeof as the stage was compiled */
	uint16_t abi_major, abi_minor;
	uint16_t option_stride, fact_stride;
	uint32_t needs;		/* MT_NEED_* */

	const char *name, *version, *summary;
	const struct mt_option *options;	/* ends with name NULL; or NULL */
	const struct mt_fact_decl *reads, *writes;	/* end with key NULL */

	/* All optional but open.  check: refuse options that are valid one by
	 * one but not together, those of each route; secrets can be read before
	 * open, not in mailtrid -n.  open: once a worker, ctx may be
	 * NULL; what it opens it closes before it returns. */
	int (*check)(const struct mt_host *, const struct mt_conf *,
	    struct mt_result *why);
	int (*open)(const struct mt_host *, const struct mt_conf *, void **ctx,
	    struct mt_result *why);
	void (*close)(void *ctx);
	int (*probe)(void *ctx, struct mt_msg *, struct mt_result *why);

	/* Phases: at RCPT for one recipient; after DATA.  A stage has these
	 * or deliver, not both. */
	mt_inspect_fn envelope, message;
	int (*deliver)(void *ctx, struct mt_msg *, const char *key,
	    struct mt_delivery *);
	/* Append here. */
};

typedef const struct mt_stage *(*mt_stage_entry_fn)(void);

#if defined(__GNUC__)
#define MT_EXPORT __attribute__((visibility("default")))
#else
#define MT_EXPORT
#endif

/*
 * MT_STAGE(id, .name = "...", ...) ends a stage's source.  With
 * MT_STAGE_STATIC defined the entry is mt_stage_entry_<id>, so that unit
 * tests and fuzzers link stages in.
 */
#ifdef MT_STAGE_STATIC
#define MT_STAGE_ENTRY(id) mt_stage_entry_##id
#else
#define MT_STAGE_ENTRY(id) mailtri_stage_v1
#endif
#define MT_STAGE(id, ...)						\
	MT_EXPORT const struct mt_stage *MT_STAGE_ENTRY(id)(void);	\
	const struct mt_stage *						\
	MT_STAGE_ENTRY(id)(void)					\
	{								\
		static const struct mt_stage stage = {			\
			.size = sizeof(struct mt_stage),		\
			.abi_major = MT_ABI_MAJOR,			\
			.abi_minor = MT_ABI_MINOR,			\
			.option_stride = sizeof(struct mt_option),	\
			.fact_stride = sizeof(struct mt_fact_decl),	\
			__VA_ARGS__					\
		};							\
		return &stage;						\
	}								\
	struct mt_stage_##id##_semicolon

#ifdef __cplusplus
}
#endif

#endif
