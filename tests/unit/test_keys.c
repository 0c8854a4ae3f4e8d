/* SPDX-License-Identifier: BSD-2-Clause */
/* The program `keys' as the engine meets it: over its channel, killed and
 * started again, and with frames it must not bear. */
#include "store_world.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "audit/promise.h"
#include "base/frame.h"
#include "base/proto.h"
#include "base/spawn.h"
#include "conf/settings.h"
#include "store/root.h"

struct role {
	char dir[256];
	pid_t pid;
	int fd;
	struct buf in, out;
	struct frame frame;
	struct promise promise;	/* what it said last */
	uint32_t generation;
};

static int
settings_fd(const char *dir)
{
	struct settings settings = { .file = "/nowhere/mailtri.conf", .hostname = "mx.example.com",
		.state_dir = dir, .run_dir = dir, .libexec_dir = dir, .stage_dir = dir, .conf_dir = dir };
	struct buf packed = { 0 };
	int fd;

	settings_pack(&packed, &settings);
	fd = bytes_memfd(buf_span(&packed));
	buf_free(&packed);
	return fd;
}

static int
secrets_fd(char filled_with)
{
	struct buf packed = { 0 };
	char root[32];
	int fd;

	memset(root, filled_with, sizeof(root));
	secrets_pack_one(&packed, "root", span_make(root, sizeof(root)));
	fd = bytes_memfd(buf_span(&packed));
	buf_free(&packed);
	return fd;
}

static void
receive(struct role *r, uint32_t type)
{
	assert_int_equal(frame_recv(r->fd, &r->frame, &r->in, 0), 0);
	assert_int_equal(r->frame.type, type);
}

