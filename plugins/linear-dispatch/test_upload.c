/* SPDX-License-Identifier: BSD-2-Clause */
/* Attachments: which go where, under what name, and how often. */
#include "rig.h"

#include "file.h"
#include "issue.h"
#include "upload.h"

#define HOST "https://up.example"
#define PLACE(headers) "{\"data\":{\"fileUpload\":{\"success\":true,\"uploadFile\":{" \
	"\"uploadUrl\":\"" HOST "/put/1?sig=a\",\"assetUrl\":\"https://assets.example/1\"," \
	"\"headers\":[" headers "]}}}}"
#define FIELD(key, value) "{\"key\":\"" key "\",\"value\":\"" value "\"}"
/* Of the attachment that is the first of the key. */
#define FILE_ID "00112233-4455-4677-8899-aabbccddee00"

static const char place[] = PLACE(FIELD("x-goog-content-length-range", "1,9"));
static const char attached[] = "{\"data\":{\"attachmentCreate\":{\"success\":true,"
    "\"attachment\":{\"id\":\"x\"}}}}";
static const char none_attached[] = "{\"data\":{\"issue\":{\"attachments\":{\"nodes\":[]}}}}";
static const char one_attached[] = "{\"data\":{\"issue\":{\"attachments\":{\"nodes\":["
    "{\"id\":\"" FILE_ID "\"}]}}}}";

static int
upload_setup(void **state)
{
	setup(state);
	mt_test_option(&t, "upload", HOST);
	mt_test_option(&t, "attachments", "upload");
	part_add("text/plain", "", mt_test_span("see there"));
	return 0;
}

static void
once_more(void)
{
	teardown(NULL);
	upload_setup(NULL);
}

static void
issue_made(void)
{
	reply(200, lookup);
	reply(200, created);
}

static void
files_are_uploaded_and_linked(void **state)
{
	(void)state;
	part_add("image/png", "fire.png", mt_test_span("PNG"));
	issue_made();
	reply(200, place);
	mt_test_http(&t, 200, "");
	reply(200, attached);
	delivered(MT_DELIVERED);
	assert_int_equal(t.request_count, 5);
	assert_string_equal(operation(2), "File");
	assert_string_equal(t.requests[3].target, "upload");
	assert_string_equal(t.requests[3].method, "PUT");
	assert_string_equal(t.requests[3].path, "/put/1?sig=a");
	assert_string_equal(t.requests[3].fields, "Content-Type: image/png\r\n"
	    "Cache-Control: public, max-age=31536000\r\nx-goog-content-length-range: 1,9\r\n");
	assert_int_equal(t.requests[3].body.len, 3);
	assert_string_equal(operation(4), "Attach");
	assert_string_equal(sent_text("id"), FILE_ID);
	assert_string_equal(sent_text("issueId"), ISSUE_ID);
	assert_string_equal(sent_text("title"), "fire.png");
	assert_string_equal(sent_text("url"), "https://assets.example/1");
	{
		json_t *body, *size = variable(2, "size", &body);

		assert_int_equal(json_integer_value(size), 3);
		json_decref(body);
	}
}

