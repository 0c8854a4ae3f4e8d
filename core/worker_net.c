/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker of dispatch stages: any number of deliveries in flight.  A
 * request a stage asks for is a question answered here: the resolver dials
 * (PROTO_DIAL over the engine), libcurl speaks over the descriptor that
 * comes back, the callback runs again with the reply.  This process opens no
 * connection itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/time.h>

#include "base/fault.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "dispatch/speech.h"
#include "dispatch/trust.h"
#include "stage/host.h"
#include "stage/message.h"
#include "stage/reach.h"

/* Replies come so much before the engine's deadline that the stage can still
 * say what became of its attempt. */
enum { MARGIN_MS = 2000, SHORTEST_MS = 100,
	IN_USE_MAX = 1024		/* descriptors: deliveries in flight take a few each */ };

struct job {
	struct job *next;
	uint32_t id;
	bool deliver;		/* else a probe */
	struct mt_msg *message;
	int64_t deadline_ms;	/* clock_ms() */
	uint32_t open;		/* requests without a reply */
};

/* One request or mail: first dialling, then speaking. */
struct exchange {
	struct exchange *next;
	struct job *job;
	uint32_t id;		/* of its PROTO_DIAL */
	struct mt_span question;	/* in the message's arena */
	struct speech speech;
	int64_t deadline_ms;
	struct timer timer;	/* while dialling */
};

static struct {
	struct group group;
	struct loop *loop;
	struct channel *channel;
	struct transfer_client *client;
	struct job *jobs;
	struct exchange *exchanges;
	uint32_t last_id;
} net;

static void job_run(struct job *);

/* ---- jobs ---- */

static struct job *
job_take(uint32_t id)
{
	for (struct job **at = &net.jobs; *at != NULL; at = &(*at)->next)
		if ((*at)->id == id) {
			struct job *j = *at;

			*at = j->next;
			return j;
		}
	return NULL;
}

static void
exchange_free(struct exchange *x)
{
	struct exchange **at = &net.exchanges;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	timer_clear(net.loop, &x->timer);
	free(x);
}

static void
job_free(struct job *j)
{
	for (struct exchange *x = net.exchanges, *next; x != NULL; x = next) {
		next = x->next;
		if (x->job != j)
			continue;
		if (x->speech.transfer != NULL)
			transfer_cancel(x->speech.transfer);
		exchange_free(x);
	}
	message_free(j->message);
	free(j);
}

static void
job_reply(struct job *j)
{
	struct buf b = { 0 };

	if (j->deliver)
		delivery_pack(&b, &j->message->delivery);
	else	/* what a probe asked ahead is never sent */
		outcomes_pack(&b, j->message->outcomes, NULL);
	channel_send(net.channel, j->deliver ? PROTO_DELIVERED : PROTO_RESULT, j->id,
	    buf_span(&b), NULL, 0);
	buf_free(&b);
	job_take(j->id);
	job_free(j);
}

/* ---- exchanges ---- */

static void
question_answered(struct job *j, const struct answer *a)
{
	message_answer(j->message, a);
	if (--j->open == 0)
		job_run(j);
}

static void
exchange_answered(void *arg, struct answer *a)
{
	struct exchange *x = arg;
	struct job *j = x->job;

	a->question = x->question;
	a->status = MT_OK;
	fault_point("call.answered");
	exchange_free(x);
	question_answered(j, a);
}

static void
dial_late(struct timer *t)
{
	struct exchange *x = t->arg;

	speech_fail(&x->speech, ETIMEDOUT);
}

static int64_t
exchange_deadline(const struct exchange *x)
{
	int64_t own = clock_ms() + (x->speech.timeout_ms > TRANSFER_TIMEOUT_MAX_MS ?
	    TRANSFER_TIMEOUT_MAX_MS : x->speech.timeout_ms);

	return own < x->job->deadline_ms ? own : x->job->deadline_ms;
}

static int
exchange_dial(struct exchange *x)
{
	struct buf b = { 0 };
	int error;

	x->deadline_ms = exchange_deadline(x);
	if (x->deadline_ms - clock_ms() < SHORTEST_MS)
		return ETIMEDOUT;
	error = speech_dial(&x->speech, &b);
	if (error == 0) {
		channel_send(net.channel, PROTO_DIAL, x->id, buf_span(&b), NULL, 0);
		timer_set(net.loop, &x->timer, x->deadline_ms - clock_ms());
	}
	buf_free(&b);
	return error;
}

static void
exchange_start(struct job *j, struct mt_span asked, const struct question *q)
{
	struct exchange *x = xcalloc(1, sizeof(*x));
	struct mt_msg *m = j->message;
	int error;

	*x = (struct exchange){ .next = net.exchanges, .job = j, .id = ++net.last_id,
		.question = asked, .timer = { .fn = dial_late, .arg = x },
		.speech = { .message = m, .done = exchange_answered, .arg = x,
		    .conf = member_conf(m->member, m->call.intent.route) } };
	net.exchanges = x;
	error = speech_read(&x->speech, q);
	if (error == 0)
		error = exchange_dial(x);
	if (error != 0)
		speech_fail(&x->speech, error);
}

/* ---- speaking over the socket that came back ---- */

/* Over the frame's descriptor. */
static int
exchange_speak(struct exchange *x, struct frame *f)
{
	int64_t left = x->deadline_ms - clock_ms();

	fault_point("call.start");
	timer_clear(net.loop, &x->timer);
	return speech_start(&x->speech, net.client, left < 1 ? 1 : (uint32_t)left, &f->fds[0]);
}

