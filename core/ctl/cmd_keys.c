/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailtrictl keys: how they are, and their backup: one file that holds the
 * wrapped keys as they lie on the disk.  The root key is not in it.
 *
 *	the files, one behind the other; the manifest; u64 its length;
 *	"mtkeys1\n"
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/secret.h"
#include "ctl/backup.h"

enum { MAGIC_SIZE = 8, TRAILER_SIZE = 8 + MAGIC_SIZE };

#define STAGING "keys.restore"

static const char magic[] = "mtkeys1\n";

struct keys_options {
	bool moved;
};

static const struct option_row restore_rows[] = {
	{ "moved", 0, OPTION_FLAG, offsetof(struct keys_options, moved), NULL,
	    "mailtrid was stopped before the backups were made and has not run since" },
	{ .name = NULL },
};

static int
say(const char *path, const char *name, int error)
{
	command_error("%s%s%s: %s%s", path, *name == '\0' ? "" : "/", name, strerror(error),
	    error == EACCES || error == EPERM ? ": run it as root or as mailtri's user" : "");
	return COMMAND_FAILED;
}

/* status */

static void
on_status(json_t *keys, void *arg)
{
	static const char *const names[][2] = { { "root key", "root_key" }, { "root id", "root_id" },
		{ "root version", "root_version" }, { "generation", "generation" },
		{ "shards", "shards" }, { "slots issued", "slots" }, { "erasing", "erasing" },
		{ "audit log", "log" } };
	struct context *c = arg;
	json_int_t until = control_int(keys, "kept_until", 0);
	json_int_t signed_size = control_int(keys, "signed", -1);

	if (c->json) {
		command_json(c, keys);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		term_field(&c->term, names[i][0], member_text(&c->arena, keys, names[i][1]));
	term_field(&c->term, "signed up to", signed_size < 0 ? "not known" :
	    arena_printf(&c->arena, "%jd records", (intmax_t)signed_size));
	term_field(&c->term, "in use", member_text(&c->arena, keys, "in_use"));
	term_field(&c->term, "last expiry", until == 0 ? NULL : time_text(&c->arena, until));
}

static int
status_run(struct context *c)
{
	return context_call(c, json_pack("{s:s}", "command", "keys.status"), on_status, c);
}

/* backup */

static void
on_allowed(json_t *keys, void *arg)
{
	struct manifest *m = arg;

	m->slots = (uint64_t)control_int(keys, "slots", 0);
	m->root_version = (uint32_t)control_int(keys, "root_version", 0);
	snprintf(m->root, sizeof(m->root), "%s", control_string(keys, "root_id", ""));
}

static int
save_file(int dir, int out, struct manifest *m, const char *name)
{
	int in = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error;
	struct manifest_entry *e;

	if (in < 0)
		return errno;
	e = manifest_add(m);
	error = backup_copy(in, out, UINT64_MAX, e);
	memcpy(e->name, name, strlen(name) + 1);	/* manifest_is_name() */
	close(in);
	return error;
}

static int
save_files(int state, int out, struct manifest *m)
{
	int fd = openat(state, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (dir == NULL)
		return errno;
	while (error == 0 && (e = readdir(dir)) != NULL)
		if (manifest_is_name(MANIFEST_KEYS, e->d_name))
			error = save_file(fd, out, m, e->d_name);
	closedir(dir);
	return error;
}

static int
save_trailer(int out, struct manifest *m)
{
	struct buf text = { 0 };
	uint64_t length;
	int error = 0;

	backup_now(m->created);
	manifest_format(m, &text);
	length = text.len;
	pack_u64(&text, length);
	buf_add(&text, magic, MAGIC_SIZE);
	if (write(out, text.p, text.len) != (ssize_t)text.len || fsync(out) != 0)
		error = errno != 0 ? errno : EIO;
	buf_free(&text);
	return error;
}

/* Under its name only when it is whole. */
static int
save(struct context *c, struct manifest *m, const char *file)
{
	const char *made = arena_printf(&c->arena, "%s.new", file);
	int state = open(c->settings->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), out, error;

	if (state < 0)
		return say(c->settings->state_dir, "", errno);
	out = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
	error = out < 0 ? errno : save_files(state, out, m);
	if (error == 0)
		error = save_trailer(out, m);
	if (error == 0 && rename(made, file) != 0)
		error = errno;
	if (out >= 0)
		close(out);
	if (error != 0 && out >= 0)
		unlink(made);
	close(state);
	return error == 0 ? COMMAND_DONE : say(out < 0 ? made : file, "", error);
}

static void
saved_print(struct context *c, const struct manifest *m)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:s, s:i}", "keys", c->operands.item[0], "created",
	    m->created, "slots", (json_int_t)m->slots, "files", (json_int_t)m->count, "root_id",
	    m->root, "root_version", (int)m->root_version);

	if (c->json)
		command_json(c, o);
	else {
		fprintf(c->term.out, "%s: %" PRIu64 " message keys, wrapped under the root key %s\n",
		    c->operands.item[0], m->slots, m->root);
		fprintf(stderr, "The root key is not in it: keep a copy of %s, apart from both.\n",
		    c->settings->root_key != NULL ? c->settings->root_key :
		    arena_printf(&c->arena, "%s/keys/root", c->settings->state_dir));
	}
	json_decref(o);
}

