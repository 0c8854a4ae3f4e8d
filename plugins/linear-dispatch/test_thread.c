/* SPDX-License-Identifier: BSD-2-Clause */
/* Mails about an issue that is there: replies, changes, archiving. */
#include "rig.h"

#include "file.h"
#include "issue.h"

#define COMMENT "{\"id\":\"00112233-4455-4677-8899-aabbccddeeff\",\"url\":\"https://linear.app/c/1\"}"

static const char commented[] = "{\"data\":{\"commentCreate\":{\"success\":true,\"comment\":" COMMENT "}}}";
static const char comment_found[] = "{\"data\":{\"comment\":" COMMENT "}}";
static const char updated[] = "{\"data\":{\"issueUpdate\":{\"success\":true,\"issue\":" ISSUE "}}}";
static const char archived[] = "{\"data\":{\"issueArchive\":{\"success\":true}}}";
static const char is_archived[] = "{\"data\":{\"issue\":{\"id\":\"x\",\"identifier\":\"ENG-7\","
    "\"url\":\"https://linear.app/i/ENG-7\",\"archivedAt\":\"2026-01-01T00:00:00Z\","
    "\"team\":{\"id\":\"team-1\",\"key\":\"ENG\"}}}}";

static const char upload_to[] = "{\"data\":{\"fileUpload\":{\"success\":true,\"uploadFile\":{"
    "\"uploadUrl\":\"https://up.example/1\",\"assetUrl\":\"https://assets.example/1\","
    "\"headers\":[]}}}}";
static const char attached[] = "{\"data\":{\"attachmentCreate\":{\"success\":true}}}";

static void
thread_is(void)
{
	t.thread.event = mt_test_span("evt_11111111111111111111111111");
	t.thread.key = mt_test_span("ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100");
	t.thread.resource_id = mt_test_span("ENG-7");
}

static void
intent_is(uint32_t cls, const char *verb)
{
	t.intent.cls = cls;
	t.intent.verb = mt_test_span(verb);
}

static const char *
id_asked(size_t i)
{
	static char text[64];
	json_t *body, *value = variable(i, "id", &body);

	snprintf(text, sizeof(text), "%s", json_string_value(value));
	json_decref(body);
	return text;
}

/* ---- replies ---- */

static void
reply_becomes_a_comment(void **state)
{
	(void)state;
	thread_is();
	text_is("/state Done\nIt is out.\n\nOn 2026-01-01 10:00 Bob <b@x> wrote:\n> It burns\n");
	reply(200, found);
	reply(200, commented);
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.reason, "linear.commented");
	assert_string_equal(t.delivery.resource_id, "ENG-7");
	assert_string_equal(t.delivery.resource_url, "https://linear.app/c/1");
	assert_string_equal(id_asked(0), "ffeeddcc-bbaa-4988-b766-554433221100");
	assert_string_equal(operation(1), "Comment");
	assert_string_equal(sent_text("id"), "00112233-4455-4677-8899-aabbccddeeff");
	assert_string_equal(sent_text("issueId"), ISSUE_ID);
	assert_non_null(strstr(sent_text("body"), "/state Done\nIt is out.\n\n+++ Quoted text\n\n"));
	assert_non_null(strstr(sent_text("body"), "From ann@example.com by mail"));
	again();
	intent_is(0, "");	/* a route without intents */
	thread_is();
	reply(200, found);
	reply(200, commented);
	delivered(MT_DELIVERED);
}

static void
comments_are_made_once(void **state)
{
	(void)state;
	thread_is();
	t.attempt = 2;
	reply(200, found);
	reply(200, comment_found);
	delivered(MT_DUPLICATE);
	assert_int_equal(t.request_count, 2);
	assert_string_equal(t.delivery.resource_url, "https://linear.app/c/1");
	again();
	thread_is();
	t.attempt = 2;
	reply(200, found);
	reply(400, absent);
	reply(200, commented);
	delivered(MT_DELIVERED);
	again();
	thread_is();
	reply(200, found);
	reply(400, taken);
	reply(200, comment_found);
	delivered(MT_DUPLICATE);
	assert_string_equal(operation(2), "CommentAfter");
	again();
	thread_is();
	reply(200, found);
	reply(400, taken);
	reply(400, absent);
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.text, "Taken");
	again();
	thread_is();
	t.attempt = 2;	/* who cannot read back does not write */
	reply(200, found);
	reply(503, "");
	delivered(MT_RETRY);
	assert_int_equal(t.request_count, 2);
}

static void
replies_to_nothing_fail(void **state)
{
	(void)state;
	thread_is();
	reply(400, absent);
	reply(400, absent);
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.reason, "linear.thread");
	again();
	thread_is();
	reply(503, "");
	delivered(MT_RETRY);
	again();
	thread_is();
	t.thread.key = mt_test_span("short");
	assert_int_equal(mt_test_run_deliver(&t), -1);
}

