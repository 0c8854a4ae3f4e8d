/* SPDX-License-Identifier: BSD-2-Clause */
/* What each element of a mail's HTML means in Markdown. */
#include "../common/utf8.h"
#include "html.h"

#include <libxml/HTMLparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "quote.h"
#include "writer.h"

enum { RANGES_MAX = 64, STYLE_MAX = 1024 };

struct html;
struct frame;
struct element {
	const char *name;
	void (*start)(struct html *, struct frame *, const char **attributes);
	void (*end)(struct html *, struct frame *);
	const char *mark;	/* of emphasis and headings */
	enum writer_break around;
};

struct frame {
	const char *name;
	const struct element *element;	/* NULL: what is in it counts alone */
	struct writer_level level;
	int marked;
	unsigned ordinal;	/* items of a list, cells of a row */
	size_t range;		/* + 1; 0: none */
};

/* Of the output: a signature or a quote. */
struct range { size_t start, end; };

struct html {
	htmlParserCtxtPtr parser;
	struct writer writer;
	struct text *out;
	struct frame frames[HTML_DEPTH_MAX];
	size_t depth, nodes;
	size_t skip;		/* depth of what is left out; 0: nothing is */
	int stopped;
	struct range ranges[RANGES_MAX];
	size_t range_count;
	char urls[WRITER_MARKS_MAX][HTML_URL_MAX + 1];
};

/* ---- attributes ---- */

static const char *
attribute(const char **list, const char *name)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i += 2)
		if (strcasecmp(list[i], name) == 0)
			return list[i + 1] == NULL ? "" : list[i + 1];
	return NULL;
}

/* A word of a class attribute. */
static int
has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; p != NULL && (p = strcasestr(p, word)) != NULL; p += len)
		if ((p == words || p[-1] == ' ') && (p[len] == '\0' || p[len] == ' '))
			return 1;
	return 0;
}

static int
is_hidden(const char **attributes)
{
	static const char *const ways[] = { "display:none", "visibility:hidden", "mso-hide:all" };
	const char *style = attribute(attributes, "style");
	char plain[STYLE_MAX + 1];
	size_t n = 0;

	if (attribute(attributes, "hidden") != NULL)
		return 1;
	for (; style != NULL && *style != '\0' && n < STYLE_MAX; style++)
		if (strchr(" \t\r\n", *style) == NULL)
			plain[n++] = *style;
	plain[n] = '\0';
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcasestr(plain, ways[i]) != NULL)
			return 1;
	return 0;
}

/* What clients call the signature and the mail they answer. */
static int
is_tail(const char *name, const char **attributes)
{
	static const char *const classes[] = { "gmail_quote", "gmail_attr", "gmail_signature",
		"yahoo_quoted", "moz-cite-prefix", "moz-signature", "OutlookMessageHeader",
		"protonmail_quote", "tutanota_quote" };
	static const char *const ids[] = { "divRplyFwdMsg", "OLK_SRC_BODY_SECTION",
		"mail-editor-reference-message-container" };
	const char *class = attribute(attributes, "class"), *id = attribute(attributes, "id");
	const char *type = attribute(attributes, "type");

	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (has_word(class, classes[i]))
			return 1;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (id != NULL && strcasecmp(id, ids[i]) == 0)
			return 1;
	return strcasecmp(name, "blockquote") == 0 && type != NULL &&
	    strcasecmp(type, "cite") == 0;
}

static int
is_open_tail(const char **attributes)
{
	const char *id = attribute(attributes, "id");

	return id != NULL && strcasecmp(id, "divRplyFwdMsg") == 0;
}

/* "https://..." so that it cannot end its link: 0 where it is none. */
static int
url_copy(const char *href, char out[HTML_URL_MAX + 1])
{
	static const char *const schemes[] = { "http://", "https://", "mailto:" };
	static const char plain[] = "-._~:/?#@$&'*+,;=%";
	size_t n = 0, known = 0;

	while (*href != '\0' && (unsigned char)*href <= ' ')
		href++;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		known += strncasecmp(href, schemes[i], strlen(schemes[i])) == 0;
	for (; known > 0 && *href != '\0'; href++) {
		unsigned char c = (unsigned char)*href;
		int as_is = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || strchr(plain, c) != NULL;

		if (c < ' ')
			continue;
		if (n + (as_is ? 1 : 3) > HTML_URL_MAX)
			return 0;
		n += (size_t)snprintf(out + n, HTML_URL_MAX + 1 - n,
		    as_is ? "%c" : "%%%02X", c);
	}
	out[n] = '\0';
	return n > 0;
}

/* ---- elements ---- */

