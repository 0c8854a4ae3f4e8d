/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTPS by libcurl's multi interface, driven by the event loop. */
#include "dispatch/http.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "dispatch/dialled.h"
#include "dispatch/chain.h"
#include "dispatch/trust.h"
#include "mailtri/version.h"

enum { METHOD_MAX = 16, PATH_MAX_BYTES = 2048, ERROR_QUOTE_MAX = 400 };

struct http {
	struct http *next, **back;
	struct http_client *client;
	CURL *curl;
	struct curl_slist *lines;	/* may hold secrets */
	struct buf url, resolve, pins, request, fields, body;
	struct curl_slist *addresses;
	char *host;
	int fd;			/* -1: libcurl owns it */
	bool too_big;
	http_done_fn done;
	void *arg;
	char error[CURL_ERROR_SIZE];
};

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct timer timer;
	struct http *head;
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
is_host(const char *host)
{
	size_t len = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-._:");

	return len > 0 && len <= 253 && host[len] == '\0';
}

static bool
order_is_sound(const struct http_order *o)
{
	for (size_t i = 0; i < o->field_count; i++)
		if (!is_field(&o->fields[i]))
			return false;
	return o->field_count <= HTTP_FIELDS_MAX && is_host(o->host) && o->port != 0 &&
	    strlen(o->method) <= METHOD_MAX && is_token(span_of(o->method)) &&
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
	    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->lines) == CURLE_OK;
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

/* Never a name looked up: the address is a dummy, the socket is given. */
static bool
url_set(struct http *h, const struct http_order *o)
{
	bool v6 = strchr(o->host, ':') != NULL;

	buf_printf(&h->url, "https://%s%s%s:%u%s", v6 ? "[" : "", o->host,
	    v6 ? "]" : "", o->port, o->path);
	buf_printf(&h->resolve, "%s:%u:192.0.2.1", o->host, o->port);
	if (!v6)
		h->addresses = curl_slist_append(NULL, buf_string(&h->resolve));
	return (v6 || h->addresses != NULL) &&
	    curl_easy_setopt(h->curl, CURLOPT_RESOLVE, h->addresses) == CURLE_OK &&
	    curl_easy_setopt(h->curl, CURLOPT_URL, buf_string(&h->url)) == CURLE_OK;
}

static bool
method_set(struct http *h, const struct http_order *o)
{
	bool ok;

	if (strcmp(o->method, "GET") == 0 && o->body.len == 0)
		return curl_easy_setopt(h->curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	buf_add(&h->request, o->body.ptr, o->body.len);
	buf_string(&h->request);
	ok = curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)h->request.len) == CURLE_OK &&
	    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, h->request.p) == CURLE_OK;
	if (strcmp(o->method, "POST") == 0)
		return ok;
	if (strcmp(o->method, "HEAD") == 0)
		ok = ok && curl_easy_setopt(h->curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
	return ok && curl_easy_setopt(h->curl, CURLOPT_CUSTOMREQUEST, o->method) == CURLE_OK;
}

/* Called by libcurl before the handshake. */
static CURLcode
pins_require(CURL *curl, void *tls, void *arg)
{
	struct http *h = arg;

	(void)curl;
	if (h->pins.len > 0)
		chain_require(tls, &h->pins);
	return CURLE_OK;
}

static bool
trust_set(struct http *h, const struct http_order *o)
{
	CURL *c = h->curl;
	struct mt_span pem = trust_find(o->ca_file);
	struct curl_blob ca = { .data = (void *)(uintptr_t)(pem.len > 0 ? pem.ptr : "\n"),
		.len = pem.len > 0 ? pem.len : 1, .flags = CURL_BLOB_NOCOPY };

	if (pins_format(o->pins, &h->pins) != 0 ||
	    curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, pins_require) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, h) != CURLE_OK)
		return false;
	/* These bytes alone: libcurl would add the system's directory. */
	if (curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_CAPATH, NULL) != CURLE_OK)
		return false;
	return curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
}