/* A thread that began with a change has no issue of its own. */
static void
replies_to_a_change_are_comments(void **state)
{
	(void)state;
	thread_is();
	reply(400, absent);
	reply(200, found);
	reply(200, commented);
	delivered(MT_DELIVERED);
	assert_string_equal(id_asked(0), "ffeeddcc-bbaa-4988-b766-554433221100");
	assert_string_equal(id_asked(1), "ENG-7");
	assert_string_equal(sent_text("issueId"), ISSUE_ID);
	again();
	thread_is();
	reply(400, absent);
	reply(400, absent);
	subject_is("Re: ENG-8");	/* for changes alone */
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.reason, "linear.thread");
	assert_int_equal(t.request_count, 2);
	again();
	thread_is();
	t.thread.resource_id = mt_test_span("");	/* nothing came of that mail */
	reply(400, absent);
	delivered(MT_FAILED);
	assert_int_equal(t.request_count, 1);
	again();
	thread_is();
	reply(503, "");	/* that is no answer: nothing else is asked */
	delivered(MT_RETRY);
	assert_int_equal(t.request_count, 1);
}

static void
comments_are_in_the_senders_name(void **state)
{
	(void)state;
	mt_test_option(&t, "api_key", "lin_oauth_secret");
	thread_is();
	reply(200, found);
	reply(200, commented);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("createAsUser"), "Ann Example");
}

/* ---- changes ---- */

static void
mail_changes_an_issue(void **state)
{
	json_t *body, *in;

	(void)state;
	intent_is(MT_MODIFY, "update_task");
	subject_is("#update ENG-7 !urgent");
	text_is("/state done\n/assign ann@x\n/label bug\n/due tomorrow\n/project web site\n");
	reply(200, found);
	reply(200, names);
	reply(200, updated);
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.reason, "linear.updated");
	assert_string_equal(t.delivery.resource_id, "ENG-7");
	assert_string_equal(id_asked(0), "ENG-7");
	assert_string_equal(id_asked(2), ISSUE_ID);
	in = input(&body);
	assert_int_equal(json_object_size(in), 6);
	assert_int_equal(json_integer_value(json_object_get(in, "priority")), 1);
	assert_string_equal(text_of(in, "stateId"), "s-done");
	assert_string_equal(text_of(in, "assigneeId"), "u-ann");
	assert_string_equal(text_of(in, "projectId"), "p-web");
	assert_string_equal(text_of(in, "dueDate"), "2026-01-02");
	assert_string_equal(json_string_value(json_array_get(
	    json_object_get(in, "addedLabelIds"), 0)), "l-bug");
	json_decref(body);
	assert_int_equal(t.request_count, 3);	/* no text, no comment */
}

/* Options are for new issues alone. */
static void
options_change_nothing(void **state)
{
	(void)state;
	mt_test_option(&t, "labels", "mail");
	mt_test_option(&t, "priority", "low");
	intent_is(MT_MODIFY, "edit_task");
	thread_is();
	subject_is("ENG-99 !high");	/* the thread is what counts */
	reply(200, found);
	reply(200, lookup);
	reply(200, updated);
	delivered(MT_DELIVERED);
	assert_string_equal(id_asked(0), "ffeeddcc-bbaa-4988-b766-554433221100");
	{
		json_t *body, *in = input(&body);

		assert_int_equal(json_object_size(in), 1);
		json_decref(body);
	}
}

static void
what_else_it_says_is_a_comment(void **state)
{
	(void)state;
	intent_is(MT_MODIFY, "update_task");
	thread_is();
	text_is("/state Done\n\nIt was the fuse.\n");
	reply(200, found);
	reply(200, names);
	reply(200, updated);
	reply(200, commented);
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.reason, "linear.updated");
	assert_string_equal(operation(3), "Comment");
	assert_int_equal(strncmp(sent_text("body"), "It was the fuse.\n", 17), 0);
	again();
	intent_is(MT_MODIFY, "update_task");
	thread_is();
	t.attempt = 2;
	text_is("/state Done\n\nIt was the fuse.\n");
	reply(200, found);
	reply(200, names);
	reply(200, comment_found);
	delivered(MT_DUPLICATE);
	assert_string_equal(t.delivery.reason, "linear.updated");
	assert_string_equal(operation(2), "CommentBefore");
	assert_int_equal(t.request_count, 3);	/* the change is not sent again */
	again();
	intent_is(MT_MODIFY, "update_task");
	thread_is();
	t.attempt = 2;
	text_is("/state Done\n\nIt was the fuse.\n");
	reply(200, found);
	reply(200, names);
	reply(400, absent);
	reply(200, updated);
	reply(200, commented);
	delivered(MT_DELIVERED);
	assert_int_equal(t.request_count, 5);
	again();
	intent_is(MT_MODIFY, "update_task");
	thread_is();
	t.attempt = 2;	/* who cannot read back does not write */
	text_is("/state Done\n\nIt was the fuse.\n");
	reply(200, found);
	reply(200, names);
	reply(503, "");
	delivered(MT_RETRY);
	assert_int_equal(t.request_count, 3);
	again();	/* what is not there is told in one */
	intent_is(MT_MODIFY, "update_task");
	thread_is();
	text_is("/state Done\n/label none\n");
	reply(200, found);
	reply(200, names);
	reply(200, updated);
	reply(200, commented);
	delivered(MT_DELIVERED);
	assert_non_null(strstr(sent_text("body"), "Not found in Linear: label \"none\""));
}

