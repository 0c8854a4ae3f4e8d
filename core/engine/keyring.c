/* SPDX-License-Identifier: BSD-2-Clause */
/* The channel to the role `keys': slots ahead of need, keys opened and
 * erased, heads signed.  What was asked of a role that died is asked again. */
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"

struct asked_key {
	struct asked_key *next;
	uint32_t id, type;
	struct buf body;
	handlers_slot_fn opened;
	keyring_erased_fn erased;
	keyring_gone_fn gone;
	handlers_keys_fn told;
	void *arg;
	uint64_t slot, generation;
};

struct keyring {
	struct engine *engine;
	struct channel *channel;
	struct idmap asked;
	uint32_t last_id;
	struct handlers_keys state;
	bool matched;		/* keys and rows are of one state: take new ones */
};

const struct handlers_keys *
keyring_state(const struct keyring *k)
{
	return &k->state;
}

static void
ask_send(struct keyring *k, const struct asked_key *a)
{
	if (k->channel != NULL)
		channel_send(k->channel, a->type, a->id, buf_span(&a->body), NULL, 0);
}

static struct asked_key *
ask_new(struct keyring *k, uint32_t type, void *arg)
{
	struct asked_key *a = xcalloc(1, sizeof(*a));

	*a = (struct asked_key){ .id = ++k->last_id, .type = type, .arg = arg };
	idmap_set(&k->asked, a->id, a);
	return a;
}

void
keyring_open(struct keyring *k, uint64_t slot, uint64_t generation,
    handlers_slot_fn fn, void *arg)
{
	struct asked_key *a = ask_new(k, PROTO_OPEN, arg);

	a->opened = fn;
	a->slot = slot;
	a->generation = generation;
	pack_u64(&a->body, slot);
	pack_u64(&a->body, generation);
	ask_send(k, a);
}

