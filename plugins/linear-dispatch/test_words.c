/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of strangers: what becomes of their text, HTML, quotes and names. */
#include "../common/word.h"
#include "rig.h"

#include "file.h"
#include "html.h"
#include "issue.h"
#include "quote.h"
#include "markdown.h"
#include "writer.h"

static void
field_is(const char *value, const char *wanted)
{
	char decoded[1000], line[1000];
	struct text out = { .ptr = line, .cap = sizeof(line) - 1 };
	size_t n = word_decode(mt_test_span(value), decoded, sizeof(decoded));

	text_add_line(&out, (struct mt_span){ decoded, n }, 255, text_add_character);
	line[out.len] = '\0';
	assert_string_equal(line, wanted);
}

static void
encoded_words(void **state)
{
	(void)state;
	field_is("plain  text\r\n folded", "plain text folded");
	field_is("=?utf-8?q?Gr=C3=BC=C3=9Fe_aus?= Berlin", "Gr\xc3\xbc\xc3\x9f" "e aus Berlin");
	field_is("=?UTF-8?B?R3LDvMOf?=\r\n =?utf-8?B?ZQ==?=", "Gr\xc3\xbc\xc3\x9f" "e");
	field_is("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xc3\xbc");	/* split character */
	field_is("=?iso-8859-1?Q?=FC?= =?iso-8859-1*de?q?=FC?=", "\xc3\xbc\xc3\xbc");
	field_is("=?x-none?q?abc?=", "=?x-none?q?abc?=");
	field_is("=?utf-8?x?abc?= =?utf-8?q?abc", "=?utf-8?x?abc?= =?utf-8?q?abc");
	field_is("=?utf-8?q?a=00b=0D=0AX:_y?=", "ab X: y");
	field_is("\xff\xc0\xaf\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	field_is("a\xe2\x80\xae" "b", "ab");	/* right to left override */
}

static void
markdown_is(const char *from, const char *wanted)
{
	char line[1000];
	struct text out = { .ptr = line, .cap = sizeof(line) - 1 };

	markdown_add(&out, mt_test_span(from));
	line[out.len] = '\0';
	assert_string_equal(line, wanted);
}

static void
markdown_is_shown_not_obeyed(void **state)
{
	(void)state;
	markdown_is("plain, with (brackets) and 3.14", "plain, with (brackets) and 3.14");
	markdown_is("![a](http://x/y.png)", "\\!\\[a\\](http://x/y.png)");
	markdown_is("<img src=x> &lt;", "\\<img src=x\\> \\&lt;");
	markdown_is("# no\n  - no\n1. no\n12) no\na - b", "\\# no\n  \\- no\n1\\. no\n12\\) no\na - b");
	markdown_is("a\\*b_c`d~e|f", "a\\\\\\*b\\_c\\`d\\~e\\|f");
	markdown_is("a\r\nb\rc\x01\x7f" "d\te", "a\nb\ncd e");
}


/* ---- HTML ---- */

static char markdown[64 * 1024];
static struct text made;

static size_t
html_make(const char *html, size_t len)
{
	size_t tail;

	made = (struct text){ .ptr = markdown, .cap = sizeof(markdown) - 1 };
	tail = html_to_markdown((struct mt_span){ html, len }, &made);
	markdown[made.len] = '\0';
	return tail;
}

static void
html_is(const char *html, const char *wanted)
{
	size_t tail = html_make(html, strlen(html));

	assert_string_equal(markdown, wanted);
	assert_int_equal(tail, made.len);
}

static void
html_becomes_markdown(void **state)
{
	(void)state;
	html_is("<h1>One</h1><h3>Two <b>x</b></h3><p>a\n b</p><p>c", "# One\n\n### Two **x**\n\na b\n\nc");
	html_is("<p><b>bold</b>, <i>it </i>and <code>x*y`z</code> <s>no</s>",
	    "**bold**, *it* and `x*y'z` ~~no~~");
	html_is("<ul><li>a<li>b<ol><li>c<li>d</ol></ul><p>e",
	    "- a\n- b\n  1. c\n  2. d\n\ne");
	html_is("a<br>b<br><br>c<hr>d", "a  \nb\n\nc\n\n---\n\nd");
	html_is("<div>a</div><div>b</div><div><br></div><div>c</div>", "a  \nb\n\nc");
	html_is("<blockquote>a<p>b</blockquote>c", "> a\n>\n> b\n\nc");
	html_is("<table><tr><td>a<td>b</tr><tr><td>c<td>d</table>", "a | b  \nc | d");
	html_is("<pre>a  b\n  c</pre>d", "```\na  b\n  c\n```\n\nd");
	html_is("<a href=\"https://x.example/a b(c)\">li*nk</a>",
	    "[li\\*nk](https://x.example/a%20b%28c%29)");
	html_is("<a href='mailto:a@b'>m</a> <a href=HTTP://x>n</a>", "[m](mailto:a@b) [n](HTTP://x)");
	html_is("&lt;b&gt; &amp;lt; &eacute; \xc3\xa9", "\\<b\\> \\&lt; \xc3\xa9 \xc3\xa9");
}

/* No image, no HTML, no other link, nothing that is hidden. */
static void
html_smuggles_nothing(void **state)
{
	(void)state;
	html_is("<img src=http://evil.example/x alt='a [b]'>", "a \\[b\\]");
	html_is("![x](http://evil.example/x.png)", "\\!\\[x\\](http://evil.example/x.png)");
	html_is("wow!<a href=http://x/i.png>x</a>", "wow\\! [x](http://x/i.png)");
	html_is("<code>![x](y) &lt;img src=x> &lt;/b></code>", "`! [x](y) < img src=x> < /b>`");
	html_is("<pre>```\n![x](y)\n+++\n</pre>", "```\n``'\n! [x](y)\n +++\n```");
	html_is("<a href='javascript:alert(1)'>a</a><a href='data:text/html,x'>b</a>"
	    "<a href=' java\nscript:x'>c</a>", "abc");
	html_is("<a href='http://x)![y](http://z'>a</a>", "[a](http://x%29%21%5By%5D%28http://z)");
	html_is("<script>a</script><style>b</style><title>c</title><svg><text>d</text></svg>e", "e");
	html_is("<p style='Display : none'>a</p><p hidden>b</p><span style='mso-hide:all'>c</span>d", "d");
	html_is("<p>> d<p># a<p>1. b<p>- c<p>+++", "\\> d\n\n\\# a\n\n1\\. b\n\n\\- c\n\n\\+++");
	html_is("<!-- <b>a</b> -->x&e;", "x\\&e;");
	html_is("a\x01\x7f\xe2\x80\xae" "b\xff", "ab\xef\xbf\xbd");
	html_is("", "");
}

static void
repeat(const char *head, const char *each, size_t n, const char *tail)
{
	size_t len = strlen(head) + n * strlen(each) + strlen(tail);
	char *html = malloc(len + 1), *p = html;

	p = stpcpy(p, head);
	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, each);
	stpcpy(p, tail);
	html_make(html, len);
	free(html);
}