static void
role_start(struct role *r, char root)
{
	const char *const argv[] = { "keys", "keys", NULL };
	struct buf path = { 0 };
	int pair[2], fds[3];

	assert_int_equal(socketpair_open(pair), 0);
	buf_printf(&path, "%s/keys", getenv("top_builddir"));
	fds[0] = pair[1];
	fds[1] = settings_fd(r->dir);
	fds[2] = secrets_fd(root);
	assert_int_equal(spawn_run(&(struct spawn){ .path = buf_string(&path), .argv = argv, .fds = fds,
	    .fd_count = 3 }, &r->pid), 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	buf_free(&path);
	r->fd = pair[0];
}

static void
role_stop(struct role *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	close(r->fd);
}

static void
say(struct role *r, uint32_t type)
{
	assert_int_equal(frame_send(r->fd, type, 5, buf_span(&r->out), NULL, 0), 0);
	buf_reset(&r->out);
}

static int
setup(void **state)
{
	struct role *r = calloc(1, sizeof(*r));

	scratch_make(r->dir);
	role_start(r, 'r');
	receive(r, PROTO_READY);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct role *r = *state;

	role_stop(r);
	scratch_remove(r->dir);
	buf_free(&r->in);
	buf_free(&r->out);
	free(r);
	return 0;
}

static void
ignore(uint32_t count, void *arg)
{
	(void)count;
	(void)arg;
}

static struct slots *
take_slots(struct role *r, uint32_t count)
{
	struct slots *slots = slots_new(NULL, NULL);

	pack_u32(&r->out, count);
	say(r, PROTO_SLOTS);
	receive(r, PROTO_SLOTS_ARE);
	assert_int_equal(slots_fill(slots, r->frame.body), 0);
	return slots;
}

static uint64_t
installation(struct role *r, uint32_t question, struct note_key *key)
{
	struct unpack u;
	struct mt_span public_key, name;
	uint64_t next;

	say(r, question);
	receive(r, PROTO_INSTALLATION);
	u = unpack_of(r->frame.body);
	assert_int_equal(unpack_span(&u).len, HASH_SIZE);
	public_key = unpack_span(&u);
	assert_int_equal(public_key.len, NOTE_KEY_SIZE);
	memcpy(key->public_key, public_key.ptr, NOTE_KEY_SIZE);
	name = unpack_span(&u);
	memcpy(key->name, name.ptr, name.len);
	key->name[name.len] = '\0';
	next = unpack_u64(&u);
	r->generation = unpack_u32(&u);
	assert_int_equal(unpack_span(&u).len, ROOT_ID_SIZE);
	assert_int_equal(unpack_u32(&u), 1);
	promise_unpack(&u, &r->promise);
	assert_true(unpack_done(&u));
	return next;
}

static uint64_t
hello(struct role *r, struct note_key *key)
{
	return installation(r, PROTO_HELLO, key);
}

static void
test_slots_over_kills(void **state)
{
	struct role *r = *state;
	struct note_key key;
	uint64_t next;

	assert_int_equal(hello(r, &key), 0);
	slots_free(take_slots(r, 256));
	assert_int_equal(hello(r, &key), 256);
	slots_free(take_slots(r, 9999));	/* no more than 256 at once */
	pack_u32(&r->out, 10);
	say(r, PROTO_SLOTS);	/* asked and not waited for */
	role_stop(r);
	role_start(r, 'r');
	receive(r, PROTO_READY);
	next = hello(r, &key);
	assert_in_range(next, 512, 522);
	assert_string_equal(key.name, "mx.example.com/audit");
}

static int32_t
open_slot(struct role *r, uint64_t number, uint8_t key[SEAL_KEY_SIZE])
{
	struct unpack u;
	struct mt_span rest;
	int32_t error;

	pack_u64(&r->out, number);
	pack_u64(&r->out, 1);
	say(r, PROTO_OPEN);
	receive(r, PROTO_KEY);
	assert_int_equal(r->frame.id, 5);
	u = unpack_of(r->frame.body);
	error = (int32_t)unpack_u32(&u);
	rest = unpack_rest(&u);
	assert_int_equal(rest.len, error == 0 ? SEAL_KEY_SIZE : 0);
	if (error == 0)
		memcpy(key, rest.ptr, SEAL_KEY_SIZE);
	return error;
}

static int32_t
erase_slot(struct role *r, uint64_t number)
{
	struct unpack u;

	pack_u32(&r->out, 1);
	pack_u64(&r->out, number);
	say(r, PROTO_ERASE);
	receive(r, PROTO_ERASED);
	u = unpack_of(r->frame.body);
	return (int32_t)unpack_u32(&u);
}

static void
test_open_and_erase(void **state)
{
	struct role *r = *state;
	uint8_t first[SEAL_KEY_SIZE], again[SEAL_KEY_SIZE];

	slots_free(take_slots(r, 3));
	assert_int_equal(open_slot(r, 1, first), 0);
	assert_int_equal(open_slot(r, 1, again), 0);
	assert_memory_equal(first, again, SEAL_KEY_SIZE);
	assert_int_equal(open_slot(r, 77, again), ENOENT);
	assert_int_equal(erase_slot(r, 77), EINVAL);
	assert_int_equal(erase_slot(r, 1), 0);
	assert_int_equal(erase_slot(r, 1), 0);
	role_stop(r);
	role_start(r, 'r');
	receive(r, PROTO_READY);
	assert_int_equal(open_slot(r, 1, again), ENOENT);
	assert_int_equal(open_slot(r, 2, again), 0);
}

/* A tree of that many leaves, all different. */
static void
grow(struct tree *t, uint64_t size, uint8_t salt)
{
	while (t->size < size) {
		uint8_t hash[HASH_SIZE] = { salt, (uint8_t)t->size };

		tree_add(t, hash);
	}
}

static struct promise_answer
sign(struct role *r, const struct promise_ask *ask)
{
	struct promise_answer answer;

	promise_ask_pack(&r->out, ask);
	say(r, PROTO_SIGN);
	receive(r, PROTO_SIGNATURE);
	assert_int_equal(promise_answer_unpack(r->frame.body, &answer), 0);
	return answer;
}

/* From 4 leaves to 8: the path is the root of the other four. */
static struct promise_ask
ask_8(uint8_t salt)
{
	struct promise_ask ask = { .checkpoint = { .log = 1, .head.size = 8, .time_s = 1760000000 },
		.old = 4 };
	struct tree whole = { 0 }, right = { 0 };

	grow(&whole, 4, 0);
	grow(&whole, 8, salt);
	tree_root(&whole, ask.checkpoint.head.root);
	for (uint8_t i = 4; i < 8; i++) {
		uint8_t hash[HASH_SIZE] = { salt, i };

		tree_add(&right, hash);
	}
	tree_root(&right, ask.path.hash[ask.path.count++]);
	return ask;
}

/* What it signs verifies with the key it published. */
static void
test_sign(void **state)
{
	struct role *r = *state;
	struct promise_ask ask = { .checkpoint = { .log = 1, .head.size = 3, .time_s = 1760000000 } };
	struct promise_answer answer;
	struct buf note = { 0 };
	struct note_key key;
	struct checkpoint read;
	char path[300];
	struct stat st;

	hello(r, &key);
	answer = sign(r, &ask);
	assert_int_equal(answer.error, 0);
	checkpoint_note(&key, &ask.checkpoint, &answer.signatures, &note);
	assert_int_equal(checkpoint_verify(&key, buf_span(&note), &read), 0);
	assert_int_equal(read.head.size, 3);
	assert_int_equal(read.time_s, 1760000000);
	snprintf(path, sizeof(path), "%s/keys", r->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	buf_free(&note);
}

/* It never signs two checkpoints of which none extends the other, not even
 * after a restart; another log begins anew, and none goes back. */
static void
test_promise(void **state)
{
	struct role *r = *state;
	struct promise_ask first = { .checkpoint = { .log = 1, .head.size = 4 } }, other = ask_8(1);
	struct promise_ask bad = ask_8(0);
	struct promise_answer answer;
	struct tree t = { 0 };

	grow(&t, 4, 0);
	tree_root(&t, first.checkpoint.head.root);
	assert_int_equal(sign(r, &first).error, 0);
	first.old = 4;
	assert_int_equal(sign(r, &first).error, 0);	/* again, for its time */
	bad.checkpoint.head.root[0] ^= 1;
	assert_int_equal(sign(r, &bad).error, EBADMSG);
	bad = ask_8(0);
	bad.old = 3;
	answer = sign(r, &bad);
	assert_int_equal(answer.error, ESTALE);
	assert_int_equal(answer.last.head.size, 4);
	assert_int_equal(sign(r, &other).error, 0);
	role_stop(r);
	role_start(r, 'r');
	receive(r, PROTO_READY);
	other = ask_8(0);
	assert_int_equal(sign(r, &other).error, ESTALE);
	assert_int_equal(sign(r, &first).error, ESTALE);	/* a restored backup */
	first.checkpoint.log = 2;
	first.old = 0;
	assert_int_equal(sign(r, &first).error, 0);
	first.checkpoint.log = 1;
	assert_int_equal(sign(r, &first).error, ESTALE);
}

static void
touch(struct role *r, const char *name)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/keys/%s", r->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
}

/* After a restore: slots of another generation, and no knowledge of what was
 * signed. */
static void
test_restored(void **state)
{
	struct role *r = *state;
	struct slots *slots;
	struct slot slot;
	struct note_key key;
	struct unpack u;

	slots_free(take_slots(r, 3));
	erase_slot(r, 1);
	hello(r, &key);
	assert_int_equal(r->generation, 1);
	assert_int_equal(r->promise.head.size, 0);
	role_stop(r);
	touch(r, "restored");
	role_start(r, 'r');
	receive(r, PROTO_READY);
	assert_int_equal(hello(r, &key), 3);
	assert_int_equal(r->generation, 2);
	assert_true(r->promise.log == 0 && r->promise.head.size == PROMISE_ANY);

	pack_u32(&r->out, 1);
	say(r, PROTO_SLOTS);
	receive(r, PROTO_SLOTS_ARE);
	slots = slots_new(ignore, NULL);
	assert_int_equal(slots_fill(slots, r->frame.body), 0);
	assert_true(slots_take(slots, &slot));
	assert_int_equal(slot.number, 3);
	assert_int_equal(slot.generation, 2);
	slots_free(slots);

	pack_u32(&r->out, 4);
	for (uint64_t i = 0; i < 4; i++) {
		pack_u64(&r->out, i);
		pack_u64(&r->out, 1);
	}
	say(r, PROTO_GONE);
	receive(r, PROTO_GONE_ARE);
	u = unpack_of(r->frame.body);
	assert_int_equal(unpack_u32(&u), 2);
	assert_int_equal(unpack_u64(&u), 1);	/* erased */
	assert_int_equal(unpack_u64(&u), 3);	/* of the other generation */
	assert_true(unpack_done(&u));

	role_stop(r);	/* once only */
	role_start(r, 'r');
	receive(r, PROTO_READY);
	hello(r, &key);
	assert_int_equal(r->generation, 2);
}

static int
role_status(struct role *r)
{
	int status;

	while (frame_recv(r->fd, &r->frame, &r->in, 0) == 0)
		assert_int_not_equal(r->frame.type, PROTO_READY);
	waitpid(r->pid, &status, 0);
	return status;
}

static void
test_other_root(void **state)
{
	struct role *r = *state;
	int status;

	slots_free(take_slots(r, 1));
	role_stop(r);
	role_start(r, 'x');
	status = role_status(r);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	close(r->fd);
	role_start(r, 'r');	/* nothing was harmed */
	receive(r, PROTO_READY);
}

static void
test_bad_frame(void **state)
{
	struct role *r = *state;
	int status;

	say(r, 12345);
	status = role_status(r);
	assert_true(WIFSIGNALED(status));
	close(r->fd);
	role_start(r, 'r');
	receive(r, PROTO_READY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slots_over_kills, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_and_erase, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_promise, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_frame, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
