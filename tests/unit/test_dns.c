/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, records, the answer cache by a clock of our own, single flight
 * over an upstream that answers when told. */
#include "test.h"

#include <errno.h>

#include "pipeline/dns_ask.h"

static void
names(void **state)
{
	char label[80], text[DNS_TEXT_MAX];
	struct dns_name n;
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(dns_name_parse(SPAN("Mail.EXAMPLE.com."), &n), 0);
	assert_string_equal(n.text, "mail.example.com");
	assert_int_equal(dns_name_parse(SPAN(""), &n), EINVAL);
	assert_int_equal(dns_name_parse(SPAN("."), &n), EINVAL);
	assert_int_equal(dns_name_parse(SPAN(".a"), &n), EINVAL);
	assert_int_equal(dns_name_parse(SPAN("a..b"), &n), EINVAL);
	assert_int_equal(dns_name_parse(SPAN("a.."), &n), EINVAL);
	memset(label, 'x', sizeof(label));
	assert_int_equal(dns_name_parse(span_make(label, DNS_LABEL_MAX), &n), 0);
	assert_int_equal(dns_name_parse(span_make(label, DNS_LABEL_MAX + 1), &n), EINVAL);
	for (int i = 0; i < 126; i++)
		buf_add_string(&b, "a.");
	buf_add_string(&b, "b");
	assert_int_equal(b.len, DNS_NAME_MAX);
	assert_int_equal(dns_name_parse(buf_span(&b), &n), 0);
	buf_add_string(&b, "b");
	assert_int_equal(dns_name_parse(buf_span(&b), &n), EINVAL);
	assert_int_equal(dns_name_parse(SPAN("a\\\0 \xe9_-.b"), &n), 0);
	dns_name_escape(&n, text);
	assert_string_equal(text, "a\\092\\000\\032\\233_-.b");
	buf_free(&b);
}

struct record_case {
	uint16_t type;
	struct mt_span in;
	int error;
	struct mt_span out;
};

static void
records(void **state)
{
	static const struct record_case cases[] = {
		{ DNS_A, SPAN("\x7f\0\0\1"), 0, SPAN("\x7f\0\0\1") },
		{ DNS_A, SPAN("\x7f\0\0"), EBADMSG, { 0 } },
		{ DNS_AAAA, SPAN("0123456789abcdef"), 0, SPAN("0123456789abcdef") },
		{ DNS_AAAA, SPAN("0123456789abcdefg"), EBADMSG, { 0 } },
		{ DNS_TXT, SPAN("\3a\0b\2cd"), 0, SPAN("a\0bcd") },
		{ DNS_TXT, SPAN("\0"), 0, SPAN("") },
		{ DNS_TXT, SPAN(""), 0, SPAN("") },
		{ DNS_TXT, SPAN("\3ab"), EBADMSG, { 0 } },
		{ DNS_MX, SPAN("\0\12\2Mx\7example\0"), 0, SPAN("\0\12mx.example") },
		{ DNS_MX, SPAN("\0\0\0"), 0, SPAN("\0\0") },	/* RFC 7505 */
		{ DNS_MX, SPAN("\0\12"), EBADMSG, { 0 } },
		{ DNS_MX, SPAN("\0\12\2mx"), EBADMSG, { 0 } },
		{ DNS_PTR, SPAN("\2mx\7example\0"), 0, SPAN("mx.example") },
		{ DNS_PTR, SPAN("\2mx\7example\0x"), EBADMSG, { 0 } },
		{ DNS_PTR, SPAN("\xc0\x0c"), EBADMSG, { 0 } },
		{ DNS_PTR, SPAN(""), EBADMSG, { 0 } },
		{ DNS_CNAME, SPAN("\3a.b\1c\0"), EILSEQ, { 0 } },
		{ DNS_NS, SPAN("\2a\0\1c\0"), EILSEQ, { 0 } },
		{ 999, SPAN("any\0"), 0, SPAN("any\0") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };
		struct unpack u;

		if (dns_record_pack(&b, cases[i].type, cases[i].in) != cases[i].error)
			fail_msg("record case %zu", i);
		u = unpack_of(buf_span(&b));
		if (cases[i].error == 0)
			assert_true(span_equal(unpack_span(&u), cases[i].out));
		assert_true(unpack_done(&u));
		buf_free(&b);
	}
}

