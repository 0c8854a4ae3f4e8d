/* SPDX-License-Identifier: BSD-2-Clause */
/* Wrapping under root keys. */
#include "store/root.h"

#include <errno.h>

void
root_id(const uint8_t key[WRAP_KEY_SIZE], uint8_t id[ROOT_ID_SIZE])
{
	hash_hkdf(key, span_make(NULL, 0), SPAN("mailtri/root/id/v1"), id, ROOT_ID_SIZE);
}

int
roots_init(struct roots *roots, struct mt_span keys)
{
	memset(roots, 0, sizeof(*roots));
	if (keys.len == 0 || keys.len % WRAP_KEY_SIZE != 0 || keys.len / WRAP_KEY_SIZE > ROOTS_MAX)
		return EINVAL;
	roots->count = keys.len / WRAP_KEY_SIZE;
	for (size_t i = 0; i < roots->count; i++) {
		memcpy(roots->list[i].key, keys.ptr + i * WRAP_KEY_SIZE, WRAP_KEY_SIZE);
		root_id(roots->list[i].key, roots->list[i].id);
	}
	return 0;
}

void
roots_number(struct roots *roots)
{
	uint32_t last = 0;

	for (size_t i = 0; i < roots->count; i++)
		if (roots->list[i].version > last)
			last = roots->list[i].version;
	for (size_t i = roots->count; i > 0; i--)
		if (roots->list[i - 1].version == 0)
			roots->list[i - 1].version = ++last;
}

/* Which root, besides where: an entry works under its own head only. */
static void
entry_place(struct buf *b, struct mt_span place, const struct root *root)
{
	buf_reset(b);
	buf_add(b, place.ptr, place.len);
	buf_add(b, root->id, ROOT_ID_SIZE);
	pack_u32(b, root->version);
}

void
roots_close(const struct roots *roots, struct mt_span place, const uint8_t key[WRAP_KEY_SIZE],
    struct buf *out)
{
	uint8_t wrapped[WRAP_SIZE];
	struct buf where = { 0 };

	pack_u32(out, (uint32_t)roots->count);
	for (size_t i = 0; i < roots->count; i++) {
		const struct root *root = &roots->list[i];

		entry_place(&where, place, root);
		wrap_close(root->key, buf_span(&where), key, wrapped);
		buf_add(out, root->id, ROOT_ID_SIZE);
		pack_u32(out, root->version);
		buf_add(out, wrapped, sizeof(wrapped));
	}
	buf_free(&where);
}

static struct root *
find(struct roots *roots, const uint8_t id[ROOT_ID_SIZE])
{
	for (size_t i = 0; i < roots->count; i++)
		if (memcmp(roots->list[i].id, id, ROOT_ID_SIZE) == 0)
			return &roots->list[i];
	return NULL;
}

/* One entry: its id and version, then what is wrapped. */
static int
entry_open(struct root *root, uint32_t version, struct mt_span place, const uint8_t *wrapped,
    uint8_t key[WRAP_KEY_SIZE])
{
	struct root as_written = *root;
	struct buf where = { 0 };
	int error;

	as_written.version = version;
	entry_place(&where, place, &as_written);
	error = wrap_open(root->key, buf_span(&where), wrapped, key);
	if (error == 0)
		root->version = version;
	explicit_bzero(&as_written, sizeof(as_written));
	buf_free(&where);
	return error;
}

int
roots_open(struct roots *roots, struct mt_span place, struct unpack *u, uint8_t key[WRAP_KEY_SIZE])
{
	uint32_t count = unpack_count(u, ROOT_ENTRY_SIZE);
	int error = ENOKEY;

	if (u->bad || count == 0 || count > ROOTS_MAX)
		return EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *id = u->p, *wrapped = u->p + ROOT_ID_SIZE + 4;
		struct root *root = find(roots, id);

		u->p += ROOT_ID_SIZE;
		if (root != NULL && error != 0)
			error = entry_open(root, unpack_u32(u), place, wrapped, key);
		u->p = wrapped + WRAP_SIZE;
	}
	return error;
}
