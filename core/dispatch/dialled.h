/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcurl over sockets that somebody else connected.  libcurl 7.88 ignores
 * CURL_SOCKOPT_ALREADY_CONNECTED and calls connect() whatever it is told, so
 * the program that links this file has a connect() of its own: it says 0 for
 * a socket that has a peer already and else does what connect(2) does.
 */
#ifndef MAILTRI_DISPATCH_DIALLED_H
#define MAILTRI_DISPATCH_DIALLED_H

#include <curl/curl.h>

/* Makes the handle use the socket in *fd, once: *fd is -1 from when libcurl
 * owns it.  No name is ever looked up. */
int dialled_use(CURL *, int *fd);

#endif
