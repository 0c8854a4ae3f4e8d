/* SPDX-License-Identifier: BSD-2-Clause */
/* fileUpload, PUT, attachmentCreate: each file on its own, all at once. */
#include "upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HTTPS_PORT = 443, OURS = 2 };

enum state { WAITING, DONE, LATER, NEVER };

struct upload {
	struct run *run;
	const struct file *file;
	const char *issue;
	const struct answer *before;	/* what was attached; NULL: nothing */
	const struct answer *answer;	/* why it is later */
	const char *why;	/* why it is never */
};

/* ---- where to ---- */

/* Host and port, and where the path begins; 0: this is no such URL. */
static size_t
authority_read(const char *url, size_t *host_len, unsigned long *port)
{
	static const char scheme[] = "https://";
	const size_t start = sizeof(scheme) - 1;
	size_t n = start;

	if (strncasecmp(url, scheme, start) != 0)
		return 0;
	n += strspn(url + n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-[]");
	if (url[start] == '[')
		n = start + strcspn(url + start, "/]") + 1;
	*host_len = n - start;
	*port = HTTPS_PORT;
	if (url[n] == ':') {
		size_t digits = strspn(url + n + 1, "0123456789");

		if (digits == 0 || digits > 5)
			return 0;
		*port = strtoul(url + n + 1, NULL, 10);
		n += 1 + digits;
	}
	return *host_len > 0 && (url[n] == '/' || url[n] == '\0') ? n : 0;
}

const char *
upload_path(const char *url, const char *target)
{
	static const size_t start = sizeof("https://") - 1;
	size_t host[2], at;
	unsigned long port[2];

	if (url == NULL || target == NULL || strlen(url) > UPLOAD_URL_MAX ||
	    authority_read(target, &host[0], &port[0]) == 0)
		return NULL;
	at = authority_read(url, &host[1], &port[1]);
	if (at == 0 || url[at] != '/' || host[0] != host[1] || port[0] != port[1] ||
	    strncasecmp(url + start, target + start, host[0]) != 0)
		return NULL;
	for (const char *p = url + at; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~' || *p == '#')
			return NULL;
	return url + at;
}

/* ---- with which fields ---- */

/* Of the services that keep files; nothing that frames or authorizes. */
int
upload_is_field(const char *name, const char *value)
{
	static const char *const prefixes[] = { "x-goog-", "x-amz-", "x-ms-" };
	int known = strcasecmp(name, "Content-Disposition") == 0;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		known |= strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0;
	for (const char *p = name; *p != '\0'; p++)
		known &= (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '-';
	for (const char *p = value; *p != '\0'; p++)
		known &= (unsigned char)*p >= ' ' && (unsigned char)*p <= '~';
	return known && strlen(name) + strlen(value) <= UPLOAD_FIELD_MAX;
}

static int
is_ours(const char *name)
{
	return strcasecmp(name, "Content-Type") == 0 || strcasecmp(name, "Cache-Control") == 0;
}

/* 0: there is one we do not send, or too many. */
static int
fields_fill(const struct upload *u, json_t *returned,
    struct mt_field fields[UPLOAD_FIELDS_MAX + OURS + 1])
{
	size_t n = 0, i;
	json_t *row;

	fields[n++] = (struct mt_field){ .name = "Content-Type", .value = u->file->type };
	fields[n++] = (struct mt_field){ .name = "Cache-Control",
		.value = "public, max-age=31536000" };
	json_array_foreach(returned, i, row) {
		const char *name = json_string_value(json_object_get(row, "key"));
		const char *value = json_string_value(json_object_get(row, "value"));

		if (name == NULL || value == NULL)
			return 0;
		if (is_ours(name))
			continue;
		if (n >= UPLOAD_FIELDS_MAX + OURS || !upload_is_field(name, value))
			return 0;
		fields[n++] = (struct mt_field){ .name = name, .value = value };
	}
	fields[n] = (struct mt_field){ .name = NULL };
	return 1;
}

/* ---- one file ---- */

static enum state
never(struct upload *u, const char *why)
{
	u->why = why;
	return NEVER;
}

/* Of an answer that is no success. */
static enum state
answer_judge(struct upload *u, const struct answer *a)
{
	u->answer = a;
	return a->kind == ANSWER_INVALID ? never(u, a->text) : LATER;
}

/* Of a run_ask() that gave no answer. */
static enum state
unasked(struct upload *u, int status)
{
	u->answer = NULL;
	return status == MT_WAIT ? WAITING : LATER;
}

static int
is_attached(const struct answer *a, const struct upload *u)
{
	return answer_lists(a, "issue/attachments/nodes", "id", u->file->id);
}

static int
is_put(int status)
{
	return status >= 200 && status < 300;
}

static enum state
file_put(struct upload *u, const char *path, json_t *returned)
{
	struct mt_field fields[UPLOAD_FIELDS_MAX + OURS + 1];
	const struct mt_http request = { .size = sizeof(request), .target = "upload",
		.method = "PUT", .path = path, .fields = fields, .part = u->file->part,
		.timeout_ms = UPLOAD_TIMEOUT_MS };
	struct mt_http_reply reply = { .size = sizeof(reply) };
	int status;

	if (!fields_fill(u, returned, fields))
		return never(u, "Linear wants a field in the upload that is not sent");
	status = u->run->host->http_request(u->run->msg, &request, &reply);
	if (status != MT_OK)
		return unasked(u, status == MT_PENDING ? MT_WAIT : -1);
	if (is_put(reply.status))
		return DONE;
	if (reply.status == 0 || reply.status == 408 || reply.status == 429 ||
	    reply.status >= 500)
		return unasked(u, -1);
	return never(u, run_printf(u->run, "the upload was answered HTTP %d",
	    (int)reply.status));
}

/* A refusal may mean that it is there. */
static enum state
refusal_confirm(struct upload *u, const struct answer *refusal)
{
	const struct answer *now;
	int status = run_ask(u->run, &query_attached_after, json_pack("{s:s}", "id", u->issue),
	    &now);

	if (status != 0)
		return unasked(u, status);
	if (is_attached(now, u))
		return DONE;
	return answer_judge(u, now->kind == ANSWER_DATA ? refusal : now);
}

static enum state
file_attach(struct upload *u, const char *url)
{
	const struct answer *a;
	int status = run_ask(u->run, &query_attach, json_pack("{s:{s:s, s:s, s:s, s:s}}",
	    "input", "id", u->file->id, "issueId", u->issue, "title", u->file->name,
	    "url", url), &a);

	if (status != 0)
		return unasked(u, status);
	if (json_is_true(answer_find(a, "attachmentCreate/success")))
		return DONE;
	if (json_is_false(answer_find(a, "attachmentCreate/success")))
		return never(u, "Linear did not attach it, and did not say why");
	return a->kind == ANSWER_INVALID ? refusal_confirm(u, a) : answer_judge(u, a);
}

static const char *
elsewhere(const struct upload *u, const char *url)
{
	size_t host = 0;
	unsigned long port = 0;

	if (url == NULL || authority_read(url, &host, &port) == 0 || host > 100)
		return "Linear did not say where to upload to";
	return run_printf(u->run, "Linear wants it at https://%.*s:%lu, which is not the "
	    "option upload", (int)host, url + sizeof("https://") - 1, port);
}

static enum state
file_run(struct upload *u)
{
	const struct answer *a;
	const char *path, *asset;
	enum state state;
	int status;

	if (u->before != NULL && is_attached(u->before, u))
		return DONE;
	status = run_ask(u->run, &query_file, json_pack("{s:s, s:s, s:I}",
	    "contentType", u->file->type, "filename", u->file->name,
	    "size", (json_int_t)u->file->size), &a);
	if (status != 0)
		return unasked(u, status);
	if (a->kind != ANSWER_DATA)
		return answer_judge(u, a);
	asset = answer_string(a, "fileUpload/uploadFile/assetUrl");
	path = upload_path(answer_string(a, "fileUpload/uploadFile/uploadUrl"),
	    u->run->host->conf_str(u->run->conf, "upload"));
	if (path == NULL)
		return never(u, elsewhere(u, answer_string(a, "fileUpload/uploadFile/uploadUrl")));
	if (asset == NULL || strncmp(asset, "https://", 8) != 0 || strlen(asset) > UPLOAD_URL_MAX)
		return never(u, "Linear did not say where the file is");
	state = file_put(u, path, answer_find(a, "fileUpload/uploadFile/headers"));
	return state == DONE ? file_attach(u, asset) : state;
}

/* ---- all of them ---- */

struct tally {
	size_t count[NEVER + 1];
	const struct answer *later;	/* the first that says so; NULL: none did */
	const char *why;
};

static void
tally_add(struct tally *t, const struct upload *u, enum state state)
{
	if (state == LATER && (t->later == NULL || (u->answer != NULL &&
	    u->answer->kind == ANSWER_REFUSED)))
		t->later = u->answer;
	if (state == NEVER && t->why == NULL)
		t->why = u->why;
	t->count[state]++;
}

static int
tally_end(const struct run *r, const struct files *fs, const struct tally *t)
{
	const char *text;

	if (t->count[WAITING] > 0)
		return MT_WAIT;
	if (t->count[LATER] > 0)
		return t->later != NULL ? run_end_failed(r, t->later) :
		    run_end(r, MT_RETRY, "linear.upload", "an attachment could not be uploaded");
	if (t->count[NEVER] == 0)
		return 0;
	text = run_printf(r, "%zu of %zu attachments not uploaded: %.160s", t->count[NEVER],
	    fs->count, t->why);
	r->host->log(r->msg, MT_WARNING, "%s", text);
	snprintf(r->out->text, sizeof(r->out->text), "%s", text);
	return 0;
}

int
upload_run(struct run *r, const struct files *fs, const char *issue)
{
	const struct answer *before = NULL;
	struct tally tally = { .later = NULL };
	int status;

	if (fs->count == 0 || issue == NULL)
		return 0;
	if (r->again) {
		status = run_ask(r, &query_attached_before, json_pack("{s:s}", "id", issue),
		    &before);
		if (status != 0)
			return status;
		if (before->kind != ANSWER_DATA)
			return run_end_failed(r, before);
	}
	for (size_t i = 0; i < fs->count; i++) {
		struct upload u = { .run = r, .file = &fs->list[i], .issue = issue,
			.before = before };

		tally_add(&tally, &u, file_run(&u));
	}
	return tally_end(r, fs, &tally);
}
