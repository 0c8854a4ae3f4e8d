/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine answers of the audit log.  Rows are read by a job; then
 * they are walked one by one, the key of each asked of `keys' before its
 * personal values can be shown.
 */
#include "ctl/handlers_audit.h"

#include <errno.h>
#include <stdlib.h>

#include "audit/export.h"
#include "audit/record.h"

struct walk {
	struct store_job job;
	struct export_page page;
	const struct handlers *h;
	struct control_reply *reply;
	struct arena arena;
	/* in */
	char event[QUEUE_EVENT_SIZE];	/* "": by seq */
	uint64_t seq;
	size_t max;
	bool closed;		/* keys are not asked for */
	/* the rows, and where we are */
	struct journal_row *rows;
	size_t count, at, sent_bytes;
	bool running, answered;
	/* 0 to go on, else the walk ends here and went well */
	int (*row)(struct walk *, const struct journal_row *, const struct slot *);
	void (*end)(struct walk *);
};

static struct walk *
walk_new(struct control_reply *r, void *arg)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->h = arg;
	w->reply = r;
	return w;
}

static void
walk_free(struct walk *w)
{
	arena_free(&w->arena);
	free(w);
}

static void walk_slot(const struct slot *, void *arg);

/* An answer may come within open() or later; either way rows keep order and
 * the stack stays flat. */
static void
walk_run(struct walk *w)
{
	while (w->at < w->count) {
		const struct journal_row *row = &w->rows[w->at];

		w->running = true;
		w->answered = false;
		if (w->closed || row->opening.len == 0)
			walk_slot(NULL, w);
		else
			w->h->open(row->slot, row->generation, walk_slot, w, w->h->arg);
		w->running = false;
		if (!w->answered)
			return;
	}
	w->end(w);
}

static void
walk_slot(const struct slot *slot, void *arg)
{
	struct walk *w = arg;

	if (!control_is_open(w->reply) || w->row(w, &w->rows[w->at], slot) != 0)
		w->count = w->at + 1;
	w->at++;
	if (w->running)
		w->answered = true;
	else
		walk_run(w);
}

static void
rows_read(struct store *store, struct store_job *job)
{
	struct walk *w = job->arg;

	if (w->event[0] != '\0')
		w->count = journal_find(store, &w->arena, span_of(w->event), w->max, &w->rows);
	else
		w->count = journal_read(store, &w->arena, w->seq, w->max, &w->rows);
}

static void
rows_done(struct store_job *job)
{
	walk_run(job->arg);
}

static void
walk_read(struct walk *w)
{
	w->job = (struct store_job){ .run = rows_read, .done = rows_done, .arg = w };
	store_submit(w->h->store, &w->job);
}

static bool
event_get(struct walk *w, const json_t *request)
{
	const char *event = control_string(request, "event", "");

	if (*event != '\0' && strlen(event) < sizeof(w->event)) {
		memcpy(w->event, event, strlen(event) + 1);
		return true;
	}
	control_fail(w->reply, "%s is not an event: they look like evt_ and 26 letters", event);
	walk_free(w);
	return false;
}

/* Records, as people read them. */

static int
record_row(struct walk *w, const struct journal_row *row, const struct slot *slot)
{
	struct buf text = { 0 };
	int error = audit_record(row, slot, &text);
	json_t *record = error != 0 ? NULL : json_loadb((const char *)text.p, text.len,
	    JSON_ALLOW_NUL, NULL);

	if (record == NULL)	/* damage is shown, not skipped */
		record = json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)row->seq, "eventId",
		    row->event, "error", "this record is damaged: mailtrictl audit verify");
	control_add(w->reply, record);
	buf_wipe(&text);
	return 0;
}

static void
records_end(struct walk *w)
{
	if (w->event[0] != '\0' && w->count == 0)
		control_fail(w->reply, "%s is not in the audit log", w->event);
	else
		control_done(w->reply);
	walk_free(w);
}

void
handlers_audit_list(struct control_reply *r, const json_t *request, void *arg)
{
	struct walk *w = walk_new(r, arg);
	int64_t max = control_int(request, "max", AUDIT_PAGE_MAX);
	int64_t seq = control_int(request, "seq", -1);
	uint64_t size = store_leaves(w->h->store);

	w->max = max < 1 || max > AUDIT_PAGE_MAX ? AUDIT_PAGE_MAX : (size_t)max;
	w->seq = seq >= 0 ? (uint64_t)seq : size > w->max ? size - w->max : 0;
	w->row = record_row;
	w->end = records_end;
	walk_read(w);
}

void
handlers_audit_show(struct control_reply *r, const json_t *request, void *arg)
{
	struct walk *w = walk_new(r, arg);

	if (!event_get(w, request))
		return;
	w->max = AUDIT_PAGE_MAX;
	w->row = record_row;
	w->end = records_end;
	walk_read(w);
}

/* The report a verdict was made with. */

static int
report_row(struct walk *w, const struct journal_row *row, const struct slot *slot)
{
	struct buf text = { 0 };
	json_t *report = NULL;

	if (slot != NULL && audit_value(row, slot, "report", &text) == 0)
		report = json_loadb((const char *)text.p, text.len, JSON_ALLOW_NUL, NULL);
	buf_wipe(&text);
	if (report == NULL)
		return 0;
	control_add(w->reply, report);
	w->sent_bytes = 1;
	return 1;
}

static void
report_end(struct walk *w)
{
	if (w->sent_bytes > 0)
		control_done(w->reply);
	else if (w->count == 0)
		control_fail(w->reply, "%s is not in the audit log", w->event);
	else
		control_fail(w->reply, "the report on %s is gone: its time is over and its "
		    "key is erased (mailtrictl audit show %s has what stays)", w->event,
		    w->event);
	walk_free(w);
}

void
handlers_explain(struct control_reply *r, const json_t *request, void *arg)
{
	struct walk *w = walk_new(r, arg);

	if (!event_get(w, request))
		return;
	w->max = AUDIT_PAGE_MAX;
	w->row = report_row;
	w->end = report_end;
	walk_read(w);
}

/* The log as a file. */

/* One line, its "\n" left to the client. */
static void
line_add(struct walk *w, struct buf *line)
{
	if (line->len > 0 && line->p[line->len - 1] == '\n')
		line->len--;
	w->sent_bytes += line->len;
	control_add(w->reply, json_pack("{s:s%}", "line", line->p, line->len));
	buf_reset(line);
}

static int
export_row(struct walk *w, const struct journal_row *row, const struct slot *slot)
{
	struct buf line = { 0 };

	if (export_leaf(row, &line) == 0)	/* else it is missing, and the verifier says so */
		line_add(w, &line);
	if (slot != NULL && export_opening(row, slot, &line) == 0 && line.len > 0)
		line_add(w, &line);
	buf_wipe(&line);
	return w->sent_bytes >= AUDIT_PAGE_BYTES;
}

static void
export_end(struct walk *w)
{
	bool all = w->at >= w->page.count;
	uint64_t next = all ? w->page.seq : w->rows[w->at].seq;
	bool last = all && w->page.last;
	struct buf line = { 0 };

	if (last && w->page.note != NULL) {
		export_checkpoint(w->page.note, &line);
		line_add(w, &line);
	}
	control_add(w->reply, json_pack("{s:I, s:b}", "next", (json_int_t)next, "last", last));
	control_done(w->reply);
	buf_free(&line);
	walk_free(w);
}

static void
page_done(struct store_job *job)
{
	struct walk *w = job->arg;

	w->rows = w->page.rows;
	w->count = w->page.count;
	walk_run(w);
}

void
handlers_audit_export(struct control_reply *r, const json_t *request, void *arg)
{
	struct walk *w = walk_new(r, arg);
	int64_t seq = control_int(request, "seq", 0);

	if (w->h->key->name[0] == '\0') {
		control_fail(r, "the role keys has not come up yet: try again");
		walk_free(w);
		return;
	}
	w->closed = !json_is_true(json_object_get(request, "open"));
	w->row = export_row;
	w->end = export_end;
	w->page = (struct export_page){ .job = { .done = page_done, .arg = w },
		.seq = seq < 0 ? 0 : (uint64_t)seq, .max = AUDIT_PAGE_MAX, .arena = &w->arena,
		.key = w->h->key };
	export_page(w->h->store, &w->page);
}
