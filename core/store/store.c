/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The committing thread.  Invariant: done() of a job runs only after the
 * COMMIT its run() was part of has returned.
 */
#include "store/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/loop.h"
#include "store/schema.h"

struct job_list {
	struct store_job *head, **tail;
};

struct store {
	char *dir;		/* NULL: in memory */
	struct db *queue, *counters;
	bool counters_open;	/* in this batch */
	bool bodies_changed;	/* in this batch */
	int bodies_fd;
	uint64_t tail;		/* leaves of the journal */
	struct slot key;
	struct once once;	/* loop thread */

	pthread_t thread;
	int event_fd;
	pthread_mutex_t lock;	/* for all below */
	pthread_cond_t wake;
	struct job_list reading, waiting, finished;
	size_t urgent;		/* waiting and not lazy */
	size_t expected;	/* mails that will soon be waiting */
	bool gathering;		/* asleep, but not for long */
	bool hurry;		/* somebody stands still until all is done */
	int64_t lazy_since_ms, urgent_since_us;
	bool closing;
	uint64_t committed;
};

static void
list_clear(struct job_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static void
list_append(struct job_list *list, struct store_job *job)
{
	job->next = NULL;
	*list->tail = job;
	list->tail = &job->next;
}

void
store_fail(const char *what, const char *name)
{
	log_error("store: %s %s: %s: nothing is answered", what, name, strerror(errno));
	_exit(STORE_EXIT);
}

static int64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* When to commit what waits: 0 is at once, INT64_MAX never. */
static int64_t
due_us(const struct store *s)
{
	if (s->closing || s->hurry)
		return 0;
	if (s->waiting.head == NULL)
		return INT64_MAX;
	if (s->urgent > 0)
		return s->expected == 0 ? 0 : s->urgent_since_us + STORE_GATHER_US;
	return (s->lazy_since_ms + STORE_LAZY_MS) * 1000;
}

/* Sleeps until there is something to read or a reason to commit.  False:
 * closing and empty. */
static bool
wait_for_jobs(struct store *s)
{
	int64_t due;

	while (s->reading.head == NULL && (due = due_us(s)) > 0) {
		struct timespec ts = { due / 1000000, due % 1000000 * 1000 };

		if (due != INT64_MAX && clock_us() >= due)
			break;
		s->gathering = s->urgent > 0;
		if (due == INT64_MAX)
			pthread_cond_wait(&s->wake, &s->lock);
		else
			pthread_cond_timedwait(&s->wake, &s->lock, &ts);
		s->gathering = false;
	}
	return s->reading.head != NULL || s->waiting.head != NULL;
}

/* Values and counters are read in a transaction of their own database. */
static void
read_batch(struct store *s, struct store_job *batch)
{
	for (struct store_job *job = batch; job != NULL; job = job->next)
		job->run(s, job);
	if (s->counters_open)
		db_exec(s->counters, "COMMIT");
	s->counters_open = false;
}

static void
commit_batch(struct store *s, struct store_job *batch)
{
	fault_point("prepare");
	for (struct store_job *job = batch; job != NULL; job = job->next)
		if (job->prepare != NULL)
			job->prepare(s, job);
	if (s->bodies_changed) {
		fault_point("bodies.fsync");
		if (fault_error("bodies.fsync") || fsync(s->bodies_fd) != 0)
			store_fail("fsync", "bodies");
		s->bodies_changed = false;
	}
	fault_point("begin");
	db_exec(s->queue, "BEGIN IMMEDIATE");
	for (struct store_job *job = batch; job != NULL; job = job->next)
		job->run(s, job);
	fault_point("commit");
	db_exec(s->queue, "COMMIT");
	fault_point("committed");
	if (s->counters_open)
		db_exec(s->counters, "COMMIT");
	s->counters_open = false;
}

/* What can be read goes first: somebody is being judged by it. */
static struct store_job *
batch_take(struct store *s, bool *reads)
{
	struct job_list *list = s->reading.head != NULL ? &s->reading : &s->waiting;
	struct store_job *batch = list->head;

	*reads = list == &s->reading;
	list_clear(list);
	if (!*reads) {
		s->urgent = 0;
		s->hurry = false;
	}
	return batch;
}

static void *
store_thread(void *arg)
{
	struct store *s = arg;
	static const uint64_t one = 1;

	pthread_mutex_lock(&s->lock);
	while (wait_for_jobs(s)) {
		bool reads;
		struct store_job *batch = batch_take(s, &reads);

		pthread_mutex_unlock(&s->lock);
		(reads ? read_batch : commit_batch)(s, batch);
		pthread_mutex_lock(&s->lock);
		s->committed = s->tail;
		while (batch != NULL) {
			struct store_job *next = batch->next;

			list_append(&s->finished, batch);
			batch = next;
		}
		if (write(s->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
			store_fail("write", "eventfd");
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* A new entry of the directory outlives a power cut from here on. */
static bool
sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
open_directories(struct store *s, char why[256])
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/bodies", s->dir);
	if (mkdir(s->dir, 0700) != 0 && errno != EEXIST) {
		snprintf(why, 256, "%s: %s: create it, owned by the user mailtri runs as", s->dir,
		    strerror(errno));
	} else if ((mkdir(buf_string(&path), 0700) != 0 && errno != EEXIST) ||
	    !sync_directory(s->dir)) {
		snprintf(why, 256, "%s: %s", buf_string(&path), strerror(errno));
	} else {
		s->bodies_fd = open(buf_string(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->bodies_fd < 0)
			snprintf(why, 256, "%s: %s", buf_string(&path), strerror(errno));
	}
	buf_free(&path);
	return s->bodies_fd >= 0;
}

static struct db *
open_database(struct store *s, const char *name, struct db_options options, char why[256])
{
	struct buf path = { 0 };
	struct db *db;

	if (s->dir == NULL)
		buf_add_string(&path, ":memory:");
	else
		buf_printf(&path, "%s/%s", s->dir, name);
	options.path = buf_string(&path);
	db = db_open(&options, why);
	buf_free(&path);
	return db;
}

/* Where the journal ends on disk. */
static void
load_tail(struct store *s)
{
	sqlite3_stmt *stmt = db_statement(s->queue,
	    "SELECT seq FROM audit ORDER BY seq DESC LIMIT 1");

	if (db_step(s->queue, stmt)) {
		s->tail = (uint64_t)db_int(stmt, 0) + 1;
		db_reset(stmt);
	}
	s->committed = s->tail;
}

static void
load_once(struct store *s)
{
	sqlite3_stmt *stmt = db_statement(s->queue, "SELECT key, until FROM claim");

	while (db_step(s->queue, stmt)) {
		struct mt_span key = db_span(stmt, 0);

		if (key.len == HASH_SIZE)
			once_add(&s->once, (const uint8_t *)key.ptr, db_int(stmt, 1), 0);
	}
}

static void
start_thread(struct store *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event_fd < 0 || pthread_create(&s->thread, NULL, store_thread, s) != 0)
		log_fatal("store: no descriptor or no thread left: %s", strerror(errno));
}

struct store *
store_open(const struct store_options *options, char why[256])
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->bodies_fd = -1;
	list_clear(&s->reading);
	list_clear(&s->waiting);
	list_clear(&s->finished);
	s->dir = options->dir != NULL ? xstrdup(options->dir) : NULL;
	if (s->dir != NULL && !open_directories(s, why))
		goto fail;
	if (s->dir != NULL)
		store_copy_sweep(s);
	s->queue = open_database(s, "queue.db",
	    (struct db_options){ .schema = schema_queue, .full_sync = true }, why);
	if (s->queue == NULL)
		goto fail;
	s->counters = open_database(s, "counters.db",
	    (struct db_options){ .schema = schema_counters }, why);
	if (s->counters == NULL)
		goto fail;
	load_tail(s);
	load_once(s);
	start_thread(s);
	return s;
fail:
	db_close(s->queue);
	if (s->bodies_fd >= 0)
		close(s->bodies_fd);
	free(s->dir);
	free(s);
	return NULL;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	store_reap(s);
	db_close(s->queue);
	db_close(s->counters);
	if (s->bodies_fd >= 0)
		close(s->bodies_fd);
	close(s->event_fd);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	explicit_bzero(&s->key, sizeof(s->key));
	once_fini(&s->once);
	free(s->dir);
	free(s);
}

/* Values are sealed under a key of their own: the installation's key also
 * makes names, and one key has one use. */
void
store_set_key(struct store *s, const uint8_t key[HASH_SIZE])
{
	pthread_mutex_lock(&s->lock);
	hash_hkdf(key, span_make(NULL, 0), SPAN("mailtri/state/v1"), s->key.key, SEAL_KEY_SIZE);
	pthread_mutex_unlock(&s->lock);
}

void
store_expect(struct store *s, int change)
{
	pthread_mutex_lock(&s->lock);
	s->expected += (size_t)change;
	pthread_mutex_unlock(&s->lock);
}

/* True: the thread has to look at it now. */
static bool
job_add(struct store *s, struct store_job *job)
{
	if ((job->flags & STORE_READ) != 0) {
		list_append(&s->reading, job);
		return true;
	}
	if (s->waiting.head == NULL)
		s->lazy_since_ms = clock_ms();
	list_append(&s->waiting, job);
	if ((job->flags & STORE_LAZY) != 0)
		return s->waiting.head == job;
	if (s->urgent++ == 0)
		s->urgent_since_us = clock_us();
	return !s->gathering || s->expected == 0;
}

void
store_submit(struct store *s, struct store_job *job)
{
	job->finished = false;
	pthread_mutex_lock(&s->lock);
	if (job_add(s, job))
		pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

int
store_fd(const struct store *s)
{
	return s->event_fd;
}

void
store_reap(struct store *s)
{
	struct store_job *job, *next;
	uint64_t n;

	if (read(s->event_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		store_fail("read", "eventfd");
	pthread_mutex_lock(&s->lock);
	job = s->finished.head;
	list_clear(&s->finished);
	pthread_mutex_unlock(&s->lock);
	for (; job != NULL; job = next) {
		next = job->next;	/* done() may free or submit it again */
		job->finished = true;
		if (job->done != NULL)
			job->done(job);
	}
}

void
store_wait(struct store *s, struct store_job *job)
{
	struct pollfd fd = { .fd = s->event_fd, .events = POLLIN };

	pthread_mutex_lock(&s->lock);
	s->hurry = s->waiting.head != NULL;	/* lazy or not, somebody waits now */
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	while (!job->finished) {
		poll(&fd, 1, -1);
		store_reap(s);
	}
}

uint64_t
store_leaves(struct store *s)
{
	uint64_t leaves;

	pthread_mutex_lock(&s->lock);
	leaves = s->committed;
	pthread_mutex_unlock(&s->lock);
	return leaves;
}

const char *
store_dir(const struct store *s)
{
	return s->dir;
}

enum store_room
store_room(const struct store *s, uint64_t reserve_bytes)
{
	struct statvfs vfs;
	uint64_t room;

	if (s->dir == NULL)
		return STORE_ROOM;
	if (statvfs(s->dir, &vfs) != 0)
		return STORE_NO_ATTEMPTS;
	room = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	if (room >= reserve_bytes)
		return STORE_ROOM;
	return room >= reserve_bytes / 2 ? STORE_NO_INTAKE : STORE_NO_ATTEMPTS;
}

struct db *
store_queue(struct store *s)
{
	return s->queue;
}

struct db *
store_counters(struct store *s)
{
	if (!s->counters_open)
		db_exec(s->counters, "BEGIN IMMEDIATE");
	s->counters_open = true;
	return s->counters;
}

struct db *
store_counters_outside(struct store *s)
{
	return s->counters;
}

struct once *
store_once(struct store *s)
{
	return &s->once;
}

const struct slot *
store_key(struct store *s)
{
	return &s->key;
}

uint64_t *
store_tail(struct store *s)
{
	return &s->tail;
}

int
store_bodies_fd(const struct store *s)
{
	return s->bodies_fd;
}

void
store_bodies_changed(struct store *s)
{
	s->bodies_changed = true;
}
