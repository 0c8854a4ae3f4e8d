/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages into views: caps at the limit and one beyond, every class of
 * ambiguity beside a benign twin, and the traps of gmime 3.2.13. */
#include "test.h"

#include "mail/parse.h"

struct parsed {
	struct buf raw, block;
	struct view view;
};

static void
parsed_from(struct parsed *p)
{
	assert_int_equal(parse_message(buf_span(&p->raw), &p->block), 0);
	assert_int_equal(view_open(&p->view, buf_span(&p->block), buf_span(&p->raw)), 0);
}

static void
parsed_free(struct parsed *p)
{
	buf_free(&p->raw);
	buf_free(&p->block);
}

static bool
has(const struct parsed *p, const char *finding)
{
	for (uint32_t i = 0; i < p->view.finding_count; i++)
		if (span_is(view_finding(&p->view, i), finding))
			return true;
	return false;
}

static void
findings_print(const struct parsed *p)
{
	for (uint32_t i = 0; i < p->view.finding_count; i++) {
		struct mt_span s = view_finding(&p->view, i);

		print_message("	found: %.*s\n", (int)s.len, s.ptr);
	}
}

#define MIXED "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define PLAIN "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
#define PART(n) "--b\r\nContent-Type: text/plain\r\n\r\n" n "\r\n"

struct form_case {
	const char *message, *finding;	/* finding NULL: none at all */
	int ambiguous;
};

