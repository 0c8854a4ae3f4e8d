/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser: message bytes in, parsed view out; edits in, edited bytes and
 * their view out.  One message at a time, in order of arrival. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/sandbox.h"
#include "mail/charset.h"
#include "mail/edit.h"
#include "mail/parse.h"
#include "mail/view.h"

/* A request and the answer being made of it. */
struct job {
	struct frame *frame;
	struct unpack in;
	struct bytes raw;
	struct buf view, edited;
};

static const struct {
	int error;
	const char *text;
} reasons[] = {
	{ EMSGSIZE, "the message is larger than the parser takes" },
	{ EPROTO, "the MIME library misplaced a part" },
	{ EINVAL, "an edit does not fit the message" },
	{ EBADMSG, "the request cannot be read" },
};

static const char *
why(int error)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == error)
			return reasons[i].text;
	return strerror(error);
}

static int
run_parse(struct job *j)
{
	int error = bytes_unpack(&j->in, j->frame, &j->raw);

	return error != 0 ? error : parse_message(j->raw.span, &j->view);
}

static int
edits_run(struct job *j, const struct mt_edit *edits, uint32_t count)
{
	struct view v;
	int error;

	if ((error = parse_message(j->raw.span, &j->view)) != 0)
		return error;
	if ((error = view_open(&v, buf_span(&j->view), j->raw.span)) != 0)
		return error;
	if ((error = edits_apply(&v, edits, count, &j->edited)) != 0)
		return error;
	return parse_message(buf_span(&j->edited), &j->view);
}

static int
run_apply(struct job *j)
{
	struct arena arena = { 0 };
	struct mt_edit *edits;
	uint32_t count;
	int error = edit_array_unpack(&j->in, &arena, &edits, &count);

	if (error == 0)
		error = bytes_unpack(&j->in, j->frame, &j->raw);
	if (error == 0)
		error = edits_run(j, edits, count);
	arena_free(&arena);
	return error;
}

static const struct request {
	uint32_t type, answer;
	int (*run)(struct job *);
} requests[] = {
	{ PROTO_PARSE, PROTO_VIEW, run_parse },
	{ PROTO_APPLY, PROTO_EDITED, run_apply },
};

static const struct request *
request_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == type)
			return &requests[i];
	return NULL;
}

/* Packs an answer and its descriptors; ENFILE where there are none left. */
static int
answer_pack(struct buf *out, const struct job *j, const struct request *r, int *fds)
{
	int count = 0, fd;

	pack_u8(out, 1);
	pack_string(out, "");
	if (r->answer == PROTO_EDITED) {
		if ((fd = bytes_pack(out, buf_span(&j->edited))) == -2)
			return -ENFILE;
		if (fd >= 0)
			fds[count++] = fd;
	}
	fd = bytes_pack(out, buf_span(&j->view));
	if (fd >= 0)
		fds[count++] = fd;
	if (fd != -2)
		return count;
	while (count > 0)
		close(fds[--count]);
	return -ENFILE;
}

static void
refusal_pack(struct buf *out, const struct request *r, int error)
{
	buf_reset(out);
	pack_u8(out, 0);
	pack_string(out, why(error));
	if (r->answer == PROTO_EDITED)
		bytes_pack(out, SPAN(""));
	bytes_pack(out, SPAN(""));
}

static void
answer(const struct job *j, const struct request *r, int error)
{
	struct buf out = { 0 };
	int fds[2], count = 0;

	if (error == 0 && (count = answer_pack(&out, j, r, fds)) < 0)
		error = -count;
	if (error != 0) {
		count = 0;
		refusal_pack(&out, r, error);
	}
	error = frame_send(PROTO_CHANNEL_FD, r->answer, j->frame->id, buf_span(&out),
	    fds, count);
	for (int i = 0; i < count; i++)
		close(fds[i]);
	buf_free(&out);
	if (error == EPIPE)
		exit(0);
	if (error != 0)
		log_fatal("cannot answer the engine: %s", strerror(error));
}

static void
serve(struct frame *f)
{
	const struct request *r = request_find(f->type);
	struct job j = { .frame = f, .in = unpack_of(f->body) };

	if (r == NULL)
		log_fatal("the engine sent a frame of type %u: are all programs of one version?",
		    f->type);
	fault_point("parser.run");
	answer(&j, r, r->run(&j));
	bytes_free(&j.raw);
	buf_free(&j.view);
	buf_free(&j.edited);
}

/* A message, its decoded parts, gmime's copies. */
static void
lock(void)
{
	static const struct sandbox_grant grant = { .memory = 4ull * VIEW_RAW_MAX,
		.maps = 2ull * VIEW_RAW_MAX };

	sandbox_lock(SANDBOX_PARSER, &grant);
}

int
main(void)
{
	struct buf in = { 0 };
	struct frame f;
	int error;

	log_open("parser", false);
	sandbox_enter();
	parse_init();
	charset_preload();
	lock();
	if ((error = frame_send(PROTO_CHANNEL_FD, PROTO_READY, 0, SPAN(""), NULL, 0)) != 0)
		log_fatal("no channel to the engine (%s): mailtrid starts this program",
		    strerror(error));
	while ((error = frame_recv(PROTO_CHANNEL_FD, &f, &in, 0)) == 0) {
		serve(&f);
		frame_close_fds(&f);
	}
	buf_free(&in);
	if (error != EPIPE)
		log_fatal("cannot read from the engine: %s", strerror(error));
	return 0;
}
