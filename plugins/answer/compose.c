/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of an answer, and its two bodies. */
#include "compose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/field.h"
#include "encode.h"

enum { KEY_DIGITS = 32, LINE_MAX_CHARACTERS = 900, DATE_BYTES = 64 };

static struct text
text_new(const struct compose *c, size_t cap)
{
	return (struct text){ .ptr = c->host->alloc(c->msg, cap), .cap = cap };
}

/* ---- what the mail says of itself ---- */

static struct mt_span
subject_get(const struct compose *c)
{
	struct text line = text_new(c, (size_t)COMPOSE_SUBJECT_MAX * 4 + 1);

	text_add_line(&line, field_subject(c->host, c->msg), COMPOSE_SUBJECT_MAX,
	    text_add_character);
	return text_span(&line);
}

size_t
compose_id_length(struct mt_span s)
{
	size_t n = 1, ats = 0;

	if (s.len == 0 || s.ptr[0] != '<')
		return 0;
	for (; n < s.len && s.ptr[n] != '>'; n++) {
		if ((unsigned char)s.ptr[n] <= 0x20 || (unsigned char)s.ptr[n] >= 0x7f ||
		    s.ptr[n] == '<' || n >= COMPOSE_ID_MAX - 1)
			return 0;
		ats += s.ptr[n] == '@' && n > 1 && n + 1 < s.len && s.ptr[n + 1] != '>';
	}
	return n < s.len && ats > 0 ? n + 1 : 0;
}

struct ids { struct mt_span id[COMPOSE_REFERENCES_MAX]; size_t count; };

/* The last ones are kept. */
static void
ids_add(struct ids *ids, struct mt_span id)
{
	if (ids->count == COMPOSE_REFERENCES_MAX)
		memmove(ids->id, ids->id + 1, --ids->count * sizeof(*ids->id));
	ids->id[ids->count++] = id;
}

static void
ids_take(const struct compose *c, const char *name, struct ids *ids)
{
	struct mt_span value;

	field_find(c->host, c->msg, name, &value);
	for (size_t at = 0, n; at < value.len; at += n == 0 ? 1 : n) {
		struct mt_span rest = { value.ptr + at, value.len - at };

		n = compose_id_length(rest);
		if (n > 0)
			ids_add(ids, (struct mt_span){ rest.ptr, n });
	}
}

/* ---- fields ---- */

static void
field_add(struct text *t, const char *name, struct mt_span value)
{
	text_add(t, name);
	text_add(t, ": ");
	text_add_bytes(t, value.ptr, value.len);
	text_add(t, "\r\n");
}

static void
words_add(struct text *t, const char *name, struct mt_span value)
{
	text_add(t, name);
	text_add(t, ": ");
	encode_words(t, value, strlen(name) + 2);
	text_add(t, "\r\n");
}

void
compose_id(const struct compose *c, char out[COMPOSE_OWN_ID_MAX])
{
	struct mt_client client = { .size = sizeof(client), .hostname = { "", 0 } };

	c->host->client(c->msg, &client);
	snprintf(out, COMPOSE_OWN_ID_MAX, "mt-%.*s@%.*s", KEY_DIGITS, c->key,
	    (int)client.hostname.len, client.hostname.ptr);
}

/* RFC 5322 3.6.4. */
static void
thread_add(const struct compose *c, struct text *t)
{
	struct ids parent = { .count = 0 }, ids = { .count = 0 };

	ids_take(c, "Message-ID", &parent);
	ids_take(c, "References", &ids);
	if (ids.count == 0)
		ids_take(c, "In-Reply-To", &ids);
	if (parent.count == 0)
		return;
	ids_add(&ids, parent.id[0]);
	field_add(t, "In-Reply-To", parent.id[0]);
	text_add(t, "References:");
	for (size_t i = 0; i < ids.count; i++) {
		text_add(t, i == 0 ? " " : "\r\n ");
		text_add_bytes(t, ids.id[i].ptr, ids.id[i].len);
	}
	text_add(t, "\r\n");
}

