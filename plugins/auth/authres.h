/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What somebody else wrote in an Authentication-Results field (RFC 8601), or
 * in an ARC-Authentication-Results field behind its instance.  Whoever
 * believes it must know who sealed it.
 */
#ifndef MAILTRI_AUTH_AUTHRES_H
#define MAILTRI_AUTH_AUTHRES_H

#include "text.h"

enum {
	AUTHRES_RESULTS_MAX = 32,
	AUTHRES_PROPERTIES_MAX = 16,	/* of one result */
	AUTHRES_COMMENT_DEPTH_MAX = 8
};

struct authres_property {	/* "smtp.mailfrom=value" */
	struct mt_span type, name;
	struct mt_span value;	/* without its quotes, unless more follows them;
				 * quoted pairs stay */
};

struct authres_result {	/* "spf=pass" and what belongs to it */
	struct mt_span method, result;
	struct authres_property property[AUTHRES_PROPERTIES_MAX];
	size_t count;
};

struct authres {
	struct mt_span id;	/* authserv-id, without its quotes */
	struct authres_result result[AUTHRES_RESULTS_MAX];
	size_t count;
};

/*
 * NULL, or what is wrong in half a sentence.  Read beyond the grammar of
 * RFC 8601, as others write it: values that should be quoted and hold nothing
 * that ends one, an empty value or a ';' at the very end, and "name=value"
 * between the properties, which is passed over as a reason is.
 */
const char *authres_parse(struct mt_span, struct authres *);
/* The only result of this method; NULL: none, or several. */
const struct authres_result *authres_only(const struct authres *, const char *method);
/* The only value of "type.name"; NULL: none, or several. */
const struct mt_span *authres_value(const struct authres_result *, const char *type,
    const char *name);

#endif
