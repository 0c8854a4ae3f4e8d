/* SPDX-License-Identifier: BSD-2-Clause */
/* Manifests of backups. */
#include "ctl/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FORMAT = 1, DIGITS_MAX = 19, LEAST_ROOM = 64 };

static const char *const kinds[] = { [MANIFEST_DATA] = "mailtri-data", [MANIFEST_KEYS] = "mailtri-keys" };

/* One of a list, or a prefix and letters of an alphabet. */
static const struct {
	enum manifest_kind kind;
	const char *prefix, *letters;	/* letters NULL: the name as it is */
	size_t most;
} names[] = {
	{ MANIFEST_DATA, "queue.db", NULL, 0 },
	{ MANIFEST_DATA, "counters.db", NULL, 0 },
	{ MANIFEST_DATA, "bodies/", "abcdefghijklmnopqrstuvwxyz0123456789_", 59 },
	{ MANIFEST_KEYS, "installation", NULL, 0 },
	{ MANIFEST_KEYS, "audit", NULL, 0 },
	{ MANIFEST_KEYS, "signed", NULL, 0 },
	{ MANIFEST_KEYS, "shard-", "0123456789abcdef", 12 },
};

bool
manifest_is_name(enum manifest_kind kind, const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].prefix), rest;

		if (names[i].kind != kind || strncmp(name, names[i].prefix, n) != 0)
			continue;
		if (names[i].letters == NULL && name[n] == '\0')
			return true;
		if (names[i].letters == NULL)
			continue;
		rest = strspn(name + n, names[i].letters);
		if (rest > 0 && rest <= names[i].most && name[n + rest] == '\0')
			return true;
	}
	return false;
}

void
manifest_free(struct manifest *m)
{
	free(m->list);
	m->list = NULL;
	m->count = m->room = 0;
}

struct manifest_entry *
manifest_add(struct manifest *m)
{
	if (m->count == m->room) {
		size_t room = m->room == 0 ? LEAST_ROOM : 2 * m->room;
		struct manifest_entry *list = xcalloc(room, sizeof(*list));

		if (m->count > 0)
			memcpy(list, m->list, m->count * sizeof(*list));
		free(m->list);
		m->list = list;
		m->room = room;
	}
	m->list[m->count] = (struct manifest_entry){ .size = 0 };
	return &m->list[m->count++];
}

void
manifest_format(const struct manifest *m, struct buf *out)
{
	uint8_t hash[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1];
	struct mt_span all;

	buf_printf(out, "%s %d\ncreated %s\nslots %" PRIu64 "\n", kinds[m->kind], FORMAT, m->created,
	    m->slots);
	if (m->kind == MANIFEST_DATA)
		buf_printf(out, "records %" PRIu64 "\n", m->records);
	else
		buf_printf(out, "root %s %u\n", m->root, m->root_version);
	for (size_t i = 0; i < m->count; i++) {
		hash_hex(m->list[i].hash, HASH_SIZE, hex);
		buf_printf(out, "%s %" PRIu64 " %s\n", hex, m->list[i].size, m->list[i].name);
	}
	all = buf_span(out);
	hash_sha256(&all, 1, hash);
	hash_hex(hash, HASH_SIZE, hex);
	buf_printf(out, "end %s\n", hex);
}

/* The next line, without its end; false: there is none. */
static bool
line_next(struct mt_span *text, struct mt_span *line)
{
	const char *end = text->len == 0 ? NULL : memchr(text->ptr, '\n', text->len);

	if (end == NULL)
		return false;
	*line = span_make(text->ptr, (size_t)(end - text->ptr));
	text->len -= line->len + 1;
	text->ptr = end + 1;
	return true;
}

/* The next word of a line; empty at its end. */
static struct mt_span
word_next(struct mt_span *line)
{
	const char *end = line->len == 0 ? NULL : memchr(line->ptr, ' ', line->len);
	struct mt_span word = *line;

	if (end == NULL) {
		*line = span_make(line->ptr + line->len, 0);
		return word;
	}
	word.len = (size_t)(end - word.ptr);
	line->len -= word.len + 1;
	line->ptr = end + 1;
	return word;
}

static bool
number_of(struct mt_span word, uint64_t *out)
{
	*out = 0;
	if (word.len == 0 || word.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(word.ptr[i] - '0');
	}
	return true;
}

static bool
text_of(struct mt_span word, char *out, size_t size)
{
	if (word.len == 0 || word.len >= size || memchr(word.ptr, '\0', word.len) != NULL)
		return false;
	memcpy(out, word.ptr, word.len);
	out[word.len] = '\0';
	return true;
}

static bool
head_parse(struct mt_span *text, struct manifest *m)
{
	struct mt_span line, word;
	uint64_t number;

	if (!line_next(text, &line))
		return false;
	word = word_next(&line);
	m->kind = span_is(word, kinds[MANIFEST_KEYS]) ? MANIFEST_KEYS : MANIFEST_DATA;
	if (!span_is(word, kinds[m->kind]) || !number_of(line, &number) || number != FORMAT)
		return false;
	if (!line_next(text, &line) || !span_is(word_next(&line), "created") ||
	    !text_of(line, m->created, sizeof(m->created)))
		return false;
	if (!line_next(text, &line) || !span_is(word_next(&line), "slots") ||
	    !number_of(line, &m->slots) || !line_next(text, &line))
		return false;
	word = word_next(&line);
	if (m->kind == MANIFEST_DATA)
		return span_is(word, "records") && number_of(line, &m->records);
	if (!span_is(word, "root") || !text_of(word_next(&line), m->root, sizeof(m->root)) ||
	    !number_of(line, &number) || number > UINT32_MAX)
		return false;
	m->root_version = (uint32_t)number;
	return true;
}

static bool
entry_parse(struct mt_span hash, struct mt_span line, struct manifest *m)
{
	struct manifest_entry *e = manifest_add(m);

	return hash_unhex(hash, e->hash, HASH_SIZE) == 0 && number_of(word_next(&line), &e->size) &&
	    text_of(line, e->name, sizeof(e->name)) && manifest_is_name(m->kind, e->name);
}

static int
refuse(char why[MANIFEST_WHY_MAX], const char *what)
{
	snprintf(why, MANIFEST_WHY_MAX, "%s", what);
	return EBADMSG;
}

int
manifest_parse(struct mt_span text, struct manifest *m, char why[MANIFEST_WHY_MAX])
{
	struct mt_span rest = text, line, all = { text.ptr, 0 };
	uint8_t said[HASH_SIZE], hash[HASH_SIZE];

	memset(m, 0, sizeof(*m));
	if (text.len > MANIFEST_BYTES_MAX || !head_parse(&rest, m))
		return refuse(why, "not a backup of mailtri, or of a version to come");
	for (all.len = text.len - rest.len; line_next(&rest, &line); all.len = text.len - rest.len) {
		struct mt_span word = word_next(&line);

		if (!span_is(word, "end")) {
			if (!entry_parse(word, line, m))
				return refuse(why, "damaged: a line of its list cannot be read");
			continue;
		}
		hash_sha256(&all, 1, hash);
		if (rest.len > 0 || hash_unhex(line, said, HASH_SIZE) != 0 ||
		    memcmp(said, hash, HASH_SIZE) != 0)
			return refuse(why, "damaged: its list does not have the hash it should have");
		return 0;
	}
	return refuse(why, "incomplete: its list has no end");
}
