/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict: structure first, then what may heal, then what will not. */
#include <stdio.h>

#include "policy.h"

enum { LOG_MAX = 1024, LOG_NAME_MAX = 72 };

struct refusal {
	int verdict;
	uint16_t code;
	const char *enhanced, *reason, *text;
};

struct lack {	/* required checks that are not satisfied */
	bool spf, dkim, dmarc;
};

static int
refuse(struct mt_result *out, const struct refusal *r, const char *why)
{
	out->verdict = r->verdict;
	out->smtp_code = r->code;
	snprintf(out->enhanced, sizeof(out->enhanced), "%s", r->enhanced);
	snprintf(out->reason, sizeof(out->reason), "%s", r->reason);
	snprintf(out->text, sizeof(out->text), "%s%s%s", r->text, why == NULL ? "" : ": ",
	    why == NULL ? "" : why);
	return r->verdict;
}

static bool
spf_satisfied(const struct options *o, const struct judgement *j)
{
	if (j->mail_from.result.word == WORD_POLICY)
		return !o->both;
	return j->mail_from.result.word == WORD_PASS && (!o->both || j->dmarc.spf_aligned);
}

static bool
dkim_satisfied(const struct options *o, const struct judgement *j)
{
	return j->dkim_word == WORD_PASS && (!o->both || j->dmarc.dkim_aligned != NULL);
}

static int
judge_structure(const struct judgement *j, struct mt_result *out)
{
	static const struct refusal header = { MT_REJECT, 550, "5.6.0", "auth.header.invalid",
		"The header of the message can be read in more than one way" };
	static const struct refusal from = { MT_REJECT, 550, "5.6.0", "auth.from.invalid",
		"The message must have one From field with one address" };
	static const struct refusal disputed = { MT_REJECT, 550, "5.7.26", "auth.dmarc.disputed",
		"Two ways to judge DMARC disagree on this message" };

	if (j->header_fault != NULL)
		return refuse(out, &header, j->header_fault);
	if (j->from_fault != NULL)
		return refuse(out, &from, j->from_fault);
	return j->dmarc.disputed ? refuse(out, &disputed, NULL) : MT_CONTINUE;
}

static int
refuse_spf(const struct judgement *j, bool several, struct mt_result *out)
{
	char reason[32];
	struct refusal r = { MT_REJECT, 550, several ? "5.7.26" : "5.7.23", reason,
		"SPF does not permit your server to use the sender's domain" };
	enum word w = j->mail_from.result.word;

	if (w == WORD_PERMERROR && !several)
		r.enhanced = "5.7.24";
	if (w == WORD_PASS || w == WORD_POLICY) {
		snprintf(reason, sizeof(reason), "auth.spf.unaligned");
		r.text = "SPF passed for another domain than that of From";
		return refuse(out, &r, NULL);
	}
	snprintf(reason, sizeof(reason), "auth.spf.%s", word_text(w));
	return refuse(out, &r, j->mail_from.result.why);
}

static int
refuse_dkim(const struct judgement *j, bool several, struct mt_result *out)
{
	char reason[32];
	struct refusal r = { MT_REJECT, 550, several ? "5.7.26" : "5.7.20", reason,
		"No DKIM signature of the message is good" };
	const char *why = j->dkim.count == 0 ? "there is none" : j->dkim.signature[0].why;

	if (j->dkim_word == WORD_PASS) {
		if (!several)
			r.enhanced = "5.7.22";
		snprintf(reason, sizeof(reason), "auth.dkim.unaligned");
		r.text = "No good DKIM signature is of the domain of From";
		return refuse(out, &r, NULL);
	}
	if (j->dkim_word == WORD_POLICY && !several)
		r.enhanced = "5.7.21";
	snprintf(reason, sizeof(reason), "auth.dkim.%s", word_text(j->dkim_word));
	return refuse(out, &r, why);
}

