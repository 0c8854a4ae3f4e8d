/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticket keys: how long each seals, opens, and is remembered. */
#include "test.h"

#include "smtp/ticket.h"

static void
keys_rotate(void **state)
{
	static const struct tickets none;
	struct tickets t = { 0 };
	unsigned char first[TICKET_NAME_BYTES], second[TICKET_NAME_BYTES];
	const struct ticket_key *k;

	(void)state;
	assert_null(tickets_find(&t, none.current.name, 1));	/* no key is none */
	k = tickets_current(&t, 100);
	memcpy(first, k->name, sizeof(first));
	assert_memory_not_equal(k->cipher, none.current.cipher, TICKET_KEY_BYTES);
	assert_memory_not_equal(k->cipher, k->mac, TICKET_KEY_BYTES);
	k = tickets_current(&t, 100 + TICKET_PERIOD_S - 1);
	assert_memory_equal(k->name, first, sizeof(first));
	k = tickets_current(&t, 100 + TICKET_PERIOD_S);
	memcpy(second, k->name, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	assert_ptr_equal(tickets_find(&t, second, 100 + TICKET_PERIOD_S), &t.current);
	assert_ptr_equal(tickets_find(&t, first, 99 + 2 * TICKET_PERIOD_S), &t.previous);
	assert_null(tickets_find(&t, first, 100 + 2 * TICKET_PERIOD_S));
	assert_memory_equal(t.current.cipher, none.current.cipher, TICKET_KEY_BYTES);
	tickets_wipe(&t);
	assert_memory_equal(&t, &none, sizeof(t));
}

/* Nobody came for a day: the first handshake finds no key, and leaves none. */
static void
old_keys_are_wiped(void **state)
{
	static const struct ticket_key none;
	struct tickets t = { 0 };
	unsigned char name[TICKET_NAME_BYTES];

	(void)state;
	memcpy(name, tickets_current(&t, 100)->name, sizeof(name));
	assert_non_null(tickets_find(&t, name, 99 + 2 * TICKET_PERIOD_S));
	assert_null(tickets_find(&t, name, 100 + 2 * TICKET_PERIOD_S));
	memcpy(name, tickets_current(&t, 100)->name, sizeof(name));
	assert_null(tickets_find(&t, name, 100 + 86400));
	assert_memory_equal(&t.current, &none, sizeof(none));
	assert_memory_equal(&t.previous, &none, sizeof(none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_rotate),
		cmocka_unit_test(old_keys_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
