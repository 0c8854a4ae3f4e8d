/* SPDX-License-Identifier: BSD-2-Clause */
/* libcurl's multi interface, driven by the event loop. */
#include "dispatch/transfer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/pin.h"
#include "dispatch/chain.h"
#include "dispatch/dialled.h"
#include "dispatch/trust.h"

struct transfer_client {
	struct loop *loop;
	CURLM *multi;
	struct timer timer;
	struct transfer *head;
};

/* ---- one transfer ---- */

static bool
is_host(const char *host)
{
	size_t len = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-._:");

	return len > 0 && len <= 253 && host[len] == '\0';
}

bool
transfer_set(struct transfer *t, const struct transfer_number *numbers, size_t number_count,
    const struct transfer_pointer *pointers, size_t pointer_count)
{
	for (size_t i = 0; i < number_count; i++)
		if (curl_easy_setopt(t->curl, numbers[i].option, numbers[i].value) != CURLE_OK)
			return false;
	for (size_t i = 0; i < pointer_count; i++)
		if (curl_easy_setopt(t->curl, pointers[i].option, pointers[i].value) != CURLE_OK)
			return false;
	return true;
}

/* Never a name looked up: the address is a dummy, the socket is given. */
bool
transfer_set_url(struct transfer *t, const char *scheme, uint16_t port, const char *path)
{
	bool v6 = strchr(t->host, ':') != NULL;

	buf_printf(&t->url, "%s://%s%s%s:%u%s", scheme, v6 ? "[" : "", t->host, v6 ? "]" : "",
	    port, path);
	buf_printf(&t->resolve, "%s:%u:192.0.2.1", t->host, port);
	if (!v6)
		t->addresses = curl_slist_append(NULL, buf_string(&t->resolve));
	return (v6 || t->addresses != NULL) &&
	    curl_easy_setopt(t->curl, CURLOPT_RESOLVE, t->addresses) == CURLE_OK &&
	    curl_easy_setopt(t->curl, CURLOPT_URL, buf_string(&t->url)) == CURLE_OK;
}

/* Called by libcurl before the handshake. */
static CURLcode
pins_require(CURL *curl, void *tls, void *arg)
{
	struct transfer *t = arg;

	(void)curl;
	if (t->pins.len > 0)
		chain_require(tls, &t->pins);
	return CURLE_OK;
}

static bool
trust_set(struct transfer *t, const struct transfer_peer *p)
{
	CURL *c = t->curl;
	struct mt_span pem = trust_find(p->ca_file);
	struct curl_blob ca = { .data = (void *)(uintptr_t)(pem.len > 0 ? pem.ptr : "\n"),
		.len = pem.len > 0 ? pem.len : 1, .flags = CURL_BLOB_NOCOPY };

	if (pins_format(p->pins, &t->pins) != 0 ||
	    curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, pins_require) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, t) != CURLE_OK)
		return false;
	/* These bytes alone: libcurl would add the system's directory. */
	if (curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_CAPATH, NULL) != CURLE_OK)
		return false;
	return curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
}

bool
transfer_init(struct transfer *t, struct transfer_client *client, const struct transfer_peer *p)
{
	long timeout_ms = p->timeout_ms > TRANSFER_TIMEOUT_MAX_MS ? TRANSFER_TIMEOUT_MAX_MS :
	    (long)p->timeout_ms;
	const struct transfer_number numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 }, { CURLOPT_FORBID_REUSE, 1 },
		{ CURLOPT_FRESH_CONNECT, 1 }, { CURLOPT_TIMEOUT_MS, timeout_ms },
		{ CURLOPT_CONNECTTIMEOUT_MS, timeout_ms },
	};
	const struct transfer_pointer pointers[] = {
		{ CURLOPT_PROXY, "" }, { CURLOPT_NOPROXY, "*" }, { CURLOPT_PRIVATE, t },
		{ CURLOPT_ERRORBUFFER, t->error },
	};

	t->client = client;
	t->socket = t->fd;
	if (!is_host(p->host) || p->port == 0)
		return false;
	t->host = xstrdup(p->host);
	t->curl = curl_easy_init();
	return t->curl != NULL && transfer_set(t, numbers, sizeof(numbers) / sizeof(*numbers),
	    pointers, sizeof(pointers) / sizeof(*pointers)) && trust_set(t, p) &&
	    dialled_use(t->curl, &t->fd) == 0;
}

