/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An exported log of 1,000 records, altered in every way there is: each byte
 * flipped, each record deleted, doubled and swapped with each other one, the
 * file cut at each byte, numbers made right again behind a deletion.
 *
 * To verify the whole file for each of about 700,000 bytes would take long.
 * So the verifier is stopped before each line, by a copy of its state, and the
 * changed line is given to each copy.  Where the verifier finds nothing in the
 * line itself, all that differs is the leaf's hash: the root the rest of the
 * file leads to then follows from it by the leaf's inclusion path, and must
 * not be the signed one.  That this is what the verifier comes to is shown by
 * whole runs, one for each record.  What is changed in a line so that there
 * are two, or one of two, is always run whole.
 *
 *	MAILTRI_TAMPER=bits	all eight bits of each byte, in place of one
 */
#include "audit/verify.c"

#include "publisher_world.h"

#include "audit/export.h"
#include "audit/leaf.h"

enum { RECORDS = 1000 };

struct line {
	struct mt_span text;	/* without its end */
	uint64_t record;	/* UINT64_MAX: none */
};

struct file {
	struct world world;
	struct signer signer;
	struct checkpoint checkpoint;
	struct buf text;
	struct line lines[2 * RECORDS + 1];
	size_t count;
	struct verifier *before[2 * RECORDS + 2];	/* its state ahead of each line */
	struct tree_path paths[RECORDS];
	uint8_t hashes[RECORDS][HASH_SIZE];
};

static struct verifier *
copy(const struct verifier *v)
{
	struct verifier *out = xcalloc(1, sizeof(*out));

	*out = *v;
	memset(&out->leaf, 0, sizeof(out->leaf));
	buf_add(&out->leaf, v->leaf.p, v->leaf.len);
	return out;
}

static struct verify_result
finish(struct verifier *v, bool complete)
{
	struct verify_result result;

	verifier_finish(v, complete, &result);
	return result;
}

/* The lines as they are from `first' on, then the end. */
static bool
found_by(struct verifier *v, const struct file *f, size_t first)
{
	for (size_t i = first; i < f->count; i++)
		verifier_line(v, f->lines[i].text);
	return finish(v, true).status == VERIFY_ALTERED;
}

static void
add_record(struct file *f, uint64_t i)
{
	static const struct slot slot = { .number = 12, .generation = 1, .key = { 1 } };
	struct audit_event event = { .event = "evt_abcdefghijklmnopqrstuvwxyz", .time_s = 1760193000 +
		(int64_t)i, .action = SPAN("create_task"), .target = SPAN("linear"),
		.intent = SPAN("task.linear@example.com"), .intent_known = true,
		.status = AUDIT_SUCCESS, .reason = SPAN("allowlist.match") };
	struct journal_row row = { .seq = i, .event = event.event, .time_s = event.time_s };
	struct journal_entry entry;
	struct buf leaf = { 0 };

	if (i % 4 == 0) {
		event.email = SPAN("user@company.com");
		row.slot = slot.number;
		row.generation = slot.generation;
	}
	assert_int_equal(audit_entry(&f->world.arena, &event, i % 4 == 0 ? &slot : NULL, &entry), 0);
	buf_add(&leaf, entry.leaf.ptr, entry.seq_at);
	buf_printf(&leaf, "%d", (int)i);
	buf_add(&leaf, entry.leaf.ptr + entry.seq_at, entry.leaf.len - entry.seq_at);
	row.leaf = buf_span(&leaf);
	row.opening = entry.opening;
	tree_leaf(row.leaf, f->hashes[i]);
	assert_int_equal(export_leaf(&row, &f->text), 0);
	assert_int_equal(export_opening(&row, &slot, &f->text), 0);
	buf_free(&leaf);
}

static int
hash_of(void *arg, unsigned level, uint64_t index, uint8_t out[HASH_SIZE])
{
	const struct file *f = arg;
	struct tree t = { .size = 0 };

	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		tree_add(&t, f->hashes[i]);
	tree_root(&t, out);
	return 0;
}

static void
split(struct file *f)
{
	struct mt_span rest = buf_span(&f->text);
	uint64_t record = 0;

	while (rest.len > 0) {
		size_t len = (size_t)((const char *)memchr(rest.ptr, '\n', rest.len) - rest.ptr);
		struct line *line = &f->lines[f->count++];

		line->text = span_make(rest.ptr, len);
		line->record = starts_with(line->text, "{\"action\":") ? record++ : UINT64_MAX;
		rest = span_make(rest.ptr + len + 1, rest.len - len - 1);
	}
}