static void
from_add(const struct compose *c, struct text *t)
{
	const struct mt_conf *conf = c->host->conf(c->msg);
	const char *name = c->host->conf_str(conf, "from_name");
	const char *from = c->host->conf_str(conf, "from");
	struct text plain = text_new(c, LINE_MAX_CHARACTERS);

	text_add(t, "From: ");
	if (name != NULL)
		text_add_line(&plain, (struct mt_span){ name, strlen(name) },
		    COMPOSE_SUBJECT_MAX, text_add_character);
	if (plain.len > 0) {
		int word = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789 -") == strlen(name);

		if (word)
			text_add_bytes(t, plain.ptr, plain.len);
		else
			encode_words_always(t, text_span(&plain), strlen("From: "));
		text_add(t, "\r\n ");
	}
	text_add(t, "<");
	text_add(t, from);
	text_add(t, ">\r\n");
}

static void
subject_add(const struct compose *c, struct text *t)
{
	const char *pattern = c->host->conf_str(c->host->conf(c->msg), "subject");
	struct text filled = text_new(c, COMPOSE_PAGE_MAX);
	struct text line = text_new(c, LINE_MAX_CHARACTERS * 4);

	template_render((struct mt_span){ pattern, strlen(pattern) }, c->values, TEMPLATE_PLAIN,
	    &filled);
	text_add_line(&line, text_span(&filled), COMPOSE_SUBJECT_MAX + 50,
	    text_add_character);
	words_add(t, "Subject", text_span(&line));
}

static void
header_add(const struct compose *c, struct text *t)
{
	char id[COMPOSE_OWN_ID_MAX];

	from_add(c, t);
	text_add(t, "To: <");
	text_add_bytes(t, c->rcpt.ptr, c->rcpt.len);
	text_add(t, ">\r\n");
	if (c->reply_to.len > 0) {
		text_add(t, "Reply-To: <");
		text_add_bytes(t, c->reply_to.ptr, c->reply_to.len);
		text_add(t, ">\r\n");
	}
	subject_add(c, t);
	field_add(t, "Date", c->values[TEMPLATE_DATE]);
	compose_id(c, id);
	text_add(t, "Message-ID: <");
	text_add(t, id);
	text_add(t, ">\r\n");
	thread_add(c, t);
	text_add(t, "Auto-Submitted: auto-replied\r\n");
	if (c->mark.len > 0)
		field_add(t, "Mailtri-Mark", c->mark);
	text_add(t, "MIME-Version: 1.0\r\n");
}

/* ---- bodies ---- */

/* "=_" stands in no quoted-printable text (RFC 2045 6.7). */
static void
boundary_add(const struct compose *c, struct text *t)
{
	text_add(t, "=_mt_");
	text_add_bytes(t, c->key, strlen(c->key) < KEY_DIGITS ? strlen(c->key) : KEY_DIGITS);
}

static int
page_add(const struct compose *c, struct text *t, enum template_sink sink)
{
	struct text filled = text_new(c, COMPOSE_PAGE_MAX);

	text_add(t, "\r\n--");
	boundary_add(c, t);
	text_add(t, sink == TEMPLATE_HTML ? "\r\nContent-Type: text/html; charset=utf-8\r\n" :
	    "\r\nContent-Type: text/plain; charset=utf-8\r\n");
	text_add(t, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	template_render(c->pages->page[c->outcome][sink], c->values, sink, &filled);
	encode_quoted(t, text_span(&filled));
	return filled.cut;
}

int
compose_mail(struct compose *c, struct mt_span *data)
{
	struct text t = text_new(c, COMPOSE_MAX), date = text_new(c, DATE_BYTES);
	int cut;

	encode_date(&date, c->host->now(c->msg));
	c->values[TEMPLATE_DATE] = text_span(&date);
	c->values[TEMPLATE_SUBJECT] = subject_get(c);
	header_add(c, &t);
	text_add(&t, "Content-Type: multipart/alternative;\r\n boundary=\"");
	boundary_add(c, &t);
	text_add(&t, "\"\r\n");
	cut = page_add(c, &t, TEMPLATE_PLAIN) | page_add(c, &t, TEMPLATE_HTML);
	text_add(&t, "\r\n--");
	boundary_add(c, &t);
	text_add(&t, "--\r\n");
	*data = text_span(&t);
	return cut || t.cut ? EMSGSIZE : 0;
}
