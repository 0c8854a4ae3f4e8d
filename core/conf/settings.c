/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings: packed by the master, unpacked by every role. */
#include "conf/settings.h"

#include <errno.h>
#include <stdlib.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "conf/pack.h"

/* What the least of each takes when packed. */
enum {
	LISTENER_BYTES_MIN = 15, VALUE_BYTES_MIN = 14,
	STAGE_BYTES_MIN = 72, ROUTE_BYTES_MIN = 29
};

static void
listeners_pack(struct buf *b, const struct settings *s)
{
	pack_u32(b, (uint32_t)s->listener_count);
	for (size_t i = 0; i < s->listener_count; i++) {
		pack_text(b, s->listeners[i].address);
		pack_text(b, s->listeners[i].host);
		pack_u16(b, s->listeners[i].port);
		pack_u8(b, s->listeners[i].protocol);
		pack_u8(b, s->listeners[i].tls);
		pack_text(b, s->listeners[i].mode);
		pack_text(b, s->listeners[i].owner);
		pack_text(b, s->listeners[i].group);
		pack_list(b, s->listeners[i].xclient, s->listeners[i].xclient_count);
		pack_list(b, s->listeners[i].xforward, s->listeners[i].xforward_count);
	}
}

static void
listeners_unpack(struct unpack *u, struct settings *s)
{
	s->listener_count = unpack_count(u, LISTENER_BYTES_MIN);
	s->listeners = arena_alloc(&s->arena,
	    s->listener_count * sizeof(*s->listeners));
	for (size_t i = 0; i < s->listener_count; i++) {
		struct setting_listener *l = &s->listeners[i];

		l->address = unpack_name(u, &s->arena);
		l->host = unpack_text(u, &s->arena);
		l->port = unpack_u16(u);
		l->protocol = unpack_u8(u);
		l->tls = unpack_u8(u);
		l->mode = unpack_text(u, &s->arena);
		l->owner = unpack_text(u, &s->arena);
		l->group = unpack_text(u, &s->arena);
		l->xclient = unpack_list(u, &s->arena, &l->xclient_count);
		l->xforward = unpack_list(u, &s->arena, &l->xforward_count);
		if (l->protocol > PROTOCOL_LMTP || l->tls > TLS_NONE)
			u->bad = true;
	}
}

static void
limits_pack(struct buf *b, const struct setting_limits *l)
{
	pack_u64(b, l->message_bytes);
	pack_u64(b, l->inflight_bytes);
	pack_u64(b, l->disk_reserve_bytes);
	pack_u32(b, l->connections);
	pack_u32(b, l->connections_per_client);
	pack_u32(b, l->errors_soft);
	pack_u32(b, l->errors_hard);
	pack_u32(b, l->command_s);
	pack_u32(b, l->data_s);
	pack_u32(b, l->session_s);
	pack_u32(b, l->judge_ms);
	pack_u32(b, l->drain_s);
	pack_u32(b, l->deliver_age_s);
	pack_u32(b, l->retry_min_s);
	pack_u32(b, l->retry_max_s);
	pack_u32(b, l->answers_per_sender);
	pack_u32(b, l->answers_per_thread);
	pack_u32(b, l->answer_reply_s);
}

static void
limits_unpack(struct unpack *u, struct setting_limits *l)
{
	l->message_bytes = unpack_u64(u);
	l->inflight_bytes = unpack_u64(u);
	l->disk_reserve_bytes = unpack_u64(u);
	l->connections = unpack_u32(u);
	l->connections_per_client = unpack_u32(u);
	l->errors_soft = unpack_u32(u);
	l->errors_hard = unpack_u32(u);
	l->command_s = unpack_u32(u);
	l->data_s = unpack_u32(u);
	l->session_s = unpack_u32(u);
	l->judge_ms = unpack_u32(u);
	l->drain_s = unpack_u32(u);
	l->deliver_age_s = unpack_u32(u);
	l->retry_min_s = unpack_u32(u);
	l->retry_max_s = unpack_u32(u);
	l->answers_per_sender = unpack_u32(u);
	l->answers_per_thread = unpack_u32(u);
	l->answer_reply_s = unpack_u32(u);
}