static const struct form_case forms[] = {
	/* benign */
	{ "Subject: x\r\n\r\nbody\r\n", NULL, 0 },
	{ "Subject: x\r\n\r\n", NULL, 0 },
	{ PLAIN "\r\nbody\r\n", NULL, 0 },
	{ MIXED PART("1") PART("2") "--b--\r\n", NULL, 0 },
	{ MIXED "preamble\r\n" PART("1") "--b--  \r\nepilogue\r\n", NULL, 0 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"=_a b\"\r\n\r\n"
	  "--=_a b\r\n\r\n1\r\n--=_a b--\r\n", NULL, 0 },
	{ MIXED "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
	  "--c\r\n\r\n1\r\n--c\r\nContent-Type: text/html\r\n\r\n2\r\n--c--\r\n" PART("3")
	  "--b--\r\n", NULL, 0 },
	{ MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nin\r\n--b--\r\n",
	  NULL, 0 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=b\r\n\r\n"
	  "--b\r\n\r\nSubject: y\r\n\r\nin\r\n--b--\r\n", NULL, 0 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=b\r\n\r\n"
	  "--b\r\n\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
	  "--c\r\n\r\n1\r\n--c\r\n\r\n2\r\n--c--\r\n--b--\r\n", NULL, 0 },
	{ PLAIN "Content-Disposition: attachment; filename=\"a;b=c.txt\"\r\n\r\n", NULL, 0 },
	{ PLAIN "Content-Transfer-Encoding: Quoted-Printable\r\n\r\na=3D\r\n", NULL, 0 },
	{ PLAIN "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n", NULL, 0 },
	{ PLAIN "\r\n-- \r\nsignature\r\n--b\r\n", NULL, 0 },
	/* sloppy: told, not ambiguous */
	{ "Subject: x\r\n", "mime.header.end", 0 },
	{ "Content-Type: text/plain\r\n\r\n", "mime.version.missing", 0 },
	{ "From: a@b.example\r\nFrom: c@d.example\r\n\r\n", "mime.gmime.header-conflict", 0 },
	{ MIXED PART("1"), "mime.close.missing", 0 },
	{ "Subject: a\r\nSubject: b\r\n\r\n", "mime.duplicate.subject", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: text/plain; boundary=b\r\n\r\n",
	  "mime.boundary.unused", 0 },
	{ PLAIN "Content-Disposition: attachment; filename=a; filename*=utf-8''a\r\n\r\n",
	  "mime.parameter.both", 0 },
	{ PLAIN "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8\r\n", "mime.base64.length", 0 },
	{ PLAIN "Content-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ\r\n", "mime.qp.syntax", 0 },
	{ "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=nix\r\n\r\n\xe9\r\n",
	  "mime.charset.unknown", 0 },
	{ PLAIN "\r\n\xe9\r\n", "mime.charset.invalid", 0 },
	/* class A: fields */
	{ " Subject: x\r\n\r\n", "mime.header.first", 1 },
	{ "Subject: x\r\nno field\r\n\r\n", "mime.header.colon", 1 },
	{ "Subject : x\r\n\r\n", "mime.header.space", 1 },
	{ "Sub\xc3\xa4ject: x\r\n\r\n", "mime.header.name", 1 },
	{ ": x\r\n\r\n", "mime.header.name", 1 },
	{ "Subject: x\r\n \r\n y\r\n\r\n", "mime.header.blank", 1 },
	{ "Subject: x\r\n \t\r\n\r\n", "mime.header.blank", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: text/\vplain\r\n\r\n", "mime.header.control", 1 },
	{ "Subject: a\rb\r\n\r\n", "mime.bytes.cr", 1 },
	{ "Subject: a\nTo: b\r\n\r\n", "mime.bytes.lf", 1 },
	{ "Subject: a\r\n\r\nb\n", "mime.bytes.lf", 1 },
	{ "Subject: a\r\n\r\nb\r", "mime.bytes.cr", 1 },
	{ PLAIN "Content-Type: text/html\r\n\r\n", "mime.duplicate.content-type", 1 },
	{ PLAIN "Content-type: text/plain\r\n\r\n", "mime.duplicate.content-type", 1 },
	{ PLAIN "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	  "mime.duplicate.content-transfer-encoding", 1 },
	{ PLAIN "Content-Disposition: inline\r\nContent-Disposition: attachment\r\n\r\n",
	  "mime.duplicate.content-disposition", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n"
	  PART("1") "--b--\r\n", "mime.parameter.duplicate", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: text/plain (a)\r\n\r\n", "mime.comment", 1 },
	{ PLAIN "Content-Transfer-Encoding: base64 (yes)\r\n\r\n", "mime.comment", 1 },
	{ PLAIN "Content-Transfer-Encoding: x-own\r\n\r\n", "mime.encoding.unknown", 1 },
	{ PLAIN "Content-Transfer-Encoding: base64; x=y\r\n\r\n", "mime.encoding.unknown", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: text / plain\r\n\r\n", "mime.type.syntax", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: text\r\n\r\n", "mime.type.syntax", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: =?utf-8?q?text/plain?=\r\n\r\n",
	  "mime.type.syntax", 1 },
	/* class B: structure */
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed\r\n\r\n--b\r\n",
	  "mime.boundary.missing", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n",
	  "mime.boundary.missing", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a;b\"\r\n\r\n"
	  "--a;b\r\n\r\n1\r\n--a;b--\r\n", "mime.boundary.syntax", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b \"\r\n\r\n"
	  PART("1") "--b--\r\n", "mime.boundary.syntax", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a\\b\"\r\n\r\n",
	  "mime.boundary.syntax", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=?us-ascii?q?b?=\"\r\n\r\n"
	  "--=?us-ascii?q?b?=\r\n\r\n1\r\n--=?us-ascii?q?b?=--\r\n", "mime.boundary.encoded", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary*0=b\r\n\r\n"
	  PART("1") "--b--\r\n", "mime.boundary.encoded", 1 },
	{ MIXED "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\n1\r\n"
	  "--bb--\r\n--b--\r\n", "mime.boundary.prefix", 1 },
	{ MIXED "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n"
	  "--b--\r\n", "mime.boundary.prefix", 1 },
	{ MIXED PART("1") "--bjunk\r\n" "--b--\r\n", "mime.delimiter.trailing", 1 },
	{ MIXED PART("1") " --b\r\n" "--b--\r\n", "mime.delimiter.space", 1 },
	{ MIXED PART("1") "--b--\r\n" PART("2"), "mime.epilogue.parts", 1 },
	{ MIXED "no part\r\n", "mime.parts.none", 1 },
	{ MIXED "--b--\r\n", "mime.parts.none", 1 },
	{ MIXED "--b\r\n--b--\r\n", "mime.header.colon", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\n" PART("1") "--b--\r\n",
	  "mime.encoding.composite", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: message/partial; id=a; number=1\r\n\r\n",
	  "mime.type.partial", 1 },
	{ "MIME-Version: 1.0\r\nContent-Type: message/external-body; access-type=URL\r\n\r\n",
	  "mime.type.external", 1 },
	/* class C: content */
	{ PLAIN "Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbA==\r\nbG8=\r\n",
	  "mime.base64.padding", 1 },
	{ PLAIN "Content-Transfer-Encoding: base64\r\n\r\naG*Vs\r\n", "mime.base64.junk", 0 },
};

static void
form_check(const struct form_case *c)
{
	struct parsed p = { 0 };

	buf_add_string(&p.raw, c->message);
	parsed_from(&p);
	if (c->finding == NULL ? p.view.finding_count != 0 : !has(&p, c->finding)) {
		findings_print(&p);
		fail_msg("%s not as expected in:\n%s", c->finding, c->message);
	}
	if ((int)p.view.ambiguous != c->ambiguous) {
		findings_print(&p);
		fail_msg("ambiguous %u in:\n%s", p.view.ambiguous, c->message);
	}
	parsed_free(&p);
}

static void
forms_are_graded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		form_check(&forms[i]);
}

static void
nul_is_ambiguous(void **state)
{
	static const char message[] = "Subject: a\0b\r\n\r\n";
	struct parsed p = { 0 };

	(void)state;
	buf_add(&p.raw, message, sizeof(message) - 1);
	parsed_from(&p);
	assert_true(has(&p, "mime.bytes.nul"));
	assert_int_equal(p.view.ambiguous, 1);
	parsed_free(&p);
}

/* Makers of messages that are as large as `n' says in one dimension. */
static void
make_fields(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_string(b, "X: y\r\n");
	buf_add_string(b, "\r\nbody\r\n");
}

static void
make_field_bytes(struct buf *b, size_t n)
{
	buf_add_string(b, "X: ");
	while (b->len + 102 < n)
		buf_printf(b, "%090d\r\n ", 0);
	while (b->len + 2 < n)
		buf_add_char(b, 'y');
	buf_add_string(b, "\r\n\r\nbody\r\n");
}

static void
make_header_bytes(struct buf *b, size_t n)
{
	while (n - b->len >= 1000)
		buf_printf(b, "X: %0495d\r\n", 0);
	buf_printf(b, "X: %0*d\r\n\r\nbody\r\n", (int)(n - b->len - 5), 0);
}

static void
make_parameters(struct buf *b, size_t n)
{
	buf_add_string(b, "MIME-Version: 1.0\r\nContent-Type: text/plain");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, ";\r\n p%zu=1", i);
	buf_add_string(b, "\r\n\r\nbody\r\n");
}

