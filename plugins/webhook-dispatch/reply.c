/* SPDX-License-Identifier: BSD-2-Clause */
/* Statuses to outcomes, words to one sentence. */
#include "reply.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../common/field.h"
#include "value.h"

/* The first row that fits. */
static const struct {
	int from, to, status;
	const char *reason, *text;	/* where the receiver says nothing */
} outcomes[] = {
	{ 200, 299, MT_DELIVERED, "webhook.accepted", "" },
	{ 300, 399, MT_FAILED, "webhook.redirect", "the receiver redirects, which is not "
	    "followed: set endpoint and path to where it is" },
	{ 401, 401, MT_PAUSE, "webhook.refused", "the receiver does not accept the signature: "
	    "compare the secret with the receiver's" },
	{ 403, 403, MT_PAUSE, "webhook.refused", "the receiver does not let us in: "
	    "look at its configuration, and at the secret" },
	{ 408, 408, MT_RETRY, "webhook.busy", "the receiver had no time" },
	{ 409, 409, MT_DUPLICATE, "webhook.exists", "" },
	{ 410, 410, MT_PAUSE, "webhook.gone", "the receiver wants no more webhooks here: take "
	    "the stage out of the route, or set another endpoint or path" },
	{ 425, 425, MT_RETRY, "webhook.busy", "the receiver is not ready" },
	{ 429, 429, MT_RETRY, "webhook.limited", "the receiver asks for fewer webhooks" },
	{ 400, 499, MT_FAILED, "webhook.rejected", "the receiver does not accept the webhook, "
	    "and says not why" },
	{ 0, 999, MT_RETRY, "webhook.broken", "the receiver is broken" },
};

static int
has_type(const struct mt_http_reply *r, const char *word)
{
	struct mt_span type;
	size_t len = strlen(word);

	field_of_reply(r->fields, "Content-Type", &type);
	for (size_t i = 0; i + len <= type.len && type.ptr[i] != ';'; i++)
		if (strncasecmp(type.ptr + i, word, len) == 0)
			return 1;
	return 0;
}

static struct mt_span
string_of(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_string(value) ? (struct mt_span){ json_string_value(value),
		json_string_length(value) } : (struct mt_span){ "", 0 };
}

/* Whole or not at all: half an id or address names something else. */
static void
resource_read(json_t *root, struct mt_delivery *out)
{
	char id[sizeof(out->resource_id)], url[sizeof(out->resource_url)];
	int id_cut = 0, url_cut = 0;

	if (value_plain(string_of(root, "id"), id, sizeof(id), &id_cut) > 0 && !id_cut)
		memcpy(out->resource_id, id, sizeof(id));
	if (value_plain(string_of(root, "url"), url, sizeof(url), &url_cut) > 8 && !url_cut &&
	    strncmp(url, "https://", 8) == 0 && strcspn(url, " \"<>\\") == strlen(url))
		memcpy(out->resource_url, url, sizeof(url));
}

static void
sentence_keep(struct mt_span s, struct mt_delivery *out)
{
	char text[REPLY_SENTENCE_MAX + 1];
	int cut = 0;

	if (value_plain(s, text, sizeof(text), &cut) > 0)
		snprintf(out->text, sizeof(out->text), "%s", text);
}

static struct mt_span
first_line(struct mt_span body)
{
	while (body.len > 0 && strchr(" \t\r\n", *body.ptr) != NULL && *body.ptr != '\0') {
		body.ptr++;
		body.len--;
	}
	for (size_t i = 0; i < body.len; i++)
		if (body.ptr[i] == '\r' || body.ptr[i] == '\n')
			body.len = i;
	return body;
}

static void
sentence_read(json_t *root, const struct mt_http_reply *r, struct mt_delivery *out)
{
	static const char *const keys[] = { "message", "error", "detail" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct mt_span s = string_of(root, keys[i]);

		if (s.len > 0) {
			sentence_keep(s, out);
			return;
		}
	}
	if (root == NULL && has_type(r, "text/plain") && r->body.len <= REPLY_READ_MAX)
		sentence_keep(first_line(r->body), out);
}

static void
no_reply(const struct mt_http_reply *r, struct mt_delivery *out)
{
	out->status = MT_RETRY;
	out->code = r->error;
	snprintf(out->reason, sizeof(out->reason), "%s",
	    r->sent == 0 ? "webhook.unreachable" : "webhook.silent");
	snprintf(out->text, sizeof(out->text), "%s", strerror(r->error));
}

static size_t
outcome_find(int status)
{
	size_t i = 0;

	while (i + 1 < sizeof(outcomes) / sizeof(*outcomes) &&
	    (status < outcomes[i].from || status > outcomes[i].to))
		i++;
	return i;
}

void
reply_judge(const struct mt_http_reply *r, const char *id, struct mt_delivery *out)
{
	size_t i = outcome_find(r->status);
	json_t *root;
	int done;

	out->retry_after_s = r->retry_after_s;
	if (r->status == 0) {
		no_reply(r, out);
		return;
	}
	out->status = outcomes[i].status;
	out->code = r->status;
	snprintf(out->reason, sizeof(out->reason), "%s", outcomes[i].reason);
	snprintf(out->text, sizeof(out->text), "%s", outcomes[i].text);
	root = has_type(r, "json") && r->body.len <= REPLY_READ_MAX ?
	    json_loadb(r->body.ptr, r->body.len, 0, NULL) : NULL;
	done = out->status == MT_DELIVERED || out->status == MT_DUPLICATE;
	if (done) {
		snprintf(out->resource_id, sizeof(out->resource_id), "%s", id);
		resource_read(root, out);
	} else {
		sentence_read(root, r, out);
	}
	json_decref(root);
}
