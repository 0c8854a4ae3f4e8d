/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves and openings, records as people read them, the exported log and
 * every way to alter it. */
#include "store_world.h"

#include <jansson.h>

#include "audit/export.h"
#include "audit/record.h"
#include "audit/verify.h"
#include "store/vault.h"

static const struct slot slot = { .number = 12, .generation = 1, .key = { 1, 2, 3 } };

static struct audit_event
full_event(void)
{
	static const struct audit_check checks[] = {
		{ SPAN("auth"), SPAN("message"), SPAN("continue"), SPAN("") },
		{ SPAN("allowlist"), SPAN("message"), SPAN("reject"), SPAN("allowlist.denied") } };

	return (struct audit_event){ .event = "evt_1", .time_s = 1760193000,
		.email = SPAN("user@company.com"), .ip = SPAN("203.0.113.42"),
		.user_agent = SPAN("Mutt \"2\"\xff"), .verified = true, .action = SPAN("create_task"),
		.target = SPAN("linear"), .intent = SPAN("task.linear@mailtri.com"), .intent_known = true,
		.parameters = SPAN("{\"title\":\"x\"}"), .spf = SPAN("pass"), .dkim = SPAN("pass"),
		.dmarc = SPAN("pass"), .permitted = true, .role = SPAN("developer"),
		.policy = SPAN("pol_0123456789ab"), .status = AUDIT_SUCCESS,
		.resource_id = SPAN("LIN-1234"), .reason = SPAN("allowlist.denied"), .checks = checks,
		.check_count = 2, .report = SPAN("{\"facts\":{}}") };
}

/* What journal_append() does with the number. */
static struct journal_row
row_of(struct arena *arena, const struct journal_entry *e, uint64_t seq)
{
	struct buf leaf = { 0 };
	struct journal_row row = { .seq = seq, .event = e->event, .time_s = e->time_s,
		.opening = e->opening, .slot = e->slot, .generation = e->generation };

	buf_add(&leaf, e->leaf.ptr, e->seq_at);
	buf_printf(&leaf, "%d", (int)seq);
	buf_add(&leaf, e->leaf.ptr + e->seq_at, e->leaf.len - e->seq_at);
	row.leaf = arena_span(arena, buf_span(&leaf));
	buf_free(&leaf);
	return row;
}

static struct journal_row
make_row(struct arena *arena, const struct audit_event *event, uint64_t seq)
{
	struct journal_entry entry;

	assert_int_equal(audit_entry(arena, event, &slot, &entry), 0);
	return row_of(arena, &entry, seq);
}

/* RFC 8785: what jansson sorts and writes compact is the same bytes (ASCII
 * member names, integers). */
static void
test_canonical(void **state)
{
	struct arena arena = { 0 };
	struct audit_event event = full_event();
	struct journal_row row = make_row(&arena, &event, 7);
	json_t *leaf = json_loadb(row.leaf.ptr, row.leaf.len, 0, NULL);
	char *again = json_dumps(leaf, JSON_COMPACT | JSON_SORT_KEYS);

	(void)state;
	assert_non_null(again);
	assert_string_equal(again, arena_string(&arena, row.leaf));
	assert_int_equal(json_integer_value(json_object_get(leaf, "seq")), 7);
	free(again);
	json_decref(leaf);
	arena_free(&arena);
}

static void
test_nothing_personal(void **state)
{
	static const char *const words[] = { "user@company", "203.0.113", "Mutt", "title", "facts" };
	struct arena arena = { 0 };
	struct audit_event event = full_event();
	struct journal_row a = make_row(&arena, &event, 7), b = make_row(&arena, &event, 7);

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_null(memmem(a.leaf.ptr, a.leaf.len, words[i], strlen(words[i])));
		assert_null(memmem(a.opening.ptr, a.opening.len, words[i], strlen(words[i])));
	}
	assert_false(span_equal(a.leaf, b.leaf));	/* fresh salts */
	event.intent_known = false;
	event.resource_id = SPAN("see title of user@company.com");
	a = make_row(&arena, &event, 7);
	assert_null(memmem(a.leaf.ptr, a.leaf.len, "mailtri.com", 11));
	assert_null(memmem(a.leaf.ptr, a.leaf.len, "see title", 9));
	arena_free(&arena);
}

static char *
record_text(struct arena *arena, const struct journal_row *row, const struct slot *with)
{
	struct buf out = { 0 };
	char *text;

	assert_int_equal(audit_record(row, with, &out), 0);
	text = arena_string(arena, buf_span(&out));
	buf_free(&out);
	return text;
}

