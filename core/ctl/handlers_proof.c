/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs, made of the published tiles by a job of the store: they are read
 * from the disk, for which the loop does not wait. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/proof.h"
#include "audit/tile.h"
#include "ctl/handlers_audit.h"

struct proving {
	struct store_job job;
	const struct handlers *h;
	struct control_reply *reply;
	struct arena arena;
	char event[QUEUE_EVENT_SIZE];	/* "": by seq */
	uint64_t seq, old, new;
	/* out */
	int error;
	size_t records;		/* of the event */
	const char *note;
	struct checkpoint checkpoint;
	struct tree_path path;
	struct mt_span leaf;
};

static struct proving *
proving_new(struct control_reply *r, void *arg)
{
	struct proving *p = xcalloc(1, sizeof(*p));

	p->h = arg;
	p->reply = r;
	return p;
}

static void
proving_free(struct proving *p)
{
	arena_free(&p->arena);
	free(p);
}

static int
folder_open(struct store *s, struct tile_folder *folder)
{
	struct buf path = { 0 };

	if (store_dir(s) == NULL)
		return ENOENT;
	buf_printf(&path, "%s/audit", store_dir(s));
	folder->dir_fd = open(buf_string(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_free(&path);
	return folder->dir_fd < 0 ? errno : 0;
}

/* The last checkpoint; false: none yet. */
static bool
checkpoint_read(struct store *s, struct proving *p)
{
	p->note = journal_marked(s, &p->arena);
	return p->note != NULL && checkpoint_verify(p->h->key, span_of(p->note), &p->checkpoint) == 0;
}

static int
record_read(struct store *s, struct proving *p)
{
	struct journal_row *rows;
	size_t n = p->event[0] != '\0' ?
	    journal_find(s, &p->arena, span_of(p->event), AUDIT_PAGE_MAX, &rows) :
	    journal_read(s, &p->arena, p->seq, 1, &rows);

	if (n == 0 || (p->event[0] == '\0' && rows[0].seq != p->seq))
		return ENOENT;
	p->records = n;
	p->seq = rows[0].seq;
	p->leaf = rows[0].leaf;
	return p->seq < p->checkpoint.head.size ? 0 : EAGAIN;
}

static void
prove_run(struct store *s, struct store_job *job)
{
	struct proving *p = job->arg;
	struct tile_folder *folder = xcalloc(1, sizeof(*folder));
	struct tree_source source = tile_source(folder);

	p->error = checkpoint_read(s, p) ? record_read(s, p) : EAGAIN;
	folder->size = p->checkpoint.head.size;
	if (p->error == 0 && (p->error = folder_open(s, folder)) == 0) {
		p->error = tree_prove_leaf(&source, p->seq, folder->size, &p->path);
		close(folder->dir_fd);
	}
	free(folder);
}

static void
prove_fail(struct proving *p)
{
	if (p->error == EAGAIN)
		control_fail(p->reply, "no checkpoint covers it yet: try again in a second");
	else if (p->error == ENOENT && p->leaf.len == 0 && p->event[0] != '\0')
		control_fail(p->reply, "%s is not in the audit log", p->event);
	else if (p->error == ENOENT && p->leaf.len == 0)
		control_fail(p->reply, "the audit log has no record %llu", (unsigned long long)p->seq);
	else
		control_fail(p->reply, "the tiles of the audit log cannot be read: %s: they are made "
		    "again at the next start", strerror(p->error));
}

static void
prove_done(struct store_job *job)
{
	struct proving *p = job->arg;
	struct proof proof = { .index = p->seq, .path = p->path };
	struct buf text = { 0 };

	if (p->error != 0) {
		prove_fail(p);
		proving_free(p);
		return;
	}
	buf_add(&proof.leaf, p->leaf.ptr, p->leaf.len);
	proof.note = span_of(p->note);
	proof_format(&proof, &text);
	control_add(p->reply, json_pack("{s:I, s:I, s:s%}", "seq", (json_int_t)p->seq, "records",
	    (json_int_t)p->records, "proof", text.p, text.len));
	control_done(p->reply);
	proof_fini(&proof);
	buf_free(&text);
	proving_free(p);
}

void
handlers_audit_prove(struct control_reply *r, const json_t *request, void *arg)
{
	struct proving *p = proving_new(r, arg);
	const char *event = control_string(request, "event", "");

	if (strlen(event) >= sizeof(p->event)) {
		control_fail(r, "%s is not an event: they look like evt_ and 26 letters", event);
		proving_free(p);
		return;
	}
	memcpy(p->event, event, strlen(event) + 1);
	p->seq = (uint64_t)control_int(request, "seq", 0);
	p->job = (struct store_job){ .run = prove_run, .done = prove_done, .arg = p };
	store_submit(p->h->store, &p->job);
}

/* Growth */

static void
growth_run(struct store *s, struct store_job *job)
{
	struct proving *p = job->arg;
	struct tile_folder *folder = xcalloc(1, sizeof(*folder));
	struct tree_source source = tile_source(folder);

	p->error = checkpoint_read(s, p) ? 0 : EAGAIN;
	folder->size = p->checkpoint.head.size;
	if (p->error == 0 && (p->old > p->new || p->new > folder->size))
		p->error = EINVAL;
	if (p->error == 0 && (p->error = folder_open(s, folder)) == 0) {
		p->error = tree_prove_growth(&source, p->old, p->new, &p->path);
		close(folder->dir_fd);
	}
	free(folder);
}

static void
growth_done(struct store_job *job)
{
	struct proving *p = job->arg;
	json_t *path = json_array();

	for (size_t i = 0; p->error == 0 && i < p->path.count; i++) {
		struct buf hash = { 0 };

		hash_base64(&hash, p->path.hash[i], HASH_SIZE);
		json_array_append_new(path, json_string(buf_string(&hash)));
		buf_free(&hash);
	}
	if (p->error == EINVAL) {
		control_fail(p->reply, "this log has %llu signed records: it cannot lead from %llu to "
		    "%llu", (unsigned long long)p->checkpoint.head.size, (unsigned long long)p->old,
		    (unsigned long long)p->new);
		json_decref(path);
	} else if (p->error != 0) {
		prove_fail(p);
		json_decref(path);
	} else {
		control_add(p->reply, json_pack("{s:o}", "path", path));
		control_done(p->reply);
	}
	proving_free(p);
}

void
handlers_audit_growth(struct control_reply *r, const json_t *request, void *arg)
{
	struct proving *p = proving_new(r, arg);

	p->old = (uint64_t)control_int(request, "old", 0);
	p->new = (uint64_t)control_int(request, "new", 0);
	p->job = (struct store_job){ .run = growth_run, .done = growth_done, .arg = p };
	store_submit(p->h->store, &p->job);
}

/* The last checkpoint, as it is. */

static void
checkpoint_run(struct store *s, struct store_job *job)
{
	struct proving *p = job->arg;

	if (!checkpoint_read(s, p))
		p->note = NULL;
}

static void
checkpoint_done(struct store_job *job)
{
	struct proving *p = job->arg;

	if (p->note == NULL) {
		control_fail(p->reply, "there is no checkpoint yet: try again in a second");
	} else {
		control_add(p->reply, json_pack("{s:s}", "note", p->note));
		control_done(p->reply);
	}
	proving_free(p);
}

void
handlers_audit_checkpoint(struct control_reply *r, const json_t *request, void *arg)
{
	struct proving *p = proving_new(r, arg);

	(void)request;
	p->job = (struct store_job){ .run = checkpoint_run, .done = checkpoint_done, .arg = p };
	store_submit(p->h->store, &p->job);
}
