/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers, packing, arenas, the loop's timers, frames. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/frame.h"
#include "base/log.h"

static void
packing_round_trip(void **state)
{
	struct buf b = { 0 };
	struct unpack u;

	(void)state;
	pack_u8(&b, 200);
	pack_u16(&b, 65000);
	pack_u32(&b, 4000000000u);
	pack_i64(&b, -5);
	pack_string(&b, "hello");
	u = unpack_of(buf_span(&b));
	assert_int_equal(unpack_u8(&u), 200);
	assert_int_equal(unpack_u16(&u), 65000);
	assert_int_equal(unpack_u32(&u), 4000000000u);
	assert_int_equal(unpack_i64(&u), -5);
	assert_true(span_is(unpack_span(&u), "hello"));
	assert_true(unpack_done(&u));
	buf_free(&b);
}

/* Every cut of a packed block is bad, none reads beyond its end. */
/* Printed text is formatted into room for a short one first. */
static void
printing(void **state)
{
	char text[200];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int len = 0; len <= 199; len++) {
		struct buf b = { 0 };

		buf_add_char(&b, '<');
		buf_printf(&b, "%.*s>", len, text);
		assert_int_equal(b.len, len + 2);
		assert_memory_equal(b.p + 1, text, (size_t)len);
		assert_string_equal(buf_string(&b) + len + 1, ">");
		buf_free(&b);
	}
}

static void
packing_cut_short(void **state)
{
	struct buf b = { 0 };

	(void)state;
	pack_u32(&b, 7);
	pack_string(&b, "hello");
	for (size_t cut = 0; cut < b.len; cut++) {
		unsigned char *copy = malloc(cut == 0 ? 1 : cut);
		struct unpack u;

		memcpy(copy, b.p, cut);
		u = unpack_of(span_make(copy, cut));
		unpack_u32(&u);
		unpack_span(&u);
		assert_true(u.bad);
		free(copy);
	}
	buf_free(&b);
}

static void
count_is_bounded_by_input(void **state)
{
	struct buf b = { 0 };
	struct unpack u;

	(void)state;
	pack_u32(&b, 3);
	pack_u64(&b, 0);
	pack_u64(&b, 0);
	u = unpack_of(buf_span(&b));
	assert_int_equal(unpack_count(&u, 8), 0);
	assert_true(u.bad);
	u = unpack_of(buf_span(&b));
	assert_int_equal(unpack_count(&u, 5), 3);
	assert_false(u.bad);
	buf_free(&b);
}

static void
quote_hides_controls(void **state)
{
	char out[16];

	(void)state;
	assert_string_equal(log_quote(out, sizeof(out), SPAN("a\r\nb")), "a\\x0d\\x0ab");
	assert_string_equal(log_quote(out, sizeof(out), SPAN("0123456789abcdefgh")),
	    "0123456789ab...");
}

static int fired[8], fired_count;

static void
fire(struct timer *t)
{
	fired[fired_count++] = *(int *)t->arg;
}

static void
timers_fire_in_order(void **state)
{
	struct loop *l = loop_new();
	int ids[5] = { 0, 1, 2, 3, 4 };
	int delays[5] = { 4, 1, 3, 0, 2 };
	struct timer t[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		t[i] = (struct timer){ .fn = fire, .arg = &ids[i] };
		timer_set(l, &t[i], delays[i]);
	}
	timer_clear(l, &t[2]);
	while (fired_count < 4)
		loop_once(l, -1);
	assert_int_equal(fired[0], 3);
	assert_int_equal(fired[1], 1);
	assert_int_equal(fired[2], 4);
	assert_int_equal(fired[3], 0);
	loop_free(l);
}

struct seen {
	struct buf bytes;
	int frames, gone;
};

static void
on_frame(struct channel *c, struct frame *f, void *arg)
{
	struct seen *seen = arg;
	struct unpack u = unpack_of(f->body);
	struct bytes bytes;

	(void)c;
	seen->frames++;
	assert_int_equal(bytes_unpack(&u, f, &bytes), 0);
	buf_reset(&seen->bytes);
	buf_add(&seen->bytes, bytes.span.ptr, bytes.span.len);
	bytes_free(&bytes);
}

