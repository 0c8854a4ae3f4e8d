/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage auth alone behind the fake host, speaking the JSON lines of
 * `mailtrictl check --batch -' (mailtrictl(8)): so the conformance suites
 * run before, beside and without the processes around it.
 */
#ifndef MT_STAGE_STATIC
#define MT_STAGE_STATIC
#endif
#include "mailtri/stage_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "ctl/zone.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_auth(void);
MT_EXPORT time_t time(time_t *);

static struct mt_test test;
static struct zone *zone;

/* libopendkim judges t= and x= by this, as in the worker. */
time_t
time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)test.now;
	return (time_t)test.now;
}

/* Scripts the answer when the question is new, then lets the fake host
 * answer it as it answers all. */
static int
dns_get(struct mt_msg *msg, const char *name, uint16_t type, struct mt_answer *out)
{
	struct mt_test_row *row = mt_test_row(&test, MT_TEST_DNS, type, mt_test_span(name));
	struct arena arena = { 0 };
	struct zone_answer a;
	uint32_t i;

	if (!row->asked) {
		zone_find(zone, mt_test_span(name), type, &arena, &a);
		mt_test_dns(&test, name, type, a.status);
		for (i = 0; a.status == MT_OK && i < a.count; i++)
			mt_test_dns_record(&test, name, type, a.rr[i]);
		arena_free(&arena);
	}
	return mt_test_h_dns_get(msg, name, type, out);
}

static const char *
text(const json_t *in, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(in, key));

	return s == NULL ? otherwise : s;
}

static struct mt_span
bytes(const json_t *in, const char *key)
{
	json_t *s = json_object_get(in, key);

	return (struct mt_span){ json_is_string(s) ? json_string_value(s) : "",
		json_string_length(s) };
}

static struct mt_span
decode(struct mt_span s)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = xmalloc(s.len + 1);
	size_t i, n = 0, chars = 0;
	unsigned word = 0;

	for (i = 0; i < s.len && s.ptr[i] != '='; i++) {
		const char *at = strchr(alphabet, s.ptr[i]);

		if (at == NULL)
			continue;
		word = word << 6 | (unsigned)(at - alphabet);
		if (++chars % 4 != 1)
			out[n++] = (char)(word >> (6 - 2 * ((chars - 1) % 4)));
	}
	return (struct mt_span){ out, n };
}

static void
options(json_t *given, int in_route)
{
	const char *name;
	json_t *value, *one;
	size_t i;

	json_object_foreach(given, name, value) {
		if (json_is_string(value))
			mt_test_set(&test, in_route, name, json_string_value(value));
		json_array_foreach(value, i, one)
			mt_test_set(&test, in_route, name, json_string_value(one));
	}
}

static json_t *
facts(void)
{
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < test.fact_count; i++)
		json_object_set_new(out, test.facts[i].key,
		    json_stringn(test.facts[i].text.ptr, test.facts[i].text.len));
	return out;
}

/* Keys of the claims, in hexadecimal and in the order they were taken. */
static json_t *
claims(void)
{
	json_t *out = json_array();
	char hex[2 * 32 + 1];
	size_t i, k;

	for (i = 0; i < test.row_count; i++) {
		const struct mt_test_row *row = &test.rows[i];

		if (row->kind != MT_TEST_CLAIM || row->key.len != 32)
			continue;
		for (k = 0; k < 32; k++)
			snprintf(hex + 2 * k, 3, "%02x", (unsigned char)row->key.ptr[k]);
		json_array_append_new(out, json_string(hex));
	}
	return out;
}

static json_t *
edits(void)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < test.edit_count; i++) {
		const struct mt_edit *e = &test.edits[i];

		json_array_append_new(out, json_pack("{s:i, s:i, s:s%, s:s%}", "op", (int)e->op,
		    "index", (int)e->index, "name", e->name.ptr == NULL ? "" : e->name.ptr,
		    e->name.len, "value", e->bytes.ptr == NULL ? "" : e->bytes.ptr,
		    e->bytes.len));
	}
	return out;
}

static json_t *
answer(const json_t *in, int failed)
{
	static const char *const dispositions[] = { "accepted", "rejected", "deferred" };
	size_t i, asked = 0;

	for (i = 0; i < test.row_count; i++)
		asked += test.rows[i].kind == MT_TEST_DNS && test.rows[i].asked;
	return json_pack("{s:O?, s:s, s:{s:i, s:s, s:s}, s:s, s:s, s:o, s:o, s:o, s:i, s:i, s:s}",
	    "id", json_object_get(in, "id"),
	    "disposition", failed ? "deferred" : dispositions[test.result.verdict],
	    "smtp", "code", (int)test.result.smtp_code, "enhanced", test.result.enhanced,
	    "text", test.result.text, "stage", "auth", "reason", test.result.reason,
	    "facts", facts(), "edits", edits(), "claims", claims(),
	    "dns_queries", (int)asked, "runs", (int)test.runs,
	    "misuse", test.misuse == NULL ? "" : test.misuse);
}

/* "2026-01-01T00:00:00Z" */
static void
set_clock(const char *now)
{
	struct tm tm = { 0 };

	if (now != NULL && strptime(now, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL)
		test.now = (int64_t)timegm(&tm);
}

static json_t *
judge(const json_t *in)
{
	struct mt_span raw = decode(bytes(in, "raw"));
	char why[256];
	json_t *out;
	int failed;

	mt_test_init(&test, mt_stage_entry_auth());
	test.host.dns_get = dns_get;
	test.raw = raw;
	test.client.address = mt_test_span(text(in, "client", "192.0.2.1"));
	test.client.helo = bytes(in, "helo");
	test.client.hostname = mt_test_span("mx.example.net");
	test.sender = bytes(in, "mail_from");
	test.rcpt = mt_test_span(text(in, "rcpt", "task.linear@example.net"));
	set_clock(text(in, "now", NULL));
	if (strcmp(text(in, "class", ""), "approve") == 0)
		test.intent.cls = MT_APPROVE;
	options(json_object_get(in, "options"), 0);
	options(json_object_get(in, "route_options"), 1);
	zone = zone_new(json_object_get(in, "dns"), why, sizeof(why));
	if (zone == NULL) {
		fprintf(stderr, "zone: %s\n", why);
		exit(1);
	}
	failed = mt_test_run_envelope(&test) != 0 || mt_test_run_message(&test) != 0;
	out = answer(in, failed);
	mt_test_fini(&test);
	zone_free(zone);
	free((void *)(uintptr_t)raw.ptr);
	return out;
}

int
main(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		json_error_t error;
		json_t *in = json_loads(line, JSON_ALLOW_NUL, &error), *out;

		if (in == NULL) {
			fprintf(stderr, "input: %s\n", error.text);
			return 1;
		}
		out = judge(in);
		json_dumpf(out, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(out);
		json_decref(in);
	}
	free(line);
	return 0;
}
