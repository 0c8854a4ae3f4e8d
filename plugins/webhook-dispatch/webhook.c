/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage webhook-dispatch: a mail becomes one signed webhook, by Standard
 * Webhooks.
 *
 * Exactly once is the receiver's part, who is told enough for it: the id is
 * made from the idempotency key and the body from the mail alone, so every
 * attempt sends the same id and bytes, and only timestamp and signature are
 * new.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/word.h"
#include "envelope.h"
#include "reply.h"
#include "secret.h"

enum { ID_DIGITS = 32, ID_SIZE = 4 + ID_DIGITS + 1, PATH_MAX_BYTES = 1024,
	GONE = 410 };

#define INCLUDED "text, html, commands, attachments, client, envelope, authentication, facts, thread"

static const struct mt_option options[] = {
	{ .name = "endpoint", .type = MT_OPT_TARGET, .flags = MT_REQUIRED,
	  .help = "The receiver's server." },
	{ .name = "path", .type = MT_OPT_STRING, .def = "/",
	  .help = "Where on it webhooks are posted to, from the first slash on." },
	{ .name = "secret", .type = MT_OPT_SECRET, .flags = MT_REQUIRED,
	  .help = "What is signed with: whsec_ and the base64 of 24 to 64 random bytes." },
	{ .name = "secret_previous", .type = MT_OPT_SECRET,
	  .help = "The secret before, while receivers change over: signed with too." },
	{ .name = "include", .type = MT_OPT_LIST, .def = INCLUDED,
	  .help = "Which members are sent, beside those that always are: text, html, commands, "
	  "attachments, headers, client, envelope, authentication, facts, thread." },
	{ .name = "body_size", .type = MT_OPT_SIZE, .def = "256K", .min = 0, .max = 4 << 20,
	  .help = "Bytes of text, and of html, after which each is cut." },
	{ .name = "timeout", .type = MT_OPT_DURATION, .def = "15s", .min = 1, .max = 60,
	  .help = "How long a reply is waited for." },
	{ .name = NULL }
};

static const char *const secrets[] = { "secret", "secret_previous" };
enum { SECRETS = 2, SIGNATURES_SIZE = SECRETS * SIGNATURE_SIZE };

struct webhook {
	const struct mt_host *host;
};

/* ---- options ---- */

static int __attribute__((format(printf, 2, 3)))
refuse(struct mt_result *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	snprintf(why->reason, sizeof(why->reason), "webhook.option");
	return -1;
}

static int
is_path(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] <= ' ' || (unsigned char)path[i] >= 0x7f ||
		    path[i] == '#')
			return 0;
	return path[0] == '/' && len <= PATH_MAX_BYTES;
}

/* NULL: none, or mailtrid -n asks, which reads none; who starts us reads them. */
static const char *
secrets_malformed(const struct mt_host *h, const struct mt_conf *c)
{
	struct secret parsed;
	struct mt_span value;

	for (size_t i = 0; i < SECRETS; i++) {
		int error = h->conf_secret(c, secrets[i], &value) == 0 ?
		    secret_parse(value, &parsed) : 0;

		secret_wipe(&parsed);
		if (error != 0)
			return secrets[i];
	}
	return NULL;
}

static int
webhook_check(const struct mt_host *h, const struct mt_conf *c, struct mt_result *why)
{
	const char *const *include = h->conf_list(c, "include");
	const char *path = h->conf_str(c, "path"), *name;

	if (path == NULL || !is_path(path))
		return refuse(why, "path: it begins with a slash and has at most %d "
		    "printable characters, no blank and no #", PATH_MAX_BYTES);
	for (size_t i = 0; include != NULL && include[i] != NULL; i++)
		if (!envelope_can_include(include[i]))
			return refuse(why, "include: \"%.40s\" is no member that can be "
			    "chosen; mailtri-webhook-dispatch(7) lists them", include[i]);
	name = secrets_malformed(h, c);
	return name == NULL ? 0 : refuse(why, "%s: it is not whsec_ and the base64 of %d to %d "
	    "bytes: make one by (printf whsec_; openssl rand -base64 32)", name,
	    SECRET_BYTES_MIN, SECRET_BYTES_MAX);
}

static int
webhook_open(const struct mt_host *h, const struct mt_conf *c, void **ctx,
    struct mt_result *why)
{
	struct webhook *w = malloc(sizeof(*w));

	(void)c;
	if (w == NULL)
		return refuse(why, "out of memory");
	*w = (struct webhook){ .host = h };
	word_preload();
	*ctx = w;
	return 0;
}

