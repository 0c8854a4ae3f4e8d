/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors: packed, unpacked, searched. */
#include "conf/descriptor.h"

#include <errno.h>

#include "conf/pack.h"

/* What the least option and fact take when packed. */
enum { OPTION_BYTES_MIN = 32, FACT_BYTES_MIN = 15 };

static const struct {
	uint32_t bit;
	const char *word;
} needs_words[] = {
	{ MT_NEED_DNS, "dns" }, { MT_NEED_HTTP, "http" },
	{ MT_NEED_STATE, "state" }, { MT_NEED_BODY, "body" },
	{ MT_NEED_RAW, "raw" }, { MT_NEED_EDIT, "edit" },
	{ MT_NEED_FILES, "files" }, { MT_NEED_MAIL, "mail" },
};

static void
option_pack(struct buf *b, const struct mt_option *o)
{
	pack_text(b, o->name);
	pack_text(b, o->def);
	pack_text(b, o->choices);
	pack_text(b, o->help);
	pack_u32(b, o->type);
	pack_u32(b, o->flags);
	pack_i64(b, o->min);
	pack_i64(b, o->max);
}

static void
facts_decl_pack(struct buf *b, const struct mt_fact_decl *list, size_t count)
{
	pack_u32(b, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		pack_text(b, list[i].key);
		pack_text(b, list[i].choices);
		pack_text(b, list[i].help);
		pack_u32(b, list[i].type);
		pack_u32(b, list[i].flags);
	}
}

void
descriptor_pack(struct buf *b, const struct descriptor *d)
{
	pack_text(b, d->name);
	pack_text(b, d->version);
	pack_text(b, d->summary);
	pack_u16(b, d->abi_major);
	pack_u16(b, d->abi_minor);
	pack_u32(b, d->needs);
	pack_u32(b, d->callbacks);
	pack_u32(b, (uint32_t)d->option_count);
	for (size_t i = 0; i < d->option_count; i++)
		option_pack(b, &d->options[i]);
	facts_decl_pack(b, d->reads, d->read_count);
	facts_decl_pack(b, d->writes, d->write_count);
}

/* Statements, not an initializer: its order would be the compiler's. */
static void
option_unpack(struct unpack *u, struct arena *a, struct mt_option *o)
{
	o->name = unpack_name(u, a);
	o->def = unpack_text(u, a);
	o->choices = unpack_text(u, a);
	o->help = unpack_text(u, a);
	o->type = unpack_u32(u);
	o->flags = unpack_u32(u);
	o->min = unpack_i64(u);
	o->max = unpack_i64(u);
}

static void
fact_decl_unpack(struct unpack *u, struct arena *a, struct mt_fact_decl *f)
{
	f->key = unpack_name(u, a);
	f->choices = unpack_text(u, a);
	f->help = unpack_text(u, a);
	f->type = unpack_u32(u);
	f->flags = unpack_u32(u);
}

static size_t
count_unpack(struct unpack *u, size_t least, size_t limit)
{
	size_t count = unpack_count(u, least);

	if (count <= limit)
		return count;
	u->bad = true;
	return 0;
}

static void
options_unpack(struct unpack *u, struct arena *a, struct descriptor *d)
{
	d->option_count = count_unpack(u, OPTION_BYTES_MIN, DESCRIPTOR_OPTIONS_MAX);
	d->options = arena_alloc(a, (d->option_count + 1) * sizeof(*d->options));
	for (size_t i = 0; i < d->option_count; i++)
		option_unpack(u, a, &d->options[i]);
}

static struct mt_fact_decl *
facts_decl_unpack(struct unpack *u, struct arena *a, size_t *count)
{
	struct mt_fact_decl *list;

	*count = count_unpack(u, FACT_BYTES_MIN, DESCRIPTOR_FACTS_MAX);
	list = arena_alloc(a, (*count + 1) * sizeof(*list));
	for (size_t i = 0; i < *count; i++)
		fact_decl_unpack(u, a, &list[i]);
	return list;
}

int
descriptor_unpack(struct unpack *u, struct arena *a, struct descriptor *d)
{
	*d = (struct descriptor){ .name = unpack_name(u, a) };
	d->version = unpack_name(u, a);
	d->summary = unpack_name(u, a);
	d->abi_major = unpack_u16(u);
	d->abi_minor = unpack_u16(u);
	d->needs = unpack_u32(u);
	d->callbacks = unpack_u32(u);
	options_unpack(u, a, d);
	d->reads = facts_decl_unpack(u, a, &d->read_count);
	d->writes = facts_decl_unpack(u, a, &d->write_count);
	return u->bad ? EBADMSG : 0;
}

const struct mt_option *
descriptor_option(const struct descriptor *d, const char *name)
{
	for (size_t i = 0; i < d->option_count; i++)
		if (strcmp(d->options[i].name, name) == 0)
			return &d->options[i];
	return NULL;
}

const struct mt_fact_decl *
descriptor_writes(const struct descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->write_count; i++)
		if (strcmp(d->writes[i].key, key) == 0)
			return &d->writes[i];
	return NULL;
}

const char *
needs_string(struct arena *a, uint32_t needs)
{
	const char *text = "";

	for (size_t i = 0; i < sizeof(needs_words) / sizeof(*needs_words); i++)
		if ((needs & needs_words[i].bit) != 0)
			text = arena_printf(a, "%s%s%s", text,
			    *text == '\0' ? "" : ", ", needs_words[i].word);
	return text;
}