void
keyring_erase(struct keyring *k, const uint64_t *slots, size_t count,
    keyring_erased_fn fn, void *arg)
{
	struct asked_key *a = ask_new(k, PROTO_ERASE, arg);

	a->erased = fn;
	pack_u32(&a->body, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_u64(&a->body, slots[i]);
	ask_send(k, a);
}

void
keyring_gone(struct keyring *k, const struct erase_item *items, size_t count,
    keyring_gone_fn fn, void *arg)
{
	struct asked_key *a = ask_new(k, PROTO_GONE, arg);

	a->gone = fn;
	pack_u32(&a->body, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		pack_u64(&a->body, items[i].slot);
		pack_u64(&a->body, items[i].generation);
	}
	ask_send(k, a);
}

void
keyring_matched(struct keyring *k)
{
	k->matched = true;
	slots_ask(k->engine->slots);
}

void
keyring_ask(struct keyring *k, handlers_keys_fn fn, void *arg)
{
	struct asked_key *a = ask_new(k, PROTO_HELLO, arg);

	a->told = fn;
	ask_send(k, a);
}

static void
slots_wanted(uint32_t count, void *arg)
{
	struct keyring *k = arg;
	struct buf b = { 0 };

	pack_u32(&b, count);
	if (k->channel != NULL && k->matched)
		channel_send(k->channel, PROTO_SLOTS, 0, buf_span(&b), NULL, 0);
	buf_free(&b);
}

static void
sign_wanted(const struct promise_ask *ask, void *arg)
{
	struct keyring *k = arg;
	struct buf b = { 0 };

	promise_ask_pack(&b, ask);
	if (k->channel != NULL)
		channel_send(k->channel, PROTO_SIGN, 0, buf_span(&b), NULL, 0);
	buf_free(&b);
}

static void
slots_are(struct keyring *k, struct frame *f)
{
	if (slots_fill(k->engine->slots, f->body) != 0)
		channel_fail(k->channel);
	else {
		intake_update(k->engine);
		check_resume(k->engine);
	}
	explicit_bzero((void *)(uintptr_t)f->body.ptr, f->body.len);
}

static void
key_is(struct keyring *k, struct frame *f)
{
	struct asked_key *a = idmap_find(&k->asked, f->id);
	struct unpack u = unpack_of(f->body);
	int32_t error = (int32_t)unpack_u32(&u);
	struct slot slot;
	struct mt_span key;

	if (a == NULL || a->opened == NULL)
		return;
	idmap_remove(&k->asked, f->id);
	slot = (struct slot){ .number = a->slot, .generation = a->generation };
	key = unpack_rest(&u);
	if (error == 0 && key.len == SEAL_KEY_SIZE)
		memcpy(slot.key, key.ptr, SEAL_KEY_SIZE);
	else if (error == 0)
		error = EBADMSG;
	a->opened(error == 0 ? &slot : NULL, a->arg);
	explicit_bzero(&slot, sizeof(slot));
	explicit_bzero((void *)(uintptr_t)f->body.ptr, f->body.len);
	buf_free(&a->body);
	free(a);
}

static void
erased(struct keyring *k, struct frame *f)
{
	struct asked_key *a = idmap_remove(&k->asked, f->id);
	struct unpack u = unpack_of(f->body);

	if (a == NULL)
		return;
	if (a->erased != NULL)
		a->erased((int32_t)unpack_u32(&u), a->arg);
	buf_free(&a->body);
	free(a);
}

static void
gone(struct keyring *k, struct frame *f)
{
	struct asked_key *a = idmap_remove(&k->asked, f->id);
	struct unpack u = unpack_of(f->body);
	uint32_t count = unpack_count(&u, sizeof(uint64_t));
	uint64_t *slots = xcalloc((size_t)count + 1, sizeof(*slots));

	for (uint32_t i = 0; i < count; i++)
		slots[i] = unpack_u64(&u);
	if (a != NULL && a->gone != NULL)
		a->gone(slots, count, a->arg);
	if (a != NULL)
		buf_free(&a->body);
	free(a);
	free(slots);
}

static void
signature(struct keyring *k, struct frame *f)
{
	struct promise_answer answer;

	if (promise_answer_unpack(f->body, &answer) != 0)
		channel_fail(k->channel);
	else
		publisher_signed(k->engine->publisher, &answer);
}

/* The verifier key for everybody: state_dir/audit.pub. */
static void
publish(const struct engine *e)
{
	struct buf text = { 0 }, path = { 0 }, made = { 0 };
	int fd;

	note_key_format(&e->audit_key, &text);
	buf_add_char(&text, '\n');
	buf_printf(&path, "%s/audit.pub", e->current->settings->state_dir);
	buf_printf(&made, "%s/audit.pub.new", e->current->settings->state_dir);
	fd = open(buf_string(&made), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || write(fd, text.p, text.len) != (ssize_t)text.len ||
	    rename(buf_string(&made), buf_string(&path)) != 0)
		log_error("%s: %s", buf_string(&path), strerror(errno));
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	buf_free(&path);
	buf_free(&made);
}

/* False: not what `keys' would say. */
static bool
installation_unpack(struct engine *e, struct handlers_keys *state, struct mt_span body,
    struct promise *promise)
{
	struct unpack u = unpack_of(body);
	struct mt_span key = unpack_span(&u), public_key = unpack_span(&u), name = unpack_span(&u), root;

	state->next_slot = unpack_u64(&u);
	state->generation = unpack_u32(&u);
	root = unpack_span(&u);
	state->root_version = unpack_u32(&u);
	promise_unpack(&u, promise);
	state->signed_size = promise->head.size == PROMISE_ANY ? UINT64_MAX : promise->head.size;
	if (!unpack_done(&u) || key.len != HASH_SIZE || public_key.len != NOTE_KEY_SIZE ||
	    name.len > NOTE_NAME_MAX || root.len != ROOT_ID_SIZE)
		return false;
	hash_hex((const uint8_t *)root.ptr, ROOT_ID_SIZE, state->root);
	memcpy(e->installation_key, key.ptr, HASH_SIZE);
	memcpy(e->audit_key.public_key, public_key.ptr, NOTE_KEY_SIZE);
	memcpy(e->audit_key.name, name.ptr, name.len);
	e->audit_key.name[name.len] = '\0';
	memcpy(state->log, e->audit_key.name, sizeof(state->log));
	return true;
}

static void
told(struct keyring *k, uint32_t id)
{
	struct asked_key *a = idmap_remove(&k->asked, id);

	if (a == NULL)
		return;
	if (a->told != NULL)
		a->told(&k->state, a->arg);
	free(a);
}

static void
installation(struct keyring *k, struct frame *f)
{
	struct engine *e = k->engine;
	struct promise promise;
	bool read = installation_unpack(e, &k->state, f->body, &promise);

	explicit_bzero((void *)(uintptr_t)f->body.ptr, f->body.len);
	if (!read) {
		channel_fail(k->channel);
		return;
	}
	if (f->id != 0) {
		told(k, f->id);
		return;
	}
	if (e->has_key) {
		slots_ask(e->slots);
		return;
	}
	e->has_key = true;
	store_set_key(e->store, e->installation_key);
	claim_poisons_load(e);
	if (!e->check)
		publish(e);
	publisher_start(e->publisher, &e->audit_key, &promise);
	purge_start(e);
}

static void
keys_frame(struct channel *c, struct frame *f, void *arg)
{
	static const struct {
		uint32_t type;
		void (*fn)(struct keyring *, struct frame *);
	} table[] = {
		{ PROTO_SLOTS_ARE, slots_are }, { PROTO_KEY, key_is },
		{ PROTO_ERASED, erased }, { PROTO_SIGNATURE, signature },
		{ PROTO_INSTALLATION, installation }, { PROTO_GONE_ARE, gone },
	};

	if (f->type == PROTO_READY) {
		channel_send(c, PROTO_HELLO, 0, SPAN(""), NULL, 0);
		return;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == f->type) {
			table[i].fn(arg, f);
			return;
		}
	channel_fail(c);
}

static void
keys_gone(struct channel *c, void *arg)
{
	struct keyring *k = arg;

	log_warning("keys is gone; what was asked is asked again when it is back");
	channel_free(c);
	if (k->channel == c)
		k->channel = NULL;
	publisher_lost(k->engine->publisher);
}

static void
ask_again(void *value, void *arg)
{
	ask_send(arg, value);
}

void
keyring_join(struct keyring *k, int fd)
{
	channel_free(k->channel);
	k->channel = channel_new(k->engine->loop, fd, keys_frame, keys_gone, k);
	idmap_each(&k->asked, ask_again, k);
}

struct keyring *
keyring_new(struct engine *e)
{
	struct keyring *k = xcalloc(1, sizeof(*k));

	k->engine = e;
	e->slots = slots_new(slots_wanted, k);
	e->publisher = publisher_new(e->loop, e->store, sign_wanted, k);
	return k;
}