static int
backup_run(struct context *c)
{
	struct manifest m = { .kind = MANIFEST_KEYS };
	int status = COMMAND_FAILED;

	if (context_settings(c) != NULL)
		status = context_call(c, json_pack("{s:s}", "command", "keys.backup"), on_allowed, &m);
	if (status == COMMAND_DONE)
		status = save(c, &m, c->operands.item[0]);
	if (status == COMMAND_DONE)
		saved_print(c, &m);
	manifest_free(&m);
	return status;
}

/* restore */

static int
trailer_read(int in, uint64_t size, struct buf *text)
{
	uint8_t trailer[TRAILER_SIZE];
	struct unpack u = unpack_of(span_make(trailer, sizeof(trailer)));
	uint64_t length;

	if (size < TRAILER_SIZE ||
	    pread(in, trailer, sizeof(trailer), (off_t)(size - TRAILER_SIZE)) != TRAILER_SIZE ||
	    memcmp(trailer + 8, magic, MAGIC_SIZE) != 0)
		return EBADMSG;
	length = unpack_u64(&u);
	if (length > size - TRAILER_SIZE || length > MANIFEST_BYTES_MAX)
		return EBADMSG;
	buf_reserve(text, length);
	if (pread(in, text->p, length, (off_t)(size - TRAILER_SIZE - length)) != (ssize_t)length)
		return EBADMSG;
	text->len = length;
	return 0;
}

static int
manifest_load(int in, const char *file, struct manifest *m)
{
	char why[MANIFEST_WHY_MAX] = "not a backup of keys, or cut off";
	struct buf text = { 0 };
	uint64_t sum = 0;
	struct stat st;
	int error = fstat(in, &st) != 0 ? errno : trailer_read(in, (uint64_t)st.st_size, &text);

	if (error == 0)
		error = manifest_parse(buf_span(&text), m, why);
	for (size_t i = 0; error == 0 && i < m->count; i++)
		if (__builtin_add_overflow(sum, m->list[i].size, &sum))
			error = EBADMSG;
	if (error == 0 && (m->kind != MANIFEST_KEYS ||
	    sum != (uint64_t)st.st_size - TRAILER_SIZE - text.len))
		error = EBADMSG;
	buf_free(&text);
	if (error != 0)
		command_error("%s: %s; nothing is restored", file,
		    error == EBADMSG ? why : strerror(error));
	return error;
}

/* The root key in place, if there is one: is it that of the backup? */
static int
root_check(struct context *c, const struct manifest *m, int state)
{
	char why[SECRET_WHY_MAX], id[2 * ROOT_ID_SIZE + 1];
	uint8_t bytes[ROOT_ID_SIZE];
	struct buf root = { 0 };
	int error;

	if (c->settings->root_key == NULL && faccessat(state, "keys/root", F_OK, 0) != 0) {
		fprintf(stderr, "It needs the root key %s: put it into %s/keys/root, with mode 0400.\n",
		    m->root, c->settings->state_dir);
		return COMMAND_DONE;
	}
	error = secret_load_root(c->settings, &root, why);
	if (error == 0) {
		root_id(root.p, bytes);
		hash_hex(bytes, sizeof(bytes), id);
	}
	buf_wipe(&root);
	if (error == ENOTDIR) {		/* systemd shows it to the daemon alone */
		fprintf(stderr, "It needs the root key %s as %s.\n", m->root, c->settings->root_key);
		return COMMAND_DONE;
	}
	if (error != 0) {
		command_error("%s", why);
		return COMMAND_FAILED;
	}
	if (strcmp(id, m->root) == 0)
		return COMMAND_DONE;
	command_error("%s: wrapped under the root key %s, but the one here is %s: put that one in place "
	    "first; nothing is restored", c->operands.item[0], m->root, id);
	return COMMAND_FAILED;
}

