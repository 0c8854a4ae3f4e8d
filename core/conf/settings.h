/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration in force: plain data, complete, checked, without
 * secrets.  The master reads it from files (conf/parse.h), packs it once and
 * hands it to every role.  Everything belongs to `arena'.
 */
#ifndef MAILTRI_CONF_SETTINGS_H
#define MAILTRI_CONF_SETTINGS_H

#include "conf/descriptor.h"

enum tls_mode { TLS_REQUIRED, TLS_OFFERED, TLS_NONE };
enum protocol { PROTOCOL_SMTP, PROTOCOL_LMTP };

struct setting_listener {
	const char *address;	/* as written, "0.0.0.0:25"; its name in logs */
	const char *host;	/* numeric; NULL: unix socket */
	uint16_t port;
	uint8_t protocol;	/* enum protocol */
	uint8_t tls;		/* enum tls_mode */
	const char *mode, *owner, *group;	/* of the unix socket: octal digits,
				 * names; NULL: 0600, ours */
	const char **xclient, **xforward;	/* networks, or "unix", that may say
				 * who their client is */
	size_t xclient_count, xforward_count;
};

/* An option's value, already checked against its mt_option. */
struct setting_value {
	const char *name;
	int64_t num;		/* BOOL INT SIZE DURATION */
	const char **list;	/* STRING CHOICE SECRET TARGET: list[0]; LIST: all;
				 * ends with NULL; NULL: unset */
	size_t list_count;
};

/* One set of options: what is in force without a route section, or in one. */
struct setting_options {
	const char *route;	/* NULL: the file's own level */
	struct setting_value *values;	/* one for each option, same order */
};

enum on_error { ON_ERROR_TEMPFAIL, ON_ERROR_SKIP, ON_ERROR_QUARANTINE };

struct setting_stage {
	const char *name;	/* as in pipeline or deliver */
	const char *path;	/* absolute path of the .so */
	const char *group;
	uint32_t deadline_ms, workers, concurrency;	/* workers 0: unset */
	uint8_t on_error;	/* enum on_error */
	struct descriptor descriptor;
	struct setting_options *options;	/* [0]: base; then one a route
						 * section, fully merged */
	size_t option_sets;
};

struct setting_route {
	const char *address;	/* "task.linear@example.com", lower case domain */
	const char *verb, *target;	/* "task", "linear": from the local part */
	const char **intents;	/* "create_task" ...; [0] is the default */
	size_t intent_count;
	uint32_t *deliver;	/* indices into stages */
	size_t deliver_count;
	int64_t retain_s;
	uint8_t answer;
};

struct setting_limits {
	uint64_t message_bytes;	/* 25 MiB; SIZE */
	uint64_t inflight_bytes;	/* 256 MiB over all sessions */
	uint64_t disk_reserve_bytes;	/* intake stops below this */
	uint32_t connections, connections_per_client;
	uint32_t errors_soft, errors_hard;	/* 10, 20 */
	uint32_t command_s;	/* one command: 300 */
	uint32_t data_s;	/* the whole of DATA, beside 500 bytes/s */
	uint32_t session_s;	/* a session in all */
	uint32_t judge_ms;	/* 60000 */
	uint32_t drain_s;	/* of sessions, after a reload */
	uint32_t deliver_age_s;	/* give up after: 5 d */
	uint32_t retry_min_s, retry_max_s;
	uint32_t answers_per_sender, answers_per_thread;	/* within a day */
	uint32_t answer_reply_s;	/* an address to reply to is good for */
};

struct settings {
	struct arena arena;
	const char *file;	/* mailtri.conf, absolute */
	const char *hostname;	/* our name in the dialogue, the authserv-id */
	const char *state_dir, *run_dir, *libexec_dir, *stage_dir, *conf_dir;
	const char *user;	/* NULL: stay who we are */
	struct setting_listener *listeners;
	size_t listener_count;
	const char **tls_certificates, **tls_keys;	/* paths, pairs */
	size_t tls_count;
	const char **nameservers;	/* "127.0.0.1@5353"; none: the system's */
	size_t nameserver_count;
	const char *trust_anchor;	/* file; NULL: no validation */
	const char *root_key;	/* "credential:NAME" | "file:PATH" | NULL: a
				 * file of mode 0400 in state_dir, made once */
	struct setting_limits limits;
	struct setting_stage *stages;	/* pipeline first, in order; then those
					 * only routes deliver to */
	size_t stage_count, pipeline_count;
	struct setting_route *routes;
	size_t route_count;
};

void settings_pack(struct buf *, const struct settings *);
int settings_unpack(struct mt_span, struct settings **);	/* errno */
void settings_free(struct settings *);
/* In a role: from PROTO_SETTINGS_FD; ends the process when it is not there. */
struct settings *settings_receive(void);
const struct setting_options *settings_options(const struct setting_stage *,
    const char *route);	/* the route's, else the base */
const struct setting_route *settings_route(const struct settings *, struct mt_span rcpt);
		/* domain without case, local part without case */

/* The secrets of one role: named bytes.  "tls.cert.0" "tls.key.0" (PEM) for
 * front; "<stage>.<route or empty>.<option>" for a worker; "root" for keys. */
struct secret { const char *name; struct mt_span value; };
struct secrets { struct buf bytes; struct secret *list; size_t count; };
void secrets_pack_one(struct buf *, const char *name, struct mt_span value);
int secrets_unpack(struct mt_span, struct secrets **);	/* copies; EBADMSG */
void secrets_free(struct secrets *);	/* wipes; NULL is allowed */
struct secrets *secrets_receive(void);	/* from PROTO_SECRETS_FD; mlocked */
const struct secret *secrets_find(const struct secrets *, const char *name);

#endif
