/* SPDX-License-Identifier: BSD-2-Clause */
/* Capability addresses and marks. */
#include "queue/capability.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

enum { EVENT_LETTERS = 26, TIME_LETTERS = 7, MAC_LETTERS = 29, MAC_BYTES = 18,
	TIME_AT = EVENT_LETTERS, MAC_AT = TIME_AT + TIME_LETTERS };
#define TIME_END (INT64_C(1) << (5 * TIME_LETTERS))

static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";	/* event_make()'s */

/* A key for one purpose: what is a MAC here is none elsewhere. */
static void
subkey(const uint8_t key[HASH_SIZE], const char *purpose, uint8_t out[HASH_SIZE])
{
	struct mt_span label = span_of(purpose);

	hash_hmac(key, &label, 1, out);
}

static size_t
lower(struct mt_span s, char *out, size_t size)
{
	size_t n = s.len < size ? s.len : size;

	for (size_t i = 0; i < n; i++)
		out[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] | 0x20) : s.ptr[i];
	return n;
}

void
capability_person(const uint8_t key[HASH_SIZE], struct mt_span mailbox, uint8_t out[HASH_SIZE])
{
	char folded[MT_FACT_TEXT_MAX];
	struct mt_span text = span_make(folded, lower(mailbox, folded, sizeof(folded)));
	uint8_t sub[HASH_SIZE];

	subkey(key, "mailtri/person/v1", sub);
	hash_hmac(sub, &text, 1, out);
}

static int
letter_value(char c)
{
	const char *at = c == '\0' ? NULL : strchr(letters, c);

	return at == NULL ? -1 : (int)(at - letters);
}

static bool
is_letters(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (letter_value(s[i]) < 0)
			return false;
	return true;
}

static void
put_time(int64_t time_s, char *out)
{
	for (int i = TIME_LETTERS - 1; i >= 0; i--) {
		out[i] = letters[time_s & 31];
		time_s >>= 5;
	}
}

static int64_t
get_time(const char *s)
{
	int64_t time_s = 0;

	for (int i = 0; i < TIME_LETTERS; i++)
		time_s = time_s << 5 | letter_value(s[i]);
	return time_s;
}

/* 144 bits, and one that is 0. */
static void
put_mac(const uint8_t mac[HASH_SIZE], char *out)
{
	unsigned bits = 0, have = 0, at = 0;

	for (size_t i = 0; i < MAC_BYTES; i++) {
		bits = bits << 8 | mac[i];
		for (have += 8; have >= 5; have -= 5)
			out[at++] = letters[bits >> (have - 5) & 31];
	}
	out[at] = letters[bits << (5 - have) & 31];
}

static int
token_begin(const char *event, int64_t time_s, char out[CAPABILITY_TOKEN])
{
	if (strncmp(event, "evt_", 4) != 0 || strlen(event) != 4 + EVENT_LETTERS ||
	    !is_letters(event + 4, EVENT_LETTERS) || time_s < 0 || time_s >= TIME_END)
		return EINVAL;
	memcpy(out, event + 4, EVENT_LETTERS);
	put_time(time_s, out + TIME_AT);
	return 0;
}

/* The MAC goes behind what token_begin() wrote. */
static void
token_end(const uint8_t key[HASH_SIZE], const char *purpose, const struct mt_span more[2],
    char token[CAPABILITY_TOKEN])
{
	struct mt_span parts[] = { span_make(token, MAC_AT), more[0], more[1] };
	uint8_t sub[HASH_SIZE], mac[HASH_SIZE];

	subkey(key, purpose, sub);
	hash_hmac(sub, parts, 3, mac);
	put_mac(mac, token + MAC_AT);
}

/* Over all of it, whatever differs. */
static bool
is_same(const char *a, const char *b, size_t n)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

static int
token_for(const uint8_t key[HASH_SIZE], const struct capability *c, char token[CAPABILITY_TOKEN])
{
	char domain[CAPABILITY_DOMAIN_MAX];
	struct mt_span more[2] = { span_make(c->person, HASH_SIZE), span_make(domain, c->domain.len) };

	if (c->domain.len == 0 || c->domain.len > sizeof(domain) ||
	    token_begin(c->event, c->until_s, token) != 0)
		return EINVAL;
	lower(c->domain, domain, sizeof(domain));
	token_end(key, "mailtri/reply/v1", more, token);
	return 0;
}

int
capability_make(const uint8_t key[HASH_SIZE], const struct capability *c,
    char out[CAPABILITY_ADDRESS_SIZE])
{
	char token[CAPABILITY_TOKEN];

	if (token_for(key, c, token) != 0)
		return EINVAL;
	snprintf(out, CAPABILITY_ADDRESS_SIZE, "r+%.*s@%.*s", CAPABILITY_TOKEN, token,
	    (int)c->domain.len, c->domain.ptr);
	return 0;
}

int
capability_parse(struct mt_span address, struct capability *c)
{
	char token[CAPABILITY_TOKEN];

	*c = (struct capability){ .until_s = 0 };
	if (address.len < 2 + CAPABILITY_TOKEN + 2 || (address.ptr[0] | 0x20) != 'r' ||
	    address.ptr[1] != '+' || address.ptr[2 + CAPABILITY_TOKEN] != '@')
		return EINVAL;
	lower(span_make(address.ptr + 2, CAPABILITY_TOKEN), token, sizeof(token));
	if (!is_letters(token, sizeof(token)))
		return EINVAL;
	snprintf(c->event, sizeof(c->event), "evt_%.*s", EVENT_LETTERS, token);
	c->until_s = get_time(token + TIME_AT);
	c->domain = span_make(address.ptr + 3 + CAPABILITY_TOKEN, address.len - 3 - CAPABILITY_TOKEN);
	return c->domain.len > CAPABILITY_DOMAIN_MAX ? EINVAL : 0;
}

bool
capability_is_ours(const uint8_t key[HASH_SIZE], const struct capability *c, struct mt_span address)
{
	char token[CAPABILITY_TOKEN], given[CAPABILITY_TOKEN];

	if (address.len < 2 + CAPABILITY_TOKEN || token_for(key, c, token) != 0)
		return false;
	lower(span_make(address.ptr + 2, CAPABILITY_TOKEN), given, sizeof(given));
	return is_same(token, given, sizeof(token));
}

int
capability_mark(const uint8_t key[HASH_SIZE], const char *event, int64_t now_s,
    char out[CAPABILITY_MARK_SIZE])
{
	static const struct mt_span none[2] = { { "", 0 }, { "", 0 } };

	if (token_begin(event, now_s, out) != 0)
		return EINVAL;
	token_end(key, "mailtri/mark/v1", none, out);
	out[CAPABILITY_TOKEN] = '\0';
	return 0;
}

bool
capability_mark_is_ours(const uint8_t key[HASH_SIZE], struct mt_span value)
{
	static const struct mt_span none[2] = { { "", 0 }, { "", 0 } };
	char token[CAPABILITY_TOKEN], given[CAPABILITY_TOKEN];

	while (value.len > 0 && isspace((unsigned char)value.ptr[0]))
		value = span_make(value.ptr + 1, value.len - 1);
	while (value.len > 0 && isspace((unsigned char)value.ptr[value.len - 1]))
		value.len--;
	if (value.len != CAPABILITY_TOKEN)
		return false;
	lower(value, given, sizeof(given));
	memcpy(token, given, MAC_AT);
	token_end(key, "mailtri/mark/v1", none, token);
	return is_same(token, given, sizeof(token));
}
