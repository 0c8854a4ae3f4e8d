/* SPDX-License-Identifier: BSD-2-Clause */
/* Attachments: which, and what they are called. */
#include "file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "markdown.h"

static const char any_type[] = "application/octet-stream";

/* What a browser would run is a file to be saved. */
static const char *const active_types[] = { "text/html", "image/svg+xml",
	"application/xhtml+xml", "text/xml", "application/xml", "text/javascript",
	"application/javascript" };

/* Of a signature nobody can check any more. */
static const char *const signatures[] = { "application/pgp-signature",
	"application/pkcs7-signature", "application/x-pkcs7-signature" };

static int
is_one_of(const char *type, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(type, list[i]) == 0)
			return 1;
	return 0;
}

#define IS_ONE_OF(type, list) is_one_of(type, list, sizeof(list) / sizeof(*(list)))

/* "type/subtype" of RFC 6838 4.2's characters. */
const char *
file_type_make(struct mt_span s, char out[FILE_TYPE_MAX + 1])
{
	size_t slashes = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		slashes += c == '/';
		if (c != '/' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && (c == '\0' || strchr("!#$&-^_.+", c) == NULL))
			return any_type;
	}
	if (slashes != 1 || s.len > FILE_TYPE_MAX || s.ptr[0] == '/' || s.ptr[s.len - 1] == '/')
		return any_type;
	memcpy(out, s.ptr, s.len);
	out[s.len] = '\0';
	return IS_ONE_OF(out, active_types) ? any_type : out;
}

/* The last step of a path, without what a shell or a file system minds. */
void
file_name_make(struct mt_span s, size_t n, struct text *t)
{
	size_t start = t->len;
	char number[32];

	for (size_t i = s.len; i-- > 0;)
		if (s.ptr[i] == '/' || s.ptr[i] == '\\') {
			s = (struct mt_span){ s.ptr + i + 1, s.len - i - 1 };
			break;
		}
	while (s.len > 0 && (s.ptr[0] == '.' || s.ptr[0] == ' ' || s.ptr[0] == '-')) {
		s.ptr++;
		s.len--;
	}
	text_add_line(t, s, FILE_NAME_UNITS_MAX, text_add_character);
	for (size_t i = start; i < t->len; i++)
		if (strchr("<>:\"|?*`$;&", t->ptr[i]) != NULL)
			t->ptr[i] = '_';
	if (t->len > start)
		return;
	snprintf(number, sizeof(number), "attachment-%zu", n + 1);
	text_add(t, number);
}

static void
file_make(const struct run *r, const struct mt_part *part, int32_t n, struct file *f)
{
	struct text name = { .cap = 4 * FILE_NAME_UNITS_MAX };
	char *type = r->host->alloc(r->msg, FILE_TYPE_MAX + 1);

	name.ptr = r->host->alloc(r->msg, name.cap + 1);
	file_name_make(part->filename, (size_t)n, &name);
	name.ptr[name.len] = '\0';
	*f = (struct file){ .part = n, .name = name.ptr, .size = part->bytes.len,
		.type = file_type_make(part->type, type) };
}

static void
left_add(struct files *fs, const struct file *f, const char *why)
{
	char size[64];

	if (f->size >= 1024 * 1024)
		snprintf(size, sizeof(size), " (%zu MB%s)", f->size / (1024 * 1024), why);
	else
		snprintf(size, sizeof(size), " (%zu KB%s)", (f->size + 1023) / 1024, why);
	if (fs->left.len > 0)
		text_add(&fs->left, ", ");
	markdown_add(&fs->left, (struct mt_span){ f->name, strlen(f->name) });
	text_add(&fs->left, size);
}

static void
file_add(const struct run *r, struct files *fs, struct file *f)
{
	int64_t most = r->host->conf_int(r->conf, "attachment_size");

	if (!fs->uploads)
		left_add(fs, f, "");
	else if (f->size == 0)
		left_add(fs, f, ", empty");
	else if ((int64_t)f->size > most)
		left_add(fs, f, ", too large");
	else if (fs->count >= FILES_MAX || uuid_of_part(r->key, fs->count, f->id) != 0)
		left_add(fs, f, ", too many");
	else
		fs->list[fs->count++] = *f;
}

static int
is_of_text(const struct body *b, const struct mt_part *part, int32_t n)
{
	return (n == b->text || n == b->html) && part->filename.len == 0;
}

void
files_read(const struct run *r, const struct body *b, struct files *fs)
{
	const char *mode = r->host->conf_str(r->conf, "attachments");
	struct mt_part part = { .size = sizeof(part) };
	struct file f;
	size_t it = 0;

	*fs = (struct files){ .uploads = strcmp(mode, "upload") == 0,
		.left = { .ptr = r->host->alloc(r->msg, FILES_LEFT_MAX),
		.cap = FILES_LEFT_MAX - 16 } };
	if (strcmp(mode, "none") == 0)
		return;
	for (int32_t i = 0; r->host->part_next(r->msg, &it, &part) == 0; i++) {
		file_make(r, &part, i, &f);
		if (!is_of_text(b, &part, i) && !IS_ONE_OF(f.type, signatures))
			file_add(r, fs, &f);
		part.size = sizeof(part);
	}
	if (fs->left.cut) {
		fs->left.cut = 0;
		fs->left.cap += 16;
		text_add(&fs->left, " and more");
	}
}
