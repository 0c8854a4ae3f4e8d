/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master: reads the configuration, binds what must be bound, starts the
 * roles and keeps them alive.  It parses no mail and holds no key for longer
 * than it takes to hand it over.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "conf/parse.h"
#include "conf/secret.h"
#include "mailtri/version.h"
#include "master/listen.h"
#include "master/notify.h"
#include "master/roles.h"

struct master {
	struct loop *loop;
	struct roles *roles;
	struct watch signals;
	int control, lock;
	int status;
};

struct options {
	const char *file;
	bool check, json, verbose;
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailtrid [-hnvV] [-c FILE] [--json]\n"
	    "  -c, --config FILE  read FILE instead of " MAILTRI_CONFDIR "/mailtri.conf\n"
	    "  -n, --check        print every problem of the configuration and exit\n"
	    "      --json         with -n: as JSON\n"
	    "  -v, --verbose      say more\n"
	    "  -V, --version      print the version and exit\n"
	    "  -h, --help         print this and exit\n"
	    "mailtrid(8) is the manual.\n", out);
	return status;
}

/* -1: go on; else the exit status. */
static int
options_parse(struct options *o, int argc, char **argv)
{
	static const struct option table[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:nvVh", table, NULL)) != -1)
		switch (c) {
		case 'c':
			o->file = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'V':
			puts("mailtrid " MAILTRI_VERSION);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, EX_USAGE);
		}
	return optind == argc ? -1 : usage(stderr, EX_USAGE);
}

/* -n: the problems are the result and go to standard output. */
static int
check(const struct options *o)
{
	struct problems problems;
	struct settings *s;
	int status;

	problems_init(&problems);
	s = parse_settings(o->file, &problems);
	if (o->json)
		problems_print_json(&problems, stdout);
	else
		problems_print(&problems, stdout, isatty(STDOUT_FILENO));
	if (!o->json)
		fprintf(stderr, "%s: %zu errors, %zu warnings\n", o->file,
		    problems.errors, problems.warnings);
	status = s == NULL ? EX_CONFIG : 0;
	settings_free(s);
	problems_fini(&problems);
	return status;
}

/* Its problems go to standard error.  NULL: it has errors. */
static struct config *
load(const char *file)
{
	struct buf problems = { 0 };
	struct config *c = NULL;
	int fd, error;
	pid_t pid;

	error = config_read_start(file, NULL, &pid, &fd);
	if (error == 0) {
		error = config_read_end(fd, &c, &problems);
		close(fd);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (problems.len > 0)
		fwrite(problems.p, problems.len, 1, stderr);
	if (error != 0 && error != EINVAL)
		log_fatal("cannot read the configuration: %s", strerror(error));
	buf_free(&problems);
	return c;
}

static void
on_ready(void *arg)
{
	const struct master *m = arg;
	const struct settings *s = roles_settings(m->roles);
	struct buf b = { 0 };
	char name[LISTEN_NAME_MAX];

	for (size_t i = 0; i < s->listener_count; i++)
		buf_printf(&b, "%s%s (%stls %s)", i == 0 ? "" : ", ",
		    listen_name(roles_listeners(m->roles)[i], name),
		    s->listeners[i].protocol == PROTOCOL_LMTP ? "lmtp, " : "",
		    (const char *const[]){
		    "required", "offered", "none" }[s->listeners[i].tls]);
	log_info("ready: listening on %s", buf_string(&b));
	notify_send("READY=1\nSTATUS=taking mail");
	buf_free(&b);
}

static void
on_end(void *arg, int status)
{
	struct master *m = arg;

	m->status = status;
	loop_stop(m->loop);
}

static void
on_signal(struct watch *w, uint32_t events)
{
	struct master *m = w->arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(w->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		roles_reload(m->roles);
		return;
	}
	log_info("stopping");
	notify_send("STOPPING=1");
	roles_stop(m->roles);
}

static void
signals_open(struct master *m)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	m->signals = (struct watch){ .fn = on_signal, .arg = m,
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) };
	if (m->signals.fd < 0 || loop_watch(m->loop, &m->signals, EPOLLIN) != 0)
		log_panic("signalfd: %s", strerror(errno));
}