static void
values_pack(struct buf *b, const struct setting_value *v, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pack_text(b, v[i].name);
		pack_i64(b, v[i].num);
		pack_list(b, v[i].list, v[i].list_count);
	}
}

static struct setting_value *
values_unpack(struct unpack *u, struct arena *a, size_t count)
{
	struct setting_value *v = arena_alloc(a, count * sizeof(*v));

	for (size_t i = 0; i < count; i++) {
		v[i].name = unpack_name(u, a);
		v[i].num = unpack_i64(u);
		v[i].list = unpack_list(u, a, &v[i].list_count);
	}
	return v;
}

static void
stage_pack(struct buf *b, const struct setting_stage *s)
{
	pack_text(b, s->name);
	pack_text(b, s->path);
	pack_text(b, s->group);
	pack_u32(b, s->deadline_ms);
	pack_u32(b, s->workers);
	pack_u32(b, s->concurrency);
	pack_u8(b, s->on_error);
	descriptor_pack(b, &s->descriptor);
	pack_u32(b, (uint32_t)s->option_sets);
	for (size_t i = 0; i < s->option_sets; i++) {
		pack_text(b, s->options[i].route);
		values_pack(b, s->options[i].values, s->descriptor.option_count);
	}
}

static void
option_sets_unpack(struct unpack *u, struct arena *a, struct setting_stage *s)
{
	size_t count = s->descriptor.option_count;

	s->option_sets = unpack_count(u, 1 + count * VALUE_BYTES_MIN);
	if (s->option_sets == 0)
		u->bad = true;		/* the base is always there */
	s->options = arena_alloc(a, s->option_sets * sizeof(*s->options));
	for (size_t i = 0; i < s->option_sets; i++) {
		s->options[i].route = unpack_text(u, a);
		if ((s->options[i].route == NULL) != (i == 0))
			u->bad = true;
		s->options[i].values = values_unpack(u, a, count);
	}
}

static void
stage_unpack(struct unpack *u, struct arena *a, struct setting_stage *s)
{
	s->name = unpack_name(u, a);
	s->path = unpack_name(u, a);
	s->group = unpack_name(u, a);
	s->deadline_ms = unpack_u32(u);
	s->workers = unpack_u32(u);
	s->concurrency = unpack_u32(u);
	s->on_error = unpack_u8(u);
	if (s->on_error > ON_ERROR_QUARANTINE ||
	    descriptor_unpack(u, a, &s->descriptor) != 0)
		u->bad = true;
	else
		option_sets_unpack(u, a, s);
}

static void
stages_unpack(struct unpack *u, struct settings *s)
{
	s->stage_count = unpack_count(u, STAGE_BYTES_MIN);
	s->pipeline_count = unpack_u32(u);
	if (s->pipeline_count > s->stage_count)
		u->bad = true;
	s->stages = arena_alloc(&s->arena, s->stage_count * sizeof(*s->stages));
	for (size_t i = 0; i < s->stage_count && !u->bad; i++)
		stage_unpack(u, &s->arena, &s->stages[i]);
}

static void
route_pack(struct buf *b, const struct setting_route *r)
{
	pack_text(b, r->address);
	pack_text(b, r->verb);
	pack_text(b, r->target);
	pack_list(b, r->intents, r->intent_count);
	pack_u32(b, (uint32_t)r->deliver_count);
	for (size_t i = 0; i < r->deliver_count; i++)
		pack_u32(b, r->deliver[i]);
	pack_i64(b, r->retain_s);
	pack_u8(b, r->answer);
}

static void
route_unpack(struct unpack *u, struct settings *s, struct setting_route *r)
{
	r->address = unpack_name(u, &s->arena);
	r->verb = unpack_name(u, &s->arena);
	r->target = unpack_name(u, &s->arena);
	r->intents = unpack_list(u, &s->arena, &r->intent_count);
	r->deliver_count = unpack_count(u, 4);
	r->deliver = arena_alloc(&s->arena, r->deliver_count * sizeof(*r->deliver));
	for (size_t i = 0; i < r->deliver_count; i++) {
		r->deliver[i] = unpack_u32(u);
		if (r->deliver[i] >= s->stage_count)
			u->bad = true;
	}
	r->retain_s = unpack_i64(u);
	r->answer = unpack_u8(u);
}