static void
words_add(struct html *h, const char *p, size_t len)
{
	struct mt_span s = { p, len };
	uint32_t c;

	for (size_t at = 0; at < len;) {
		at += utf8_next(s, at, &c);
		if (h->writer.pre)
			writer_character(&h->writer, c);
		else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0)
			writer_space(&h->writer);
		else
			writer_character(&h->writer, c);
	}
}

static void
block_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)attributes;
	writer_break(&h->writer, f->element->around);
}

static void
block_end(struct html *h, struct frame *f)
{
	writer_break(&h->writer, f->element->around);
}

static void
heading_start(struct html *h, struct frame *f, const char **attributes)
{
	block_start(h, f, attributes);
	f->level = writer_enter(&h->writer, f->element->mark, "");
}

static void
quote_start(struct html *h, struct frame *f, const char **attributes)
{
	block_start(h, f, attributes);
	f->level = writer_enter(&h->writer, "> ", "> ");
}

static void
level_end(struct html *h, struct frame *f)
{
	writer_leave(&h->writer, f->level);
	block_end(h, f);
}

static struct frame *
frame_above(struct html *h, const struct frame *f,
    void (*start)(struct html *, struct frame *, const char **))
{
	for (size_t i = (size_t)(f - h->frames); i-- > 0;)
		if (h->frames[i].element != NULL && h->frames[i].element->start == start)
			return &h->frames[i];
	return NULL;
}

static void
list_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)attributes;
	writer_break(&h->writer, frame_above(h, f, list_start) != NULL ? BREAK_ITEM : BREAK_BLOCK);
}

static void
list_end(struct html *h, struct frame *f)
{
	writer_break(&h->writer, frame_above(h, f, list_start) != NULL ? BREAK_ITEM : BREAK_BLOCK);
}

static void
item_start(struct html *h, struct frame *f, const char **attributes)
{
	struct frame *list = frame_above(h, f, list_start);
	char lead[16] = "- ", prefix[16];

	(void)attributes;
	writer_break(&h->writer, BREAK_ITEM);
	if (list != NULL && list->element->mark[0] == '1')
		snprintf(lead, sizeof(lead), "%u. ", ++list->ordinal);
	snprintf(prefix, sizeof(prefix), "%*s", (int)strlen(lead), "");
	f->level = writer_enter(&h->writer, lead, prefix);
}

static void
row_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)f;
	(void)attributes;
	writer_break(&h->writer, BREAK_LINE);
}

static void
cell_start(struct html *h, struct frame *f, const char **attributes)
{
	struct frame *row = frame_above(h, f, row_start);

	(void)attributes;
	if (row != NULL && row->ordinal++ > 0)
		writer_cell(&h->writer);
}

static void
mark_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)attributes;
	f->marked = writer_mark(&h->writer, f->element->mark, NULL);
}

static void
mark_end(struct html *h, struct frame *f)
{
	if (f->marked)
		writer_mark_end(&h->writer);
}

static void
link_start(struct html *h, struct frame *f, const char **attributes)
{
	const char *href = attribute(attributes, "href");
	size_t n = h->writer.mark_count;

	if (href != NULL && n < WRITER_MARKS_MAX && url_copy(href, h->urls[n]))
		f->marked = writer_mark(&h->writer, "[", h->urls[n]);
}

static void
pre_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)f;
	(void)attributes;
	if (!h->writer.pre)
		writer_pre(&h->writer);
}

static void
pre_end(struct html *h, struct frame *f)
{
	if (frame_above(h, f, pre_start) == NULL)
		writer_pre_end(&h->writer);
}

static void
rule_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)f;
	(void)attributes;
	writer_rule(&h->writer);
}

static void
line_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)f;
	(void)attributes;
	if (h->writer.pre)
		writer_character(&h->writer, '\n');
	else
		writer_break(&h->writer, h->writer.due == BREAK_LINE ? BREAK_BLOCK : BREAK_LINE);
}

/* Its words; never the image. */
static void
image_start(struct html *h, struct frame *f, const char **attributes)
{
	const char *alt = attribute(attributes, "alt");

	(void)f;
	if (alt != NULL)
		words_add(h, alt, strlen(alt));
}

static void
skip_start(struct html *h, struct frame *f, const char **attributes)
{
	(void)f;
	(void)attributes;
	h->skip = h->depth;
}

#define BLOCK(name) { name, block_start, block_end, NULL, BREAK_BLOCK }
#define LINE(name) { name, block_start, block_end, NULL, BREAK_LINE }
#define HEADING(name, mark) { name, heading_start, level_end, mark, BREAK_BLOCK }
#define MARK(name, mark) { name, mark_start, mark_end, mark, BREAK_NONE }
#define SKIP(name) { name, skip_start, NULL, NULL, BREAK_NONE }

