/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures, quotes and the lines clients put above them. */
#include "quote.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_BYTES = 512, HEADERS_MIN = 3, HEADER_LINES = 6, UNDERSCORES_MIN = 30,
	NONE = -1 };

/* "On ... wrote:", by language: how it begins, its verb. */
static const struct { const char *first, *verb; } attributions[] = {
	{ "On ", "wrote" }, { "Am ", "schrieb" }, { "Le ", "a \xc3\xa9" "crit" },
	{ "El ", "escribi\xc3\xb3" }, { "Il ", "ha scritto" }, { "Op ", "schreef" },
};

/* The block Outlook puts above what it answers. */
static const char *const from_labels[] = { "From:", "Von:", "De:", "De :", "Da:", "Van:" };
static const char *const labels[] = { "From:", "Von:", "De:", "De :", "Da:", "Van:",
	"Sent:", "Date:", "To:", "Cc:", "Subject:", "Gesendet:", "Datum:", "An:", "Betreff:",
	"Envoy\xc3\xa9 :", "Envoy\xc3\xa9:", "Date :", "\xc3\x80 :", "\xc3\x80:", "Objet :",
	"Objet:", "Enviado:", "Enviado el:", "Fecha:", "Para:", "Asunto:", "Inviato:", "Data:",
	"A:", "Oggetto:", "Verzonden:", "Aan:", "Onderwerp:" };

static const char *const originals[] = { "Original Message",
	"Urspr\xc3\xbcngliche Nachricht", "Message d'origine", "Message d\xe2\x80\x99origine",
	"Mensaje original", "Messaggio originale", "Oorspronkelijk bericht" };

static const char *const forwards[] = { "Forwarded message", "Begin forwarded message",
	"Weitergeleitete Nachricht", "Anfang der weitergeleiteten Nachricht",
	"Message transf\xc3\xa9r\xc3\xa9", "Mensaje reenviado", "Messaggio inoltrato",
	"Doorgestuurd bericht" };

static const char *const mobiles[] = { "Sent from my ", "Sent from Outlook",
	"Sent from Mail for", "Sent from Yahoo Mail", "Get Outlook for ", "Von meinem iP",
	"Gesendet von meinem ", "Gesendet von Outlook", "Envoy\xc3\xa9 de mon ",
	"Enviado desde mi ", "Inviato da iP", "Inviato dal mio ", "Verstuurd vanaf mijn " };

static const char *const forward_marks[] = { "fw:", "fwd:", "wg:", "tr:", "rv:", "i:" };

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

struct line {
	char text[LINE_MAX_BYTES];	/* as its author typed it, blanks trimmed */
	size_t len;
	int quoted, signature, fence;
};

/* ---- one line ---- */

static int
begins(const struct line *l, const char *with)
{
	return strncasecmp(l->text, with, strlen(with)) == 0;
}

static int
begins_any(const struct line *l, const char *const *with, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (begins(l, with[i]))
			return 1;
	return 0;
}

static int
has_any(const struct line *l, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(l->text, words[i]) != NULL)
			return 1;
	return 0;
}

/* Reads the line at `at'; where the next one begins. */
static size_t
line_read(struct mt_span s, size_t at, int markdown, struct line *l)
{
	const char *end = memchr(s.ptr + at, '\n', s.len - at);
	size_t n = end == NULL ? s.len - at : (size_t)(end - s.ptr) - at, i = 0;
	const char *p = s.ptr + at;
	size_t whole = n;

	*l = (struct line){ .len = 0 };
	if (n > 0 && p[n - 1] == '\r')
		n--;
	l->signature = n == 3 && memcmp(p, "-- ", 3) == 0;
	l->fence = markdown && memmem(p, n, "```", 3) != NULL;
	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	for (; i < n && l->len < sizeof(l->text) - 1; i++)
		if (p[i] != '\0' && !(markdown && (p[i] == '\\' || p[i] == '*')))
			l->text[l->len++] = p[i];
	while (l->len > 0 && (l->text[l->len - 1] == ' ' || l->text[l->len - 1] == '\t'))
		l->text[--l->len] = '\0';
	l->signature |= markdown && strcmp(l->text, "--") == 0;
	l->quoted = l->text[0] == '>';
	return at + whole + (end != NULL);
}

static int
is_original(const struct line *l)
{
	return begins(l, "---") && has_any(l, originals, COUNT(originals));
}

static int
is_forwarded(const struct line *l)
{
	return (l->text[0] == '-' && has_any(l, forwards, COUNT(forwards))) ||
	    begins_any(l, forwards, COUNT(forwards));
}

static int
is_rule(const struct line *l)
{
	return l->len >= UNDERSCORES_MIN && strspn(l->text, "_") == l->len;
}

/* From: and two of its companions in the lines at `at'. */
static int
is_header_block(struct mt_span s, size_t at, int markdown)
{
	struct line l;
	size_t found = 0;

	at = line_read(s, at, markdown, &l);
	if (!begins_any(&l, from_labels, COUNT(from_labels)))
		return 0;
	for (size_t i = 0; i < HEADER_LINES && at < s.len; i++) {
		at = line_read(s, at, markdown, &l);
		found += (size_t)begins_any(&l, labels, COUNT(labels));
	}
	return found + 1 >= HEADERS_MIN;
}

