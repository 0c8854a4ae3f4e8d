/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract between a stage and its host: a run that returned MT_WAIT
 * never happened, and nothing is given that was not declared.
 */
#include "test.h"

#include <errno.h>

#include "mail/view.h"
#include "stage/host.h"
#include "stage/message.h"

static const struct mt_option options[] = {
	{ .name = "word", .def = "base", .type = MT_OPT_STRING, .help = "a word" },
	{ .name = "api", .def = "https://api.example", .type = MT_OPT_TARGET, .help = "a target" },
	{ .name = "token", .type = MT_OPT_SECRET, .help = "a secret" },
	{ .name = NULL },
};

static const struct mt_fact_decl writes[] = {
	{ .key = "t.word", .type = MT_TEXT, .help = "a word" },
	{ .key = "t.flag", .type = MT_FLAG, .help = "a flag" },
	{ .key = NULL },
};

static int runs;
static const struct mt_host *host;
static int (*body)(struct mt_msg *, struct mt_result *);

static int
t_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)why;
	host = h;
	*ctx = NULL;
	return 0;
}

static int
t_message(void *ctx, struct mt_msg *m, struct mt_result *r)
{
	(void)ctx;
	runs++;
	return body(m, r);
}

static struct mt_stage stage = {
	.size = sizeof(stage), .abi_major = MT_ABI_MAJOR, .abi_minor = MT_ABI_MINOR,
	.option_stride = sizeof(struct mt_option), .fact_stride = sizeof(struct mt_fact_decl),
	.name = "t", .version = "1", .summary = "for tests", .options = options,
	.writes = writes, .open = t_open, .message = t_message, .envelope = t_message,
};

static const char raw[] = "From: a@example.org\r\nSubject: hi\r\n\r\nbody\r\n";

static struct group group;
static struct member member;
static struct setting_stage setting;
static struct settings settings;
static struct buf frame_bytes;
static struct call_thread thread;

/* A group of two copies of the stage, as group_open() would make it. */
static void
group_make(uint32_t needs)
{
	static struct setting_options sets[1];
	static struct setting_value values[3];
	static const char *words[] = { "base", NULL };
	char why[LOADER_WHY_MAX];

	stage.needs = needs;
	settings = (struct settings){ .hostname = "mx.example.com", .stages = &setting,
		.stage_count = 1, .pipeline_count = 1 };
	setting = (struct setting_stage){ .name = "t", .group = "g", .deadline_ms = 1000 };
	member = (struct member){ .index = 0, .setting = &setting };
	assert_int_equal(loader_take(&stage, &group.arena, &member.loaded, why), 0);
	setting.descriptor = member.loaded.descriptor;
	values[0] = (struct setting_value){ .name = "word", .list = words, .list_count = 1 };
	sets[0] = (struct setting_options){ .values = values };
	setting.options = sets;
	setting.option_sets = 1;
	member.confs = arena_alloc(&group.arena, sizeof(*member.confs));
	member.confs[0] = options_conf(&setting, NULL, NULL);
	group.settings = &settings;
	group.members = &member;
	group.count = 1;
	assert_int_equal(member.loaded.stage.open(host_services(), NULL, &member.ctx, NULL), 0);
}

static struct mt_msg *
message(uint8_t phase)
{
	struct arena a = { 0 };
	struct facts facts;
	struct answers answers;
	struct buf view = { 0 };
	struct view_builder *builder = view_builder_new(span_make(raw, sizeof(raw) - 1));
	struct view_field field = { .name = span_make(raw, 4), .value = span_make(raw + 6, 13),
		.length = 21 };
	struct call call = { .phase = phase, .now = 77, .remaining_ms = 1000,
		.stage_count = 1, .event = SPAN("evt_1"), .facts = &facts,
		.answers = &answers, .thread = thread, .raw = span_make(raw, sizeof(raw) - 1),
		.raw_fd = -1, .view_fd = -1 };
	struct call_fds fds;
	struct frame f = { 0 };
	struct mt_msg *m;

	facts_init(&facts, &a);
	answers_init(&answers, &a);
	view_builder_field(builder, &field);
	view_builder_body(builder, 36);
	view_builder_finish(builder, &view);
	call.view = buf_span(&view);
	buf_reset(&frame_bytes);
	assert_int_equal(call_pack(&frame_bytes, &call, &fds), 0);
	f.body = buf_span(&frame_bytes);
	m = message_new(&group, &f);
	assert_non_null(m);
	buf_free(&view);
	arena_free(&a);
	runs = 0;
	return m;
}

static int
setup(void **state)
{
	(void)state;
	group_make(MT_NEED_DNS | MT_NEED_STATE | MT_NEED_EDIT | MT_NEED_RAW | MT_NEED_BODY);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&group.arena);
	buf_free(&frame_bytes);
	return 0;
}

