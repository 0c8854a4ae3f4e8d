/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets of one role: packed by the master, received by the role. */
#include "conf/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"

enum { SECRET_BYTES_MIN = 8 };

void
secrets_pack_one(struct buf *b, const char *name, struct mt_span value)
{
	pack_string(b, name);
	pack_span(b, value);
}

static const char *
name_copy(struct mt_span name)
{
	char *copy = xcalloc(1, name.len + 1);

	return name.len == 0 ? copy : memcpy(copy, name.ptr, name.len);
}

/* The values borrow from s->bytes: one place to lock and to wipe. */
static int
secrets_parse(struct secrets *s)
{
	struct unpack u = unpack_of(buf_span(&s->bytes));

	s->list = xcalloc(s->bytes.len / SECRET_BYTES_MIN, sizeof(*s->list));
	while (u.p < u.end && !u.bad) {
		struct mt_span name = unpack_span(&u), value = unpack_span(&u);

		if (u.bad || memchr(name.ptr, '\0', name.len) != NULL)
			return EBADMSG;
		s->list[s->count++] = (struct secret){
			.name = name_copy(name), .value = value };
	}
	return u.bad ? EBADMSG : 0;
}

int
secrets_unpack(struct mt_span bytes, struct secrets **out)
{
	struct secrets *s = xcalloc(1, sizeof(*s));
	int error;

	buf_reserve(&s->bytes, bytes.len);
	if (mlock(s->bytes.p, s->bytes.cap) < 0)
		log_warning("secrets may be swapped (%s): raise LimitMEMLOCK",
		    strerror(errno));
	buf_add(&s->bytes, bytes.ptr, bytes.len);
	error = secrets_parse(s);
	if (error != 0) {
		secrets_free(s);
		s = NULL;
	}
	*out = s;
	return error;
}

void
secrets_free(struct secrets *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		free((char *)(uintptr_t)s->list[i].name);
	free(s->list);
	buf_wipe(&s->bytes);
	free(s);
}

struct secrets *
secrets_receive(void)
{
	struct secrets *s;
	struct bytes bytes;
	int error = bytes_map(PROTO_SECRETS_FD, &bytes);

	if (error == 0) {
		error = secrets_unpack(bytes.span, &s);
		bytes_free(&bytes);
	}
	if (error != 0)
		log_fatal("no secrets on descriptor %d (%s): roles are started "
		    "by mailtrid", PROTO_SECRETS_FD, strerror(error));
	return s;
}

const struct secret *
secrets_find(const struct secrets *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	return NULL;
}
