/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags in a subject, commands in a text: what they make of an issue. */
#include "rig.h"

#include "due.h"
#include "issue.h"
#include "wish.h"

static void
create_sent(void)
{
	reply(200, names);
	reply(200, created);
	delivered(MT_DELIVERED);
}

/* What the lookup asked for. */
static const char *
asked(const char *name)
{
	static char text[300];
	json_t *body, *value = variable(0, name, &body);

	snprintf(text, sizeof(text), "%s", json_string_value(value) == NULL ? "" :
	    json_string_value(value));
	json_decref(body);
	return text;
}

static size_t
labels_asked(void)
{
	json_t *body, *value = variable(0, "labels", &body);
	size_t n = json_array_size(json_object_get(value, "or"));

	json_decref(body);
	return n;
}

static void
all_ids_are_sent(int priority, const char *due)
{
	json_t *body, *in = input(&body), *labels = json_object_get(in, "labelIds");

	assert_int_equal(json_array_size(labels), 1);
	assert_string_equal(json_string_value(json_array_get(labels, 0)), "l-bug");
	assert_string_equal(text_of(in, "assigneeId"), "u-ann");
	assert_string_equal(text_of(in, "projectId"), "p-web");
	assert_string_equal(text_of(in, "stateId"), "s-done");
	assert_string_equal(text_of(in, "dueDate"), due);
	assert_int_equal(json_integer_value(json_object_get(in, "priority")), priority);
	json_decref(body);
}

static void
tags_of_a_subject(void **state)
{
	(void)state;
	subject_is("Re: #task Printer #bug !HIGH @ann@x on fire due:tomorrow "
	    "project:\"web site\" state:done");
	create_sent();
	all_ids_are_sent(2, "2026-01-02");
	assert_string_equal(sent_text("title"), "Printer on fire");
	assert_int_equal(labels_asked(), 1);	/* #task chose the intent */
	assert_string_equal(asked("assignee"), "ann@x");
	assert_string_equal(asked("project"), "web site");
	assert_string_equal(asked("state"), "done");
}

static void
commands_of_a_text(void **state)
{
	(void)state;
	text_is("\n#create\n/priority urgent\n/label bug\n\n/Assign ann@x\n/due +3d\n"
	    "/project Web Site\n/state Done\nIt burns.\n/priority low\n");
	create_sent();
	all_ids_are_sent(1, "2026-01-04");
	assert_non_null(strstr(sent_text("description"), "It burns.\n/priority low\n"));
	assert_ptr_equal(strstr(sent_text("description"), "It burns."), sent_text("description"));
}

static void
options_are_the_least(void **state)
{
	(void)state;
	mt_test_option(&t, "labels", "Bug");
	mt_test_option(&t, "assignee", "ann@x");
	mt_test_option(&t, "project", "Web Site");
	mt_test_option(&t, "state", "Done");
	mt_test_option(&t, "priority", "low");
	mt_test_option(&t, "due", "+1d");
	create_sent();
	all_ids_are_sent(4, "2026-01-02");
	again();
	mt_test_option(&t, "priority", "low");
	mt_test_option(&t, "labels", "mail");
	subject_is("a !medium #bug");
	text_is("/priority high\n/label mail, BUG\n");
	create_sent();
	assert_int_equal(labels_asked(), 2);	/* each once */
	{
		json_t *body, *in = input(&body);

		assert_int_equal(json_integer_value(json_object_get(in, "priority")), 2);
		assert_int_equal(json_array_size(json_object_get(in, "labelIds")), 2);
		json_decref(body);
	}
}

static void
commands_of_html(void **state)
{
	(void)state;
	part_add("text/html", "", mt_test_span("<div>/priority high</div><div>/label B_ug</div>"
	    "<div>words</div>"));
	create_sent();
	assert_string_equal(sent_text("description") + strlen("words"),
	    strstr(sent_text("description"), "\n\n---\n"));
}

/* No tags: they stay in the title, and nothing is asked for. */
static void
subject_stays(const char *subject)
{
	again();
	subject_is(subject);
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("title"), subject);
	assert_int_equal(labels_asked(), 0);
	assert_string_equal(asked("assignee"), "");
	assert_string_equal(asked("project"), "");
}

static void
what_is_no_tag_stays(void **state)
{
	(void)state;
	subject_stays("C# and F# are languages, a#b too");
	subject_stays("see #123 and PR #4711");
	subject_stays("wow! !important ! # @ done!");
	subject_stays("mail ann@x.example");
	subject_stays("due:someday due: due:2026-02-30 due:+1000d");
	subject_stays("#bug, @ann. #a,b");
	subject_stays("project:\"no end");
	subject_stays("project:\"a\"b project:\"\"");
	subject_stays("team:OPS");	/* the operator names no teams */
}

static void
text_stays(const char *text)
{
	again();
	text_is(text);
	reply(200, lookup);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_int_equal(strncmp(sent_text("description"), text, strlen(text)), 0);
}

static void
what_is_no_command_stays(void **state)
{
	(void)state;
	text_stays("/priority soon");
	text_stays("/priority");
	text_stays("/usr/bin/env");
	text_stays("/labels a");
	text_stays("/label a,,b");
	text_stays("/due never");
	text_stays("/team OPS");
	text_stays("words\n/priority high");
}

static void
teams_are_the_operators(void **state)
{
	(void)state;
	mt_test_option(&t, "teams", "OPS");
	subject_is("a team:ops");
	create_sent();
	assert_string_equal(asked("team"), "OPS");
	assert_string_equal(sent_text("title"), "a");
	again();
	mt_test_option(&t, "teams", "OPS");
	subject_is("a team:SECRET");
	create_sent();
	assert_string_equal(asked("team"), "ENG");
	assert_non_null(strstr(sent_text("description"), "Not found in Linear: team \"SECRET\""));
}

