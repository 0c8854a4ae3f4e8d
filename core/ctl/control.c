/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket, its serving side: clients, their requests, replies
 * that may be answered later. */
#include "ctl/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

enum { REPLIES_MAX = 16 };	/* open at once, of one client */

struct client {
	struct client *next;
	struct control_server *server;
	struct channel *channel;
	struct control_reply *replies;
	unsigned reply_count;
	uid_t uid;
};

struct control_reply {
	struct control_reply *next;
	struct client *client;	/* NULL: it left */
	uint32_t id;
	uid_t uid;
};

struct control_server {
	struct loop *loop;
	struct watch watch;
	const struct control_command *commands;
	void *arg;
	struct client *clients;
	unsigned client_count;
};

static void
client_free(struct client *c)
{
	for (struct control_reply *r = c->replies; r != NULL; r = r->next)
		r->client = NULL;
	channel_free(c->channel);
	free(c);
}

static void
client_remove(struct client *c)
{
	struct client **p = &c->server->clients;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	c->server->client_count--;
	client_free(c);
}

static void
on_gone(struct channel *channel, void *arg)
{
	(void)channel;
	client_remove(arg);
}

/* Whose place a newcomer takes: of those that wait for nothing who came first,
 * else who came first of all.  Silence must not keep the operator out. */
static struct client *
client_least(const struct control_server *s)
{
	struct client *idle = NULL, *first = NULL;

	for (struct client *c = s->clients; c != NULL; c = c->next) {
		first = c;
		if (c->reply_count == 0)
			idle = c;
	}
	return idle != NULL ? idle : first;
}

static struct control_reply *
reply_new(struct client *c, uint32_t id)
{
	struct control_reply *r = xmalloc(sizeof(*r));

	*r = (struct control_reply){ .next = c->replies, .client = c, .id = id,
		.uid = c->uid };
	c->replies = r;
	c->reply_count++;
	return r;
}

static void
reply_free(struct control_reply *r)
{
	if (r->client != NULL) {
		struct control_reply **p = &r->client->replies;

		while (*p != r)
			p = &(*p)->next;
		*p = r->next;
		r->client->reply_count--;
	}
	free(r);
}

static void
reply_send(struct control_reply *r, uint32_t type, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	struct buf b = { 0 };
	int fd;

	json_decref(object);
	if (text == NULL)
		log_panic("control: an object that is no JSON");
	fd = bytes_pack(&b, span_of(text));
	if (fd == -2)
		channel_fail(r->client->channel);
	else
		channel_send(r->client->channel, type, r->id, buf_span(&b), &fd,
		    fd >= 0);
	if (fd >= 0)
		close(fd);
	free(text);
	buf_free(&b);
}

bool
control_is_open(const struct control_reply *r)
{
	return r->client != NULL;
}

uid_t
control_uid(const struct control_reply *r)
{
	return r->uid;
}

void
control_add(struct control_reply *r, json_t *object)
{
	if (r->client == NULL)
		json_decref(object);
	else
		reply_send(r, CONTROL_OBJECT, object);
}

void
control_done(struct control_reply *r)
{
	if (r->client != NULL)
		reply_send(r, CONTROL_END, json_object());
	reply_free(r);
}

void
control_fail(struct control_reply *r, const char *fmt, ...)
{
	char why[256];
	va_list ap;
	json_t *text;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	text = json_string(why);
	if (text == NULL)	/* a name from outside that is not UTF-8 */
		text = json_string("refused, with a reason that is not UTF-8");
	if (r->client != NULL)
		reply_send(r, CONTROL_END, json_pack("{s:o}", "error", text));
	else
		json_decref(text);
	reply_free(r);
}

const char *
control_string(const json_t *request, const char *name, const char *def)
{
	const char *s = json_string_value(json_object_get(request, name));

	return s == NULL ? def : s;
}

int64_t
control_int(const json_t *request, const char *name, int64_t def)
{
	const json_t *v = json_object_get(request, name);

	return json_is_integer(v) ? json_integer_value(v) : def;
}

static void
client_call(struct client *c, uint32_t id, const json_t *request)
{
	const struct control_command *k = c->server->commands;
	const char *name = control_string(request, "command", "");

	while (k->name != NULL && strcmp(k->name, name) != 0)
		k++;
	if (k->name == NULL)
		control_fail(reply_new(c, id), "no such command: %s", name);
	else
		k->fn(reply_new(c, id), request, c->server->arg);
}

static void
on_frame(struct channel *channel, struct frame *f, void *arg)
{
	struct client *c = arg;
	json_t *request = NULL;

	if (f->type == CONTROL_CALL && f->body.len <= CONTROL_REQUEST_MAX &&
	    c->reply_count < REPLIES_MAX)
		request = json_loadb(f->body.ptr, f->body.len,
		    JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(request))
		channel_fail(channel);
	else
		client_call(c, f->id, request);
	json_decref(request);
}

static void
on_client(struct watch *w, uint32_t events)
{
	struct control_server *s = w->arg;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	struct client *c;

	(void)events;
	if (fd < 0)
		return;		/* it left before we looked */
	if (s->client_count >= CONTROL_CLIENTS_MAX) {
		c = client_least(s);
		log_warning("control: more than %d clients: one of uid %u gave up its place",
		    CONTROL_CLIENTS_MAX, (unsigned)c->uid);
		client_remove(c);
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	c = xmalloc(sizeof(*c));
	*c = (struct client){ .next = s->clients, .server = s, .uid = peer.uid };
	c->channel = channel_new(s->loop, fd, on_frame, on_gone, c);
	s->clients = c;
	s->client_count++;
}

struct control_server *
control_server_new(struct loop *l, int fd, const struct control_command *commands,
    void *arg)
{
	struct control_server *s = xmalloc(sizeof(*s));

	*s = (struct control_server){ .loop = l, .commands = commands, .arg = arg,
		.watch = { .fd = fd, .fn = on_client, .arg = s } };
	if (loop_watch(l, &s->watch, EPOLLIN) != 0)
		log_panic("cannot watch the control socket");
	return s;
}

void
control_server_free(struct control_server *s)
{
	if (s == NULL)
		return;
	while (s->clients != NULL) {
		struct client *c = s->clients;

		s->clients = c->next;
		client_free(c);
	}
	loop_unwatch(s->loop, &s->watch);
	close(s->watch.fd);
	free(s);
}