/* ---- "On ... wrote:" ---- */

static int
has_year_or_time(const char *p)
{
	size_t run = 0;

	for (; *p != '\0'; p++) {
		run = *p >= '0' && *p <= '9' ? run + 1 : 0;
		if (run == 4 || (run > 0 && p[1] == ':' && p[2] >= '0' && p[2] <= '9'))
			return 1;
	}
	return 0;
}

/* Text of up to three lines, joined. */
static int
is_attribution(const char *text, size_t len)
{
	if (len < 2 || text[len - 1] != ':' || !has_year_or_time(text))
		return 0;
	for (size_t i = 0; i < COUNT(attributions); i++)
		if (strncasecmp(text, attributions[i].first,
		    strlen(attributions[i].first)) == 0 &&
		    strcasestr(text, attributions[i].verb) != NULL)
			return 1;
	return 0;
}

/* The last lines without a blank one between them. */
struct recent {
	struct { size_t at; char text[QUOTE_ATTRIBUTION_MAX + 1]; } line[QUOTE_ATTRIBUTION_LINES];
	size_t count;
};

static void
recent_add(struct recent *r, size_t at, const struct line *l)
{
	const size_t last = QUOTE_ATTRIBUTION_LINES - 1;
	size_t i = r->count <= last ? r->count : last;

	if (r->count > last)
		memmove(r->line, r->line + 1, last * sizeof(r->line[0]));
	r->count = i + 1;
	r->line[i].at = at;
	snprintf(r->line[i].text, sizeof(r->line[i].text), "%.*s", QUOTE_ATTRIBUTION_MAX, l->text);
}

/* Where an attribution that ends with the last line begins; NONE. */
static long
recent_attribution(const struct recent *r)
{
	char joined[QUOTE_ATTRIBUTION_MAX + 1];

	for (size_t first = r->count; first-- > 0;) {
		size_t len = 0;

		for (size_t i = first; i < r->count && len < sizeof(joined); i++)
			len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%s%s",
			    i > first ? " " : "", r->line[i].text);
		if (len >= sizeof(joined))
			return NONE;
		if (is_attribution(joined, len))
			return (long)r->line[first].at;
	}
	return NONE;
}

/* ---- the whole text ---- */

struct search {
	struct mt_span text;
	int markdown, in_fence;
	long tail;		/* of lines that may be its end so far */
	long attribution;	/* seen, and nothing since but blank lines */
	struct recent recent;
};

static void
tail_begin(struct search *s, long at)
{
	if (s->tail == NONE)
		s->tail = at;
}

/* 1: all from s->tail on is the tail, whatever it says. */
static int
is_open_end(struct search *s, size_t at, const struct line *l)
{
	if (!l->signature && !is_original(l) && !is_rule(l) &&
	    !is_header_block(s->text, at, s->markdown))
		return 0;
	tail_begin(s, s->attribution != NONE ? s->attribution : (long)at);
	return 1;
}

static int
line_is_last(struct search *s, size_t at, const struct line *l)
{
	if (l->fence)
		s->in_fence = !s->in_fence;
	if (!s->in_fence && !l->fence) {
		if (l->len == 0) {
			s->recent.count = 0;
			return 0;
		}
		if (l->quoted) {
			tail_begin(s, s->attribution != NONE ? s->attribution : (long)at);
			s->attribution = NONE;
			s->recent.count = 0;
			return 0;
		}
		if (is_open_end(s, at, l))
			return 1;
		if (s->attribution != NONE) {	/* what follows is not marked */
			tail_begin(s, s->attribution);
			return 1;
		}
		if (begins_any(l, mobiles, COUNT(mobiles))) {
			tail_begin(s, (long)at);
			s->recent.count = 0;
			return 0;
		}
	}
	s->tail = NONE;
	recent_add(&s->recent, at, l);
	s->attribution = recent_attribution(&s->recent);
	return 0;
}

static int
is_blank(struct mt_span s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n\\", s.ptr[i]) == NULL || s.ptr[i] == '\0')
			return 0;
	return 1;
}

size_t
quote_find(struct mt_span text, int markdown)
{
	struct search s = { .text = text, .markdown = markdown, .tail = NONE,
		.attribution = NONE };
	struct line l;

	for (size_t at = 0, next; at < text.len; at = next) {
		next = line_read(text, at, markdown, &l);
		if (!s.in_fence && is_forwarded(&l))
			return text.len;
		if (line_is_last(&s, at, &l))
			break;
	}
	if (s.tail == NONE || is_blank(text, (size_t)s.tail))
		return text.len;
	return (size_t)s.tail;
}

int
quote_begins_forward(struct mt_span text, int markdown)
{
	struct line l = { .len = 0 };

	for (size_t at = 0; at < text.len && l.len == 0;)
		at = line_read(text, at, markdown, &l);
	return is_forwarded(&l);
}

int
quote_is_forward(struct mt_span subject)
{
	for (size_t i = 0; i < COUNT(forward_marks); i++)
		if (subject.len >= strlen(forward_marks[i]) &&
		    strncasecmp(subject.ptr, forward_marks[i], strlen(forward_marks[i])) == 0)
			return 1;
	return 0;
}