/* The whole form, as auditors read it. */
static void
test_record(void **state)
{
	struct arena arena = { 0 };
	struct audit_event event = full_event();
	struct journal_row row = make_row(&arena, &event, 7);
	struct slot wrong = slot;
	struct buf out = { 0 };

	(void)state;
	assert_string_equal(record_text(&arena, &row, &slot), "{\"eventId\":\"evt_1\","
	    "\"timestamp\":\"2025-10-11T14:30:00Z\",\"actor\":{\"email\":\"user@company.com\","
	    "\"ip\":\"203.0.113.42\",\"userAgent\":\"Mutt \\\"2\\\"\xef\xbf\xbd\",\"verified\":true},"
	    "\"action\":{\"intent\":\"task.linear@mailtri.com\",\"parameters\":{\"title\":\"x\"},"
	    "\"target\":\"linear\",\"type\":\"create_task\"},"
	    "\"authentication\":{\"dkim\":\"pass\",\"dmarc\":\"pass\",\"spf\":\"pass\"},"
	    "\"authorization\":{\"permitted\":true,\"policy\":\"pol_0123456789ab\",\"role\":\"developer\"},"
	    "\"result\":{\"resourceId\":\"LIN-1234\",\"status\":\"success\"},\"seq\":7,"
	    "\"reason\":\"allowlist.denied\",\"checks\":["
	    "{\"phase\":\"message\",\"reason\":\"\",\"stage\":\"auth\",\"verdict\":\"continue\"},"
	    "{\"phase\":\"message\",\"reason\":\"allowlist.denied\",\"stage\":\"allowlist\","
	    "\"verdict\":\"reject\"}]}");
	assert_non_null(strstr(record_text(&arena, &row, NULL), "\"email\":null"));
	row.opening.len = 0;	/* erased */
	assert_non_null(strstr(record_text(&arena, &row, &slot), "\"parameters\":null"));
	row = make_row(&arena, &event, 7);
	wrong.key[0] ^= 1;
	assert_int_equal(audit_record(&row, &wrong, &out), EBADMSG);
	row.leaf.len--;
	assert_int_equal(audit_record(&row, &slot, &out), EBADMSG);
	buf_free(&out);
	arena_free(&arena);
}

/* Another event's opening, made under the same key and id, does not fit. */
static void
test_other_opening(void **state)
{
	struct arena arena = { 0 };
	struct audit_event event = full_event();
	struct journal_row row = make_row(&arena, &event, 7);
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(audit_value(&row, &slot, "report", &out), 0);
	assert_true(span_is(buf_span(&out), "{\"facts\":{}}"));
	assert_int_equal(audit_value(&row, &slot, "nothing", &out), ENOENT);
	event.email = SPAN("other@company.com");
	row.opening = make_row(&arena, &event, 7).opening;
	assert_int_equal(audit_record(&row, &slot, &out), EBADMSG);
	assert_int_equal(audit_value(&row, &slot, "report", &out), EBADMSG);
	buf_free(&out);
	arena_free(&arena);
}

static void
test_limits(void **state)
{
	static struct audit_check checks[AUDIT_CHECKS_MAX + 1];
	struct arena arena = { 0 };
	struct audit_event event = full_event();
	struct journal_entry entry;
	char *long_reason = calloc(1, JOURNAL_LEAF_MAX);
	size_t other;

	(void)state;
	assert_int_equal(audit_entry(&arena, &event, NULL, &entry), EINVAL);
	event.checks = checks;
	event.check_count = AUDIT_CHECKS_MAX;
	assert_int_equal(audit_entry(&arena, &event, &slot, &entry), 0);
	event.check_count++;
	assert_int_equal(audit_entry(&arena, &event, &slot, &entry), EMSGSIZE);
	event.check_count = 0;
	memset(long_reason, 'r', JOURNAL_LEAF_MAX);
	event.reason = span_make(long_reason, 0);
	assert_int_equal(audit_entry(&arena, &event, &slot, &entry), 0);
	other = entry.leaf.len + JOURNAL_SEQ_DIGITS;
	event.reason.len = JOURNAL_LEAF_MAX - other;
	assert_int_equal(audit_entry(&arena, &event, &slot, &entry), 0);
	event.reason.len++;
	assert_int_equal(audit_entry(&arena, &event, &slot, &entry), EMSGSIZE);
	free(long_reason);
	arena_free(&arena);
}

/* A log of a few records, exported whole. */
struct log {
	struct arena arena;
	struct note_key key;
	struct vault *vault;
	char dir[256];
	struct buf text;	/* the file */
	struct checkpoint checkpoint;
};

enum { RECORDS = 6 };