static int
refuse_dmarc(const struct judgement *j, bool several, struct mt_result *out)
{
	static const struct refusal none = { MT_REJECT, 550, "5.7.1", "auth.dmarc.none",
		"The domain of From must publish a DMARC record" };
	static const struct refusal fail = { MT_REJECT, 550, "5.7.26", "auth.dmarc.fail",
		"Neither SPF nor DKIM proves the domain of From" };
	struct refusal r = j->dmarc.word == WORD_NONE ? none : fail;

	if (several)
		r.enhanced = "5.7.26";
	return refuse(out, &r, j->dmarc.word == WORD_NONE ? NULL : j->dmarc.why);
}

/* Another host's address, or an envelope of its own; never a broken record. */
static bool
forwarding_explains_spf(const struct judgement *j)
{
	enum word w = j->mail_from.result.word;

	return w == WORD_FAIL || w == WORD_SOFTFAIL || w == WORD_NEUTRAL || w == WORD_NONE;
}

/* Altered, taken off, or a field added; never a signature of a kind that did
 * not count in the first place. */
static bool
forwarding_explains_dkim(const struct judgement *j)
{
	size_t i;

	if (j->dkim_word != WORD_POLICY)
		return j->dkim_word == WORD_FAIL || j->dkim_word == WORD_NONE;
	for (i = 0; i < j->dkim.count; i++)
		if (j->dkim.signature[i].word == WORD_POLICY && !j->dkim.signature[i].uncovered)
			return false;
	return true;
}

static bool
forwarding_explains(const struct judgement *j, const struct lack *lack)
{
	return (!lack->spf || forwarding_explains_spf(j)) &&
	    (!lack->dkim || forwarding_explains_dkim(j)) &&
	    (!lack->dmarc || j->dmarc.word == WORD_FAIL);
}

/* Each check that fails now passed when the first forwarder got the mail. */
static bool
believe(const struct forwarding *f, const struct lack *lack)
{
	return f->word == WORD_PASS && (!lack->spf || f->spf) && (!lack->dkim || f->dkim);
}

static const char *
unanswered(const struct judgement *j, const struct lack *lack)
{
	if (lack->spf && (j->mail_from.result.word == WORD_TEMPERROR || j->mail_from.result.unsure))
		return "a question for SPF failed";
	if (lack->dkim && j->dkim_word == WORD_TEMPERROR)
		return "a question for DKIM failed";
	if (lack->dmarc && j->dmarc.word == WORD_TEMPERROR)
		return "a question for DMARC failed";
	if ((lack->spf && j->dmarc.spf_unsure) || (lack->dkim && j->dmarc.dkim_unsure))
		return "a question for the alignment failed";
	if (j->forwarding.word == WORD_TEMPERROR && forwarding_explains(j, lack))
		return "a question about the forwarder failed";
	return NULL;
}

static int
refuse_lack(const struct judgement *j, const struct lack *lack, struct mt_result *out)
{
	bool several = lack->spf + lack->dkim + lack->dmarc > 1;

	if (lack->dmarc && j->dmarc.word != WORD_NONE)
		return refuse_dmarc(j, several, out);
	if (lack->spf)
		return refuse_spf(j, several, out);
	return lack->dkim ? refuse_dkim(j, several, out) : refuse_dmarc(j, several, out);
}

/* The envelope is not the author's: did he write to this recipient at all? */
static int
judge_address(const struct options *o, const struct judgement *j, struct mt_result *out)
{
	static const struct refusal elsewhere = { MT_REJECT, 550, "5.7.1", "auth.addressed",
		"The mail was written to somebody else and passed on: its signed To or Cc must "
		"name this recipient" };

	if (!o->addressed || j->dmarc.spf_aligned || j->addressed)
		return MT_CONTINUE;
	return refuse(out, &elsewhere, NULL);
}

