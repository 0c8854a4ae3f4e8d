/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A closed-loop SMTP load generator: each of K connections offers its next
 * mail as soon as the last was answered.  One thread, PIPELINING.
 *
 *	load [-qtT] [-h HOST] [-p PORT] [-c CONNECTIONS] [-m MAILS-A-CONNECTION]
 *	    [-r RECIPIENT] [-s SOURCE-PREFIX] CORPUS
 *
 * -t: STARTTLS, a full handshake each time; -T: resumed where the server gave
 * a ticket.  -q: acknowledge at once, for servers that leave Nagle on.
 *
 * CORPUS is a file of "LENGTH SENDER\n" and LENGTH bytes of mail, dots
 * stuffed, with the final dot; each mail is offered once.  SOURCE-PREFIX is
 * "198.51.100.": connections come from .10 to .59 of it.  Prints one JSON
 * object.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	REPLY_MAX = 4096, COMMAND_MAX = 1024, EVENTS_MAX = 64, WAIT_MS = 30000,
	SOURCE_FIRST = 10, SOURCE_COUNT = 50, SENDER_MAX = 256
};

struct mail {
	const char *bytes;
	size_t length;
	char sender[SENDER_MAX];
};

/* What a connection waits for. */
enum await { AWAIT_BANNER, AWAIT_EHLO, AWAIT_STARTTLS, AWAIT_TLS, AWAIT_MAIL, AWAIT_RCPT, AWAIT_DATA, AWAIT_END, AWAIT_QUIT };

struct connection {
	int fd;
	SSL *ssl;		/* NULL: in clear */
	enum await await;
	unsigned sent;		/* mails in this connection */
	const struct mail *mail;
	double started_s;
	char in[REPLY_MAX];
	size_t in_length;
	char command[COMMAND_MAX];
	const char *out;
	size_t out_length;
};

static struct {
	const char *host, *recipient, *source;
	uint16_t port;
	unsigned connections, mails_each;
	bool tls, resume, quick_ack;
} setup = { .host = "127.0.0.1", .recipient = "task.linear@mailtri.example", .port = 25,
	.connections = 10, .mails_each = 1 };

static struct mail *mails;
static size_t mail_count, mail_next;
static size_t accepted, refused, deferred, broken, opened, resumed;
static SSL_CTX *tls;
static SSL_SESSION *ticket;	/* the last one a server gave */
static double *latencies;
static char last_refusal[160];
static int poller;

static void connection_open(struct connection *);

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
fail(const char *what)
{
	perror(what);
	exit(2);
}

/* Maps the corpus and finds its mails. */
static void
corpus_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *map, *at, *end;

	if (fd < 0 || fstat(fd, &st) != 0)
		fail(path);
	map = mmap(NULL, (size_t)st.st_size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		fail(path);
	close(fd);
	mails = calloc((size_t)st.st_size / 64 + 1, sizeof(*mails));
	for (at = map, end = map + st.st_size; at < end;) {
		struct mail *m = &mails[mail_count++];
		char *line = memchr(at, '\n', (size_t)(end - at));
		char *space;

		if (line == NULL)
			fail("corpus: a line without an end");
		*line = '\0';
		m->length = strtoul(at, &space, 10);
		snprintf(m->sender, sizeof(m->sender), "%s", space + 1);
		m->bytes = line + 1;
		at = line + 1 + m->length;
	}
	latencies = calloc(mail_count + 1, sizeof(*latencies));
}

static void
connection_close(struct connection *c, bool failed)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	close(c->fd);
	c->fd = -1;
	broken += failed;
	if (mail_next < mail_count)
		connection_open(c);
}

static int
tls_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(ticket);
	ticket = session;
	return 1;
}

static void
tls_open(void)
{
	tls = SSL_CTX_new(TLS_client_method());
	if (tls == NULL)
		fail("TLS");
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(tls, tls_ticket);
}

/* As recv() and send(): EAGAIN in errno. */
static ssize_t
tls_result(SSL *ssl, int n)
{
	int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, n);

	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
	return error == SSL_ERROR_NONE ? n : error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t
bytes_send(struct connection *c)
{
	if (c->ssl != NULL)
		return tls_result(c->ssl, SSL_write(c->ssl, c->out, (int)c->out_length));
	return send(c->fd, c->out, c->out_length, MSG_NOSIGNAL);
}

