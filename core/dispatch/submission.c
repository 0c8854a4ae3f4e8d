/* SPDX-License-Identifier: BSD-2-Clause */
/* Mail to a relay, by libcurl's SMTP. */
#include "dispatch/submission.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/domain.h"
#include "mail/outgoing.h"

enum { CODE_DIGITS = 3 };

struct submission {
	struct transfer transfer;	/* first, so that it is the submission */
	struct buf sender, rcpt, user, password, path, data;
	struct buf text;	/* the last line of the last reply */
	struct curl_slist *recipients;
	size_t read;		/* bytes of data libcurl took */
	size_t replied;		/* bytes of replies */
	int code;		/* of the last whole reply */
	bool over;		/* what counts was said; next is QUIT's reply */
	bool too_big;
	submission_done_fn done;
	void *arg;
};

/* ---- what may not go out ---- */

static bool
order_is_sound(const struct submission_order *o)
{
	return o->scheme != VALUE_HTTPS && domain_is_valid(o->hello) &&
	    (o->sender.len == 0 || outgoing_is_address(o->sender)) &&
	    outgoing_is_address(o->rcpt) && outgoing_is_data(o->data) &&
	    (o->user.len == 0 ||
	    (outgoing_is_login(o->user) && outgoing_is_login(o->password)));
}

/* ---- what libcurl asks for and tells ---- */

static size_t
data_give(char *p, size_t size, size_t n, void *arg)
{
	struct submission *s = arg;
	size_t left = s->data.len - s->read, take = size * n < left ? size * n : left;

	if (take > 0)
		memcpy(p, s->data.p + s->read, take);
	s->read += take;
	return take;
}

static bool
is_sent(const struct submission *s)
{
	return s->read == s->data.len;
}

/* libcurl sends QUIT when all is over and would stop the whole process until
 * its reply is there.  With nothing to be read any more it does not wait. */
static void
hang_up(struct submission *s)
{
	s->over = true;
	shutdown(s->transfer.socket, SHUT_RD);
}

static int
code_of(struct mt_span line)
{
	for (size_t i = 0; i < CODE_DIGITS; i++)
		if (i >= line.len || !isdigit((unsigned char)line.ptr[i]))
			return 0;
	return (line.ptr[0] - '0') * 100 + (line.ptr[1] - '0') * 10 + (line.ptr[2] - '0');
}

static void
text_keep(struct buf *text, struct mt_span line)
{
	buf_reset(text);
	for (size_t i = 0; i < line.len && text->len < SUBMISSION_TEXT_MAX; i++)
		buf_add_char(text, (unsigned char)line.ptr[i] < 0x20 ||
		    (unsigned char)line.ptr[i] >= 0x7f ? '?' : line.ptr[i]);
}

/* Each line of each reply. */
static size_t
line_take(char *p, size_t size, size_t n, void *arg)
{
	struct submission *s = arg;
	struct mt_span line = span_make(p, size * n);
	size_t len = line.len;

	if (s->over)
		return len;
	s->replied += len;
	if (s->replied > SUBMISSION_REPLIES_MAX) {
		s->too_big = true;
		hang_up(s);
		return 0;	/* libcurl ends the transfer */
	}
	while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
		line.len--;
	if (code_of(line) == 0 || (line.len > CODE_DIGITS && line.ptr[CODE_DIGITS] == '-'))
		return len;
	s->code = code_of(line);
	text_keep(&s->text, line);
	if (s->code >= 400 || (is_sent(s) && s->code != 354))
		hang_up(s);
	return len;
}

/* ---- one submission ---- */