static void
make_parameter_name(struct buf *b, size_t n)
{
	buf_printf(b, "MIME-Version: 1.0\r\nContent-Type: text/plain; %0*d=\xe9\r\n\r\nbody\r\n",
	    (int)n, 0);
}

static void
make_boundary(struct buf *b, size_t n)
{
	buf_printf(b, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%0*d\r\n\r\n"
	    "--%0*d\r\n\r\nbody\r\n--%0*d--\r\n", (int)n, 0, (int)n, 0, (int)n, 0);
}

static void
make_parts(struct buf *b, size_t n)
{
	buf_add_string(b, MIXED);
	for (size_t i = 0; i < n; i++)
		buf_add_string(b, "--b\r\n\r\nx\r\n");
	buf_add_string(b, "--b--\r\n");
}

static void
make_depth(struct buf *b, size_t n)
{
	buf_add_string(b, "MIME-Version: 1.0\r\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "Content-Type: multipart/mixed; boundary=b%02zu.\r\n\r\n--b%02zu.\r\n",
		    i, i);
	buf_add_string(b, "\r\nbody\r\n");
	while (n-- > 0)
		buf_printf(b, "--b%02zu.--\r\n", n);
}

static void
make_messages(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_string(b, "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n");
	buf_add_string(b, "\r\nbody\r\n");
}

static void
make_addresses(struct buf *b, size_t n)
{
	buf_add_string(b, "To: a@b.example");
	for (size_t i = 1; i < n; i++)
		buf_printf(b, ",\r\n a%zu@b.example", i);
	buf_add_string(b, "\r\n\r\nbody\r\n");
}

static void
make_filename(struct buf *b, size_t n)
{
	buf_add_string(b, PLAIN "Content-Disposition: attachment;\r\n filename=\"");
	for (size_t i = 0; i < n; i++)
		buf_add_char(b, 'f');
	buf_add_string(b, "\"\r\n\r\nbody\r\n");
}