static bool
options_set(struct http *h, const struct http_order *o)
{
	uint32_t ms = o->timeout_ms == 0 ? HTTP_TIMEOUT_MS : o->timeout_ms;
	long timeout_ms = ms > HTTP_TIMEOUT_MAX_MS ? HTTP_TIMEOUT_MAX_MS : (long)ms;
	const struct { CURLoption option; long value; } numbers[] = {
		{ CURLOPT_FOLLOWLOCATION, 0 }, { CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_PATH_AS_IS, 1 }, { CURLOPT_FORBID_REUSE, 1 },
		{ CURLOPT_FRESH_CONNECT, 1 }, { CURLOPT_HTTP09_ALLOWED, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_TIMEOUT_MS, timeout_ms },
		{ CURLOPT_CONNECTTIMEOUT_MS, timeout_ms },
	};
	const struct { CURLoption option; const void *value; } others[] = {
		{ CURLOPT_PROTOCOLS_STR, "https" }, { CURLOPT_PROXY, "" },
		{ CURLOPT_NOPROXY, "*" }, { CURLOPT_USERAGENT, "mailtri/" MAILTRI_VERSION },
		{ CURLOPT_PRIVATE, h }, { CURLOPT_ERRORBUFFER, h->error },
		{ CURLOPT_WRITEDATA, h }, { CURLOPT_HEADERDATA, h },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (curl_easy_setopt(h->curl, numbers[i].option, numbers[i].value) != CURLE_OK)
			return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (curl_easy_setopt(h->curl, others[i].option, others[i].value) != CURLE_OK)
			return false;
	return curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, body_take) == CURLE_OK &&
	    curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, field_take) == CURLE_OK &&
	    dialled_use(h->curl, &h->fd) == 0;
}

static void
lines_wipe(struct curl_slist *l)
{
	for (; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
}

static void
http_free(struct http *h)
{
	if (h->back != NULL) {
		*h->back = h->next;
		if (h->next != NULL)
			h->next->back = h->back;
	}
	if (h->curl != NULL) {
		curl_multi_remove_handle(h->client->multi, h->curl);
		curl_easy_cleanup(h->curl);
	}
	lines_wipe(h->lines);
	curl_slist_free_all(h->lines);
	curl_slist_free_all(h->addresses);
	if (h->fd >= 0)
		close(h->fd);
	free(h->host);
	buf_free(&h->url);
	buf_free(&h->resolve);
	buf_free(&h->pins);
	buf_free(&h->request);
	buf_free(&h->fields);
	buf_free(&h->body);
	free(h);
}

int
http_start(struct http_client *client, const struct http_order *o, int fd,
    http_done_fn done, void *arg, struct http **out)
{
	struct http *h = xcalloc(1, sizeof(*h));

	*h = (struct http){ .client = client, .fd = fd, .done = done, .arg = arg };
	if (!order_is_sound(o))
		goto fail;
	h->host = xstrdup(o->host);
	h->curl = curl_easy_init();
	if (h->curl == NULL || !options_set(h, o) || !trust_set(h, o) || !url_set(h, o) ||
	    !method_set(h, o) || !fields_set(h, o))
		goto fail;
	h->next = client->head;
	h->back = &client->head;
	if (h->next != NULL)
		h->next->back = &h->next;
	client->head = h;
	if (curl_multi_add_handle(client->multi, h->curl) != CURLM_OK)
		goto fail;
	*out = h;
	return 0;
fail:
	http_free(h);
	return EINVAL;
}

void
http_cancel(struct http *h)
{
	http_free(h);
}

/* ---- the end of a request ---- */

static const struct { CURLcode code; int error; } errors[] = {
	{ CURLE_OPERATION_TIMEDOUT, ETIMEDOUT },
	{ CURLE_COULDNT_CONNECT, ECONNREFUSED },
	{ CURLE_PEER_FAILED_VERIFICATION, EKEYREJECTED },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, EKEYREJECTED },
	{ CURLE_SSL_CACERT_BADFILE, EKEYREJECTED },
	{ CURLE_SSL_CONNECT_ERROR, EPROTO },
	{ CURLE_WEIRD_SERVER_REPLY, EPROTO },
	{ CURLE_UNSUPPORTED_PROTOCOL, EPROTO },
	{ CURLE_GOT_NOTHING, ECONNRESET },
	{ CURLE_PARTIAL_FILE, ECONNRESET },
	{ CURLE_SEND_ERROR, ECONNRESET },
	{ CURLE_RECV_ERROR, ECONNRESET },
};

