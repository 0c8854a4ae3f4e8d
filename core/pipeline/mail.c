/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a mail in the pipeline. */
#include "pipeline/mail.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proto.h"
#include "pipeline/intent.h"
#include "pipeline/walk.h"

enum { RECEIVED_MAX = 30 };	/* RFC 5321 section 6.3: it goes round */

/* 48 bits of time, so that neighbours in time are neighbours in every index
 * of the store, and 80 nobody can guess. */
void
event_make(char out[40])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned char random[16];
	unsigned bits = 0, have = 0, n = 0;
	struct timespec now;
	uint64_t ms;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		log_panic("getrandom: %s", strerror(errno));
	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	for (int i = 0; i < 6; i++)
		random[i] = (unsigned char)(ms >> (40 - 8 * i));
	memcpy(out, "evt_", 4);
	for (size_t i = 0; i < sizeof(random) || have > 0; ) {
		while (have < 5 && i < sizeof(random)) {
			bits = bits << 8 | random[i++];
			have += 8;
		}
		if (have < 5) {		/* the last letter carries 3 bits */
			bits <<= 5 - have;
			have = 5;
		}
		have -= 5;
		out[4 + n++] = letters[bits >> have & 31];
	}
	out[4 + n] = '\0';
}

void
mail_bytes_free(struct mail_bytes *b)
{
	bytes_free(&b->map);
	free(b->own);
	if (b->fd >= 0)
		close(b->fd);
	*b = (struct mail_bytes){ .span = { "", 0 }, .fd = -1 };
}

int
mail_bytes_take(struct unpack *u, struct frame *f, struct mail_bytes *b)
{
	int error;

	*b = (struct mail_bytes){ .fd = -1 };
	error = bytes_unpack_keep(u, f, &b->map, &b->fd);
	if (error != 0)
		return error;
	b->span = b->map.span;
	if (b->map.map != NULL)
		return 0;
	b->own = xmalloc(b->span.len);	/* it lies in the frame */
	if (b->span.len > 0)
		memcpy(b->own, b->span.ptr, b->span.len);
	b->span.ptr = (const char *)b->own;
	b->map = (struct bytes){ .span = { "", 0 } };
	return 0;
}

static void
judge_passed(struct timer *t)
{
	mail_judge(t->arg, verdict_host(451, "4.3.0", "host.judge.timeout",
	    "the mail could not be judged in time; try again later"));
}

void
mail_set_route(struct mail *m, const struct setting_route *route)
{
	m->route = route;
	if (route != NULL)
		m->intent = (struct call_intent){ .route = span_of(route->address),
			.target = span_of(route->target), .params = SPAN("{}") };
}

struct mail *
mail_new(struct pipeline *p, const struct envelope *e, int64_t now)
{
	struct mail *m = xcalloc(1, sizeof(*m));

	m->pipeline = p;
	m->id = ++p->traffic->last_id;
	m->now = now;
	m->envelope = (struct envelope){
		.client = arena_span(&m->arena, e->client),
		.helo = arena_span(&m->arena, e->helo),
		.sender = arena_span(&m->arena, e->sender),
		.rcpt = arena_span(&m->arena, e->rcpt),
		.listener = arena_span(&m->arena, e->listener),
		.tls = arena_span(&m->arena, e->tls),
		.upstream = arena_span(&m->arena, e->upstream),
		.flags = e->flags, .port = e->port, .size = e->size };
	mail_set_route(m, settings_route(p->settings, e->rcpt));
	event_make(m->event);
	facts_init(&m->facts, &m->arena);
	answers_init(&m->answers, &m->arena);
	m->check_tail = &m->checks;
	m->raw.fd = m->view_block.fd = -1;
	m->verdict = verdict_accepted();
	m->judge = (struct timer){ .fn = judge_passed, .arg = m };
	m->deadline_ms = clock_ms() + p->settings->limits.judge_ms;	/* of what is foreseen */
	idmap_set(&p->traffic->mails, m->id, m);
	p->mails++;
	return m;
}

