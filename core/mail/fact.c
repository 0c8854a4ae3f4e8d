/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts a message has gathered: write-once, typed, in order of arrival. */
#include "mail/fact.h"

#include <errno.h>
#include <inttypes.h>

void
facts_init(struct facts *fs, struct arena *arena)
{
	*fs = (struct facts){ .arena = arena };
	fs->tail = &fs->head;
}

const struct fact *
facts_find(const struct facts *fs, const char *key)
{
	for (const struct fact *f = fs->head; f != NULL; f = f->next)
		if (strcmp(f->value.key, key) == 0)
			return f;
	return NULL;
}

static const struct mt_fact_decl *
decl_find(const struct mt_fact_decl *decls, const char *key)
{
	for (; decls->key != NULL; decls++)
		if (strcmp(decls->key, key) == 0)
			return decls;
	return NULL;
}

static bool
token_in_choices(struct mt_span token, const char *choices)
{
	while (choices != NULL && *choices != '\0') {
		size_t len = strcspn(choices, "|");

		if (span_equal(token, span_make(choices, len)))
			return true;
		choices += len + (choices[len] == '|');
	}
	return false;
}

static int
value_check(const struct mt_fact *v)
{
	if (v->type < MT_FLAG || v->type > MT_TEXT)
		return EINVAL;
	if (v->type == MT_FLAG && v->num != 0 && v->num != 1)
		return EINVAL;
	return v->text.len > MT_FACT_TEXT_MAX ? EMSGSIZE : 0;
}

static int
decl_check(const struct mt_fact_decl *decl, const struct mt_fact *v)
{
	if (decl == NULL)
		return EPERM;
	if (v->type != decl->type)
		return EINVAL;
	if (v->type == MT_TOKEN && !token_in_choices(v->text, decl->choices))
		return EINVAL;
	return 0;
}

static struct fact *
fact_append(struct facts *fs, const char *writer, const struct mt_fact *v)
{
	struct fact *f = arena_alloc(fs->arena, sizeof(*f));

	*f = (struct fact){ .writer = arena_string(fs->arena, span_of(writer)) };
	f->value = (struct mt_fact){ .type = v->type,
		.key = arena_string(fs->arena, span_of(v->key)) };
	if (v->type == MT_FLAG || v->type == MT_INT)
		f->value.num = v->num;
	else
		f->value.text = arena_span(fs->arena, v->text);
	*fs->tail = f;
	fs->tail = &f->next;
	fs->count++;
	fs->text_bytes += f->value.text.len;
	return f;
}

static bool
has_room(const struct facts *fs, const struct mt_fact *v)
{
	size_t size = v->type == MT_FLAG || v->type == MT_INT ? 0 : v->text.len;

	return fs->count < FACTS_MAX && fs->text_bytes + size <= FACTS_TEXT_MAX;
}

int
facts_add(struct facts *fs, const char *writer, const struct mt_fact_decl *decls,
    const struct mt_fact *v)
{
	const struct mt_fact_decl *decl = NULL;
	struct fact *f;
	int error;

	if (v->key == NULL || v->key[0] == '\0' || strlen(v->key) > FACT_KEY_MAX)
		return EINVAL;
	if (decls != NULL) {
		decl = decl_find(decls, v->key);
		if ((error = decl_check(decl, v)) != 0)
			return error;
	}
	if ((error = value_check(v)) != 0)
		return error;
	if (facts_find(fs, v->key) != NULL)
		return EEXIST;
	if (!has_room(fs, v))
		return ENOSPC;
	f = fact_append(fs, writer, v);
	f->flags = decl == NULL ? 0 : decl->flags & MT_PERSONAL;
	return 0;
}

const char *
facts_text(const struct facts *fs, const char *key)
{
	const struct fact *f = facts_find(fs, key);

	if (f == NULL)
		return NULL;
	if (f->value.type == MT_FLAG)
		return f->value.num != 0 ? "true" : "false";
	if (f->value.type == MT_INT)
		return arena_printf(fs->arena, "%" PRId64, f->value.num);
	return arena_string(fs->arena, f->value.text);
}

struct fact **
facts_mark(const struct facts *fs)
{
	return fs->tail;
}

void
facts_rewind(struct facts *fs, struct fact **mark)
{
	*mark = NULL;
	fs->tail = mark;
	fs->count = fs->text_bytes = 0;
	for (const struct fact *f = fs->head; f != NULL; f = f->next) {
		fs->count++;
		fs->text_bytes += f->value.text.len;
	}
}

void
facts_pack(struct buf *b, const struct facts *fs)
{
	pack_u32(b, (uint32_t)fs->count);
	for (const struct fact *f = fs->head; f != NULL; f = f->next) {
		pack_string(b, f->value.key);
		pack_string(b, f->writer);
		pack_u32(b, f->value.type);
		pack_u32(b, f->flags);
		pack_i64(b, f->value.num);
		pack_span(b, f->value.text);
	}
}

/* Names become C strings, so a NUL in one would make two names equal. */
static bool
name_is_good(struct mt_span s)
{
	return s.len > 0 && s.len <= FACT_KEY_MAX && memchr(s.ptr, '\0', s.len) == NULL;
}

static int
fact_unpack(struct unpack *u, struct facts *fs)
{
	struct mt_span key = unpack_span(u), writer = unpack_span(u);
	struct mt_fact v = { .type = unpack_u32(u) };
	uint32_t flags = unpack_u32(u);

	v.num = unpack_i64(u);
	v.text = unpack_span(u);
	if (u->bad || !name_is_good(key) || !name_is_good(writer))
		return EBADMSG;
	v.key = arena_string(fs->arena, key);
	if ((flags & ~(uint32_t)MT_PERSONAL) != 0 || value_check(&v) != 0 ||
	    facts_find(fs, v.key) != NULL)
		return EBADMSG;
	fact_append(fs, arena_string(fs->arena, writer), &v)->flags = flags;
	return 0;
}

int
facts_unpack(struct unpack *u, struct facts *fs)
{
	uint32_t count = unpack_count(u, 28);

	if (u->bad || fs->count + count > FACTS_MAX)
		return EBADMSG;
	for (uint32_t i = 0; i < count; i++)
		if (fact_unpack(u, fs) != 0) {
			u->bad = true;
			return EBADMSG;
		}
	return 0;
}
