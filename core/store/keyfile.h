/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One wrapped key in a file of its own, named by what it is for:
 *
 *	"mtwrap2\n", u32 version, span name, the key wrapped under the roots
 *	(store/root.h).  Everything before the key, and the purpose, are its
 *	place.
 */
#ifndef MAILTRI_STORE_KEYFILE_H
#define MAILTRI_STORE_KEYFILE_H

#include "store/root.h"

enum { KEYFILE_NAME_MAX = 255, KEYFILE_SIZE_MAX = 1024 };

struct keyfile {
	const char *purpose;	/* also the file's name */
	uint32_t version;	/* of what it holds */
	char name[KEYFILE_NAME_MAX + 1];
	uint8_t key[WRAP_KEY_SIZE];
};

/* 0, an errno value; ENOENT; EBADMSG: damage; ENOKEY: of other roots. */
int keyfile_load(struct keyfile *, int dir_fd, struct roots *);
int keyfile_parse(struct keyfile *, struct roots *, struct mt_span text);
/* Replaces the file, durable when it returns 0. */
int keyfile_save(const struct keyfile *, int dir_fd, const struct roots *);
/* The same for any small file of the directory. */
int keyfile_replace(int dir_fd, const char *name, struct mt_span text);

#endif
