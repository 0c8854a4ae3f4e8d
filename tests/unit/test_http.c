/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTPS over one end of a socket pair; a TLS server in a thread holds the
 * other.  No network. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/log.h"
#include "dispatch/http.h"
#include "base/pin.h"

enum { REQUEST_MAX = 1 << 20, PIN_SIZE = 64 };

/* What the server does, and what it saw. */
struct server {
	int fd;
	int max_version;	/* 0: any */
	const char *reply;	/* NULL: none, until the client is gone */
	size_t reply_len;
	bool handshake;
	char request[REQUEST_MAX + 1];
	size_t request_len;
	pthread_t thread;
};

static EVP_PKEY *key;
static X509 *certificate;
static char ca_file[] = "/tmp/test_http.XXXXXX";
static char pin[PIN_SIZE];
static struct loop *loop;
static struct transfer_client *client;
static struct server server;

/* ---- the server ---- */

static bool
request_is_whole(const struct server *s)
{
	const char *end = strstr(s->request, "\r\n\r\n"), *length;

	if (end == NULL)
		return false;
	length = strstr(s->request, "Content-Length: ");
	return length == NULL || s->request_len >=
	    (size_t)(end + 4 - s->request) + strtoul(length + 16, NULL, 10);
}

static void
converse(struct server *s, SSL *ssl)
{
	int n;

	while (!request_is_whole(s) && (n = SSL_read(ssl, s->request + s->request_len,
	    (int)(REQUEST_MAX - s->request_len))) > 0)
		s->request_len += (size_t)n;
	if (s->reply != NULL)
		SSL_write(ssl, s->reply, (int)s->reply_len);
	else
		while (SSL_read(ssl, &n, 1) > 0)
			continue;
	SSL_shutdown(ssl);
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, s->max_version);
	SSL_CTX_use_certificate(ctx, certificate);
	SSL_CTX_use_PrivateKey(ctx, key);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, s->fd);
	s->handshake = SSL_accept(ssl) == 1;
	if (s->handshake)
		converse(s, ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(s->fd);
	return NULL;
}

static void
certificate_make(void)
{
	X509_NAME *name;
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    "DNS:api.example");
	unsigned char digest[32], *der = NULL;
	FILE *out;
	int len;

	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	X509_set_pubkey(certificate, key);
	name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"api.example", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_add_ext(certificate, names, -1);
	X509_EXTENSION_free(names);
	X509_sign(certificate, key, EVP_sha256());
	out = fdopen(mkstemp(ca_file), "w");
	PEM_write_X509(out, certificate);
	fclose(out);
	len = i2d_PUBKEY(key, &der);
	EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
	memcpy(pin, "sha256//", 8);
	EVP_EncodeBlock((unsigned char *)pin + 8, digest, sizeof(digest));
}

/* ---- the client ---- */

struct seen {
	int count, status, error;
	uint32_t sent, retry_after_s;
	char *body, *fields;
	size_t body_len;
};

static struct seen seen;

static char *
copy(struct mt_span s)
{
	char *p = xcalloc(1, s.len + 1);

	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	return p;
}

static void
done(void *arg, const struct http_result *r)
{
	struct seen *s = arg;

	*s = (struct seen){ .count = s->count + 1, .status = r->status, .error = r->error,
		.sent = r->sent, .retry_after_s = r->retry_after_s,
		.body = copy(r->body), .fields = copy(r->fields), .body_len = r->body.len };
}

static struct http_order
order_of(const char *const *pins)
{
	return (struct http_order){ .peer = { .host = "api.example", .port = 443, .pins = pins,
	    .ca_file = ca_file, .timeout_ms = 20000 }, .method = "POST", .path = "/graphql",
	    .body = SPAN("{}") };
}

static void
seen_reset(void)
{
	free(seen.body);
	free(seen.fields);
	seen = (struct seen){ .count = 0 };
}

static int
start(const struct http_order *o, struct transfer **h)
{
	int fds[2];

	seen_reset();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	server.fd = fds[1];
	server.handshake = false;
	server.request_len = 0;
	memset(server.request, 0, sizeof(server.request));
	assert_int_equal(pthread_create(&server.thread, NULL, serve, &server), 0);
	return http_start(client, o, fds[0], done, &seen, h);
}

static void
perform(const struct http_order *o, const char *reply)
{
	struct transfer *h;

	server.reply = reply;
	server.reply_len = reply == NULL ? 0 : strlen(reply);
	assert_int_equal(start(o, &h), 0);
	assert_int_equal(seen.count, 0);
	while (seen.count == 0)
		loop_once(loop, -1);
	pthread_join(server.thread, NULL);
	server.max_version = 0;
}