static ssize_t
bytes_receive(struct connection *c)
{
	size_t room = sizeof(c->in) - c->in_length;
	int one = 1;
	ssize_t n;

	if (c->ssl != NULL)
		return tls_result(c->ssl, SSL_read(c->ssl, c->in + c->in_length, (int)room));
	n = recv(c->fd, c->in + c->in_length, room, 0);
	if (setup.quick_ack)
		setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	return n;
}

/* Writes what fits; the rest when the socket takes more. */
static void
connection_flush(struct connection *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	while (c->out_length > 0) {
		ssize_t n = bytes_send(c);

		if (n < 0 && errno == EAGAIN) {
			e.events |= EPOLLOUT;
			break;
		}
		if (n < 0) {
			connection_close(c, true);
			return;
		}
		c->out += n;
		c->out_length -= (size_t)n;
	}
	epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}

static void
connection_say(struct connection *c, const char *bytes, size_t length)
{
	c->out = bytes;
	c->out_length = length;
	connection_flush(c);
}

static void
connection_greet(struct connection *c)
{
	const char *domain = strchr(c->mail->sender, '@');
	int n = snprintf(c->command, sizeof(c->command), "EHLO mx.%s\r\n",
	    domain != NULL ? domain + 1 : "bench.example");

	c->await = AWAIT_EHLO;
	connection_say(c, c->command, (size_t)n);
}

static void
connection_secure(struct connection *c)
{
	ssize_t n;

	if (c->ssl == NULL) {
		c->ssl = SSL_new(tls);
		SSL_set_fd(c->ssl, c->fd);
		if (setup.resume && ticket != NULL)
			SSL_set_session(c->ssl, ticket);
		c->await = AWAIT_TLS;
	}
	n = tls_result(c->ssl, SSL_connect(c->ssl));
	if (n > 0) {
		resumed += SSL_session_reused(c->ssl) != 0;
		connection_greet(c);
	} else if (errno != EAGAIN) {
		connection_close(c, true);
	}
}

static void
connection_begin(struct connection *c)
{
	int n;

	c->sent++;
	c->started_s = now_s();
	c->await = AWAIT_MAIL;
	n = snprintf(c->command, sizeof(c->command),
	    "MAIL FROM:<%s> SIZE=%zu\r\nRCPT TO:<%s>\r\nDATA\r\n", c->mail->sender,
	    c->mail->length, setup.recipient);
	connection_say(c, c->command, (size_t)n);
}

static void
connection_next(struct connection *c)
{
	if (c->sent < setup.mails_each && mail_next < mail_count) {
		c->mail = &mails[mail_next++];
		connection_begin(c);
		return;
	}
	c->await = AWAIT_QUIT;
	connection_say(c, "QUIT\r\n", 6);
}

static void
mail_done(struct connection *c, int code, const char *line)
{
	if (code / 100 == 2)
		latencies[accepted++] = now_s() - c->started_s;
	else
		snprintf(last_refusal, sizeof(last_refusal), "%s", line);
	refused += code / 100 == 5;
	deferred += code / 100 == 4;
}

/* The last line of one reply. */
static void
reply_take(struct connection *c, int code, const char *line)
{
	switch (c->await) {
	case AWAIT_BANNER:
		connection_greet(c);
		break;
	case AWAIT_EHLO:
		if (setup.tls && c->ssl == NULL) {
			c->await = AWAIT_STARTTLS;
			connection_say(c, "STARTTLS\r\n", 10);
			break;
		}
		connection_begin(c);
		break;
	case AWAIT_STARTTLS:
		connection_secure(c);
		break;
	case AWAIT_TLS:
		break;
	case AWAIT_MAIL:
	case AWAIT_RCPT:
		if (code / 100 != 2) {	/* the rest of the group fails with it */
			mail_done(c, code, line);
			connection_close(c, false);
			break;
		}
		c->await = c->await == AWAIT_MAIL ? AWAIT_RCPT : AWAIT_DATA;
		break;
	case AWAIT_DATA:
		if (code != 354) {
			mail_done(c, code, line);
			connection_close(c, false);
			break;
		}
		c->await = AWAIT_END;
		connection_say(c, c->mail->bytes, c->mail->length);
		break;
	case AWAIT_END:
		mail_done(c, code, line);
		connection_next(c);
		break;
	case AWAIT_QUIT:
		connection_close(c, false);
		break;
	}
}

