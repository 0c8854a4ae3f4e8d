/* SPDX-License-Identifier: BSD-2-Clause */
/* Option values: parsed by type, compared, formatted. */
#include "conf/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct unit {
	char letter;
	int64_t factor;
};

/* Largest first, so that formatting finds the shortest form. */
static const struct unit durations[] = {
	{ 'w', 7 * 86400 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
	{ 's', 1 }, { '\0', 0 },
};
static const struct unit sizes[] = {
	{ 'T', 1ll << 40 }, { 'G', 1 << 30 }, { 'M', 1 << 20 },
	{ 'K', 1 << 10 }, { '\0', 0 },
};

static int __attribute__((format(printf, 2, 3)))
refuse(struct value_parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	return EINVAL;
}

/* Digits with an optional sign; *end is behind them. */
static int
parse_digits(const char *text, const char **end, int64_t *out)
{
	bool negative = *text == '-';
	const char *p = text + negative;
	int64_t n = 0;

	if (!isdigit((unsigned char)*p))
		return EINVAL;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *p - '0', &n))
			return ERANGE;
	*end = p;
	*out = negative ? -n : n;
	return 0;
}

static int
parse_units(const char *text, const struct unit *units, int64_t *out)
{
	const char *end;
	int64_t n;
	int error = parse_digits(text, &end, &n);

	if (error != 0)
		return error;
	if (n < 0)
		return EINVAL;
	if (*end != '\0') {
		while (units->letter != '\0' && units->letter != *end)
			units++;
		if (units->letter == '\0' || end[1] != '\0')
			return EINVAL;
		if (__builtin_mul_overflow(n, units->factor, &n))
			return ERANGE;
	}
	*out = n;
	return 0;
}

int
value_parse_duration(const char *text, int64_t *seconds)
{
	return parse_units(text, durations, seconds);
}

int
value_parse_size(const char *text, int64_t *bytes)
{
	return parse_units(text, sizes, bytes);
}

static int
parse_int(const char *text, int64_t *out)
{
	const char *end;
	int error = parse_digits(text, &end, out);

	return error != 0 ? error : *end == '\0' ? 0 : EINVAL;
}

static int
parse_bool(const char *text, int64_t *out)
{
	*out = strcmp(text, "true") == 0;
	return *out || strcmp(text, "false") == 0 ? 0 : EINVAL;
}

/* What a number looks like, by type; NULL parse: not a number. */
static const struct {
	int (*parse)(const char *, int64_t *);
	const char *form;
} numbers[] = {
	[MT_OPT_BOOL] = { parse_bool, "true or false" },
	[MT_OPT_INT] = { parse_int, "a whole number" },
	[MT_OPT_SIZE] = { value_parse_size, "a size such as 64K, 25M or 1G" },
	[MT_OPT_DURATION] = { value_parse_duration,
	    "a duration such as 30s, 15m, 12h or 90d" },
	[MT_OPT_TARGET] = { NULL, NULL },
};

static const char *
format_units(struct arena *a, int64_t n, const struct unit *u)
{
	while (u->letter != '\0' && (n < u->factor || n % u->factor != 0))
		u++;
	if (u->letter == '\0')
		return arena_printf(a, "%lld", (long long)n);
	return arena_printf(a, "%lld%c", (long long)(n / u->factor), u->letter);
}

const char *
value_format_number(struct arena *a, uint32_t type, int64_t n)
{
	if (type == MT_OPT_BOOL)
		return n != 0 ? "true" : "false";
	if (type == MT_OPT_INT)
		return arena_printf(a, "%lld", (long long)n);
	return format_units(a, n, type == MT_OPT_SIZE ? sizes : durations);
}

static bool
is_number(uint32_t type)
{
	return type < sizeof(numbers) / sizeof(*numbers) &&
	    numbers[type].parse != NULL;
}

static int
set_number(struct value_parser *p, const struct mt_option *o, const char *text,
    struct setting_value *v)
{
	struct arena *a = p->arena;
	int error = numbers[o->type].parse(text, &v->num);

	if (error == EINVAL)
		return refuse(p, "%s is \"%.64s\", but must be %s", o->name,
		    text, numbers[o->type].form);
	if (error != 0)
		return refuse(p, "%s is too large", o->name);
	if ((o->min != 0 || o->max != 0) &&
	    (v->num < o->min || v->num > o->max))
		return refuse(p, "%s is %.64s, but must be between %s and %s",
		    o->name, text, value_format_number(a, o->type, o->min),
		    value_format_number(a, o->type, o->max));
	v->list = arena_alloc(a, 2 * sizeof(*v->list));
	v->list[0] = value_format_number(a, o->type, v->num);
	v->list_count = 1;
	return 0;
}

