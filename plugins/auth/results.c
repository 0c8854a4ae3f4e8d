/* SPDX-License-Identifier: BSD-2-Clause */
/* Authentication-Results: nothing of the sender's goes in unquoted. */
#include <errno.h>
#include <stdio.h>

#include "results.h"

enum { B_SHOWN = 8 };	/* characters of b=, RFC 6008 */

static struct mt_span
skip_comments(struct mt_span s)
{
	int depth = 0;

	for (; s.len != 0; s = text_cut(s, 1)) {
		char c = s.ptr[0];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0 && s.len > 1)
			s = text_cut(s, 1);
		else if (depth == 0 && !text_space(c))
			break;
	}
	return s;
}

/* What ends an id that is not quoted: whatever a token (RFC 2045) cannot hold. */
static bool
ends_id(char c)
{
	return c == '\0' || (unsigned char)c < 0x20 || strchr(" \"(),/:;<=>?@[\\]", c) != NULL;
}

bool
results_authserv(struct mt_span s, char *out, size_t room)
{
	struct text t = text_make(out, room);
	bool quoted, closed = false;

	s = skip_comments(s);
	quoted = s.len != 0 && s.ptr[0] == '"';
	if (quoted)
		s = text_cut(s, 1);
	for (; s.len != 0 && !closed; s = text_cut(s, 1)) {
		if (quoted ? s.ptr[0] == '"' : ends_id(s.ptr[0])) {
			closed = true;
		} else {
			if (quoted && s.ptr[0] == '\\' && s.len > 1)
				s = text_cut(s, 1);
			text_byte(&t, text_lower(s.ptr[0]));
		}
	}
	return t.len != 0 && !t.full && (closed || !quoted);
}

/* All up to the ';' with neither space nor comment nor quotes: how the id
 * looks to a reader who is less exact. */
static struct mt_span
squeeze(struct mt_span s, char *out, size_t room)
{
	struct text t = text_make(out, room);

	for (s = skip_comments(s); s.len != 0 && s.ptr[0] != ';'; s = skip_comments(text_cut(s, 1)))
		if (s.ptr[0] != '"' && s.ptr[0] != '\\')
			text_byte(&t, s.ptr[0]);
	return (struct mt_span){ out, t.len };
}

/* The same name in U-labels, in A-labels, with a final dot or without. */
static bool
same_name(struct mt_span id, struct mt_span ours)
{
	char a[DOMAIN_MAX + 1], b[DOMAIN_MAX + 1];

	if (id.len > 1 && id.ptr[id.len - 1] == '.')
		id.len--;
	if (text_equal(id, ours))
		return true;
	return domain_identity(id, a) && domain_identity(ours, b) && strcmp(a, b) == 0;
}

bool
results_ours(struct mt_span value, struct mt_span ours)
{
	char id[2 * DOMAIN_MAX], all[2 * DOMAIN_MAX];

	if (!results_authserv(value, id, sizeof(id)))
		return true;
	return same_name(text_span(id), ours) ||
	    same_name(squeeze(value, all, sizeof(all)), ours);
}

static int
remove_field(struct run *r, size_t index)
{
	struct mt_edit e = { .size = sizeof(e), .op = MT_FIELD_REMOVE, .index = (uint32_t)index };

	return r->host->edit(r->msg, &e);
}

static int
remove_forged(struct run *r)
{
	size_t it = 0, index = 0, n = 0, *found;
	struct mt_span name, value;

	found = run_alloc(r, HEADER_FIELDS_MAX * sizeof(*found));
	for (; r->host->header_next(r->msg, &it, &name, &value) == 0; index++) {
		if (n == HEADER_FIELDS_MAX)
			return E2BIG;
		if (text_is(name, "Received-SPF") ||
		    (text_is(name, "Authentication-Results") && results_ours(value, r->client.hostname)))
			found[n++] = index;
	}
	/* From the last to the first: an index names its field whatever the
	 * order in which the host takes them away. */
	while (n > 0) {
		int error = remove_field(r, found[--n]);

		if (error != 0)
			return error;
	}
	return 0;
}

static void
write_reason(struct text *t, const char *why)
{
	text_puts(t, " reason=");
	text_quoted(t, text_span(why));
}

static void
write_spf(struct text *t, const char *property, const struct identity *i)
{
	text_puts(t, ";\r\n\tspf=");
	text_puts(t, word_text(i->result.word));
	write_reason(t, i->result.why);
	if (i->domain[0] != '\0') {
		text_puts(t, "\r\n\t ");
		text_puts(t, property);
		text_puts(t, i->domain);
	}
}

static void
write_signature(struct text *t, const struct signature *s)
{
	struct mt_span b = text_span(s->b);

	text_puts(t, ";\r\n\tdkim=");
	text_puts(t, word_text(s->word));
	write_reason(t, s->why);
	if (s->domain[0] == '\0' || s->selector[0] == '\0')
		return;
	text_puts(t, "\r\n\t header.d=");
	text_puts(t, s->domain);
	text_puts(t, "\r\n\t header.s=");
	text_puts(t, s->selector);
	if (s->algorithm[0] != '\0') {
		text_puts(t, " header.a=");
		text_puts(t, s->algorithm);
	}
	b.len = b.len < B_SHOWN ? b.len : B_SHOWN;
	if (b.len != 0) {
		text_puts(t, " header.b=");
		text_quoted(t, b);
	}
}

void
results_write(struct text *t, const struct run *r, const struct judgement *j)
{
	size_t i;

	text_add(t, r->client.hostname);
	write_spf(t, r->sender.len == 0 ? "smtp.helo=" : "smtp.mailfrom=", &j->mail_from);
	if (r->sender.len != 0)
		write_spf(t, "smtp.helo=", &j->helo);
	for (i = 0; i < j->dkim.count; i++)
		write_signature(t, &j->dkim.signature[i]);
	if (j->dkim.count == 0)
		text_puts(t, ";\r\n\tdkim=none");
	text_puts(t, ";\r\n\tdmarc=");
	text_puts(t, word_text(j->dmarc.word));
	write_reason(t, j->dmarc.why);
	if (j->from.domain[0] != '\0') {
		text_puts(t, "\r\n\t header.from=");
		text_puts(t, j->from.domain);
	}
	if (j->arc.word != WORD_NONE) {	/* RFC 8617 10.1 */
		text_puts(t, ";\r\n\tarc=");
		text_puts(t, word_text(j->arc.word));
		write_reason(t, j->arc.why);
	}
	if (j->forwarding.believed) {	/* 2.4: local policy decided */
		text_puts(t, "\r\n\t policy.forwarder=");
		text_puts(t, j->forwarding.name);
	}
}

int
results_edit(struct run *r, const struct judgement *j)
{
	char *buf = run_alloc(r, RESULTS_MAX);
	struct text t = text_make(buf, RESULTS_MAX);
	struct mt_edit e = { .size = sizeof(e), .op = MT_FIELD_ADD };
	int error = remove_forged(r);

	results_write(&t, r, j);
	e.name = text_span("Authentication-Results");
	e.bytes = (struct mt_span){ buf, t.len };
	if (error == 0)
		error = t.full ? EMSGSIZE : r->host->edit(r->msg, &e);
	if (error != 0)
		r->host->log(r->msg, MT_ERROR, "Authentication-Results cannot be edited: error %d",
		    error);
	return error == 0 ? 0 : -1;
}