/* The longest name there is, and one octet more. */
static void
wire_name_limit(void **state)
{
	unsigned char wire[300];
	struct buf b = { 0 };
	size_t used, at = 0;

	(void)state;
	for (int i = 0; i < 127; i++) {
		wire[at++] = 1;
		wire[at++] = 'a';
	}
	wire[at++] = 0;
	assert_int_equal(at, DNS_WIRE_MAX);
	assert_int_equal(dns_name_unpack(span_make(wire, at), &b, &used), 0);
	assert_int_equal(b.len, DNS_NAME_MAX);
	wire[0] = 2;
	memmove(wire + 2, wire + 1, at - 1);
	buf_reset(&b);
	assert_int_equal(dns_name_unpack(span_make(wire, at + 1), &b, &used), EBADMSG);
	buf_free(&b);
}

static struct dns_key
key_of(const char *name, uint16_t type)
{
	struct dns_key key = { .type = type };

	assert_int_equal(dns_name_parse(span_of(name), &key.name), 0);
	return key;
}

static bool
cache_has(struct dns_cache *c, const char *name, int64_t now_ms)
{
	struct dns_key key = key_of(name, DNS_TXT);
	struct dns_answer a;

	return dns_cache_find(c, &key, now_ms, &a);
}

static uint32_t
kept_for(int32_t status, uint32_t ttl)
{
	struct dns_cache *c = dns_cache_new((struct dns_cache_limits){ 4, 100000 });
	struct dns_answer a = { .status = status, .ttl = ttl }, found;
	struct dns_key key = key_of("a.example", DNS_TXT);

	dns_cache_add(c, &key, 1000, &a);
	assert_true(dns_cache_find(c, &key, 1000, &found));
	assert_int_equal(found.ttl, a.ttl);
	assert_true(cache_has(c, "A.example", 1000 + a.ttl * 1000 - 1));
	assert_false(cache_has(c, "a.example", 1000 + a.ttl * 1000));
	assert_int_equal(dns_cache_count(c), 0);
	dns_cache_free(c);
	return a.ttl;
}

static void
cache_times(void **state)
{
	(void)state;
	assert_int_equal(kept_for(MT_OK, 0), 60);
	assert_int_equal(kept_for(MT_OK, 61), 61);
	assert_int_equal(kept_for(MT_OK, 1000000), 86400);
	assert_int_equal(kept_for(MT_NXDOMAIN, 10), 10);
	assert_int_equal(kept_for(MT_NODATA, 301), 300);
	assert_int_equal(kept_for(MT_SERVFAIL, 1000), 5);
	assert_int_equal(kept_for(MT_BOGUS, 0), 5);
	assert_int_equal(kept_for(MT_TIMEOUT, 0), 5);
}

static void
cache_put(struct dns_cache *c, const char *name, struct mt_span rr)
{
	struct dns_answer a = { .status = MT_OK, .ttl = 100, .count = 1, .rr = rr };
	struct dns_key key = key_of(name, DNS_TXT);

	dns_cache_add(c, &key, 0, &a);
}

static void
cache_bounds(void **state)
{
	static char big[4000];
	struct dns_cache *c = dns_cache_new((struct dns_cache_limits){ 3, 8000 });

	(void)state;
	cache_put(c, "a", SPAN("1"));
	cache_put(c, "b", SPAN("2"));
	cache_put(c, "c", SPAN("3"));
	assert_true(cache_has(c, "a", 1));	/* now b is the oldest */
	cache_put(c, "d", SPAN("4"));
	assert_int_equal(dns_cache_count(c), 3);
	assert_true(cache_has(c, "a", 1));
	assert_false(cache_has(c, "b", 1));
	cache_put(c, "e", span_make(big, sizeof(big)));
	cache_put(c, "f", span_make(big, sizeof(big)));
	assert_int_equal(dns_cache_count(c), 1);	/* bytes, not entries */
	assert_true(cache_has(c, "f", 1));
	cache_put(c, "f", SPAN("again"));
	assert_int_equal(dns_cache_count(c), 1);
	dns_cache_clear(c);
	assert_false(cache_has(c, "f", 1));
	assert_int_equal(dns_cache_count(c), 0);
	dns_cache_free(c);
	c = dns_cache_new((struct dns_cache_limits){ 3, 300 });
	cache_put(c, "g", span_make(big, sizeof(big)));	/* larger than all of it */
	assert_int_equal(dns_cache_count(c), 0);
	dns_cache_free(c);
}