static bool
is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	while (*choices != '\0') {
		size_t n = strcspn(choices, "|");

		if (n == len && strncmp(choices, text, n) == 0)
			return true;
		choices += n + (choices[n] == '|');
	}
	return false;
}

static bool
is_host(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '.' && s[i] != '-')
			return false;
	return len > 0 && len <= 253;
}

static bool
is_bracketed_v6(const char *s, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len < 4 || len - 2 >= sizeof(text) || s[0] != '[' || s[len - 1] != ']')
		return false;
	memcpy(text, s + 1, len - 2);
	text[len - 2] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

static const struct { const char *name; int64_t port; } schemes[VALUE_SCHEMES] = {
	[VALUE_HTTPS] = { "https", 443 }, [VALUE_SMTP] = { "smtp", 587 },
	[VALUE_SMTPS] = { "smtps", 465 }, [VALUE_SMTP_PLAIN] = { "smtp+plain", 25 },
};

const char *
value_scheme_name(enum value_scheme s)
{
	return s < VALUE_SCHEMES ? schemes[s].name : NULL;
}

bool
value_are_schemes(const char *choices)
{
	const char *end;

	for (const char *p = choices;; p = end + 1) {
		enum value_scheme s = 0;

		end = p + strcspn(p, "|");
		while (s < VALUE_SCHEMES && (strlen(schemes[s].name) != (size_t)(end - p) ||
		    strncmp(schemes[s].name, p, (size_t)(end - p)) != 0))
			s++;
		if (s == VALUE_SCHEMES || *end == '\0')
			return s < VALUE_SCHEMES;
	}
}

static bool
is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	return (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127) ||
	    (inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6));
}

/* Behind "scheme://"; NULL: none of the choices. */
static const char *
scheme_skip(const char *text, const char *choices, enum value_scheme *scheme)
{
	for (*scheme = 0; *scheme < VALUE_SCHEMES; ++*scheme) {
		const char *name = schemes[*scheme].name;
		size_t len = strlen(name);

		if (strncmp(text, name, len) == 0 && strncmp(text + len, "://", 3) == 0 &&
		    is_choice(choices == NULL ? "https" : choices, name))
			return text + len + 3;
	}
	return NULL;
}

int
value_parse_target(struct arena *a, const char *text, const char *choices,
    struct value_target *out)
{
	const char *host = scheme_skip(text, choices, &out->scheme), *port;
	int64_t number;
	size_t len;

	if (host == NULL)
		return EINVAL;
	number = schemes[out->scheme].port;
	len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (len > strlen(host))
		return EINVAL;
	port = host + len;
	if (!is_host(host, len) && !is_bracketed_v6(host, len))
		return EINVAL;
	if (*port != '\0' &&
	    (*port != ':' || parse_int(port + 1, &number) != 0))
		return EINVAL;
	if (number < 1 || number > 65535)
		return EINVAL;
	out->host = *host == '[' ? arena_string(a, span_make(host + 1, len - 2))
	    : arena_string(a, span_make(host, len));
	out->port = (uint16_t)number;
	return out->scheme == VALUE_SMTP_PLAIN && !is_loopback(out->host) ? EINVAL : 0;
}

int
value_parse_address(struct arena *a, const char *text, struct value_target *out)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);
	bool v6 = is_bracketed_v6(text, len);
	struct in_addr v4;
	int64_t port;

	if (len == 0 || parse_int(colon + 1, &port) != 0 || port < 0 || port > 65535)
		return EINVAL;
	out->host = v6 ? arena_string(a, span_make(text + 1, len - 2)) :
	    arena_string(a, span_make(text, len));
	if (!v6 && inet_pton(AF_INET, out->host, &v4) != 1)
		return EINVAL;
	out->port = (uint16_t)port;
	return 0;
}

static bool
is_reference(const char *text)
{
	return (strncmp(text, "file:/", 6) == 0 && text[6] != '\0') ||
	    (strncmp(text, "credential:", 11) == 0 && text[11] != '\0' &&
	    strchr(text + 11, '/') == NULL);
}

static int
refuse_target(struct value_parser *p, const struct mt_option *o, const char *text)
{
	if (o->choices == NULL)
		return refuse(p, "%s is \"%.64s\", but must be "
		    "\"https://host\" or \"https://host:port\"", o->name, text);
	return refuse(p, "%s is \"%.64s\", but must be \"SCHEME://host\" or "
	    "\"SCHEME://host:port\", where SCHEME is %s%.32s%s", o->name, text,
	    strchr(o->choices, '|') == NULL ? "" : "one of ", o->choices,
	    is_choice(o->choices, schemes[VALUE_SMTP_PLAIN].name) ?
	    "; smtp+plain is for a numeric loopback address alone" : "");
}

