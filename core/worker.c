/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker: runs the checks of one group of stages, one call at a time,
 * with any number of messages waiting for answers.  It also describes and
 * checks stages for whoever reads the configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/proto.h"
#include "stage/describe.h"
#include "stage/message.h"

enum { BUCKETS = 1024 };

/* Messages that wait, by call id. */
struct waiting {
	struct waiting *next;
	uint32_t id;
	struct mt_msg *message;
};

static struct waiting *waiting[BUCKETS];

/* libopendkim judges x= and t= by time(): it sees the message's clock, as
 * every stage does.  Exported by the program for that one reason. */
__attribute__((visibility("default"))) time_t
time(time_t *out)
{
	const struct mt_msg *m = message_current();
	struct timespec ts;
	time_t now;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = m == NULL ? ts.tv_sec : (time_t)m->call.now;
	if (out != NULL)
		*out = now;
	return now;
}

static struct waiting **
waiting_find(uint32_t id)
{
	struct waiting **w = &waiting[id % BUCKETS];

	while (*w != NULL && (*w)->id != id)
		w = &(*w)->next;
	return w;
}

static void
waiting_add(uint32_t id, struct mt_msg *m)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	*w = (struct waiting){ .next = waiting[id % BUCKETS], .id = id, .message = m };
	waiting[id % BUCKETS] = w;
}

static struct mt_msg *
waiting_take(uint32_t id)
{
	struct waiting **at = waiting_find(id), *w = *at;
	struct mt_msg *m;

	if (w == NULL)
		return NULL;
	m = w->message;
	*at = w->next;
	free(w);
	return m;
}

static void
reply(uint32_t type, uint32_t id, struct buf *b)
{
	int error = frame_send(PROTO_CHANNEL_FD, type, id, buf_span(b), NULL, 0);

	if (error == EMSGSIZE)
		log_panic("a result of %zu bytes", b->len);
	if (error != 0)
		exit(75);	/* the engine is gone; the master restarts us */
	buf_free(b);
}

static void
go_on(uint32_t id, struct mt_msg *m)
{
	struct buf b = { 0 };

	fault_point("worker.run");
	if (message_run(m) == MESSAGE_WAITS) {
		asked_pack(&b, m->run.asked);
		waiting_add(id, m);
		reply(PROTO_WAIT, id, &b);
		return;
	}
	outcomes_pack(&b, m->outcomes, m->ahead);
	message_free(m);
	reply(PROTO_RESULT, id, &b);
}

static void
serve(const struct group *g, struct frame *f)
{
	struct mt_msg *m;

	switch (f->type) {
	case PROTO_CALL:
		m = message_new(g, f);
		if (m == NULL)
			log_panic("a call this worker cannot read");
		go_on(f->id, m);
		break;
	case PROTO_ANSWERS:
		m = waiting_take(f->id);
		if (m == NULL || message_answers(m, f->body) != 0)
			log_panic("answers this worker cannot use");
		go_on(f->id, m);
		break;
	case PROTO_DROP:
		m = waiting_take(f->id);
		if (m != NULL)
			message_free(m);
		break;
	default:
		log_panic("frame of type %u", f->type);
	}
}

static int
usage(void)
{
	fputs("worker is started by mailtrid; by hand: worker --describe FILE.so\n", stderr);
	return 64;
}

int
main(int argc, char **argv)
{
	struct settings *settings;
	struct group group;
	struct frame f;
	struct buf in = { 0 };

	sandbox_enter();
	if (argc == 3 && strcmp(argv[1], "--describe") == 0)
		return describe_main(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check_main(argv[2]);
	if (argc < 2 || argc > 3 || strncmp(argv[1], "worker:", 7) != 0)
		return usage();
	log_open(argv[1], false);
	settings = settings_receive();
	group_open(&group, argv[1] + 7, settings, secrets_receive());
	group_lock(&group, SANDBOX_WORKER);
	if (argc == 3)
		return strcmp(argv[2], "--try") == 0 ? 0 : usage();
	if (frame_send(PROTO_CHANNEL_FD, PROTO_READY, 0, SPAN(""), NULL, 0) != 0)
		return 75;
	while (frame_recv(PROTO_CHANNEL_FD, &f, &in, 0) == 0) {
		serve(&group, &f);
		frame_close_fds(&f);
	}
	return 0;
}