/* ---- deliver ---- */

static int
id_make(const char *key, char out[ID_SIZE])
{
	if (strspn(key, "0123456789abcdef") < ID_DIGITS)
		return EINVAL;
	snprintf(out, ID_SIZE, "msg_%.*s", ID_DIGITS, key);
	return 0;
}

/* One signature, or two with a blank between; EINVAL: a secret is none. */
static int
signatures_make(const struct webhook *w, struct mt_msg *m, const char *id, struct mt_span body,
    char out[SIGNATURES_SIZE])
{
	const struct mt_host *h = w->host;
	struct secret secret;
	struct mt_span value;
	size_t n = 0;
	int error = 0;

	for (size_t i = 0; i < SECRETS && error == 0; i++) {
		if (h->conf_secret(h->conf(m), secrets[i], &value) != 0)
			continue;
		if (n > 0)
			out[n++] = ' ';
		error = secret_parse(value, &secret);
		if (error == 0)
			error = secret_sign(&secret, id, h->now(m), body, out + n);
		secret_wipe(&secret);
		n += SIGNATURE_SIZE - 1;
	}
	return n == 0 ? EINVAL : error;
}

static int
post(const struct webhook *w, struct mt_msg *m, const char *id, struct mt_span body,
    struct mt_http_reply *reply)
{
	const struct mt_conf *c = w->host->conf(m);
	char timestamp[24], signatures[SIGNATURES_SIZE];
	const struct mt_field fields[] = {
		{ .name = "webhook-id", .value = id },
		{ .name = "webhook-timestamp", .value = timestamp },
		{ .name = "webhook-signature", .value = signatures },
		{ .name = "Content-Type", .value = "application/json" },
		{ .name = NULL }
	};
	const struct mt_http request = { .size = sizeof(request), .target = "endpoint",
		.method = "POST", .path = w->host->conf_str(c, "path"), .fields = fields,
		.body = body, .part = -1,
		.timeout_ms = (uint32_t)w->host->conf_int(c, "timeout") * 1000 };

	snprintf(timestamp, sizeof(timestamp), "%" PRId64, w->host->now(m));
	if (signatures_make(w, m, id, body, signatures) != 0)
		return -1;
	return w->host->http_request(m, &request, reply);
}

static int
webhook_deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *out)
{
	const struct webhook *w = ctx;
	struct mt_http_reply reply = { .size = sizeof(reply) };
	char id[ID_SIZE], *body;
	int status;

	if (id_make(key, id) != 0 || (body = envelope_format(w->host, m)) == NULL)
		return -1;
	status = post(w, m, id, (struct mt_span){ body, strlen(body) }, &reply);
	free(body);
	if (status == MT_PENDING)
		return MT_WAIT;
	if (status != MT_OK)
		return -1;
	reply_judge(&reply, id, out);
	return 0;
}

/* Nothing is sent that a receiver would take for an event: whatever it
 * answers but that it is gone, name, address, pin and certificate are right. */
static int
webhook_probe(void *ctx, struct mt_msg *m, struct mt_result *why)
{
	const struct webhook *w = ctx;
	const struct mt_http request = { .size = sizeof(request), .target = "endpoint",
		.method = "HEAD", .path = w->host->conf_str(w->host->conf(m), "path"),
		.part = -1 };
	struct mt_http_reply reply = { .size = sizeof(reply) };
	int status = w->host->http_request(m, &request, &reply);

	if (status != MT_OK)
		return status == MT_PENDING ? MT_WAIT : -1;
	if (reply.status == 0) {
		why->verdict = MT_TEMPFAIL;
		snprintf(why->reason, sizeof(why->reason), "webhook.unreachable");
		snprintf(why->text, sizeof(why->text), "%s", strerror(reply.error));
	} else if (reply.status == GONE) {
		why->verdict = MT_REJECT;
		snprintf(why->reason, sizeof(why->reason), "webhook.gone");
		snprintf(why->text, sizeof(why->text), "the receiver says it is gone for good");
	}
	return 0;
}

MT_STAGE(webhook, .name = "webhook-dispatch", .version = "1.0",
    .summary = "Makes a mail a signed webhook",
    .needs = MT_NEED_HTTP | MT_NEED_BODY,
    .options = options, .reads = envelope_reads,
    .check = webhook_check, .open = webhook_open, .close = free,
    .probe = webhook_probe, .deliver = webhook_deliver);
