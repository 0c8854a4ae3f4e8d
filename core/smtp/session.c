/* SPDX-License-Identifier: BSD-2-Clause */
/* The SMTP dialogue: bytes in, phases, verdicts, deadlines. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "smtp/action.h"
#include "smtp/session_state.h"

static const enum session_wish wishes[PHASES] = {
	[PHASE_BANNER] = SESSION_QUIET,
	[PHASE_COMMAND] = SESSION_READ,
	[PHASE_DELAY] = SESSION_WAIT,
	[PHASE_DATA_ASKED] = SESSION_QUIET,
	[PHASE_DATA] = SESSION_READ,
	[PHASE_RCPT] = SESSION_JUDGE,
	[PHASE_MESSAGE] = SESSION_JUDGE,
	[PHASE_TLS_ASKED] = SESSION_QUIET,
	[PHASE_TLS] = SESSION_TLS,
	[PHASE_CLOSE] = SESSION_CLOSE,
};

void
session_enter(struct session *s, enum phase phase)
{
	s->phase = phase;
	s->phase_count++;
	if (phase == PHASE_CLOSE)	/* the client may linger, its mail not */
		session_reset(s);
}

/* Each kind of refusal is reported once a session: a client cannot make us
 * talk to the engine as fast as it can send. */
static void
tell(struct session *s, enum reply_id id)
{
	_Static_assert(REPLY_COUNT <= 64, "a bit of `told' for each reply");

	if (reply_reason(id).len == 0 || (s->told & UINT64_C(1) << id) != 0)
		return;
	s->told |= UINT64_C(1) << id;
	s->site->calls->early(s->site->arg, s->open ? s->transaction : 0,
	    s->upstream == UPSTREAM_SILENT ? s->peer.address : session_client(s), id);
}

void
session_refuse(struct session *s, enum reply_id id)
{
	if (s->phase == PHASE_CLOSE)
		return;
	reply_add(&s->out, id);
	tell(s, id);
	session_enter(s, PHASE_CLOSE);
}

/* Who errs too often is answered slowly, then not at all: guessing has to
 * take longer than it is worth. */
static void
count_error(struct session *s)
{
	const struct setting_limits *limits = &s->site->settings->limits;

	if (++s->errors >= limits->errors_hard)
		session_refuse(s, REPLY_ERRORS);
	else if (s->errors > limits->errors_soft && s->phase == PHASE_COMMAND)
		session_enter(s, PHASE_DELAY);
}

/* An honest client meets these through no fault of its own. */
static bool
is_blameless(enum reply_id id)
{
	return id == REPLY_SECOND || id == REPLY_INTAKE || id == REPLY_BUSY ||
	    id == REPLY_FAILED || id == REPLY_TLS_NONE;
}

void
session_reply(struct session *s, enum reply_id id)
{
	reply_add(&s->out, id);
	if (reply_get(id)->code < 400)
		return;
	tell(s, id);
	if (!is_blameless(id))
		count_error(s);
}

static void
body_drop(struct session *s)
{
	buf_free(&s->body);
	s->site->inflight -= s->charged;
	s->charged = 0;
}

void
session_end(struct session *s, bool answered)
{
	if (s->open)
		s->site->calls->end(s, answered);
	s->open = false;
	s->has_rcpt = false;
	s->rcpt.len = 0;
}

void
session_reset(struct session *s)
{
	session_end(s, false);
	body_drop(s);
	if (s->upstream == UPSTREAM_FORWARDS) {	/* it was of this mail alone */
		s->upstream = UPSTREAM_SILENT;
		s->forward = (struct forward){ 0 };
	}
	s->has_sender = false;
	s->sender.len = 0;
	s->size = 0;
	s->body_8bit = s->utf8 = false;
}

static bool
is_gated(const struct session *s)
{
	return s->peer.listener->tls == TLS_REQUIRED && s->tls.len == 0;
}

static enum command_state
command_state(const struct session *s)
{
	if (is_gated(s))
		return COMMAND_GATED;
	if (s->helo.len == 0)
		return COMMAND_GREETED;
	if (!s->has_sender)
		return COMMAND_READY;
	return s->has_rcpt ? COMMAND_RECIPIENT : COMMAND_SENDER;
}

/* The question could not be asked or was not answered. */
void
session_unjudged(struct session *s)
{
	bool message = s->phase == PHASE_MESSAGE;

	session_enter(s, PHASE_COMMAND);
	session_reply(s, REPLY_FAILED);
	if (message)
		session_reset(s);
	else
		session_end(s, false);
}

/* Also where DATA is refused: what follows it may be meant as a message. */
void
session_ask_data(struct session *s, enum reply_id id)
{
	s->held = id;
	session_enter(s, PHASE_DATA_ASKED);
}

