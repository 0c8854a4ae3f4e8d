/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration on its way from the process that reads it to the master. */
#include "master/config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"
#include "conf/describe.h"
#include "conf/parse.h"
#include "conf/secret.h"

enum { CONFIG_FRAME = 1, ANSWER_FDS_MAX = 3 };	/* problems, settings, secrets */

/* In the reading process. */
struct reading {
	const char *file;
	const struct settings *old;	/* NULL: at the start */
	struct problems problems;
	struct settings *settings;
	struct buf packed, secrets;
};

bool
config_is_first_of_group(const struct settings *s, size_t stage)
{
	for (size_t j = 0; j < stage; j++)
		if (strcmp(s->stages[j].group, s->stages[stage].group) == 0)
			return false;
	return true;
}

uint32_t
config_workers(const struct settings *s, const char *group)
{
	uint32_t workers = 0, unset = 1;

	for (size_t i = 0; i < s->stage_count; i++) {
		const struct setting_stage *stage = &s->stages[i];

		if (strcmp(stage->group, group) != 0)
			continue;
		if (stage->workers > workers)
			workers = stage->workers;
		if ((stage->descriptor.callbacks & DESCRIPTOR_DELIVER) == 0)
			unset = CONFIG_CHECKERS;
	}
	return workers == 0 ? unset : workers;
}

static void __attribute__((format(printf, 2, 3)))
refuse(struct reading *r, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problems_add(&r->problems, PROBLEM_ERROR,
	    (struct place){ .file = r->settings->file }, "%s", text);
}

static void
check_numbers(struct reading *r)
{
	const struct settings *s = r->settings;
	uint64_t roles = 3;	/* front, parser, resolver */
	size_t groups = 0;

	for (size_t i = 0; i < s->stage_count; i++)
		if (config_is_first_of_group(s, i)) {
			groups++;
			roles += config_workers(s, s->stages[i].group);
		}
	if (roles > CONFIG_ROLES_MAX)
		refuse(r, "more than %d processes: lower `workers' in stages.d",
		    CONFIG_ROLES_MAX);
	if (groups > CONFIG_GROUPS_MAX)
		refuse(r, "more than %d groups of stages: give some the same `group'",
		    CONFIG_GROUPS_MAX);
	if (s->listener_count > CONFIG_LISTENERS_MAX)
		refuse(r, "more than %d listen sections", CONFIG_LISTENERS_MAX);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What the engine, its files and its control socket hang on. */
static void
check_lasting(struct reading *r)
{
	const struct settings *s = r->settings, *old = r->old;
	const struct { const char *name, *was, *is; } table[] = {
		{ "state_dir", old->state_dir, s->state_dir },
		{ "run_dir", old->run_dir, s->run_dir },
		{ "user", old->user, s->user },
		{ "root_key", old->root_key, s->root_key },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!is_same(table[i].was, table[i].is))
			refuse(r, "%s is \"%s\" and was \"%s\": it cannot change while "
			    "mailtrid runs: restart it", table[i].name,
			    table[i].is == NULL ? "" : table[i].is,
			    table[i].was == NULL ? "" : table[i].was);
}

static const char *
role_of(const struct setting_stage *stage)
{
	return (stage->descriptor.callbacks & DESCRIPTOR_DELIVER) != 0 ?
	    "worker-net" : "worker";
}

static void
secrets_add(struct reading *r, const char *role, const char *group)
{
	char why[SECRET_WHY_MAX];
	struct buf packed = { 0 };

	if (secret_pack_role(r->settings, role, group, &packed, why) != 0)
		refuse(r, "%s", why);
	pack_string(&r->secrets, role);
	pack_string(&r->secrets, group);
	pack_span(&r->secrets, buf_span(&packed));
	buf_wipe(&packed);
}

/* Every process that holds secrets or foreign code, as it will be started. */
static void
try_role(struct reading *r, const char *role, const char *group)
{
	struct config c = { .secrets = r->secrets };
	struct mt_span secrets = config_secrets(&c, role, group);
	struct describe_try t = { .user = r->settings->user,
		.settings_fd = bytes_memfd(buf_span(&r->packed)),
		.secrets_fd = bytes_memfd(secrets) };
	char why[DESCRIBE_WHY_MAX];

	t.program = arena_printf(&r->settings->arena, "%s/%s", r->settings->libexec_dir, role);
	t.instance = arena_printf(&r->settings->arena, "%s%s%s", role,
	    *group == '\0' ? "" : ":", group);
	if (t.settings_fd < 0 || t.secrets_fd < 0)
		refuse(r, "%s: %s", t.instance, strerror(errno));
	else if (describe_try_run(&t, why) != 0)
		refuse(r, "%s", why);
	close(t.settings_fd);
	close(t.secrets_fd);
}

static void
each_role(struct reading *r, void (*fn)(struct reading *, const char *, const char *))
{
	const struct settings *s = r->settings;

	fn(r, "front", "");
	for (size_t i = 0; i < s->stage_count; i++)
		if (config_is_first_of_group(s, i))
			fn(r, role_of(&s->stages[i]), s->stages[i].group);
}

/* Step by step: what builds on something broken would only repeat it. */
static void
read_all(struct reading *r)
{
	r->settings = parse_settings(r->file, &r->problems);
	if (r->settings == NULL)
		return;
	settings_pack(&r->packed, r->settings);
	check_numbers(r);
	if (r->old != NULL)
		check_lasting(r);
	each_role(r, secrets_add);
	if (r->old != NULL && r->problems.errors == 0)
		each_role(r, try_role);
}

static void
answer(struct reading *r, int fd)
{
	struct buf body = { 0 };
	int fds[ANSWER_FDS_MAX], count;
	bool good = r->problems.errors == 0;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		_exit(1);
	problems_print(&r->problems, out, r->old == NULL && isatty(STDERR_FILENO));
	fclose(out);
	pack_u8(&body, good);
	fds[0] = bytes_pack(&body, span_make(text, size));
	if (fds[0] == -2)
		_exit(1);
	count = fds[0] >= 0;
	if (good) {
		fds[count++] = bytes_memfd(buf_span(&r->packed));
		fds[count++] = bytes_memfd(buf_span(&r->secrets));
	}
	if (good && (fds[count - 2] < 0 || fds[count - 1] < 0))
		_exit(1);
	_exit(frame_send(fd, CONFIG_FRAME, 0, buf_span(&body), fds, count) == 0 ? 0 : 1);
}

int
config_read_start(const char *file, const struct settings *old, pid_t *pid, int *fd)
{
	struct reading r = { .file = file, .old = old };
	pid_t parent = getpid();
	int pair[2], error = socketpair_open(pair);

	if (error != 0)
		return error;
	*pid = fork();
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(pair[0]);
		problems_init(&r.problems);
		read_all(&r);
		answer(&r, pair[1]);
	}
	error = *pid < 0 ? errno : 0;
	close(pair[1]);
	if (error != 0)
		close(pair[0]);
	else
		*fd = pair[0];
	return error;
}