static bool
options_set(struct submission *s, const struct submission_order *o)
{
	bool starttls = o->scheme == VALUE_SMTP;
	const struct transfer_number numbers[] = {
		{ CURLOPT_UPLOAD, 1 }, { CURLOPT_CRLF, 0 }, { CURLOPT_SASL_IR, 1 },
		{ CURLOPT_USE_SSL, starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE },
		{ CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)o->peer.timeout_ms / 1000 + 1 },
	};
	const struct transfer_pointer pointers[] = {
		{ CURLOPT_PROTOCOLS_STR, o->scheme == VALUE_SMTPS ? "smtps" : "smtp" },
		{ CURLOPT_READDATA, s }, { CURLOPT_HEADERDATA, s },
		{ CURLOPT_MAIL_FROM, buf_string(&s->sender) },
		{ CURLOPT_MAIL_RCPT, s->recipients },
	};
	const struct transfer_pointer login[] = {
		{ CURLOPT_USERNAME, buf_string(&s->user) },
		{ CURLOPT_PASSWORD, buf_string(&s->password) },
		{ CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN" },
	};
	struct transfer *t = &s->transfer;
	CURL *c = t->curl;

	return transfer_set(t, numbers, sizeof(numbers) / sizeof(*numbers), pointers,
	    sizeof(pointers) / sizeof(*pointers)) &&
	    transfer_set(t, NULL, 0, login, o->user.len == 0 ? 0 : 3) &&
	    curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->data.len) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_READFUNCTION, data_give) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, line_take) == CURLE_OK &&
	    transfer_set_url(t, o->scheme == VALUE_SMTPS ? "smtps" : "smtp", o->peer.port,
	    buf_string(&s->path));
}

static bool
order_take(struct submission *s, const struct submission_order *o)
{
	buf_printf(&s->sender, "<%.*s>", (int)o->sender.len, o->sender.ptr);
	buf_printf(&s->rcpt, "<%.*s>", (int)o->rcpt.len, o->rcpt.ptr);
	buf_printf(&s->path, "/%s", o->hello);
	buf_add(&s->user, o->user.ptr, o->user.len);
	buf_add(&s->password, o->password.ptr, o->password.len);
	buf_add(&s->data, o->data.ptr, o->data.len);
	s->recipients = curl_slist_append(NULL, buf_string(&s->rcpt));
	return s->recipients != NULL;
}

static void
submission_free(struct transfer *t)
{
	struct submission *s = (struct submission *)(void *)t;

	transfer_fini(t);
	curl_slist_free_all(s->recipients);
	buf_free(&s->sender);
	buf_free(&s->rcpt);
	buf_free(&s->user);
	buf_wipe(&s->password);
	buf_free(&s->path);
	buf_free(&s->data);
	buf_free(&s->text);
	free(s);
}

static void
submission_ended(struct transfer *t, CURLcode code)
{
	struct submission *s = (struct submission *)(void *)t;
	struct submission_result r = { .sent = is_sent(s), .text = buf_span(&s->text) };
	char words[TRANSFER_ERROR_QUOTE_MAX];

	if (!s->too_big && (code == CURLE_OK || s->code >= 400))
		r.code = s->code;
	if (r.code == 0)
		r.error = s->too_big ? EMSGSIZE : transfer_errno(code);
	if (r.error != 0)
		log_warning("mail to relay %s failed: %s error=\"%s\"", t->host,
		    strerror(r.error), transfer_words(t, code, words, sizeof(words)));
	s->done(s->arg, &r);
	submission_free(t);
}

int
submission_start(struct transfer_client *client, const struct submission_order *o, int fd,
    submission_done_fn done, void *arg, struct transfer **out)
{
	struct submission *s = xcalloc(1, sizeof(*s));
	struct transfer *t = &s->transfer;
	struct submission_order order = *o;

	*s = (struct submission){ .transfer = { .fd = fd, .ended = submission_ended,
		.free = submission_free }, .done = done, .arg = arg };
	if (order.peer.timeout_ms == 0)
		order.peer.timeout_ms = SUBMISSION_TIMEOUT_MS;
	if (!order_is_sound(o) || !transfer_init(t, client, &order.peer) || !order_take(s, o) ||
	    !options_set(s, &order) || !transfer_start(t)) {
		submission_free(t);
		return EINVAL;
	}
	*out = t;
	return 0;
}