static int
error_of(const struct http *h, CURLcode code)
{
	if (h->too_big)
		return EMSGSIZE;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].code == code)
			return errors[i].error;
	return EIO;
}

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
finish(struct http *h, CURLcode code)
{
	struct http_result r = { .sent = sent_bytes(h->curl) };
	char quoted[ERROR_QUOTE_MAX];
	curl_off_t retry_after = 0;
	long status = 0;

	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &retry_after);
	if (code == CURLE_OK && status > 0) {
		r.status = (int)status;
		r.retry_after_s = retry_after < 0 ? 0 :
		    retry_after > UINT32_MAX ? UINT32_MAX : (uint32_t)retry_after;
		r.fields = buf_span(&h->fields);
		r.body = buf_span(&h->body);
	} else {
		r.error = code == CURLE_OK ? EPROTO : error_of(h, code);
		log_warning("https request to %s failed: %s error=\"%s\"", h->host,
		    strerror(r.error), log_quote(quoted, sizeof(quoted),
		    span_of(h->error[0] != '\0' ? h->error : curl_easy_strerror(code))));
	}
	h->done(h->arg, &r);
	http_free(h);
}

static void
finish_all(struct http_client *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		struct http *h = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &h);
		finish(h, m->data.result);
	}
}

/* ---- libcurl and the loop ---- */

static void
act(struct http_client *c, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(c->multi, fd, events, &running);
	finish_all(c);
}

static void
timer_fired(struct timer *t)
{
	act(t->arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct http_client *c = arg;

	(void)multi;
	if (ms < 0)
		timer_clear(c->loop, &c->timer);
	else
		timer_set(c->loop, &c->timer, ms);
	return 0;
}

static void
socket_ready(struct watch *w, uint32_t events)
{
	int what = ((events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
	    ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
	    ((events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);

	act(w->arg, w->fd, what);	/* may free w */
}

static int
socket_wanted(CURL *curl, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct http_client *c = arg;
	struct watch *w = assigned;
	uint32_t events = ((what & CURL_POLL_IN) ? EPOLLIN : 0) |
	    ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);

	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			loop_unwatch(c->loop, w);
		free(w);
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (w == NULL) {
		w = xcalloc(1, sizeof(*w));
		*w = (struct watch){ .fd = fd, .fn = socket_ready, .arg = c };
		curl_multi_assign(c->multi, fd, w);
	}
	return loop_watch(c->loop, w, events) == 0 ? 0 : -1;
}

struct http_client *
http_client_new(struct loop *loop)
{
	struct http_client *c = xcalloc(1, sizeof(*c));

	signal(SIGPIPE, SIG_IGN);	/* OpenSSL writes with write() */
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		log_panic("libcurl cannot start");
	*c = (struct http_client){ .loop = loop, .multi = curl_multi_init(),
		.timer = { .fn = timer_fired, .arg = c } };
	if (c->multi == NULL ||
	    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted) != CURLM_OK ||
	    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c) != CURLM_OK ||
	    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, timer_wanted) != CURLM_OK ||
	    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c) != CURLM_OK)
		log_panic("libcurl's multi interface cannot start");
	return c;
}

void
http_client_free(struct http_client *c)
{
	while (c->head != NULL)
		http_free(c->head);
	curl_multi_cleanup(c->multi);
	timer_clear(c->loop, &c->timer);
	free(c);
}