/* Every whole line that has come; the connection may be another after one. */
static void
connection_lines(struct connection *c)
{
	size_t begun = opened;
	char *at = c->in, *end;

	while (c->fd >= 0 && begun == opened &&
	    (end = memchr(at, '\n', c->in_length - (size_t)(at - c->in))) != NULL) {
		char *line = at;

		*end = '\0';
		at = end + 1;
		if (end - line >= 4 && line[3] != '-')
			reply_take(c, atoi(line), line);
	}
	if (c->fd >= 0 && begun == opened) {
		c->in_length -= (size_t)(at - c->in);
		memmove(c->in, at, c->in_length);
	}
}

static void
connection_read(struct connection *c)
{
	ssize_t n;

	if (c->await == AWAIT_TLS) {
		connection_secure(c);
		return;
	}
	n = bytes_receive(c);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		connection_close(c, c->await != AWAIT_QUIT);
		return;
	}
	c->in_length += (size_t)n;
	connection_lines(c);
}

static void
connection_bind(int fd)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	char text[INET_ADDRSTRLEN + 8];
	int one = 1;

	if (setup.source == NULL)
		return;
	snprintf(text, sizeof(text), "%s%zu", setup.source,
	    SOURCE_FIRST + opened % SOURCE_COUNT);
	setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (inet_pton(AF_INET, text, &from.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		fail(text);
}

static void
connection_open(struct connection *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(setup.port) };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	memset(c, 0, sizeof(*c));
	c->mail = &mails[mail_next++];
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || inet_pton(AF_INET, setup.host, &to.sin_addr) != 1)
		fail(setup.host);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connection_bind(c->fd);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)
		fail("connect");
	opened++;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e) != 0)
		fail("epoll_ctl");
}

static bool
any_open(const struct connection *all)
{
	for (unsigned i = 0; i < setup.connections; i++)
		if (all[i].fd >= 0)
			return true;
	return false;
}

static void
run(struct connection *all)
{
	struct epoll_event events[EVENTS_MAX];

	for (unsigned i = 0; i < setup.connections; i++) {
		all[i].fd = -1;
		if (mail_next < mail_count)
			connection_open(&all[i]);
	}
	while (any_open(all)) {
		int n = epoll_wait(poller, events, EVENTS_MAX, WAIT_MS);

		if (n == 0) {
			fputs("load: nothing happened for 30 s\n", stderr);
			exit(3);
		}
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c->fd >= 0 && (events[i].events & EPOLLOUT) != 0)
				connection_flush(c);
			if (c->fd >= 0 && (events[i].events & ~(unsigned)EPOLLOUT) != 0)
				connection_read(c);
		}
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
percentile_ms(double share)
{
	return accepted == 0 ? 0 :
	    latencies[(size_t)((double)(accepted - 1) * share)] * 1e3;
}

static void
report(double seconds)
{
	for (char *p = last_refusal; *p != '\0'; p++)
		if (*p < ' ' || *p == '"' || *p == '\\')
			*p = ' ';
	qsort(latencies, accepted, sizeof(*latencies), compare);
	printf("{\"accepted\":%zu,\"refused\":%zu,\"deferred\":%zu,\"broken\":%zu,"
	    "\"connections\":%zu,\"seconds\":%.4f,\"per_second\":%.1f,\"p50_ms\":%.2f,"
	    "\"p99_ms\":%.2f,\"resumed\":%zu,\"last_refusal\":\"%s\"}\n", accepted, refused, deferred, broken,
	    opened, seconds, (double)accepted / seconds, percentile_ms(0.5),
	    percentile_ms(0.99), resumed, last_refusal);
}

int
main(int argc, char **argv)
{
	struct connection *all;
	double started_s;
	int option;

	while ((option = getopt(argc, argv, "h:p:c:m:r:s:qtT")) != -1) {
		switch (option) {
		case 'h': setup.host = optarg; break;
		case 'p': setup.port = (uint16_t)atoi(optarg); break;
		case 'c': setup.connections = (unsigned)atoi(optarg); break;
		case 'm': setup.mails_each = (unsigned)atoi(optarg); break;
		case 'r': setup.recipient = optarg; break;
		case 's': setup.source = optarg; break;
		case 'q': setup.quick_ack = true; break;
		case 'T': setup.resume = true;	/* fall through */
		case 't': setup.tls = true; break;
		default: return 2;
		}
	}
	if (optind + 1 != argc || setup.connections == 0)
		return 2;
	corpus_open(argv[optind]);
	if (setup.tls)
		tls_open();
	poller = epoll_create1(EPOLL_CLOEXEC);
	all = calloc(setup.connections, sizeof(*all));
	started_s = now_s();
	run(all);
	report(now_s() - started_s);
	return 0;
}