static void
changes_follow_a_change(void **state)
{
	(void)state;
	intent_is(MT_MODIFY, "update_task");
	thread_is();
	subject_is("ENG-99 !high");
	reply(400, absent);
	reply(200, found);
	reply(200, lookup);
	reply(200, updated);
	delivered(MT_DELIVERED);
	assert_string_equal(id_asked(1), "ENG-7");
	assert_string_equal(id_asked(3), ISSUE_ID);
	again();
	intent_is(MT_APPROVE, "delete_task");
	thread_is();
	subject_is("ENG-99");
	reply(400, absent);
	reply(400, absent);
	reply(200, found);
	reply(200, archived);
	delivered(MT_DELIVERED);
	assert_string_equal(id_asked(2), "ENG-99");
	assert_string_equal(id_asked(3), ISSUE_ID);
}

/* Every question there may be in front of ten files, and those of the files. */
static void
longest_way(int http, const char *first_attached)
{
	static const char *const file_names[FILES_MAX] = { "a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j" };

	mt_test_option(&t, "api_key", "lin_oauth_secret");
	intent_is(MT_MODIFY, "update_task");
	thread_is();
	t.attempt = 2;
	t.raw = mt_test_span("From: Ann <ann@example.com>\r\nSubject: ENG-99 !high\r\n\r\n");
	text_is("words");
	mt_test_option(&t, "attachments", "upload");
	mt_test_option(&t, "upload", "https://up.example");
	for (size_t i = 0; i < FILES_MAX; i++)
		part_add("image/png", file_names[i], mt_test_span(file_names[i]));
	reply(400, absent);
	reply(400, absent);
	reply(200, found);
	reply(200, lookup);
	reply(400, absent);	/* the comment */
	reply(200, updated);
	reply(400, taken);	/* in the sender's name */
	reply(400, taken);
	reply(200, comment_found);
	reply(200, "{\"data\":{\"issue\":{\"attachments\":{\"nodes\":[]}}}}");
	for (size_t i = 0; i < FILES_MAX; i++)
		reply(200, upload_to);
	for (size_t i = 0; i < FILES_MAX; i++)
		mt_test_http(&t, 200, "");
	reply(http, first_attached);
	for (size_t i = 1; i < FILES_MAX; i++)
		reply(200, attached);
}

/* All questions fit; one more is asked at the next attempt. */
static void
the_longest_way_fits(void **state)
{
	(void)state;
	longest_way(200, attached);
	delivered(MT_DUPLICATE);
	assert_string_equal(t.delivery.text, "");
	assert_int_equal(t.request_count, MT_QUESTIONS_MAX);
	assert_true(t.runs <= MT_RUNS_MAX);
	again();
	longest_way(400, taken);
	delivered(MT_RETRY);
	assert_string_equal(t.delivery.reason, "linear.upload");
	assert_int_equal(t.request_count, MT_QUESTIONS_MAX);
}

static void
update_fails(const char *subject, const char *text, const char *reason)
{
	again();
	intent_is(MT_MODIFY, "update_task");
	subject_is(subject);
	text_is(text);
	reply(200, found);
	reply(200, lookup);
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.reason, reason);
	assert_true(t.delivery.text[0] != '\0');
}

static void
no_issue_is_named(const char *subject)
{
	update_fails(subject, "/state Done", "linear.thread");
	assert_int_equal(t.request_count, 0);
}

static void
nothing_to_change_fails(void **state)
{
	(void)state;
	update_fails("ENG-7", "words alone", "linear.update");
	assert_int_equal(t.request_count, 0);
	update_fails("ENG-7", "/label none", "linear.lookup");
	no_issue_is_named("no issue");
	no_issue_is_named("eng-7 xENG-7 ENG-7x ENG-07 ENG- -7 ENG-7-8 _ENG-7");
	no_issue_is_named("ABCDEFGH-1 ENG-1234567890");
	mt_test_option(&t, "teams", "OPS");
	again();
	mt_test_option(&t, "teams", "OPS");
	intent_is(MT_MODIFY, "update_task");
	subject_is("ENG-7 team:OPS");
	delivered(MT_FAILED);
}