static bool
is_in_use(int state)
{
	int fd = openat(state, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	bool used = false;

	while (dir != NULL && !used && (e = readdir(dir)) != NULL)
		used = strncmp(e->d_name, "shard-", 6) == 0;
	if (dir != NULL)
		closedir(dir);
	return used;
}

static int
stage_file(int in, int to, const struct manifest_entry *said)
{
	int out = openat(to, said->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct manifest_entry got = *said;
	int error = out < 0 ? errno : backup_copy(in, out, said->size, &got);

	if (error == 0 && fsync(out) != 0)
		error = errno;
	if (out >= 0)
		close(out);
	return error == 0 ? backup_compare(said, &got) : error;
}

static void
unstage(int state, const struct manifest *m)
{
	int fd = openat(state, STAGING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < m->count; i++)
		unlinkat(fd, m->list[i].name, 0);
	close(fd);
	unlinkat(state, STAGING, AT_REMOVEDIR);
}

/* The marker first: what is half in place counts as restored. */
static int
take_over(struct context *c, const struct manifest *m, int staged, int keys)
{
	const struct keys_options *o = c->own;
	int fd = -1;

	if (!o->moved) {
		fd = openat(keys, "restored", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 || fsync(fd) != 0 || fsync(keys) != 0)
			return errno;
		close(fd);
	}
	for (size_t i = 0; i < m->count; i++)
		if (renameat(staged, m->list[i].name, keys, m->list[i].name) != 0)
			return errno;
	return fsync(keys) != 0 ? errno : 0;
}

static int
restore_files(struct context *c, const struct manifest *m, int in, int state)
{
	int staged = -1, keys = -1, error;

	unstage(state, m);
	if ((error = backup_make_owned(c, state, STAGING, true)) == 0 &&
	    (error = backup_make_owned(c, state, "keys", true)) == 0) {
		staged = openat(state, STAGING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		keys = openat(state, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		error = staged < 0 || keys < 0 ? errno : 0;
	}
	for (size_t i = 0; error == 0 && i < m->count; i++)
		if ((error = stage_file(in, staged, &m->list[i])) == 0)
			error = backup_make_owned(c, staged, m->list[i].name, false);
	if (error == 0)
		error = take_over(c, m, staged, keys);
	if (error == 0 && faccessat(keys, "restored", F_OK, 0) == 0)
		error = backup_make_owned(c, keys, "restored", false);
	if (staged >= 0)
		close(staged);
	if (keys >= 0)
		close(keys);
	unstage(state, m);
	if (error == EBADMSG || error == ENODATA)
		command_error("%s: damaged: it is not what was saved; nothing is restored",
		    c->operands.item[0]);
	else if (error != 0)
		say(c->settings->state_dir, "keys", error);
	return error == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

static void
restored_print(struct context *c, const struct manifest *m)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:s}", "restored", c->settings->state_dir, "created",
	    m->created, "slots", (json_int_t)m->slots, "root_id", m->root);

	if (c->json)
		command_json(c, o);
	else
		fprintf(c->term.out, "%s/keys: restored the keys of %s\n", c->settings->state_dir,
		    m->created);
	json_decref(o);
}

static int
restore_run(struct context *c)
{
	struct manifest m = { .count = 0 };
	int in = open(c->operands.item[0], O_RDONLY | O_CLOEXEC), state = -1;
	int status = in < 0 ? say(c->operands.item[0], "", errno) : COMMAND_DONE;

	if (in < 0)
		return status;
	if (manifest_load(in, c->operands.item[0], &m) == 0)
		state = backup_hold_state(c);
	status = state < 0 ? COMMAND_FAILED : root_check(c, &m, state);
	if (status == COMMAND_DONE && is_in_use(state)) {
		command_error("%s/keys: there are keys in it: move it away first; nothing is restored",
		    c->settings->state_dir);
		status = COMMAND_FAILED;
	}
	if (status == COMMAND_DONE)
		status = restore_files(c, &m, in, state);
	if (status == COMMAND_DONE)
		restored_print(c, &m);
	if (state >= 0)
		close(state);
	close(in);
	manifest_free(&m);
	return status;
}

const struct command keys_commands[] = {
	{ "keys", "status", NULL, "root key, message keys, what was signed", NULL, 0, 0, 0, status_run },
	{ "keys", "backup", "FILE", "save the wrapped keys, without the root key", NULL, 0, 1, 1,
	    backup_run },
	{ "keys", "restore", "FILE", "put saved keys in place; mailtrid must not run", restore_rows,
	    sizeof(struct keys_options), 1, 1, restore_run },
	{ .name = NULL },
};
