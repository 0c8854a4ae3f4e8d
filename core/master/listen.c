/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets: systemd's or our own; the control socket; directories. */
#include "master/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

enum { SYSTEMD_FIRST_FD = 3, SYSTEMD_FDS_MAX = 64 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
};

static int __attribute__((format(printf, 3, 4)))
refuse(char why[LISTEN_WHY_MAX], int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, LISTEN_WHY_MAX, fmt, ap);
	va_end(ap);
	return error;
}

static socklen_t
path_address(const char *path, union address *a)
{
	size_t len = strnlen(path, sizeof(a->path.sun_path) - 1);

	*a = (union address){ .path = { .sun_family = AF_UNIX } };
	memcpy(a->path.sun_path, path, len);
	return sizeof(a->path);
}

static socklen_t
listener_address(const struct setting_listener *l, union address *a)
{
	if (l->host == NULL)
		return path_address(l->address + strlen("unix:"), a);
	*a = (union address){ .v4 = { .sin_family = AF_INET,
		.sin_port = htons(l->port) } };
	if (inet_pton(AF_INET, l->host, &a->v4.sin_addr) == 1)
		return sizeof(a->v4);
	*a = (union address){ .v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(l->port) } };
	inet_pton(AF_INET6, l->host, &a->v6.sin6_addr);
	return sizeof(a->v6);
}

static bool
address_equal(const union address *a, const union address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_port == b->v4.sin_port &&
		    a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	if (a->any.sa_family == AF_INET6)
		return a->v6.sin6_port == b->v6.sin6_port &&
		    memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr,
		    sizeof(a->v6.sin6_addr)) == 0;
	return strcmp(a->path.sun_path, b->path.sun_path) == 0;
}

/* How many descriptors systemd passed to this very process. */
static int
systemd_count(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int n;

	if (pid == NULL || count == NULL || atol(pid) != (long)getpid())
		return 0;
	n = atoi(count);
	return n < 0 ? 0 : n > SYSTEMD_FDS_MAX ? SYSTEMD_FDS_MAX : n;
}

static int
systemd_find(const union address *wanted)
{
	for (int i = 0; i < systemd_count(); i++) {
		int fd = SYSTEMD_FIRST_FD + i;
		union address has = { .any = { 0 } };
		socklen_t len = sizeof(has);

		if (getsockname(fd, &has.any, &len) == 0 &&
		    address_equal(&has, wanted)) {
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
			return fd;
		}
	}
	return -1;
}

static int
socket_bind(const union address *a, socklen_t len, int type, int *out)
{
	int one = 1, error;
	int fd = socket(a->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno;
	if (a->any.sa_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, &a->any, len) == 0 && listen(fd, SOMAXCONN) == 0) {
		*out = fd;
		return 0;
	}
	error = errno;
	close(fd);
	return error;
}

static const char *
bind_remedy(int error)
{
	return error == EADDRINUSE ? "stop the program that has it (ss -ltnp)" :
	    error == EACCES ? "ports below 1024 need root or "
	    "CAP_NET_BIND_SERVICE" : "give this machine that address";
}

static const char *
path_remedy(int error)
{
	return error == EADDRINUSE ? "stop the program that serves it (ss -lxp)" :
	    error == ENOENT ? "make the directory it is to lie in" :
	    error == EPERM ? "only root gives a socket away: choose a group that "
	    "mailtrid's user is a member of, and no owner" :
	    "let mailtrid's user write to that directory";
}

/* A socket whose owner died may be removed, a living one may not. */
static int
path_free(const union address *a, socklen_t len, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? errno : connect(fd, &a->any, len) == 0 ? EADDRINUSE : 0;

	if (fd >= 0)
		close(fd);
	if (error == 0 && unlink(a->path.sun_path) < 0 && errno != ENOENT)
		error = errno;
	return error;
}

static int
path_bind(const union address *a, socklen_t len, int type, int *fd)
{
	int error = path_free(a, len, type);
	mode_t before;

	if (error != 0)
		return error;
	before = umask(0177);
	error = socket_bind(a, len, type, fd);
	umask(before);
	return error;
}

/* NULL: as it is. */
static int
path_own(const struct setting_listener *l, const char *path)
{
	struct passwd *pw = l->owner == NULL ? NULL : getpwnam(l->owner);
	struct group *gr = l->group == NULL ? NULL : getgrnam(l->group);

	if ((l->owner != NULL && pw == NULL) || (l->group != NULL && gr == NULL))
		return ENOENT;
	if ((pw != NULL || gr != NULL) && chown(path, pw == NULL ? (uid_t)-1 : pw->pw_uid,
	    gr == NULL ? (gid_t)-1 : gr->gr_gid) != 0)
		return errno;
	return l->mode == NULL || chmod(path, (mode_t)strtoul(l->mode, NULL, 8)) == 0 ?
	    0 : errno;
}

static int
path_open(const struct setting_listener *l, const union address *a, socklen_t len,
    int *fd)
{
	int error = path_bind(a, len, SOCK_STREAM, fd);

	if (error != 0)
		return error;
	error = path_own(l, a->path.sun_path);
	if (error == 0)
		return 0;
	close(*fd);
	unlink(a->path.sun_path);
	*fd = -1;
	return error;
}

static int
listener_open(const struct setting_listener *l, int *fd, char why[LISTEN_WHY_MAX])
{
	union address a;
	socklen_t len = listener_address(l, &a);
	int error = 0;

	*fd = systemd_find(&a);
	if (*fd < 0)
		error = l->host == NULL ? path_open(l, &a, len, fd) :
		    socket_bind(&a, len, SOCK_STREAM, fd);
	if (error != 0)
		refuse(why, error, "cannot listen on %s: %s: %s", l->address,
		    strerror(error), l->host == NULL ? path_remedy(error) :
		    bind_remedy(error));
	return error;
}

