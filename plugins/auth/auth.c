/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage auth: who wrote this?  In the order of its work:
 *
 *	header.c from.c		the one From, or no identity at all
 *	signature.c key_record.c dkim.c key_cache.c	DKIM
 *	spf_record.c spf_macro.c spf_lookup.c spf_ahead.c spf.c	SPF
 *	dmarc_record.c walk.c align.c dmarc.c second.c	DMARC
 *	arc.c arc_verify.c canon.c	ARC
 *	authres.c forward.c	what a trusted forwarder says
 *	options.c addressed.c policy.c	what is required, and the verdict
 *	replay.c		once and never again
 *	results.c		Authentication-Results
 *	run.c text.c domain.c taglist.c base64.c hash.c cache.c	what all of them use
 *
 * A run asks for everything it can see, and judges when nothing is wanting; the
 * run that follows the claim finds the judgement made (judgement.h, `memory').
 * What is made of a record is kept by the record's text (cache.h).
 */
#include <stdio.h>
#include <stdlib.h>

#include "mailtri/version.h"
#include "addressed.h"
#include "forward.h"
#include "key_cache.h"
#include "policy.h"
#include "replay.h"
#include "results.h"
#include "second.h"

enum {
	FACT_MAX = MT_FACT_TEXT_MAX,
	SENDER_MAX = 512	/* local part and domain, RFC 5321 4.5.3.1 and room */
};

#define WORDS "none|pass|fail|softfail|neutral|policy|temperror|permerror"
#define SIGNATURE(n)							\
	{ "auth.signature." #n, NULL, "d, s, a, result and reason of signature " #n, MT_TEXT, 0 }

static const struct mt_fact_decl writes[] = {
	{ "auth.from", NULL, "The one From mailbox", MT_TEXT, MT_PERSONAL },
	{ "auth.spf", WORDS, "SPF of MAIL FROM, of HELO for the null sender", MT_TOKEN, 0 },
	{ "auth.spf.domain", NULL, "The domain SPF was checked for", MT_TEXT, 0 },
	{ "auth.spf.reason", NULL, "Why SPF says so", MT_TEXT, 0 },
	{ "auth.spf.helo", WORDS, "SPF of HELO", MT_TOKEN, 0 },
	{ "auth.spf.explanation", NULL, "What the domain says about a fail", MT_TEXT, 0 },
	{ "auth.dkim", WORDS, "The best of the signatures", MT_TOKEN, 0 },
	{ "auth.dkim.domain", NULL, "The domain of the signature that counts", MT_TEXT, 0 },
	{ "auth.dmarc", WORDS, "DMARC of the From domain", MT_TOKEN, 0 },
	{ "auth.dmarc.reason", NULL, "Why DMARC says so", MT_TEXT, 0 },
	{ "auth.dmarc.record", NULL, "The domain whose record it was judged by", MT_TEXT, 0 },
	{ "auth.dmarc.policy", "absent|none|quarantine|reject",
	  "What the record asks for when DMARC fails", MT_TOKEN, 0 },
	{ "auth.dmarc.domain", NULL, "The From domain", MT_TEXT, 0 },
	{ "auth.arc", "none|pass|fail|temperror", "The chain of ARC sets, evidence only",
	  MT_TOKEN, 0 },
	{ "auth.forwarder", NULL, "The trusted forwarder without whose word the mail were refused",
	  MT_TEXT, 0 },
	{ "auth.forwarder.result", "none|pass|fail|temperror",
	  "Whether the client is a trusted forwarder that proves itself and the mail", MT_TOKEN, 0 },
	{ "auth.forwarder.reason", NULL, "Why", MT_TEXT, 0 },
	{ "auth.replay", "none|first|duplicate|busy", "Whether the message was seen before",
	  MT_TOKEN, 0 },
	SIGNATURE(1), SIGNATURE(2), SIGNATURE(3), SIGNATURE(4), SIGNATURE(5),
	SIGNATURE(6), SIGNATURE(7), SIGNATURE(8), SIGNATURE(9), SIGNATURE(10),
	{ NULL, NULL, NULL, 0, 0 },
};

struct stage {
	struct options_floor floor;
	const struct mt_host *host;
	struct dkim_engine *dkim;
};

/* ---- facts ---- */

static int
put(struct run *r, const char *key, uint32_t type, const char *text)
{
	struct mt_fact f = { .key = key, .type = type, .text = text_span(text) };

	if (f.text.len > FACT_MAX)
		f.text.len = FACT_MAX;
	return r->host->fact_set(r->msg, &f);
}

static int
put_signature(struct run *r, size_t n, const struct signature *s)
{
	char key[48], buf[FACT_MAX];
	struct text t = text_make(buf, sizeof(buf)), k = text_make(key, sizeof(key));
	const struct {
		const char *name, *value;
	} tags[] = {
		{ "d=", s->domain }, { "; s=", s->selector }, { "; a=", s->algorithm },
		{ "; result=", word_text(s->word) }, { "; why=", s->why },
	};
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		text_puts(&t, tags[i].name);
		text_puts(&t, tags[i].value);
	}
	text_puts(&k, "auth.signature.");
	text_number(&k, n);
	return put(r, key, MT_TEXT, buf);
}

static int
put_facts(struct run *r, const struct judgement *j)
{
	static const char *const replays[] = { "none", "first", "duplicate", "busy" };
	const struct {
		const char *key, *value;
		uint32_t type;
	} facts[] = {
		{ "auth.from", j->from.address, MT_TEXT },
		{ "auth.spf", word_text(j->mail_from.result.word), MT_TOKEN },
		{ "auth.spf.domain", j->mail_from.domain, MT_TEXT },
		{ "auth.spf.reason", j->mail_from.result.why, MT_TEXT },
		{ "auth.spf.helo", word_text(j->helo.result.word), MT_TOKEN },
		{ "auth.spf.explanation", j->mail_from.result.explanation, MT_TEXT },
		{ "auth.dkim", word_text(j->dkim_word), MT_TOKEN },
		{ "auth.dkim.domain", j->signature == NULL ? "" : j->signature->domain, MT_TEXT },
		{ "auth.dmarc", word_text(j->dmarc.word), MT_TOKEN },
		{ "auth.dmarc.reason", j->dmarc.why, MT_TEXT },
		{ "auth.dmarc.record", j->dmarc.record_domain, MT_TEXT },
		{ "auth.dmarc.policy", policy_text(j->dmarc.policy), MT_TOKEN },
		{ "auth.dmarc.domain", j->from.domain, MT_TEXT },
		{ "auth.arc", word_text(j->arc.word), MT_TOKEN },
		{ "auth.forwarder", j->forwarding.believed ? j->forwarding.name : "", MT_TEXT },
		{ "auth.forwarder.result", word_text(j->forwarding.word), MT_TOKEN },
		{ "auth.forwarder.reason", j->forwarding.why, MT_TEXT },
		{ "auth.replay", replays[j->replay], MT_TOKEN },
	};
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (put(r, facts[i].key, facts[i].type, facts[i].value) != 0)
			return -1;
	for (i = 0; i < j->dkim.count; i++)
		if (put_signature(r, i + 1, &j->dkim.signature[i]) != 0)
			return -1;
	return 0;
}

/* ---- the checks ---- */

/* The domain of MAIL FROM; "": it has none that could be one. */
static void
sender_domain(struct mt_span sender, char *out)
{
	size_t at = sender.len;

	while (at > 0 && sender.ptr[at - 1] != '@')
		at--;
	if (at == 0 || !domain_identity(text_cut(sender, at), out))
		out[0] = '\0';
}

/* False: it is judged already, for SPF cannot be asked. */
static bool
make_subject(struct run *r, const struct options *o, struct mt_span local,
    struct spf_subject *subject, struct identity *i)
{
	char sender[SENDER_MAX];
	struct text t = text_make(sender, sizeof(sender));

	*subject = (struct spf_subject){ .domain = i->domain };
	i->result = (struct spf_result){ .why = "it is not a domain name", .explanation = "" };
	if (!spf_address_parse(r->client.address, &subject->client)) {
		/* It may become known: the mail is judged when it is. */
		i->result.word = WORD_TEMPERROR;
		i->result.why = "the client has no address";
		return false;
	}
	if (options_relay(o, &subject->client)) {
		i->result.word = WORD_POLICY;
		i->result.why = "the client is a relay of ours";
		return false;
	}
	text_add(&t, local.len == 0 ? text_span("postmaster") : local);
	text_byte(&t, '@');
	text_puts(&t, i->domain);
	if (i->domain[0] == '\0' || t.full)
		return false;
	subject->sender = run_string(r, text_span(sender));
	subject->helo = run_string(r, r->client.helo);
	subject->receiver = run_string(r, r->client.hostname);
	return true;
}

static void
check_identity(struct run *r, const struct options *o, struct mt_span local, struct identity *i)
{
	struct spf_subject subject;

	if (!make_subject(r, o, local, &subject, i))
		return;
	if (r->ahead)
		spf_ask(r, &subject);
	else
		spf_check(r, &subject, &i->result);
}

static void
check_spf(struct run *r, const struct options *o, struct judgement *j)
{
	struct mt_span local = r->sender;

	if (!domain_identity(r->client.helo, j->helo.domain))
		j->helo.domain[0] = '\0';
	check_identity(r, o, text_span(""), &j->helo);
	if (r->sender.len == 0) {
		j->mail_from = j->helo;
		return;
	}
	sender_domain(r->sender, j->mail_from.domain);
	while (local.len > 0 && local.ptr[local.len - 1] != '@')
		local.len--;
	local.len -= local.len > 0;
	check_identity(r, o, local, &j->mail_from);
}

static void
check_header(struct run *r, struct judgement *j)
{
	struct mt_span raw = { "", 0 };
	const struct field *from;

	r->host->raw(r->msg, &raw);
	j->from.domain = "";
	j->header_fault = header_parse(raw,
	    run_alloc(r, (header_room(raw) + 1) * sizeof(struct field)), &j->header);
	if (j->header_fault != NULL) {
		j->header.count = 0;
		return;
	}
	from = header_only(&j->header, "From");
	j->from_fault = from == NULL ? "there is none, or more than one" :
	    from_parse(from->value, &j->from);
	if (j->from_fault == NULL && header_repeated(&j->header) != NULL)
		j->header_fault = "a field that may stand once is repeated";
}

/* The signature that counts: the first that passed aligned, else the first
 * that passed.  The word is the best there is. */
static void
choose_signature(struct judgement *j)
{
	static const enum word order[] = { WORD_PASS, WORD_TEMPERROR, WORD_POLICY, WORD_FAIL,
		WORD_PERMERROR, WORD_NEUTRAL };
	size_t i, k;

	j->dkim_word = WORD_NONE;
	j->signature = j->dmarc.dkim_aligned;
	for (k = 0; k < sizeof(order) / sizeof(order[0]) && j->dkim_word == WORD_NONE; k++)
		for (i = 0; i < j->dkim.count && j->dkim_word == WORD_NONE; i++) {
			if (j->dkim.signature[i].word != order[k])
				continue;
			j->dkim_word = order[k];
			if (order[k] == WORD_PASS && j->signature == NULL)
				j->signature = &j->dkim.signature[i];
		}
}

static void
check_message(struct run *r, struct stage *stage, const struct options *o, struct memory *m)
{
	struct judgement *j = &m->judgement;
	struct dkim_input dkim = { stage->dkim, &j->header, &o->dkim, &m->dkim };
	struct dmarc_input in;

	*j = (struct judgement){ .header_fault = NULL };
	check_header(r, j);
	check_spf(r, o, j);
	dkim_check(r, &dkim, &j->dkim);
	in = (struct dmarc_input){ .from = j->from.domain,
		.spf = j->mail_from.result.unsure ? WORD_TEMPERROR : j->mail_from.result.word,
		.spf_domain = j->mail_from.domain, .dkim = &j->dkim };
	dmarc_check(r, &in, &o->dmarc, &j->dmarc);
	arc_parse(r, &j->header, &j->arc);
	choose_signature(j);
	forward_find(r, o, j);
	j->addressed = j->signature != NULL && addressed_to(&j->header, j->signature, r->rcpt);
}

/* What is known is not judged again: a message waits once more, for its claim.
 * False: the run is waiting. */
static bool
judge(struct run *r, struct stage *stage, const struct options *o, struct memory *m)
{
	struct mt_span raw = { NULL, 0 };

	r->host->raw(r->msg, &raw);
	if (m->judged && m->raw == raw.ptr)
		return true;
	m->pool.used = 0;
	m->pool.over = false;
	check_message(r, stage, o, m);
	m->raw = raw.ptr;
	m->judged = !r->waiting && !m->pool.over;
	return !r->waiting;
}

static int
message(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	struct stage *stage = ctx;
	struct memory *m = stage->host->keep(msg, sizeof(*m));
	struct judgement *j = &m->judgement;
	struct options o;
	struct run r;
	char event[sizeof(((struct mt_grant *)0)->event)] = "";

	if (run_init(&r, stage->host, msg) != 0)
		return -1;
	options_read(&r, &stage->floor, &o);
	r.pool = &m->pool;	/* behind the options, which each run reads */
	if (!judge(&r, stage, &o, m))
		return MT_WAIT;
	arc_verify(&r, &j->header, o.dkim.min_key_bits, &j->arc);
	forward_verify(&r, &o, j);
	if (policy_judge(&o, j, result) == MT_CONTINUE) {
		j->replay = replay_claim(&r, j, o.replay_window_s, event);
		policy_replay(j->replay, event, result);
	}
	if (r.waiting)
		return MT_WAIT;
	if (result->verdict != MT_CONTINUE) {
		policy_log(&r, j, result);
		return put_facts(&r, j);
	}
	policy_log_forwarder(&r, j);
	return results_edit(&r, j) == 0 ? put_facts(&r, j) : -1;
}

/* Asks ahead while the client still sends; waits for nothing. */
static int
envelope(void *ctx, struct mt_msg *msg, struct mt_result *result)
{
	struct stage *stage = ctx;
	struct dmarc_record ignored;
	struct options o;
	struct judgement *j;
	struct run r;

	(void)result;
	if (run_init(&r, stage->host, msg) != 0)
		return -1;
	r.ahead = true;
	j = run_alloc(&r, sizeof(*j));
	options_read(&r, &stage->floor, &o);
	check_spf(&r, &o, j);
	if (r.sender.len != 0 && j->mail_from.domain[0] != '\0')
		walk_fetch(&r, j->mail_from.domain, &ignored);
	return 0;
}

/* ---- the stage ---- */

static int
check(const struct mt_host *host, const struct mt_conf *conf, struct mt_result *why)
{
	const char *fault = options_check(host, conf);

	if (fault == NULL)
		return 0;
	snprintf(why->text, sizeof(why->text), "%s", fault);
	return -1;
}

static void
stage_close(void *ctx)
{
	struct stage *stage = ctx;

	dkim_end(stage->dkim);
	key_record_fini();
	key_cache_fini();
	hash_fini();
	spf_fini();
	free(stage);
}

static int
stage_open(const struct mt_host *host, const struct mt_conf *conf, void **ctx,
    struct mt_result *why)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	if (stage == NULL)
		return -1;
	stage->host = host;
	options_floor(host, conf, &stage->floor);
	stage->dkim = dkim_open();
	if (stage->dkim == NULL || second_init() != 0) {
		snprintf(why->text, sizeof(why->text),
		    "libopendkim or libopendmarc does not start");
		dkim_end(stage->dkim);
		free(stage);
		return -1;
	}
	spf_init();
	*ctx = stage;
	return 0;
}

MT_STAGE(auth,
    .needs = MT_NEED_DNS | MT_NEED_STATE | MT_NEED_RAW | MT_NEED_EDIT,
    .name = "auth", .version = MAILTRI_VERSION,
    .summary = "proves who wrote: SPF, DKIM, DMARC, and never twice",
    .options = options_table, .writes = writes,
    .check = check, .open = stage_open, .close = stage_close,
    .envelope = envelope, .message = message);
