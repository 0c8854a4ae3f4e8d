/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl pins: the pins of a server, to be written into a stage's options. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "ctl/command.h"
#include "dispatch/chain.h"

enum { DIAL_S = 20, HTTPS = 443, TIME_TEXT = 32 };

struct pins_options {
	const char *ca, *connect;
};

static const struct option_row pins_rows[] = {
	{ "ca", 0, OPTION_STRING, offsetof(struct pins_options, ca), "FILE",
	    "certificate authorities trusted instead of the system's" },
	{ "connect", 0, OPTION_STRING, offsetof(struct pins_options, connect), "HOST:PORT",
	    "where to dial instead" },
	{ .name = NULL },
};

/* "api.example", "api.example:8443", "[::1]:443". */
struct place {
	char *host, *port;
};

static struct place
place_parse(struct arena *a, const char *text)
{
	struct place p = { .host = arena_printf(a, "%s", text), .port = NULL };
	char *end = p.host[0] == '[' ? strchr(p.host, ']') : NULL, *colon;

	if (end != NULL) {
		*end++ = '\0';
		p.host++;
	}
	colon = strrchr(end == NULL ? p.host : end, ':');
	if (colon != NULL) {
		*colon = '\0';
		p.port = colon + 1;
	} else {
		p.port = arena_printf(a, "%d", HTTPS);
	}
	return p;
}

/* A connected socket, or -1: said why. */
static int
dial(struct place p)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timeval limit = { .tv_sec = DIAL_S };
	struct addrinfo *found;
	int fd = -1, error = getaddrinfo(p.host, p.port, &hints, &found);

	if (error != 0) {
		command_error("cannot look up %s: %s", p.host, gai_strerror(error));
		return -1;
	}
	for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			continue;
		error = errno;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	if (fd < 0)
		command_error("cannot connect to %s port %s: %s", p.host, p.port,
		    strerror(error));
	return fd;
}

static const char *
day_text(struct arena *a, const ASN1_TIME *when)
{
	char text[TIME_TEXT];
	struct tm tm;

	if (ASN1_TIME_to_tm(when, &tm) != 1)
		return "?";
	strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	return arena_printf(a, "%s", text);
}

static const char *
name_text(struct arena *a, const X509 *certificate)
{
	char line[256];

	X509_NAME_oneline(X509_get_subject_name(certificate), line, sizeof(line));
	return term_text(a, span_of(line));
}

static void
chain_print(struct context *c, const STACK_OF(X509) *chain)
{
	static const char *const headings[] = { "PIN", "UNTIL", "SUBJECT" };
	struct table table;
	struct buf pin = { 0 };

	table_init(&table, &c->arena, headings, sizeof(headings) / sizeof(headings[0]));
	for (int i = 0; i < sk_X509_num(chain); i++) {
		const X509 *x = sk_X509_value(chain, i);
		const char *until = day_text(&c->arena, X509_get0_notAfter(x));
		const char *name = name_text(&c->arena, x);

		if (chain_pin(x, &pin) != 0)
			continue;
		table_add(&table, (struct cell[]){ { arena_printf(&c->arena, "%s",
		    buf_string(&pin)), i == 0 ? TERM_BOLD : TERM_PLAIN },
		    { until, TERM_PLAIN }, { name, TERM_DIM } });
		if (c->json) {
			json_t *line = json_pack("{s:s, s:s, s:s, s:i}", "pin",
			    buf_string(&pin), "not_after", until, "subject", name, "depth", i);

			command_json(c, line);
			json_decref(line);
		}
	}
	if (!c->json)
		table_print(&table, &c->term);
	buf_free(&pin);
}

static SSL_CTX *
tls_new(const struct pins_options *o)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	int trusted = o->ca == NULL ? SSL_CTX_set_default_verify_paths(tls) :
	    SSL_CTX_load_verify_locations(tls, o->ca, NULL);

	if (trusted != 1) {
		command_error("cannot read the certificate authorities of %s",
		    o->ca == NULL ? "the system" : o->ca);
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	return tls;
}

/* A pin of a server that cannot be trusted now is worth nothing. */
static int
ask(struct context *c, SSL_CTX *tls, const char *host, int fd)
{
	SSL *ssl = SSL_new(tls);
	int status = COMMAND_DONE;
	long verified;

	SSL_set_tlsext_host_name(ssl, host);
	SSL_set1_host(ssl, host);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) == 1) {
		chain_print(c, SSL_get0_verified_chain(ssl));
		SSL_shutdown(ssl);
	} else {
		verified = SSL_get_verify_result(ssl);
		command_error("%s: %s", host, verified == X509_V_OK ?
		    "it does not speak TLS 1.2 or later" :
		    X509_verify_cert_error_string(verified));
		status = COMMAND_FAILED;
	}
	SSL_free(ssl);
	return status;
}

static int
pins_run(struct context *c)
{
	const struct pins_options *o = c->own;
	struct place named = place_parse(&c->arena, c->operands.item[0]);
	int fd = dial(o->connect == NULL ? named : place_parse(&c->arena, o->connect));
	SSL_CTX *tls = fd < 0 ? NULL : tls_new(o);
	int status = tls == NULL ? COMMAND_FAILED : ask(c, tls, named.host, fd);

	SSL_CTX_free(tls);
	if (fd >= 0)
		close(fd);
	return status;
}

const struct command pins_commands[] = {
	{ "pins", NULL, "HOST[:PORT]", "the pins of a server and of the authorities above it",
	    pins_rows, sizeof(struct pins_options), 1, 1, pins_run },
	{ .name = NULL },
};
