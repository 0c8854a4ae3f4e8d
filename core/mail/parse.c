/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gmime, used for its tree and its parameters only.  Never called: boundary
 * getters and anything that writes headers (they can loop for ever in
 * 3.2.13), and the message parser at the top (it parses addresses, and leaks).
 */
#include "mail/parse.h"

#include <errno.h>
#include <gmime/gmime.h>

#include "base/utf8.h"
#include "mail/decode.h"
#include "mail/structure.h"

enum { PART_TEXT_MAX = 1024 };	/* bytes of a type, charset, disposition, file name */

struct parse {
	struct mt_span raw;
	struct view_builder *builder;
	struct findings findings;
	struct buf decoded, text;	/* of the part in hand */
	uint32_t parts;
	int error;
};

void
parse_init(void)
{
	g_mime_init();
}

static const struct {
	GMimeParserWarning code;
	enum finding finding;
} warnings[] = {
	{ GMIME_CRIT_INVALID_HEADER_NAME, FINDING_GMIME_HEADER_NAME },
	{ GMIME_CRIT_CONFLICTING_HEADER, FINDING_GMIME_HEADER_CONFLICT },
	{ GMIME_CRIT_CONFLICTING_PARAMETER, FINDING_GMIME_PARAMETER_CONFLICT },
	{ GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY, FINDING_GMIME_BOUNDARY },
	{ GMIME_CRIT_NESTING_OVERFLOW, FINDING_GMIME_NESTING },
	{ GMIME_CRIT_PART_WITHOUT_HEADERS_OR_CONTENT, FINDING_GMIME_PART },
};

static void
warned(gint64 offset, GMimeParserWarning code, const gchar *item, gpointer arg)
{
	struct parse *p = arg;

	(void)offset;
	(void)item;
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (warnings[i].code == code)
			findings_add(&p->findings, warnings[i].finding);
}

/* Text for a part's row: in the cap, lower case where asked, UTF-8. */
static char *
text_take(struct parse *p, const char *text, bool lower)
{
	if (text == NULL)
		return g_strdup("");
	if (strlen(text) > PART_TEXT_MAX) {
		findings_add(&p->findings, FINDING_CAPS_TEXT);
		return g_strdup("");
	}
	return lower ? g_ascii_strdown(text, -1) : g_utf8_make_valid(text, -1);
}

/* Where the part's content stands in the raw bytes. */
static int
content_find(struct parse *p, GMimePart *part, struct mt_span *content)
{
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *stream = wrapper == NULL ? NULL : g_mime_data_wrapper_get_stream(wrapper);
	gint64 start, end;

	*content = SPAN("");
	if (stream == NULL)
		return 0;	/* no body at all */
	start = stream->bound_start;
	end = stream->bound_end < 0 ? (gint64)p->raw.len : stream->bound_end;
	if (!GMIME_IS_STREAM_MEM(stream) || start < 0 || start > end ||
	    end > (gint64)p->raw.len)
		return EPROTO;
	*content = span_make(p->raw.ptr + start, (size_t)(end - start));
	return 0;
}