int
listen_open(const struct settings *s, int *fds, char why[LISTEN_WHY_MAX])
{
	int error = 0;

	for (size_t i = 0; i < s->listener_count && error == 0; i++)
		error = listener_open(&s->listeners[i], &fds[i], why);
	for (int i = 0; i < systemd_count() && error == 0; i++) {
		bool used = false;

		for (size_t j = 0; j < s->listener_count; j++)
			used |= fds[j] == SYSTEMD_FIRST_FD + i;
		if (!used)
			log_warning("systemd passed a socket no listen section asks "
			    "for: its unit and mailtri.conf do not agree");
	}
	return error;
}

static size_t
listener_find(const struct settings *s, const char *address)
{
	size_t i = 0;

	while (i < s->listener_count && strcmp(s->listeners[i].address, address) != 0)
		i++;
	return i;
}

int
listen_again(const struct settings *s, const struct settings *old, const int *old_fds,
    int *fds, char why[LISTEN_WHY_MAX])
{
	int error = 0;
	size_t n = 0;

	for (; n < s->listener_count && error == 0; n++) {
		size_t same = listener_find(old, s->listeners[n].address);

		if (same == old->listener_count) {
			error = listener_open(&s->listeners[n], &fds[n], why);
			continue;
		}
		fds[n] = fcntl(old_fds[same], F_DUPFD_CLOEXEC, 3);
		if (fds[n] < 0)
			error = refuse(why, errno, "%s: %s", s->listeners[n].address,
			    strerror(errno));
	}
	if (error == 0)
		return 0;
	for (n--; n > 0; n--)	/* the last one is not open */
		close(fds[n - 1]);
	listen_forget(s, old);
	return error;
}

void
listen_forget(const struct settings *s, const struct settings *kept)
{
	for (size_t i = 0; i < s->listener_count; i++)
		if (s->listeners[i].host == NULL && listener_find(kept,
		    s->listeners[i].address) == kept->listener_count)
			unlink(s->listeners[i].address + strlen("unix:"));
}

int
listen_control(const struct settings *s, int *fd, char why[LISTEN_WHY_MAX])
{
	char path[PATH_MAX];
	union address a;
	socklen_t len;
	int error;

	if (snprintf(path, sizeof(path), "%s/control", s->run_dir) >=
	    (int)sizeof(a.path.sun_path))
		return refuse(why, ENAMETOOLONG, "%s: too long for a socket: choose "
		    "another run_dir", path);
	len = path_address(path, &a);
	error = path_bind(&a, len, SOCK_SEQPACKET, fd);
	if (error == EADDRINUSE)
		return refuse(why, error, "%s: another mailtrid serves it: stop that "
		    "one, or choose another run_dir", path);
	return error == 0 ? 0 : refuse(why, error, "%s: %s", path, strerror(error));
}

const char *
listen_name(int fd, char out[LISTEN_NAME_MAX])
{
	char host[INET6_ADDRSTRLEN] = "";
	union address a = { .any = { 0 } };
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len) < 0)
		snprintf(out, LISTEN_NAME_MAX, "nowhere");
	else if (a.any.sa_family == AF_UNIX)
		snprintf(out, LISTEN_NAME_MAX, "unix:%.108s", a.path.sun_path);
	else if (a.any.sa_family == AF_INET)
		snprintf(out, LISTEN_NAME_MAX, "%s:%u", inet_ntop(AF_INET,
		    &a.v4.sin_addr, host, sizeof(host)), ntohs(a.v4.sin_port));
	else
		snprintf(out, LISTEN_NAME_MAX, "[%s]:%u", inet_ntop(AF_INET6,
		    &a.v6.sin6_addr, host, sizeof(host)), ntohs(a.v6.sin6_port));
	return out;
}

/* Parents, too; those that are there stay as they are. */
static int
directory_make(const char *path, mode_t mode)
{
	char copy[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(copy))
		return ENAMETOOLONG;
	memcpy(copy, path, len + 1);
	for (char *p = copy + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			if (mkdir(copy, 0755) < 0 && errno != EEXIST)
				return errno;
			*p = '/';
		}
	return mkdir(copy, mode) < 0 && errno != EEXIST ? errno : 0;
}

static int
directory_own(const char *path, const struct settings *s, char why[LISTEN_WHY_MAX])
{
	const struct passwd *pw = s->user == NULL || geteuid() != 0 ? NULL :
	    getpwnam(s->user);

	if (pw != NULL && chown(path, pw->pw_uid, pw->pw_gid) < 0)
		return refuse(why, errno, "%s: cannot be given to %s: %s", path,
		    s->user, strerror(errno));
	return 0;
}

int
listen_directories(const struct settings *s, char why[LISTEN_WHY_MAX])
{
	char keys[PATH_MAX];
	const struct { const char *path; mode_t mode; } list[] = {
		{ s->state_dir, 0700 }, { s->run_dir, 0755 }, { keys, 0700 },
	};

	if (snprintf(keys, sizeof(keys), "%s/keys", s->state_dir) >= (int)sizeof(keys))
		return refuse(why, ENAMETOOLONG, "state_dir is too long");
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		int error = directory_make(list[i].path, list[i].mode);

		if (error != 0)
			return refuse(why, error, "%s: cannot be made: %s",
			    list[i].path, strerror(error));
		error = directory_own(list[i].path, s, why);
		if (error != 0)
			return error;
	}
	return 0;
}