static const struct {
	void (*make)(struct buf *, size_t);
	size_t limit;
	const char *finding;
	uint32_t parts;
} caps[] = {
	{ make_fields, VIEW_FIELDS_MAX, "mime.caps.fields", 1 },
	{ make_field_bytes, VIEW_FIELD_BYTES_MAX, "mime.caps.field", 1 },
	{ make_header_bytes, VIEW_HEADER_BYTES_MAX, "mime.caps.header", 1 },
	{ make_parameters, VIEW_PARAMETERS_MAX, "mime.caps.parameters", 1 },
	{ make_parameter_name, VIEW_PARAMETER_NAME_MAX, "mime.caps.parameter-name", 1 },
	{ make_boundary, VIEW_BOUNDARY_MAX, "mime.caps.boundary", 1 },
	{ make_parts, VIEW_PARTS_MAX, "mime.caps.parts", VIEW_PARTS_MAX },
	{ make_depth, VIEW_DEPTH_MAX, "mime.caps.depth", 1 },
	{ make_messages, VIEW_DEPTH_MAX, "mime.caps.depth", 1 },
	{ make_addresses, 1000, "mime.caps.addresses", 1 },
};

static void
caps_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(caps) / sizeof(caps[0]); i++) {
		struct parsed p = { 0 };
		bool over = i % 2 == 1;

		caps[i / 2].make(&p.raw, caps[i / 2].limit + over);
		parsed_from(&p);
		if (has(&p, caps[i / 2].finding) != over ||
		    p.view.part_count != (over ? 0 : caps[i / 2].parts) ||
		    (over && p.view.ambiguous != 1)) {
			findings_print(&p);
			fail_msg("%s, %s the limit: %u parts", caps[i / 2].finding,
			    over ? "beyond" : "at", p.view.part_count);
		}
		parsed_free(&p);
	}
}

/* Here the parts stay: the name alone is left out. */
static void
long_names_are_left_out(void **state)
{
	struct parsed p = { 0 };
	struct mt_part part;

	(void)state;
	make_filename(&p.raw, 900);
	parsed_from(&p);
	assert_int_equal(view_part(&p.view, 0, &part), 0);
	assert_int_equal(part.filename.len, 900);
	parsed_free(&p);
	p = (struct parsed){ 0 };
	make_filename(&p.raw, 1025);
	parsed_from(&p);
	assert_true(has(&p, "mime.caps.text"));
	assert_int_equal(view_part(&p.view, 0, &part), 0);
	assert_int_equal(part.filename.len, 0);
	assert_int_equal(p.view.ambiguous, 1);
	parsed_free(&p);
}

/* Many small header blocks must not add up to what one may not be. */
static void
headers_are_capped_together(void **state)
{
	struct parsed p = { 0 };

	(void)state;
	buf_add_string(&p.raw, MIXED);
	for (int i = 0; i < 900; i++) {
		buf_add_string(&p.raw, "--b\r\n");
		for (int k = 0; k < 9; k++)
			buf_add_string(&p.raw, "X: y\r\n");
		buf_add_string(&p.raw, "\r\nx\r\n");
	}
	buf_add_string(&p.raw, "--b--\r\n");
	parsed_from(&p);
	assert_true(has(&p, "mime.caps.fields"));
	assert_int_equal(p.view.part_count, 0);
	parsed_free(&p);
}

static void
fields_are_where_they_are(void **state)
{
	static const char message[] = "From: a@example.com\r\nSubject:folded\r\n\tvalue \r\n"
	    "junk\r\nX-Empty:\r\nX-Space: \r\n\r\nbody\r\n";
	static const char *const values[] = { "a@example.com", "folded\r\n\tvalue ", "", "" };
	struct parsed p = { 0 };
	struct view_field f;

	(void)state;
	buf_add_string(&p.raw, message);
	parsed_from(&p);
	assert_int_equal(p.view.field_count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(view_field(&p.view, i, &f), 0);
		assert_true(span_is(f.value, values[i]));
	}
	assert_int_equal(view_field(&p.view, 1, &f), 0);
	assert_int_equal(f.offset, 21);
	assert_int_equal(f.length, 25);
	assert_int_equal(p.view.body_offset, sizeof(message) - 1 - 6);
	assert_true(span_is(view_subject(&p.view), "folded\tvalue "));
	parsed_free(&p);
}

