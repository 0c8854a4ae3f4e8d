/* SPDX-License-Identifier: BSD-2-Clause */
/* Classes of addresses, and the list of hosts. */
#include "dispatch/dial.h"

#include <arpa/inet.h>
#include <errno.h>

#include "conf/value.h"

/* RFC 6890 and its kin: the longest prefix first where two overlap. */
static const struct {
	unsigned char prefix[4];
	unsigned bits;
	enum dial_class class;
} classes4[] = {
	{ { 0 }, 8, DIAL_NEVER },
	{ { 10 }, 8, DIAL_PRIVATE },
	{ { 100, 64 }, 10, DIAL_PRIVATE },
	{ { 127 }, 8, DIAL_PRIVATE },
	{ { 169, 254 }, 16, DIAL_PRIVATE },
	{ { 172, 16 }, 12, DIAL_PRIVATE },
	{ { 192, 0, 0 }, 24, DIAL_PRIVATE },
	{ { 192, 168 }, 16, DIAL_PRIVATE },
	{ { 198, 18 }, 15, DIAL_PRIVATE },
	{ { 224 }, 4, DIAL_NEVER },
	{ { 240 }, 4, DIAL_NEVER },
};

static const struct {
	unsigned char prefix[16];
	unsigned bits;
	enum dial_class class;
} classes6[] = {
	{ { [15] = 1 }, 128, DIAL_PRIVATE },	/* ::1 */
	{ { 0 }, 96, DIAL_NEVER },	/* ::, ::192.0.2.1 */
	{ { [10] = 0xff, [11] = 0xff }, 96, DIAL_NEVER },	/* ::ffff:192.0.2.1 */
	{ { 0, 0x64, 0xff, 0x9b }, 32, DIAL_NEVER },	/* NAT64 */
	{ { 0x01, 0 }, 64, DIAL_NEVER },	/* 100::, discard */
	{ { 0x20, 0x01, 0, 0 }, 32, DIAL_NEVER },	/* Teredo */
	{ { 0x20, 0x02 }, 16, DIAL_NEVER },	/* 6to4 */
	{ { 0xfc }, 7, DIAL_PRIVATE },	/* ULA */
	{ { 0xfe, 0x80 }, 10, DIAL_PRIVATE },	/* link-local */
	{ { 0xfe, 0xc0 }, 10, DIAL_PRIVATE },	/* site-local */
	{ { 0xff }, 8, DIAL_NEVER },	/* multicast */
};

static bool
has_prefix(const unsigned char *address, const unsigned char *prefix, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(address, prefix, bytes) != 0)
		return false;
	return rest == 0 || (address[bytes] ^ prefix[bytes]) >> (8 - rest) == 0;
}

static enum dial_class
classify4(const unsigned char *b)
{
	for (size_t i = 0; i < sizeof(classes4) / sizeof(classes4[0]); i++)
		if (has_prefix(b, classes4[i].prefix, classes4[i].bits))
			return classes4[i].class;
	return DIAL_PUBLIC;
}

static enum dial_class
classify6(const unsigned char *b)
{
	for (size_t i = 0; i < sizeof(classes6) / sizeof(classes6[0]); i++)
		if (has_prefix(b, classes6[i].prefix, classes6[i].bits))
			return classes6[i].class;
	return DIAL_PUBLIC;
}

enum dial_class
dial_address_classify(const union dial_address *a)
{
	if (a->any.sa_family == AF_INET)
		return classify4((const unsigned char *)&a->v4.sin_addr);
	return a->any.sa_family == AF_INET6 ? classify6(a->v6.sin6_addr.s6_addr) :
	    DIAL_NEVER;
}

