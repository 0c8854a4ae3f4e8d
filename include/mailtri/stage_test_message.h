/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Behind mailtri/stage_test.h, which includes this file: options, memory, the
 * message and its facts as the fake host gives them.  A test names none of it.
 */
#ifndef MAILTRI_STAGE_TEST_MESSAGE_H
#define MAILTRI_STAGE_TEST_MESSAGE_H

#ifndef MAILTRI_STAGE_TEST_H
#error "include mailtri/stage_test.h"
#endif

#if defined(__GNUC__)
__attribute__((noreturn))
#endif
static inline void
mt_test_abort(const char *why, const char *what)
{
	fprintf(stderr, "stage_test: %s: %s\n", why, what);
	abort();
}

static inline size_t
mt_test_room(size_t count, const char *table)
{
	if (count >= MT_TEST_MAX)
		mt_test_abort("no more room", table);
	return count;
}

/* Blocks of their own, so that a sanitizer sees who reads too far or late. */
static inline void *
mt_test_block(struct mt_test_block **list, size_t size)
{
	struct mt_test_block *b =
	    (struct mt_test_block *)calloc(1, sizeof(*b) + 16 + size);

	if (b == NULL)
		mt_test_abort("out of memory", "calloc");
	b->next = *list;
	*list = b;
	return (char *)b + 16;
}

static inline void
mt_test_blocks_free(struct mt_test_block **list)
{
	while (*list != NULL) {
		struct mt_test_block *b = *list;

		*list = b->next;
		free(b);
	}
}

static inline struct mt_span
mt_test_span(const char *s)
{
	struct mt_span out;

	out.ptr = s;
	out.len = s == NULL ? 0 : strlen(s);
	return out;
}

static inline struct mt_span
mt_test_copy(struct mt_test *t, struct mt_span s)
{
	char *p = (char *)mt_test_block(&t->lasting, s.len + 1);
	struct mt_span out;

	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	out.ptr = p;
	out.len = s.len;
	return out;
}

