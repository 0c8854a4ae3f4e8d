/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines: one event, one line on standard error, "role: sentence key=value".
 * Under systemd the line begins with its syslog priority (sd-daemon(3)).
 * Text from outside goes in only through log_quote(); content and secrets
 * never.  Five words, each with one meaning: panic = a bug, the process
 * dies; fatal = the operator must act now; error; warning; info.
 */
#ifndef MAILTRI_BASE_LOG_H
#define MAILTRI_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

void log_open(const char *role, bool verbose);	/* copies nothing: role is static */
void log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_at(enum log_level, const char *, ...) __attribute__((format(printf, 2, 3)));
void log_fatal(const char *, ...) __attribute__((format(printf, 1, 2), noreturn));	/* exits 1 */
void log_panic(const char *, ...) __attribute__((format(printf, 1, 2), noreturn));	/* aborts */

/* Printable form of bytes from outside, at most `size' with its NUL: bytes
 * outside 0x21..0x7e, '"' and '\' become \xNN; cut ends with "...". */
const char *log_quote(char *out, size_t size, struct mt_span);

#endif
