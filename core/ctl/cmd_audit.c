/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl audit: what was done and refused, and the proof of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "audit/leaf.h"
#include "audit/verify.h"
#include "ctl/cmd_proof.h"
#include "ctl/trust.h"

enum { LINES_DEFAULT = 20, PAGE = 256, STALE_MS = 3 * CHECKPOINT_IDLE_MS };

struct audit_options {
	struct option_int lines, from;
	bool all, open;
	const char *key, *seen;
};

#define ROW(member) offsetof(struct audit_options, member)
static const struct option_row list_rows[] = {
	{ "lines", 'n', OPTION_INT, ROW(lines), "N", "the last N records (20)" },
	{ "from", 0, OPTION_INT, ROW(from), "SEQ", "from this record on, counted from 0" },
	{ "all", 'a', OPTION_FLAG, ROW(all), NULL, "from the first record on" },
	{ .name = NULL },
};
static const struct option_row export_rows[] = {
	{ "open", 0, OPTION_FLAG, ROW(open), NULL,
	    "with the personal values whose key is not erased" },
	{ .name = NULL },
};
static const struct option_row verify_rows[] = {
	{ "key", 0, OPTION_STRING, ROW(key), "KEY|FILE",
	    "who signed it: \"name+id+key\", as status shows it" },
	{ "seen", 0, OPTION_STRING, ROW(seen), "FILE",
	    "an export or a checkpoint kept from before: it must be extended" },
	{ .name = NULL },
};

static const json_t *
at(const json_t *o, const char *first, const char *second)
{
	const json_t *inner = json_object_get(o, first);

	return second == NULL ? inner : json_object_get(inner, second);
}

static enum term_color
status_color(const char *status)
{
	static const struct { const char *status; enum term_color color; } colors[] = {
		{ "success", TERM_GOOD }, { "refused", TERM_BAD }, { "failed", TERM_BAD },
		{ "held", TERM_WARN }, { "deferred", TERM_WARN }, { "duplicate", TERM_WARN },
	};

	for (size_t i = 0; status != NULL && i < sizeof(colors) / sizeof(colors[0]); i++)
		if (strcmp(colors[i].status, status) == 0)
			return colors[i].color;
	return TERM_PLAIN;
}

/* list */

struct listing {
	struct context *context;
	struct table table;
	json_int_t next;
	size_t got;
};

