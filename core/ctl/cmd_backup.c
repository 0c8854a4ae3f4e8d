/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailtrictl backup, restore: everything but the keys, as a folder.  The
 * running daemon makes copies of its databases, this program carries them and
 * the bodies away; a restore needs no daemon and bears none.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/backup.h"
#include "ctl/line.h"

#define MANIFEST "MANIFEST"
#define STAGING "restore"

static const char *const databases[] = { "counters.db", "queue.db" };	/* the last one counts */

struct saving {
	struct context *context;
	const char *dir;
	int from, to;		/* state_dir, the backup */
	struct manifest manifest;
};

static int
say(const char *path, const char *name, int error)
{
	command_error("%s/%s: %s%s", path, name, strerror(error), error == EACCES || error == EPERM ?
	    ": run it as root or as mailtri's user" : "");
	return COMMAND_FAILED;
}

/* A folder of the backup's own: whatever is in it already is not ours. */
static int
folder_make(const char *path)
{
	int fd = mkdir(path, 0700) != 0 && errno != EEXIST ? -1 :
	    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(dup(fd));
	const struct dirent *e;
	bool empty = dir != NULL;

	if (dir == NULL)
		command_error("%s: %s", path, strerror(errno));
	while (empty && (e = readdir(dir)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (dir != NULL && !empty)
		command_error("%s: there is something in it: name a folder that is empty, or none yet",
		    path);
	if (dir != NULL)
		closedir(dir);
	if (empty)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
save_databases(struct saving *s)
{
	int from = openat(s->from, "backup", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	if (from < 0)
		return say(s->context->settings->state_dir, "backup", errno);
	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++) {
		struct manifest_entry *e = manifest_add(&s->manifest);

		snprintf(e->name, sizeof(e->name), "%s", databases[i]);
		error = backup_copy_file(from, s->to, e);
		if (error != 0) {
			close(from);
			return say(s->dir, databases[i], error);
		}
	}
	close(from);
	return COMMAND_DONE;
}

/* Those that came after the databases were copied do no harm; those that went
 * were erased, and their keys with them. */
static int
save_body(struct saving *s, const char *name)
{
	const char *path = arena_printf(&s->context->arena, "bodies/%s", name);
	struct manifest_entry *e;
	int error;

	if (!manifest_is_name(MANIFEST_DATA, path))
		return 0;	/* on its way in */
	e = manifest_add(&s->manifest);
	memcpy(e->name, path, strlen(path) + 1);
	error = backup_copy_file(s->from, s->to, e);
	if (error == ENOENT) {
		s->manifest.count--;
		error = 0;
	}
	return error;
}

static int
save_bodies(struct saving *s)
{
	int fd = openat(s->from, "bodies", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (dir == NULL || mkdirat(s->to, "bodies", 0700) != 0)
		error = errno;
	while (error == 0 && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] != '.')
			error = save_body(s, e->d_name);
		term_progress(&s->context->term, "files copied", s->manifest.count, 0);
	}
	term_progress_end(&s->context->term);
	if (dir != NULL)
		closedir(dir);
	return error == 0 ? COMMAND_DONE : say(s->dir, "bodies", error);
}

/* Last, and whole: a folder without it is no backup. */
static int
save_manifest(struct saving *s)
{
	int fd = openat(s->to, MANIFEST ".new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), error = 0;
	struct buf text = { 0 };

	backup_now(s->manifest.created);
	manifest_format(&s->manifest, &text);
	if (fd < 0 || write(fd, text.p, text.len) != (ssize_t)text.len || fsync(fd) != 0 ||
	    renameat(s->to, MANIFEST ".new", s->to, MANIFEST) != 0 || fsync(s->to) != 0)
		error = errno != 0 ? errno : EIO;
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return error == 0 ? COMMAND_DONE : say(s->dir, MANIFEST, error);
}

static void
on_begun(json_t *answer, void *arg)
{
	struct saving *s = arg;

	s->manifest.records = (uint64_t)control_int(answer, "records", 0);
	s->manifest.slots = (uint64_t)control_int(answer, "slots", 0);
}

static int
save(struct saving *s)
{
	struct context *c = s->context;
	int status = context_call(c, json_pack("{s:s}", "command", "backup.begin"), on_begun, s);

	if (status != COMMAND_DONE)
		return status;
	status = save_databases(s);
	if (context_call(c, json_pack("{s:s}", "command", "backup.end"), NULL, NULL) != COMMAND_DONE)
		status = COMMAND_FAILED;
	if (status == COMMAND_DONE)
		status = save_bodies(s);
	return status == COMMAND_DONE ? save_manifest(s) : status;
}

static void
saved_print(struct context *c, const struct manifest *m, const char *dir)
{
	json_t *o;

	if (!c->json) {
		fprintf(c->term.out, "%s: %" PRIu64 " audit records, %zu files, no key\n", dir,
		    m->records, m->count);
		fputs("Without its keys it opens nothing: now mailtrictl keys backup FILE, to be kept "
		    "elsewhere.\n", stderr);
		return;
	}
	o = json_pack("{s:s, s:s, s:I, s:I, s:I}", "backup", dir, "created", m->created, "records",
	    (json_int_t)m->records, "slots", (json_int_t)m->slots, "files", (json_int_t)m->count);
	command_json(c, o);
	json_decref(o);
}

static int
backup_run(struct context *c)
{
	struct saving s = { .context = c, .dir = c->operands.item[0], .from = -1, .to = -1 };
	int status = COMMAND_FAILED;

	if (context_settings(c) == NULL)
		return COMMAND_FAILED;
	s.from = open(c->settings->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.from < 0)
		return say(c->settings->state_dir, "", errno);
	s.to = folder_make(s.dir);
	if (s.to >= 0)
		status = save(&s);
	if (status == COMMAND_DONE)
		saved_print(c, &s.manifest, s.dir);
	manifest_free(&s.manifest);
	if (s.to >= 0)
		close(s.to);
	close(s.from);
	return status;
}

/* restore */

static int
manifest_load(const char *dir, struct manifest *m)
{
	char path[4096], why[MANIFEST_WHY_MAX];
	struct buf text = { 0 };
	int error;

	if (snprintf(path, sizeof(path), "%s/" MANIFEST, dir) >= (int)sizeof(path))
		return say(dir, MANIFEST, ENAMETOOLONG);
	error = line_read(path, MANIFEST_BYTES_MAX, &text);
	if (error == ENOENT)
		command_error("%s: no backup, or one that was not finished: it has no " MANIFEST, dir);
	else if (error != 0)
		say(dir, MANIFEST, error);
	else if ((error = manifest_parse(buf_span(&text), m, why)) != 0)
		command_error("%s: %s", dir, why);
	else if (m->kind != MANIFEST_DATA) {
		command_error("%s: these are keys: mailtrictl keys restore takes them", dir);
		error = EINVAL;
	}
	buf_free(&text);
	return error == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

static void
unstage(int state, const struct manifest *m)
{
	int fd = openat(state, STAGING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < m->count; i++)
		unlinkat(fd, m->list[i].name, 0);
	unlinkat(fd, "bodies", AT_REMOVEDIR);
	close(fd);
	unlinkat(state, STAGING, AT_REMOVEDIR);
}

/* Copied, compared, and the daemon's; nothing of the state is touched yet. */
static int
stage(struct context *c, const char *dir, const struct manifest *m, int to)
{
	int from = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), status = COMMAND_DONE;

	for (size_t i = 0; i < m->count && status == COMMAND_DONE; i++) {
		struct manifest_entry got = m->list[i];
		int error = backup_copy_file(from, to, &got);

		if (error == 0)
			error = backup_compare(&m->list[i], &got);
		if (error == 0)
			error = backup_make_owned(c, to, got.name, false);
		if (error == EBADMSG)
			command_error("%s/%s: damaged: it is not what was saved; nothing is restored",
			    dir, got.name);
		else if (error != 0)
			say(dir, got.name, error);
		if (error != 0)
			status = COMMAND_FAILED;
		term_progress(&c->term, "files copied", i + 1, m->count);
	}
	term_progress_end(&c->term);
	close(from);
	return status;
}

static bool
has_databases(const struct manifest *m)
{
	size_t found = 0;

	for (size_t i = 0; i < m->count; i++)
		for (size_t k = 0; k < sizeof(databases) / sizeof(databases[0]); k++)
			found += strcmp(m->list[i].name, databases[k]) == 0;
	return found == sizeof(databases) / sizeof(databases[0]);
}

static int
take_over(int state, int staged)
{
	if (renameat(staged, "bodies", state, "bodies") != 0)
		return errno;
	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		if (renameat(staged, databases[i], state, databases[i]) != 0)
			return errno;
	return fsync(state) != 0 ? errno : 0;
}

static int
restore_into(struct context *c, const struct manifest *m, int state)
{
	const char *dir = c->operands.item[0], *to = c->settings->state_dir;
	int staged, status, error;

	if (faccessat(state, "queue.db", F_OK, 0) == 0) {
		command_error("%s: there is mail in it: move it away first, all but keys/", to);
		return COMMAND_FAILED;
	}
	if (!has_databases(m)) {
		command_error("%s: damaged: its list names no database", dir);
		return COMMAND_FAILED;
	}
	unstage(state, m);
	if ((error = backup_make_owned(c, state, STAGING, true)) != 0 ||
	    (error = backup_make_owned(c, state, STAGING "/bodies", true)) != 0)
		return say(to, STAGING, error);
	staged = openat(state, STAGING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	status = staged < 0 ? say(to, STAGING, errno) : stage(c, dir, m, staged);
	if (status == COMMAND_DONE && (error = take_over(state, staged)) != 0)
		status = say(to, "bodies", error);
	if (staged >= 0)
		close(staged);
	unstage(state, m);
	return status;
}

static void
restored_print(struct context *c, const struct manifest *m)
{
	json_t *o;

	if (!c->json) {
		fprintf(c->term.out, "%s: restored the state of %s: %" PRIu64 " audit records, %zu files\n",
		    c->settings->state_dir, m->created, m->records, m->count);
		fputs("Its keys are restored by mailtrictl keys restore FILE.  Then start mailtrid: nothing "
		    "is dispatched before mailtrictl queue resume.\n", stderr);
		return;
	}
	o = json_pack("{s:s, s:s, s:I, s:I}", "restored", c->settings->state_dir, "created",
	    m->created, "records", (json_int_t)m->records, "files", (json_int_t)m->count);
	command_json(c, o);
	json_decref(o);
}

static int
restore_run(struct context *c)
{
	struct manifest m = { .count = 0 };
	int state, status = manifest_load(c->operands.item[0], &m);

	state = status == COMMAND_DONE ? backup_hold_state(c) : -1;
	status = state < 0 ? COMMAND_FAILED : restore_into(c, &m, state);
	if (status == COMMAND_DONE)
		restored_print(c, &m);
	if (state >= 0)
		close(state);
	manifest_free(&m);
	return status;
}

const struct command backup_commands[] = {
	{ "backup", NULL, "DIR", "save the state, without its keys, while mailtrid runs", NULL, 0, 1, 1,
	    backup_run },
	{ .name = NULL },
};

const struct command restore_commands[] = {
	{ "restore", NULL, "DIR", "put a saved state in place; mailtrid must not run", NULL, 0, 1, 1,
	    restore_run },
	{ .name = NULL },
};
