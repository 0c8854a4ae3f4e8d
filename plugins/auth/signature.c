/* SPDX-License-Identifier: BSD-2-Clause */
/* DKIM-Signature fields: tags read strictly, rules before cryptography. */
#include "base64.h"
#include "signature.h"
#include "taglist.h"

enum { B_MAX = 2048, H_MAX = 4096 };

void
signature_judge(struct signature *s, enum word word, const char *why)
{
	if (s->judged)
		return;
	s->judged = true;
	s->word = word;
	s->why = why;
}

bool
signature_listed(struct mt_span list, const char *name)
{
	while (list.len != 0) {
		const char *colon = memchr(list.ptr, ':', list.len);
		size_t n = colon == NULL ? list.len : (size_t)(colon - list.ptr);

		if (text_is(text_trim((struct mt_span){ list.ptr, n }), name))
			return true;
		list = text_cut(list, colon == NULL ? n : n + 1);
	}
	return false;
}

bool
signature_covers(const struct signature *s, const char *name)
{
	return signature_listed(text_span(s->signed_names), name);
}

static struct mt_span
value(const struct taglist *tags, const char *name)
{
	const struct tag *t = taglist_find(tags, name);

	return t == NULL ? (struct mt_span){ NULL, 0 } : t->value;
}

/* Copies what names the signature, as far as it is fit to be shown. */
static const char *
read_names(const struct taglist *tags, struct signature *s)
{
	char both[2 * DOMAIN_MAX + 16];
	struct text name = text_make(both, sizeof(both));
	struct text algorithm = text_make(s->algorithm, sizeof(s->algorithm));
	char ignored[DOMAIN_MAX + 1];
	size_t i;

	text_add(&algorithm, value(tags, "a"));
	for (i = 0; i < algorithm.len; i++) {
		s->algorithm[i] = text_lower(s->algorithm[i]);
		if (!text_alpha(s->algorithm[i]) && !text_digit(s->algorithm[i]) &&
		    s->algorithm[i] != '-')
			s->algorithm[0] = '\0';
	}
	if (!domain_identity(value(tags, "d"), s->domain)) {
		s->domain[0] = '\0';
		return "d= is not a domain name";
	}
	if (!domain_labels(value(tags, "s"), s->selector)) {
		s->selector[0] = '\0';
		return "s= is not a selector";
	}
	text_puts(&name, s->selector);
	text_puts(&name, "._domainkey.");
	text_puts(&name, s->domain);
	return domain_askable((struct mt_span){ both, name.len }, ignored) ? NULL :
	    "the name of its key is too long";
}

static bool
read_form(struct mt_span c, struct signature *s)
{
	static const struct {
		const char *name;
		bool relaxed_body;
	} known[] = {
		{ "", false }, { "simple", false }, { "relaxed", false },
		{ "simple/simple", false }, { "simple/relaxed", true },
		{ "relaxed/simple", false }, { "relaxed/relaxed", true },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text_is(c, known[i].name)) {
			s->relaxed_body = known[i].relaxed_body;
			return true;
		}
	return false;
}

/* i= names d= or a name below it. */
static bool
identity(struct mt_span i, struct signature *s)
{
	char name[DOMAIN_MAX + 1];
	size_t at = i.len;

	if (i.len == 0)
		return true;
	while (at > 0 && i.ptr[at - 1] != '@')
		at--;
	if (at == 0 || !domain_identity(text_cut(i, at), name) || !domain_within(name, s->domain))
		return false;
	s->below = strcmp(name, s->domain) != 0;
	return true;
}

static const char *
read_algorithm(struct signature *s)
{
	if (strcmp(s->algorithm, "rsa-sha256") == 0)
		return NULL;
	if (strcmp(s->algorithm, "rsa-sha1") == 0)
		return NULL;	/* well-formed; rules() refuses it */
	s->ed25519 = strcmp(s->algorithm, "ed25519-sha256") == 0;
	return s->ed25519 ? NULL : "a= is unknown";
}

/* For a value without its white space. */
static size_t
room_for(const struct taglist *tags, const char *name, size_t max)
{
	size_t n = value(tags, name).len + 1;

	return n < max ? n : max;
}

static const char *
read_hashes(struct run *r, const struct taglist *tags, struct signature *s)
{
	size_t b_room = room_for(tags, "b", B_MAX), h_room = room_for(tags, "h", H_MAX);
	char *b = run_alloc(r, b_room), *h = run_alloc(r, h_room), folded[64], *p;
	unsigned char bytes[B_MAX];

	s->b = b;
	s->signed_names = h;
	if (!taglist_folded(tags, "b", b, b_room) ||
	    base64_decode(text_span(b), bytes, sizeof(bytes)) <= 0)
		return "b= is not a signature";
	if (!taglist_folded(tags, "h", h, h_room))
		return "h= is missing or too long";
	for (p = h; *p != '\0'; p++)
		*p = text_lower(*p);
	if (!taglist_folded(tags, "bh", folded, sizeof(folded)))
		return "bh= is not a hash";
	if (strcmp(s->algorithm, "rsa-sha1") != 0 &&
	    base64_decode(text_span(folded), s->body_hash, sizeof(s->body_hash)) != HASH_BYTES)
		return "bh= is not a hash";
	return NULL;
}