static const char *
or_null(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

static void
on_record(json_t *record, void *arg)
{
	struct listing *l = arg;
	struct arena *arena = &l->context->arena;
	const char *status = member_text(arena, at(record, "result", NULL), "status");
	struct cell row[] = {
		{ member_text(arena, record, "seq"), TERM_DIM },
		{ member_text(arena, record, "timestamp"), TERM_PLAIN },
		{ member_text(arena, record, "eventId"), TERM_PLAIN },
		{ status, status_color(status) },
		{ member_text(arena, at(record, "action", NULL), "type"), TERM_PLAIN },
		{ or_null(member_text(arena, at(record, "actor", NULL), "email")), TERM_PLAIN },
		{ or_null(member_text(arena, at(record, "result", NULL), "resourceId")),
		    TERM_PLAIN },
		{ or_null(member_text(arena, record, "reason")), TERM_PLAIN },
	};

	l->got++;
	l->next = json_integer_value(json_object_get(record, "seq")) + 1;
	if (l->context->json)
		command_json(l->context, record);
	else
		table_add(&l->table, row);
}

static int
list_run(struct context *c)
{
	static const char *const headings[] = { "SEQ", "TIME", "EVENT", "STATUS", "ACTION",
		"WHO", "RESOURCE", "REASON" };
	const struct audit_options *o = c->own;
	struct listing l = { .context = c };
	int64_t lines = o->lines.value > 0 ? o->lines.value : LINES_DEFAULT;
	bool from_start = o->all || o->from.given;
	int status;

	if (!from_start && lines > PAGE) {
		command_error("the last %d at most; --all or --from SEQ for more", PAGE);
		return COMMAND_USAGE;
	}
	table_init(&l.table, &c->arena, headings, 8);
	l.next = from_start ? o->from.value : -1;
	do {
		l.got = 0;
		status = context_call(c, json_pack("{s:s, s:I, s:I}", "command", "audit.list",
		    "seq", l.next, "max", (json_int_t)(from_start ? PAGE : lines)),
		    on_record, &l);
	} while (from_start && status == COMMAND_DONE && l.got == PAGE);
	if (status == COMMAND_DONE && !c->json)
		table_print(&l.table, &c->term);
	return status;
}

/* show */

static const struct { const char *label, *first, *second; } shown[] = {
	{ "record", "seq", NULL }, { "event", "eventId", NULL }, { "time", "timestamp", NULL },
	{ "who", "actor", "email" }, { "verified", "actor", "verified" },
	{ "from", "actor", "ip" }, { "with", "actor", "userAgent" },
	{ "action", "action", "type" }, { "target", "action", "target" },
	{ "intent", "action", "intent" }, { "parameters", "action", "parameters" },
	{ "spf", "authentication", "spf" }, { "dkim", "authentication", "dkim" },
	{ "dmarc", "authentication", "dmarc" }, { "permitted", "authorization", "permitted" },
	{ "role", "authorization", "role" }, { "policy", "authorization", "policy" },
	{ "resource", "result", "resourceId" }, { "attempt", "result", "attempt" },
	{ "reason", "reason", NULL }, { "detail", "detail", NULL }, { "error", "error", NULL },
};

static void
checks_print(struct context *c, const json_t *checks)
{
	static const char *const headings[] = { "STAGE", "PHASE", "VERDICT", "REASON" };
	struct table table;
	const json_t *check;
	size_t i;

	table_init(&table, &c->arena, headings, 4);
	json_array_foreach(checks, i, check) {
		struct cell row[] = {
			{ member_text(&c->arena, check, "stage"), TERM_PLAIN },
			{ member_text(&c->arena, check, "phase"), TERM_PLAIN },
			{ member_text(&c->arena, check, "verdict"), TERM_PLAIN },
			{ or_null(member_text(&c->arena, check, "reason")), TERM_PLAIN },
		};

		table_add(&table, row);
	}
	if (table.rows > 0)
		table_print(&table, &c->term);
}

static void
on_shown(json_t *record, void *arg)
{
	struct context *c = arg;
	const char *status;

	if (c->json) {
		command_json(c, record);
		return;
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const json_t *o = shown[i].second == NULL ? record :
		    at(record, shown[i].first, NULL);

		term_field(&c->term, shown[i].label, or_null(member_text(&c->arena, o,
		    shown[i].second == NULL ? shown[i].first : shown[i].second)));
	}
	status = member_text(&c->arena, at(record, "result", NULL), "status");
	if (status != NULL) {
		term_print(&c->term, TERM_DIM, "status");
		fputs("        ", c->term.out);
		term_print(&c->term, status_color(status), status);
		fputc('\n', c->term.out);
	}
	checks_print(c, json_object_get(record, "checks"));
	fputc('\n', c->term.out);
}

static int
show_run(struct context *c)
{
	return context_call(c, json_pack("{s:s, s:s}", "command", "audit.show", "event",
	    c->operands.item[0]), on_shown, c);
}

/* export: pages of lines, each line through fn */

struct exporting {
	struct context *context;
	void (*line)(struct exporting *, struct mt_span);
	void *arg;
	const char *what;
	bool open, last;
	json_int_t next, total;
};

static void
on_line(json_t *object, void *arg)
{
	struct exporting *e = arg;
	const json_t *line = json_object_get(object, "line");

	if (json_is_string(line)) {
		e->line(e, span_make(json_string_value(line), json_string_length(line)));
		return;
	}
	e->next = json_integer_value(json_object_get(object, "next"));
	e->last = json_is_true(json_object_get(object, "last"));
}

static int
exporting_run(struct exporting *e)
{
	int status = COMMAND_DONE;
	json_int_t before;

	do {
		before = e->next;
		status = context_call(e->context, json_pack("{s:s, s:I, s:b}", "command",
		    "audit.export", "seq", e->next, "open", e->open), on_line, e);
		term_progress(&e->context->term, e->what, (uint64_t)e->next,
		    (uint64_t)(e->next > e->total ? 0 : e->total));
		if (status == COMMAND_DONE && !e->last && e->next <= before) {
			command_error("the export does not go on after record %jd",
			    (intmax_t)before);
			status = COMMAND_FAILED;
		}
	} while (status == COMMAND_DONE && !e->last);
	term_progress_end(&e->context->term);
	return status;
}

static void
line_write(struct exporting *e, struct mt_span line)
{
	fwrite(line.ptr, 1, line.len, e->context->term.out);
	fputc('\n', e->context->term.out);
}

static int
export_run(struct context *c)
{
	const struct audit_options *o = c->own;
	struct exporting e = { .context = c, .line = line_write, .open = o->open,
		.what = "exported" };
	struct log_state s;
	int status = log_state_ask(c, &s);

	e.total = s.records;
	return status == COMMAND_DONE ? exporting_run(&e) : status;
}

/* verify */

static const char *
verdict_word(enum verify_status s)
{
	return s == VERIFY_INTACT ? "intact" : s == VERIFY_STALE ? "stale" : "altered";
}

static void
verdict_json(struct context *c, const struct verify_result *r)
{
	json_t *why = json_string(r->why);
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:s, s:I, s:o}", "status",
	    verdict_word(r->status), "records", (json_int_t)r->records, "openings",
	    (json_int_t)r->openings, "size", (json_int_t)r->checkpoint.head.size, "signed",
	    r->checkpoint.time_s == 0 ? "" : time_text(&c->arena, r->checkpoint.time_s), "line",
	    (json_int_t)r->line, "why", why == NULL ? json_null() : why);

	command_json(c, o);
	json_decref(o);
}

