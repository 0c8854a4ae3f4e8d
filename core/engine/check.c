/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine without fronts: one mail a frame, judged and reported. */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/utf8.h"
#include "pipeline/report.h"
#include "smtp/address.h"
#include "smtp/data.h"
#include "smtp/reply.h"

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
		line->only = xcalloc(e->current->settings->stage_count, sizeof(bool));
	for (uint32_t i = 0; i < count; i++) {
		struct mt_span name = unpack_span(u);
		size_t s = 0;

		while (s < e->current->settings->stage_count && !span_is(name, e->current->settings->stages[s].name))
			s++;
		if (s == e->current->settings->stage_count)
			return false;
		line->only[s] = true;
	}
	return !u->bad;
}

/* The message as a client would have sent it: dots stuffed, ended. */
static uint32_t
data_faults(struct mt_span raw, uint64_t limit)
{
	struct data data;
	struct buf wire = { 0 }, out = { 0 };
	bool start = true;

	for (size_t i = 0; i < raw.len; i++) {
		if (start && raw.ptr[i] == '.')
			buf_add_char(&wire, '.');
		buf_add_char(&wire, raw.ptr[i]);
		start = raw.ptr[i] == '\n' && i > 0 && raw.ptr[i - 1] == '\r';
	}
	buf_add_string(&wire, start ? ".\r\n" : "\r\n.\r\n");
	data_init(&data, limit);
	data_feed(&data, buf_span(&wire), &out);
	buf_free(&wire);
	buf_free(&out);
	return data.faults;
}

/* Borrows from path, which then holds the mailbox in its brackets. */
static bool
path_parse(struct buf *path, struct mt_span mailbox, struct address *address)
{
	size_t used = 0;

	buf_add_char(path, '<');
	buf_add(path, mailbox.ptr, mailbox.len);
	buf_add_char(path, '>');
	return address_parse(buf_span(path), address, &used) == ADDRESS_OK &&
	    used == path->len;
}

static bool
path_is_good(struct mt_span mailbox, bool may_be_null)
{
	struct buf path = { 0 };
	struct address address;
	bool good = path_parse(&path, mailbox, &address) &&
	    (may_be_null || address.kind != ADDRESS_NULL);

	buf_free(&path);
	return good;
}

/* As a front would have it: what is no address stays as it is. */
static struct mt_span
canonical(struct mt_span mailbox, char out[ADDRESS_PATH_MAX])
{
	struct buf path = { 0 };
	struct address address;
	char made[ADDRESS_PATH_MAX];

	if (!utf8_is_ascii(mailbox) && path_parse(&path, mailbox, &address)) {
		mailbox = address_canonical(&address, made);
		memcpy(out, mailbox.ptr, mailbox.len);
		mailbox.ptr = out;
	}
	buf_free(&path);
	return mailbox;
}

/* What the dialogue would have refused before any stage is asked. */
static enum reply_id
dialogue_refuses(const struct engine *e, const struct mail *m, struct mt_span raw)
{
	static const struct {
		uint32_t fault;
		enum reply_id reply;
	} table[] = {
		{ DATA_BARE, REPLY_BARE }, { DATA_LARGE, REPLY_SIZE },
		{ DATA_LONG, REPLY_LINE },
	};
	const struct envelope *v = &m->envelope;
	uint32_t faults;

	if (!address_is_domain(v->helo) && !address_is_literal(v->helo))
		return REPLY_DOMAIN;
	if (!path_is_good(v->sender, true))
		return REPLY_SENDER;
	if (!path_is_good(v->rcpt, false))
		return REPLY_RECIPIENT;
	faults = data_faults(raw, e->current->settings->limits.message_bytes);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if ((faults & table[i].fault) != 0)
			return table[i].reply;
	return data_header(raw) == DATA_HEADER_OTHER ? REPLY_HEADER : REPLY_NONE;
}

static void
refuse(struct engine *e, struct mail *m, struct verdict v)
{
	m->verdict = v;
	m->verdict.phase = PHASE_ENVELOPE;
	report(e, m);
}

/* The words of the dialogue, "reason: sentence" where it has a reason. */
static struct verdict
verdict_of_reply(enum reply_id id)
{
	const struct reply *r = reply_get(id);
	struct mt_span reason = reply_reason(id);
	char code[64] = "smtp.syntax";

	if (reason.len > 0 && reason.len < sizeof(code))
		snprintf(code, sizeof(code), "%.*s", (int)reason.len, reason.ptr);
	return verdict_host(r->code, r->enhanced, code,
	    reason.len > 0 ? r->text + reason.len + 2 : r->text);
}

static void
judge(struct engine *e, struct mail *m)
{
	const struct line_of *line = m->arg;
	enum reply_id id = m->only != NULL ? REPLY_NONE :
	    dialogue_refuses(e, m, line->raw.span);

	if (id != REPLY_NONE) {
		refuse(e, m, verdict_of_reply(id));
	} else if (m->route == NULL && m->only == NULL) {
		refuse(e, m, verdict_host(550, "5.1.1", "smtp.rcpt.unknown",
		    "no intent is served at this address; check its spelling"));
	} else {
		mail_envelope(m);
	}
}

static void
check_line(struct engine *e, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	struct line_of *line = xcalloc(1, sizeof(*line));
	int64_t now = unpack_i64(&u);
	char sender[ADDRESS_PATH_MAX], rcpt[ADDRESS_PATH_MAX];
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
	envelope.sender = canonical(envelope.sender, sender);
	envelope.rcpt = canonical(envelope.rcpt, rcpt);
	m = mail_new(&e->current->pipeline, &envelope, now != 0 ? now : now_s());
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

static bool
is_ready(const struct engine *e)
{
	return e->recovered && (!e->keep || slots_count(e->slots) > 0);
}

void
check_frame(struct engine *e, struct frame *f)
{
	struct later *l;

	if (is_ready(e)) {
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
	while (later != NULL && is_ready(e)) {
		struct later *l = later;

		later = l->next;
		check_line(e, &l->frame);
		frame_close_fds(&l->frame);
		buf_free(&l->body);
		free(l);
	}
	if (later == NULL)
		later_tail = &later;
}