int
policy_judge(const struct options *o, struct judgement *j, struct mt_result *out)
{
	static const struct refusal later = { MT_TEMPFAIL, 451, "4.7.0", "auth.temperror",
		"The sender cannot be proved at the moment, try again" };
	const struct lack lack = {
		.spf = o->require_spf && !spf_satisfied(o, j),
		.dkim = o->require_dkim && !dkim_satisfied(o, j),
		.dmarc = o->require_dmarc && j->dmarc.word != WORD_PASS,
	};
	const char *why;

	if (judge_structure(j, out) != MT_CONTINUE)
		return out->verdict;
	if (!lack.spf && !lack.dkim && !lack.dmarc)
		return judge_address(o, j, out);
	why = unanswered(j, &lack);
	if (why != NULL)
		return refuse(out, &later, why);
	j->forwarding.believed = forwarding_explains(j, &lack) && believe(&j->forwarding, &lack);
	if (!j->forwarding.believed)
		return refuse_lack(j, &lack, out);
	/* No objection, but the record of the check shall say by whose word. */
	snprintf(out->reason, sizeof(out->reason), "auth.forwarder");
	return MT_CONTINUE;
}

void
policy_replay(enum replay replay, const char *event, struct mt_result *out)
{
	static const struct refusal taken = { MT_REJECT, 550, "5.7.1", "auth.replay",
		"This message was accepted before" };
	static const struct refusal busy = { MT_TEMPFAIL, 451, "4.7.0", "auth.replay.busy",
		"This message is being judged already, try again" };

	if (replay == REPLAY_DUPLICATE)
		refuse(out, &taken, event[0] == '\0' ? NULL : event);
	else if (replay == REPLAY_BUSY)
		refuse(out, &busy, NULL);
}

void
policy_log_forwarder(struct run *r, const struct judgement *j)
{
	if (j->forwarding.believed)
		r->host->log(r->msg, MT_INFO, "believed forwarder=%s spf=%s dkim=%s dmarc=%s "
		    "dmarc.domain=%s", j->forwarding.name, word_text(j->mail_from.result.word),
		    word_text(j->dkim_word), word_text(j->dmarc.word), j->from.domain);
}

/* The end of a long name: whose it is stands there.  All of it is in the facts. */
static void
log_value(struct text *t, const char *value)
{
	size_t len = value == NULL ? 0 : strlen(value);
	char tail[LOG_NAME_MAX + 1];

	if (len > LOG_NAME_MAX) {
		snprintf(tail, sizeof(tail), "...%s", value + len - (LOG_NAME_MAX - 3));
		value = tail;
	}
	text_quoted(t, text_span(value));
}

void
policy_log(struct run *r, const struct judgement *j, const struct mt_result *result)
{
	const struct signature *s = j->signature != NULL ? j->signature :
	    j->dkim.count != 0 ? &j->dkim.signature[0] : NULL;
	char buf[LOG_MAX];
	struct text t = text_make(buf, sizeof(buf));
	const struct {
		const char *key, *value;
	} parts[] = {
		{ "check=", result->reason },
		{ " spf=", word_text(j->mail_from.result.word) },
		{ " spf.domain=", j->mail_from.domain },
		{ " spf.why=", j->mail_from.result.why },
		{ " dkim=", word_text(j->dkim_word) },
		{ " dkim.domain=", s == NULL ? "" : s->domain },
		{ " dkim.selector=", s == NULL ? "" : s->selector },
		{ " dkim.why=", s == NULL ? "there is none" : s->why },
		{ " dmarc=", word_text(j->dmarc.word) },
		{ " dmarc.domain=", j->from.domain },
		{ " dmarc.record=", j->dmarc.record_domain },
		{ " dmarc.why=", j->dmarc.why },
		{ " arc=", word_text(j->arc.word) },
		{ " forwarder=", j->forwarding.name },
		{ " forwarder.why=", j->forwarding.why },
	};
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		text_puts(&t, parts[i].key);
		log_value(&t, parts[i].value);
	}
	r->host->log(r->msg, j->dmarc.disputed ? MT_ERROR : MT_WARNING, "refused %s", buf);
}
