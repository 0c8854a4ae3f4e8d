/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines to standard error. */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

static const char *log_role = "mailtri";
static bool log_verbose;
static bool log_journal;

static const struct {
	const char *word, *priority;
} levels[] = {
	[LOG_LEVEL_DEBUG] = { "debug: ", "<7>" },
	[LOG_LEVEL_INFO] = { "", "<6>" },
	[LOG_LEVEL_WARNING] = { "warning: ", "<4>" },
	[LOG_LEVEL_ERROR] = { "error: ", "<3>" },
};

void
log_open(const char *role, bool verbose)
{
	log_role = role;
	log_verbose = verbose;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

/* One write per line, so that lines of several processes never mix. */
static void
log_line(enum log_level level, const char *word, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int n, m;

	n = snprintf(line, sizeof(line), "%s%s: %s",
	    log_journal ? levels[level].priority : "", log_role, word);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	if (m < 0)
		m = 0;
	n += m;
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;		/* nowhere left to complain */
}

#define LOG_FUNCTION(name, level)					\
	void								\
	name(const char *fmt, ...)					\
	{								\
		va_list ap;						\
									\
		if ((level) == LOG_LEVEL_DEBUG && !log_verbose)		\
			return;						\
		va_start(ap, fmt);					\
		log_line((level), levels[level].word, fmt, ap);		\
		va_end(ap);						\
	}

LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)

void
log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level == LOG_LEVEL_DEBUG && !log_verbose)
		return;
	va_start(ap, fmt);
	log_line(level, levels[level].word, fmt, ap);
	va_end(ap);
}

void
log_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, "fatal: ", fmt, ap);
	va_end(ap);
	exit(1);
}

void
log_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LEVEL_ERROR, "panic: ", fmt, ap);
	va_end(ap);
	abort();
}

const char *
log_quote(char *out, size_t size, struct mt_span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		bool plain = c > 0x20 && c < 0x7f && c != '"' && c != '\\';

		if (n + (plain ? 1 : 4) + 4 > size) {
			if (n + 4 <= size)
				n += (size_t)snprintf(out + n, size - n, "...");
			break;
		}
		if (plain)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
	}
	out[n < size ? n : size - 1] = '\0';
	return out;
}