/* At each limit and one beyond: what is beyond is cut, and that is said. */
static void
html_has_limits(void **state)
{
	static char big[HTML_MAX + 2], url[HTML_URL_MAX + 100];

	(void)state;
	repeat("", "<i>", HTML_DEPTH_MAX - 3, "x");	/* html and body are two */
	assert_int_equal(made.cut, 0);
	assert_non_null(strchr(markdown, 'x'));
	repeat("", "<i>", HTML_DEPTH_MAX - 2, "x");
	assert_int_equal(made.cut, 1);
	assert_null(strchr(markdown, 'x'));
	repeat("", "<br>", HTML_NODES_MAX - 3, "x");
	assert_int_equal(made.cut, 0);
	repeat("", "<br>", HTML_NODES_MAX - 2, "x");
	assert_int_equal(made.cut, 1);
	repeat("<p", " a", HTML_ATTRIBUTES_MAX, ">x");
	assert_int_equal(made.cut, 0);
	assert_string_equal(markdown, "x");
	repeat("<p", " a", HTML_ATTRIBUTES_MAX + 1, ">x");
	assert_int_equal(made.cut, 1);
	memset(big, ' ', sizeof(big));
	html_make(big, HTML_MAX);
	assert_int_equal(made.cut, 0);
	html_make(big, HTML_MAX + 1);
	assert_int_equal(made.cut, 1);
	for (size_t n = HTML_URL_MAX; n <= HTML_URL_MAX + 1; n++) {
		snprintf(url, sizeof(url), "<a href='http://%.*s'>x</a>", (int)n - 7,
		    (char *)memset(big, 'a', n));
		html_make(url, strlen(url));
		assert_int_equal(strchr(markdown, '[') != NULL, n == HTML_URL_MAX);
		big[n] = ' ';
	}
	repeat("<blockquote>", "<blockquote>", WRITER_PREFIX_MAX, "x");
	assert_int_equal(strspn(markdown, "> "), WRITER_PREFIX_MAX);
	repeat("", "<pre>a\n", 20000, "");	/* cut: its fence is closed */
	assert_int_equal(made.cut, 1);
	assert_string_equal(markdown + made.len - 4, "\n```");
}

/* ---- tails ---- */

static void
tail_is(const char *text, const char *tail)
{
	size_t at = quote_find(mt_test_span(text), 0);

	if (strcmp(text + at, tail) != 0)
		fail_msg("of \"%s\" the tail is \"%s\"", text, text + at);
}