/* All of a step at once, and within what a message may ask. */
static void
ten_files_go_together(void **state)
{
	static const char *const bytes[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10" };

	(void)state;
	for (size_t i = 0; i <= FILES_MAX; i++)
		part_add("image/png", bytes[i], mt_test_span(bytes[i]));
	t.attempt = 2;
	mt_test_option(&t, "api_key", "lin_oauth_x");
	reply(200, lookup);
	reply(400, absent);
	reply(400, taken);
	reply(200, created);
	reply(200, none_attached);
	for (size_t i = 0; i < 10; i++)
		reply(200, place);
	for (size_t i = 0; i < 10; i++)
		mt_test_http(&t, 201, "");
	for (size_t i = 0; i < 10; i++)
		reply(200, attached);
	delivered(MT_DELIVERED);
	assert_int_equal(t.request_count, 35);
	assert_int_equal(t.runs, 8);
	{
		json_t *body, *in = variable(3, "input", &body);

		assert_non_null(strstr(text_of(in, "description"),
		    "Not uploaded: 10 (1 KB, too many)"));
		json_decref(body);
	}
}

/* The most a mail can ask for: a change, a comment that is refused twice and
 * there, ten files of which one is refused and there. */
static void
the_worst_fits(void **state)
{
	static const char *const bytes[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };

	(void)state;
	t.intent.cls = MT_MODIFY;
	t.intent.verb = mt_test_span("update_task");
	t.attempt = 2;
	mt_test_option(&t, "api_key", "lin_oauth_x");
	subject_is("ENG-7 !high");
	for (size_t i = 0; i < FILES_MAX; i++)
		part_add("image/png", bytes[i], mt_test_span(bytes[i]));
	reply(200, found);
	reply(200, lookup);
	reply(400, absent);
	reply(200, "{\"data\":{\"issueUpdate\":{\"success\":true,\"issue\":" ISSUE "}}}");
	reply(400, taken);
	reply(400, taken);
	reply(200, "{\"data\":{\"comment\":{\"id\":\"x\",\"url\":\"u\"}}}");
	reply(200, none_attached);
	for (size_t i = 0; i < FILES_MAX; i++)
		reply(200, place);
	for (size_t i = 0; i < FILES_MAX; i++)
		mt_test_http(&t, 200, "");
	reply(400, taken);
	for (size_t i = 1; i < FILES_MAX; i++)
		reply(200, attached);
	reply(200, one_attached);
	delivered(MT_DUPLICATE);
	assert_string_equal(t.delivery.text, "");
	assert_int_equal(t.request_count, 39);
	assert_true(t.runs <= MT_RUNS_MAX);
}

static void
files_are_linked_once(void **state)
{
	(void)state;
	t.attempt = 2;
	part_add("image/png", "a.png", mt_test_span("a"));
	reply(200, lookup);
	reply(200, found);
	reply(200, one_attached);
	delivered(MT_DUPLICATE);
	assert_int_equal(t.request_count, 3);
	once_more();
	t.attempt = 2;	/* one of two was linked */
	part_add("image/png", "a.png", mt_test_span("a"));
	part_add("image/png", "b.png", mt_test_span("b"));
	reply(200, lookup);
	reply(200, found);
	reply(200, one_attached);
	reply(200, place);
	mt_test_http(&t, 200, "");
	reply(200, attached);
	delivered(MT_DUPLICATE);
	assert_string_equal(sent_text("title"), "b.png");
	assert_string_equal(sent_text("id"), "00112233-4455-4677-8899-aabbccddee01");
	once_more();
	part_add("image/png", "a.png", mt_test_span("a"));
	issue_made();
	reply(200, place);
	mt_test_http(&t, 200, "");
	reply(400, taken);	/* by us */
	reply(200, one_attached);
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.text, "");
	once_more();
	part_add("image/png", "a.png", mt_test_span("a"));
	issue_made();
	reply(200, place);
	mt_test_http(&t, 200, "");
	reply(400, taken);
	reply(200, none_attached);
	delivered(MT_DELIVERED);
	assert_string_equal(t.delivery.text, "1 of 1 attachments not uploaded: Taken");
}

/* The issue is there either way. */
static void
upload_ends(const char *where, int put, int status, const char *text)
{
	once_more();
	part_add("image/png", "a.png", mt_test_span("a"));
	issue_made();
	reply(200, where);
	if (put >= 0)
		mt_test_http(&t, put, "");
	delivered(status);
	assert_string_equal(t.delivery.resource_id, "ENG-7");
	if (strstr(t.delivery.text, text) == NULL)
		fail_msg("%s, not %s", t.delivery.text, text);
	assert_int_equal(t.request_count, put >= 0 || status == MT_RETRY ? 4 : 3);
}

#define ELSEWHERE(url) "{\"data\":{\"fileUpload\":{\"success\":true,\"uploadFile\":{" \
	"\"uploadUrl\":\"" url "\",\"assetUrl\":\"https://a/1\",\"headers\":[]}}}}"

