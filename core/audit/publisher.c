/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One round after the other, each step a job of the store or work of the thread:
 *
 *	open: last note, tiles as it left them
 *	  or continue: a record that begins another log, open again
 *	round: rows, tiles (thread), ... saved, signed (keys), checkpoint, marked
 */
#include "audit/publisher.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "audit/leaf.h"
#include "audit/tiles.h"
#include "base/fault.h"
#include "base/log.h"
#include "pipeline/mail.h"

enum { PAGE = 256 };		/* rows of one job */

enum state { CLOSED, WORKING, SIGNING, IDLE, HALTED };

struct publisher {
	struct loop *loop;
	struct store *store;
	publisher_sign_fn sign;
	void *arg;
	struct note_key key;
	struct promise last;	/* what was signed last, as far as is known */
	struct checkpoint published;	/* on the disk */
	enum state state;
	bool started;
	struct timer timer;
	int64_t began_ms;
	const char *trouble;

	/* the round */
	struct store_job job;
	struct arena arena;
	uint64_t log, rows;
	const char *marked;
	struct mt_span *leaves;
	size_t count;
	bool unknown;		/* `keys' does not know what it signed */
	uint64_t continued;	/* the number of the log that begins */
	bool unproved;		/* tiles are made again, not yet up to the last signed */
	struct tiles tiles;
	struct promise_ask ask;
	struct buf note;
	struct journal_entry entry;

	/* the thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct watch watch;
	int (*work)(struct publisher *);	/* NULL: nothing to do */
	int (*synced)(struct publisher *);
	void (*then)(struct publisher *);
	int error;
	bool closing;
};

static void open_begin(struct publisher *);
static void round_begin(struct publisher *);
static void round_go_on(struct publisher *);

