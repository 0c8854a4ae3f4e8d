/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser of DMARC records (RFC 9989 4.7). */
#include "dmarc_record.h"

static const char *const policies[] = {
	[POLICY_ABSENT] = "absent", [POLICY_NONE] = "none",
	[POLICY_QUARANTINE] = "quarantine", [POLICY_REJECT] = "reject",
};

struct tag {
	struct mt_span name, value;
};

struct scan {
	struct tag tag[DMARC_TAGS_MAX];
	size_t count;
};

const char *
policy_text(enum policy p)
{
	return policies[p];
}

static bool
printable(struct mt_span s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] != '\t' && (s.ptr[i] < ' ' || s.ptr[i] > '~'))
			return false;
	return true;
}

static const struct tag *
find(const struct scan *tags, struct mt_span name)
{
	size_t i;

	for (i = 0; i < tags->count; i++)
		if (text_equal(tags->tag[i].name, name))
			return &tags->tag[i];
	return NULL;
}

static bool
add(struct scan *tags, struct mt_span text)
{
	const char *equals = memchr(text.ptr, '=', text.len);
	struct tag t;
	size_t i;

	if (text.len == 0)
		return true;	/* ";;" */
	if (equals == NULL || tags->count == DMARC_TAGS_MAX)
		return false;
	t.name = text_trim((struct mt_span){ text.ptr, (size_t)(equals - text.ptr) });
	t.value = text_trim(text_cut(text, (size_t)(equals - text.ptr) + 1));
	for (i = 0; i < t.name.len; i++)
		if (!text_alpha(t.name.ptr[i]))
			return false;
	if (t.name.len == 0 || t.value.len == 0 || find(tags, t.name) != NULL)
		return false;
	tags->tag[tags->count++] = t;
	return true;
}

static bool
scan(struct mt_span s, struct scan *tags)
{
	tags->count = 0;
	for (;;) {
		const char *end = memchr(s.ptr, ';', s.len);
		size_t n = end == NULL ? s.len : (size_t)(end - s.ptr);

		if (!add(tags, text_trim((struct mt_span){ s.ptr, n })))
			return false;
		/* Nothing may stand before the version, not even a ';'. */
		if (tags->count == 0)
			return false;
		if (end == NULL)
			return true;
		s = text_cut(s, n + 1);
	}
}

static struct mt_span
value(const struct scan *tags, const char *name)
{
	const struct tag *t = find(tags, text_span(name));

	return t == NULL ? (struct mt_span){ NULL, 0 } : t->value;
}

static enum policy
policy_of(struct mt_span s)
{
	enum policy p;

	for (p = POLICY_NONE; p <= POLICY_REJECT; p++)
		if (text_is(s, policies[p]))
			return p;
	return POLICY_ABSENT;
}

bool
dmarc_record_parse(struct mt_span txt, struct dmarc_record *r)
{
	struct mt_span v, p;
	struct scan tags;

	*r = (struct dmarc_record){ .psd = 'u' };
	if (txt.len == 0 || txt.len > DMARC_RECORD_MAX || !printable(txt) || !scan(txt, &tags))
		return false;
	v = tags.tag[0].value;
	if (!text_is(tags.tag[0].name, "v") || v.len != 6 || memcmp(v.ptr, "DMARC1", 6) != 0)
		return false;
	p = value(&tags, "p");
	r->p = policy_of(p);
	if (r->p == POLICY_ABSENT && p.len != 0 && value(&tags, "rua").len == 0)
		return false;
	if (r->p == POLICY_ABSENT)
		r->p = POLICY_NONE;
	r->sp = policy_of(value(&tags, "sp"));
	r->np = policy_of(value(&tags, "np"));
	r->strict_dkim = text_is(value(&tags, "adkim"), "s");
	r->strict_spf = text_is(value(&tags, "aspf"), "s");
	r->testing = text_is(value(&tags, "t"), "y");
	if (text_is(value(&tags, "psd"), "y") || text_is(value(&tags, "psd"), "n"))
		r->psd = text_lower(value(&tags, "psd").ptr[0]);
	return true;
}