static const struct element elements[] = {
	{ "a", link_start, mark_end, NULL, BREAK_NONE }, LINE("address"), SKIP("applet"),
	BLOCK("article"), BLOCK("aside"), SKIP("audio"), MARK("b", "**"),
	{ "blockquote", quote_start, level_end, NULL, BREAK_BLOCK },
	{ "br", line_start, NULL, NULL, BREAK_NONE }, SKIP("canvas"), LINE("caption"),
	LINE("center"), MARK("code", "`"), LINE("dd"), MARK("del", "~~"),
	{ "dir", list_start, list_end, "-", BREAK_BLOCK }, LINE("div"), BLOCK("dl"), LINE("dt"),
	MARK("em", "*"), BLOCK("fieldset"), BLOCK("figure"), BLOCK("footer"), BLOCK("form"),
	HEADING("h1", "# "), HEADING("h2", "## "), HEADING("h3", "### "), HEADING("h4", "#### "),
	HEADING("h5", "##### "), HEADING("h6", "###### "), SKIP("head"), BLOCK("header"),
	{ "hr", rule_start, NULL, NULL, BREAK_NONE }, MARK("i", "*"), SKIP("iframe"),
	{ "img", image_start, NULL, NULL, BREAK_NONE }, MARK("kbd", "`"),
	{ "li", item_start, level_end, NULL, BREAK_ITEM }, BLOCK("main"), SKIP("math"),
	{ "menu", list_start, list_end, "-", BREAK_BLOCK }, BLOCK("nav"), SKIP("noscript"),
	SKIP("object"), { "ol", list_start, list_end, "1", BREAK_BLOCK }, BLOCK("p"),
	{ "pre", pre_start, pre_end, NULL, BREAK_NONE }, MARK("s", "~~"), MARK("samp", "`"),
	SKIP("script"), BLOCK("section"), SKIP("select"), MARK("strike", "~~"),
	MARK("strong", "**"), SKIP("style"), SKIP("svg"), BLOCK("table"),
	{ "td", cell_start, NULL, NULL, BREAK_NONE }, SKIP("template"), SKIP("textarea"),
	{ "th", cell_start, NULL, NULL, BREAK_NONE }, SKIP("title"),
	{ "tr", row_start, NULL, NULL, BREAK_NONE }, MARK("tt", "`"),
	{ "ul", list_start, list_end, "-", BREAK_BLOCK }, SKIP("video"), BLOCK("xmp"),
};

static int
element_compare(const void *name, const void *element)
{
	return strcasecmp(name, ((const struct element *)element)->name);
}

static const struct element *
element_find(const char *name)
{
	return bsearch(name, elements, sizeof(elements) / sizeof(*elements), sizeof(*elements),
	    element_compare);
}

/* ---- what the parser says ---- */

static int
is_over(struct html *h)
{
	if (h->stopped)
		return 1;
	if (++h->nodes <= HTML_NODES_MAX && h->depth < HTML_DEPTH_MAX)
		return 0;
	h->stopped = 1;
	xmlStopParser(h->parser);
	return 1;
}

static void
range_start(struct html *h, struct frame *f, const char **attributes)
{
	struct range *r = &h->ranges[h->range_count];

	if (h->writer.pre || h->range_count == RANGES_MAX || !is_tail(f->name, attributes))
		return;
	writer_break(&h->writer, BREAK_ITEM);
	*r = (struct range){ .start = h->out->len, .end = SIZE_MAX };
	f->range = is_open_tail(attributes) ? 0 : h->range_count + 1;
	h->range_count++;
}

static void
on_start(void *arg, const xmlChar *name, const xmlChar **list)
{
	struct html *h = arg;
	const char **attributes = (const char **)list;
	struct frame *f;

	if (is_over(h))
		return;
	f = &h->frames[h->depth++];
	*f = (struct frame){ .name = (const char *)name };
	if (h->skip > 0)
		return;
	if (is_hidden(attributes)) {
		h->skip = h->depth;
		return;
	}
	range_start(h, f, attributes);
	f->element = element_find(f->name);
	if (f->element != NULL)
		f->element->start(h, f, attributes);
}

static void
frame_end(struct html *h)
{
	struct frame *f = &h->frames[h->depth - 1];

	if (f->element != NULL && f->element->end != NULL)
		f->element->end(h, f);
	if (f->range > 0)
		h->ranges[f->range - 1].end = h->out->len;
	if (h->skip == h->depth)
		h->skip = 0;
	h->depth--;
}