/* Answers every question of the run with this status. */
static void
answer_all(struct mt_msg *m, int32_t status)
{
	for (const struct asked *q = m->run.asked; q != NULL; q = q->next) {
		struct mt_span rr = SPAN("v=spf1 -all");
		struct answer a = { .question = q->question, .status = status,
			.number = { 60, 1 }, .count = 1, .rr = &rr };

		message_answer(m, &a);
	}
}

static int
acts_then_asks(struct mt_msg *m, struct mt_result *r)
{
	struct mt_answer a = { .size = sizeof(a) };
	struct mt_fact fact = { .key = "t.word", .type = MT_TEXT, .text = SPAN("w") };
	struct mt_edit edit = { .size = sizeof(edit), .op = MT_FIELD_ADD,
		.name = SPAN("X-T"), .bytes = SPAN("1") };
	int *kept = host->keep(m, sizeof(*kept));

	++*kept;
	assert_int_equal(host->fact_set(m, &fact), 0);
	assert_int_equal(host->fact_set(m, &fact), EEXIST);
	assert_int_equal(host->edit(m, &edit), 0);
	assert_int_equal(host->state_put(m, SPAN("k"), SPAN("v"), 60, MT_ALWAYS), MT_OK);
	host->log(m, MT_INFO, "run %d", *kept);
	assert_int_equal(host->hold(m, "operator", 60), 0);
	r->verdict = MT_REJECT;
	if (host->dns_get(m, "Example.ORG.", 16, &a) == MT_PENDING)
		return MT_WAIT;
	assert_int_equal(a.count, 1);
	assert_int_equal(a.secure, 1);
	assert_true(span_is(a.rr[0], "v=spf1 -all"));
	assert_int_equal(*kept, 2);
	r->verdict = MT_CONTINUE;
	return 0;
}

static size_t
count_facts(const struct facts *f)
{
	size_t n = 0;

	for (const struct fact *i = f->head; i != NULL; i = i->next)
		n++;
	return n;
}

static void
a_waiting_run_never_happened(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);
	struct question q;
	const struct outcome *o;

	(void)state;
	body = acts_then_asks;
	assert_int_equal(message_run(m), MESSAGE_WAITS);
	assert_null(m->outcomes);
	assert_int_equal(count_facts(&m->facts), 0);
	assert_int_equal(question_unpack(m->run.asked->question, &q), 0);
	assert_true(span_is(q.key, "example.org"));
	answer_all(m, MT_OK);
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_int_equal(runs, 2);
	o = m->outcomes;
	assert_null(o->next);
	assert_int_equal(o->result.verdict, MT_CONTINUE);
	assert_int_equal(count_facts(&o->facts), 1);
	assert_non_null(o->edits);
	assert_null(o->edits->next);
	assert_null(o->puts->next);
	assert_null(o->holds->next);
	assert_true(span_is(o->lines->text, "run 2"));
	assert_null(o->lines->next);
	message_free(m);
}

static struct mt_edit to_make;

/* The first run edits, the second looks. */
static int
edits_then_looks(struct mt_msg *m, struct mt_result *r)
{
	struct mt_span name, value, seen = SPAN("");
	size_t it = 0;

	(void)r;
	if (runs == 1)
		return host->edit(m, &to_make);
	assert_int_equal(host->header_next(m, &it, &name, &value), 0);
	assert_true(span_is(name, "X-T"));
	assert_true(span_is(value, "1"));
	assert_int_equal(host->header_next(m, &it, &name, &value), 0);
	assert_true(span_is(value, "a@example.org"));
	assert_int_equal(host->raw(m, &seen), 0);
	assert_int_equal(seen.len, sizeof(raw) - 1 + 8);
	return 0;
}

/* A trace field is there for the next stage at once; after any other edit the
 * parser has to look, and the next stage is not run here. */
static void
the_next_stage_sees_edits(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = edits_then_looks;
	to_make = (struct mt_edit){ .size = sizeof(to_make), .op = MT_FIELD_ADD,
		.name = SPAN("X-T"), .bytes = SPAN("1") };
	m->call.stages[m->call.stage_count++] = 0;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_int_equal(runs, 2);
	message_free(m);

	m = message(PHASE_MESSAGE);
	to_make.name = SPAN("Subject");
	m->call.stages[m->call.stage_count++] = 0;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_int_equal(runs, 1);
	assert_null(m->outcomes->next);
	message_free(m);
}

static int
asks_ahead(struct mt_msg *m, struct mt_result *r)
{
	struct mt_answer a = { .size = sizeof(a) };

	(void)r;
	assert_int_equal(host->dns_get(m, "a.example", 16, &a), MT_PENDING);
	assert_int_equal(host->dns_get(m, "a.example", 16, &a), MT_PENDING);
	assert_int_equal(host->dns_get(m, "b.example", 1, &a), MT_PENDING);
	return 0;
}