static int
check_text(struct value_parser *p, const struct mt_option *o, const char *text)
{
	struct value_target target;

	if (strlen(text) > VALUE_TEXT_MAX)
		return refuse(p, "%s is longer than %d bytes", o->name,
		    VALUE_TEXT_MAX);
	for (const char *c = text; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			return refuse(p, "%s has a control character", o->name);
	if (o->type == MT_OPT_CHOICE && !is_choice(o->choices, text))
		return refuse(p, "%s is \"%.64s\", but must be one of %.128s",
		    o->name, text, o->choices);
	if (o->type == MT_OPT_SECRET && !is_reference(text))
		return refuse(p, "%s must be \"file:/path\" or "
		    "\"credential:name\": a secret never stands in a "
		    "configuration file", o->name);
	if (o->type == MT_OPT_TARGET &&
	    value_parse_target(p->arena, text, o->choices, &target) != 0)
		return refuse_target(p, o, text);
	return 0;
}

static int
set_texts(struct value_parser *p, const struct mt_option *o,
    struct value_text in, struct setting_value *v)
{
	if (in.count > VALUE_LIST_MAX)
		return refuse(p, "%s has more than %d members", o->name,
		    VALUE_LIST_MAX);
	v->list = arena_alloc(p->arena, (in.count + 1) * sizeof(*v->list));
	v->list_count = in.count;
	for (size_t i = 0; i < in.count; i++) {
		int error = check_text(p, o, in.texts[i]);

		if (error != 0)
			return error;
		v->list[i] = arena_string(p->arena, span_of(in.texts[i]));
	}
	return 0;
}

/* A list's default is its members, comma-separated. */
static struct value_text
default_texts(struct arena *a, const struct mt_option *o)
{
	const char **texts, *p = o->def;
	size_t count = 0;

	if (o->def == NULL)
		return (struct value_text){ NULL, 0 };
	texts = arena_alloc(a, (strlen(o->def) + 2) * sizeof(*texts));
	if (o->type != MT_OPT_LIST) {
		texts[0] = o->def;
		return (struct value_text){ texts, 1 };
	}
	while (*p != '\0') {
		size_t n = strcspn(p, ","), begin = strspn(p, " \t"), end = n;

		while (end > begin && (p[end - 1] == ' ' || p[end - 1] == '\t'))
			end--;
		if (end > begin)
			texts[count++] = arena_string(a,
			    span_make(p + begin, end - begin));
		p += n + (p[n] == ',');
	}
	return (struct value_text){ texts, count };
}

int
value_parse(struct value_parser *p, const struct mt_option *o,
    struct value_text in, struct setting_value *v)
{
	int error;

	*v = (struct setting_value){ .name = o->name };
	if (in.texts == NULL)
		in = default_texts(p->arena, o);
	if (in.texts == NULL)
		return 0;
	if (o->type != MT_OPT_LIST && in.count != 1)
		error = refuse(p, "%s takes one value", o->name);
	else if (is_number(o->type))
		error = set_number(p, o, in.texts[0], v);
	else
		error = set_texts(p, o, in, v);
	if (error != 0)		/* nothing half set */
		*v = (struct setting_value){ .name = o->name };
	return error;
}

static void
add_quoted(struct buf *b, const char *text)
{
	buf_add_char(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			buf_add_char(b, '\\');
		buf_add_char(b, *text);
	}
	buf_add_char(b, '"');
}

static void
add_list(struct buf *b, const struct setting_value *v)
{
	buf_add_string(b, "{ ");
	for (size_t i = 0; i < v->list_count; i++) {
		if (i > 0)
			buf_add_string(b, ", ");
		add_quoted(b, v->list[i]);
	}
	buf_add_string(b, v->list_count == 0 ? "}" : " }");
}

const char *
value_format(struct arena *a, const struct mt_option *o,
    const struct setting_value *v)
{
	struct buf b = { 0 };
	const char *text;

	if (v->list == NULL)
		return "";
	if (is_number(o->type) || o->type == MT_OPT_CHOICE)
		return v->list[0];
	if (o->type == MT_OPT_LIST)
		add_list(&b, v);
	else
		add_quoted(&b, v->list[0]);
	text = arena_string(a, buf_span(&b));
	buf_free(&b);
	return text;
}

bool
value_equal(const struct setting_value *x, const struct setting_value *y)
{
	if ((x->list == NULL) != (y->list == NULL) || x->num != y->num)
		return false;
	if (x->list == NULL)
		return true;
	if (x->list_count != y->list_count)
		return false;
	for (size_t i = 0; i < x->list_count; i++)
		if (strcmp(x->list[i], y->list[i]) != 0)
			return false;
	return true;
}
