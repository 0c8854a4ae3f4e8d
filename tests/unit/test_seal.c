/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealed bytes: round trips, every way to damage them, and the format held
 * by an answer another implementation made. */
#include <errno.h>

#include "base/arena.h"
#include "store/hash.h"
#include "store/seal.h"
#include "store/slots.h"
#include "test.h"

#define EVENT SPAN("evt_known")

static const struct slot slot = { .number = 70000, .generation = 3,
	.key = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
	    24, 25, 26, 27, 28, 29, 30, 31 } };

/* Made with HKDF and AESGCM of python3-cryptography. */
static const char known[] =
    "01010300000001006465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
    "1cb216df277c30f0eebc15b9b757ea0b755deabf3ae877b5c3567a49cce380b0"
    "8ee23794aba24805fb1d7169d233f54d7dcab952242bf98847c6537b";

static void
test_known_answer(void **state)
{
	uint8_t sealed[(sizeof(known) - 1) / 2];
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(hash_unhex(SPAN(known), sealed, sizeof(sealed)), 0);
	assert_int_equal(seal_open(&slot, SEAL_OPENING, EVENT, span_make(sealed, sizeof(sealed)), &out), 0);
	assert_true(span_is(buf_span(&out), "known answer"));
	buf_free(&out);
}

static void
round_trip(size_t size)
{
	struct buf plain = { 0 }, sealed = { 0 }, out = { 0 };

	for (size_t i = 0; i < size; i++)
		buf_add_char(&plain, (char)(i * 31 % 251));
	seal_close(&slot, SEAL_BODY, EVENT, buf_span(&plain), &sealed);
	assert_int_equal(sealed.len, seal_size(size));
	assert_int_equal(seal_open(&slot, SEAL_BODY, EVENT, buf_span(&sealed), &out), 0);
	assert_true(span_equal(buf_span(&plain), buf_span(&out)));
	buf_free(&plain);
	buf_free(&sealed);
	buf_free(&out);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, SEAL_CHUNK_SIZE - 1, SEAL_CHUNK_SIZE,
		SEAL_CHUNK_SIZE + 1, 2 * SEAL_CHUNK_SIZE, 2 * SEAL_CHUNK_SIZE + 1, 300000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		round_trip(sizes[i]);
}

static void
must_fail(const struct slot *with, enum seal_kind kind, struct mt_span event, struct mt_span sealed)
{
	struct buf out = { 0 };

	buf_add_string(&out, "before");
	assert_int_equal(seal_open(with, kind, event, sealed, &out), EBADMSG);
	assert_true(span_is(buf_span(&out), "before"));
	buf_free(&out);
}