static void
asking_ahead_does_not_wait(void **state)
{
	struct mt_msg *m = message(PHASE_ENVELOPE);

	(void)state;
	body = asks_ahead;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_non_null(m->ahead);
	assert_non_null(m->ahead->next);
	assert_null(m->ahead->next->next);	/* the same is asked once */
	message_free(m);
}

static int
waits_for_nothing(struct mt_msg *m, struct mt_result *r)
{
	(void)m;
	(void)r;
	return MT_WAIT;
}

static void
waiting_without_a_question_fails(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = waits_for_nothing;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_int_equal(m->outcomes->returned, -1);
	assert_string_equal(m->outcomes->result.reason, "host.stage.contract");
	message_free(m);
}

static int
asks_for_ever(struct mt_msg *m, struct mt_result *r)
{
	struct mt_answer a = { .size = sizeof(a) };
	char name[32];

	(void)r;
	snprintf(name, sizeof(name), "n%d.example", runs);
	host->dns_get(m, name, 1, &a);
	return MT_WAIT;
}

static void
runs_are_limited(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = asks_for_ever;
	while (message_run(m) == MESSAGE_WAITS)
		answer_all(m, MT_OK);
	assert_int_equal(runs, MT_RUNS_MAX);
	assert_int_equal(m->outcomes->returned, -1);
	message_free(m);
}

static int
asks_too_much(struct mt_msg *m, struct mt_result *r)
{
	struct mt_answer a = { .size = sizeof(a) };
	char name[32];

	(void)r;
	for (int i = 0; i < MT_QUESTIONS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		assert_int_equal(host->dns_get(m, name, 1, &a), MT_PENDING);
	}
	assert_int_equal(host->dns_get(m, "more.example", 1, &a), MT_BUDGET);
	return 0;
}

static void
questions_are_limited(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = asks_too_much;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	message_free(m);
}

static int
asks_undeclared(struct mt_msg *m, struct mt_result *r)
{
	struct mt_answer a = { .size = sizeof(a) };
	struct mt_claim claim = { .size = sizeof(claim), .key = SPAN("k"), .limit = 1, .window_s = 1 };
	struct mt_grant grant = { .size = sizeof(grant) };
	struct mt_http http = { .size = sizeof(http), .target = "api", .method = "GET", .path = "/", .part = -1 };
	struct mt_http_reply reply = { .size = sizeof(reply) };
	struct mt_edit edit = { .size = sizeof(edit), .op = MT_FIELD_ADD,
		.name = SPAN("X"), .bytes = SPAN("1") };
	struct mt_part part = { .size = sizeof(part) };
	struct mt_fact fact = { .key = "auth.spf", .type = MT_TEXT, .text = SPAN("pass") };
	struct mt_span s;
	size_t it = 0;

	(void)r;
	assert_int_equal(host->dns_get(m, "a.example", 1, &a), MT_DENIED);
	assert_int_equal(host->state_take(m, &claim, &grant), MT_DENIED);
	assert_int_equal(host->state_get(m, SPAN("k"), &s), MT_DENIED);
	assert_int_equal(host->state_put(m, SPAN("k"), SPAN("v"), 1, MT_ALWAYS), MT_DENIED);
	assert_int_equal(host->http_request(m, &http, &reply), MT_DENIED);
	assert_int_equal(host->edit(m, &edit), EPERM);
	assert_int_equal(host->raw(m, &s), EPERM);
	assert_int_equal(host->part_next(m, &it, &part), EPERM);
	assert_int_equal(host->fact_set(m, &fact), EPERM);
	fact = (struct mt_fact){ .key = "t.flag", .type = MT_TEXT, .text = SPAN("x") };
	assert_int_equal(host->fact_set(m, &fact), EINVAL);
	return 0;
}

static void
what_is_not_declared_is_denied(void **state)
{
	struct mt_msg *m;

	(void)state;
	group_make(0);
	m = message(PHASE_MESSAGE);
	body = asks_undeclared;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_null(m->ahead);
	message_free(m);
}

static int
reads_all(struct mt_msg *m, struct mt_result *r)
{
	struct mt_client client = { .size = sizeof(client) };
	struct mt_span name, value, bytes;
	size_t it = 0;

	assert_string_equal(host->event(m), "evt_1");
	assert_int_equal(host->now(m), 77);
	assert_int_equal(host->client(m, &client), 0);
	assert_true(span_is(client.hostname, "mx.example.com"));
	assert_int_equal(host->header_next(m, &it, &name, &value), 0);
	assert_true(span_is(name, "From"));
	assert_true(span_is(value, "a@example.org"));
	assert_int_equal(host->header_next(m, &it, &name, &value), ENOENT);
	assert_int_equal(host->raw(m, &bytes), 0);
	assert_int_equal(bytes.len, sizeof(raw) - 1);
	assert_string_equal(host->conf_str(host->conf(m), "word"), "base");
	assert_int_equal(host->fact_get(m, "t.word", &(struct mt_fact){ 0 }), ENOENT);
	assert_null(host->keep(m, MT_KEEP_MAX + 1));
	assert_non_null(host->keep(m, MT_KEEP_MAX));
	memset(r->text, 'x', sizeof(r->text));	/* no NUL: the host puts one */
	return 0;
}