static void
run_line(struct session *s, struct mt_span line)
{
	enum protocol protocol = s->peer.listener->protocol;
	enum command_verb verb = command_verb(line, protocol);
	enum reply_id id = command_allowed(verb, command_state(s));
	struct command c;

	s->phase_count++;
	if (s->upstream == UPSTREAM_TELLING && verb != COMMAND_XCLIENT)
		s->upstream = UPSTREAM_GONE;
	if (id == REPLY_NO_RECIPIENT && protocol == PROTOCOL_LMTP)
		id = REPLY_NO_RECIPIENT_LMTP;
	if (id == REPLY_NONE)
		id = command_parse(line, verb, &c);
	if (id != REPLY_NONE && verb == COMMAND_DATA && !is_gated(s))
		session_ask_data(s, id);
	else if (id != REPLY_NONE)
		session_reply(s, id);
	else
		action_run(s, &c);
	if (action_is_junk(verb) && ++s->junk > SESSION_JUNK_MAX)
		count_error(s);
}

/* The rest of a line that was too long. */
static size_t
discard_line(struct session *s, struct mt_span in)
{
	const char *end = memchr(in.ptr, '\n', in.len);

	if (end == NULL)
		return in.len;
	s->discarding = false;
	s->phase_count++;
	session_reply(s, REPLY_LONG);
	return (size_t)(end - in.ptr) + 1;
}

static size_t
input_line(struct session *s, struct mt_span in)
{
	size_t limit = in.len < COMMAND_LINE_PARAMETERS_MAX ? in.len :
	    COMMAND_LINE_PARAMETERS_MAX, length;
	const char *end;

	if (s->discarding)
		return discard_line(s, in);
	end = memchr(in.ptr, '\n', limit);
	if (end == NULL) {
		s->discarding = limit == COMMAND_LINE_PARAMETERS_MAX;
		return s->discarding ? limit : 0;
	}
	length = (size_t)(end - in.ptr);
	if (length == 0 || in.ptr[length - 1] != '\r')
		session_refuse(s, REPLY_BARE_COMMAND);
	else
		run_line(s, span_make(in.ptr, length - 1));
	return length + 1;
}

static void
charge_body(struct session *s)
{
	struct session_site *site = s->site;

	site->inflight += s->body.len - s->charged;
	s->charged = s->body.len;
	if (site->inflight > site->settings->limits.inflight_bytes)
		s->data.faults |= DATA_UNWANTED;
	if (s->data.faults != 0)
		body_drop(s);
}

static const struct { uint32_t fault; enum reply_id id; } faults[] = {
	{ DATA_BARE, REPLY_BARE },
	{ DATA_LARGE, REPLY_SIZE },
	{ DATA_LONG, REPLY_LINE },
	{ DATA_UNWANTED, REPLY_BUSY },
};

static enum reply_id
fault_reply(uint32_t found)
{
	size_t i = 0;

	while ((found & faults[i].fault) == 0)
		i++;
	return faults[i].id;
}

/* A header beyond ASCII is of RFC 6532, and that is asked for. */
static enum reply_id
header_refused(const struct session *s)
{
	enum data_header header = data_header(buf_span(&s->body));

	if (header == DATA_HEADER_OTHER)
		return REPLY_HEADER;
	return header == DATA_HEADER_UTF8 && !s->utf8 ? REPLY_UTF8_HEADER : REPLY_NONE;
}

static void
message_refused(struct session *s, enum reply_id id)
{
	session_enter(s, PHASE_COMMAND);
	if (id == REPLY_BARE)	/* whoever sends this is not to be talked to */
		session_refuse(s, id);
	else
		session_reply(s, id);
	session_reset(s);
}

static size_t
input_data(struct session *s, struct mt_span in)
{
	size_t used = data_feed(&s->data, in, &s->body);
	enum reply_id id;

	charge_body(s);
	if (!data_done(&s->data))
		return used;
	id = s->data.faults != 0 ? fault_reply(s->data.faults) : header_refused(s);
	if (id != REPLY_NONE) {
		message_refused(s, id);
		return used;
	}
	session_enter(s, PHASE_MESSAGE);
	if (s->site->calls->message(s, buf_span(&s->body)) != 0)
		session_unjudged(s);
	buf_free(&s->body);	/* still charged: the engine holds it now */
	return used;
}

enum session_wish
session_wish(const struct session *s)
{
	if (s->phase == PHASE_COMMAND && s->out.len >= SESSION_OUTPUT_MAX)
		return SESSION_FLUSH;
	return wishes[s->phase];
}

size_t
session_input(struct session *s, struct mt_span in)
{
	size_t used = 0;

	while (used < in.len && session_wish(s) == SESSION_READ) {
		struct mt_span rest = span_make(in.ptr + used, in.len - used);
		size_t n = s->phase == PHASE_DATA ? input_data(s, rest) :
		    input_line(s, rest);

		if (n == 0)
			break;
		used += n;
	}
	return used;
}

void
session_greet(struct session *s)
{
	buf_printf(&s->out, "220 %s %s\r\n", s->site->settings->hostname,
	    s->peer.listener->protocol == PROTOCOL_LMTP ? "LMTP" : "ESMTP");
}

static void
go_banner(struct session *s)
{
	session_greet(s);
	session_enter(s, PHASE_COMMAND);
}

