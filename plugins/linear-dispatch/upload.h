/* SPDX-License-Identifier: BSD-2-Clause */
/* Attachments on their way to Linear: uploaded, then linked to the issue. */
#ifndef LINEAR_UPLOAD_H
#define LINEAR_UPLOAD_H

#include "file.h"
#include "run.h"

enum { UPLOAD_FIELDS_MAX = 16, UPLOAD_FIELD_MAX = 1024, UPLOAD_URL_MAX = 2048,
	UPLOAD_TIMEOUT_MS = 120000 };

/*
 * After the issue is made and the outcome is set.  0, MT_WAIT or -1.  What can
 * be tried again makes the outcome MT_RETRY: the next attempt finds the issue
 * and what is attached to it.  What cannot is told in the outcome's text.
 */
int upload_run(struct run *, const struct files *, const char *issue);

/* The path of a URL if it is of `target' ("https://host[:port]"), or NULL. */
const char *upload_path(const char *url, const char *target);
/* May Linear's answer set this field of the request? */
int upload_is_field(const char *name, const char *value);

#endif
