/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages and lines of the exported audit log. */
#include "audit/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/emit.h"

static void
page_run(struct store *s, struct store_job *job)
{
	struct export_page *page = (struct export_page *)job;
	struct checkpoint last;

	page->note = journal_marked(s, page->arena);
	if (page->note != NULL && checkpoint_verify(page->key, span_of(page->note), &last) != 0)
		page->note = NULL;
	if (page->note == NULL || page->seq >= last.head.size)
		return;
	if (page->max > last.head.size - page->seq)
		page->max = (size_t)(last.head.size - page->seq);
	page->count = journal_read(s, page->arena, page->seq, page->max, &page->rows);
	page->seq += page->count;
	page->last = page->seq >= last.head.size || page->count == 0;
}

void
export_page(struct store *s, struct export_page *page)
{
	page->rows = NULL;
	page->count = 0;
	page->last = true;
	page->job.prepare = NULL;
	page->job.run = page_run;
	store_submit(s, &page->job);
}

static bool
has_text(const struct journal_row *row, const struct buf *text)
{
	return memmem(row->leaf.ptr, row->leaf.len, text->p, text->len) != NULL;
}

/* Columns are what lists are made from: they must say what the leaf says. */
static bool
columns_agree(const struct journal_row *row)
{
	char time[AUDIT_TIME_SIZE];
	struct buf text = { 0 };
	bool agree;

	audit_time(row->time_s, time);
	buf_printf(&text, ",\"seq\":%" PRIu64 ",\"timestamp\":\"%s\",", row->seq, time);
	agree = has_text(row, &text);
	buf_reset(&text);
	if (row->generation != 0)
		buf_printf(&text, ",\"eventId\":\"%s\",\"key\":{\"generation\":%" PRIu64
		    ",\"slot\":%" PRIu64 "},", row->event, row->generation, row->slot);
	else
		buf_printf(&text, ",\"eventId\":\"%s\",\"", row->event);
	agree = agree && has_text(row, &text);
	buf_add_string(&text, "key\":{");
	if (row->generation == 0)
		agree = agree && !has_text(row, &text);
	buf_free(&text);
	return agree;
}

int
export_leaf(const struct journal_row *row, struct buf *out)
{
	if (row->leaf.len > JOURNAL_LEAF_MAX || !columns_agree(row))
		return EBADMSG;
	buf_add(out, row->leaf.ptr, row->leaf.len);
	buf_add_char(out, '\n');
	return 0;
}

static void
emit_value(struct emit *j, const struct audit_value *value, struct arena *arena)
{
	char salt[2 * AUDIT_SALT_SIZE + 1];
	struct buf text = { 0 };

	hash_hex(value->salt, AUDIT_SALT_SIZE, salt);
	hash_base64(&text, value->value.ptr, value->value.len);
	emit_array(j, arena_string(arena, value->name));
	emit_text(j, NULL, salt);
	emit_string(j, NULL, buf_span(&text));
	emit_end_array(j);
	buf_wipe(&text);
}

int
export_opening(const struct journal_row *row, const struct slot *slot, struct buf *out)
{
	struct arena arena = { 0 };
	struct buf plain = { 0 };
	struct emit j = emit_of(out);
	struct audit_value *values;
	size_t count = 0;
	int error;

	if (row->opening.len == 0)
		return 0;
	error = seal_open(slot, SEAL_OPENING, span_of(row->event), row->opening, &plain);
	if (error == 0)
		error = audit_values(&arena, buf_span(&plain), &values, &count);
	buf_wipe(&plain);
	if (error == 0 && count > 0) {
		emit_object(&j, NULL);
		emit_object(&j, "open");
		emit_object(&j, "fields");
		for (size_t i = 0; i < count; i++)
			emit_value(&j, &values[i], &arena);
		emit_end_object(&j);
		emit_int(&j, "seq", (int64_t)row->seq);
		emit_end_object(&j);
		emit_end_object(&j);
		buf_add_char(out, '\n');
	}
	arena_free(&arena);
	return error;
}

void
export_checkpoint(const char *note, struct buf *out)
{
	checkpoint_line_format(span_of(note), out);
	buf_add_char(out, '\n');
}