static void
log_sign(struct log *l, struct buf *note)
{
	struct checkpoint_signatures signatures;
	struct buf text = { 0 }, timed = { 0 };

	checkpoint_text(&l->key, &l->checkpoint, &text);
	checkpoint_timed(&l->key, &l->checkpoint, &timed);
	vault_sign(l->vault, buf_span(&text), signatures.text);
	vault_sign(l->vault, buf_span(&timed), signatures.timed);
	checkpoint_note(&l->key, &l->checkpoint, &signatures, note);
	buf_free(&text);
	buf_free(&timed);
}

static int
log_setup(void **state)
{
	static const uint8_t root[SEAL_KEY_SIZE];
	struct log *l = calloc(1, sizeof(*l));
	struct vault_options options = { .root = span_make(root, sizeof(root)), .name = "mx.example" };
	struct buf note = { 0 };
	uint8_t hash[HASH_SIZE];
	struct tree tree = { 0 };
	char why[256];

	scratch_make(l->dir);
	options.dir = l->dir;
	l->vault = vault_open(&options, why);
	assert_non_null(l->vault);
	snprintf(l->key.name, sizeof(l->key.name), "mx.example");
	memcpy(l->key.public_key, vault_public(l->vault), NOTE_KEY_SIZE);
	for (uint64_t i = 0; i < RECORDS; i++) {
		struct audit_event event = full_event();
		struct journal_row row;

		event.time_s += (int64_t)i;
		row = make_row(&l->arena, &event, i);
		assert_int_equal(export_leaf(&row, &l->text), 0);
		if (i % 2 == 0)
			assert_int_equal(export_opening(&row, &slot, &l->text), 0);
		tree_leaf(row.leaf, hash);
		tree_add(&tree, hash);
	}
	l->checkpoint = (struct checkpoint){ .log = 1, .head.size = RECORDS, .time_s = 1760193100 };
	tree_root(&tree, l->checkpoint.head.root);
	log_sign(l, &note);
	export_checkpoint(buf_string(&note), &l->text);
	buf_free(&note);
	*state = l;
	return 0;
}

static int
log_teardown(void **state)
{
	struct log *l = *state;

	vault_close(l->vault);
	scratch_remove(l->dir);
	buf_free(&l->text);
	arena_free(&l->arena);
	free(l);
	return 0;
}

static struct verify_result
verify(struct mt_span text, const struct note_key *key, const struct checkpoint *seen)
{
	struct verifier *v = verifier_new(key, seen);
	struct verify_result result;
	bool complete = false;

	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t n = end != NULL ? (size_t)(end - text.ptr) : text.len;

		complete = end != NULL;
		verifier_line(v, span_make(text.ptr, n));
		text.ptr += n + complete;
		text.len -= n + complete;
	}
	verifier_finish(v, complete, &result);
	return result;
}

static void
test_intact(void **state)
{
	struct log *l = *state;
	struct verify_result r = verify(buf_span(&l->text), &l->key, NULL);
	char path[300];
	FILE *f;

	assert_string_equal(r.why, "");
	assert_int_equal(r.status, VERIFY_INTACT);
	assert_int_equal(r.records, RECORDS);
	assert_int_equal(r.openings, RECORDS / 2);
	assert_int_equal(r.checkpoint.time_s, 1760193100);
	snprintf(path, sizeof(path), "%s/log", l->dir);
	f = fopen(path, "w");
	fwrite(l->text.p, 1, l->text.len, f);
	fclose(f);
	assert_int_equal(audit_verify_file(path, &l->key, &l->checkpoint, &r), 0);
	assert_int_equal(r.status, VERIFY_INTACT);
	assert_int_equal(audit_verify_file("/nowhere", &l->key, NULL, &r), ENOENT);
}

static void
test_every_bit(void **state)
{
	struct log *l = *state;

	for (size_t i = 0; i < l->text.len * 8; i++) {
		l->text.p[i / 8] ^= (unsigned char)(1 << i % 8);
		if (verify(buf_span(&l->text), &l->key, NULL).status != VERIFY_ALTERED)
			fail_msg("bit %zu of byte %zu can be flipped unseen", i % 8, i / 8);
		l->text.p[i / 8] ^= (unsigned char)(1 << i % 8);
	}
}

static void
test_every_cut(void **state)
{
	struct log *l = *state;

	for (size_t n = 0; n < l->text.len; n++)
		assert_int_equal(verify(span_make(l->text.p, n), &l->key, NULL).status, VERIFY_ALTERED);
}

struct line {
	struct mt_span text;	/* with its end */
	bool is_leaf;
};