static inline int
mt_test_same(struct mt_span a, struct mt_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline int
mt_test_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static inline int
mt_test_same_nocase(struct mt_span a, struct mt_span b)
{
	if (a.len != b.len)
		return 0;
	for (size_t i = 0; i < a.len; i++)
		if (mt_test_lower((unsigned char)a.ptr[i]) !=
		    mt_test_lower((unsigned char)b.ptr[i]))
			return 0;
	return 1;
}

/* ---- options ---- */

static inline const struct mt_option *
mt_test_find_option(const struct mt_test *t, const char *name, size_t *at)
{
	for (*at = 0; *at < t->option_count; (*at)++)
		if (strcmp(t->stage->options[*at].name, name) == 0)
			return &t->stage->options[*at];
	mt_test_abort("the stage declares no such option", name);
}

static inline void
mt_test_value_add(struct mt_test *t, struct mt_test_value *v, struct mt_span s)
{
	v->members[mt_test_room(v->count, "members of an option")] =
	    mt_test_copy(t, s).ptr;
	v->count++;
}

static inline void
mt_test_value_default(struct mt_test *t, const struct mt_option *o,
    struct mt_test_value *v)
{
	const char *p = o->def;

	if (p == NULL)
		return;
	if (o->type != MT_OPT_LIST) {
		mt_test_value_add(t, v, mt_test_span(p));
		return;
	}
	while (*p != '\0') {
		struct mt_span s;

		p += strspn(p, " ");
		s.ptr = p;
		s.len = strcspn(p, ",");
		if (s.len > 0)
			mt_test_value_add(t, v, s);
		p += s.len + (p[s.len] == ',');
	}
}

static inline const struct mt_test_value *
mt_test_value(const struct mt_conf *c, const char *name, uint32_t types)
{
	size_t i;
	const struct mt_option *o = mt_test_find_option(c->test, name, &i);

	if (((types >> o->type) & 1) == 0)
		mt_test_abort("option read as another type", name);
	if (c->in_route && c->test->values[1][i].set)
		return &c->test->values[1][i];
	return &c->test->values[0][i];
}

static inline const struct mt_conf *
mt_test_h_conf(const struct mt_msg *m)
{
	/* base and route begin with their test, so either leads to it */
	return m == NULL ? NULL : &m->test->route;
}

static inline int64_t
mt_test_h_conf_int(const struct mt_conf *c, const char *name)
{
	static const struct { const char *unit; int64_t factor; } units[] = {
		{ "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
		{ "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "", 1 }
	};
	const struct mt_test_value *v = mt_test_value(c, name, 1u << MT_OPT_BOOL |
	    1u << MT_OPT_INT | 1u << MT_OPT_SIZE | 1u << MT_OPT_DURATION);
	char *end;
	int64_t n;

	if (v->count == 0)
		return 0;
	if (strcmp(v->members[0], "true") == 0)
		return 1;
	if (strcmp(v->members[0], "false") == 0)
		return 0;
	n = strtoll(v->members[0], &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0)
			return n * units[i].factor;
	mt_test_abort("not a number", v->members[0]);
}

static inline const char *
mt_test_h_conf_str(const struct mt_conf *c, const char *name)
{
	const struct mt_test_value *v = mt_test_value(c, name, 1u << MT_OPT_STRING |
	    1u << MT_OPT_CHOICE | 1u << MT_OPT_TARGET);

	return v->count == 0 ? NULL : v->members[0];
}

static inline const char *const *
mt_test_h_conf_list(const struct mt_conf *c, const char *name)
{
	const struct mt_test_value *v = mt_test_value(c, name, 1u << MT_OPT_LIST);
	const char **out = (const char **)mt_test_block(&c->test->passing,
	    (v->count + 1) * sizeof(*out));

	for (size_t i = 0; i < v->count; i++)
		out[i] = v->members[i];
	return out;
}

static inline int
mt_test_h_conf_secret(const struct mt_conf *c, const char *name,
    struct mt_span *value)
{
	const struct mt_test_value *v = mt_test_value(c, name, 1u << MT_OPT_SECRET);

	if (v->count == 0)
		return ENOENT;
	*value = mt_test_span(v->members[0]);
	return 0;
}

/* ---- log, memory, clock ---- */

static inline void mt_test_h_log(struct mt_msg *, int, const char *, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
static inline void
mt_test_h_log(struct mt_msg *m, int level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	if (m == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(m->test->logs[mt_test_room(m->test->log_count, "logs")],
	    MT_TEST_LINE_MAX, fmt, ap);
	va_end(ap);
	m->test->log_count++;
}

static inline void *
mt_test_h_alloc(struct mt_msg *m, size_t size)
{
	return mt_test_block(&m->test->passing, size);
}

static inline void *
mt_test_h_keep(struct mt_msg *m, size_t size)
{
	struct mt_test *t = m->test;

	if (size == 0 || size > MT_KEEP_MAX)
		return NULL;
	if (t->kept == NULL) {
		t->kept = mt_test_block(&t->lasting, size);
		t->kept_size = size;
	}
	return size == t->kept_size ? t->kept : NULL;
}

static inline int64_t
mt_test_h_now(const struct mt_msg *m)
{
	return m->test->now;
}

static inline int64_t
mt_test_h_remaining_ms(const struct mt_msg *m)
{
	return m->test->remaining_ms;
}

/* ---- the message ---- */

static inline const char *
mt_test_h_event(const struct mt_msg *m)
{
	return m->test->event;
}

static inline int
mt_test_h_client(const struct mt_msg *m, struct mt_client *out)
{
	uint32_t size = out->size;

	memcpy(out, &m->test->client, size < sizeof(*out) ? size : sizeof(*out));
	out->size = size;
	return 0;
}

static inline int
mt_test_h_sender(const struct mt_msg *m, struct mt_span *out)
{
	*out = m->test->sender;
	return 0;
}

static inline int
mt_test_h_rcpt(const struct mt_msg *m, struct mt_span *out)
{
	*out = m->test->rcpt;
	return 0;
}

static inline int
mt_test_h_intent(const struct mt_msg *m, struct mt_intent *out)
{
	uint32_t size = out->size;

	memcpy(out, &m->test->intent, size < sizeof(*out) ? size : sizeof(*out));
	out->size = size;
	return 0;
}

static inline int
mt_test_h_raw(const struct mt_msg *m, struct mt_span *out)
{
	if ((m->test->stage->needs & MT_NEED_RAW) == 0)
		return EPERM;
	*out = m->test->raw;
	return 0;
}

/* The end of the field that begins at `at': behind its last CRLF. */
static inline size_t
mt_test_field_end(struct mt_span raw, size_t at)
{
	for (; at + 1 < raw.len; at++)
		if (raw.ptr[at] == '\r' && raw.ptr[at + 1] == '\n' &&
		    (at + 2 >= raw.len ||
		    (raw.ptr[at + 2] != ' ' && raw.ptr[at + 2] != '\t')))
			return at + 2;
	return raw.len;
}

static inline int
mt_test_h_header_next(const struct mt_msg *m, size_t *it, struct mt_span *name,
    struct mt_span *value)
{
	struct mt_span raw = m->test->raw;
	size_t end = mt_test_field_end(raw, *it);
	const char *colon;

	if (*it >= raw.len || end <= *it + 2)
		return ENOENT;
	colon = (const char *)memchr(raw.ptr + *it, ':', end - *it);
	if (colon == NULL)
		return ENOENT;
	name->ptr = raw.ptr + *it;
	name->len = (size_t)(colon - name->ptr);
	value->ptr = colon + 1 + (colon[1] == ' ');
	value->len = (size_t)(raw.ptr + end - value->ptr);
	if (value->len >= 2 && memcmp(raw.ptr + end - 2, "\r\n", 2) == 0)
		value->len -= 2;
	*it = end;
	return 0;
}

static inline int
mt_test_h_part_next(const struct mt_msg *m, size_t *it, struct mt_part *out)
{
	uint32_t size = out->size;

	if ((m->test->stage->needs & MT_NEED_BODY) == 0)
		return EPERM;
	if (*it >= m->test->part_count)
		return ENOENT;
	memcpy(out, &m->test->parts[*it], size < sizeof(*out) ? size : sizeof(*out));
	out->size = size;
	(*it)++;
	return 0;
}

/* ---- facts ---- */

static inline const struct mt_fact_decl *
mt_test_decl(const struct mt_fact_decl *d, const char *key)
{
	for (; d != NULL && d->key != NULL; d++)
		if (strcmp(d->key, key) == 0)
			return d;
	return NULL;
}

static inline const struct mt_fact *
mt_test_fact_find(const struct mt_test *t, const char *key)
{
	for (size_t i = 0; i < t->fact_count; i++)
		if (strcmp(t->facts[i].key, key) == 0)
			return &t->facts[i];
	return NULL;
}

static inline void
mt_test_fact_add(struct mt_test *t, const struct mt_fact *f)
{
	struct mt_fact *to = &t->facts[mt_test_room(t->fact_count, "facts")];

	*to = *f;
	to->key = mt_test_copy(t, mt_test_span(f->key)).ptr;
	if (f->type == MT_TOKEN || f->type == MT_TEXT)
		to->text = mt_test_copy(t, f->text);
	t->fact_count++;
}

static inline int
mt_test_h_fact_get(const struct mt_msg *m, const char *key, struct mt_fact *out)
{
	const struct mt_fact *f = mt_test_fact_find(m->test, key);

	if (f == NULL)
		return ENOENT;
	*out = *f;
	return 0;
}

static inline int
mt_test_is_choice(const char *choices, struct mt_span s)
{
	while (choices != NULL) {
		struct mt_span one;

		one.ptr = choices;
		one.len = strcspn(choices, "|");
		if (mt_test_same(one, s))
			return 1;
		choices = one.ptr[one.len] == '|' ? one.ptr + one.len + 1 : NULL;
	}
	return 0;
}

static inline int
mt_test_h_fact_set(struct mt_msg *m, const struct mt_fact *f)
{
	const struct mt_fact_decl *d = mt_test_decl(m->test->stage->writes, f->key);

	if (d == NULL)
		return EPERM;
	if (mt_test_fact_find(m->test, f->key) != NULL)
		return EEXIST;
	if (f->type != d->type)
		return EINVAL;
	if (d->type == MT_TOKEN && !mt_test_is_choice(d->choices, f->text))
		return EINVAL;
	if ((d->type == MT_TOKEN || d->type == MT_TEXT) &&
	    f->text.len > MT_FACT_TEXT_MAX)
		return EMSGSIZE;
	mt_test_fact_add(m->test, f);
	return 0;
}

#endif
