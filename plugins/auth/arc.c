/* SPDX-License-Identifier: BSD-2-Clause */
/* ARC: the sets and their structure. */
#include "arc.h"
#include "domain.h"

static const char *const names[] = { "ARC-Authentication-Results", "ARC-Message-Signature",
	"ARC-Seal" };
enum { RESULTS, MESSAGE, SEAL, NAMES };

static struct mt_span
value(const struct arc_seal *s, const char *name)
{
	const struct tag *t = taglist_find(&s->tags, name);

	return t == NULL ? (struct mt_span){ "", 0 } : t->value;
}

/* ARC's values are case-sensitive. */
static bool
is(struct mt_span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.ptr, word, s.len) == 0;
}

/* "i=1;" at the start, 1 to ARC_SETS_MAX; 0: there is none. */
static size_t
instance_of_results(struct mt_span v)
{
	const char *end;
	uint64_t n;

	v = text_trim(v);
	if (v.len == 0 || v.ptr[0] != 'i')
		return 0;
	v = text_trim(text_cut(v, 1));
	if (v.len == 0 || v.ptr[0] != '=' || (end = memchr(v.ptr, ';', v.len)) == NULL)
		return 0;
	v = text_trim((struct mt_span){ v.ptr + 1, (size_t)(end - v.ptr) - 1 });
	return text_parse(v, ARC_SETS_MAX, &n) ? (size_t)n : 0;
}

static struct mt_span
b_where_it_stands(const struct arc_seal *s)
{
	const struct tag *t = taglist_find(&s->tags, "b");
	const char *end = s->field->value.ptr + s->field->value.len;
	const char *from = t->name.ptr + t->name.len, *to;

	while (*from++ != '=')
		continue;
	to = memchr(from, ';', (size_t)(end - from));
	return (struct mt_span){ from, (size_t)((to == NULL ? end : to) - from) };
}

static const char *
read_seal(struct arc_seal *s, const struct field *f)
{
	struct mt_span a;
	uint64_t ignored;

	*s = (struct arc_seal){ .field = f };
	if (taglist_parse(f->value, &s->tags) != 0)
		return "the tags of a set cannot be read";
	a = value(s, "a");
	s->signature.ed25519 = is(a, "ed25519-sha256");
	if (!s->signature.ed25519 && !is(a, "rsa-sha256"))
		return "a= of a set is unknown";
	if (!domain_identity(value(s, "d"), s->signature.domain))
		return "d= of a set is not a domain name";
	if (!domain_labels(value(s, "s"), s->signature.selector))
		return "s= of a set is not a selector";
	if (value(s, "b").len == 0)
		return "b= of a set is not a signature";
	if (taglist_find(&s->tags, "t") != NULL && !text_parse(value(s, "t"), INT64_MAX, &ignored))
		return "t= of a set is not a time";
	s->b = b_where_it_stands(s);
	return NULL;
}

static const char *
add_seal(struct run *r, struct arc *arc, const struct field *f, int kind)
{
	struct arc_seal *s = run_alloc(r, sizeof(*s)), **at;
	const char *fault = read_seal(s, f);
	uint64_t n;

	if (fault != NULL)
		return fault;
	if (!text_parse(value(s, "i"), ARC_SETS_MAX, &n) || n == 0)
		return "i= of a set is not 1 to 50";
	at = kind == SEAL ? &arc->set[n - 1].seal : &arc->set[n - 1].message;
	if (*at != NULL)
		return "a field stands twice in a set";
	*at = s;
	arc->sets = n > arc->sets ? (size_t)n : arc->sets;
	return NULL;
}

static const char *
add_results(struct arc *arc, const struct field *f)
{
	size_t n = instance_of_results(f->value);

	if (n == 0)
		return "i= of a set is not 1 to 50";
	if (arc->set[n - 1].results != NULL)
		return "a field stands twice in a set";
	arc->set[n - 1].results = f;
	arc->sets = n > arc->sets ? n : arc->sets;
	return NULL;
}

static const char *
collect(struct run *r, const struct header *h, struct arc *arc)
{
	const char *fault = NULL;
	size_t i;
	int kind;

	for (i = 0; i < h->count && fault == NULL; i++)
		for (kind = 0; kind < NAMES && fault == NULL; kind++) {
			if (!text_is(h->field[i].name, names[kind]))
				continue;
			fault = kind == RESULTS ? add_results(arc, &h->field[i]) :
			    add_seal(r, arc, &h->field[i], kind);
		}
	return fault;
}

/* RFC 8617 5.2, steps 2 and 3. */
static const char *
judge_structure(const struct arc *arc)
{
	const struct arc_set *s;
	size_t i;

	for (i = 0; i < arc->sets; i++) {
		s = &arc->set[i];
		if (s->results == NULL || s->message == NULL || s->seal == NULL)
			return "a set is not whole";
	}
	if (is(value(arc->set[arc->sets - 1].seal, "cv"), "fail"))
		return "the last host found the chain broken";
	for (i = 0; i < arc->sets; i++) {
		s = &arc->set[i];
		if (taglist_find(&s->seal->tags, "h") != NULL)
			return "a seal has h=";
		if (!is(value(s->seal, "cv"), i == 0 ? "none" : "pass"))
			return "cv= of a seal does not fit its place";
	}
	return NULL;
}

static bool
same_key(const struct arc_seal *a, const struct arc_seal *b)
{
	return strcmp(a->signature.domain, b->signature.domain) == 0 &&
	    strcmp(a->signature.selector, b->signature.selector) == 0;
}

/* All keys at once: those of every seal, and of the newest message signature. */
static const char *
ask_keys(struct run *r, const struct arc *arc)
{
	const struct arc_seal *asked[ARC_KEYS_MAX], *s;
	size_t n = 0, i, k;
	struct mt_answer ignored;
	char name[ARC_KEY_NAME_MAX];

	for (i = 0; i <= arc->sets; i++) {
		s = i == arc->sets ? arc->set[i - 1].message : arc->set[i].seal;
		for (k = 0; k < n && !same_key(asked[k], s); k++)
			continue;
		if (k < n)
			continue;
		if (n == ARC_KEYS_MAX)
			return "the chain needs more than 10 keys";
		asked[n++] = s;
		arc_key_name(s, name);
		run_ask(r, name, DNS_TXT, &ignored);
	}
	return NULL;
}

void
arc_key_name(const struct arc_seal *s, char name[ARC_KEY_NAME_MAX])
{
	struct text t = text_make(name, ARC_KEY_NAME_MAX);

	text_puts(&t, s->signature.selector);
	text_puts(&t, "._domainkey.");
	text_puts(&t, s->signature.domain);
}

void
arc_parse(struct run *r, const struct header *h, struct arc *arc)
{
	*arc = (struct arc){ .word = WORD_NONE, .why = "there is no chain" };
	arc->why = collect(r, h, arc);
	if (arc->why == NULL && arc->sets == 0) {
		arc->why = "there is no chain";
		return;
	}
	if (arc->why == NULL)
		arc->why = judge_structure(arc);
	if (arc->why == NULL)
		arc->why = ask_keys(r, arc);
	arc->word = arc->why == NULL ? WORD_NEUTRAL : WORD_FAIL;
}
