/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTPS requests: what goes out, what comes back. */
#include "dispatch/http.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "mailtri/version.h"

enum { METHOD_MAX = 16, PATH_MAX_BYTES = 2048 };

struct http {
	struct transfer transfer;	/* first, so that it is the request */
	struct curl_slist *lines;	/* may hold secrets */
	struct buf request, fields, body;
	bool too_big;
	http_done_fn done;
	void *arg;
};

/* ---- what may not go out ---- */

static bool
is_token(struct mt_span s)	/* RFC 9110 5.6.2 */
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.ptr[i]) &&
		    (s.ptr[i] == '\0' || strchr("!#$%&'*+-.^_`|~", s.ptr[i]) == NULL))
			return false;
	return s.len > 0;
}

static bool
is_clean(struct mt_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return false;
	return true;
}

/* What frames the message or picks its destination is never a stage's. */
static bool
is_ours(struct mt_span name)
{
	static const char *const ours[] = { "Host", "Content-Length", "Transfer-Encoding",
		"Connection", "Expect", "TE", "Trailer", "Upgrade", "Keep-Alive",
		"Accept-Encoding", NULL };

	for (size_t i = 0; ours[i] != NULL; i++)
		if (span_is_nocase(name, ours[i]))
			return true;
	return name.len >= 6 && strncasecmp(name.ptr, "Proxy-", 6) == 0;
}

static bool
is_field(const struct http_field *f)
{
	return is_token(f->name) && is_clean(f->value) && !is_ours(f->name) &&
	    f->name.len + f->value.len <= HTTP_FIELD_BYTES_MAX;
}

static bool
is_path(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] <= 0x20 || (unsigned char)path[i] >= 0x7f ||
		    path[i] == '#')
			return false;
	return path[0] == '/' && len <= PATH_MAX_BYTES;
}

static bool
order_is_sound(const struct http_order *o)
{
	for (size_t i = 0; i < o->field_count; i++)
		if (!is_field(&o->fields[i]))
			return false;
	return o->field_count <= HTTP_FIELDS_MAX && strlen(o->method) <= METHOD_MAX && is_token(span_of(o->method)) &&
	    is_path(o->path);
}

/* ---- one request ---- */

static bool
lines_add(struct http *h, const char *line)
{
	struct curl_slist *longer = curl_slist_append(h->lines, line);

	if (longer != NULL)
		h->lines = longer;
	return longer != NULL;
}

/* "Name;" is libcurl's way to write a field without a value, "Name:" its way
 * to leave out one of its own. */
static bool
field_add(struct http *h, const struct http_field *f)
{
	struct buf line = { 0 };
	bool added;

	buf_printf(&line, "%.*s%s%.*s", (int)f->name.len, f->name.ptr,
	    f->value.len == 0 ? ";" : ": ", (int)f->value.len, f->value.ptr);
	added = lines_add(h, buf_string(&line));
	buf_wipe(&line);
	return added;
}

static bool
has_field(const struct http_order *o, const char *name)
{
	for (size_t i = 0; i < o->field_count; i++)
		if (span_is_nocase(o->fields[i].name, name))
			return true;
	return false;
}

static bool
fields_set(struct http *h, const struct http_order *o)
{
	for (size_t i = 0; i < o->field_count; i++)
		if (!field_add(h, &o->fields[i]))
			return false;
	if (!has_field(o, "Content-Type") && !lines_add(h, "Content-Type:"))
		return false;
	return lines_add(h, "Expect:") &&
	    curl_easy_setopt(h->transfer.curl, CURLOPT_HTTPHEADER, h->lines) == CURLE_OK;
}

static size_t
take(struct http *h, struct buf *to, size_t max, struct mt_span bytes)
{
	if (bytes.len > max - to->len) {
		h->too_big = true;
		return 0;	/* libcurl ends the transfer */
	}
	buf_add(to, bytes.ptr, bytes.len);
	return bytes.len;
}

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;

	return take(h, &h->body, HTTP_REPLY_BODY_MAX, span_make(p, size * n));
}

static size_t
field_take(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	struct mt_span line = span_make(p, size * n);

	if (line.len >= 5 && memcmp(line.ptr, "HTTP/", 5) == 0) {
		buf_reset(&h->fields);	/* what a 1xx said is over */
		return line.len;
	}
	if (line.len <= 2)
		return line.len;
	return take(h, &h->fields, HTTP_REPLY_FIELDS_MAX, line);
}

