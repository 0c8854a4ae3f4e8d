/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GraphQL documents this stage sends, all of them: constants, so that
 * nothing a mail says is ever part of one.  What varies goes in variables.
 * tests/contract validates each against Linear's schema.
 */
#ifndef LINEAR_QUERY_H
#define LINEAR_QUERY_H

#include <jansson.h>

struct query { const char *name, *document; };

/* Two names for one question: answers are kept by request, and after a
 * create that failed the old answer is the wrong one. */
extern const struct query query_issue_before, query_issue_after;
extern const struct query query_comment_before, query_comment_after;
extern const struct query query_attached_before, query_attached_after;
extern const struct query query_lookup, query_create, query_update, query_archive;
extern const struct query query_comment, query_file, query_attach;
extern const struct query query_probe, query_probe_write;
extern const struct query *const query_all[];	/* ends with NULL */

/* The request body; steals `variables'.  NULL: out of memory, or a variable
 * that could not be made.  free() it. */
char *query_body(const struct query *, json_t *variables);

#endif
