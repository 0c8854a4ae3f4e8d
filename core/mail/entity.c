/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the MIME fields of one entity. */
#include "mail/entity.h"

#include "mail/parameter.h"

enum { ADDRESSES_MAX = 1000 };

/* Every parameter of a field, to find the same one twice. */
struct names {
	struct mt_span list[VIEW_PARAMETERS_MAX];
	size_t count;
};

static struct mt_span
base_name(struct mt_span name)
{
	const char *star = memchr(name.ptr, '*', name.len);

	return star == NULL ? name : span_make(name.ptr, (size_t)(star - name.ptr));
}

static void
names_add(struct names *ns, struct mt_span name, struct findings *fs)
{
	bool plain = base_name(name).len == name.len;

	for (size_t i = 0; i < ns->count; i++) {
		struct mt_span other = ns->list[i];

		if (span_equal_nocase(other, name))
			findings_add(fs, FINDING_PARAMETER_DUPLICATE);
		else if (span_equal_nocase(base_name(other), base_name(name)) &&
		    plain != (base_name(other).len == other.len))
			findings_add(fs, FINDING_PARAMETER_BOTH);
	}
	if (ns->count < VIEW_PARAMETERS_MAX)
		ns->list[ns->count++] = name;
}

static bool
is_tspecial(char c)
{
	return c <= ' ' || c >= 127 || strchr("()<>@,;:\\\"/[]?=", c) != NULL;
}

/* token "/" token */
static bool
type_is_good(struct mt_span type)
{
	size_t slashes = 0;

	for (size_t i = 0; i < type.len; i++) {
		if (type.ptr[i] == '/' && i > 0 && i + 1 < type.len)
			slashes++;
		else if (is_tspecial(type.ptr[i]))
			return false;
	}
	return slashes == 1;
}

static bool
has_prefix(struct mt_span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && strncasecmp(s.ptr, prefix, len) == 0;
}

static const struct {
	const char *type;
	enum entity_kind kind;
	enum finding finding;	/* FINDING_COUNT: none */
} types[] = {
	{ "message/rfc822", ENTITY_MESSAGE, FINDING_COUNT },
	{ "message/rfc2822", ENTITY_MESSAGE, FINDING_COUNT },
	{ "message/global", ENTITY_MESSAGE, FINDING_COUNT },
	{ "message/news", ENTITY_MESSAGE, FINDING_COUNT },
	{ "message/partial", ENTITY_LEAF, FINDING_TYPE_PARTIAL },
	{ "message/external-body", ENTITY_LEAF, FINDING_TYPE_EXTERNAL },
};

static void
type_read(struct entity *e, struct mt_span type, struct findings *fs)
{
	e->kind = ENTITY_LEAF;
	e->digest = span_is_nocase(type, "multipart/digest");
	e->boundary = SPAN("");
	if (!type_is_good(type))
		findings_add(fs, FINDING_TYPE_SYNTAX);
	if (has_prefix(type, "multipart/"))
		e->kind = ENTITY_MULTIPART;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_is_nocase(type, types[i].type)) {
			e->kind = types[i].kind;
			if (types[i].finding != FINDING_COUNT)
				findings_add(fs, types[i].finding);
		}
}

/* RFC 2046 5.1.1 */
static bool
boundary_is_good(struct mt_span b)
{
	for (size_t i = 0; i < b.len; i++) {
		char c = b.ptr[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
		    (c < 'a' || c > 'z') &&
		    (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL))
			return false;
	}
	return b.len > 0 && b.ptr[b.len - 1] != ' ';
}

static void
boundary_read(struct entity *e, const struct parameter *p, struct findings *fs)
{
	if (e->kind != ENTITY_MULTIPART)
		findings_add(fs, FINDING_BOUNDARY_UNUSED);
	if (base_name(p->name).len != p->name.len || has_prefix(p->value, "=?"))
		findings_add(fs, FINDING_BOUNDARY_ENCODED);
	if (p->value.len > VIEW_BOUNDARY_MAX)
		findings_add(fs, FINDING_CAPS_BOUNDARY);
	else if (!boundary_is_good(p->value))
		findings_add(fs, FINDING_BOUNDARY_SYNTAX);
	if (e->boundary.len == 0)
		e->boundary = p->value;
}

