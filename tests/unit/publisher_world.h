/* SPDX-License-Identifier: BSD-2-Clause */
/* A publisher on a loop over a store in a scratch directory, and a signer
 * that keeps its promise as `keys' does. */
#ifndef MAILTRI_TESTS_PUBLISHER_WORLD_H
#define MAILTRI_TESTS_PUBLISHER_WORLD_H

#include <fcntl.h>
#include <sys/epoll.h>

#include "audit/publisher.h"
#include "audit/verify.h"
#include "store/vault.h"
#include "store_world.h"

struct signer {
	struct vault *vault;
	struct note_key key;
	struct promise promise;
	bool silent, wrong;
	int asked;
};

struct desk {
	struct world *world;
	struct signer *signer;
	struct loop *loop;
	struct watch watch;
	struct publisher *publisher;
};

static inline void
signer_init(struct signer *s, const char *dir)
{
	static const uint8_t root[SEAL_KEY_SIZE];
	struct vault_options options = { .dir = dir, .root = span_make(root, sizeof(root)),
		.name = "mx.example/audit" };
	char why[256];

	memset(s, 0, sizeof(*s));
	s->vault = vault_open(&options, why);
	assert_non_null(s->vault);
	snprintf(s->key.name, sizeof(s->key.name), "%s", options.name);
	memcpy(s->key.public_key, vault_public(s->vault), NOTE_KEY_SIZE);
	assert_int_equal(promise_load(vault_dir(s->vault), vault_is_new(s->vault), &s->promise), 0);
}

static inline void
signer_sign(const struct signer *s, const struct checkpoint *c, struct checkpoint_signatures *out)
{
	struct buf text = { 0 }, timed = { 0 };

	checkpoint_text(&s->key, c, &text);
	checkpoint_timed(&s->key, c, &timed);
	vault_sign(s->vault, buf_span(&text), out->text);
	vault_sign(s->vault, buf_span(&timed), out->timed);
	buf_free(&text);
	buf_free(&timed);
}

/* As `keys' does it. */
static inline void
desk_sign(const struct promise_ask *ask, void *arg)
{
	struct desk *d = arg;
	struct signer *s = d->signer;
	struct promise_answer answer = { .error = 0 };

	s->asked++;
	if (s->silent)
		return;
	answer.error = promise_check(&s->promise, ask);
	if (answer.error == 0) {
		s->promise = (struct promise){ ask->checkpoint.log, ask->checkpoint.head };
		promise_save(vault_dir(s->vault), &s->promise);
		signer_sign(s, &ask->checkpoint, &answer.signatures);
	}
	if (s->wrong)
		answer.signatures.text[3] ^= 1;
	answer.last = s->promise;
	publisher_signed(d->publisher, &answer);
}

static inline void
desk_event(struct watch *w, uint32_t events)
{
	(void)events;
	store_reap(((struct desk *)w->arg)->world->store);
}

static inline void
desk_open(struct desk *d, struct world *w, struct signer *s)
{
	*d = (struct desk){ .world = w, .signer = s, .loop = loop_new() };
	d->watch = (struct watch){ .fd = store_fd(w->store), .fn = desk_event, .arg = d };
	loop_watch(d->loop, &d->watch, EPOLLIN);
	d->publisher = publisher_new(d->loop, w->store, desk_sign, d);
	publisher_start(d->publisher, &s->key, &s->promise);
}

/* The store is closed too: world_open() begins again. */
static inline void
desk_close(struct desk *d)
{
	store_close(d->world->store);
	d->world->store = NULL;
	publisher_free(d->publisher);
	loop_free(d->loop);
}

/* Until a checkpoint covers every row, or something is the matter. */
static inline void
desk_settle(struct desk *d)
{
	publisher_wake(d->publisher);
	while (publisher_trouble(d->publisher) == NULL &&
	    (publisher_last(d->publisher).log == 0 ||
	    publisher_last(d->publisher).head.size != store_leaves(d->world->store)))
		loop_once(d->loop, 1000);
}

/* Rows of which none is like another. */
static inline void
desk_rows(struct world *w, uint64_t count)
{
	struct queue_record *records = calloc(count, sizeof(*records));
	char event[40];

	for (uint64_t i = 0; i < count; i++) {
		snprintf(event, sizeof(event), "evt_%llu", (unsigned long long)i);
		records[i] = (struct queue_record){ .now_s = w->now_s, .entry_count = 1,
			.entries = world_entry(w, arena_string(&w->arena, span_of(event)),
			AUDIT_REFUSED, NULL) };
		queue_record(w->store, &records[i]);
	}
	for (uint64_t i = 0; i < count; i++)
		store_wait(w->store, &records[i].job);
	free(records);
}

static inline int
desk_folder(const struct world *w, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return open(path, O_RDONLY | O_DIRECTORY);
}

/* What the verifier says of the folder. */
static inline struct verify_result
desk_verify(const struct world *w, const struct signer *s, const char *name,
    const struct checkpoint *seen)
{
	int fd = desk_folder(w, name);
	struct verify_result r;

	assert_true(fd >= 0);
	assert_int_equal(audit_verify_folder(fd, &s->key, seen, &r), 0);
	close(fd);
	return r;
}

struct stand {
	struct world world;
	struct signer signer;
	struct desk desk;
};

static inline int
stand_setup(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	world_init(&s->world, false);
	signer_init(&s->signer, s->world.dir);
	desk_open(&s->desk, &s->world, &s->signer);
	*state = s;
	return 0;
}

static inline int
stand_teardown(void **state)
{
	struct stand *s = *state;

	desk_close(&s->desk);
	vault_close(s->signer.vault);
	world_fini(&s->world);
	free(s);
	return 0;
}

#endif