static void
claims_release(struct mail *m)
{
	while (m->held != NULL) {
		struct claim *c = m->held;

		m->held = c->next_held;
		claims_remove(&m->pipeline->traffic->claims, c);
	}
}

static void
mail_free(struct mail *m)
{
	timer_clear(m->pipeline->loop, &m->judge);
	idmap_remove(&m->pipeline->traffic->mails, m->id);
	m->pipeline->mails--;
	if (m->pipeline->ops.freed != NULL)
		m->pipeline->ops.freed(m->pipeline->ops.arg, m);
	claims_release(m);
	mail_bytes_free(&m->raw);
	mail_bytes_free(&m->view_block);
	arena_free(&m->arena);
	free(m);
}

/* While a peer has it in hand its bytes stay; the reply frees it. */
void
mail_end(struct mail *m)
{
	m->ended = true;
	timer_clear(m->pipeline->loop, &m->judge);
	claims_release(m);
	if (m->running && pool_cancel(&m->request))
		m->running = false;
	if (!m->running)
		mail_free(m);
}

struct mail *
mail_find(const struct traffic *t, uint32_t id)
{
	return idmap_find(&t->mails, id);
}

void
mail_judge(struct mail *m, struct verdict v)
{
	timer_clear(m->pipeline->loop, &m->judge);
	if (m->running && pool_cancel(&m->request))
		m->running = false;
	m->awaited = NULL;
	m->verdict = v;
	if (m->phase == 0)
		return;		/* judged already */
	m->phase = 0;
	m->pipeline->ops.judged(m->pipeline->ops.arg, m);
}

void
mail_check_add(struct mail *m, struct check c)
{
	struct check *copy = arena_dup(&m->arena, &c, sizeof(c));

	copy->next = NULL;
	*m->check_tail = copy;
	m->check_tail = &copy->next;
}

static void
judge_begin(struct mail *m, uint8_t phase)
{
	uint32_t ms = m->pipeline->settings->limits.judge_ms;

	m->phase = phase;
	m->cursor = 0;
	m->deadline_ms = clock_ms() + ms;
	timer_set(m->pipeline->loop, &m->judge, ms);
}

void
mail_envelope(struct mail *m)
{
	judge_begin(m, PHASE_ENVELOPE);
	mail_walk(m);
}

static void
host_fact(struct mail *m, const struct mt_fact *f)
{
	facts_add(&m->facts, "host", NULL, f);
}

/* What the parser found, as facts every stage may read. */
static void
facts_of_view(struct mail *m)
{
	struct buf text = { 0 };
	struct mt_fact ambiguous = { .key = "mime.ambiguous", .type = MT_FLAG,
		.num = m->view.ambiguous };
	struct mt_fact findings = { .key = "mime.findings", .type = MT_TEXT };

	for (uint32_t i = 0; i < m->view.finding_count; i++) {
		struct mt_span f = view_finding(&m->view, i);

		if (text.len + f.len + 1 > MT_FACT_TEXT_MAX)
			break;
		if (i > 0)
			buf_add_char(&text, ',');
		buf_add(&text, f.ptr, f.len);
	}
	host_fact(m, &ambiguous);
	findings.text = buf_span(&text);
	if (text.len > 0)
		host_fact(m, &findings);
	buf_free(&text);
}

static bool
intent_settled(struct mail *m)
{
	struct verdict v;

	if (m->route == NULL)
		return true;
	if (intent_find(m->route, view_subject(&m->view), view_text(&m->view),
	    &m->intent) == 0)
		return true;
	v = verdict_host(550, "5.7.1", "intent.ambiguous",
	    "the subject or text names two different commands; keep one");
	mail_judge(m, v);
	return false;
}