bool
transfer_start(struct transfer *t)
{
	t->next = t->client->head;
	t->back = &t->client->head;
	if (t->next != NULL)
		t->next->back = &t->next;
	t->client->head = t;
	return curl_multi_add_handle(t->client->multi, t->curl) == CURLM_OK;
}

void
transfer_fini(struct transfer *t)
{
	if (t->back != NULL) {
		*t->back = t->next;
		if (t->next != NULL)
			t->next->back = t->back;
	}
	if (t->curl != NULL) {
		curl_multi_remove_handle(t->client->multi, t->curl);
		curl_easy_cleanup(t->curl);
	}
	curl_slist_free_all(t->addresses);
	if (t->fd >= 0)
		close(t->fd);
	free(t->host);
	buf_free(&t->url);
	buf_free(&t->resolve);
	buf_free(&t->pins);
}

void
transfer_cancel(struct transfer *t)
{
	t->free(t);
}

/* ---- its end ---- */

static const struct { CURLcode code; int error; } errors[] = {
	{ CURLE_OK, EPROTO },	/* the end, and no whole reply */
	{ CURLE_OPERATION_TIMEDOUT, ETIMEDOUT },
	{ CURLE_COULDNT_CONNECT, ECONNREFUSED },
	{ CURLE_PEER_FAILED_VERIFICATION, EKEYREJECTED },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, EKEYREJECTED },
	{ CURLE_SSL_CACERT_BADFILE, EKEYREJECTED },
	{ CURLE_SSL_CONNECT_ERROR, EPROTO },
	{ CURLE_USE_SSL_FAILED, EPROTO },
	{ CURLE_LOGIN_DENIED, EACCES },
	{ CURLE_WEIRD_SERVER_REPLY, EPROTO },
	{ CURLE_UNSUPPORTED_PROTOCOL, EPROTO },
	{ CURLE_GOT_NOTHING, ECONNRESET },
	{ CURLE_PARTIAL_FILE, ECONNRESET },
	{ CURLE_SEND_ERROR, ECONNRESET },
	{ CURLE_RECV_ERROR, ECONNRESET },
};

int
transfer_errno(CURLcode code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].code == code)
			return errors[i].error;
	return EIO;
}

const char *
transfer_words(const struct transfer *t, CURLcode code, char *out, size_t size)
{
	return log_quote(out, size, span_of(t->error[0] != '\0' ? t->error :
	    curl_easy_strerror(code)));
}

static void
end_all(struct transfer_client *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		struct transfer *t = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		t->ended(t, m->data.result);
	}
}

/* ---- libcurl and the loop ---- */

static void
act(struct transfer_client *c, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(c->multi, fd, events, &running);
	end_all(c);
}

static void
timer_fired(struct timer *t)
{
	act(t->arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct transfer_client *c = arg;

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
	struct transfer_client *c = arg;
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

struct transfer_client *
transfer_client_new(struct loop *loop)
{
	struct transfer_client *c = xcalloc(1, sizeof(*c));

	signal(SIGPIPE, SIG_IGN);	/* OpenSSL writes with write() */
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		log_panic("libcurl cannot start");
	*c = (struct transfer_client){ .loop = loop, .multi = curl_multi_init(),
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
transfer_client_free(struct transfer_client *c)
{
	while (c->head != NULL)
		transfer_cancel(c->head);
	curl_multi_cleanup(c->multi);
	timer_clear(c->loop, &c->timer);
	free(c);
}
