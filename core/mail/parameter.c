/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading structured MIME fields. */
#include "mail/parameter.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char
peek(const struct parameters *ps)
{
	return ps->at < ps->value.len ? ps->value.ptr[ps->at] : '\0';
}

static void
comment_skip(struct parameters *ps)
{
	int depth = 0;

	findings_add(ps->findings, FINDING_COMMENT);
	for (; ps->at < ps->value.len; ps->at++) {
		char c = ps->value.ptr[ps->at];

		if (c == '\\')
			ps->at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0) {
			ps->at++;
			return;
		}
	}
	ps->at = ps->value.len;
}

static void
white_skip(struct parameters *ps)
{
	while (ps->at < ps->value.len)
		if (is_space(peek(ps)))
			ps->at++;
		else if (peek(ps) == '(')
			comment_skip(ps);
		else
			return;
}

static struct mt_span
run(struct parameters *ps, const char *stops)
{
	size_t from = ps->at;

	while (ps->at < ps->value.len && !is_space(peek(ps)) &&
	    (peek(ps) == '\0' || strchr(stops, peek(ps)) == NULL))
		ps->at++;
	return span_make(ps->value.ptr + from, ps->at - from);
}

static struct mt_span
quoted(struct parameters *ps)
{
	size_t from = ++ps->at;

	for (; ps->at < ps->value.len; ps->at++) {
		if (peek(ps) == '\\')
			ps->at++;
		else if (peek(ps) == '"')
			return span_make(ps->value.ptr + from, ps->at++ - from);
	}
	ps->at = ps->value.len;
	findings_add(ps->findings, FINDING_PARAMETER_SYNTAX);
	return span_make(ps->value.ptr + from, ps->value.len - from);
}

struct mt_span
parameters_open(struct parameters *ps, struct mt_span value, struct findings *fs)
{
	struct mt_span head;

	*ps = (struct parameters){ .value = value, .findings = fs };
	white_skip(ps);
	head = run(ps, ";(");
	white_skip(ps);
	/* "text / plain" is one head to some and none to others */
	if (peek(ps) != ';' && ps->at < value.len) {
		head.len = 0;
		while (ps->at < value.len && peek(ps) != ';')
			ps->at++;
	}
	return head;
}

static bool
over_caps(struct parameters *ps, const struct parameter *p)
{
	if (ps->count > VIEW_PARAMETERS_MAX)
		findings_add(ps->findings, FINDING_CAPS_PARAMETERS);
	else if (p->name.len > VIEW_PARAMETER_NAME_MAX)
		findings_add(ps->findings, FINDING_CAPS_PARAMETER_NAME);
	else
		return false;
	return true;
}

static void
value_read(struct parameters *ps, struct parameter *p)
{
	white_skip(ps);
	if (peek(ps) != '=')
		return;
	ps->at++;
	white_skip(ps);
	p->value = peek(ps) == '"' ? quoted(ps) : run(ps, ";(\"");
	white_skip(ps);
}

bool
parameters_next(struct parameters *ps, struct parameter *p)
{
	size_t from;

	*p = (struct parameter){ .value = SPAN("") };
	while (white_skip(ps), peek(ps) == ';')
		ps->at++;
	if (ps->at >= ps->value.len)
		return false;
	from = ps->at;
	ps->count++;
	p->name = run(ps, ";=(\"");
	if (over_caps(ps, p))
		return false;
	value_read(ps, p);
	if (p->name.len == 0)
		findings_add(ps->findings, FINDING_PARAMETER_SYNTAX);
	if (ps->at < ps->value.len && peek(ps) != ';') {
		findings_add(ps->findings, FINDING_PARAMETER_SYNTAX);
		ps->at += ps->at == from;	/* never stand still */
	}
	return true;
}