/* One mailtrid to one state directory, whatever its run_dir. */
static int
state_lock(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		log_fatal("%s: %s", dir, errno == EWOULDBLOCK ?
		    "another mailtrid uses it: stop that one" : strerror(errno));
	return fd;
}

/* A start without the mail would erase every key: no row needs one. */
static void
restore_check(const struct settings *s)
{
	struct buf keys = { 0 }, data = { 0 };

	buf_printf(&keys, "%s/keys/restored", s->state_dir);
	buf_printf(&data, "%s/queue.db", s->state_dir);
	if (access(buf_string(&keys), F_OK) == 0 && access(buf_string(&data), F_OK) != 0)
		log_fatal("%s: keys were restored, but the mail was not: mailtrictl restore DIR; or"
		    " move keys/ away to begin anew", s->state_dir);
	buf_free(&keys);
	buf_free(&data);
}

/* Before the engine makes its files: a key that is missing beside them is lost,
 * not new. */
static void
root_key_make(const struct settings *s)
{
	char why[SECRET_WHY_MAX];
	struct buf b = { 0 };

	if (secret_load_root(s, &b, why) != 0)
		log_fatal("%s", why);
	buf_wipe(&b);
}

static void
master_open(struct master *m, const char *file, struct config *c)
{
	const struct settings *s = c->settings;
	int *listeners = xcalloc(s->listener_count, sizeof(*listeners));
	char why[LISTEN_WHY_MAX];

	if (geteuid() == 0 && s->user == NULL)
		log_warning("%s: the roles run as root: set user", s->file);
	if (listen_directories(s, why) != 0 || listen_open(s, listeners, why) != 0)
		log_fatal("%s", why);
	m->lock = state_lock(s->state_dir);
	if (listen_control(s, &m->control, why) != 0)
		log_fatal("%s", why);
	restore_check(s);
	root_key_make(s);
	m->loop = loop_new();
	signals_open(m);
	m->roles = roles_new(&(struct roles_options){ .loop = m->loop, .file = file,
	    .config = c, .listeners = listeners, .control = m->control,
	    .on_ready = on_ready, .on_end = on_end, .arg = m });
}

static void
master_close(struct master *m)
{
	const struct settings *s = roles_settings(m->roles);
	static const struct settings none;
	char *control = NULL;

	if (asprintf(&control, "%s/control", s->run_dir) >= 0)
		unlink(control);
	free(control);
	listen_forget(s, &none);
	roles_free(m->roles);
	close(m->control);
	close(m->lock);
	loop_unwatch(m->loop, &m->signals);
	close(m->signals.fd);
	loop_free(m->loop);
}

int
main(int argc, char **argv)
{
	struct options o = { .file = MAILTRI_CONFDIR "/mailtri.conf" };
	struct master m = { .status = EXIT_FAILURE };
	struct config *config;
	int status = options_parse(&o, argc, argv);

	if (status >= 0)
		return status;
	if (o.check)
		return check(&o);
	log_open("mailtrid", o.verbose);
#ifndef MAILTRI_SANITIZED	/* which looks for leaks as a debugger would */
	prctl(PR_SET_DUMPABLE, 0);	/* secrets pass through */
#endif
	config = load(o.file);
	if (config == NULL)
		return EX_CONFIG;
	sandbox_lock(SANDBOX_MASTER, NULL);
	if (!sandbox_has_landlock())
		log_warning("this kernel has no Landlock: a stage that is loaded can read what "
		    "this user can; load none that is not trusted");
	master_open(&m, o.file, config);
	if (m.roles == NULL)
		return EXIT_FAILURE;
	loop_run(m.loop);
	master_close(&m);
	return m.status;
}
