/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl check, explain: what would become of a mail, and what became of
 * one. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/proto.h"
#include "ctl/command.h"
#include "ctl/crew.h"
#include "ctl/line.h"
#include "ctl/report.h"
#include "mail/envelope.h"

enum { PATIENCE_MS = 30000, PROGRESS_EVERY = 64 };

struct check_options {
	const char *client, *helo, *mail_from, *rcpt, *dns, *now, *batch, *state;
	struct option_list stages;
	bool verbose;
};

#define ROW(member) offsetof(struct check_options, member)
static const struct option_row check_rows[] = {
	{ "client", 0, OPTION_STRING, ROW(client), "ADDRESS", "of the client (192.0.2.1)" },
	{ "helo", 0, OPTION_STRING, ROW(helo), "NAME", "it said (client.example)" },
	{ "mail-from", 0, OPTION_STRING, ROW(mail_from), "ADDRESS", "envelope sender (<>)" },
	{ "rcpt", 0, OPTION_STRING, ROW(rcpt), "ADDRESS", "recipient (the first route)" },
	{ "dns", 0, OPTION_STRING, ROW(dns), "ZONE.json", "answers DNS instead of the network" },
	{ "now", 0, OPTION_STRING, ROW(now), "TIME", "2025-10-11T14:30:00Z (the clock)" },
	{ "stage", 0, OPTION_LIST, ROW(stages), "NAME", "run only this one; may be repeated" },
	{ "batch", 0, OPTION_STRING, ROW(batch), "FILE|-", "one JSON object a line; so are the answers" },
	{ "state", 0, OPTION_STRING, ROW(state), "DIR", "keep what stages remember, from line to line" },
	{ "verbose", 'v', OPTION_FLAG, ROW(verbose), NULL, "show all that the processes say" },
	{ .name = NULL },
};

struct session {
	struct context *context;
	const struct check_options *options;
	struct line_defaults defaults;
	struct loop *loop;
	struct crew *crew;
	struct zone *nothing;	/* answers what is asked behind a report */
	struct arena arena;	/* of the line in hand */
	json_t *said;		/* the engine's report on it */
	bool failed;		/* the crew cannot go on */
	size_t lines, wrong;
};

static void
on_report(struct mt_span text, void *arg)
{
	struct session *s = arg;

	s->said = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
	if (s->said == NULL)
		s->said = json_null();
}

static void
on_failure(const char *why, void *arg)
{
	struct session *s = arg;

	command_error("%s", why);
	s->failed = true;
}

static int
body_pack(struct buf *b, const struct check_line *line, bool keep)
{
	struct envelope e = {
		.client = span_of(line->client), .helo = span_of(line->helo),
		.sender = span_of(line->mail_from), .rcpt = span_of(line->rcpt),
		.listener = SPAN("check"), .tls = SPAN(""), .upstream = SPAN(""),
		.flags = ENVELOPE_ESMTP | ENVELOPE_8BIT, .size = line->raw.len,
	};

	pack_i64(b, line->now);
	pack_u32(b, (uint32_t)line->stage_count);
	for (size_t i = 0; i < line->stage_count; i++)
		pack_string(b, line->stages[i]);
	pack_u8(b, keep);
	envelope_pack(b, &e);
	return bytes_pack(b, line->raw);
}

/* Waits for the report; ETIMEDOUT, or EPIPE: the crew is no more. */
static int
report_wait(struct session *s)
{
	int64_t until = clock_ms() + PATIENCE_MS + s->context->settings->limits.judge_ms;

	while (s->said == NULL && !s->failed && clock_ms() < until)
		loop_once(s->loop, (int)(until - clock_ms()));
	if (s->failed)
		return EPIPE;
	return s->said == NULL ? ETIMEDOUT : 0;
}

static bool
stages_known(const struct settings *s, const struct check_line *line, char why[LINE_WHY_MAX])
{
	for (size_t i = 0; i < line->stage_count; i++) {
		size_t k = 0;

		while (k < s->pipeline_count && strcmp(s->stages[k].name, line->stages[i]) != 0)
			k++;
		if (k == s->pipeline_count) {
			snprintf(why, LINE_WHY_MAX, "no stage %.100s in the pipeline",
			    line->stages[i]);
			return false;
		}
	}
	return true;
}

/* One mail through the crew: the report, or NULL and `why'. */
static json_t *
line_judge(struct session *s, const struct check_line *line, char why[LINE_WHY_MAX])
{
	struct buf b = { 0 };
	json_t *report = NULL;
	int fd, error;

	fd = body_pack(&b, line, s->options->state != NULL);
	if (fd == -2) {
		snprintf(why, LINE_WHY_MAX, "out of descriptors");
		buf_free(&b);
		return NULL;
	}
	crew_zone(s->crew, line->zone);
	crew_check(s->crew, buf_span(&b), fd);
	if (fd >= 0)
		close(fd);
	buf_free(&b);
	error = report_wait(s);
	if (error == 0)
		report = report_new(s->said, line->id);
	if (error == ETIMEDOUT)
		s->failed = true;	/* its answer would be taken for the next one's */
	if (report == NULL)
		snprintf(why, LINE_WHY_MAX, "%s", error == 0 ? "the engine's report cannot "
		    "be read" : error == ETIMEDOUT ? "the engine did not answer" :
		    "the engine could not judge it");
	json_decref(s->said);
	s->said = NULL;
	return report;
}

