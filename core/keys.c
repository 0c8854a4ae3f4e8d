/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The role `keys': the only process that holds root, shard and signing keys.
 * It hands out message keys ahead of need, opens and erases single ones, and
 * signs checkpoints of the audit log.  Of messages it knows slot numbers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/promise.h"
#include "base/fault.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/sandbox.h"
#include "conf/settings.h"
#include "store/vault.h"

enum { EXIT_DISK = 75, ERASE_COUNT_MAX = 16384 };

struct keys {
	struct vault *vault;
	struct promise promise;
	uint32_t id;		/* of the frame being answered */
	struct buf out;
};

static void
answer(struct keys *k, uint32_t type)
{
	int error = frame_send(PROTO_CHANNEL_FD, type, k->id, buf_span(&k->out), NULL, 0);

	explicit_bzero(k->out.p, k->out.len);
	if (error != 0)
		exit(0);	/* the engine is gone, and we with it */
}

/* A key that is not surely on the disk is never handed out. */
static void
disk_failed(const char *what, int error)
{
	log_error("%s: %s", what, strerror(error));
	exit(EXIT_DISK);
}

static void
serve_slots(struct keys *k, struct unpack *u)
{
	struct slot slots[VAULT_FILL_MAX];
	uint32_t count = unpack_u32(u);
	int error;

	if (count > VAULT_FILL_MAX)
		count = VAULT_FILL_MAX;
	if ((error = vault_fill(k->vault, count, slots)) != 0)
		disk_failed("keys: making message keys", error);
	pack_u32(&k->out, count);
	for (uint32_t i = 0; i < count; i++) {
		pack_u64(&k->out, slots[i].number);
		pack_u64(&k->out, slots[i].generation);
		pack_span(&k->out, span_make(slots[i].key, SEAL_KEY_SIZE));
	}
	explicit_bzero(slots, sizeof(slots));
	answer(k, PROTO_SLOTS_ARE);
}

static void
serve_open(struct keys *k, struct unpack *u)
{
	uint64_t number = unpack_u64(u), generation = unpack_u64(u);
	struct slot slot = { 0 };
	int error = vault_get(k->vault, number, generation, &slot);

	pack_u32(&k->out, (uint32_t)error);
	if (error == 0)
		buf_add(&k->out, slot.key, SEAL_KEY_SIZE);
	explicit_bzero(&slot, sizeof(slot));
	answer(k, PROTO_KEY);
}

static void
serve_erase(struct keys *k, struct unpack *u)
{
	uint64_t numbers[ERASE_COUNT_MAX];
	uint32_t count = unpack_count(u, sizeof(numbers[0]));
	int error = count <= ERASE_COUNT_MAX ? 0 : EINVAL;

	for (uint32_t i = 0; error == 0 && i < count; i++)
		numbers[i] = unpack_u64(u);
	if (error == 0)
		error = vault_erase(k->vault, numbers, count);
	if (error != 0 && error != EINVAL)
		disk_failed("keys: erasing message keys", error);
	pack_u32(&k->out, (uint32_t)error);
	answer(k, PROTO_ERASED);
}

static void
key_of(const struct keys *k, struct note_key *key)
{
	*key = (struct note_key){ .name = "" };
	snprintf(key->name, sizeof(key->name), "%s", vault_name(k->vault));
	memcpy(key->public_key, vault_public(k->vault), NOTE_KEY_SIZE);
}

/* That it will be signed is durable before it is. */
static void
sign(struct keys *k, const struct checkpoint *c, struct checkpoint_signatures *out)
{
	struct promise promise = { c->log, c->head };
	struct buf text = { 0 }, timed = { 0 };
	struct note_key key;
	int error = 0;

	if (memcmp(&promise, &k->promise, sizeof(promise)) != 0)
		error = promise_save(vault_dir(k->vault), &promise);
	if (error != 0)
		disk_failed("keys: keeping what is signed", error);
	k->promise = promise;
	key_of(k, &key);
	checkpoint_text(&key, c, &text);
	checkpoint_timed(&key, c, &timed);
	vault_sign(k->vault, buf_span(&text), out->text);
	vault_sign(k->vault, buf_span(&timed), out->timed);
	buf_free(&text);
	buf_free(&timed);
}

static void
serve_sign(struct keys *k, struct unpack *u)
{
	struct promise_answer out = { .error = 0 };
	struct promise_ask ask;

	fault_point("keys.sign");
	if (promise_ask_unpack(unpack_rest(u), &ask) != 0)
		log_panic("a checkpoint that cannot be read");
	out.error = promise_check(&k->promise, &ask);
	if (out.error == 0)
		sign(k, &ask.checkpoint, &out.signatures);
	else
		log_error("a checkpoint of %llu records does not extend the last signed, of %llu: "
		    "not signed", (unsigned long long)ask.checkpoint.head.size,
		    (unsigned long long)k->promise.head.size);
	out.last = k->promise;
	promise_answer_pack(&k->out, &out);
	answer(k, PROTO_SIGNATURE);
}

/* Erased, or of an earlier generation.  What is damaged is not gone. */
static void
serve_gone(struct keys *k, struct unpack *u)
{
	uint32_t count = unpack_count(u, 16), gone = 0;
	struct buf numbers = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		uint64_t number = unpack_u64(u), generation = unpack_u64(u);
		struct slot slot;
		int error = vault_get(k->vault, number, generation, &slot);

		explicit_bzero(&slot, sizeof(slot));
		if (error != ENOENT && error != ESTALE)
			continue;
		pack_u64(&numbers, number);
		gone++;
	}
	pack_u32(&k->out, gone);
	buf_add(&k->out, numbers.p, numbers.len);
	buf_free(&numbers);
	answer(k, PROTO_GONE_ARE);
}

static void
serve_hello(struct keys *k, struct unpack *u)
{
	(void)u;
	pack_span(&k->out, span_make(vault_installation(k->vault), HASH_SIZE));
	pack_span(&k->out, span_make(vault_public(k->vault), VAULT_PUBLIC_SIZE));
	pack_string(&k->out, vault_name(k->vault));
	pack_u64(&k->out, vault_next(k->vault));
	pack_u32(&k->out, vault_generation(k->vault));
	pack_span(&k->out, span_make(vault_root(k->vault)->id, ROOT_ID_SIZE));
	pack_u32(&k->out, vault_root(k->vault)->version);
	promise_pack(&k->out, &k->promise);
	answer(k, PROTO_INSTALLATION);
}

static const struct {
	uint32_t type;
	void (*serve)(struct keys *, struct unpack *);
} services[] = {
	{ PROTO_SLOTS, serve_slots },
	{ PROTO_OPEN, serve_open },
	{ PROTO_ERASE, serve_erase },
	{ PROTO_SIGN, serve_sign },
	{ PROTO_HELLO, serve_hello },
	{ PROTO_GONE, serve_gone },
};

static void
serve(struct keys *k, const struct frame *f)
{
	struct unpack u = unpack_of(f->body);

	k->id = f->id;
	buf_reset(&k->out);
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (services[i].type == f->type) {
			services[i].serve(k, &u);
			return;
		}
	log_panic("frame of type %u", f->type);
}

/* A name for the log and its key, in the form of a URL without its scheme.
 * What RFC 1035 allows has neither space nor '+', which a verifier key could
 * not carry. */
static void
log_name(const struct settings *settings, char out[NOTE_NAME_MAX + 1])
{
	const char *name = settings->hostname;

	if (name == NULL || *name == '\0' || strpbrk(name, " +\n") != NULL ||
	    snprintf(out, NOTE_NAME_MAX + 1, "%s/audit", name) > NOTE_NAME_MAX)
		snprintf(out, NOTE_NAME_MAX + 1, "mailtri/audit");
}

static struct vault *
open_vault(const struct settings *settings)
{
	struct secrets *secrets = secrets_receive();
	const struct secret *root = secrets_find(secrets, "root");
	char name[NOTE_NAME_MAX + 1];
	struct vault_options options = { .dir = settings->state_dir, .name = name };
	struct vault *vault;
	char why[256];

	if (root == NULL || root->value.len == 0 || root->value.len % WRAP_KEY_SIZE != 0 ||
	    root->value.len > ROOTS_MAX * WRAP_KEY_SIZE)
		log_fatal("the root key did not arrive: start mailtrid, not this program");
	options.root = root->value;
	log_name(settings, name);
	if ((vault = vault_open(&options, why)) == NULL)
		log_fatal("%s", why);
	secrets_free(secrets);
	return vault;
}

static void
lock(const char *state_dir)
{
	struct sandbox_grant grant = { 0 };
	struct buf dir = { 0 };

	buf_printf(&dir, "%s/keys", state_dir);
	sandbox_grant_path(&grant, buf_string(&dir), true);
	sandbox_lock(SANDBOX_KEYS, &grant);
	buf_free(&dir);
}

int
main(int argc, char **argv)
{
	struct settings *settings;
	struct keys k = { 0 };
	struct buf in = { 0 };
	struct frame f;
	int error;

	(void)argv;
	if (argc != 2) {
		fputs("keys is started by mailtrid\n", stderr);
		return 64;
	}
	log_open("keys", false);
	sandbox_enter();
	settings = settings_receive();
	k.vault = open_vault(settings);
	if ((error = promise_load(vault_dir(k.vault), vault_is_new(k.vault), &k.promise)) != 0)
		disk_failed("keys: what was signed", error);
	lock(settings->state_dir);
	if (frame_send(PROTO_CHANNEL_FD, PROTO_READY, 0, SPAN(""), NULL, 0) != 0)
		return EXIT_DISK;
	while (frame_recv(PROTO_CHANNEL_FD, &f, &in, 0) == 0) {
		serve(&k, &f);
		frame_close_fds(&f);
	}
	vault_close(k.vault);
	return 0;
}
