/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake host of mailtri/stage_test.h keeps the contract it stands for. */
#include "test.h"

#include "mailtri/stage_test.h"

static const struct mt_host *host;
static int waits, asks;		/* what probe_stage does */

static const struct mt_option options[] = {
	{ .name = "word", .def = "hello", .type = MT_OPT_STRING },
	{ .name = "size", .def = "2M", .type = MT_OPT_SIZE },
	{ .name = "names", .def = "a, b", .type = MT_OPT_LIST },
	{ .name = "token", .type = MT_OPT_SECRET },
	{ .name = "server", .def = "https://example.com", .type = MT_OPT_TARGET },
	{ .name = NULL }
};
static const struct mt_fact_decl reads[] = {
	{ .key = "auth.from", .type = MT_TEXT }, { .key = NULL }
};
static const struct mt_fact_decl writes[] = {
	{ .key = "sample.result", .type = MT_TOKEN, .choices = "pass|fail" },
	{ .key = "sample.count", .type = MT_INT }, { .key = NULL }
};

static int
sample_open(const struct mt_host *h, const struct mt_conf *c, void **ctx,
    struct mt_result *why)
{
	(void)c;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

/* Leaves a trace of every kind in every run; two questions, one after the
 * other. */
static int
sample_message(void *ctx, struct mt_msg *m, struct mt_result *r)
{
	struct mt_answer a = { .size = sizeof(a) };
	struct mt_claim c = { .size = sizeof(c), .key = { "k", 1 }, .limit = 1 };
	struct mt_grant g = { .size = sizeof(g) };
	struct mt_fact f = { .key = "sample.count", .type = MT_INT };
	uint32_t *runs = host->keep(m, sizeof(*runs));

	(void)ctx;
	f.num = ++*runs;
	assert_int_equal(host->fact_set(m, &f), 0);
	assert_int_equal(host->fact_set(m, &f), EEXIST);
	host->log(m, MT_INFO, "run %u", *runs);
	host->hold(m, "sample", 60);
	host->state_put(m, c.key, c.key, 60, MT_IF_ACCEPTED);
	if (host->dns_get(m, "A.example", 16, &a) == MT_PENDING)
		return MT_WAIT;
	if (host->state_take(m, &c, &g) == MT_PENDING)
		return MT_WAIT;
	r->verdict = a.status == MT_OK && g.status == MT_OK ? MT_CONTINUE : MT_REJECT;
	snprintf(r->text, sizeof(r->text), "%s", g.event);
	return 0;
}

static int
sample_envelope(void *ctx, struct mt_msg *m, struct mt_result *r)
{
	struct mt_answer a = { .size = sizeof(a) };
	char name[32];

	(void)ctx;
	(void)r;
	for (int i = 0; i < asks; i++) {
		snprintf(name, sizeof(name), "%d.example", i);
		if (host->dns_get(m, name, 1, &a) == MT_BUDGET)
			return -1;
		if (a.status == MT_PENDING && waits)
			return MT_WAIT;
	}
	return waits && asks == 0 ? MT_WAIT : 0;
}

static int
sample_deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *d)
{
	const struct mt_field fields[] = {
		{ .name = "Authorization", .value = "token", .flags = MT_FIELD_SECRET },
		{ .name = NULL }
	};
	struct mt_http h = { .size = sizeof(h), .target = "server", .method = "POST",
		.path = "/", .fields = fields, .body = { key, 4 }, .part = -1 };
	struct mt_http_reply r = { .size = sizeof(r) };

	(void)ctx;
	if (host->http_request(m, &h, &r) == MT_PENDING)
		return MT_WAIT;
	d->code = r.status != 0 ? r.status : r.error;
	return 0;
}

static const struct mt_stage sample = {
	.size = sizeof(sample), .abi_major = MT_ABI_MAJOR,
	.needs = MT_NEED_DNS | MT_NEED_STATE | MT_NEED_HTTP,
	.name = "sample", .options = options, .reads = reads, .writes = writes,
	.open = sample_open, .envelope = sample_envelope,
	.message = sample_message, .deliver = sample_deliver
};

