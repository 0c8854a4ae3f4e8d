/* SPDX-License-Identifier: BSD-2-Clause */
/* DKIM-Signature fields from anybody: what is left for the library to verify
 * keeps every rule that is ours, read once more and in another way. */
#include <stdlib.h>

#include "signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const covered[] = { "From", "Subject", "Reply-To", NULL };

static int64_t
fake_now(const struct mt_msg *msg)
{
	(void)msg;
	return 1767225600;
}

static void *
fake_alloc(struct mt_msg *msg, size_t size)
{
	(void)msg;
	(void)size;
	abort();	/* the pool is large enough for one signature */
}

/* h= by a way of its own: how often the name stands between colons. */
static size_t
signed_times(const char *list, const char *name)
{
	size_t n = strlen(name), count = 0;

	for (; *list != '\0'; list += strcspn(list, ":"), list += *list == ':')
		count += strcspn(list, ":") == n &&
		    text_is((struct mt_span){ list, n }, name);
	return count;
}

static void
look(const struct header *h, const struct signature *s)
{
	char name[DOMAIN_MAX + 1];
	const char *p;
	size_t i;

	if (s->judged && (s->word == WORD_PASS || s->why == NULL || s->why[0] == '\0'))
		abort();
	if (!s->readable && !s->judged)
		abort();
	for (p = s->signed_names; *p != '\0'; p++)
		if (text_space(*p) || text_lower(*p) != *p)
			abort();
	if (s->judged)
		return;
	if (!domain_identity(text_span(s->domain), name) || strcmp(name, s->domain) != 0 ||
	    s->selector[0] == '\0' || s->b[0] == '\0' || signed_times(s->signed_names, "from") == 0)
		abort();
	if (strcmp(s->algorithm, s->ed25519 ? "ed25519-sha256" : "rsa-sha256") != 0)
		abort();
	for (i = 0; covered[i] != NULL; i++)
		if (header_count(h, covered[i]) > signed_times(s->signed_names, covered[i]))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mt_host host = { .size = sizeof(host), .alloc = fake_alloc,
		.now = fake_now };
	static struct pool pool;
	struct mt_span in = { (const char *)data, size };
	struct field *field = calloc(header_room(in) + 1, sizeof(*field));
	struct run r = { .host = &host, .pool = &pool };
	struct signature s;
	struct header h;
	size_t i;

	if (field != NULL && header_parse(in, field, &h) == NULL)
		for (i = 0; i < h.count; i++) {
			if (!text_is(h.field[i].name, "DKIM-Signature"))
				continue;
			pool.used = 0;
			signature_parse(&r, &h, &h.field[i], covered, &s);
			look(&h, &s);
		}
	free(field);
	return 0;
}
