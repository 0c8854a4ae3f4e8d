/* SPDX-License-Identifier: BSD-2-Clause */
/* Header fields as JSON. */
#include <string.h>

#include "../common/field.h"
#include "../common/word.h"
#include "address.h"
#include "date.h"
#include "envelope.h"
#include "value.h"

struct mt_span
field_decoded(const struct mt_host *h, struct mt_msg *m, struct mt_span value)
{
	char *out = h->alloc(m, word_bytes(value.len) + 1);

	return (struct mt_span){ out, word_decode(value, out, word_bytes(value.len)) };
}

static void
addresses_add(json_t *list, struct address_reader *r, int *cut)
{
	struct address a;

	while (address_next(r, &a)) {
		if (json_array_size(list) >= ENVELOPE_ADDRESSES_MAX) {
			*cut = 1;
			return;
		}
		if (a.address.len > ENVELOPE_ADDRESS_MAX) {
			*cut = 1;	/* shorter it were another address */
			continue;
		}
		json_array_append_new(list, json_pack("{s:o, s:o}",
		    "address", value_line(a.address, ENVELOPE_ADDRESS_MAX, cut),
		    "name", value_line(a.name, ENVELOPE_NAME_MAX, cut)));
	}
}

json_t *
field_addresses(const struct mt_host *h, struct mt_msg *m, const char *wanted, int *cut)
{
	json_t *list = json_array();
	struct mt_span name, value;
	struct address_reader r;
	size_t it = 0;

	while (h->header_next(m, &it, &name, &value) == 0) {
		if (!field_is(name, wanted))
			continue;
		address_open(&r, h, m, value);
		addresses_add(list, &r, cut);
	}
	return list;
}

/* The next "<...>" of a field without blanks in it; 0: there is no more. */
static int
id_next(struct mt_span s, size_t *at, struct mt_span *id)
{
	const char *open, *close, *end = s.ptr + s.len;

	while (*at < s.len && (open = memchr(s.ptr + *at, '<', s.len - *at)) != NULL) {
		close = open;
		while (close < end && *close > ' ' && *close != '>')
			close++;
		*at = (size_t)(close - s.ptr);
		*id = (struct mt_span){ open, (size_t)(close - open) + 1 };
		if (close < end && *close == '>' && id->len > 2)
			return 1;
		if (close == open)
			++*at;
	}
	return 0;
}

static int
id_add(json_t *list, struct mt_span id, int *cut)
{
	if (id.len > ENVELOPE_MESSAGE_ID_MAX) {
		*cut = 1;
		return 0;
	}
	return json_array_append_new(list, value_line(id, ENVELOPE_MESSAGE_ID_MAX, cut)) == 0;
}

json_t *
field_ids(const struct mt_host *h, struct mt_msg *m, const char *name, int *cut)
{
	json_t *list = json_array();
	struct mt_span value, id;
	size_t at = 0;

	field_find(h, m, name, &value);
	while (id_next(value, &at, &id)) {
		if (json_array_size(list) >= ENVELOPE_REFERENCES_MAX) {
			*cut = 1;
			break;
		}
		id_add(list, id, cut);
	}
	return list;
}

json_t *
field_id(const struct mt_host *h, struct mt_msg *m, const char *name, int *cut)
{
	struct mt_span value, id;
	size_t at = 0;

	field_find(h, m, name, &value);
	if (!id_next(value, &at, &id))
		return json_null();
	if (id.len > ENVELOPE_MESSAGE_ID_MAX) {
		*cut = 1;
		return json_null();
	}
	return value_line(id, ENVELOPE_MESSAGE_ID_MAX, cut);
}

json_t *
field_date(const struct mt_host *h, struct mt_msg *m)
{
	struct mt_span value;
	char text[DATE_SIZE];

	return field_find(h, m, "Date", &value) == 0 && date_format(value, text) == 0 ?
	    json_string(text) : json_null();
}

json_t *
field_received(const struct mt_host *h, struct mt_msg *m)
{
	struct mt_span name, value;
	const char *semicolon;
	char text[DATE_SIZE];
	size_t it = 0;

	if (h->header_next(m, &it, &name, &value) != 0 || !field_is(name, "Received") ||
	    (semicolon = memrchr(value.ptr, ';', value.len)) == NULL)
		return json_null();
	value.len -= (size_t)(semicolon + 1 - value.ptr);
	value.ptr = semicolon + 1;
	return date_format(value, text) == 0 ? json_string(text) : json_null();
}

json_t *
field_list(const struct mt_host *h, struct mt_msg *m, int *cut)
{
	json_t *list = json_array();
	struct mt_span name, value;
	size_t it = 0;

	while (h->header_next(m, &it, &name, &value) == 0) {
		if (json_array_size(list) >= ENVELOPE_HEADERS_MAX) {
			*cut = 1;
			break;
		}
		json_array_append_new(list, json_pack("{s:o, s:o}",
		    "name", value_line(name, ENVELOPE_WORD_MAX, cut),
		    "value", value_line(field_decoded(h, m, value), ENVELOPE_HEADER_MAX, cut)));
	}
	return list;
}
