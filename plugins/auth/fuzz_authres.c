/* SPDX-License-Identifier: BSD-2-Clause */
/* Results that somebody else wrote: what is read lies within what was given,
 * and no value holds what would end it. */
#include <stdlib.h>

#include "authres.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
within(struct mt_span s, struct mt_span all)
{
	if (s.ptr < all.ptr || s.ptr + s.len > all.ptr + all.len || memchr(s.ptr, '\0', s.len) != NULL)
		abort();
}

static void
look(const struct authres_result *r, struct mt_span all)
{
	size_t i;

	within(r->method, all);
	within(r->result, all);
	if (r->method.len == 0 || r->result.len == 0 || r->count > AUTHRES_PROPERTIES_MAX)
		abort();
	for (i = 0; i < r->count; i++) {
		const struct authres_property *p = &r->property[i];

		within(p->type, all);
		within(p->name, all);
		within(p->value, all);
		if (p->type.len == 0 || p->name.len == 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mt_span in = { (const char *)data, size };
	struct authres a;
	size_t i;

	if (authres_parse(in, &a) != NULL)
		return 0;
	within(a.id, in);
	for (i = 0; i < a.count; i++)
		look(&a.result[i], in);
	return 0;
}