static void
a_stage_reads_the_message(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = reads_all;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_int_equal(strlen(m->outcomes->result.text), sizeof(m->outcomes->result.text) - 1);
	message_free(m);
}

static int
fills_a_line(struct mt_msg *m, struct mt_result *r)
{
	(void)r;
	host->log(m, MT_INFO, "one\r\ntwo %s", "three");
	return 0;
}

static void
a_log_line_is_one_line(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = fills_a_line;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_true(span_is(m->outcomes->lines->text, "one??two three"));
	message_free(m);
}

static int
acts_too_often(struct mt_msg *m, struct mt_result *r)
{
	(void)r;
	for (int i = 0; i < 64; i++)
		assert_int_equal(host->state_put(m, SPAN("k"), SPAN("v"), 60, MT_ALWAYS), MT_OK);
	assert_int_equal(host->state_put(m, SPAN("k"), SPAN("v"), 60, MT_ALWAYS), MT_DENIED);
	for (int i = 0; i < 8; i++)
		assert_int_equal(host->hold(m, "operator", 60), 0);
	assert_int_equal(host->hold(m, "operator", 60), ENOSPC);
	for (int i = 0; i < 70; i++)
		host->log(m, MT_INFO, "line %d", i);
	return 0;
}

static void
acts_of_one_run_have_limits(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);
	const struct line *l;
	size_t n = 1;

	(void)state;
	body = acts_too_often;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	for (l = m->outcomes->lines; l->next != NULL; l = l->next)
		n++;
	assert_int_equal(n, 64);
	assert_true(span_is(l->text, "logs more than 63 lines: the rest is dropped"));
	message_free(m);
}

/* An older author's struct is smaller: only what it has is written. */
static int
uses_an_old_struct(struct mt_msg *m, struct mt_result *r)
{
	struct {
		uint32_t size, flags;
		struct mt_span address;
		char after[16];
	} old = { .size = 24 };

	(void)r;
	memset(old.after, 'x', sizeof(old.after));
	assert_int_equal(host->client(m, (struct mt_client *)(void *)&old), 0);
	assert_int_equal(old.after[0], 'x');
	assert_int_equal(old.size, 24);
	return 0;
}

static void
old_structs_are_not_overrun(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = uses_an_old_struct;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	message_free(m);
}

static int
begins_a_thread(struct mt_msg *m, struct mt_result *r)
{
	struct mt_thread t = { .size = sizeof(t) };

	(void)r;
	assert_int_equal(host->thread(m, &t), ENOENT);
	return 0;
}

static int
answers_one(struct mt_msg *m, struct mt_result *r)
{
	struct mt_thread t = { .size = sizeof(t) };

	(void)r;
	assert_int_equal(host->thread(m, &t), 0);
	assert_true(span_is(t.event, "evt_0"));
	assert_true(span_is(t.key, "ab"));
	assert_true(span_is(t.resource_id, "ENG-1"));
	return 0;
}

static void
a_stage_is_told_what_a_message_answers(void **state)
{
	struct mt_msg *m = message(PHASE_MESSAGE);

	(void)state;
	body = begins_a_thread;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	message_free(m);
	thread = (struct call_thread){ SPAN("evt_0"), SPAN("ab"), SPAN("ENG-1") };
	m = message(PHASE_MESSAGE);
	body = answers_one;
	assert_int_equal(message_run(m), MESSAGE_DONE);
	assert_int_equal(runs, 1);
	message_free(m);
	thread = (struct call_thread){ .event = SPAN("") };
}

#define STAGE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_waiting_run_never_happened),
		STAGE_TEST(the_next_stage_sees_edits),
		STAGE_TEST(asking_ahead_does_not_wait),
		STAGE_TEST(waiting_without_a_question_fails),
		STAGE_TEST(runs_are_limited),
		STAGE_TEST(questions_are_limited),
		STAGE_TEST(what_is_not_declared_is_denied),
		STAGE_TEST(a_stage_reads_the_message),
		STAGE_TEST(a_log_line_is_one_line),
		STAGE_TEST(acts_of_one_run_have_limits),
		STAGE_TEST(old_structs_are_not_overrun),
		STAGE_TEST(a_stage_is_told_what_a_message_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