static void
cache_tells_types_apart(void **state)
{
	struct dns_cache *c = dns_cache_new((struct dns_cache_limits){ 3, 8000 });
	struct dns_key key = key_of("a", DNS_A);
	struct dns_answer a;

	(void)state;
	cache_put(c, "a", SPAN("1"));
	assert_false(dns_cache_find(c, &key, 1, &a));
	key.type = DNS_TXT;
	assert_true(dns_cache_find(c, &key, 1, &a));
	assert_true(span_is(a.rr, "1"));
	dns_cache_free(c);
}

/* An upstream that counts, and answers when the test says so. */
struct upstream {
	struct dns_flight *flight;
	char name[DNS_TEXT_MAX];
	int asked, cancelled, forgotten;
	bool refuse;
};

static void *
fake_ask(void *arg, const char *name, uint16_t type, struct dns_flight *f)
{
	struct upstream *u = arg;

	(void)type;
	u->asked++;
	u->flight = f;
	snprintf(u->name, sizeof(u->name), "%s", name);
	return u->refuse ? NULL : u;
}

static void
fake_cancel(void *arg, void *handle)
{
	struct upstream *u = arg;

	assert_ptr_equal(handle, u);
	u->cancelled++;
}

static void
fake_forget(void *arg)
{
	((struct upstream *)arg)->forgotten++;
}

struct asker {
	struct dns_waiter waiter;
	int answers;
	int32_t status;
	uint32_t queries, count;
};

static void
asker_answered(struct dns_waiter *w, const struct dns_answer *a, uint32_t queries)
{
	struct asker *asker = (struct asker *)(void *)w;

	asker->answers++;
	asker->status = a->status;
	asker->count = a->count;
	asker->queries = queries;
}

struct bench {
	struct loop *loop;
	struct upstream upstream;
	struct dns *dns;
};

static void
bench_open(struct bench *b)
{
	struct dns_upstream up = { fake_ask, fake_cancel, fake_forget, &b->upstream };

	*b = (struct bench){ .loop = loop_new() };
	b->dns = dns_new(b->loop, &up);
}

static void
bench_close(struct bench *b)
{
	dns_free(b->dns);
	loop_free(b->loop);
}

static void
ask(struct bench *b, const char *name, uint32_t deadline_ms, struct asker *asker)
{
	struct dns_question q = { span_of(name), DNS_TXT, deadline_ms };

	*asker = (struct asker){ .waiter = { .fn = asker_answered } };
	dns_ask(b->dns, &q, &asker->waiter);
}

static void
land(struct bench *b, int32_t status)
{
	struct dns_answer a = { .status = status, .ttl = 100, .count = status == MT_OK,
		.rr = status == MT_OK ? SPAN("\0\0\0\0") : SPAN("") };

	dns_answered(b->dns, b->upstream.flight, &a);
}

static void
one_question_in_flight(void **state)
{
	struct bench b;
	struct asker one, two, three;

	(void)state;
	bench_open(&b);
	ask(&b, "A.example.", 60000, &one);
	ask(&b, "a.EXAMPLE", 60000, &two);
	assert_int_equal(b.upstream.asked, 1);
	assert_string_equal(b.upstream.name, "a.example");
	assert_int_equal(one.answers + two.answers, 0);
	land(&b, MT_OK);
	assert_int_equal(one.answers, 1);
	assert_int_equal(two.answers, 1);
	assert_int_equal(one.queries, 1);
	assert_int_equal(two.queries, 0);
	ask(&b, "a.example", 60000, &three);	/* from the cache */
	assert_int_equal(three.answers, 1);
	assert_int_equal(three.status, MT_OK);
	assert_int_equal(three.count, 1);
	assert_int_equal(three.queries, 0);
	assert_int_equal(b.upstream.asked, 1);
	bench_close(&b);
}

