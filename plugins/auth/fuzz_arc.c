/* SPDX-License-Identifier: BSD-2-Clause */
/* ARC sets from anybody: a chain that is not decided by its structure is
 * whole, what its seals leave out of a digest lies within them, and what passes
 * was sealed with the one key there is, whose other half nobody here has. */
#include <stdlib.h>

#include "arc.h"
#include "canon.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void *kept[4096];
static size_t kept_count;

static void *
fake_alloc(struct mt_msg *msg, size_t size)
{
	(void)msg;
	if (kept_count == sizeof(kept) / sizeof(kept[0]))
		abort();
	return kept[kept_count++] = malloc(size + 1);
}

/* The key that the seeds were sealed with. */
static const char key[] = "v=DKIM1; k=ed25519; p=6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=";
static const char key_name[] = "a._domainkey.lists.example";

static int
fake_dns(struct mt_msg *msg, const char *name, uint16_t type, struct mt_answer *a)
{
	static const struct mt_span record = { key, sizeof(key) - 1 };

	(void)msg;
	(void)type;
	a->status = strcmp(name, key_name) == 0 ? MT_OK : MT_NXDOMAIN;
	a->count = a->status == MT_OK;
	a->rr = &record;
	return a->status;
}

static int64_t
fake_now(const struct mt_msg *msg)
{
	(void)msg;
	return 1767225600;
}

static void
look_at(const struct arc_seal *s)
{
	const struct mt_span whole = s->field->whole;

	if (s->b.ptr < whole.ptr || s->b.ptr + s->b.len > whole.ptr + whole.len)
		abort();
}

static bool
sealed(const struct arc_seal *s)
{
	char name[ARC_KEY_NAME_MAX];

	arc_key_name(s, name);
	return strcmp(name, key_name) == 0;
}

static void
look(struct run *r, const struct header *h)
{
	static struct arc arc;
	size_t i;

	arc_parse(r, h, &arc);
	for (i = 0; arc.word == WORD_NEUTRAL && i < arc.sets; i++) {
		if (arc.set[i].results == NULL)
			abort();
		look_at(arc.set[i].message);
		look_at(arc.set[i].seal);
	}
	arc_verify(r, h, 1024, &arc);
	if (arc.word == WORD_NEUTRAL || arc.why == NULL)
		abort();
	for (i = 0; arc.word == WORD_PASS && i < arc.sets; i++)
		if (!sealed(arc.set[i].seal))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mt_host host = { .size = sizeof(host), .alloc = fake_alloc,
		.dns_get = fake_dns, .now = fake_now };
	struct mt_span in = { (const char *)data, size };
	struct field *field = calloc(header_room(in) + 1, sizeof(*field));
	struct run r = { .host = &host };
	struct header h;

	if (field != NULL && header_parse(in, field, &h) == NULL)
		look(&r, &h);
	while (kept_count > 0)
		free(kept[--kept_count]);
	free(field);
	return 0;
}