static const char theirs[] = "{\"data\":{\"issue\":{\"id\":\"x\",\"identifier\":\"SEC-1\","
    "\"url\":\"u\",\"archivedAt\":null,\"team\":{\"id\":\"t\",\"key\":\"SEC\"}}}}";

/* Of a team this stage does not write to. */
static void
issues_of_others_are_not_named(void **state)
{
	(void)state;
	intent_is(MT_MODIFY, "update_task");
	subject_is("SEC-1 !low");
	reply(200, theirs);
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.reason, "linear.thread");
	assert_int_equal(t.request_count, 1);
	again();
	intent_is(MT_MODIFY, "update_task");
	mt_test_option(&t, "teams", "SEC");
	subject_is("SEC-1 !low");
	reply(200, theirs);
	reply(200, lookup);
	reply(200, updated);
	delivered(MT_DELIVERED);
}

/* Nor are they reached by the thread, whatever that began with. */
static void
issues_of_others_are_not_answered(void **state)
{
	static const struct { uint32_t cls; const char *verb; } intents[] = {
		{ 0, "" }, { MT_CREATE, "create_task" }, { MT_MODIFY, "update_task" },
		{ MT_APPROVE, "delete_task" } };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(intents) / sizeof(*intents); i++) {
		again();
		intent_is(intents[i / 2].cls, intents[i / 2].verb);
		thread_is();
		subject_is("ENG-7 !low");	/* no way around it */
		if (i % 2 > 0)
			reply(400, absent);
		reply(200, theirs);
		delivered(MT_FAILED);
		assert_string_equal(t.delivery.reason, "linear.team");
		assert_non_null(strstr(t.delivery.text, "does not serve"));
		assert_string_equal(t.delivery.resource_id, "");
		assert_int_equal(t.request_count, 1 + i % 2);
	}
	again();
	thread_is();
	mt_test_option(&t, "teams", "SEC");
	reply(200, theirs);
	reply(200, commented);
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.resource_id, "SEC-1");
}

static void
updates_are_tried_again(void **state)
{
	static const char *const seconds[] = { ERROR("lock timeout"), "{\"data\":{\"iss" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		again();
		intent_is(MT_MODIFY, "update_task");
		subject_is("ENG-7 !low");
		reply(200, found);
		reply(200, lookup);
		reply(200, seconds[i]);
		delivered(MT_RETRY);
	}
	again();
	intent_is(MT_MODIFY, "update_task");
	subject_is("ENG-7 !low");
	reply(200, found);
	reply(200, lookup);
	reply(200, "{\"data\":{\"issueUpdate\":{\"success\":false,\"issue\":null}}}");
	delivered(MT_FAILED);
}

/* ---- archiving ---- */

static void
mail_archives_an_issue(void **state)
{
	static const char *const verbs[] = { "delete_task", "archive_task", "archive" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		again();
		intent_is(MT_APPROVE, verbs[i]);
		subject_is("#delete ENG-7");
		reply(200, found);
		reply(200, archived);
		delivered(MT_DELIVERED);
		assert_string_equal(t.delivery.reason, "linear.archived");
		assert_string_equal(t.delivery.resource_id, "ENG-7");
		assert_string_equal(operation(1), "Archive");
	}
	again();
	intent_is(MT_APPROVE, "delete_task");
	thread_is();
	reply(200, is_archived);
	delivered(MT_DUPLICATE);
	assert_int_equal(t.request_count, 1);
	again();
	intent_is(MT_APPROVE, "delete_task");
	thread_is();
	reply(400, absent);
	reply(400, absent);
	delivered(MT_FAILED);
	again();
	intent_is(MT_APPROVE, "deletes_task");
	thread_is();
	delivered(MT_FAILED);
	assert_string_equal(t.delivery.reason, "linear.intent");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reply_becomes_a_comment), TEST(comments_are_made_once),
		TEST(replies_to_nothing_fail),
		TEST(replies_to_a_change_are_comments), TEST(changes_follow_a_change),
		TEST(the_longest_way_fits), TEST(comments_are_in_the_senders_name),
		TEST(mail_changes_an_issue), TEST(options_change_nothing),
		TEST(what_else_it_says_is_a_comment), TEST(nothing_to_change_fails),
		TEST(issues_of_others_are_not_named),
		TEST(issues_of_others_are_not_answered), TEST(updates_are_tried_again),
		TEST(mail_archives_an_issue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