static void
a_waiting_run_never_happened(void **state)
{
	static struct mt_test t;

	(void)state;
	mt_test_init(&t, &sample);
	mt_test_dns_text(&t, "a.example", "x");
	assert_int_equal(mt_test_run_message(&t), 0);
	assert_int_equal(t.runs, 3);
	assert_int_equal(t.result.verdict, MT_CONTINUE);
	assert_string_equal(mt_test_fact_text(&t, "sample.count"), "3");
	assert_int_equal(t.fact_count, 1);
	assert_int_equal(t.log_count, 1);
	assert_string_equal(t.logs[0], "run 3");
	assert_int_equal(t.hold_count, 1);
	assert_int_equal(t.put_count, 1);
	mt_test_fini(&t);
}

static void
known_answers_need_one_run(void **state)
{
	static struct mt_test t;

	(void)state;
	mt_test_init(&t, &sample);
	t.known = 1;
	mt_test_claim(&t, "k", 1, "evt_first");
	assert_int_equal(mt_test_run_message(&t), 0);
	assert_int_equal(t.runs, 1);
	assert_int_equal(t.result.verdict, MT_REJECT);
	assert_string_equal(t.result.text, "evt_first");
	mt_test_fini(&t);
}

static int
run_envelope(int wait, int ask)
{
	static struct mt_test t;
	int returned;

	waits = wait;
	asks = ask;
	mt_test_init(&t, &sample);
	returned = mt_test_run_envelope(&t);
	mt_test_fini(&t);
	return returned;
}

static void
limits_are_kept(void **state)
{
	(void)state;
	assert_int_equal(run_envelope(0, MT_QUESTIONS_MAX), 0);
	assert_int_equal(run_envelope(0, MT_QUESTIONS_MAX + 1), -1);
	assert_int_equal(run_envelope(1, MT_RUNS_MAX - 1), 0);
	assert_int_equal(run_envelope(1, MT_RUNS_MAX), -1);
	assert_int_equal(run_envelope(1, 0), -1);	/* waits for nothing */
}

static void
options_are_read_as_written(void **state)
{
	static struct mt_test t;
	const char *const *list;

	(void)state;
	mt_test_init(&t, &sample);
	mt_test_route_option(&t, "word", "moin");
	assert_string_equal(t.host.conf_str(&t.base, "word"), "hello");
	assert_string_equal(t.host.conf_str(t.host.conf(&t.msg), "word"), "moin");
	assert_int_equal(t.host.conf_int(&t.base, "size"), 2 << 20);
	list = t.host.conf_list(&t.base, "names");
	assert_string_equal(list[0], "a");
	assert_string_equal(list[1], "b");
	assert_null(list[2]);
	mt_test_option(&t, "names", NULL);
	assert_null(t.host.conf_list(&t.base, "names")[0]);
	mt_test_fini(&t);
}

static void
facts_are_checked(void **state)
{
	static struct mt_test t;
	struct mt_fact f = { .key = "sample.result", .type = MT_TOKEN,
		.text = { "perhaps", 7 } };

	(void)state;
	mt_test_init(&t, &sample);
	assert_int_equal(t.host.fact_set(&t.msg, &f), EINVAL);
	f.text = (struct mt_span){ "pass", 4 };
	assert_int_equal(t.host.fact_set(&t.msg, &f), 0);
	f.key = "auth.from";
	assert_int_equal(t.host.fact_set(&t.msg, &f), EPERM);
	mt_test_fini(&t);
}