static void
answer_print(struct session *s, json_t *answer, bool as_json)
{
	if (as_json)
		command_json(s->context, answer);
	else
		report_print(&s->context->term, answer);
	fflush(s->context->term.out);	/* who asks line by line waits for it */
	json_decref(answer);
}

/* Everything of one line, down to its answer. */
static void
line_run(struct session *s, const json_t *json, bool as_json)
{
	struct check_line line;
	char why[LINE_WHY_MAX] = "";
	json_t *answer = NULL;

	if (line_parse(json, &s->defaults, &s->arena, &line, why) == 0 &&
	    stages_known(s->context->settings, &line, why))
		answer = line_judge(s, &line, why);
	s->lines++;
	if (answer == NULL) {
		s->wrong++;
		if (as_json)
			answer = json_pack("{s:O*, s:s}", "id", line.id, "error", why);
		else
			command_error("%s", why);
	}
	if (answer != NULL)
		answer_print(s, answer, as_json);
	crew_zone(s->crew, s->nothing);
	line_fini(&line);
	arena_reset(&s->arena);
}

/* False at the end.  A line over LINE_BYTES_MAX ends the batch. */
static bool
batch_line(FILE *in, struct buf *line)
{
	int c;

	buf_reset(line);
	while ((c = getc_unlocked(in)) != EOF && c != '\n')
		if (line->len <= LINE_BYTES_MAX)
			buf_add_char(line, (char)c);
	return c != EOF || line->len > 0;
}

static void
batch_run(struct session *s, FILE *in)
{
	struct buf line = { 0 };

	while (!s->failed && batch_line(in, &line)) {
		json_t *json;

		if (line.len == 0)
			continue;
		json = line.len > LINE_BYTES_MAX ? NULL : json_loadb((const char *)line.p,
		    line.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
		line_run(s, json, true);
		json_decref(json);
		if (s->lines % PROGRESS_EVERY == 0)
			term_progress(&s->context->term, "mails", s->lines, 0);
	}
	term_progress_end(&s->context->term);
	buf_free(&line);
}

static int
session_batch(struct session *s)
{
	const char *name = s->options->batch;
	FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");

	if (in == NULL) {
		command_error("%s: %s", name, strerror(errno));
		return COMMAND_FAILED;
	}
	batch_run(s, in);
	if (in != stdin)
		fclose(in);
	return s->wrong > 0 || s->failed ? COMMAND_FAILED : COMMAND_DONE;
}

static int
session_file(struct session *s, const char *file)
{
	json_t *json = json_pack("{s:s}", "file", file);

	if (json == NULL) {
		command_error("the file's name is not UTF-8");
		return COMMAND_FAILED;
	}
	line_run(s, json, s->context->json);
	json_decref(json);
	return s->wrong > 0 ? COMMAND_FAILED : COMMAND_DONE;
}

static void
session_defaults(struct session *s)
{
	const struct check_options *o = s->options;
	const struct settings *settings = s->context->settings;

	s->defaults = (struct line_defaults){
		.client = o->client == NULL ? "192.0.2.1" : o->client,
		.helo = o->helo == NULL ? "client.example" : o->helo,
		.mail_from = o->mail_from == NULL ? "" : o->mail_from,
		.rcpt = o->rcpt != NULL ? o->rcpt : settings->route_count == 0 ? "" :
		    settings->routes[0].address,
		.dns = o->dns, .now = o->now,
		.stages = o->stages.item, .stage_count = o->stages.count,
	};
}

static int
check_run(struct context *c)
{
	struct session s = { .context = c, .options = c->own };
	struct crew_options crew = { .state_dir = s.options->state,
		.verbose = s.options->verbose, .on_report = on_report,
		.on_failure = on_failure, .arg = &s };
	char why[CREW_WHY_MAX];
	int status = COMMAND_FAILED;

	if ((s.options->batch == NULL) != (c->operands.count == 1)) {
		command_error("check wants a file, or --batch: see mailtrictl check --help");
		return COMMAND_USAGE;
	}
	crew.settings = context_settings(c);
	if (crew.settings == NULL)
		return COMMAND_FAILED;
	session_defaults(&s);
	s.loop = loop_new();
	s.nothing = zone_parse(SPAN("{}"), why, sizeof(why));
	s.crew = crew_new(s.loop, &crew, why);
	if (s.crew == NULL)
		command_error("%s", why);
	else if (s.options->batch != NULL)
		status = session_batch(&s);
	else
		status = session_file(&s, c->operands.item[0]);
	crew_free(s.crew);
	zone_free(s.nothing);
	loop_free(s.loop);
	arena_free(&s.arena);
	return status;
}

static void
on_explained(json_t *object, void *arg)
{
	struct context *c = arg;
	json_t *report = report_new(object, NULL);

	if (report == NULL)
		command_error("the report kept with this event cannot be read");
	else if (c->json)
		command_json(c, report);
	else
		report_print(&c->term, report);
	json_decref(report);
}

static int
explain_run(struct context *c)
{
	return context_call(c, json_pack("{s:s, s:s}", "command", "explain", "event",
	    c->operands.item[0]), on_explained, c);
}

const struct command check_commands[] = {
	{ "check", NULL, "FILE.eml|-", "judge a mail without accepting it", check_rows,
	    sizeof(struct check_options), 0, 1, check_run },
	{ .name = NULL },
};

const struct command explain_commands[] = {
	{ "explain", NULL, "EVENT", "why a mail was accepted or refused", NULL, 0, 1, 1,
	    explain_run },
	{ .name = NULL },
};
