/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTML of a stranger's mail as Markdown: headings, paragraphs, lists, links,
 * emphasis, code, quotes and the rows of tables.  Images are gone but for
 * their words (Linear fetches what an image names), scripts, styles and what
 * is hidden are gone whole; no HTML gets through, and no link but http, https
 * and mailto.  libxml2 reads it, without network, entities or a tree.
 */
#ifndef LINEAR_HTML_H
#define LINEAR_HTML_H

#include "../common/text.h"

enum {
	HTML_MAX = 1024 * 1024,	/* bytes that are read */
	HTML_DEPTH_MAX = 256,	/* elements in one another; the rest is cut */
	HTML_NODES_MAX = 100000,	/* elements and runs of text; the same */
	HTML_ATTRIBUTES_MAX = 256,	/* of one element; the same */
	HTML_URL_MAX = 2048	/* a longer link is its text */
};

/* out: cap bytes for Markdown; cut is set where not all of it is in there.
 * Returns where the tail of the mail begins (quote.h), out->len: nowhere. */
size_t html_to_markdown(struct mt_span html, struct text *out);

#endif