static void
on_end(void *arg, const xmlChar *name)
{
	struct html *h = arg;
	size_t at = h->depth;

	while (at > 0 && strcasecmp(h->frames[at - 1].name, (const char *)name) != 0)
		at--;
	while (at > 0 && h->depth >= at)
		frame_end(h);
}

static void
on_text(void *arg, const xmlChar *p, int len)
{
	struct html *h = arg;

	if (h->skip == 0 && len > 0 && !is_over(h))
		words_add(h, (const char *)p, (size_t)len);
}

/* ---- the whole ---- */

/* Where the attributes of an element are too many, and the parser would
 * compare each with each: the bytes in front of it. */
static size_t
sound_length(const char *p, size_t len)
{
	for (size_t at = 0; at + 1 < len; at++) {
		size_t n = 0, i = at + 1;

		if (p[at] != '<' || (unsigned)((p[i] | 0x20) - 'a') > 25)
			continue;
		while (i < len && p[i] != '>') {
			size_t name = i;

			while (i < len && strchr(" \t\r\n/=>", p[i]) == NULL)
				i++;
			while (i < len && strchr(" \t\r\n", p[i]) != NULL)
				i++;
			if (i < len && p[i] == '=') {
				for (i++; i < len && strchr(" \t\r\n", p[i]) != NULL; i++)
					;
				if (i < len && (p[i] == '"' || p[i] == '\'')) {
					const char *end = memchr(p + i + 1, p[i], len - i - 1);

					i = end == NULL ? len : (size_t)(end - p) + 1;
				}
			}
			i += i == name;
			if (n++ > HTML_ATTRIBUTES_MAX)	/* its name is one */
				return at;
		}
		at = i;
	}
	return len;
}

/* Valid UTF-8 without controls, whatever the mail said it is. */
static void
clean_copy(struct mt_span html, struct text *to)
{
	uint32_t c;

	for (size_t at = 0; at < html.len && !to->cut;) {
		at += utf8_next(html, at, &c);
		if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f))
			text_add_character(to, c);
		else if (c == '\r' || c == '\f')
			text_add_character(to, ' ');
	}
}

static int
is_blank(const struct text *t, size_t from, size_t to)
{
	while (from < to && strchr(" \t\n>", t->ptr[from]) != NULL)
		from++;
	return from >= to;
}

/* Tails that end where the text ends, or where a later one begins. */
static size_t
tail_find(const struct html *h)
{
	const struct text *t = h->out;
	size_t tail = t->len, before;

	do {
		before = tail;
		for (size_t i = h->range_count; i-- > 0;) {
			const struct range *r = &h->ranges[i];

			if (r->start >= tail || !is_blank(t, r->end, tail))
				continue;
			if (quote_begins_forward((struct mt_span){ t->ptr + r->start,
			    tail - r->start }, 1))
				return t->len;
			tail = r->start;
		}
		tail = quote_find((struct mt_span){ t->ptr, tail }, 1);
	} while (tail != before);
	return is_blank(t, 0, tail) ? t->len : tail;
}

static void
parse(struct html *h, const struct text *clean)
{
	htmlSAXHandler sax = { .startElement = on_start, .endElement = on_end,
		.characters = on_text, .ignorableWhitespace = on_text };

	h->parser = htmlNewParserCtxt();
	if (h->parser == NULL) {
		h->stopped = 1;
		return;
	}
	*h->parser->sax = sax;
	h->parser->userData = h;
	xmlFreeDoc(htmlCtxtReadMemory(h->parser, clean->ptr, (int)clean->len, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
	    HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC));
	while (h->depth > 0)
		frame_end(h);
	htmlFreeParserCtxt(h->parser);
}

size_t
html_to_markdown(struct mt_span html, struct text *out)
{
	struct html *h = calloc(1, sizeof(*h));
	struct text clean = { .cap = HTML_MAX };
	size_t sound, tail = 0;

	clean.ptr = malloc(clean.cap);
	if (h == NULL || clean.ptr == NULL) {
		out->cut = 1;
	} else {
		h->out = out;
		clean_copy(html, &clean);
		sound = sound_length(clean.ptr, clean.len);
		h->stopped = 0;
		out->cut = 0;
		writer_init(&h->writer, out);
		clean.cut |= sound < clean.len;
		clean.len = sound;
		if (clean.len > 0)
			parse(h, &clean);
		writer_fini(&h->writer);
		tail = tail_find(h);
		out->cut |= clean.cut | h->stopped;
	}
	free(clean.ptr);
	free(h);
	return out->len < tail ? out->len : tail;
}