/* What RFC 6376 makes a broken signature. */
static const char *
read_tags(struct run *r, const struct taglist *tags, struct signature *s)
{
	struct mt_span q = value(tags, "q");
	const char *fault = read_names(tags, s);

	if (fault == NULL)
		fault = read_algorithm(s);
	if (fault == NULL)
		fault = read_hashes(r, tags, s);
	if (fault != NULL)
		return fault;
	if (!text_is(value(tags, "v"), "1"))
		return "v= is not 1";
	if (!read_form(value(tags, "c"), s))
		return "c= is unknown";
	if (taglist_find(tags, "q") != NULL && !signature_listed(q, "dns/txt"))
		return "q= does not offer dns/txt";
	if (!identity(value(tags, "i"), s))
		return "i= is not within d=";
	return signature_covers(s, "from") ? NULL : "From is not signed";
}

static void
judge_times(struct run *r, const struct taglist *tags, struct signature *s)
{
	uint64_t now = (uint64_t)r->host->now(r->msg), made = 0;
	bool has_t = taglist_find(tags, "t") != NULL, has_x = taglist_find(tags, "x") != NULL;

	if ((has_t && !text_parse(value(tags, "t"), INT64_MAX, &made)) ||
	    (has_x && !text_parse(value(tags, "x"), INT64_MAX, &s->expires)))
		signature_judge(s, WORD_NEUTRAL, "t= or x= is not a time");
	else if (has_t && made > now + SKEW_S)
		signature_judge(s, WORD_PERMERROR, "t= is in the future");
	else if (has_t && has_x && s->expires < made)
		signature_judge(s, WORD_PERMERROR, "x= is before t=");
	else if (has_x && s->expires <= now)
		signature_judge(s, WORD_PERMERROR, "it has expired");
}

static size_t
times_signed(const struct signature *s, const char *name)
{
	const char *p = s->signed_names, *colon;
	size_t n = 0;

	for (; p != NULL; p = colon == NULL ? NULL : colon + 1) {
		colon = strchr(p, ':');
		n += text_is((struct mt_span){ p, colon == NULL ? strlen(p) : (size_t)(colon - p) },
		    name);
	}
	return n;
}

/* What is well-formed and yet never counts as a pass. */
static void
judge_rules(const struct header *h, const struct taglist *tags, const char *const *covered,
    struct signature *s)
{
	size_t i;

	if (strcmp(s->algorithm, "rsa-sha1") == 0)
		signature_judge(s, WORD_POLICY, "SHA-1 is not accepted (RFC 8301)");
	if (taglist_find(tags, "l") != NULL)
		signature_judge(s, WORD_POLICY, "l= leaves a part of the body unsigned");
	if (header_count(h, "From") == 0)
		signature_judge(s, WORD_PERMERROR, "there is no From");
	for (i = 0; covered[i] != NULL; i++)
		if (!s->judged && header_count(h, covered[i]) > times_signed(s, covered[i])) {
			s->uncovered = true;
			signature_judge(s, WORD_POLICY, "a field that must be covered is not signed");
		}
}

void
signature_parse(struct run *r, const struct header *h, const struct field *field,
    const char *const *covered, struct signature *s)
{
	struct taglist tags;
	const char *fault;

	*s = (struct signature){ .field = field, .signed_names = "", .b = "", .why = "" };
	if (taglist_parse(field->value, &tags) != 0) {
		signature_judge(s, WORD_NEUTRAL, "its tags cannot be read");
		return;
	}
	fault = read_tags(r, &tags, s);
	if (fault != NULL) {
		signature_judge(s, WORD_NEUTRAL, fault);
		return;
	}
	s->readable = true;
	judge_times(r, &tags, s);
	judge_rules(h, &tags, covered, s);
}

/* Its v= and i= mean nothing, its q= is never asked (RFC 8617 4.1.2). */
void
signature_parse_seal(struct run *r, const struct header *h, const struct field *field,
    const char *const *covered, struct signature *s)
{
	struct taglist tags;
	const char *fault;

	*s = (struct signature){ .field = field, .signed_names = "", .b = "", .why = "" };
	if (taglist_parse(field->value, &tags) != 0) {
		signature_judge(s, WORD_NEUTRAL, "its tags cannot be read");
		return;
	}
	fault = read_names(&tags, s);
	if (fault == NULL)
		fault = read_algorithm(s);
	if (fault == NULL)
		fault = read_hashes(r, &tags, s);
	if (fault == NULL && !signature_covers(s, "from"))
		fault = "From is not signed";
	if (fault != NULL)
		signature_judge(s, WORD_NEUTRAL, fault);
	judge_times(r, &tags, s);
	judge_rules(h, &tags, covered, s);
}