static void
parts_are_decoded(void **state)
{
	struct parsed p = { 0 };
	struct mt_part part;

	(void)state;
	buf_add_string(&p.raw, "Subject: =?utf-8?q?caf=C3=A9?=\r\n" MIXED
	    "--b\r\nContent-Type: text/html; charset=ISO-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n<b>caf=E9</b>\r\n"
	    "--b\r\nContent-Type: TEXT/Plain; charset=\"UTF-8\"\r\n\r\nthe text\r\n"
	    "--b\r\nContent-Type: application/pdf; name=x\r\nContent-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: Attachment; filename*=utf-8''caf%C3%A9.pdf\r\n\r\n"
	    "AAEC/w==\r\n--b--\r\n");
	parsed_from(&p);
	assert_int_equal(p.view.part_count, 3);
	assert_int_equal(p.view.ambiguous, 0);
	assert_int_equal(view_part(&p.view, 0, &part), 0);
	assert_true(span_is(part.type, "text/html"));
	assert_true(span_is(part.charset, "iso-8859-1"));
	assert_true(span_is(part.bytes, "<b>caf\xc3\xa9</b>"));
	assert_int_equal(part.depth, 1);
	assert_int_equal(view_part(&p.view, 1, &part), 0);
	assert_true(span_is(part.type, "text/plain"));
	assert_true(part.bytes.ptr > (const char *)p.raw.p &&
	    part.bytes.ptr < (const char *)p.raw.p + p.raw.len);	/* no copy */
	assert_int_equal(view_part(&p.view, 2, &part), 0);
	assert_true(span_is(part.disposition, "attachment"));
	assert_true(span_is(part.filename, "caf\xc3\xa9.pdf"));
	assert_true(span_equal(part.bytes, span_make("\0\1\2\xff", 4)));
	assert_true(span_is(view_text(&p.view), "the text"));
	assert_true(span_is(view_subject(&p.view), "caf\xc3\xa9"));
	parsed_free(&p);
}

/* A command in a forwarded mail is not the forwarder's. */
static void
embedded_text_is_not_the_text(void **state)
{
	struct parsed p = { 0 };

	(void)state;
	buf_add_string(&p.raw, MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Subject: y\r\n\r\n#approve\r\n" PART("mine") "--b--\r\n");
	parsed_from(&p);
	assert_int_equal(p.view.part_count, 2);
	assert_true(span_is(view_text(&p.view), "mine"));
	parsed_free(&p);
}

/* gmime 3.2.13 decodes the first block alone and says nothing. */
static void
base64_is_decoded_to_its_end(void **state)
{
	struct parsed p = { 0 };
	struct mt_part part;

	(void)state;
	buf_add_string(&p.raw, PLAIN "Content-Transfer-Encoding: base64\r\n\r\n"
	    "aGVsbA==\r\nIHdvcmxk\r\n");
	parsed_from(&p);
	assert_int_equal(view_part(&p.view, 0, &part), 0);
	assert_true(span_is(part.bytes, "hell world"));
	assert_true(has(&p, "mime.base64.padding"));
	assert_int_equal(p.view.ambiguous, 1);
	parsed_free(&p);
}

/* Parameters that no semicolon parts, and names that make gmime loop for
 * ever once a boundary is asked for: no cap may be walked around. */
static void
traps_are_not_sprung(void **state)
{
	struct parsed p = { 0 };

	(void)state;
	buf_add_string(&p.raw, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed");
	for (int i = 0; i < 6000; i++)
		buf_printf(&p.raw, " a%d=b", i);
	buf_add_string(&p.raw, "\r\n\r\nx");
	parsed_from(&p);
	assert_int_equal(p.view.ambiguous, 1);
	for (int name = VIEW_PARAMETER_NAME_MAX + 1; name < 80; name++) {
		buf_reset(&p.raw);
		make_parameter_name(&p.raw, (size_t)name);
		parsed_from(&p);
		assert_int_equal(p.view.part_count, 0);
	}
	parsed_free(&p);
}

static void
empty_message(void **state)
{
	struct parsed p = { 0 };

	(void)state;
	parsed_from(&p);
	assert_int_equal(p.view.field_count, 0);
	parsed_free(&p);
}

static int
setup(void **state)
{
	(void)state;
	parse_init();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_graded),
		cmocka_unit_test(nul_is_ambiguous),
		cmocka_unit_test(caps_hold),
		cmocka_unit_test(long_names_are_left_out),
		cmocka_unit_test(headers_are_capped_together),
		cmocka_unit_test(fields_are_where_they_are),
		cmocka_unit_test(parts_are_decoded),
		cmocka_unit_test(embedded_text_is_not_the_text),
		cmocka_unit_test(base64_is_decoded_to_its_end),
		cmocka_unit_test(traps_are_not_sprung),
		cmocka_unit_test(empty_message),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
