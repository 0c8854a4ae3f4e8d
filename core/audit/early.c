/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting refusals before RCPT.  A minute begins with its first refusal, so
 * the order of arrival is the order of ripening. */
#include "audit/early.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

enum { BUCKETS = 1024, OVERFLOW_MAX = 64 };

struct node {
	struct early_entry entry;
	struct node *next_in_bucket, *next;
};

struct early {
	struct node *buckets[BUCKETS];
	struct node *oldest, **newest;
	size_t count;
};

struct early *
early_new(void)
{
	struct early *e = xcalloc(1, sizeof(*e));

	e->newest = &e->oldest;
	return e;
}

void
early_free(struct early *e)
{
	while (e != NULL && e->oldest != NULL) {
		struct node *node = e->oldest;

		e->oldest = node->next;
		free(node);
	}
	free(e);
}

/* Cut to fit: a longer one counts with others of the same beginning. */
static void
copy(char *out, size_t size, struct mt_span s)
{
	size_t n = s.len < size ? s.len : size - 1;

	if (n > 0)
		memcpy(out, s.ptr, n);
	out[n] = '\0';
}

static size_t
bucket_of(const char *client, const char *reason)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (; *client != '\0'; client++)
		h = (h ^ (unsigned char)*client) * 16777619u;
	for (; *reason != '\0'; reason++)
		h = (h ^ (unsigned char)*reason) * 16777619u;
	return h % BUCKETS;
}

static struct node **
find(struct early *e, const char *client, const char *reason)
{
	struct node **at = &e->buckets[bucket_of(client, reason)];

	while (*at != NULL && (strcmp((*at)->entry.client, client) != 0 ||
	    strcmp((*at)->entry.reason, reason) != 0))
		at = &(*at)->next_in_bucket;
	return at;
}

void
early_add(struct early *e, struct mt_span client, struct mt_span reason, struct mt_span text,
    int64_t now_s)
{
	struct early_entry entry = { .first_s = now_s };
	struct node **at;

	copy(entry.client, sizeof(entry.client), client);
	copy(entry.reason, sizeof(entry.reason), reason);
	at = find(e, entry.client, entry.reason);
	if (*at == NULL && e->count >= EARLY_MAX) {
		entry.client[0] = '\0';
		at = find(e, "", entry.reason);
	}
	if (*at == NULL && e->count >= EARLY_MAX + OVERFLOW_MAX) {
		entry.reason[0] = '\0';
		at = find(e, "", "");
	}
	if (*at == NULL) {
		copy(entry.text, sizeof(entry.text), text);
		*at = xcalloc(1, sizeof(**at));
		(*at)->entry = entry;
		*e->newest = *at;
		e->newest = &(*at)->next;
		e->count++;
	}
	if ((*at)->entry.count < UINT32_MAX)
		(*at)->entry.count++;
}

int64_t
early_next_s(const struct early *e)
{
	return e->oldest != NULL ? e->oldest->entry.first_s + EARLY_WINDOW_S : INT64_MAX;
}

bool
early_take(struct early *e, int64_t now_s, bool all, struct early_entry *out)
{
	struct node *node = e->oldest;
	struct node **at;

	if (node == NULL || (!all && early_next_s(e) > now_s))
		return false;
	at = find(e, node->entry.client, node->entry.reason);
	*at = node->next_in_bucket;
	e->oldest = node->next;
	if (e->oldest == NULL)
		e->newest = &e->oldest;
	e->count--;
	*out = node->entry;
	free(node);
	return true;
}