static void
go_data(struct session *s)
{
	session_enter(s, s->held == REPLY_DATA ? PHASE_DATA : PHASE_COMMAND);
	session_reply(s, s->held);
	data_init(&s->data, s->site->settings->limits.message_bytes);
}

static void
go_tls(struct session *s)
{
	session_reply(s, REPLY_TLS_GO);
	session_enter(s, PHASE_TLS);
}

void
session_quiet(struct session *s, bool pending)
{
	static const struct {
		void (*go)(struct session *);
		enum reply_id refusal;
	} steps[PHASES] = {
		[PHASE_BANNER] = { go_banner, REPLY_EARLY },
		[PHASE_DATA_ASKED] = { go_data, REPLY_EARLY_DATA },
		[PHASE_TLS_ASKED] = { go_tls, REPLY_EARLY_TLS },
	};

	if (steps[s->phase].go == NULL)
		log_panic("silence was not asked for in phase %d", (int)s->phase);
	if (pending)
		session_refuse(s, steps[s->phase].refusal);
	else
		steps[s->phase].go(s);
}

void
session_secured(struct session *s, const char *tls)
{
	if (tls == NULL) {
		tell(s, REPLY_TLS_FAILED);
		buf_reset(&s->out);
		session_enter(s, PHASE_CLOSE);
		return;
	}
	session_reset(s);
	s->helo.len = 0;	/* RFC 3207 section 4.2: as if just connected */
	s->esmtp = false;
	text_set(&s->tls, span_of(tls));
	session_enter(s, PHASE_COMMAND);
}

static void
answered_rcpt(struct session *s, unsigned code)
{
	if (code < 300)
		s->has_rcpt = true;
	else
		session_end(s, false);
}

static void
answered_message(struct session *s, unsigned code, struct mt_span event)
{
	if (code < 300 && event.len > 0 && event.len <= EVENT_MAX)
		text_set(&s->unseen, event);
	session_end(s, true);
	session_reset(s);
	s->junk = 0;
}

void
session_answer(struct session *s, const struct session_answer *a)
{
	unsigned code = a->code == 250 || (a->code >= 400 && a->code <= 599) ?
	    a->code : 451;
	enum phase asked = s->phase;

	if (asked != PHASE_RCPT && asked != PHASE_MESSAGE)
		return;
	session_enter(s, PHASE_COMMAND);
	reply_add_text(&s->out, code, a->enhanced, a->text);
	if (asked == PHASE_RCPT)
		answered_rcpt(s, code);
	else
		answered_message(s, code, a->event);
	if (code == 421)
		session_enter(s, PHASE_CLOSE);
	else if (code >= 500 && !session_is_upstream(s))
		count_error(s);
}

bool
session_is_unseen(const struct session *s)
{
	return s->unseen.len > 0;
}

void
session_seen(struct session *s)
{
	if (s->unseen.len > 0)
		s->site->calls->seen(s, text_span(&s->unseen));
	s->unseen.len = 0;
}

uint32_t
session_phase(const struct session *s)
{
	return s->phase_count;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What the bytes so far have earned at the least rate. */
static int64_t
earned_ms(const struct session *s)
{
	return (int64_t)SESSION_RATE_GRACE_S * 1000 +
	    (int64_t)(s->data.size / SESSION_RATE_MIN) * 1000;
}

int64_t
session_allowed_ms(const struct session *s)
{
	const struct setting_limits *limits = &s->site->settings->limits;
	int64_t command = (int64_t)limits->command_s * 1000;

	if (s->phase == PHASE_DATA)
		return least((int64_t)limits->data_s * 1000, earned_ms(s));
	if (s->phase == PHASE_RCPT || s->phase == PHASE_MESSAGE)
		return (int64_t)limits->judge_ms + SESSION_JUDGE_GRACE_MS;
	if (s->phase == PHASE_DELAY)
		return SESSION_DELAY_MS;
	if (s->phase == PHASE_TLS)
		return least(command, (int64_t)SESSION_HANDSHAKE_S * 1000);
	if (s->site->stressed)
		return least(command, (int64_t)SESSION_STRESS_S * 1000);
	return command;
}

void
session_expire(struct session *s)
{
	if (s->phase == PHASE_RCPT || s->phase == PHASE_MESSAGE)
		session_unjudged(s);
	else if (s->phase == PHASE_DELAY)
		session_enter(s, PHASE_COMMAND);
	else if (s->phase == PHASE_TLS)
		session_secured(s, NULL);
	else if (s->phase == PHASE_DATA && earned_ms(s) <
	    (int64_t)s->site->settings->limits.data_s * 1000)
		session_refuse(s, REPLY_SLOW);
	else
		session_refuse(s, REPLY_TIMEOUT);
}

bool
session_is_idle(const struct session *s)
{
	return (s->phase == PHASE_COMMAND || s->phase == PHASE_DELAY) && !s->has_sender;
}

struct session *
session_new(struct session_site *site, const struct session_peer *peer, void *owner)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->site = site;
	s->peer = *peer;
	s->owner = owner;
	text_set(&s->address, peer->address);
	s->peer.address = text_span(&s->address);
	return s;
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	session_reset(s);
	buf_free(&s->out);
	free(s);
}
