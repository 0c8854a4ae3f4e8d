/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of Linear's API: errors to kinds, limits to seconds. */
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../common/field.h"
#include "../common/text.h"

enum { WORD_MAX = 64, STEP_MAX = 64 };

/* extensions.type and extensions.code, without case, '_' as a blank.  Both
 * vocabularies: the SDK's and the server's. */
static const struct {
	const char *word;
	enum answer_kind kind;
	const char *reason;
} errors[] = {
	{ "ratelimited", ANSWER_LIMITED, "linear.ratelimited" },
	{ "lock timeout", ANSWER_RETRY, "linear.busy" },
	{ "internal error", ANSWER_RETRY, "linear.internal" },
	{ "internal server error", ANSWER_RETRY, "linear.internal" },
	{ "network error", ANSWER_RETRY, "linear.network" },
	{ "bootstrap error", ANSWER_RETRY, "linear.internal" },
	{ "unknown", ANSWER_RETRY, "linear.internal" },
	{ "other", ANSWER_RETRY, "linear.internal" },
	{ "authentication error", ANSWER_REFUSED, "linear.authentication" },
	{ "forbidden", ANSWER_REFUSED, "linear.forbidden" },
	{ "usage limit exceeded", ANSWER_REFUSED, "linear.usage" },
	{ "feature not accessible", ANSWER_REFUSED, "linear.feature" },
	{ "invalid input", ANSWER_INVALID, "linear.invalid" },
	{ "input error", ANSWER_INVALID, "linear.invalid" },
	{ "bad user input", ANSWER_INVALID, "linear.invalid" },
	{ "user error", ANSWER_INVALID, "linear.invalid" },
	{ "graphql error", ANSWER_INVALID, "linear.graphql" },
	{ "graphql validation failed", ANSWER_INVALID, "linear.graphql" },
	{ "graphql parse failed", ANSWER_INVALID, "linear.graphql" },
};

/* Where no error says what it is; the first row that fits. */
static const struct {
	int from, to;
	enum answer_kind kind;
	const char *reason;
} statuses[] = {
	{ 200, 299, ANSWER_RETRY, "linear.reply" },	/* no sound JSON */
	{ 401, 401, ANSWER_REFUSED, "linear.authentication" },
	{ 403, 403, ANSWER_REFUSED, "linear.forbidden" },
	{ 408, 408, ANSWER_RETRY, "linear.http" },
	{ 425, 425, ANSWER_RETRY, "linear.http" },
	{ 429, 429, ANSWER_LIMITED, "linear.ratelimited" },
	{ 400, 499, ANSWER_REFUSED, "linear.http" },	/* not the API we know */
	{ 0, 999, ANSWER_RETRY, "linear.http" },
};

static void
kind_set(struct answer *a, enum answer_kind kind, const char *reason)
{
	a->kind = kind;
	snprintf(a->reason, sizeof(a->reason), "%s", reason);
}

static int
kind_by_word(struct answer *a, const char *word)
{
	char plain[WORD_MAX];

	if (word == NULL || strlen(word) >= sizeof(plain))
		return 0;
	snprintf(plain, sizeof(plain), "%s", word);
	for (char *p = plain; *p != '\0'; p++)
		if (*p == '_')
			*p = ' ';
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (strcasecmp(plain, errors[i].word) == 0) {
			kind_set(a, errors[i].kind, errors[i].reason);
			return 1;
		}
	return 0;
}

static void
kind_by_status(struct answer *a, int status)
{
	size_t i = 0;

	while (status < statuses[i].from || status > statuses[i].to)
		i++;
	kind_set(a, statuses[i].kind, statuses[i].reason);
}

static void
words_keep(struct answer *a, const char *words)
{
	struct text t = { .ptr = a->text, .cap = ANSWER_TEXT_MAX };

	if (words != NULL)
		text_add_line(&t, (struct mt_span){ words, strlen(words) }, ANSWER_TEXT_MAX,
		    text_add_character);
	a->text[t.len] = '\0';
}

static const char *
string_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void
error_parse(struct answer *a, json_t *error, int status)
{
	json_t *extensions = json_object_get(error, "extensions");
	const char *words = string_of(extensions, "userPresentableMessage");

	words_keep(a, words != NULL ? words : string_of(error, "message"));
	if (kind_by_word(a, string_of(extensions, "type")) ||
	    kind_by_word(a, string_of(extensions, "code")))
		return;
	if (status == 400 || json_is_true(json_object_get(extensions, "userError")))
		kind_set(a, ANSWER_INVALID, "linear.invalid");
	else
		kind_by_status(a, status);
}

/* ---- fields of the reply ---- */