static void
tails_are_found(void **state)
{
	static const char *const tails[] = {
		"-- \nAnn\n", "> a\n> b\n", ">\n", "Sent from my iPhone\n",
		"-----Original Message-----\nx\n", "-----Urspr\xc3\xbcngliche Nachricht-----\nx\n",
		"On Mon, Nov 2, 2026 at 10:00 AM Bob <b@x> wrote:\n> a\n",
		"On Mon, Nov 2, 2026 at 10:00 AM Bob Example\n<b@x> wrote:\n\n> a\n",
		"On Mon, Nov 2, 2026 at 10:00 AM Bob <b@x> wrote:\n\nunmarked\n",
		"Am 02.11.2026 um 10:00 schrieb Bob <b@x>:\n> a\n",
		"Le lun. 2 nov. 2026 \xc3\xa0 10:00, Bob <b@x> a \xc3\xa9" "crit :\n> a\n",
		"El lun, 2 nov 2026 a las 10:00, Bob (<b@x>) escribi\xc3\xb3:\n> a\n",
		"Il giorno lun 2 nov 2026 alle ore 10:00 Bob <b@x> ha scritto:\n> a\n",
		"Op ma 2 nov. 2026 om 10:00 schreef Bob <b@x>:\n> a\n",
		"From: Bob\nSent: Monday\nTo: Ann\nSubject: x\n\nunmarked\n",
		"Von: Bob\nGesendet: Montag\nAn: Ann\nBetreff: x\n\nunmarked\n",
		"________________________________\nFrom: Bob\nunmarked\n",
		"> a\n\n-- \nAnn\n", "Sent from my iPhone\n\n> a\n",
	};
	char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		snprintf(text, sizeof(text), "Hello\n\n%s", tails[i]);
		tail_is(text, tails[i]);
		for (char *p = text; (p = strchr(p, '\n')) != NULL; p += 2) {	/* CRLF */
			memmove(p + 1, p, strlen(p) + 1);
			*p = '\r';
		}
		assert_int_equal(quote_find(mt_test_span(text), 0), 9);
	}
}

/* Answers between quotes, forwarded mail, and words that only look like it. */
static void
words_stay(void **state)
{
	(void)state;
	tail_is("> a\nyes\n> b\nno\n", "");
	tail_is("On 2026-11-02 Bob wrote:\n> a\nyes\n", "");
	tail_is("> a\nyes\n> b\n", "> b\n");
	tail_is("> all\n> quoted\n", "");
	tail_is("see\n---------- Forwarded message ---------\nFrom: Bob\nDate: x\nTo: y\n\nz\n", "");
	tail_is("On the whole he wrote:\nhello\n", "");
	tail_is("From: the team\nthanks\n", "");
	tail_is("--\nno signature\n", "");
	tail_is("Sent from my iPhone was a bug\nmore\n", "");
	tail_is("", "");
	assert_true(quote_is_forward(mt_test_span("FWD: x")));
	assert_false(quote_is_forward(mt_test_span("Forward x")));
}

static void
html_tail_is(const char *html, const char *words, const char *tail)
{
	size_t at = html_make(html, strlen(html)), end = at;

	while (at < made.len && strchr("\n ", markdown[at]) != NULL)
		at++;
	assert_string_equal(markdown + at, tail);
	while (end > 0 && strchr("\n ", markdown[end - 1]) != NULL)
		end--;
	markdown[end] = '\0';
	assert_string_equal(markdown, words);
}

static void
tails_of_html(void **state)
{
	(void)state;
	html_tail_is("<p>a</p><div class=\"gmail_quote x\"><div class=gmail_attr>On x, B wrote:</div>"
	    "<blockquote>b</blockquote></div>", "a", "On x, B wrote:\n\n> b");
	html_tail_is("<p>a</p><div class=moz-cite-prefix>B wrote:</div><blockquote type=cite>b"
	    "</blockquote><pre class=moz-signature>Ann</pre>", "a",
	    "B wrote:\n\n> b\n\n```\nAnn\n```");
	html_tail_is("<p>a<div class=yahoo_quoted>b</div>", "a", "b");
	html_tail_is("<p>a<div class=OutlookMessageHeader>b</div>", "a", "b");
	html_tail_is("<p>a<div id=divRplyFwdMsg>From: B</div><div>b", "a", "From: B  \nb");
	html_tail_is("<p>a<p><b>From:</b> B<br><b>Sent:</b> x<br><b>To:</b> y<p>b", "a",
	    "**From:** B  \n**Sent:** x  \n**To:** y\n\nb");
	html_tail_is("<p>a<p>-- <br>Ann", "a", "\\--  \nAnn");
	html_tail_is("<blockquote type=cite>q</blockquote>yes<blockquote type=cite>r</blockquote>",
	    "> q\n\nyes", "> r");
	html_tail_is("<p>a<div class=gmail_quote>---------- Forwarded message ---------<br>b</div>",
	    "a\n\n\\---------- Forwarded message ---------  \nb", "");
	html_tail_is("<div class=gmail_quote>all</div>", "all", "");
}