static void
uploads_that_fail(void **state)
{
	(void)state;
	upload_ends(place, 403, MT_DELIVERED, "1 of 1 attachments not uploaded: "
	    "the upload was answered HTTP 403");
	assert_int_equal(t.log_count, 1);
	upload_ends(place, 503, MT_RETRY, "could not be uploaded");
	upload_ends(place, 429, MT_RETRY, "could not be uploaded");
	upload_ends(ELSEWHERE("https://evil.example/x"), -1, MT_DELIVERED,
	    "Linear wants it at https://evil.example:443");
	upload_ends(ELSEWHERE("http://up.example/x"), -1, MT_DELIVERED, "where to upload to");
	upload_ends("{\"data\":{\"fileUpload\":{\"success\":true,\"uploadFile\":null}}}", -1,
	    MT_DELIVERED, "where to upload to");
	upload_ends(PLACE(FIELD("Authorization", "x")), -1, MT_DELIVERED, "a field in the upload");
	once_more();
	part_add("image/png", "a.png", mt_test_span("a"));
	issue_made();
	reply(400, CODE("RATELIMITED"));
	delivered(MT_RETRY);
	assert_int_equal(t.delivery.retry_after_s, 60);
	assert_string_equal(t.delivery.resource_id, "ENG-7");
	once_more();
	part_add("image/png", "a.png", mt_test_span("a"));
	issue_made();
	reply(200, ERROR("forbidden"));
	delivered(MT_PAUSE);
}

static void
only_one_host_is_trusted(void **state)
{
	static const char *const bad[] = { "", "https://up.example", "http://up.example/x",
		"https://up.example:444/x", "https://up.example.evil/x", "https://ev.example/x",
		"https://up.exampl/x",
		"https://evil@up.example/x", "https://up.example@evil/x", "https://up.example\\/x",
		"https://up.example:0443443/x", "https://up.example/a b", "https://up.example/a#b",
		"https://up.example/a\x7f", "https://up.example:/x", "//up.example/x",
		"https://[up.example]/x" };
	char longest[UPLOAD_URL_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (upload_path(bad[i], HOST) != NULL)
			fail_msg("%s was taken", bad[i]);
	assert_string_equal(upload_path(HOST "/x?y=%2F", HOST), "/x?y=%2F");
	assert_string_equal(upload_path("HTTPS://UP.example:443/x", HOST), "/x");
	assert_string_equal(upload_path("https://[::1]:8443/x", "https://[::1]:8443"), "/x");
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, HOST "/", strlen(HOST) + 1);
	longest[UPLOAD_URL_MAX + 1] = '\0';
	assert_null(upload_path(longest, HOST));
	longest[UPLOAD_URL_MAX] = '\0';
	assert_non_null(upload_path(longest, HOST));
}

static void
only_known_fields_are_sent(void **state)
{
	char value[UPLOAD_FIELD_MAX + 1], headers[2000] = "", where[4000];

	(void)state;
	assert_true(upload_is_field("x-goog-meta", "a b"));
	assert_true(upload_is_field("X-Amz-Acl", ""));
	assert_true(upload_is_field("content-disposition", "attachment; filename=\"x\""));
	assert_false(upload_is_field("Authorization", "x"));
	assert_false(upload_is_field("Host", "x"));
	assert_false(upload_is_field("x-goog-a b", "x"));
	assert_false(upload_is_field("x-goog-a", "x\r\nHost: y"));
	assert_false(upload_is_field("x-goog-a", "\xc3\xa9"));
	memset(value, 'a', sizeof(value));
	value[UPLOAD_FIELD_MAX - 7] = '\0';
	assert_true(upload_is_field("x-goog-", value));
	value[UPLOAD_FIELD_MAX - 7] = 'a';
	value[UPLOAD_FIELD_MAX - 6] = '\0';
	assert_false(upload_is_field("x-goog-", value));
	for (size_t n = 0; n <= UPLOAD_FIELDS_MAX; n++) {
		snprintf(headers + strlen(headers), sizeof(headers) - strlen(headers),
		    "%s" FIELD("x-ms-%zu", "v"), n == 0 ? "" : ",", n);
		snprintf(where, sizeof(where), PLACE("%s"), headers);
		if (n + 1 >= UPLOAD_FIELDS_MAX)
			upload_ends(where, n + 1 > UPLOAD_FIELDS_MAX ? -1 : 403, MT_DELIVERED,
			    n + 1 > UPLOAD_FIELDS_MAX ? "a field" : "HTTP 403");
	}
}

