/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of the last signature, and what follows from it. */
#include "audit/promise.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { FILE_MAX = 128 };

static const char name[] = "signed";

static int
parse(struct mt_span file, struct promise *p)
{
	char text[FILE_MAX + 1], root[2 * HASH_SIZE + 1];
	int used = 0;

	memcpy(text, file.ptr, file.len);
	text[file.len] = '\0';
	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %64[0-9a-f]%n", &p->log, &p->head.size, root,
	    &used) != 3 || strcmp(text + used, "\n") != 0 || p->head.size > PROMISE_ANY)
		return EBADMSG;
	return hash_unhex(span_of(root), p->head.root, HASH_SIZE);
}

int
promise_load(int dir_fd, bool is_new, struct promise *p)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[FILE_MAX];
	ssize_t n;

	memset(p, 0, sizeof(*p));
	if (fd < 0 && errno == ENOENT && is_new)
		return promise_save(dir_fd, p);	/* before a slot is filled */
	if (fd < 0 && errno != ENOENT)
		return errno;
	n = fd < 0 ? 0 : read(fd, text, FILE_MAX);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return errno;
	if (parse(span_make(text, (size_t)n), p) != 0)
		*p = (struct promise){ .head.size = PROMISE_ANY };
	return 0;
}

/* Over the old one, in one sector and always as long, so that no sync of it
 * has anything to do with those of others.  One that is torn cannot be read. */
int
promise_save(int dir_fd, const struct promise *p)
{
	bool is_new = faccessat(dir_fd, name, F_OK, 0) != 0;
	char text[FILE_MAX], root[2 * HASH_SIZE + 1];
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int len, error = 0;

	if (fd < 0)
		return errno;
	hash_hex(p->head.root, HASH_SIZE, root);
	len = snprintf(text, sizeof(text), "%020" PRIu64 " %020" PRIu64 " %s\n", p->log,
	    p->head.size, root);
	if (pwrite(fd, text, (size_t)len, 0) != len || fdatasync(fd) != 0 ||
	    (is_new && fsync(dir_fd) != 0))
		error = errno != 0 ? errno : ENOSPC;
	close(fd);
	return error;
}

int
promise_check(const struct promise *p, const struct promise_ask *ask)
{
	if (ask->checkpoint.log > p->log)
		return 0;
	if (ask->checkpoint.log < p->log || ask->old != p->head.size)
		return ESTALE;
	return tree_check_growth(&p->head, &ask->checkpoint.head, &ask->path);
}

static void
pack_hash(struct buf *b, const uint8_t hash[HASH_SIZE])
{
	buf_add(b, hash, HASH_SIZE);
}

static void
unpack_bytes(struct unpack *u, uint8_t *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out[i] = unpack_u8(u);
}

void
promise_pack(struct buf *b, const struct promise *p)
{
	pack_u64(b, p->log);
	pack_u64(b, p->head.size);
	pack_hash(b, p->head.root);
}

void
promise_unpack(struct unpack *u, struct promise *p)
{
	p->log = unpack_u64(u);
	p->head.size = unpack_u64(u);
	unpack_bytes(u, p->head.root, HASH_SIZE);
	if (p->head.size >> (TREE_LEVELS - 1) != 0)
		u->bad = true;
}

void
promise_ask_pack(struct buf *b, const struct promise_ask *ask)
{
	const struct promise p = { ask->checkpoint.log, ask->checkpoint.head };

	promise_pack(b, &p);
	pack_i64(b, ask->checkpoint.time_s);
	pack_u64(b, ask->old);
	pack_u32(b, (uint32_t)ask->path.count);
	for (size_t i = 0; i < ask->path.count; i++)
		pack_hash(b, ask->path.hash[i]);
}

int
promise_ask_unpack(struct mt_span body, struct promise_ask *ask)
{
	struct unpack u = unpack_of(body);
	struct promise p;

	promise_unpack(&u, &p);
	ask->checkpoint = (struct checkpoint){ .log = p.log, .head = p.head };
	ask->checkpoint.time_s = unpack_i64(&u);
	ask->old = unpack_u64(&u);
	ask->path.count = unpack_count(&u, HASH_SIZE);
	if (p.log == 0 || ask->checkpoint.time_s < 0 || ask->path.count > TREE_PATH_MAX)
		return EBADMSG;
	for (size_t i = 0; i < ask->path.count; i++)
		unpack_bytes(&u, ask->path.hash[i], HASH_SIZE);
	return unpack_done(&u) ? 0 : EBADMSG;
}

void
promise_answer_pack(struct buf *b, const struct promise_answer *answer)
{
	pack_u32(b, (uint32_t)answer->error);
	promise_pack(b, &answer->last);
	buf_add(b, answer->signatures.text, NOTE_SIGNATURE_SIZE);
	buf_add(b, answer->signatures.timed, NOTE_SIGNATURE_SIZE);
}

int
promise_answer_unpack(struct mt_span body, struct promise_answer *answer)
{
	struct unpack u = unpack_of(body);

	answer->error = (int)unpack_u32(&u);
	promise_unpack(&u, &answer->last);
	unpack_bytes(&u, answer->signatures.text, NOTE_SIGNATURE_SIZE);
	unpack_bytes(&u, answer->signatures.timed, NOTE_SIGNATURE_SIZE);
	return unpack_done(&u) ? 0 : EBADMSG;
}