static int
setup(void **state)
{
	struct file *f = calloc(1, sizeof(*f));
	struct tree_source source = { hash_of, f };
	struct checkpoint_signatures signatures;
	struct tree tree = { .size = 0 };
	struct buf note = { 0 };

	world_init(&f->world, false);
	signer_init(&f->signer, f->world.dir);
	for (uint64_t i = 0; i < RECORDS; i++) {
		add_record(f, i);
		tree_add(&tree, f->hashes[i]);
	}
	for (uint64_t i = 0; i < RECORDS; i++)
		assert_int_equal(tree_prove_leaf(&source, i, RECORDS, &f->paths[i]), 0);
	f->checkpoint = (struct checkpoint){ .log = 1, .head.size = RECORDS, .time_s = 1760200000 };
	tree_root(&tree, f->checkpoint.head.root);
	signer_sign(&f->signer, &f->checkpoint, &signatures);
	checkpoint_note(&f->signer.key, &f->checkpoint, &signatures, &note);
	export_checkpoint(buf_string(&note), &f->text);
	buf_free(&note);
	split(f);
	f->before[0] = verifier_new(&f->signer.key, NULL);
	for (size_t i = 0; i < f->count; i++) {
		f->before[i + 1] = copy(f->before[i]);
		verifier_line(f->before[i + 1], f->lines[i].text);
	}
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct file *f = *state;

	for (size_t i = 0; i <= f->count; i++)
		finish(f->before[i], true);
	vault_close(f->signer.vault);
	buf_free(&f->text);
	world_fini(&f->world);
	free(f);
	return 0;
}

static void
test_intact(void **state)
{
	struct file *f = *state;
	struct verify_result r = finish(copy(f->before[f->count]), true);

	assert_string_equal(r.why, "");
	assert_int_equal(r.status, VERIFY_INTACT);
	assert_int_equal(r.records, RECORDS);
	assert_int_equal(r.openings, RECORDS / 4);
}

/* A changed line in the place of line i, all others as they are. */
static bool
line_found(const struct file *f, size_t i, struct mt_span changed, bool whole)
{
	struct verifier *v = copy(f->before[i]);
	uint64_t record = f->lines[i].record;
	uint8_t hash[HASH_SIZE], root[HASH_SIZE];
	bool quiet;

	verifier_line(v, changed);
	quiet = v->result.status == VERIFY_INTACT;
	if (whole || i + 1 == f->count)
		return found_by(v, f, i + 1);
	finish(v, true);
	if (!quiet)
		return true;
	if (record == UINT64_MAX)	/* an opening that was changed and fits */
		return false;
	tree_leaf(changed, hash);
	assert_int_equal(tree_path_root(hash, record, RECORDS, &f->paths[record], root), 0);
	return memcmp(root, f->checkpoint.head.root, HASH_SIZE) != 0;
}

/* One line that has become two. */
static bool
parted_found(const struct file *f, size_t i, struct mt_span changed, size_t at)
{
	struct verifier *v = copy(f->before[i]);

	verifier_line(v, span_make(changed.ptr, at));
	verifier_line(v, span_make(changed.ptr + at + 1, changed.len - at - 1));
	return found_by(v, f, i + 1);
}

static void
flip(const struct file *f, size_t i, size_t at, unsigned bit)
{
	struct mt_span line = f->lines[i].text;
	char *p = (char *)(uintptr_t)line.ptr + at, was = *p;
	bool found;

	*p = (char)(was ^ 1 << bit);
	found = *p == '\n' ? parted_found(f, i, line, at) :
	    line_found(f, i, line, at == line.len / 2);
	*p = was;
	if (!found)
		fail_msg("bit %u of byte %zu of line %zu can be flipped unseen", bit, at, i);
}

static void
test_every_byte(void **state)
{
	struct file *f = *state;
	const char *all = getenv("MAILTRI_TAMPER");
	unsigned bits = all != NULL && strcmp(all, "bits") == 0 ? 8 : 1;

	for (size_t i = 0; i < f->count; i++)
		for (size_t at = 0; at < f->lines[i].text.len; at++)
			for (unsigned bit = 0; bit < bits; bit++)
				flip(f, i, at, (unsigned)(at + bit) % 8);
}

/* The end of a line changed: two lines are one. */
static void
test_every_end(void **state)
{
	struct file *f = *state;

	for (size_t i = 0; i < f->count; i++) {
		struct mt_span line = f->lines[i].text;
		size_t len = line.len + 1 + (i + 1 < f->count ? f->lines[i + 1].text.len : 0);
		char *end = (char *)(uintptr_t)line.ptr + line.len;
		struct verifier *v = copy(f->before[i]);

		*end = (char)(*end ^ 1 << i % 8);
		verifier_line(v, span_make(line.ptr, len));
		*end = '\n';
		if (i + 1 == f->count)	/* the file ends without one */
			assert_int_equal(finish(v, false).status, VERIFY_ALTERED);
		else
			assert_true(found_by(v, f, i + 2));
	}
}

