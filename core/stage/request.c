/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP requests of stages: checked when asked, packed, unpacked. */
#include "stage/request.h"

#include <errno.h>

static bool
printable(const char *s, size_t max)
{
	size_t n = 0;

	if (s == NULL)
		return false;
	for (; s[n] != '\0'; n++)
		if (n >= max || (unsigned char)s[n] < 0x20 || s[n] == 0x7f)
			return false;
	return true;
}

static bool
option_is(const struct mt_msg *m, const char *name, uint32_t type)
{
	const struct mt_option *o = name == NULL ? NULL :
	    descriptor_option(&m->member->loaded.descriptor, name);

	return o != NULL && o->type == type;
}

static int
fields_pack(struct buf *b, const struct mt_msg *m, const struct mt_field *f)
{
	uint32_t n = 0;

	while (f != NULL && f[n].name != NULL)
		if (++n > REQUEST_FIELDS_MAX)
			return EINVAL;
	pack_u32(b, n);
	for (uint32_t i = 0; i < n; i++) {
		bool secret = (f[i].flags & MT_FIELD_SECRET) != 0;

		if (!printable(f[i].name, REQUEST_FIELD_MAX) ||
		    !printable(f[i].value, REQUEST_FIELD_MAX) ||
		    (secret && !option_is(m, f[i].value, MT_OPT_SECRET)))
			return EINVAL;
		pack_string(b, f[i].name);
		pack_string(b, f[i].value);
		pack_u32(b, f[i].flags);
	}
	return 0;
}

int
request_pack(struct buf *b, const struct mt_msg *m, const struct mt_http *h)
{
	if (!option_is(m, h->target, MT_OPT_TARGET) ||
	    !printable(h->method, 16) || !printable(h->path, REQUEST_PATH_MAX) ||
	    h->path[0] != '/' || h->body.len > REQUEST_BODY_MAX)
		return EINVAL;
	pack_u32(b, h->timeout_ms);
	pack_string(b, h->target);
	pack_string(b, h->method);
	pack_string(b, h->path);
	pack_span(b, h->body);
	pack_u32(b, (uint32_t)h->part);
	return fields_pack(b, m, h->fields);
}

int
request_unpack(struct mt_span packed, struct request *r)
{
	struct unpack u = unpack_of(packed);

	*r = (struct request){ .timeout_ms = unpack_u32(&u) };
	r->target = unpack_span(&u);
	r->method = unpack_span(&u);
	r->path = unpack_span(&u);
	r->body = unpack_span(&u);
	r->part = (int32_t)unpack_u32(&u);
	r->field_count = unpack_count(&u, 12);
	if (r->field_count > REQUEST_FIELDS_MAX)
		return EBADMSG;
	for (uint32_t i = 0; i < r->field_count; i++) {
		r->fields[i].name = unpack_span(&u);
		r->fields[i].value = unpack_span(&u);
		r->fields[i].flags = unpack_u32(&u);
	}
	return unpack_done(&u) ? 0 : EBADMSG;
}