static int
secrets_take(int fd, struct buf *out)
{
	struct bytes bytes;
	int error = bytes_map(fd, &bytes);

	if (error != 0)
		return error;
	buf_reserve(out, bytes.span.len);
	if (mlock(out->p, out->cap) < 0)
		log_warning("secrets may be swapped (%s): raise LimitMEMLOCK",
		    strerror(errno));
	buf_add(out, bytes.span.ptr, bytes.span.len);
	bytes_free(&bytes);
	return 0;
}

static int
fd_take(struct frame *f)
{
	for (int i = 0; i < f->fd_count; i++)
		if (f->fds[i] >= 0) {
			int fd = f->fds[i];

			f->fds[i] = -1;
			return fd;
		}
	return -1;
}

static int
config_take(struct frame *f, struct config **out)
{
	struct config *c = xcalloc(1, sizeof(*c));
	struct bytes packed;
	int error;

	c->settings_fd = fd_take(f);
	error = bytes_map(fcntl(c->settings_fd, F_DUPFD_CLOEXEC, 3), &packed);
	if (error == 0) {
		error = settings_unpack(packed.span, &c->settings);
		bytes_free(&packed);
	}
	if (error == 0)
		error = secrets_take(fd_take(f), &c->secrets);
	if (error == 0)
		*out = c;
	else
		config_free(c);
	return error;
}

int
config_read_end(int fd, struct config **out, struct buf *problems)
{
	struct buf in = { 0 };
	struct frame f;
	struct unpack u;
	struct bytes text;
	bool good;
	int error = frame_recv(fd, &f, &in, 0);

	if (error == 0) {
		u = unpack_of(f.body);
		good = unpack_u8(&u) == 1;
		error = bytes_unpack(&u, &f, &text);
	}
	if (error == 0) {
		buf_add(problems, text.span.ptr, text.span.len);
		bytes_free(&text);
		error = good ? config_take(&f, out) : EINVAL;
	}
	frame_close_fds(&f);
	buf_free(&in);
	return error;
}

struct mt_span
config_secrets(const struct config *c, const char *role, const char *group)
{
	struct unpack u = unpack_of(buf_span(&c->secrets));

	while (u.p < u.end && !u.bad) {
		struct mt_span r = unpack_span(&u), g = unpack_span(&u), bytes = unpack_span(&u);

		if (!u.bad && span_is(r, role) && span_is(g, group))
			return bytes;
	}
	return SPAN("");
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	settings_free(c->settings);
	if (c->settings_fd >= 0)
		close(c->settings_fd);
	buf_wipe(&c->secrets);
	free(c);
}
