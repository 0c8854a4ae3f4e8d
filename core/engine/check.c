/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine without fronts: one mail a frame, judged and reported. */
#include "engine/engine.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "pipeline/report.h"

/* Hangs on mail->arg. */
struct line_of {
	uint32_t id;
	bool keep;
	struct mail_bytes raw;	/* until the envelope phase is over */
	bool *only;
};

static void
report(struct engine *e, struct mail *m)
{
	const struct line_of *line = m->arg;
	struct buf json = { 0 }, b = { 0 };
	int fd;

	report_json(m, &json);
	fd = bytes_pack(&b, buf_span(&json));
	channel_send(e->master, PROTO_REPORT, line->id, buf_span(&b), &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
	buf_free(&b);
	buf_free(&json);
	mail_end(m);
}

static void
seen_done(struct store_job *job)
{
	free(job->arg);
}

/* Whoever reads the report has seen the answer. */
static void
seen(struct engine *e, const struct mail *m)
{
	struct queue_seen *s = xcalloc(1, sizeof(*s));

	memcpy(s->event, m->event, sizeof(s->event) - 1);
	s->job.done = seen_done;
	s->job.arg = s;
	queue_seen(e->store, s);
}

void
check_reply(struct engine *e, struct mail *m)
{
	if (m->verdict.disposition == ACCEPTED || m->verdict.disposition == HELD)
		seen(e, m);
	report(e, m);
}

void
check_judged(struct engine *e, struct mail *m)
{
	struct line_of *line = m->arg;
	struct mail_bytes raw = line->raw;

	if (!m->has_raw && (m->verdict.code < 400 || m->only != NULL)) {
		m->verdict = verdict_accepted();
		line->raw = (struct mail_bytes){ .fd = -1 };
		mail_message(m, raw);
	} else if (line->keep && m->route != NULL && m->has_raw) {
		commit_mail(e, m);
	} else {
		report(e, m);
	}
}

void
check_freed(struct mail *m)
{
	struct line_of *line = m->arg;

	mail_bytes_free(&line->raw);
	free(line->only);
	free(line);
}

/* False: the names are not all stages of the pipeline. */
static bool
stages_take(struct engine *e, struct unpack *u, struct line_of *line)
{
	uint32_t count = unpack_count(u, 4);

	if (count > 0)
		line->only = xcalloc(e->settings->stage_count, sizeof(bool));
	for (uint32_t i = 0; i < count; i++) {
		struct mt_span name = unpack_span(u);
		size_t s = 0;

		while (s < e->settings->stage_count && !span_is(name, e->settings->stages[s].name))
			s++;
		if (s == e->settings->stage_count)
			return false;
		line->only[s] = true;
	}
	return !u->bad;
}

static void
judge(struct engine *e, struct mail *m)
{
	if (m->route == NULL && m->only == NULL) {
		m->verdict = verdict_host(550, "5.1.1", "smtp.rcpt.unknown",
		    "no intent is served at this address; check its spelling");
		m->verdict.phase = PHASE_ENVELOPE;
		report(e, m);
		return;
	}
	mail_envelope(m);
}

static void
check_line(struct engine *e, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	struct line_of *line = xcalloc(1, sizeof(*line));
	int64_t now = unpack_i64(&u);
	struct envelope envelope;
	struct mail *m;

	line->id = f->id;
	line->raw.fd = -1;
	if (!stages_take(e, &u, line))
		log_fatal("check names a stage that the pipeline does not hold");
	line->keep = unpack_u8(&u) != 0;
	if (envelope_unpack(&u, NULL, &envelope) != 0 ||
	    mail_bytes_take(&u, f, &line->raw) != 0 || !unpack_done(&u))
		log_panic("a check that cannot be read");
	m = mail_new(&e->pipeline, &envelope, now != 0 ? now : now_s());
	m->arg = line;
	m->only = line->only;
	judge(e, m);
}

/* Lines that came before the state was ready. */
struct later {
	struct later *next;
	struct frame frame;
	struct buf body;
};

static struct later *later, **later_tail = &later;

void
check_frame(struct engine *e, struct frame *f)
{
	struct later *l;

	if (e->recovered) {
		check_line(e, f);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	l->frame = *f;
	buf_add(&l->body, f->body.ptr, f->body.len);
	l->frame.body = buf_span(&l->body);
	f->fd_count = 0;
	*later_tail = l;
	later_tail = &l->next;
}

void
check_resume(struct engine *e)
{
	while (later != NULL) {
		struct later *l = later;

		later = l->next;
		check_line(e, &l->frame);
		frame_close_fds(&l->frame);
		buf_free(&l->body);
		free(l);
	}
	later_tail = &later;
}