static void
each_waits_for_himself(void **state)
{
	struct bench b;
	struct asker hasty, patient, next;

	(void)state;
	bench_open(&b);
	ask(&b, "a.example", 60000, &patient);
	ask(&b, "a.example", 0, &hasty);
	while (hasty.answers == 0)
		loop_once(b.loop, -1);
	assert_int_equal(hasty.status, MT_TIMEOUT);
	assert_int_equal(patient.answers, 0);
	assert_int_equal(b.upstream.cancelled, 0);
	ask(&b, "a.example", 60000, &next);	/* joins, asks no more */
	assert_int_equal(b.upstream.asked, 1);
	land(&b, MT_NXDOMAIN);
	assert_int_equal(patient.status, MT_NXDOMAIN);
	assert_int_equal(next.status, MT_NXDOMAIN);
	assert_int_equal(hasty.answers, 1);
	bench_close(&b);
}

static void
failures_are_answers(void **state)
{
	struct bench b;
	struct asker a;

	(void)state;
	bench_open(&b);
	ask(&b, "a..example", 60000, &a);	/* cannot exist: nobody is asked */
	assert_int_equal(a.status, MT_NXDOMAIN);
	assert_int_equal(b.upstream.asked, 0);
	b.upstream.refuse = true;
	ask(&b, "a.example", 60000, &a);
	assert_int_equal(a.answers, 1);
	assert_int_equal(a.status, MT_SERVFAIL);
	bench_close(&b);
}

static void
flights_are_bounded(void **state)
{
	struct asker *askers = calloc(DNS_FLIGHTS_MAX + 1, sizeof(*askers));
	struct bench b;
	char name[32];

	(void)state;
	bench_open(&b);
	for (int i = 0; i <= DNS_FLIGHTS_MAX; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		ask(&b, name, 60000, &askers[i]);
		assert_int_equal(askers[i].answers, i == DNS_FLIGHTS_MAX);
	}
	assert_int_equal(askers[DNS_FLIGHTS_MAX].status, MT_SERVFAIL);
	assert_int_equal(b.upstream.asked, DNS_FLIGHTS_MAX);
	bench_close(&b);
	assert_int_equal(b.upstream.cancelled, DNS_FLIGHTS_MAX);
	free(askers);
}

static void
forgetting(void **state)
{
	struct bench b;
	struct asker a, waiting;

	(void)state;
	bench_open(&b);
	ask(&b, "a.example", 60000, &a);
	land(&b, MT_OK);
	ask(&b, "b.example", 60000, &waiting);
	dns_forget(b.dns);
	assert_int_equal(b.upstream.forgotten, 1);
	assert_int_equal(b.upstream.cancelled, 1);
	assert_int_equal(b.upstream.asked, 3);	/* b again */
	assert_string_equal(b.upstream.name, "b.example");
	land(&b, MT_OK);
	assert_int_equal(waiting.answers, 1);
	ask(&b, "a.example", 60000, &a);
	assert_int_equal(a.answers, 0);
	assert_int_equal(b.upstream.asked, 4);
	bench_close(&b);
}

/* Not one is asked of a frame that cannot be read to its end. */
static void
asks(void **state)
{
	struct dns_question q;
	struct dns_asks a;
	struct buf b = { 0 };

	(void)state;
	pack_u32(&b, 5000);
	pack_u32(&b, 2);
	pack_string(&b, "a.example");
	pack_u16(&b, 16);
	pack_string(&b, "b.example");
	pack_u16(&b, 1);
	assert_int_equal(dns_asks_open(buf_span(&b), &a), 0);
	assert_true(dns_asks_next(&a, &q) && span_is(q.name, "a.example") && q.type == 16);
	assert_true(dns_asks_next(&a, &q) && span_is(q.name, "b.example") && q.type == 1);
	assert_int_equal(q.deadline_ms, 5000);
	assert_false(dns_asks_next(&a, &q));
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(dns_asks_open(span_make(b.p, n), &a), EBADMSG);
	buf_add_char(&b, 'x');
	assert_int_equal(dns_asks_open(buf_span(&b), &a), EBADMSG);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(records),
		cmocka_unit_test(wire_name_limit),
		cmocka_unit_test(cache_times),
		cmocka_unit_test(cache_bounds),
		cmocka_unit_test(cache_tells_types_apart),
		cmocka_unit_test(one_question_in_flight),
		cmocka_unit_test(each_waits_for_himself),
		cmocka_unit_test(failures_are_answers),
		cmocka_unit_test(flights_are_bounded),
		cmocka_unit_test(forgetting),
		cmocka_unit_test(asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