static void
test_every_bit(void **state)
{
	struct buf sealed = { 0 };

	(void)state;
	seal_close(&slot, SEAL_HEAD, EVENT, SPAN("some head"), &sealed);
	for (size_t i = 0; i < sealed.len * 8; i++) {
		sealed.p[i / 8] ^= (unsigned char)(1 << i % 8);
		must_fail(&slot, SEAL_HEAD, EVENT, buf_span(&sealed));
		sealed.p[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	for (size_t n = 0; n < sealed.len; n++)
		must_fail(&slot, SEAL_HEAD, EVENT, span_make(sealed.p, n));
	buf_free(&sealed);
}

static void
test_another_place(void **state)
{
	struct slot other = slot;
	struct buf sealed = { 0 };

	(void)state;
	seal_close(&slot, SEAL_HEAD, EVENT, SPAN("some head"), &sealed);
	must_fail(&slot, SEAL_BODY, EVENT, buf_span(&sealed));
	must_fail(&slot, SEAL_HEAD, SPAN("evt_other"), buf_span(&sealed));
	other.number++;
	must_fail(&other, SEAL_HEAD, EVENT, buf_span(&sealed));
	other = slot;
	other.generation++;
	must_fail(&other, SEAL_HEAD, EVENT, buf_span(&sealed));
	other = slot;
	other.key[31] ^= 1;
	must_fail(&other, SEAL_HEAD, EVENT, buf_span(&sealed));
	buf_free(&sealed);
}

/* Chunks swapped, the last one dropped, an empty one appended. */
static void
test_chunks(void **state)
{
	const size_t chunk = SEAL_CHUNK_SIZE + SEAL_TAG_SIZE;
	struct buf plain = { 0 }, sealed = { 0 }, swapped = { 0 };

	(void)state;
	for (size_t i = 0; i < 3 * SEAL_CHUNK_SIZE; i++)
		buf_add_char(&plain, (char)(i / SEAL_CHUNK_SIZE));
	seal_close(&slot, SEAL_BODY, EVENT, buf_span(&plain), &sealed);
	buf_add(&swapped, sealed.p, SEAL_HEADER_SIZE);
	buf_add(&swapped, sealed.p + SEAL_HEADER_SIZE + chunk, chunk);
	buf_add(&swapped, sealed.p + SEAL_HEADER_SIZE, chunk);
	buf_add(&swapped, sealed.p + SEAL_HEADER_SIZE + 2 * chunk, chunk);
	must_fail(&slot, SEAL_BODY, EVENT, buf_span(&swapped));
	must_fail(&slot, SEAL_BODY, EVENT, span_make(sealed.p, sealed.len - chunk));
	buf_add(&sealed, "0123456789abcdef", SEAL_TAG_SIZE);
	must_fail(&slot, SEAL_BODY, EVENT, buf_span(&sealed));
	buf_free(&plain);
	buf_free(&sealed);
	buf_free(&swapped);
}

/* A large body, cut anywhere near a border of chunks, is damage: also where
 * what is left ends with a whole chunk. */
static void
test_truncation(void **state)
{
	const size_t chunk = SEAL_CHUNK_SIZE + SEAL_TAG_SIZE;
	struct buf plain = { 0 }, sealed = { 0 };

	(void)state;
	for (size_t i = 0; i < 3 * SEAL_CHUNK_SIZE + 100; i++)
		buf_add_char(&plain, (char)(i * 7));
	seal_close(&slot, SEAL_BODY, EVENT, buf_span(&plain), &sealed);
	for (size_t k = 0; k <= 3; k++)
		for (int off = -17; off <= 17; off++) {
			size_t n = SEAL_HEADER_SIZE + k * chunk + (size_t)(off + 17);

			if (n >= 17 && n - 17 < sealed.len)
				must_fail(&slot, SEAL_BODY, EVENT, span_make(sealed.p, n - 17));
		}
	must_fail(&slot, SEAL_BODY, EVENT, span_make(sealed.p, sealed.len - 1));
	buf_free(&plain);
	buf_free(&sealed);
}

/* Every order of four chunks but the one they were written in. */
static void
test_reordering(void **state)
{
	const size_t chunk = SEAL_CHUNK_SIZE + SEAL_TAG_SIZE;
	struct buf plain = { 0 }, sealed = { 0 }, mixed = { 0 }, out = { 0 };
	int opened = 0;

	(void)state;
	for (size_t i = 0; i < 4 * SEAL_CHUNK_SIZE; i++)
		buf_add_char(&plain, (char)(i / SEAL_CHUNK_SIZE));
	seal_close(&slot, SEAL_BODY, EVENT, buf_span(&plain), &sealed);
	for (int order = 0; order < 256; order++) {	/* doubled and missing ones, too */
		buf_reset(&mixed);
		buf_add(&mixed, sealed.p, SEAL_HEADER_SIZE);
		for (int k = 0; k < 4; k++)
			buf_add(&mixed, sealed.p + SEAL_HEADER_SIZE +
			    (size_t)(order >> 2 * k & 3) * chunk, chunk);
		buf_reset(&out);
		if (seal_open(&slot, SEAL_BODY, EVENT, buf_span(&mixed), &out) == 0)
			opened += order == (3 << 6 | 2 << 4 | 1 << 2) ? 1 : 1000;
	}
	assert_int_equal(opened, 1);
	buf_free(&plain);
	buf_free(&sealed);
	buf_free(&mixed);
	buf_free(&out);
}

/* One bit in every few hundred bytes of a large body, and in each tag. */
static void
test_bit_flips(void **state)
{
	const size_t chunk = SEAL_CHUNK_SIZE + SEAL_TAG_SIZE;
	struct buf plain = { 0 }, sealed = { 0 };

	(void)state;
	buf_reserve(&plain, 2 * SEAL_CHUNK_SIZE + 5);
	memset(plain.p, 'p', 2 * SEAL_CHUNK_SIZE + 5);
	plain.len = 2 * SEAL_CHUNK_SIZE + 5;
	seal_close(&slot, SEAL_BODY, EVENT, buf_span(&plain), &sealed);
	for (size_t i = 0; i < sealed.len; i += (i - SEAL_HEADER_SIZE) % chunk >= SEAL_CHUNK_SIZE ? 1 : 257) {
		sealed.p[i] ^= (unsigned char)(1 << i % 8);
		must_fail(&slot, SEAL_BODY, EVENT, buf_span(&sealed));
		sealed.p[i] ^= (unsigned char)(1 << i % 8);
	}
	buf_free(&plain);
	buf_free(&sealed);
}

/* A key that fits the tags and not the commitment opens nothing; an event as
 * long as it may be does, one longer does not. */
static void
test_commitment_and_event(void **state)
{
	char event[SEAL_EVENT_MAX + 1];
	struct buf sealed = { 0 }, out = { 0 };
	struct mt_span longest = span_make(event, SEAL_EVENT_MAX);

	(void)state;
	memset(event, 'e', sizeof(event));
	seal_close(&slot, SEAL_HEAD, longest, SPAN("some head"), &sealed);
	assert_int_equal(seal_open(&slot, SEAL_HEAD, longest, buf_span(&sealed), &out), 0);
	must_fail(&slot, SEAL_HEAD, span_make(event, SEAL_EVENT_MAX + 1), buf_span(&sealed));
	for (size_t i = 40; i < SEAL_HEADER_SIZE; i++) {	/* the commitment */
		sealed.p[i] ^= 1;
		must_fail(&slot, SEAL_HEAD, longest, buf_span(&sealed));
		sealed.p[i] ^= 1;
	}
	buf_free(&sealed);
	buf_free(&out);
}

static void
test_fresh_salt(void **state)
{
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	seal_close(&slot, SEAL_BODY, EVENT, SPAN("same"), &a);
	seal_close(&slot, SEAL_BODY, EVENT, SPAN("same"), &b);
	assert_int_equal(a.len, b.len);
	assert_memory_not_equal(a.p + SEAL_HEADER_SIZE, b.p + SEAL_HEADER_SIZE,
	    a.len - SEAL_HEADER_SIZE);
	buf_free(&a);
	buf_free(&b);
}

/* RFC 4648 section 10, and the forms a lax decoder would take too. */
static void
test_base64(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==",
		"Zm9v\n", "Zm 9", "Zg=v" };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		buf_reset(&out);
		hash_base64(&out, pairs[i][0], strlen(pairs[i][0]));
		assert_true(span_is(buf_span(&out), pairs[i][1]));
		buf_reset(&out);
		assert_int_equal(hash_unbase64(span_of(pairs[i][1]), &out), 0);
		assert_true(span_is(buf_span(&out), pairs[i][0]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hash_unbase64(span_of(bad[i]), &out), EBADMSG);
	buf_free(&out);
}

/* RFC 4231 case 1 and 2 have other key sizes: Python made this one. */
static void
test_hmac(void **state)
{
	struct mt_span parts[] = { SPAN("mail"), SPAN("tri") };
	uint8_t mac[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1];

	(void)state;
	hash_hmac(slot.key, parts, 2, mac);
	hash_hex(mac, sizeof(mac), hex);
	assert_string_equal(hex, "705c50c7e5f343226fc36a4df50710dd9b79c3d0a0e2456ec9b9d55620cf8c0f");
}

static uint32_t asked;

static void
ask(uint32_t count, void *arg)
{
	(void)arg;
	asked = count;
}

static void
pack_slots(struct buf *b, uint32_t count)
{
	buf_reset(b);
	pack_u32(b, count);
	for (uint32_t i = 0; i < count; i++) {
		pack_u64(b, i);
		pack_u64(b, 1);
		pack_span(b, span_make(slot.key, SEAL_KEY_SIZE));
	}
}

static void
test_slots(void **state)
{
	struct slots *slots = slots_new(ask, NULL);
	struct buf b = { 0 };
	struct slot one;

	(void)state;
	assert_false(slots_take(slots, &one));
	assert_int_equal(asked, SLOTS_MAX);
	pack_slots(&b, SLOTS_MAX + 1);
	assert_int_equal(slots_fill(slots, buf_span(&b)), EBADMSG);
	pack_slots(&b, SLOTS_MAX);
	assert_int_equal(slots_fill(slots, span_make(b.p, b.len - 1)), EBADMSG);
	assert_int_equal(slots_fill(slots, buf_span(&b)), 0);
	asked = 0;
	for (int i = SLOTS_MAX; i >= SLOTS_LOW; i--) {
		assert_int_equal(asked, 0);
		assert_true(slots_take(slots, &one));
	}
	assert_int_equal(asked, SLOTS_MAX - SLOTS_LOW + 1);
	slots_return(slots, &one);
	assert_int_equal(slots_count(slots), SLOTS_LOW);
	assert_int_equal(one.generation, 0);
	slots_free(slots);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answer), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_every_bit), cmocka_unit_test(test_another_place),
		cmocka_unit_test(test_chunks), cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_reordering), cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_commitment_and_event), cmocka_unit_test(test_fresh_salt),
		cmocka_unit_test(test_base64), cmocka_unit_test(test_hmac), cmocka_unit_test(test_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