static struct mt_span
content_decode(struct parse *p, GMimePart *part, struct mt_span content)
{
	GMimeContentEncoding encoding = g_mime_part_get_content_encoding(part);

	buf_reset(&p->decoded);
	if (encoding == GMIME_CONTENT_ENCODING_BASE64)
		decode_base64(content, &p->decoded, &p->findings);
	else if (encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
		decode_qp(content, &p->decoded, &p->findings);
	else
		return content;
	return buf_span(&p->decoded);
}

/* Text as it stands where it is UTF-8 already: no copy. */
static struct mt_span
text_decode(struct parse *p, struct mt_span bytes, const char *charset)
{
	bool plain = charset[0] == '\0' || strcmp(charset, "us-ascii") == 0 ||
	    strcmp(charset, "utf-8") == 0;

	if (plain && utf8_is_valid(bytes))
		return bytes;
	buf_reset(&p->text);
	if (decode_charset(bytes, charset, &p->text, &p->findings) != 0) {
		findings_add(&p->findings, FINDING_CHARSET_UNKNOWN);
		return bytes;
	}
	return buf_span(&p->text);
}

static void
leaf_add(struct parse *p, GMimePart *leaf, uint32_t depth)
{
	GMimeObject *object = GMIME_OBJECT(leaf);
	GMimeContentType *ct = g_mime_object_get_content_type(object);
	GMimeContentDisposition *cd = g_mime_object_get_content_disposition(object);
	char *mime = g_mime_content_type_get_mime_type(ct);
	char *type = text_take(p, mime, true);
	char *charset = text_take(p, g_mime_content_type_get_parameter(ct, "charset"), true);
	char *disposition = text_take(p, cd == NULL ? NULL :
	    g_mime_content_disposition_get_disposition(cd), true);
	char *filename = text_take(p, g_mime_part_get_filename(leaf), false);
	struct mt_part part = { .size = sizeof(part), .depth = depth,
		.type = span_of(type), .charset = span_of(charset),
		.disposition = span_of(disposition), .filename = span_of(filename) };
	struct mt_span content;

	if ((p->error = content_find(p, leaf, &content)) == 0) {
		part.bytes = content_decode(p, leaf, content);
		if (strncmp(type, "text/", 5) == 0)
			part.bytes = text_decode(p, part.bytes, charset);
		view_builder_part(p->builder, &part);
		p->parts++;
	}
	g_free(mime);
	g_free(type);
	g_free(charset);
	g_free(disposition);
	g_free(filename);
}

/* Recursion is bounded: the scan before let no more than VIEW_DEPTH_MAX pass,
 * and where gmime still sees more, that is the end. */
static void
object_add(struct parse *p, GMimeObject *object, uint32_t depth, bool embedded)
{
	if (object == NULL || p->error != 0)
		return;
	if (depth > VIEW_DEPTH_MAX || p->parts >= VIEW_PARTS_MAX) {
		findings_add(&p->findings, FINDING_STRUCTURE_DIFFERS);
	} else if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);
		int count = g_mime_multipart_get_count(multipart);

		for (int i = 0; i < count; i++)
			object_add(p, g_mime_multipart_get_part(multipart, i),
			    depth + 1, embedded);
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

		view_builder_embedded(p->builder, 1);
		object_add(p, message == NULL ? NULL : g_mime_message_get_mime_part(message),
		    depth + 1, true);
		view_builder_embedded(p->builder, embedded);
	} else if (GMIME_IS_PART(object))
		leaf_add(p, GMIME_PART(object), depth);
}

static void
parts_add(struct parse *p)
{
	GByteArray *bytes = g_byte_array_new_take((guint8 *)(uintptr_t)p->raw.ptr, p->raw.len);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
	GMimeParserOptions *options = g_mime_parser_options_new();
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeObject *object;

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_parser_options_set_warning_callback(options, warned, p);
	object = g_mime_parser_construct_part(parser, options);
	object_add(p, object, 0, false);
	if (object != NULL)
		g_object_unref(object);
	g_object_unref(parser);
	g_object_unref(stream);
	g_mime_parser_options_free(options);
	g_byte_array_free(bytes, FALSE);	/* the bytes were never its own */
}

static void
subject_add(struct parse *p, struct mt_span value)
{
	buf_reset(&p->text);
	decode_words(value, &p->text);
	view_builder_subject(p->builder, buf_span(&p->text));
}

static void
findings_write(struct parse *p)
{
	for (int f = 0; f < FINDING_COUNT; f++)
		if (findings_has(&p->findings, (enum finding)f))
			view_builder_finding(p->builder, finding_name((enum finding)f),
			    finding_is_ambiguous((enum finding)f));
}

int
parse_message(struct mt_span raw, struct buf *out)
{
	struct parse p = { .raw = raw.len == 0 ? SPAN("") : raw };
	struct structure structure;

	buf_reset(out);
	if (raw.len > VIEW_RAW_MAX)
		return EMSGSIZE;
	p.builder = view_builder_new(p.raw);
	structure_scan(p.raw, p.builder, &p.findings, &structure);
	if (!findings_has_caps(&p.findings)) {
		parts_add(&p);
		if (p.parts != structure.parts)
			findings_add(&p.findings, FINDING_STRUCTURE_DIFFERS);
	}
	if (structure.subject.length > 0)
		subject_add(&p, structure.subject.value);
	findings_write(&p);
	view_builder_finish(p.builder, out);
	buf_free(&p.decoded);
	buf_free(&p.text);
	return p.error;
}