static void
dialled(struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	int error = (int)(int32_t)unpack_u32(&u);
	struct exchange *x = net.exchanges;
	char quoted[300];

	while (x != NULL && x->id != f->id)
		x = x->next;
	if (x == NULL || x->speech.transfer != NULL)
		return;		/* too late; its descriptor is closed with the frame */
	if (f->fd_count > 0) {
		error = exchange_speak(x, f);
	} else {
		log_warning("cannot reach %s: %s", x->speech.to.host, log_quote(quoted,
		    sizeof(quoted), unpack_span(&u)));
		error = error == 0 ? ECONNREFUSED : error;
	}
	if (error != 0)
		speech_fail(&x->speech, error);
}

/* ---- running callbacks ---- */

static void
question_start(struct job *j, struct mt_span asked)
{
	struct question q;
	struct answer denied = { .question = asked, .status = MT_DENIED };

	if (question_unpack(asked, &q) == 0 && speech_is_ours(&q))
		exchange_start(j, asked, &q);
	else
		question_answered(j, &denied);
}

/* One thread runs all calls: one that takes longer than the stage may ends the
 * process, by SIGALRM, and with it what hangs. */
static void
watch_set(uint32_t ms)
{
	struct itimerval t = { .it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

/* A stage that leaves descriptors open costs the delivery in hand, before there
 * is none for another. */
static void
check_open(const struct setting_stage *s)
{
	if (reach_in_use() > IN_USE_MAX)
		log_fatal("stage %s leaves descriptors open: more than %d are in use",
		    s->name, IN_USE_MAX);
}

static enum message_state
watched_run(struct job *j)
{
	const struct setting_stage *s = &net.group.settings->stages[j->message->call.stages[0]];
	enum message_state state;

	watch_set(s->deadline_ms);
	state = message_run(j->message);
	watch_set(0);
	check_open(s);
	return state;
}

static void
job_run(struct job *j)
{
	if (watched_run(j) == MESSAGE_DONE) {
		job_reply(j);
		return;
	}
	j->open = 1;		/* ours, so that an answer at once does not re-run */
	for (struct asked *a = j->message->run.asked; a != NULL; a = a->next) {
		j->open++;
		question_start(j, a->question);
	}
	if (--j->open == 0)
		job_run(j);
}

static void
job_start(struct frame *f)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct mt_msg *m = message_new(&net.group, f);

	if (m == NULL)
		log_panic("a call this worker cannot read");
	*j = (struct job){ .next = net.jobs, .id = f->id, .message = m,
		.deliver = f->type == PROTO_DELIVER,
		.deadline_ms = clock_ms() + m->call.remaining_ms -
		    (m->call.remaining_ms > 2 * MARGIN_MS ? MARGIN_MS : 0) };
	net.jobs = j;
	job_run(j);
}

static void
serve(struct channel *c, struct frame *f, void *arg)
{
	struct job *j;

	(void)c;
	(void)arg;
	switch (f->type) {
	case PROTO_DELIVER:
	case PROTO_CALL:
		job_start(f);
		break;
	case PROTO_DIALLED:
		dialled(f);
		break;
	case PROTO_DROP:
		j = job_take(f->id);
		if (j != NULL)
			job_free(j);
		break;
	default:
		log_panic("frame of type %u", f->type);
	}
}

static void
engine_gone(struct channel *c, void *arg)
{
	(void)c;
	(void)arg;
	loop_stop(net.loop);
}

static const char *
authorities(const struct setting_stage *s, const struct setting_options *set, const char *name)
{
	for (size_t i = 0; i < s->descriptor.option_count; i++)
		if (strcmp(s->descriptor.options[i].name, name) == 0)
			return set->values[i].list == NULL ? NULL : set->values[i].list[0];
	return NULL;
}

/* The authorities of all its targets, while files can still be read. */
static void
trust_load(const struct setting_stage *s)
{
	const struct descriptor *d = &s->descriptor;

	for (size_t i = 0; i < d->option_count; i++) {
		char name[64];

		if (d->options[i].type != MT_OPT_TARGET)
			continue;
		snprintf(name, sizeof(name), "%s_ca", d->options[i].name);
		for (size_t set = 0; set < s->option_sets; set++)
			trust_find(authorities(s, &s->options[set], name));
	}
}

int
main(int argc, char **argv)
{
	static const char prefix[] = "worker-net:";

	if (argc < 2 || argc > 3 || strncmp(argv[1], prefix, sizeof(prefix) - 1) != 0) {
		fputs("worker-net is started by mailtrid\n", stderr);
		return 64;
	}
	log_open(argv[1], false);
	sandbox_enter();
	net.loop = loop_new();
	net.client = transfer_client_new(net.loop);
	group_open(&net.group, argv[1] + sizeof(prefix) - 1, settings_receive(),
	    secrets_receive());
	for (size_t i = 0; i < net.group.count; i++)
		trust_load(net.group.members[i].setting);
	group_lock(&net.group, SANDBOX_WORKER_NET);
	if (argc == 3)
		return strcmp(argv[2], "--try") == 0 ? 0 : 64;
	net.channel = channel_new(net.loop, PROTO_CHANNEL_FD, serve, engine_gone, NULL);
	channel_send(net.channel, PROTO_READY, 0, SPAN(""), NULL, 0);
	loop_run(net.loop);
	return 75;	/* the engine is gone; the master restarts us */
}
