/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands a mail to a relay and says what became of it in its reason, as in
 * t-mail.250.0.1: code, error, sent.  Fields of the mail change what goes out:
 * X-Test-Rcpt, X-Test-Body (a name of the table below). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mailtri/stage.h"

enum { DATA_MAX = 1024 * 1024 };	/* as stage.h says */

static const struct mt_host *host;

static const struct mt_option options[] = {
	{ .name = "relay", .type = MT_OPT_TARGET, .choices = "smtp|smtps|smtp+plain",
	  .flags = MT_REQUIRED, .help = "Who takes the mail." },
	{ .name = "user", .type = MT_OPT_STRING, .help = "For AUTH." },
	{ .name = "password", .type = MT_OPT_SECRET, .help = "For AUTH." },
	{ .name = NULL }
};

static const char head[] = "Subject: test\r\nMessage-ID: <t-mail@mailtri.example>\r\n\r\n";

static const struct { const char *name, *body; size_t fill; } bodies[] = {
	{ "short", "Hello.\r\n", 0 },
	{ "dots", ".\r\n..\r\n.x\r\nQUIT\r\n.\r\n", 0 },
	{ "lf", "a\nb\r\n", 0 }, { "cr", "a\rb\r\n", 0 }, { "open", "no end", 0 },
	{ "end", "a\r", 0 },
	{ "most", "", DATA_MAX }, { "more", "", DATA_MAX + 1 },
};

static int
mail_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static struct mt_span
field(struct mt_msg *m, const char *wanted, const char *otherwise)
{
	struct mt_span name, value;
	size_t it = 0;

	do
		if (host->header_next(m, &it, &name, &value) != 0)
			return (struct mt_span){ otherwise, strlen(otherwise) };
	while (name.len != strlen(wanted) || strncasecmp(name.ptr, wanted, name.len) != 0);
	while (value.len > 0 && *value.ptr == ' ') {
		value.ptr++;
		value.len--;
	}
	return value;
}

/* The whole of it `fill' bytes long, in lines, where that is not 0. */
static struct mt_span
data_make(struct mt_msg *m, struct mt_span which)
{
	size_t i = 0, at = sizeof(head) - 1, len;
	char *p;

	while (i + 1 < sizeof(bodies) / sizeof(*bodies) && (strlen(bodies[i].name) != which.len ||
	    memcmp(bodies[i].name, which.ptr, which.len) != 0))
		i++;
	len = bodies[i].fill > 0 ? bodies[i].fill : at + strlen(bodies[i].body);
	p = host->alloc(m, len);
	memcpy(p, head, at);
	if (bodies[i].fill == 0)
		memcpy(p + at, bodies[i].body, len - at);
	for (size_t n = at; bodies[i].fill > 0 && n < len; n++)
		p[n] = (n - at) % 64 == 62 ? '\r' : (n - at) % 64 == 63 ? '\n' : 'x';
	if (bodies[i].fill > 0) {
		memset(p + len - 4, 'x', 2);
		memcpy(p + len - 2, "\r\n", 2);
		if (p[len - 5] == '\r')
			p[len - 5] = 'x';
	}
	return (struct mt_span){ p, len };
}

static int
deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *out)
{
	const struct mt_conf *c = host->conf(m);
	struct mt_mail mail = { .size = sizeof(mail), .relay = "relay",
		.user = host->conf_str(c, "user"), .password = "password",
		.sender = { "", 0 }, .timeout_ms = 100000,
		.rcpt = field(m, "X-Test-Rcpt", "ann@good.example"),
		.data = data_make(m, field(m, "X-Test-Body", "short")) };
	struct mt_mail_reply r = { .size = sizeof(r) };

	(void)ctx;
	(void)key;
	if (host->mail_send(m, &mail, &r) == MT_PENDING)
		return MT_WAIT;
	out->status = r.code / 100 == 2 ? MT_DELIVERED : MT_FAILED;
	out->code = r.code;
	snprintf(out->reason, sizeof(out->reason), "t-mail.%d.%d.%u", (int)r.code, (int)r.error,
	    (unsigned)r.sent);
	snprintf(out->text, sizeof(out->text), "%.*s", (int)r.text.len, r.text.ptr);
	return 0;
}

MT_STAGE(t_mail,
    .name = "t-mail", .version = "1.0", .summary = "hands a mail to a relay",
    .needs = MT_NEED_MAIL, .options = options, .open = mail_open, .deliver = deliver);