static const char *const good_pins[] = { "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	pin, NULL };
static const char *const bad_pins[] = { "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	NULL };
static const char *const no_pins[] = { "none", NULL };
static const char *const empty_pins[] = { NULL };

static const char ok_reply[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Retry-After: 7\r\nContent-Length: 2\r\n\r\n{}";

static void
request_and_reply(void **state)
{
	const struct http_field fields[] = { { SPAN("Authorization"), SPAN("lin_api_x") },
		{ SPAN("X-Empty"), SPAN("") } };
	struct http_order o = order_of(good_pins);

	(void)state;
	o.fields = fields;
	o.field_count = 2;
	perform(&o, ok_reply);
	assert_int_equal(seen.status, 200);
	assert_string_equal(seen.body, "{}");
	assert_int_equal(seen.retry_after_s, 7);
	assert_true(seen.sent > 0);
	assert_non_null(strstr(seen.fields, "Content-Type: application/json\r\n"));
	assert_ptr_equal(strstr(server.request, "POST /graphql HTTP/1.1\r\n"), server.request);
	assert_non_null(strstr(server.request, "\r\nHost: api.example\r\n"));
	assert_non_null(strstr(server.request, "\r\nAuthorization: lin_api_x\r\n"));
	assert_non_null(strstr(server.request, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(server.request, "\r\n\r\n{}"));
	assert_null(strstr(server.request, "Expect"));
	assert_null(strstr(server.request, "urlencoded"));
	o.method = "GET";
	o.body = SPAN("");
	perform(&o, ok_reply);
	assert_ptr_equal(strstr(server.request, "GET /graphql HTTP/1.1\r\n"), server.request);
}

/* Nothing of a request leaves for a server that is not the one meant. */
static void
trust_comes_first(void **state)
{
	struct http_order o = order_of(bad_pins);

	(void)state;
	perform(&o, ok_reply);
	assert_int_equal(seen.error, EKEYREJECTED);
	assert_int_equal(seen.sent, 0);
	assert_int_equal(server.request_len, 0);
	o = order_of(good_pins);
	o.peer.ca_file = NULL;	/* the system does not know this authority */
	perform(&o, ok_reply);
	assert_int_equal(seen.error, EKEYREJECTED);
	assert_int_equal(seen.sent, 0);
	o = order_of(no_pins);
	o.peer.host = "other.example";
	perform(&o, ok_reply);
	assert_int_equal(seen.error, EKEYREJECTED);
	assert_int_equal(server.request_len, 0);
	o = order_of(no_pins);
	perform(&o, ok_reply);
	assert_int_equal(seen.status, 200);
}

static void
old_tls_is_refused(void **state)
{
	struct http_order o = order_of(good_pins);

	(void)state;
	server.max_version = TLS1_1_VERSION;
	perform(&o, ok_reply);
	assert_int_equal(seen.error, EPROTO);
	assert_int_equal(seen.sent, 0);
	server.max_version = TLS1_2_VERSION;
	perform(&o, ok_reply);
	assert_int_equal(seen.status, 200);
}

static void
half_replies_are_none(void **state)
{
	struct http_order o = order_of(good_pins);

	(void)state;
	perform(&o, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}");
	assert_int_equal(seen.status, 0);
	assert_int_equal(seen.error, ECONNRESET);
	assert_true(seen.sent > 0);
	perform(&o, "");
	assert_int_equal(seen.error, ECONNRESET);
	perform(&o, "ICY 200 OK\r\n\r\n");
	assert_int_equal(seen.status, 0);
	o.peer.timeout_ms = 50;
	perform(&o, NULL);
	assert_int_equal(seen.error, ETIMEDOUT);
	assert_true(seen.sent > 0);
}

static void
redirects_are_not_followed(void **state)
{
	struct http_order o = order_of(good_pins);

	(void)state;
	perform(&o, "HTTP/1.1 302 Found\r\nLocation: https://api.example/x\r\n"
	    "Content-Length: 0\r\n\r\n");
	assert_int_equal(seen.status, 302);
}

static void
reply_is_limited(void **state)
{
	static const char head[] = "HTTP/1.0 200 OK\r\n\r\n";
	struct http_order o = order_of(good_pins);

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t body = HTTP_REPLY_BODY_MAX + more, total = sizeof(head) - 1 + body;
		char *reply = xcalloc(1, total + 1);

		memset(reply, 'x', total);
		memcpy(reply, head, sizeof(head) - 1);
		perform(&o, reply);
		assert_int_equal(seen.status, more ? 0 : 200);
		assert_int_equal(seen.error, more ? EMSGSIZE : 0);
		assert_int_equal(seen.body_len, more ? 0 : HTTP_REPLY_BODY_MAX);
		free(reply);
	}
}

static int
refused(const struct http_order *o)
{
	struct transfer *h;
	int error, fds[2];
	char c;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	error = http_start(client, o, fds[0], done, &seen, &h);
	if (error != 0)	/* the descriptor was taken all the same */
		assert_int_equal(read(fds[1], &c, 1), 0);
	else
		transfer_cancel(h);
	close(fds[1]);
	return error;
}

static int
field_refused(struct mt_span name, struct mt_span value)
{
	const struct http_field field = { name, value };
	struct http_order o = order_of(good_pins);

	o.fields = &field;
	o.field_count = 1;
	return refused(&o);
}

static void
unsound_orders_are_refused(void **state)
{
	static const char *const malformed[] = { "sha256//AAAA", NULL };
	static const char *const mixed[] = { "none", pin, NULL };
	struct http_order o = order_of(good_pins);

	(void)state;
	assert_int_equal(refused(&o), 0);
	assert_int_equal(field_refused(SPAN("X-A"), SPAN("b")), 0);
	assert_int_equal(field_refused(SPAN("X-A"), SPAN("b\r\nX-C: d")), EINVAL);
	assert_int_equal(field_refused(SPAN("X-A"), SPAN("b\nc")), EINVAL);
	assert_int_equal(field_refused(SPAN("X-A"), SPAN("b\0c")), EINVAL);
	assert_int_equal(field_refused(SPAN("X-A:"), SPAN("b")), EINVAL);
	assert_int_equal(field_refused(SPAN("X A"), SPAN("b")), EINVAL);
	assert_int_equal(field_refused(SPAN(""), SPAN("b")), EINVAL);
	assert_int_equal(field_refused(SPAN("host"), SPAN("b")), EINVAL);
	assert_int_equal(field_refused(SPAN("Content-Length"), SPAN("1")), EINVAL);
	assert_int_equal(field_refused(SPAN("transfer-encoding"), SPAN("chunked")), EINVAL);
	assert_int_equal(field_refused(SPAN("Proxy-Authorization"), SPAN("b")), EINVAL);
	o.path = "/a b";
	assert_int_equal(refused(&o), EINVAL);
	o.path = "graphql";
	assert_int_equal(refused(&o), EINVAL);
	o = order_of(good_pins);
	o.method = "PO ST";
	assert_int_equal(refused(&o), EINVAL);
	o = order_of(good_pins);
	o.peer.host = "api.example/x@y";
	assert_int_equal(refused(&o), EINVAL);
	o = order_of(empty_pins);
	assert_int_equal(refused(&o), EINVAL);
	o = order_of(NULL);
	assert_int_equal(refused(&o), EINVAL);
	o = order_of(malformed);
	assert_int_equal(refused(&o), EINVAL);
	o = order_of(mixed);
	assert_int_equal(refused(&o), EINVAL);
}

static void
fields_are_limited(void **state)
{
	struct http_field fields[HTTP_FIELDS_MAX + 1];
	static char value[HTTP_FIELD_BYTES_MAX];
	struct http_order o = order_of(good_pins);

	(void)state;
	memset(value, 'v', sizeof(value));
	assert_int_equal(field_refused(SPAN("X"), span_make(value, sizeof(value) - 1)), 0);
	assert_int_equal(field_refused(SPAN("XY"), span_make(value, sizeof(value) - 1)), EINVAL);
	for (size_t i = 0; i <= HTTP_FIELDS_MAX; i++)
		fields[i] = (struct http_field){ SPAN("X"), SPAN("y") };
	o.fields = fields;
	o.field_count = HTTP_FIELDS_MAX;
	assert_int_equal(refused(&o), 0);
	o.field_count++;
	assert_int_equal(refused(&o), EINVAL);
}

static void
cancelled_requests_are_silent(void **state)
{
	struct http_order o = order_of(good_pins);
	struct transfer *h;

	(void)state;
	server.reply = NULL;
	assert_int_equal(start(&o, &h), 0);
	loop_once(loop, -1);
	transfer_cancel(h);
	pthread_join(server.thread, NULL);
	assert_int_equal(seen.count, 0);
}

static void
pins_are_checked(void **state)
{
	struct buf b = { 0 };
	const char *many[PINS_MAX + 2] = { NULL };

	(void)state;
	assert_true(pin_is_valid(pin));
	assert_false(pin_is_valid("sha256//"));
	assert_false(pin_is_valid("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	assert_false(pin_is_valid("sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	assert_false(pin_is_valid("sha256//AAAAAAAAAAAAAAAAAAAAA;AAAAAAAAAAAAAAAAAAAAA="));
	for (size_t i = 0; i < PINS_MAX; i++)
		many[i] = pin;
	assert_int_equal(pins_format(many, &b), 0);
	many[PINS_MAX] = pin;
	assert_int_equal(pins_format(many, &b), EINVAL);
	buf_free(&b);
}

static int
setup(void **state)
{
	(void)state;
	log_open("test", false);
	certificate_make();
	loop = loop_new();
	client = transfer_client_new(loop);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	seen_reset();
	transfer_client_free(client);
	loop_free(loop);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return unlink(ca_file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_and_reply),
		cmocka_unit_test(trust_comes_first),
		cmocka_unit_test(old_tls_is_refused),
		cmocka_unit_test(half_replies_are_none),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(reply_is_limited),
		cmocka_unit_test(unsound_orders_are_refused),
		cmocka_unit_test(fields_are_limited),
		cmocka_unit_test(cancelled_requests_are_silent),
		cmocka_unit_test(pins_are_checked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