static int64_t
field_number(struct mt_span fields, const char *name)
{
	struct mt_span value;
	int64_t n = 0;

	if (field_of_reply(fields, name, &value) != 0 || value.len == 0 || value.len > 18)
		return -1;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return i > 0 && value.ptr[i] == '.' ? n : -1;
		n = n * 10 + (value.ptr[i] - '0');
	}
	return n;
}

static int
is_json(struct mt_span fields)
{
	struct mt_span type;

	field_of_reply(fields, "Content-Type", &type);
	for (size_t i = 0; i + 4 <= type.len; i++)
		if (strncasecmp(type.ptr + i, "json", 4) == 0)
			return 1;
	return 0;
}

/* Seconds until the bucket named is filled, where it is the empty one; 0. */
static int64_t
reset_wait(struct mt_span fields, const char *bucket, int64_t now)
{
	char name[WORD_MAX];
	int64_t reset;

	snprintf(name, sizeof(name), "X-RateLimit-%s-Remaining", bucket);
	if (field_number(fields, name) > 0)
		return 0;
	snprintf(name, sizeof(name), "X-RateLimit-%s-Reset", bucket);
	reset = field_number(fields, name);
	if (reset > 100000000000)	/* Linear counts milliseconds */
		reset = (reset + 999) / 1000;
	return reset > now ? reset - now : 0;
}

static uint32_t
limit_wait(const struct mt_http_reply *r, int64_t now)
{
	static const char *const buckets[] = { "Requests", "Complexity",
		"Endpoint-Requests" };
	int64_t wait = r->retry_after_s;

	for (size_t i = 0; wait == 0 && i < sizeof(buckets) / sizeof(*buckets); i++)
		wait = reset_wait(r->fields, buckets[i], now);
	if (wait == 0)
		wait = ANSWER_RETRY_S;
	return wait > ANSWER_RETRY_MAX_S ? ANSWER_RETRY_MAX_S : (uint32_t)wait;
}

/* ---- the whole ---- */

static void
body_parse(const struct mt_http_reply *r, struct answer *a)
{
	json_t *root = is_json(r->fields) ?
	    json_loadb(r->body.ptr, r->body.len, 0, NULL) : NULL;
	json_t *list = json_object_get(root, "errors");
	json_t *data = json_object_get(root, "data");

	kind_by_status(a, r->status);
	if (json_is_object(data))
		a->data = json_incref(data);
	if (json_is_array(list) && json_array_size(list) > 0)
		error_parse(a, json_array_get(list, 0), r->status);
	else if (a->data != NULL && r->status >= 200 && r->status < 300)
		kind_set(a, ANSWER_DATA, "linear.ok");
	json_decref(root);
}

void
answer_parse(const struct mt_http_reply *r, int64_t now, struct answer *a)
{
	*a = (struct answer){ .kind = ANSWER_RETRY };
	if (r->status == 0) {
		kind_set(a, ANSWER_RETRY, r->sent == 0 ? "linear.unreachable" : "linear.broken");
		snprintf(a->text, sizeof(a->text), "%s", strerror(r->error));
	} else {
		body_parse(r, a);
		if (a->text[0] == '\0' && a->kind != ANSWER_DATA)
			snprintf(a->text, sizeof(a->text), "Linear answered HTTP %d%s",
			    (int)r->status, r->status == 200 ?
			    " without a reply that can be read" : "");
	}
	if (a->kind == ANSWER_LIMITED)
		a->retry_after_s = limit_wait(r, now);
	else if (a->kind == ANSWER_RETRY)
		a->retry_after_s = r->retry_after_s > ANSWER_RETRY_MAX_S ?
		    ANSWER_RETRY_MAX_S : r->retry_after_s;
}

void
answer_free(struct answer *a)
{
	json_decref(a->data);
	a->data = NULL;
}

json_t *
answer_find(const struct answer *a, const char *path)
{
	json_t *at = a->data;

	while (at != NULL && *path != '\0') {
		char step[STEP_MAX];
		size_t n = strcspn(path, "/");

		if (n >= sizeof(step))
			return NULL;
		memcpy(step, path, n);
		step[n] = '\0';
		at = json_is_array(at) ? json_array_get(at, (size_t)strtoul(step, NULL, 10)) :
		    json_object_get(at, step);
		path += n + (path[n] == '/');
	}
	return at;
}

const char *
answer_string(const struct answer *a, const char *path)
{
	return json_string_value(answer_find(a, path));
}

int
answer_lists(const struct answer *a, const char *path, const char *key, const char *value)
{
	json_t *array = answer_find(a, path), *object;
	size_t i;

	json_array_foreach(array, i, object) {
		const char *its = string_of(object, key);

		if (its != NULL && strcasecmp(its, value) == 0)
			return 1;
	}
	return 0;
}