static void
large_files_are_named(void **state)
{
	(void)state;
	mt_test_option(&t, "attachment_size", "4");
	part_add("image/png", "fits.png", mt_test_span("1234"));
	part_add("image/png", "large.png", mt_test_span("12345"));
	part_add("image/png", "empty.png", mt_test_span(""));
	part_add("application/pgp-signature", "s.asc", mt_test_span("12"));
	part_add("image/png", "", mt_test_span("cid"));	/* inline, without a name */
	issue_made();
	reply(200, place);
	reply(200, place);
	mt_test_http(&t, 200, "");
	mt_test_http(&t, 200, "");
	reply(200, attached);
	reply(200, attached);
	delivered(MT_DELIVERED);
	assert_string_equal(sent_text("title"), "attachment-6");
	{
		json_t *body, *in = variable(1, "input", &body);

		assert_non_null(strstr(text_of(in, "description"), "Not uploaded: "
		    "large.png (1 KB, too large), empty.png (0 KB, empty)"));
		json_decref(body);
	}
}

static void
by_default_files_are_named(void **state)
{
	(void)state;
	again();
	part_add("image/png", "a_b.png", mt_test_span("1"));
	issue_made();
	delivered(MT_DELIVERED);
	assert_int_equal(t.request_count, 2);
	assert_non_null(strstr(sent_text("description"), "Attachments: a\\_b.png (1 KB)"));
	again();
	mt_test_option(&t, "attachments", "none");
	part_add("image/png", "a.png", mt_test_span("1"));
	issue_made();
	delivered(MT_DELIVERED);
	assert_null(strstr(sent_text("description"), "a.png"));
}

static void
name_is(const char *from, const char *wanted)
{
	char line[4 * FILE_NAME_UNITS_MAX + 1];
	struct text out = { .ptr = line, .cap = sizeof(line) - 1 };

	file_name_make(mt_test_span(from), 4, &out);
	line[out.len] = '\0';
	assert_string_equal(line, wanted);
}

static void
names_and_types_are_safe(void **state)
{
	char type[FILE_TYPE_MAX + 1], name[FILE_NAME_UNITS_MAX + 2];

	(void)state;
	name_is("a b.pdf", "a b.pdf");
	name_is("../../etc/passwd", "passwd");
	name_is("C:\\x\\y.exe", "y.exe");
	name_is("..hidden", "hidden");
	name_is("-rf", "rf");
	name_is("a\r\nb\x01\xe2\x80\xae" "c<>\"|?*`$;&:d", "a bc___________d");
	name_is("", "attachment-5");
	name_is("/", "attachment-5");
	name_is("\xc3\xa9\xff", "\xc3\xa9\xef\xbf\xbd");
	for (size_t n = FILE_NAME_UNITS_MAX; n <= FILE_NAME_UNITS_MAX + 1; n++) {
		memset(name, 'a', n);
		name[n] = '\0';
		if (n > FILE_NAME_UNITS_MAX) {
			char cut[FILE_NAME_UNITS_MAX + 1];

			memset(cut, 'a', sizeof(cut));
			cut[FILE_NAME_UNITS_MAX] = '\0';
			name_is(name, cut);
		} else {
			name_is(name, name);
		}
	}
	assert_string_equal(file_type_make(mt_test_span("image/png"), type), "image/png");
	assert_string_equal(file_type_make(mt_test_span("text/html"), type), "application/octet-stream");
	assert_string_equal(file_type_make(mt_test_span("image/svg+xml"), type), "application/octet-stream");
	assert_string_equal(file_type_make(mt_test_span("a/b\r\nX: y"), type), "application/octet-stream");
	assert_string_equal(file_type_make(mt_test_span("a/b/c"), type), "application/octet-stream");
	assert_string_equal(file_type_make(mt_test_span(""), type), "application/octet-stream");
	for (size_t n = FILE_TYPE_MAX; n <= FILE_TYPE_MAX + 1; n++) {
		memset(name, 'a', n);
		name[1] = '/';
		assert_int_equal(strcmp(file_type_make((struct mt_span){ name, n }, type),
		    "application/octet-stream") == 0, n > FILE_TYPE_MAX);
	}
}

#define UPLOAD(f) cmocka_unit_test_setup_teardown(f, upload_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UPLOAD(files_are_uploaded_and_linked), UPLOAD(ten_files_go_together), UPLOAD(the_worst_fits),
		UPLOAD(files_are_linked_once), UPLOAD(uploads_that_fail),
		UPLOAD(only_one_host_is_trusted), UPLOAD(only_known_fields_are_sent),
		UPLOAD(large_files_are_named), UPLOAD(by_default_files_are_named),
		UPLOAD(names_and_types_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