static void
fields_are_split(void **state)
{
	static struct mt_test t;
	struct mt_span name, value;
	size_t it = 0;

	(void)state;
	mt_test_init(&t, &sample);
	t.raw = mt_test_span("Subject: one\r\n two\r\nTo:x\r\n\r\nbody: no\r\n");
	assert_int_equal(t.host.header_next(&t.msg, &it, &name, &value), 0);
	assert_true(mt_test_same(name, mt_test_span("Subject")));
	assert_true(mt_test_same(value, mt_test_span("one\r\n two")));
	assert_int_equal(t.host.header_next(&t.msg, &it, &name, &value), 0);
	assert_true(mt_test_same(value, mt_test_span("x")));
	assert_int_equal(t.host.header_next(&t.msg, &it, &name, &value), ENOENT);
	mt_test_fini(&t);
}

static void
requests_are_recorded(void **state)
{
	static struct mt_test t;

	(void)state;
	mt_test_init(&t, &sample);
	mt_test_option(&t, "token", "secret value");
	mt_test_http(&t, 201, "{}");
	assert_int_equal(mt_test_run_deliver(&t), 0);
	assert_int_equal(t.delivery.code, 201);
	assert_int_equal(t.runs, 2);
	assert_int_equal(t.request_count, 1);
	assert_string_equal(t.requests[0].fields, "Authorization: secret value\r\n");
	assert_true(mt_test_same(t.requests[0].body, mt_test_span("0011")));
	mt_test_fini(&t);
	mt_test_init(&t, &sample);
	mt_test_option(&t, "token", "x");
	assert_int_equal(mt_test_run_deliver(&t), 0);
	assert_int_equal(t.delivery.code, ECONNREFUSED);
	mt_test_fini(&t);
}

static int
mail_deliver(void *ctx, struct mt_msg *m, const char *key, struct mt_delivery *d)
{
	struct mt_mail mail = { .size = sizeof(mail), .relay = "server", .user = "ann",
		.password = "token", .sender = { "", 0 }, .rcpt = { "bob@example.com", 15 },
		.data = { m->test->raw.ptr, m->test->raw.len } };
	struct mt_mail_reply r = { .size = sizeof(r) };

	(void)ctx;
	(void)key;
	if (host->mail_send(m, &mail, &r) == MT_PENDING)
		return MT_WAIT;
	d->code = r.code != 0 ? r.code : r.error;
	return 0;
}

static const struct mt_stage mailing = {
	.size = sizeof(mailing), .abi_major = MT_ABI_MAJOR, .needs = MT_NEED_MAIL,
	.name = "mailing", .options = options, .open = sample_open, .deliver = mail_deliver
};

static void
mails_are_recorded(void **state)
{
	static struct mt_test t;

	(void)state;
	mt_test_init(&t, &mailing);
	mt_test_option(&t, "token", "secret value");
	t.raw = mt_test_span("Subject: x\r\n\r\n");
	mt_test_mail(&t, 451, "451 later");
	assert_int_equal(mt_test_run_deliver(&t), 0);
	assert_int_equal(t.delivery.code, 451);
	assert_int_equal(t.runs, 2);
	assert_int_equal(t.letter_count, 1);
	assert_true(mt_test_same(t.letters[0].password, mt_test_span("secret value")));
	assert_true(mt_test_same(t.letters[0].data, t.raw));
	mt_test_fini(&t);
	mt_test_init(&t, &mailing);
	mt_test_option(&t, "token", "x");
	t.raw = mt_test_span("a\nb\r\n");
	assert_int_equal(mt_test_run_deliver(&t), 0);
	assert_int_equal(t.delivery.code, EINVAL);
	assert_int_equal(t.letter_count, 0);
	t.raw = mt_test_span("a\r\n");
	assert_int_equal(mt_test_run_deliver(&t), 0);
	assert_int_equal(t.delivery.code, ECONNREFUSED);
	mt_test_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiting_run_never_happened),
		cmocka_unit_test(known_answers_need_one_run),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(options_are_read_as_written),
		cmocka_unit_test(facts_are_checked),
		cmocka_unit_test(fields_are_split),
		cmocka_unit_test(requests_are_recorded),
		cmocka_unit_test(mails_are_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
