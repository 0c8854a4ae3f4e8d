/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths that loading needs, and descriptors that it leaves. */
#include "stage/reach.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"

/* Nothing here is private: /etc/ssl and /etc/pki as a whole have private keys. */
static const char *const libraries[] = {
	"/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32",
	"/usr/local/lib", "/usr/local/lib64", MAILTRI_LIBDIR,
	"/etc/ld.so.cache", "/etc/ld.so.preload", "/usr/share", "/usr/local/share",
	"/etc/localtime", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs",
	"/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust", "/etc/crypto-policies",
	"/dev/null", "/dev/urandom", "/proc/sys/crypto", "/proc/sys/vm",
	"/sys/devices/system/cpu"
};

void
reach_libraries(struct sandbox_grant *grant, const char *stage_dir, const char *path)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		sandbox_grant_path(grant, libraries[i], false);
	sandbox_grant_path(grant, stage_dir, false);
	if (path != NULL)
		sandbox_grant_path(grant, path, false);
}

static void
value_grant(struct sandbox_grant *grant, const struct setting_value *v)
{
	for (size_t i = 0; i < v->list_count; i++)
		if (v->list[i][0] == '/')
			sandbox_grant_path(grant, v->list[i], false);
}

void
reach_files(struct sandbox_grant *grant, const struct setting_stage *s)
{
	if ((s->descriptor.needs & MT_NEED_FILES) == 0)
		return;
	for (size_t set = 0; set < s->option_sets; set++)
		for (size_t i = 0; i < s->descriptor.option_count; i++)
			value_grant(grant, &s->options[set].values[i]);
}

static void
option_grant(struct sandbox_grant *grant, const struct setting_stage *s, const char *name)
{
	for (size_t i = 0; i < s->descriptor.option_count; i++)
		for (size_t set = 0; set < s->option_sets; set++)
			if (strcmp(s->descriptor.options[i].name, name) == 0)
				value_grant(grant, &s->options[set].values[i]);
}

void
reach_authorities(struct sandbox_grant *grant, const struct setting_stage *s)
{
	for (size_t i = 0; i < s->descriptor.option_count; i++) {
		char name[64];

		if (s->descriptor.options[i].type != MT_OPT_TARGET)
			continue;
		snprintf(name, sizeof(name), "%s_ca", s->descriptor.options[i].name);
		option_grant(grant, s, name);
	}
}

void
reach_note(struct reach_open *open)
{
	struct stat st;

	open->count = 0;
	for (int fd = 0; fd < REACH_FD_MAX; fd++) {
		if (fstat(fd, &st) != 0)
			continue;
		if (open->count == REACH_OPEN_MAX)
			log_panic("a worker begins with more than %d descriptors", REACH_OPEN_MAX);
		open->list[open->count].fd = fd;
		open->list[open->count].device = st.st_dev;
		open->list[open->count++].inode = st.st_ino;
	}
}

static bool
is_noted(const struct reach_open *open, int fd, const struct stat *st)
{
	for (size_t i = 0; i < open->count; i++)
		if (open->list[i].fd == fd)
			return open->list[i].device == st->st_dev &&
			    open->list[i].inode == st->st_ino;
	return false;
}

int
reach_left(const struct reach_open *open)
{
	struct stat st;

	for (int fd = 0; fd < REACH_FD_MAX; fd++)
		if (fstat(fd, &st) == 0 && !is_noted(open, fd, &st))
			return fd;
	return -1;
}

int
reach_in_use(void)
{
	int fd = fcntl(PROTO_CHANNEL_FD, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return INT_MAX;
	close(fd);
	return fd;
}
