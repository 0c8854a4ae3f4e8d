/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticket keys that come and go with time. */
#include "smtp/ticket.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

void
tickets_wipe(struct tickets *t)
{
	OPENSSL_cleanse(t, sizeof(*t));
}

static int
key_make(struct ticket_key *k, int64_t now_s)
{
	unsigned char random[TICKET_NAME_BYTES + 2 * TICKET_KEY_BYTES];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	memcpy(k->name, random, TICKET_NAME_BYTES);
	memcpy(k->cipher, random + TICKET_NAME_BYTES, TICKET_KEY_BYTES);
	memcpy(k->mac, random + TICKET_NAME_BYTES + TICKET_KEY_BYTES, TICKET_KEY_BYTES);
	k->made_s = now_s;
	OPENSSL_cleanse(random, sizeof(random));
	return 0;
}

/* What has had its time is not in memory any more. */
static void
age(struct tickets *t, int64_t now_s)
{
	if (t->current.made_s != 0 && now_s - t->current.made_s >= TICKET_PERIOD_S) {
		t->previous = t->current;
		OPENSSL_cleanse(&t->current, sizeof(t->current));
	}
	if (t->previous.made_s != 0 && now_s - t->previous.made_s >= 2 * TICKET_PERIOD_S)
		OPENSSL_cleanse(&t->previous, sizeof(t->previous));
}

const struct ticket_key *
tickets_current(struct tickets *t, int64_t now_s)
{
	age(t, now_s);
	if (t->current.made_s == 0 && key_make(&t->current, now_s) != 0)
		return NULL;
	return &t->current;
}

const struct ticket_key *
tickets_find(struct tickets *t, const unsigned char name[TICKET_NAME_BYTES], int64_t now_s)
{
	const struct ticket_key *keys[] = { &t->current, &t->previous };

	age(t, now_s);
	for (size_t i = 0; i < 2; i++)
		if (keys[i]->made_s != 0 && memcmp(keys[i]->name, name, TICKET_NAME_BYTES) == 0)
			return keys[i];
	return NULL;
}