bool
mail_intent_kept(struct mail *m)
{
	struct mt_span verb = m->intent.verb;

	if (!intent_settled(m))
		return false;
	if (span_equal(verb, m->intent.verb))
		return true;
	mail_judge(m, verdict_host(550, "5.7.1", "intent.changed",
	    "an edit of the mail changed what it asks for"));
	return false;
}

static bool
goes_round(const struct mail *m)
{
	const struct pipeline *p = m->pipeline;
	struct view_field f;
	uint32_t received = 0;

	for (uint32_t i = 0; view_field(&m->view, i, &f) == 0; i++)
		received += span_is_nocase(f.name, "Received");
	return received > RECEIVED_MAX || (p->ops.own != NULL && p->ops.own(p->ops.arg, m));
}

static void
parsed(struct mail *m, struct frame *f)
{
	struct unpack u = unpack_of(f->body);
	bool ok = unpack_u8(&u) == 1;
	struct mt_span why = unpack_span(&u);
	char quoted[128];

	if (!ok || mail_bytes_take(&u, f, &m->view_block) != 0) {
		log_error("the parser gave no view of %s: %s", m->event,
		    log_quote(quoted, sizeof(quoted), why));
		goto fail;
	}
	if (view_open(&m->view, m->view_block.span, m->raw.span) != 0) {
		log_error("the parser gave a false view of %s", m->event);
		goto fail;
	}
	facts_of_view(m);
	if (m->view.ambiguous && m->only == NULL) {
		mail_judge(m, verdict_host(550, "5.6.0", "mime.ambiguous",
		    "the structure of the mail has more than one reading; send it as plain MIME"));
		return;
	}
	if (m->only == NULL && goes_round(m))
		mail_judge(m, verdict_host(554, "5.4.6", "host.loop",
		    "this mail goes round in circles; whatever sends it back has to stop"));
	else if (intent_settled(m))
		mail_walk(m);
	return;
fail:
	mail_judge(m, verdict_host(451, "4.3.0", "host.parser.failed",
	    "the mail could not be parsed; try again later"));
}

static void
parser_replied(struct request *r, struct frame *f)
{
	struct mail *m = r->arg;

	m->running = false;
	if (m->ended)
		mail_free(m);
	else if (m->phase != 0)
		parsed(m, f);
}

static void
parser_lost(struct request *r, const char *why)
{
	struct mail *m = r->arg;

	(void)why;
	m->running = false;
	if (r->blamed)
		suspect_killed(m, SUSPECT_PARSER);
	if (m->ended)
		mail_free(m);
	else if (m->phase != 0 && !(r->blamed && suspect_stops(m, SUSPECT_PARSER)))
		mail_judge(m, verdict_host(451, "4.3.0", "host.parser.failed",
		    "the mail could not be parsed; try again later"));
}

static void
parser_send(struct request *r, struct channel *c)
{
	struct mail *m = r->arg;
	struct buf b = { 0 };

	if (m->raw.fd >= 0)
		bytes_pack_fd(&b, m->raw.span.len);
	else if (bytes_pack(&b, m->raw.span) != -1)
		log_panic("a message beyond the inline limit without its memfd");
	channel_send(c, PROTO_PARSE, r->id, buf_span(&b), &m->raw.fd, m->raw.fd >= 0);
	buf_free(&b);
}

void
mail_message(struct mail *m, struct mail_bytes raw)
{
	m->raw = raw;
	m->has_raw = true;
	judge_begin(m, PHASE_MESSAGE);
	m->dns_until_ms = 0;
	m->request = (struct request){ .id = m->id,
		.deadline_ms = m->pipeline->settings->limits.judge_ms / 2,
		.send = parser_send, .reply = parser_replied,
		.lost = parser_lost, .arg = m };
	if (suspect_stops(m, SUSPECT_PARSER))
		return;
	m->running = true;
	pool_submit(m->pipeline->parser, &m->request);
}

/* A worker's reply or loss reached a mail that is over. */
bool
mail_is_over(struct mail *m)
{
	if (!m->ended)
		return m->phase == 0;
	mail_free(m);
	return true;
}
