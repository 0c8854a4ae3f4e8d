/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be found in a message's form, by name.  A finding is ambiguous
 * where two readers may see two different mails; the others are sloppy and
 * harmless by themselves.  Names are stable: they reach facts and audit.
 */
#ifndef MAILTRI_MAIL_FINDING_H
#define MAILTRI_MAIL_FINDING_H

#include <stdbool.h>
#include <stdint.h>

enum finding {
	/* caps, VIEW_*_MAX of mail/view.h: no parts are made beyond them */
	FINDING_CAPS_HEADER,
	FINDING_CAPS_FIELD,
	FINDING_CAPS_FIELDS,
	FINDING_CAPS_PARAMETERS,
	FINDING_CAPS_PARAMETER_NAME,
	FINDING_CAPS_BOUNDARY,
	FINDING_CAPS_PARTS,
	FINDING_CAPS_DEPTH,
	FINDING_CAPS_ADDRESSES,
	FINDING_CAPS_TEXT,	/* a type, charset, disposition or file name */
	FINDING_CAPS_LAST = FINDING_CAPS_TEXT,
	/* bytes */
	FINDING_NUL,
	FINDING_BARE_CR,
	FINDING_BARE_LF,
	/* header blocks */
	FINDING_HEADER_FIRST,	/* the first line begins with white space */
	FINDING_HEADER_COLON,	/* a line that is no field */
	FINDING_HEADER_SPACE,	/* white space before the colon */
	FINDING_HEADER_NAME,
	FINDING_HEADER_BLANK,	/* a folded line of white space alone */
	FINDING_HEADER_CONTROL,	/* control characters in a MIME field */
	FINDING_HEADER_LINE,	/* longer than 998 */
	FINDING_HEADER_END,	/* no empty line */
	FINDING_DUPLICATE_TYPE,
	FINDING_DUPLICATE_ENCODING,
	FINDING_DUPLICATE_DISPOSITION,
	FINDING_DUPLICATE_VERSION,
	FINDING_DUPLICATE_SUBJECT,
	FINDING_COMMENT,	/* in a MIME field */
	FINDING_PARAMETER_SYNTAX,
	FINDING_PARAMETER_DUPLICATE,
	FINDING_PARAMETER_BOTH,	/* name= and name*= */
	FINDING_TYPE_SYNTAX,
	FINDING_TYPE_PARTIAL,
	FINDING_TYPE_EXTERNAL,
	FINDING_ENCODING_UNKNOWN,
	FINDING_ENCODING_COMPOSITE,
	FINDING_VERSION_MISSING,
	/* structure */
	FINDING_BOUNDARY_MISSING,
	FINDING_BOUNDARY_SYNTAX,
	FINDING_BOUNDARY_ENCODED,
	FINDING_BOUNDARY_PREFIX,
	FINDING_BOUNDARY_UNUSED,
	FINDING_DELIMITER_TRAILING,
	FINDING_DELIMITER_SPACE,
	FINDING_EPILOGUE_PARTS,
	FINDING_CLOSE_MISSING,
	FINDING_PARTS_NONE,
	FINDING_STRUCTURE_DIFFERS,	/* gmime saw other parts than we did */
	/* content */
	FINDING_BASE64_PADDING,	/* goes on behind its padding */
	FINDING_BASE64_JUNK,
	FINDING_BASE64_LENGTH,
	FINDING_QP_SYNTAX,
	FINDING_CHARSET_UNKNOWN,
	FINDING_CHARSET_INVALID,
	/* gmime's own: "may be interpreted differently by other software" */
	FINDING_GMIME_HEADER_NAME,
	FINDING_GMIME_HEADER_CONFLICT,
	FINDING_GMIME_PARAMETER_CONFLICT,
	FINDING_GMIME_BOUNDARY,
	FINDING_GMIME_NESTING,
	FINDING_GMIME_PART,
	FINDING_COUNT
};
_Static_assert(FINDING_COUNT <= 64, "struct findings is one word, VIEW_FINDINGS_MAX");

struct findings {
	uint64_t set;
};

static inline void
findings_add(struct findings *fs, enum finding f)
{
	fs->set |= UINT64_C(1) << f;
}

static inline bool
findings_has(const struct findings *fs, enum finding f)
{
	return (fs->set >> f & 1) != 0;
}

static inline bool
findings_has_caps(const struct findings *fs)
{
	return (fs->set & ((UINT64_C(2) << FINDING_CAPS_LAST) - 1)) != 0;
}

const char *finding_name(enum finding);	/* "mime.caps.parts" */
bool finding_is_ambiguous(enum finding);

#endif