void
dial_address_from4(union dial_address *a, const unsigned char b[4], uint16_t port)
{
	*a = (union dial_address){ .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
	memcpy(&a->v4.sin_addr, b, 4);
}

void
dial_address_from6(union dial_address *a, const unsigned char b[16], uint16_t port)
{
	*a = (union dial_address){ .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
	memcpy(&a->v6.sin6_addr, b, 16);
}

int
dial_request_unpack(struct mt_span body, struct dial_request *r)
{
	struct unpack u = unpack_of(body);

	*r = (struct dial_request){ .host = unpack_span(&u) };
	r->port = unpack_u16(&u);
	r->private = unpack_u8(&u) != 0;
	r->address = unpack_span(&u);
	return unpack_done(&u) ? 0 : EBADMSG;
}

int
dial_address_parse(const char *text, uint16_t port, union dial_address *a)
{
	unsigned char b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		dial_address_from4(a, b, port);
	else if (inet_pton(AF_INET6, text, b) == 1)
		dial_address_from6(a, b, port);
	else
		return EINVAL;
	return 0;
}

const char *
dial_address_format(char out[DIAL_ADDRESS_TEXT_MAX], const union dial_address *a)
{
	const void *b = a->any.sa_family == AF_INET ? (const void *)&a->v4.sin_addr :
	    (const void *)&a->v6.sin6_addr;

	return inet_ntop(a->any.sa_family, b, out, DIAL_ADDRESS_TEXT_MAX) == NULL ? "?" : out;
}

socklen_t
dial_address_size(const union dial_address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

/* The value of the option named `name' and `suffix'; NULL: none or unset. */
static const struct setting_value *
value_of(const struct descriptor *d, const struct setting_options *o, const char *name,
    const char *suffix)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < d->option_count; i++)
		if (strncmp(d->options[i].name, name, len) == 0 &&
		    strcmp(d->options[i].name + len, suffix) == 0)
			return o->values[i].list == NULL || o->values[i].list[0] == NULL ?
			    NULL : &o->values[i];
	return NULL;
}

static void
list_add(struct dial_targets *ts, const struct dial_target *t)
{
	struct dial_target *list = arena_alloc(ts->arena, (ts->count + 1) * sizeof(*list));

	if (ts->count > 0)
		memcpy(list, ts->list, ts->count * sizeof(*list));
	list[ts->count++] = *t;
	ts->list = list;
}

static void
target_add(struct dial_targets *ts, const struct setting_stage *stage,
    const struct setting_options *o, const struct mt_option *option)
{
	const struct descriptor *d = &stage->descriptor;
	const char *name = option->name;
	const struct setting_value *url = value_of(d, o, name, "");
	const struct setting_value *private = value_of(d, o, name, "_private");
	const struct setting_value *connect = value_of(d, o, name, "_connect");
	union dial_address numeric;
	struct value_target to, dial;

	if (url == NULL || value_parse_target(ts->arena, url->list[0],
	    option->choices, &to) != 0)
		return;
	dial = to;
	if (connect != NULL && value_parse_address(ts->arena, connect->list[0], &dial) != 0)
		return;		/* nothing can be dialled for it */
	list_add(ts, &(struct dial_target){ .host = to.host, .port = dial.port,
	    .address = dial_address_parse(dial.host, dial.port, &numeric) == 0 ? dial.host : "",
	    .private = private != NULL && private->num != 0, .scheme = to.scheme,
	    .stage = stage->name, .option = name, .route = o->route });
}

static void
stage_add(struct dial_targets *ts, const struct setting_stage *stage)
{
	const struct descriptor *d = &stage->descriptor;

	for (size_t set = 0; set < stage->option_sets; set++)
		for (size_t i = 0; i < d->option_count; i++)
			if (d->options[i].type == MT_OPT_TARGET)
				target_add(ts, stage, &stage->options[set], &d->options[i]);
}

void
dial_targets_load(struct dial_targets *ts, struct arena *arena, const struct settings *s)
{
	*ts = (struct dial_targets){ .arena = arena };
	for (size_t i = 0; i < s->stage_count; i++)
		stage_add(ts, &s->stages[i]);
}

const struct dial_target *
dial_targets_find(const struct dial_targets *ts, const struct dial_request *r)
{
	const struct dial_target *found = NULL;

	for (size_t i = 0; i < ts->count; i++) {
		const struct dial_target *t = &ts->list[i];

		if (t->port == r->port && span_is_nocase(r->host, t->host) &&
		    span_is(r->address, t->address) &&
		    (found == NULL || (t->private && !found->private)))
			found = t;
	}
	return found;
}