static void
test_every_cut(void **state)
{
	struct file *f = *state;

	for (size_t i = 0; i < f->count; i++)
		for (size_t n = 0; n <= f->lines[i].text.len; n++) {
			struct verifier *v = copy(f->before[i]);

			if (n > 0)
				verifier_line(v, span_make(f->lines[i].text.ptr, n));
			assert_int_equal(finish(v, n == 0 && i > 0).status, VERIFY_ALTERED);
		}
}

static void
test_every_deletion(void **state)
{
	struct file *f = *state;

	for (size_t i = 0; i < f->count; i++) {
		struct verifier *without = copy(f->before[i]), *twice = copy(f->before[i]);
		bool opening = f->lines[i].record == UINT64_MAX && i + 1 < f->count;

		/* An opening may be missing: that is what erasure leaves. */
		assert_int_equal(found_by(without, f, i + 1), !opening);
		verifier_line(twice, f->lines[i].text);
		assert_true(found_by(twice, f, i));
	}
}

/* The number of a record made that of another. */
static void
renumber(struct mt_span leaf, uint64_t number, struct buf *out)
{
	static const char before[] = ",\"seq\":";
	const char *at = memmem(leaf.ptr, leaf.len, before, strlen(before)), *behind;

	assert_non_null(at);
	at += strlen(before);
	behind = memchr(at, ',', (size_t)(leaf.ptr + leaf.len - at));
	buf_reset(out);
	buf_add(out, leaf.ptr, (size_t)(at - leaf.ptr));
	buf_printf(out, "%d", (int)number);
	buf_add(out, behind, (size_t)(leaf.ptr + leaf.len - behind));
}

/* A record left out and all behind it numbered anew. */
static void
test_renumbered(void **state)
{
	struct file *f = *state;
	struct buf line = { 0 };

	for (size_t i = 0; i < f->count; i++) {
		struct verifier *v;

		if (f->lines[i].record == UINT64_MAX)
			continue;
		v = copy(f->before[i]);
		for (size_t k = i + 1; k < f->count; k++)
			if (f->lines[k].record != UINT64_MAX) {
				renumber(f->lines[k].text, f->lines[k].record - 1, &line);
				verifier_line(v, buf_span(&line));
				assert_true(v->result.status == VERIFY_INTACT);
			} else if (k + 1 == f->count) {
				verifier_line(v, f->lines[k].text);
			}
		assert_int_equal(finish(v, true).status, VERIFY_ALTERED);
	}
	buf_free(&line);
}

/* Any two records: as they are, and with their numbers exchanged, too. */
static void
test_every_swap(void **state)
{
	struct file *f = *state;
	struct buf line = { 0 };

	for (size_t i = 0; i < f->count; i++)
		for (size_t k = i + 1; k < f->count; k++) {
			struct verifier *v;

			if (f->lines[i].record == UINT64_MAX || f->lines[k].record == UINT64_MAX)
				continue;
			v = copy(f->before[i]);
			verifier_line(v, f->lines[k].text);
			assert_int_equal(finish(v, true).status, VERIFY_ALTERED);
			renumber(f->lines[k].text, f->lines[i].record, &line);
			assert_true(line_found(f, i, buf_span(&line), false));
		}
	buf_free(&line);
}

static void
file_write(const char *path, const char *suffix, struct mt_span text)
{
	char name[512];
	FILE *out;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	out = fopen(name, "we");
	assert_non_null(out);
	assert_int_equal(fwrite(text.ptr, 1, text.len, out), text.len);
	assert_int_equal(fclose(out), 0);
}

/* For another verifier: FILE, and FILE.pub with the key. */
static int
dump(const char *path)
{
	struct buf key = { 0 };
	struct file *f;
	void *state;

	setup(&state);
	f = state;
	note_key_format(&f->signer.key, &key);
	file_write(path, "", buf_span(&f->text));
	file_write(path, ".pub", buf_span(&key));
	buf_free(&key);
	return teardown(&state);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intact), cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_every_end), cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_deletion), cmocka_unit_test(test_renumbered),
		cmocka_unit_test(test_every_swap),
	};

	return argc > 1 ? dump(argv[1]) : cmocka_run_group_tests(tests, setup, teardown);
}
