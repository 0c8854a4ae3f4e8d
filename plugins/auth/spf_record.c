/* SPDX-License-Identifier: BSD-2-Clause */
/* The strict parser of SPF records (RFC 7208 4.6, 5, 6 and 12). */
#include <arpa/inet.h>

#include "spf_macro.h"
#include "spf_record.h"

static const char version[] = "v=spf1";

bool
spf_record_is(struct mt_span s)
{
	size_t n = sizeof(version) - 1;

	return s.len >= n && text_is((struct mt_span){ s.ptr, n }, version) &&
	    (s.len == n || s.ptr[n] == ' ');
}

size_t
spf_record_room(struct mt_span s)
{
	size_t i, n = 1;

	for (i = 0; i < s.len; i++)
		n += s.ptr[i] == ' ';
	return n;
}

bool
spf_kind_asks(enum spf_kind kind)
{
	return kind != SPF_ALL && kind != SPF_IP4 && kind != SPF_IP6;
}

/* A prefix length: no sign, no leading zero. */
static bool
prefix(struct mt_span s, uint8_t max, uint8_t *out)
{
	uint64_t n;

	if (s.len > 3 || (s.len > 1 && s.ptr[0] == '0') || !text_parse(s, max, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

static size_t
digits_before(struct mt_span s, size_t end)
{
	size_t n = 0;

	while (n < end && text_digit(s.ptr[end - 1 - n]))
		n++;
	return n;
}

/* Takes dual-cidr-length off the end of s: [ "/" n ] [ "//" n ]. */
static bool
dual_prefix(struct mt_span *s, struct spf_term *t)
{
	size_t n = digits_before(*s, s->len);

	if (s->len != 0 && s->ptr[s->len - 1] == '/')
		return false;
	if (n != 0 && s->len > n + 1 && s->ptr[s->len - n - 1] == '/' &&
	    s->ptr[s->len - n - 2] == '/') {
		if (!prefix(text_cut(*s, s->len - n), 128, &t->prefix6))
			return false;
		s->len -= n + 2;
		n = digits_before(*s, s->len);
	}
	if (n != 0 && s->len > n && s->ptr[s->len - n - 1] == '/') {
		if (!prefix(text_cut(*s, s->len - n), 32, &t->prefix4))
			return false;
		s->len -= n + 1;
	}
	return true;
}

static bool
no_argument(struct mt_span argument, struct spf_term *t)
{
	(void)t;
	return argument.len == 0;
}

static bool
domain_needed(struct mt_span argument, struct spf_term *t)
{
	if (argument.len < 2 || argument.ptr[0] != ':')
		return false;
	t->domain = text_cut(argument, 1);
	return spf_macro_domain(t->domain);
}

static bool
domain_allowed(struct mt_span argument, struct spf_term *t)
{
	return argument.len == 0 || domain_needed(argument, t);
}

static bool
domain_and_prefix(struct mt_span argument, struct spf_term *t)
{
	return dual_prefix(&argument, t) && domain_allowed(argument, t);
}

static bool
network(struct mt_span argument, struct spf_term *t)
{
	char literal[INET6_ADDRSTRLEN];
	const char *slash = memchr(argument.ptr, '/', argument.len);
	size_t n = slash == NULL ? argument.len : (size_t)(slash - argument.ptr);
	bool six = t->kind == SPF_IP6;

	if (n < 2 || n > sizeof(literal) || argument.ptr[0] != ':')
		return false;
	memcpy(literal, argument.ptr + 1, n - 1);
	literal[n - 1] = '\0';
	if (strlen(literal) != n - 1 ||
	    inet_pton(six ? AF_INET6 : AF_INET, literal, t->address) != 1)
		return false;
	return slash == NULL ||
	    prefix(text_cut(argument, n + 1), six ? 128 : 32, six ? &t->prefix6 : &t->prefix4);
}

static const struct {
	const char *name;
	enum spf_kind kind;
	bool (*argument)(struct mt_span, struct spf_term *);
} mechanisms[] = {
	{ "all", SPF_ALL, no_argument },
	{ "include", SPF_INCLUDE, domain_needed },
	{ "exists", SPF_EXISTS, domain_needed },
	{ "ptr", SPF_PTR, domain_allowed },
	{ "a", SPF_A, domain_and_prefix },
	{ "mx", SPF_MX, domain_and_prefix },
	{ "ip4", SPF_IP4, network },
	{ "ip6", SPF_IP6, network },
};

/* strchr() finds the NUL, too. */
static bool
one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static size_t
name_length(struct mt_span s, const char *ends)
{
	size_t n = 0;

	while (n < s.len && !one_of(s.ptr[n], ends))
		n++;
	return n;
}

static bool
mechanism(struct mt_span s, struct spf_record *r)
{
	struct spf_term t = { .qualifier = '+', .prefix4 = 32, .prefix6 = 128 };
	size_t i, n;

	if (one_of(s.ptr[0], "+-~?")) {
		t.qualifier = s.ptr[0];
		s = text_cut(s, 1);
	}
	n = name_length(s, ":/");
	for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		if (!text_is((struct mt_span){ s.ptr, n }, mechanisms[i].name))
			continue;
		t.kind = (uint8_t)mechanisms[i].kind;
		if (!mechanisms[i].argument(text_cut(s, n), &t))
			return false;
		if (!r->all)
			r->term[r->count++] = t;
		r->all = r->all || t.kind == SPF_ALL;
		return r->count <= SPF_TERMS_MAX;
	}
	return false;
}

static bool
modifier_name(struct mt_span s)
{
	size_t i;

	for (i = 1; i < s.len; i++)
		if (!text_alpha(s.ptr[i]) && !text_digit(s.ptr[i]) && s.ptr[i] != '-' &&
		    s.ptr[i] != '_' && s.ptr[i] != '.')
			return false;
	return s.len != 0 && text_alpha(s.ptr[0]);
}

static bool
modifier(struct mt_span s, size_t equals, struct spf_record *r)
{
	struct mt_span name = { s.ptr, equals }, value = text_cut(s, equals + 1), *known = NULL;

	if (text_is(name, "redirect"))
		known = &r->redirect;
	else if (text_is(name, "exp"))
		known = &r->explanation;
	if (known == NULL)
		return modifier_name(name) && spf_macro_valid(value, false);
	if (known->len != 0 || !spf_macro_domain(value))
		return false;
	*known = value;
	return true;
}

bool
spf_record_parse(struct mt_span s, struct spf_term *term, struct spf_record *r)
{
	*r = (struct spf_record){ .term = term };
	if (s.len > SPF_RECORD_MAX)
		return false;
	s = text_cut(s, sizeof(version) - 1);
	while (s.len != 0) {
		struct mt_span one;
		size_t n;

		if (s.ptr[0] == ' ') {
			s = text_cut(s, 1);
			continue;
		}
		one = (struct mt_span){ s.ptr, name_length(s, " ") };
		n = name_length(one, ":/=");
		if (one.len > SPF_TERM_MAX || memchr(one.ptr, '\0', one.len) != NULL)
			return false;
		if (n < one.len && one.ptr[n] == '=' ? !modifier(one, n, r) : !mechanism(one, r))
			return false;
		s = text_cut(s, one.len);
	}
	return true;
}