static int
verdict_print(struct context *c, const struct verify_result *r)
{
	if (c->json) {
		verdict_json(c, r);
		return (int)r->status;
	}
	term_print(&c->term, r->status == VERIFY_INTACT ? TERM_GOOD :
	    r->status == VERIFY_STALE ? TERM_WARN : TERM_BAD, verdict_word(r->status));
	fprintf(c->term.out, "  %ju records", (uintmax_t)r->records);
	if (r->checkpoint.time_s != 0)
		fprintf(c->term.out, ", signed %s", time_text(&c->arena, r->checkpoint.time_s));
	if (r->why[0] != '\0')
		fprintf(c->term.out, ": %s", term_text(&c->arena, span_of(r->why)));
	if (r->line != 0)
		fprintf(c->term.out, " (line %ju)", (uintmax_t)r->line);
	fputc('\n', c->term.out);
	return (int)r->status;
}

/* A checkpoint is signed every minute at least, so silence says something too. */
static void
age_check(struct verify_result *r)
{
	int64_t age_s = (int64_t)time(NULL) - r->checkpoint.time_s;

	if (r->status != VERIFY_INTACT || age_s <= STALE_MS / 1000)
		return;
	r->status = VERIFY_STALE;
	snprintf(r->why, sizeof(r->why), "the last checkpoint was signed %jd s ago, though one is "
	    "due every %d s", (intmax_t)age_s, CHECKPOINT_IDLE_MS / 1000);
}

static int
verify_file(struct context *c, const struct note_key *key, const struct checkpoint *seen)
{
	const char *path = c->operands.item[0];
	int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct verify_result r;
	int error = fd < 0 ? audit_verify_file(path, key, seen, &r) :
	    audit_verify_folder(fd, key, seen, &r);

	if (fd >= 0)
		close(fd);
	if (error != 0) {
		command_error("%s: %s", path, strerror(error));
		return COMMAND_USAGE;
	}
	return verdict_print(c, &r);
}

static void
line_verify(struct exporting *e, struct mt_span line)
{
	verifier_line(e->arg, line);
}

static int
verify_live(struct context *c, const struct note_key *key, const struct checkpoint *seen,
    json_int_t total)
{
	struct verifier *v = verifier_new(key, seen);
	struct exporting e = { .context = c, .line = line_verify, .arg = v, .open = true,
		.what = "verified", .total = total };
	struct verify_result r;
	int status = exporting_run(&e);

	verifier_finish(v, status == COMMAND_DONE, &r);
	if (status != COMMAND_DONE)
		return COMMAND_USAGE;	/* nothing is said of the log */
	age_check(&r);
	return verdict_print(c, &r);
}

static int
verify_run(struct context *c)
{
	const struct audit_options *o = c->own;
	bool live = c->operands.count == 0;
	struct log_state s = { .records = 0 };
	struct note_key key;
	struct checkpoint seen;

	if (live && log_state_ask(c, &s) != COMMAND_DONE)
		return COMMAND_USAGE;
	if (trust_key(c, o->key, live ? &s : NULL, &key) != 0)
		return COMMAND_USAGE;
	if (o->seen != NULL && trust_checkpoint(o->seen, &key, &seen) != 0)
		return COMMAND_USAGE;
	return live ? verify_live(c, &key, o->seen == NULL ? NULL : &seen, s.records) :
	    verify_file(c, &key, o->seen == NULL ? NULL : &seen);
}

const struct command audit_commands[] = {
	{ "audit", "list", NULL, "the last records of the audit log", list_rows,
	    sizeof(struct audit_options), 0, 0, list_run },
	{ "audit", "show", "EVENT", "the records of one event", NULL, 0, 1, 1, show_run },
	{ "audit", "verify", "[FILE|DIR]", "prove that nothing was altered: 0 yes, 1 no, 2 stale",
	    verify_rows, sizeof(struct audit_options), 0, 1, verify_run },
	{ "audit", "export", NULL, "the log as a file anyone can verify", export_rows,
	    sizeof(struct audit_options), 0, 0, export_run },
	{ "audit", "prove", "SEQ|EVENT", "a file that proves one record to anybody", NULL, 0, 1, 1,
	    proof_prove },
	{ "audit", "check", "PROOF", "check such a file: 0 proved, 1 not", proof_rows,
	    sizeof(struct proof_options), 1, 1, proof_check },
	{ "audit", "checkpoint", NULL, "the last checkpoint, to be kept elsewhere", NULL, 0, 0, 0,
	    proof_checkpoint },
	{ "audit", "consistency", "OLD [NEW]", "that one checkpoint extends another: 0 yes, 1 no, "
	    "2 the other way round", proof_rows, sizeof(struct proof_options), 1, 2,
	    proof_consistency },
	{ .name = NULL },
};
