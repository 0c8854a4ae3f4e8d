/* SPDX-License-Identifier: BSD-2-Clause */
/* The stage behind the fake host, with Linear's answers as a test says. */
#ifndef LINEAR_RIG_H
#define LINEAR_RIG_H

#include "test.h"

#include <jansson.h>

#include "mailtri/stage_test.h"

MT_EXPORT const struct mt_stage *mt_stage_entry_linear(void);

#define ISSUE "{\"id\":\"" ISSUE_ID "\",\"identifier\":\"ENG-7\"," \
	"\"url\":\"https://linear.app/i/ENG-7\",\"archivedAt\":null," \
	"\"team\":{\"id\":\"team-1\",\"key\":\"ENG\"}}"
#define ISSUE_ID "00112233-4455-4677-8899-aabbccddeeff"
#define TEAM "\"teams\":{\"nodes\":[{\"id\":\"team-1\"}]}"
#define NAMES TEAM ",\"issueLabels\":{\"nodes\":[" \
	"{\"id\":\"l-bug\",\"name\":\"Bug\",\"isGroup\":false,\"team\":null}," \
	"{\"id\":\"l-mail\",\"name\":\"mail\",\"isGroup\":false,\"team\":null}]}," \
	"\"users\":{\"nodes\":[{\"id\":\"u-ann\",\"name\":\"Ann\",\"email\":\"ann@x\"," \
	"\"active\":true}]}," \
	"\"projects\":{\"nodes\":[{\"id\":\"p-web\",\"name\":\"Web Site\"}]}," \
	"\"workflowStates\":{\"nodes\":[{\"id\":\"s-done\",\"name\":\"Done\"}]}"
#define ERROR(type) "{\"errors\":[{\"message\":\"m\",\"extensions\":{\"type\":\"" type "\"}}],\"data\":null}"
#define CODE(code) "{\"errors\":[{\"message\":\"m\",\"extensions\":{\"code\":\"" code "\"}}],\"data\":null}"
#define JSON "Content-Type: application/json\r\n"

static const char lookup[] = "{\"data\":{" TEAM "}}";
static const char names[] = "{\"data\":{" NAMES "}}";
static const char created[] = "{\"data\":{\"issueCreate\":{\"success\":true,\"issue\":" ISSUE "}}}";
static const char found[] = "{\"data\":{\"issue\":" ISSUE "}}";
static const char absent[] = "{\"data\":null,\"errors\":[{\"message\":\"Entity not found: Issue\","
    "\"extensions\":{\"type\":\"invalid input\",\"code\":\"INPUT_ERROR\",\"userError\":true}}]}";
static const char taken[] = "{\"data\":null,\"errors\":[{\"message\":\"id is taken\","
    "\"extensions\":{\"type\":\"invalid input\",\"userPresentableMessage\":\"Taken\"}}]}";

static struct mt_test t;
static struct mt_part parts[64];

static inline int
setup(void **state)
{
	(void)state;
	(void)lookup; (void)names; (void)created; (void)found; (void)absent; (void)taken;
	mt_test_init(&t, mt_stage_entry_linear());
	mt_test_option(&t, "api_key", "lin_api_secret");
	mt_test_option(&t, "team", "ENG");
	mt_test_fact(&t, "auth.from", "ann@example.com");
	t.intent.cls = MT_CREATE;
	t.intent.verb = mt_test_span("create_task");
	t.raw = mt_test_span("From: Ann Example <ann@example.com>\r\n"
	    "Subject: Re: Printer on fire\r\n\r\nbody");
	t.parts = parts;
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	mt_test_fini(&t);
	return 0;
}

static inline void
again(void)
{
	teardown(NULL);
	setup(NULL);
}

static inline void
part_add(const char *type, const char *filename, struct mt_span bytes)
{
	parts[t.part_count++] = (struct mt_part){ .size = sizeof(struct mt_part),
		.type = mt_test_span(type), .filename = mt_test_span(filename),
		.disposition = mt_test_span(filename[0] != '\0' ? "attachment" : ""),
		.bytes = bytes };
}

static inline void
text_is(const char *text)
{
	t.part_count = 0;
	part_add("text/plain", "", mt_test_span(text));
}

static inline void
subject_is(const char *subject)
{
	char raw[21000];

	snprintf(raw, sizeof(raw), "Subject: %s\r\n\r\n", subject);
	t.raw = mt_test_copy(&t, mt_test_span(raw));
}

static inline struct mt_http_reply *
reply(int status, const char *body)
{
	struct mt_http_reply *r = mt_test_http(&t, status, body);

	r->fields = mt_test_span("Content-Type: application/json; charset=utf-8\r\n");
	return r;
}

static inline void
delivered(int status)
{
	assert_int_equal(mt_test_run_deliver(&t), 0);
	if (t.delivery.status != status)
		fail_msg("status %d (%s: %s), not %d", t.delivery.status,
		    t.delivery.reason, t.delivery.text, status);
}

static inline json_t *
sent(size_t i)
{
	json_t *body = json_loadb(t.requests[i].body.ptr, t.requests[i].body.len, 0, NULL);

	assert_non_null(body);
	return body;
}

static inline const char *
operation(size_t i)
{
	static char name[32];
	json_t *body = sent(i);

	snprintf(name, sizeof(name), "%s",
	    json_string_value(json_object_get(body, "operationName")));
	json_decref(body);
	return name;
}

/* A variable of request i; the caller frees the body. */
static inline json_t *
variable(size_t i, const char *name, json_t **body)
{
	*body = sent(i);
	return json_object_get(json_object_get(*body, "variables"), name);
}

/* The input of the last request; the caller frees the body. */
static inline json_t *
input(json_t **body)
{
	return variable(t.request_count - 1, "input", body);
}

static inline const char *
text_of(json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL ? "" : s;
}

/* A string of the last request's input, good until the next. */
static inline const char *
sent_text(const char *key)
{
	static char text[80 * 1024];
	json_t *body, *in = input(&body);

	snprintf(text, sizeof(text), "%s", text_of(in, key));
	json_decref(body);
	return text;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
