/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP requests and mails of stages, each in its dialect. */
#include "dispatch/speech.h"

#include <arpa/inet.h>
#include <errno.h>

#include "dispatch/http.h"
#include "dispatch/submission.h"
#include "stage/host.h"

struct dialect {
	uint8_t kind;		/* enum question_kind */
	uint32_t timeout_ms;	/* where the stage says 0 */
	int (*read)(struct speech *, struct mt_span);
	int (*speak)(struct speech *, const struct transfer_peer *, struct transfer_client *,
	    int *fd);
	void (*fail)(struct speech *, int error);
};

/* ---- the target ---- */

static const char *
option_name(const struct speech *x, const char *suffix)
{
	return arena_printf(&x->message->arena, "%.*s%s",
	    (int)x->option.len, x->option.ptr, suffix);
}

static bool
is_numeric(const char *host)
{
	unsigned char address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

int
speech_dial(struct speech *x, struct buf *b)
{
	const struct mt_host *h = host_services();
	struct arena *arena = &x->message->arena;
	const char *target = h->conf_str(x->conf, option_name(x, ""));
	const char *connect_to = h->conf_str(x->conf, option_name(x, "_connect"));
	const struct mt_option *option = descriptor_option(&x->message->member->loaded.descriptor,
	    option_name(x, ""));
	struct value_target dial;

	if (target == NULL || value_parse_target(arena, target, option->choices, &x->to) != 0)
		return EDESTADDRREQ;
	if ((x->to.scheme == VALUE_HTTPS) != (x->dialect->kind == QUESTION_HTTP))
		return EPROTOTYPE;
	dial = x->to;
	if (connect_to != NULL && value_parse_address(arena, connect_to, &dial) != 0)
		return EDESTADDRREQ;
	pack_string(b, x->to.host);
	pack_u16(b, dial.port);
	pack_u8(b, h->conf_int(x->conf, option_name(x, "_private")) != 0);
	pack_string(b, is_numeric(dial.host) ? dial.host : "");
	return 0;
}

/* ---- in HTTP ---- */

static struct mt_span
bearer(struct arena *arena, struct mt_span secret)
{
	static const char scheme[] = "Bearer ";
	const size_t len = sizeof(scheme) - 1;
	char *p = arena_alloc(arena, len + secret.len);

	memcpy(p, scheme, len);
	if (secret.len > 0)
		memcpy(p + len, secret.ptr, secret.len);
	return span_make(p, len + secret.len);
}

static int
fields_fill(struct speech *x, struct http_field fields[HTTP_FIELDS_MAX])
{
	struct arena *arena = &x->message->arena;
	int error = 0;

	if (x->request.field_count > HTTP_FIELDS_MAX)
		return EINVAL;
	for (uint32_t i = 0; i < x->request.field_count && error == 0; i++) {
		const struct request_field *f = &x->request.fields[i];

		fields[i] = (struct http_field){ .name = f->name, .value = f->value };
		if ((f->flags & MT_FIELD_SECRET) != 0)
			error = host_services()->conf_secret(x->conf,
			    arena_string(arena, f->value), &fields[i].value);
		if (error == 0 && (f->flags & MT_FIELD_BEARER) != 0)
			fields[i].value = bearer(arena, fields[i].value);
	}
	return error;
}

static int
body_find(const struct speech *x, struct mt_span *body)
{
	struct mt_part part = { .size = sizeof(part) };
	int error;

	*body = x->request.body;
	if (x->request.part < 0)
		return 0;
	error = view_part(&x->message->view, (uint32_t)x->request.part, &part);
	if (error == 0)
		*body = part.bytes;
	return error;
}

/* What is not taken is closed with its frame. */
static int
fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static int
request_take(struct speech *x, struct mt_span packed)
{
	int error = request_unpack(packed, &x->request);

	x->option = x->request.target;
	x->timeout_ms = x->request.timeout_ms;
	return error;
}

static void
request_done(void *arg, const struct http_result *r)
{
	struct mt_span rr[2] = { r->fields, r->body };
	struct answer a = { .number = { (uint32_t)r->status, (uint32_t)r->error, r->sent,
	    r->retry_after_s }, .count = 2, .rr = rr };

	((struct speech *)arg)->done(((struct speech *)arg)->arg, &a);
}

static void
request_fail(struct speech *x, int error)
{
	struct http_result r = { .error = error, .fields = { "", 0 }, .body = { "", 0 } };

	request_done(x, &r);
}

static int
request_speak(struct speech *x, const struct transfer_peer *peer,
    struct transfer_client *client, int *fd)
{
	struct arena *arena = &x->message->arena;
	struct http_field fields[HTTP_FIELDS_MAX];
	struct http_order order = { .peer = *peer,
		.method = arena_string(arena, x->request.method),
		.path = arena_string(arena, x->request.path),
		.fields = fields, .field_count = x->request.field_count };
	int error = fields_fill(x, fields);

	if (error == 0)
		error = body_find(x, &order.body);
	if (error != 0)
		return error;
	return http_start(client, &order, fd_take(fd), request_done, x, &x->transfer);
}

/* ---- in SMTP ---- */

static int
letter_take(struct speech *x, struct mt_span packed)
{
	int error = letter_unpack(packed, &x->letter);

	x->option = x->letter.relay;
	x->timeout_ms = x->letter.timeout_ms;
	return error;
}

static void
letter_done(void *arg, const struct submission_result *r)
{
	struct mt_span text = r->text;
	struct answer a = { .number = { (uint32_t)r->code, (uint32_t)r->error, r->sent },
		.count = 1, .rr = &text };

	((struct speech *)arg)->done(((struct speech *)arg)->arg, &a);
}

static void
letter_fail(struct speech *x, int error)
{
	struct submission_result r = { .error = error, .text = { "", 0 } };

	letter_done(x, &r);
}

static int
letter_speak(struct speech *x, const struct transfer_peer *peer,
    struct transfer_client *client, int *fd)
{
	const struct letter *l = &x->letter;
	struct submission_order order = { .peer = *peer, .scheme = x->to.scheme,
		.hello = x->message->group->settings->hostname, .user = l->user, .sender = l->sender,
		.rcpt = l->rcpt, .data = l->data };
	int error = l->user.len == 0 ? 0 : host_services()->conf_secret(x->conf,
	    arena_string(&x->message->arena, l->password), &order.password);

	if (error != 0)
		return error;
	return submission_start(client, &order, fd_take(fd), letter_done, x, &x->transfer);
}

/* ---- either ---- */

static const struct dialect dialects[] = {
	{ QUESTION_HTTP, HTTP_TIMEOUT_MS, request_take, request_speak, request_fail },
	{ QUESTION_MAIL, SUBMISSION_TIMEOUT_MS, letter_take, letter_speak, letter_fail },
};

static const struct dialect *
dialect_find(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++)
		if (dialects[i].kind == kind)
			return &dialects[i];
	return NULL;
}

bool
speech_is_ours(const struct question *q)
{
	return dialect_find(q->kind) != NULL;
}

int
speech_read(struct speech *x, const struct question *q)
{
	int error;

	x->dialect = dialect_find(q->kind);
	error = x->dialect->read(x, q->key);
	if (x->timeout_ms == 0)
		x->timeout_ms = x->dialect->timeout_ms;
	return error;
}

int
speech_start(struct speech *x, struct transfer_client *client, uint32_t left_ms, int *fd)
{
	const struct mt_host *h = host_services();
	const struct transfer_peer peer = { .host = x->to.host, .port = x->to.port,
		.pins = h->conf_list(x->conf, option_name(x, "_pin")),
		.ca_file = h->conf_str(x->conf, option_name(x, "_ca")),
		.timeout_ms = left_ms };

	return x->dialect->speak(x, &peer, client, fd);
}

void
speech_fail(struct speech *x, int error)
{
	x->dialect->fail(x, error);
}