static void
content_type(struct entity *e, struct mt_span value, struct findings *fs)
{
	struct names names = { .count = 0 };
	struct parameters ps;
	struct parameter p;

	type_read(e, parameters_open(&ps, value, fs), fs);
	while (parameters_next(&ps, &p)) {
		names_add(&names, p.name, fs);
		if (span_is_nocase(base_name(p.name), "boundary"))
			boundary_read(e, &p, fs);
	}
}

static void
content_disposition(struct entity *e, struct mt_span value, struct findings *fs)
{
	struct names names = { .count = 0 };
	struct parameters ps;
	struct parameter p;

	(void)e;
	parameters_open(&ps, value, fs);
	while (parameters_next(&ps, &p))
		names_add(&names, p.name, fs);
}

static void
content_encoding(struct entity *e, struct mt_span value, struct findings *fs)
{
	static const char *const known[] = { "base64", "quoted-printable", "7bit",
		"8bit", "binary" };
	struct parameters ps;
	struct mt_span head = parameters_open(&ps, value, fs);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is_nocase(head, known[i]) && ps.at == value.len) {
			e->encoded = i < 2;
			return;
		}
	findings_add(fs, FINDING_ENCODING_UNKNOWN);
}

static void
addresses(struct entity *e, struct mt_span value, struct findings *fs)
{
	size_t count = 1;

	(void)e;
	for (size_t i = 0; i < value.len; i++)
		count += value.ptr[i] == ',' || value.ptr[i] == ';';
	if (count > ADDRESSES_MAX)
		findings_add(fs, FINDING_CAPS_ADDRESSES);
}

/* Fields looked into; `once' names the finding of a second one. */
static const struct {
	const char *name;
	void (*read)(struct entity *, struct mt_span, struct findings *);
	enum finding once;
	bool mime;
} readers[] = {
	{ "content-type", content_type, FINDING_DUPLICATE_TYPE, true },
	{ "content-transfer-encoding", content_encoding, FINDING_DUPLICATE_ENCODING, true },
	{ "content-disposition", content_disposition, FINDING_DUPLICATE_DISPOSITION, true },
	{ "mime-version", NULL, FINDING_DUPLICATE_VERSION, false },
	{ "subject", NULL, FINDING_DUPLICATE_SUBJECT, false },
	{ "from", addresses, FINDING_COUNT, false },
	{ "sender", addresses, FINDING_COUNT, false },
	{ "reply-to", addresses, FINDING_COUNT, false },
	{ "to", addresses, FINDING_COUNT, false },
	{ "cc", addresses, FINDING_COUNT, false },
	{ "bcc", addresses, FINDING_COUNT, false },
};
enum { SEEN_TYPE = 1, SEEN_ENCODING = 2, SEEN_DISPOSITION = 4, SEEN_VERSION = 8,
	SEEN_MIME = SEEN_TYPE | SEEN_ENCODING | SEEN_DISPOSITION };

static bool
has_control(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == 127 || ((unsigned char)s.ptr[i] < ' ' &&
		    (s.ptr[i] == '\0' || strchr("\t\r\n", s.ptr[i]) == NULL)))
			return true;
	return false;
}

void
entity_field(struct entity *e, const struct view_field *f, struct findings *fs)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (!span_is_nocase(f->name, readers[i].name))
			continue;
		if ((e->seen & 1u << i) != 0 && readers[i].once != FINDING_COUNT)
			findings_add(fs, readers[i].once);
		e->seen |= 1u << i;
		if (readers[i].mime && has_control(f->value))
			findings_add(fs, FINDING_HEADER_CONTROL);
		if (readers[i].read != NULL)
			readers[i].read(e, f->value, fs);
		return;
	}
}

void
entity_finish(struct entity *e, bool is_message, struct findings *fs)
{
	if (e->encoded && e->kind != ENTITY_LEAF)
		findings_add(fs, FINDING_ENCODING_COMPOSITE);
	if (is_message && (e->seen & SEEN_MIME) != 0 && (e->seen & SEEN_VERSION) == 0)
		findings_add(fs, FINDING_VERSION_MISSING);
	if (e->kind != ENTITY_MULTIPART)
		return;
	if (e->boundary.len == 0) {
		findings_add(fs, FINDING_BOUNDARY_MISSING);
		e->kind = ENTITY_LEAF;
	}
}