static void
unknown_names_are_noted(void **state)
{
	static const char nothing[] = "{\"data\":{" TEAM ",\"issueLabels\":{\"nodes\":[]},"
	    "\"users\":{\"nodes\":[{\"id\":\"a\",\"email\":\"a@x\",\"active\":true},"
	    "{\"id\":\"b\",\"email\":\"b@x\",\"active\":true}]},"
	    "\"projects\":{\"nodes\":[]},\"workflowStates\":{\"nodes\":[]}}}";

	(void)state;
	subject_is("a #no<b @ann project:none state:none");
	text_is("/label no_label");
	reply(200, nothing);
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_non_null(strstr(sent_text("description"), "Not found in Linear: "
	    "label \"no\\_label\", one active user \"ann\", project \"none\", state \"none\""));
	assert_string_equal(sent_text("assigneeId"), "");
	assert_string_equal(sent_text("title"), "a #no<b");
	again();
	mt_test_option(&t, "on_unknown", "fail");
	subject_is("a #nolabel");
	reply(200, lookup);
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.reason, "linear.lookup");
	assert_string_equal(t.delivery.text,
	    "there is no label \"nolabel\"; correct the mail, or leave it out");
	assert_int_equal(t.request_count, 1);
	again();	/* what the operator names is not the sender's fault */
	mt_test_option(&t, "project", "none");
	reply(200, nothing);
	delivered(MT_FAILED);
	assert_non_null(strstr(t.delivery.text, "see the options"));
}

static void
exact_names_win(void **state)
{
	(void)state;
	subject_is("a @ann@x");
	reply(200, "{\"data\":{" TEAM ",\"users\":{\"nodes\":["
	    "{\"id\":\"u1\",\"name\":\"ann@x\",\"email\":\"b@x\",\"active\":true},"
	    "{\"id\":\"u2\",\"name\":\"Ann\",\"email\":\"ANN@x\",\"active\":true}]}}}");
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("assigneeId"), "u2");
	again();
	subject_is("a @ann");	/* the one who is still there */
	reply(200, "{\"data\":{" TEAM ",\"users\":{\"nodes\":["
	    "{\"id\":\"u1\",\"name\":\"ann\",\"email\":\"a@x\",\"active\":false},"
	    "{\"id\":\"u2\",\"name\":\"Ann\",\"email\":\"b@x\",\"active\":true}]}}}");
	reply(200, created);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("assigneeId"), "u2");
}

static void
wishes_have_limits(void **state)
{
	char text[20000];

	(void)state;
	for (size_t n = WISH_NAME_MAX; n <= WISH_NAME_MAX + 1; n++) {
		again();
		snprintf(text, sizeof(text), "a #%0*d", (int)n, 0);
		text[3] = 'b';
		subject_is(text);
		reply(200, lookup);
		reply(200, created);
		delivered(MT_DELIVERED);
		assert_int_equal(labels_asked(), n == WISH_NAME_MAX);
	}
	for (size_t n = WISH_LABELS_MAX; n <= WISH_LABELS_MAX + 1; n++) {
		again();
		text[0] = 'a';
		for (size_t i = 0, at = 1; i < n; i++)
			at += (size_t)snprintf(text + at, sizeof(text) - at, " #l%zu", i);
		subject_is(text);
		reply(200, lookup);
		reply(200, created);
		delivered(MT_DELIVERED);
		assert_int_equal(labels_asked(), WISH_LABELS_MAX);
		assert_string_equal(sent_text("title"), n == WISH_LABELS_MAX ? "a" : "a #l50");
	}
	for (size_t n = WISH_LINES_MAX; n <= WISH_LINES_MAX + 1; n++) {
		again();
		text[0] = '\0';
		for (size_t i = 0; i < n; i++)
			memcpy(text + 14 * i, "/priority low\n", 15);
		text_is(text);
		reply(200, lookup);
		reply(200, created);
		delivered(MT_DELIVERED);
		assert_int_equal(strncmp(sent_text("description"), "/priority", 9) == 0,
		    n > WISH_LINES_MAX);
	}
}

static void
due_is(const char *text, const char *wanted)
{
	char out[DUE_SIZE] = "";

	/* 2026-01-01 was a Thursday */
	if (due_parse(mt_test_span(text), 1767225600 + 86399, out) != 0)
		out[0] = '\0';
	assert_string_equal(out, wanted);
}

static void
due_dates(void **state)
{
	(void)state;
	due_is("today", "2026-01-01");
	due_is("Tomorrow", "2026-01-02");
	due_is("thursday", "2026-01-08");
	due_is("FRI", "2026-01-02");
	due_is("wed", "2026-01-07");
	due_is("+0d", "2026-01-01");
	due_is("+59D", "2026-03-01");
	due_is("+999d", "2028-09-26");
	due_is("+1000d", "");
	due_is("2028-02-29", "2028-02-29");
	due_is("2027-02-29", "");
	due_is("2026-13-01", "");
	due_is("2026-12-32", "");
	due_is("1999-12-31", "");
	due_is("3000-01-01", "");
	due_is("+d", "");
	due_is("-1d", "");
	due_is("frida", "");
	due_is("", "");
	due_is("2026-1a-01", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tags_of_a_subject), TEST(commands_of_a_text), TEST(options_are_the_least),
		TEST(commands_of_html), TEST(what_is_no_tag_stays), TEST(what_is_no_command_stays),
		TEST(teams_are_the_operators), TEST(unknown_names_are_noted),
		TEST(exact_names_win), TEST(wishes_have_limits), TEST(due_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