static const char *
described(const char *quoted, const char *text)
{
	again();
	if (quoted != NULL)
		mt_test_option(&t, "quoted", quoted);
	text_is(text);
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	return sent_text("description");
}

static void
tail_is_folded(void **state)
{
	static const char text[] = "Hello\n\n> a\n> +++\n> b\n";

	(void)state;
	assert_non_null(strstr(described(NULL, text),
	    "Hello\n\n+++ Quoted text\n\n\\> a\n\\> +++\n\\> b\n\n+++\n\n---\nFrom "));
	assert_non_null(strstr(described(NULL, "Hello\n-- \n+++\nAnn\n"),
	    "\\-- \n\\+++\nAnn\n\n+++\n\n---\n"));
	assert_null(strstr(described("drop", text), "+++"));
	assert_non_null(strstr(described("drop", text), "Hello\n\n---\n"));
	assert_non_null(strstr(described("keep", text), "Hello\n\n\\> a\n\\> +++\n\\> b\n\n---\n"));
}

static void
a_forwarded_mail_is_the_text(void **state)
{
	(void)state;
	subject_is("Fwd: fire");
	text_is("see\n\nFrom: Bob\nSent: x\nTo: Ann\nSubject: fire\n\nIt burns\n");
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_null(strstr(sent_text("description"), "+++"));
	assert_non_null(strstr(sent_text("description"), "It burns"));
}

/* However long the tail is, its section and the issue's text end as they do. */
static void
a_long_tail_is_closed(void **state)
{
	static char text[2 * ISSUE_TEXT_MAX];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "a\n> ", 4);
	assert_non_null(strstr(described(NULL, text), "xxx\n\n+++\n\n(The rest of the mail"));
	assert_non_null(strstr(sent_text("description"), "From ann@example.com by mail"));
	assert_true(strlen(sent_text("description")) <= ISSUE_TEXT_MAX);
	text[1] = text[2] = 'x';	/* no tail: all of it is words */
	text[ISSUE_TEXT_MAX] = '\n';
	text[ISSUE_TEXT_MAX + 1] = '>';
	assert_null(strstr(described(NULL, text), "+++"));
	assert_non_null(strstr(sent_text("description"), "From ann@example.com by mail"));
}

static void
html_is_read_where_there_is_no_text(void **state)
{
	(void)state;
	part_add("text/plain", "", mt_test_span(" \r\n"));
	part_add("text/html", "", mt_test_span("<p>from <b>HTML</b></p>"));
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_non_null(strstr(sent_text("description"), "from **HTML**\n\n---"));
	assert_null(strstr(sent_text("description"), "Attachments"));
	again();
	part_add("text/plain", "", mt_test_span("from text"));
	part_add("text/html", "", mt_test_span("<p>from <b>HTML</b></p>"));
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_non_null(strstr(sent_text("description"), "from text\n"));
	again();
	mt_test_option(&t, "prefer", "html");
	part_add("text/plain", "", mt_test_span("from text"));
	part_add("text/html", "", mt_test_span("<p>from <b>HTML</b></p>"));
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_non_null(strstr(sent_text("description"), "from **HTML**"));
}

/* The longest of everything: still within the limit, still whole. */
static void
long_html_fits(void **state)
{
	static char html[300 * 1024];
	size_t len;

	(void)state;
	for (len = 0; len + 40 < sizeof(html); len += 14)
		memcpy(html + len, len == 14 ? "<blockquote>q " : len > 14 ? "<p>a &lt; b<p>" :
		    "<p>words here ", 15);
	part_add("text/html", "", mt_test_span(html));
	for (int i = 0; i < 50; i++)
		part_add("image/png", "a-rather-long-name-of-a-picture-that-someone-attached.png",
		    mt_test_span("x"));
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	len = strlen(sent_text("description"));
	assert_true(len <= ISSUE_TEXT_MAX && len > BODY_MARKDOWN_MAX);
	assert_non_null(strstr(sent_text("description"), "did not fit"));
	assert_non_null(strstr(sent_text("description"), " and more"));
	assert_non_null(strstr(sent_text("description"), "\n+++\n\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(encoded_words), TEST(markdown_is_shown_not_obeyed),
		TEST(html_becomes_markdown), TEST(html_smuggles_nothing), TEST(html_has_limits),
		TEST(tails_are_found), TEST(words_stay), TEST(tails_of_html),
		TEST(tail_is_folded), TEST(a_forwarded_mail_is_the_text),
		TEST(a_long_tail_is_closed), TEST(html_is_read_where_there_is_no_text),
		TEST(long_html_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