static bool
method_set(struct http *h, const struct http_order *o)
{
	bool ok;

	if (strcmp(o->method, "GET") == 0 && o->body.len == 0)
		return curl_easy_setopt(h->transfer.curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	buf_add(&h->request, o->body.ptr, o->body.len);
	buf_string(&h->request);
	ok = curl_easy_setopt(h->transfer.curl, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)h->request.len) == CURLE_OK &&
	    curl_easy_setopt(h->transfer.curl, CURLOPT_POSTFIELDS, h->request.p) == CURLE_OK;
	if (strcmp(o->method, "POST") == 0)
		return ok;
	if (strcmp(o->method, "HEAD") == 0)
		ok = ok && curl_easy_setopt(h->transfer.curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
	return ok && curl_easy_setopt(h->transfer.curl, CURLOPT_CUSTOMREQUEST, o->method) == CURLE_OK;
}

static bool
options_set(struct http *h)
{
	const struct transfer_number numbers[] = {
		{ CURLOPT_FOLLOWLOCATION, 0 }, { CURLOPT_PATH_AS_IS, 1 },
		{ CURLOPT_HTTP09_ALLOWED, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	};
	const struct transfer_pointer pointers[] = {
		{ CURLOPT_PROTOCOLS_STR, "https" },
		{ CURLOPT_USERAGENT, "mailtri/" MAILTRI_VERSION },
		{ CURLOPT_WRITEDATA, h }, { CURLOPT_HEADERDATA, h },
	};
	CURL *c = h->transfer.curl;

	return transfer_set(&h->transfer, numbers, sizeof(numbers) / sizeof(*numbers),
	    pointers, sizeof(pointers) / sizeof(*pointers)) &&
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, body_take) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, field_take) == CURLE_OK;
}

static void
lines_wipe(struct curl_slist *l)
{
	for (; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
}

static void
http_free(struct transfer *t)
{
	struct http *h = (struct http *)(void *)t;

	transfer_fini(t);
	lines_wipe(h->lines);
	curl_slist_free_all(h->lines);
	buf_free(&h->request);
	buf_free(&h->fields);
	buf_free(&h->body);
	free(h);
}

/* ---- the end of a request ---- */

/* Header and body as libcurl counts them; the part of a body that left with
 * the header is in both, so the sum is 0 only where nothing left. */
static uint32_t
sent_bytes(CURL *curl)
{
	curl_off_t body = 0;
	long header = 0;
	int64_t sum;

	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &header);
	curl_easy_getinfo(curl, CURLINFO_SIZE_UPLOAD_T, &body);
	sum = (int64_t)header + (int64_t)body;
	return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

static void
http_ended(struct transfer *t, CURLcode code)
{
	struct http *h = (struct http *)(void *)t;
	struct http_result r = { .sent = sent_bytes(t->curl) };
	char words[TRANSFER_ERROR_QUOTE_MAX];
	curl_off_t retry_after = 0;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &retry_after);
	if (code == CURLE_OK && status > 0) {
		r.status = (int)status;
		r.retry_after_s = retry_after < 0 ? 0 :
		    retry_after > UINT32_MAX ? UINT32_MAX : (uint32_t)retry_after;
		r.fields = buf_span(&h->fields);
		r.body = buf_span(&h->body);
	} else {
		r.error = h->too_big ? EMSGSIZE : transfer_errno(code);
		log_warning("https request to %s failed: %s error=\"%s\"", t->host,
		    strerror(r.error), transfer_words(t, code, words, sizeof(words)));
	}
	h->done(h->arg, &r);
	http_free(t);
}

int
http_start(struct transfer_client *client, const struct http_order *o, int fd,
    http_done_fn done, void *arg, struct transfer **out)
{
	struct http *h = xcalloc(1, sizeof(*h));
	struct transfer *t = &h->transfer;
	struct transfer_peer peer = o->peer;

	*h = (struct http){ .transfer = { .fd = fd, .ended = http_ended, .free = http_free },
		.done = done, .arg = arg };
	if (peer.timeout_ms == 0)
		peer.timeout_ms = HTTP_TIMEOUT_MS;
	if (!order_is_sound(o) || !transfer_init(t, client, &peer) || !options_set(h) ||
	    !transfer_set_url(t, "https", peer.port, o->path) || !method_set(h, o) ||
	    !fields_set(h, o) || !transfer_start(t)) {
		http_free(t);
		return EINVAL;
	}
	*out = t;
	return 0;
}