static void *
work_thread(void *arg)
{
	struct publisher *p = arg;
	static const uint64_t one = 1;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		int (*work)(struct publisher *) = p->work;
		int error;

		if (p->closing)
			break;
		if (work == NULL) {
			pthread_cond_wait(&p->wake, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		error = work(p);
		pthread_mutex_lock(&p->lock);
		p->work = NULL;
		p->error = error;
		if (write(p->watch.fd, &one, sizeof(one)) < 0)
			log_panic("eventfd: %s", strerror(errno));
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* work() on the thread, then() on the loop if it went well. */
static void
step(struct publisher *p, int (*work)(struct publisher *), void (*then)(struct publisher *))
{
	pthread_mutex_lock(&p->lock);
	p->work = work;
	p->then = then;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

static void
submit(struct publisher *p, void (*run)(struct store *, struct store_job *),
    void (*done)(struct store_job *))
{
	p->job = (struct store_job){ .run = run, .done = done, .arg = p };
	store_submit(p->store, &p->job);
}

static void
halt(struct publisher *p)
{
	p->state = HALTED;
	p->trouble = "the audit rows are not those that were signed: no checkpoint is signed any "
	    "more; mailtrictl audit verify";
	log_error("audit: %s", p->trouble);
}

/* What was made in memory is forgotten: the next try begins with what is on
 * the disk. */
static void
fail(struct publisher *p, int error)
{
	if (error == EBADMSG) {
		halt(p);
		return;
	}
	if (p->trouble == NULL)
		log_error("audit: checkpoints cannot be written: %s; it is tried again",
		    strerror(error));
	p->trouble = "checkpoints cannot be written";
	tiles_close(&p->tiles);
	p->state = CLOSED;
	timer_set(p->loop, &p->timer, PUBLISHER_RETRY_MS);
}

static void
step_end(struct publisher *p)
{
	p->error != 0 ? fail(p, p->error) : p->then(p);
}

static void
work_done(struct watch *w, uint32_t events)
{
	struct publisher *p = w->arg;
	uint64_t n;

	(void)events;
	if (read(w->fd, &n, sizeof(n)) == sizeof(n))
		step_end(p);
}

/* What syncs runs on the committing thread, between two commits: ext4 may say
 * that a commit is on the disk when it failed as part of a sync of somebody
 * else's, which it must therefore never be. */
static void
synced_prepare(struct store *s, struct store_job *job)
{
	struct publisher *p = job->arg;

	(void)s;
	p->error = p->synced(p);
}

static void
synced_run(struct store *s, struct store_job *job)
{
	(void)s;
	(void)job;
}

static void
synced_done(struct store_job *job)
{
	step_end(job->arg);
}

/* As step(), for work that syncs. */
static void
step_synced(struct publisher *p, int (*work)(struct publisher *), void (*then)(struct publisher *))
{
	p->synced = work;
	p->then = then;
	p->job = (struct store_job){ .prepare = synced_prepare, .run = synced_run,
		.done = synced_done, .arg = p };
	store_submit(p->store, &p->job);
}

/* Opening */

/* The later of two promises, by log and size. */
static void
consider(struct publisher *p, uint64_t log, const struct tree_head *head)
{
	if (log > p->last.log || (log == p->last.log && head->size > p->last.head.size))
		p->last = (struct promise){ log, *head };
}

static void
consider_note(struct publisher *p, struct mt_span note, struct checkpoint *c)
{
	c->log = 0;
	if (checkpoint_verify(&p->key, note, c) == 0)
		consider(p, c->log, &c->head);
	else
		c->log = 0;
}

static bool
rows_are_missing(const struct publisher *p)
{
	return p->unknown || p->last.log > p->log || (p->last.log == p->log && p->last.head.size > p->rows);
}

static int
open_work(struct publisher *p)
{
	struct checkpoint marked = { .log = 0 }, there = { .log = 0 };
	struct buf note = { 0 };
	int error;

	tiles_close(&p->tiles);
	error = tiles_open(&p->tiles, store_dir(p->store));
	if (error == 0 && tiles_checkpoint_load(&p->tiles, &note) == 0)
		consider_note(p, buf_span(&note), &there);
	buf_free(&note);
	if (p->marked != NULL)
		consider_note(p, span_of(p->marked), &marked);
	if (error != 0 || rows_are_missing(p))
		return error;
	p->unproved = false;
	if (there.log != 0 && there.log < p->log)
		return tiles_put_away(&p->tiles, store_dir(p->store), there.log);
	if (p->last.log < p->log)
		return 0;
	if (tiles_load(&p->tiles, &p->last.head) != 0) {
		tiles_reset(&p->tiles);
		p->unproved = true;
		return 0;
	}
	return marked.log == p->log ? tiles_tidy(&p->tiles, marked.head.size) : 0;
}

static void
continue_run(struct store *s, struct store_job *job)
{
	struct publisher *p = job->arg;

	journal_append(s, &p->entry);
	journal_set_log(s, p->continued);
}

static void
open_again(struct store_job *job)
{
	((struct publisher *)job->arg)->unknown = false;
	open_begin(job->arg);
}

/* The rows are fewer than was signed: that log ends, and this one says where.
 * It is named by the time, which no log before it was. */
static void
log_continue(struct publisher *p)
{
	char event[40], ended[128], root[2 * HASH_SIZE + 1];
	struct audit_event e = { .event = event, .time_s = (int64_t)time(NULL),
		.action = SPAN("mailtri.log.continue"), .permitted = true, .status = AUDIT_SUCCESS,
		.reason = SPAN("restore.log") };

	event_make(event);
	hash_hex(p->last.head.root, HASH_SIZE, root);
	snprintf(ended, sizeof(ended), "%" PRIu64 ":%" PRIu64 ":%s", p->last.log,
	    p->last.head.size, root);
	e.resource_id = span_of(ended);
	if (audit_entry(&p->arena, &e, NULL, &p->entry) != 0)
		log_panic("an audit entry of %s cannot be made", event);
	p->continued = p->last.log > p->log ? p->last.log + 1 : p->log + 1;
	if (p->continued < (uint64_t)e.time_s)
		p->continued = (uint64_t)e.time_s;
	log_warning("audit: a restored backup: more than these %" PRIu64 " records were signed; the "
	    "log goes on as %s/%" PRIu64, p->rows, p->key.name, p->continued);
	submit(p, continue_run, open_again);
}

static void
open_end(struct publisher *p)
{
	if (rows_are_missing(p)) {
		log_continue(p);
		return;
	}
	round_begin(p);
}

static void
open_run(struct store *s, struct store_job *job)
{
	struct publisher *p = job->arg;

	p->marked = journal_marked(s, &p->arena);
	p->log = journal_log(s);
	p->rows = store_leaves(s);
}

static void
open_done(struct store_job *job)
{
	step_synced(job->arg, open_work, open_end);
}

static void
open_begin(struct publisher *p)
{
	p->state = WORKING;
	arena_reset(&p->arena);
	submit(p, open_run, open_done);
}

/* A round */

static void
publish_marked(struct store_job *job)
{
	struct publisher *p = job->arg;

	p->published = p->ask.checkpoint;
	p->last = (struct promise){ p->ask.checkpoint.log, p->ask.checkpoint.head };
	p->trouble = NULL;
	p->state = IDLE;
	arena_reset(&p->arena);
	timer_set(p->loop, &p->timer, CHECKPOINT_IDLE_MS);
	publisher_wake(p);
}

static void
mark_run(struct store *s, struct store_job *job)
{
	struct publisher *p = job->arg;

	fault_point("checkpoint.mark");
	journal_mark(s, p->ask.checkpoint.head.size, p->ask.checkpoint.time_s, buf_span(&p->note));
}

static void
publish_end(struct publisher *p)
{
	submit(p, mark_run, publish_marked);
}

static int
publish_work(struct publisher *p)
{
	int error = tiles_checkpoint_save(&p->tiles, buf_span(&p->note));

	if (error == 0 && p->last.log == p->ask.checkpoint.log)
		error = tiles_tidy(&p->tiles, p->last.head.size);
	return error;
}

static void
sign_ask(struct publisher *p)
{
	p->state = SIGNING;
	timer_set(p->loop, &p->timer, PUBLISHER_RETRY_MS);
	p->sign(&p->ask, p->arg);
}

static int
prove_work(struct publisher *p)
{
	return tiles_prove_growth(&p->tiles, p->ask.old, &p->ask.path);
}

static int
save_work(struct publisher *p)
{
	int error = tiles_save(&p->tiles);

	p->ask.checkpoint = (struct checkpoint){ .log = p->log, .time_s = (int64_t)time(NULL) };
	p->ask.checkpoint.head.size = p->tiles.size;
	tiles_root(&p->tiles, p->ask.checkpoint.head.root);
	p->ask.old = p->last.log == p->log ? p->last.head.size : 0;
	return error != 0 ? error : prove_work(p);
}

/* While tiles are made again, they pass by what was signed last. */
static int
build_work(struct publisher *p)
{
	uint8_t root[HASH_SIZE];
	int error = 0;

	for (size_t i = 0; error == 0 && i < p->count; i++)
		error = p->leaves[i].len > JOURNAL_LEAF_MAX ? EBADMSG :
		    tiles_add(&p->tiles, p->leaves[i]);
	if (error != 0 || !p->unproved || p->tiles.size < p->last.head.size)
		return error;
	tiles_root(&p->tiles, root);
	p->unproved = false;
	return memcmp(root, p->last.head.root, HASH_SIZE) == 0 ? 0 : EBADMSG;
}

static void
rows_run(struct store *s, struct store_job *job)
{
	struct publisher *p = job->arg;

	p->count = journal_leaves(s, &p->arena, p->tiles.size, p->count, &p->leaves);
}

static void
rows_done(struct store_job *job)
{
	struct publisher *p = job->arg;

	if (p->count == 0)
		fail(p, EBADMSG);	/* a row in the middle is gone */
	else
		step(p, build_work, round_go_on);
}

static void
round_go_on(struct publisher *p)
{
	uint64_t to = p->unproved ? p->last.head.size : p->rows;

	arena_reset(&p->arena);
	if (p->tiles.size >= p->rows) {
		step_synced(p, save_work, sign_ask);
		return;
	}
	p->count = to - p->tiles.size < PAGE ? (size_t)(to - p->tiles.size) : PAGE;
	submit(p, rows_run, rows_done);
}

static void
round_begin(struct publisher *p)
{
	p->state = WORKING;
	p->began_ms = clock_ms();
	p->rows = store_leaves(p->store);
	round_go_on(p);
}

static void
fire(struct timer *timer)
{
	struct publisher *p = timer->arg;

	if (p->state == CLOSED)
		open_begin(p);
	else if (p->state == IDLE)
		round_begin(p);
	else if (p->state == SIGNING)
		sign_ask(p);	/* an answer that did not come is asked for again */
}

void
publisher_signed(struct publisher *p, const struct promise_answer *answer)
{
	struct checkpoint checked;

	if (p->state != SIGNING)
		return;
	p->state = WORKING;
	timer_clear(p->loop, &p->timer);
	if (answer->error == ESTALE && answer->last.log == p->log &&
	    answer->last.head.size < p->ask.old) {	/* `keys' came from a backup */
		p->ask.old = answer->last.head.size;
		step(p, prove_work, sign_ask);
		return;
	}
	if (answer->error == ESTALE) {	/* more was signed than we knew of */
		consider(p, answer->last.log, &answer->last.head);
		open_begin(p);
		return;
	}
	if (answer->error != 0) {
		fail(p, answer->error);
		return;
	}
	buf_reset(&p->note);
	checkpoint_note(&p->key, &p->ask.checkpoint, &answer->signatures, &p->note);
	if (checkpoint_verify(&p->key, buf_span(&p->note), &checked) != 0) {
		fail(p, EKEYREJECTED);
		return;
	}
	step_synced(p, publish_work, publish_end);
}

void
publisher_wake(struct publisher *p)
{
	int64_t wait = p->began_ms + CHECKPOINT_BUSY_MS - clock_ms();

	if (p->state != IDLE || store_leaves(p->store) == p->published.head.size)
		return;
	if (wait <= 0)
		round_begin(p);
	else if (p->timer.slot == 0 || p->timer.at_ms > clock_ms() + wait)
		timer_set(p->loop, &p->timer, wait);
}

void
publisher_lost(struct publisher *p)
{
	if (p->state == SIGNING)
		timer_set(p->loop, &p->timer, CHECKPOINT_BUSY_MS);
}

void
publisher_start(struct publisher *p, const struct note_key *key, const struct promise *promise)
{
	if (p->started || store_dir(p->store) == NULL)
		return;
	p->started = true;
	p->key = *key;
	p->unknown = promise->log == 0 && promise->head.size == PROMISE_ANY;
	if (!p->unknown)
		p->last = *promise;
	open_begin(p);
}

struct publisher *
publisher_new(struct loop *loop, struct store *store, publisher_sign_fn sign, void *arg)
{
	struct publisher *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->store = store;
	p->sign = sign;
	p->arg = arg;
	p->tiles.dir_fd = -1;
	p->timer = (struct timer){ .fn = fire, .arg = p };
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->watch = (struct watch){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .fn = work_done,
		.arg = p };
	if (p->watch.fd < 0 || loop_watch(loop, &p->watch, EPOLLIN) != 0 ||
	    pthread_create(&p->thread, NULL, work_thread, p) != 0)
		log_fatal("audit: no descriptor or no thread left: %s", strerror(errno));
	return p;
}

void
publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	timer_clear(p->loop, &p->timer);
	loop_unwatch(p->loop, &p->watch);
	close(p->watch.fd);
	tiles_close(&p->tiles);
	arena_free(&p->arena);
	buf_free(&p->note);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

struct checkpoint
publisher_last(const struct publisher *p)
{
	return p->published;
}

int64_t
publisher_due_ms(const struct publisher *p)
{
	if (p->state != IDLE)
		return -1;
	return p->timer.at_ms > clock_ms() ? p->timer.at_ms - clock_ms() : 0;
}

const char *
publisher_trouble(const struct publisher *p)
{
	return p->trouble;
}
