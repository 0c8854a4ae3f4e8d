/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of findings and their grade. */
#include "mail/finding.h"

#include <stddef.h>

static const struct {
	const char *name;
	bool ambiguous;
} findings[FINDING_COUNT] = {
	[FINDING_CAPS_HEADER] = { "mime.caps.header", true },
	[FINDING_CAPS_FIELD] = { "mime.caps.field", true },
	[FINDING_CAPS_FIELDS] = { "mime.caps.fields", true },
	[FINDING_CAPS_PARAMETERS] = { "mime.caps.parameters", true },
	[FINDING_CAPS_PARAMETER_NAME] = { "mime.caps.parameter-name", true },
	[FINDING_CAPS_BOUNDARY] = { "mime.caps.boundary", true },
	[FINDING_CAPS_PARTS] = { "mime.caps.parts", true },
	[FINDING_CAPS_DEPTH] = { "mime.caps.depth", true },
	[FINDING_CAPS_ADDRESSES] = { "mime.caps.addresses", true },
	[FINDING_CAPS_TEXT] = { "mime.caps.text", true },
	[FINDING_NUL] = { "mime.bytes.nul", true },
	[FINDING_BARE_CR] = { "mime.bytes.cr", true },
	[FINDING_BARE_LF] = { "mime.bytes.lf", true },
	[FINDING_HEADER_FIRST] = { "mime.header.first", true },
	[FINDING_HEADER_COLON] = { "mime.header.colon", true },
	[FINDING_HEADER_SPACE] = { "mime.header.space", true },
	[FINDING_HEADER_NAME] = { "mime.header.name", true },
	[FINDING_HEADER_BLANK] = { "mime.header.blank", true },
	[FINDING_HEADER_CONTROL] = { "mime.header.control", true },
	[FINDING_HEADER_LINE] = { "mime.header.line", false },
	[FINDING_HEADER_END] = { "mime.header.end", false },
	[FINDING_DUPLICATE_TYPE] = { "mime.duplicate.content-type", true },
	[FINDING_DUPLICATE_ENCODING] = { "mime.duplicate.content-transfer-encoding", true },
	[FINDING_DUPLICATE_DISPOSITION] = { "mime.duplicate.content-disposition", true },
	[FINDING_DUPLICATE_VERSION] = { "mime.duplicate.mime-version", false },
	[FINDING_DUPLICATE_SUBJECT] = { "mime.duplicate.subject", true },
	[FINDING_COMMENT] = { "mime.comment", true },
	[FINDING_PARAMETER_SYNTAX] = { "mime.parameter.syntax", false },
	[FINDING_PARAMETER_DUPLICATE] = { "mime.parameter.duplicate", true },
	[FINDING_PARAMETER_BOTH] = { "mime.parameter.both", false },
	[FINDING_TYPE_SYNTAX] = { "mime.type.syntax", true },
	[FINDING_TYPE_PARTIAL] = { "mime.type.partial", true },
	[FINDING_TYPE_EXTERNAL] = { "mime.type.external", true },
	[FINDING_ENCODING_UNKNOWN] = { "mime.encoding.unknown", true },
	[FINDING_ENCODING_COMPOSITE] = { "mime.encoding.composite", true },
	[FINDING_VERSION_MISSING] = { "mime.version.missing", false },
	[FINDING_BOUNDARY_MISSING] = { "mime.boundary.missing", true },
	[FINDING_BOUNDARY_SYNTAX] = { "mime.boundary.syntax", true },
	[FINDING_BOUNDARY_ENCODED] = { "mime.boundary.encoded", true },
	[FINDING_BOUNDARY_PREFIX] = { "mime.boundary.prefix", true },
	[FINDING_BOUNDARY_UNUSED] = { "mime.boundary.unused", false },
	[FINDING_DELIMITER_TRAILING] = { "mime.delimiter.trailing", true },
	[FINDING_DELIMITER_SPACE] = { "mime.delimiter.space", true },
	[FINDING_EPILOGUE_PARTS] = { "mime.epilogue.parts", true },
	[FINDING_CLOSE_MISSING] = { "mime.close.missing", false },
	[FINDING_PARTS_NONE] = { "mime.parts.none", true },
	[FINDING_STRUCTURE_DIFFERS] = { "mime.structure.differs", true },
	[FINDING_BASE64_PADDING] = { "mime.base64.padding", true },
	[FINDING_BASE64_JUNK] = { "mime.base64.junk", false },
	[FINDING_BASE64_LENGTH] = { "mime.base64.length", false },
	[FINDING_QP_SYNTAX] = { "mime.qp.syntax", false },
	[FINDING_CHARSET_UNKNOWN] = { "mime.charset.unknown", false },
	[FINDING_CHARSET_INVALID] = { "mime.charset.invalid", false },
	[FINDING_GMIME_HEADER_NAME] = { "mime.gmime.header-name", true },
	/* From and its like are among them: those are for auth to refuse, and
	 * the MIME fields have their FINDING_DUPLICATE_*. */
	[FINDING_GMIME_HEADER_CONFLICT] = { "mime.gmime.header-conflict", false },
	[FINDING_GMIME_PARAMETER_CONFLICT] = { "mime.gmime.parameter-conflict", true },
	[FINDING_GMIME_BOUNDARY] = { "mime.gmime.boundary", true },
	[FINDING_GMIME_NESTING] = { "mime.gmime.nesting", true },
	[FINDING_GMIME_PART] = { "mime.gmime.part", true },
};

const char *
finding_name(enum finding f)
{
	return findings[f].name;
}

bool
finding_is_ambiguous(enum finding f)
{
	return findings[f].ambiguous;
}