static void
routes_unpack(struct unpack *u, struct settings *s)
{
	s->route_count = unpack_count(u, ROUTE_BYTES_MIN);
	s->routes = arena_alloc(&s->arena, s->route_count * sizeof(*s->routes));
	for (size_t i = 0; i < s->route_count && !u->bad; i++)
		route_unpack(u, s, &s->routes[i]);
}

void
settings_pack(struct buf *b, const struct settings *s)
{
	pack_text(b, s->file);
	pack_text(b, s->hostname);
	pack_text(b, s->state_dir);
	pack_text(b, s->run_dir);
	pack_text(b, s->libexec_dir);
	pack_text(b, s->stage_dir);
	pack_text(b, s->conf_dir);
	pack_text(b, s->user);
	listeners_pack(b, s);
	pack_list(b, s->tls_certificates, s->tls_count);
	pack_list(b, s->tls_keys, s->tls_count);
	pack_list(b, s->nameservers, s->nameserver_count);
	pack_text(b, s->trust_anchor);
	pack_text(b, s->root_key);
	limits_pack(b, &s->limits);
	pack_u32(b, (uint32_t)s->stage_count);
	pack_u32(b, (uint32_t)s->pipeline_count);
	for (size_t i = 0; i < s->stage_count; i++)
		stage_pack(b, &s->stages[i]);
	pack_u32(b, (uint32_t)s->route_count);
	for (size_t i = 0; i < s->route_count; i++)
		route_pack(b, &s->routes[i]);
}

static void
settings_read(struct unpack *u, struct settings *s)
{
	struct arena *a = &s->arena;
	size_t keys;

	s->file = unpack_name(u, a);
	s->hostname = unpack_name(u, a);
	s->state_dir = unpack_name(u, a);
	s->run_dir = unpack_name(u, a);
	s->libexec_dir = unpack_name(u, a);
	s->stage_dir = unpack_name(u, a);
	s->conf_dir = unpack_name(u, a);
	s->user = unpack_text(u, a);
	listeners_unpack(u, s);
	s->tls_certificates = unpack_list(u, a, &s->tls_count);
	s->tls_keys = unpack_list(u, a, &keys);
	if (keys != s->tls_count)
		u->bad = true;
	s->nameservers = unpack_list(u, a, &s->nameserver_count);
	s->trust_anchor = unpack_text(u, a);
	s->root_key = unpack_text(u, a);
	limits_unpack(u, &s->limits);
	stages_unpack(u, s);
	routes_unpack(u, s);
}

int
settings_unpack(struct mt_span bytes, struct settings **out)
{
	struct settings *s = xcalloc(1, sizeof(*s));
	struct unpack u = unpack_of(bytes);

	settings_read(&u, s);
	if (!unpack_done(&u)) {
		settings_free(s);
		*out = NULL;
		return EBADMSG;
	}
	*out = s;
	return 0;
}

void
settings_free(struct settings *s)
{
	struct arena arena;

	if (s == NULL)
		return;
	arena = s->arena;
	arena_free(&arena);
	free(s);
}

struct settings *
settings_receive(void)
{
	struct settings *s;
	struct bytes bytes;
	int error = bytes_map(PROTO_SETTINGS_FD, &bytes);

	if (error != 0)
		log_fatal("no settings on descriptor %d (%s): roles are started "
		    "by mailtrid", PROTO_SETTINGS_FD, strerror(error));
	error = settings_unpack(bytes.span, &s);
	bytes_free(&bytes);
	if (error != 0)
		log_fatal("the settings cannot be read: mailtrid is of another "
		    "version than this program; restart it");
	return s;
}

const struct setting_options *
settings_options(const struct setting_stage *s, const char *route)
{
	for (size_t i = 1; route != NULL && i < s->option_sets; i++)
		if (strcasecmp(s->options[i].route, route) == 0)
			return &s->options[i];
	return &s->options[0];
}

const struct setting_route *
settings_route(const struct settings *s, struct mt_span rcpt)
{
	for (size_t i = 0; i < s->route_count; i++)
		if (span_is_nocase(rcpt, s->routes[i].address))
			return &s->routes[i];
	return NULL;
}
