/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets and directories only the master may make. */
#ifndef MAILTRI_MASTER_LISTEN_H
#define MAILTRI_MASTER_LISTEN_H

#include "conf/settings.h"

enum { LISTEN_WHY_MAX = 512, LISTEN_NAME_MAX = 128 };

/* A descriptor for each listener, in their order: one that systemd passed
 * with the same address (sd_listen_fds(3)), else bound here.  0, or an errno
 * value and why. */
int listen_open(const struct settings *, int *fds, char why[LISTEN_WHY_MAX]);

/* The same for a configuration that takes the place of `old': a listener both
 * have keeps its socket, *fds being another descriptor of it. */
int listen_again(const struct settings *, const struct settings *old, const int *old_fds,
    int *fds, char why[LISTEN_WHY_MAX]);
/* Removes the files of unix listeners that `kept' does not have. */
void listen_forget(const struct settings *, const struct settings *kept);

/* run_dir/control, SOCK_SEQPACKET, mode 0600.  EADDRINUSE: a mailtrid lives. */
int listen_control(const struct settings *, int *fd, char why[LISTEN_WHY_MAX]);

/* Where a listener really is: its port may have been 0. */
const char *listen_name(int fd, char out[LISTEN_NAME_MAX]);

/* state_dir (0700) and run_dir (0755), made and given to `user'. */
int listen_directories(const struct settings *, char why[LISTEN_WHY_MAX]);

#endif