static size_t
split(struct mt_span text, struct line *lines)
{
	size_t n = 0;

	while (text.len > 0) {
		size_t len = (size_t)((const char *)memchr(text.ptr, '\n', text.len) - text.ptr) + 1;

		lines[n].text = span_make(text.ptr, len);
		lines[n++].is_leaf = memcmp(text.ptr, "{\"action", 8) == 0;
		text.ptr += len;
		text.len -= len;
	}
	return n;
}

static enum verify_status
verify_lines(const struct log *l, const struct line *lines, size_t n)
{
	struct buf text = { 0 };
	enum verify_status status;

	for (size_t i = 0; i < n; i++)
		buf_add(&text, lines[i].text.ptr, lines[i].text.len);
	status = verify(buf_span(&text), &l->key, NULL).status;
	buf_free(&text);
	return status;
}

/* Lines deleted, doubled, swapped.  An opening may be left out: it is what
 * erasure does; the record it opens stays proved. */
static void
test_every_line(void **state)
{
	struct log *l = *state;
	struct line lines[2 * RECORDS + 2], other[2 * RECORDS + 3];
	size_t n = split(buf_span(&l->text), lines);

	for (size_t i = 0; i < n; i++) {
		bool is_opening = !lines[i].is_leaf && i + 1 < n;

		memcpy(other, lines, sizeof(lines));
		memmove(other + i, other + i + 1, (n - i - 1) * sizeof(other[0]));
		assert_int_equal(verify_lines(l, other, n - 1),
		    is_opening ? VERIFY_INTACT : VERIFY_ALTERED);
		memcpy(other, lines, i * sizeof(lines[0]));
		other[i] = lines[i];
		memcpy(other + i + 1, lines + i, (n - i) * sizeof(lines[0]));
		assert_int_equal(verify_lines(l, other, n + 1), VERIFY_ALTERED);
		for (size_t k = i + 1; k < n; k++) {
			memcpy(other, lines, sizeof(lines));
			other[i] = lines[k];
			other[k] = lines[i];
			assert_int_equal(verify_lines(l, other, n), VERIFY_ALTERED);
		}
	}
}

static void
test_other_key_and_checkpoint(void **state)
{
	struct log *l = *state;
	struct note_key other = l->key;
	struct checkpoint seen = l->checkpoint;

	other.public_key[0] ^= 1;
	assert_int_equal(verify(buf_span(&l->text), &other, NULL).status, VERIFY_ALTERED);
	other = l->key;
	snprintf(other.name, sizeof(other.name), "mx.exampla");
	assert_int_equal(verify(buf_span(&l->text), &other, NULL).status, VERIFY_ALTERED);
	assert_int_equal(verify(buf_span(&l->text), &l->key, &seen).status, VERIFY_INTACT);
	seen.head.root[5] ^= 1;	/* a rewritten log, signed again */
	assert_int_equal(verify(buf_span(&l->text), &l->key, &seen).status, VERIFY_ALTERED);
	seen = l->checkpoint;
	seen.head.size++;
	assert_int_equal(verify(buf_span(&l->text), &l->key, &seen).status, VERIFY_STALE);
}

static void
test_columns(void **state)
{
	struct arena arena = { 0 };
	struct audit_event event = full_event();
	struct journal_row row = make_row(&arena, &event, 7), bad;
	struct buf out = { 0 };

	(void)state;
	bad = row;
	bad.seq++;
	assert_int_equal(export_leaf(&bad, &out), EBADMSG);
	bad = row;
	bad.time_s++;
	assert_int_equal(export_leaf(&bad, &out), EBADMSG);
	bad = row;
	bad.event = "evt_2";
	assert_int_equal(export_leaf(&bad, &out), EBADMSG);
	bad = row;
	bad.slot++;
	assert_int_equal(export_leaf(&bad, &out), EBADMSG);
	bad.generation = 0;
	assert_int_equal(export_leaf(&bad, &out), EBADMSG);
	assert_int_equal(out.len, 0);
	assert_int_equal(export_leaf(&row, &out), 0);
	buf_free(&out);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical), cmocka_unit_test(test_nothing_personal),
		cmocka_unit_test(test_record), cmocka_unit_test(test_other_opening),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_columns),
		cmocka_unit_test_setup_teardown(test_intact, log_setup, log_teardown),
		cmocka_unit_test_setup_teardown(test_every_bit, log_setup, log_teardown),
		cmocka_unit_test_setup_teardown(test_every_cut, log_setup, log_teardown),
		cmocka_unit_test_setup_teardown(test_every_line, log_setup, log_teardown),
		cmocka_unit_test_setup_teardown(test_other_key_and_checkpoint, log_setup, log_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