static void
on_gone(struct channel *c, void *arg)
{
	(void)c;
	((struct seen *)arg)->gone++;
}

/* At the inline limit the bytes travel in the frame, one more by memfd. */
static void
frames_carry_bytes(void **state)
{
	size_t sizes[] = { 0, 1, FRAME_INLINE_MAX, FRAME_INLINE_MAX + 1, 1 << 20 };
	struct loop *l = loop_new();
	struct seen seen = { 0 };
	struct channel *c;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair_open(fds), 0);
	c = channel_new(l, fds[0], on_frame, on_gone, &seen);
	for (size_t i = 0; i < 5; i++) {
		char *p = malloc(sizes[i] + 1);
		struct buf b = { 0 };
		int fd;

		memset(p, (int)('a' + i), sizes[i]);
		fd = bytes_pack(&b, span_make(p, sizes[i]));
		assert_int_equal(fd >= 0, sizes[i] > FRAME_INLINE_MAX);
		assert_int_equal(frame_send(fds[1], 7, 1, buf_span(&b), &fd, fd >= 0), 0);
		if (fd >= 0)
			close(fd);
		while (seen.frames <= (int)i)
			loop_once(l, -1);
		assert_true(span_equal(buf_span(&seen.bytes), span_make(p, sizes[i])));
		buf_free(&b);
		free(p);
	}
	close(fds[1]);
	while (!seen.gone)
		loop_once(l, -1);
	channel_free(c);
	buf_free(&seen.bytes);
	loop_free(l);
}

/* Bytes that their sender could still change are not taken. */
static void
unsealed_memfd_is_refused(void **state)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct bytes bytes;

	(void)state;
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(bytes_map(fd, &bytes), EBADMSG);
}

/* A peer that does not read costs memory, then itself; a send never blocks. */
static void
slow_peer_is_cut(void **state)
{
	struct loop *l = loop_new();
	struct seen seen = { 0 };
	struct buf b = { 0 };
	struct channel *c;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair_open(fds), 0);
	c = channel_new(l, fds[0], on_frame, on_gone, &seen);
	buf_reserve(&b, 100000);
	b.len = 100000;
	memset(b.p, 0, b.len);
	for (size_t owed = 0; owed < FRAME_QUEUE_MAX + (4u << 20); owed += b.len)
		channel_send(c, 1, 1, buf_span(&b), NULL, 0);
	while (!seen.gone)
		loop_once(l, -1);
	channel_free(c);
	close(fds[1]);
	buf_free(&b);
	loop_free(l);
}

/* What a peer answered before it died with frames unread is an answer: a send
 * that meets the dead socket must not come before it. */
static void
last_words_are_heard(void **state)
{
	struct loop *l = loop_new();
	struct seen seen = { 0 };
	struct buf b = { 0 };
	struct channel *c;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair_open(fds), 0);
	c = channel_new(l, fds[0], on_frame, on_gone, &seen);
	assert_int_equal(bytes_pack(&b, SPAN("answer")), -1);
	channel_send(c, 1, 1, SPAN("never read"), NULL, 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(frame_send(fds[1], 7, i, buf_span(&b), NULL, 0), 0);
	close(fds[1]);
	channel_send(c, 1, 2, SPAN("too late"), NULL, 0);
	channel_send(c, 1, 3, SPAN("too late"), NULL, 0);
	while (!seen.gone)
		loop_once(l, -1);
	assert_int_equal(seen.frames, 3);
	assert_int_equal(seen.gone, 1);
	channel_free(c);
	buf_free(&seen.bytes);
	buf_free(&b);
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printing),
		cmocka_unit_test(packing_round_trip),
		cmocka_unit_test(packing_cut_short),
		cmocka_unit_test(count_is_bounded_by_input),
		cmocka_unit_test(quote_hides_controls),
		cmocka_unit_test(timers_fire_in_order),
		cmocka_unit_test(frames_carry_bytes),
		cmocka_unit_test(unsealed_memfd_is_refused),
		cmocka_unit_test(slow_peer_is_cut),
		cmocka_unit_test(last_words_are_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
