/* SPDX-License-Identifier: BSD-2-Clause */
/* Replay: the keys under which a message is claimed, and the claiming. */
#include "replay.h"

static const char *const signed_fields[] = { "Message-ID", "Date", NULL };

static void
add(EVP_MD_CTX *md, struct mt_span s)
{
	unsigned char length[8];
	uint64_t n = s.len;
	size_t i;

	for (i = 0; i < sizeof(length); i++)
		length[i] = (unsigned char)(n >> (8 * i));
	hash_add(md, (struct mt_span){ (const char *)length, sizeof(length) });
	hash_add(md, s);
}

/* The route, for it is what acts; two spellings of an address are one. */
static struct mt_span
recipient(struct run *r)
{
	struct mt_intent intent = { .size = sizeof(intent) };
	struct mt_span to = r->rcpt;
	char *lower;
	size_t i;

	if (r->host->intent(r->msg, &intent) == 0 && intent.route.len != 0)
		to = intent.route;
	lower = run_string(r, to);
	for (i = 0; i < to.len; i++)
		lower[i] = text_lower(lower[i]);
	return (struct mt_span){ lower, to.len };
}

/* False: it is not there once, or not signed; then it counts as empty. */
static bool
add_field(EVP_MD_CTX *md, struct run *r, const struct judgement *j, const struct signature *s,
    const char *name)
{
	const struct field *f = header_only(&j->header, name);
	struct text t;
	size_t room;

	if (f == NULL || !signature_covers(s, name)) {
		add(md, text_span(""));
		return false;
	}
	room = f->value.len + 1;
	t = text_make(run_alloc(r, room), room);
	header_relaxed(&t, f->value);
	add(md, (struct mt_span){ t.ptr, t.len });
	return true;
}

/* Where neither of the fields that tell mails apart is signed, the subject
 * does: who sends "yes" twice a day means something else each time. */
static void
add_signed(EVP_MD_CTX *md, struct run *r, const struct judgement *j, const struct signature *s)
{
	bool told_apart = false;
	size_t i;

	add(md, text_span("signed"));
	add(md, text_span(s->domain));
	add(md, text_span(j->from.address));
	for (i = 0; signed_fields[i] != NULL; i++)
		if (add_field(md, r, j, s, signed_fields[i]))
			told_apart = true;
	if (!told_apart)
		add_field(md, r, j, s, "Subject");
	add(md, (struct mt_span){ (const char *)s->body_hash, sizeof(s->body_hash) });
	add(md, recipient(r));
}

static void
add_bytes(EVP_MD_CTX *md, struct run *r)
{
	struct mt_span raw = { "", 0 };

	r->host->raw(r->msg, &raw);
	add(md, text_span("bytes"));
	add(md, raw);
	add(md, r->sender);
	add(md, recipient(r));
}

void
replay_key(struct run *r, const struct judgement *j, const struct signature *s,
    unsigned char key[REPLAY_KEY])
{
	EVP_MD_CTX *md = hash_begin();

	if (s != NULL)
		add_signed(md, r, j, s);
	else
		add_bytes(md, r);
	hash_end(md, key);
}

static uint32_t
lifetime(struct run *r, const struct signature *s, uint32_t window_s)
{
	uint64_t now = (uint64_t)r->host->now(r->msg), left;

	if (s == NULL)
		return window_s;
	left = s->expires > now ? s->expires - now + SKEW_S : REPLAY_WINDOW_MAX_S;
	if (left > REPLAY_WINDOW_MAX_S)
		left = REPLAY_WINDOW_MAX_S;
	return left > window_s ? (uint32_t)left : window_s;
}

struct claims {
	unsigned char key[SIGNATURES_MAX + 2][REPLAY_KEY];
	uint32_t window_s[SIGNATURES_MAX + 2];
	size_t count;
};

static void
list(struct run *r, const struct judgement *j, const struct signature *s, uint32_t window_s,
    struct claims *c)
{
	size_t i;

	replay_key(r, j, s, c->key[c->count]);
	for (i = 0; i < c->count; i++)
		if (memcmp(c->key[i], c->key[c->count], REPLAY_KEY) == 0)
			return;
	c->window_s[c->count++] = lifetime(r, s, window_s);
}

static enum replay
take(struct run *r, const struct claims *c, size_t i, char *event)
{
	struct mt_grant grant = { .size = sizeof(grant) };
	struct mt_claim claim = { .size = sizeof(claim), .limit = 1,
		.flags = i == 0 ? MT_CLAIM_MESSAGE : 0, .window_s = c->window_s[i],
		.key = { (const char *)c->key[i], REPLAY_KEY } };
	int status = r->host->state_take(r->msg, &claim, &grant);

	if (status == MT_PENDING)
		r->waiting = true;
	if (status == MT_TAKEN)
		memcpy(event, grant.event, sizeof(grant.event));
	return status == MT_OK || status == MT_PENDING ? REPLAY_FIRST :
	    status == MT_TAKEN ? REPLAY_DUPLICATE : REPLAY_BUSY;
}

/* What was signed may be good the next time its key is asked for, so it is
 * claimed with the rest; but only by whom the domain of From speaks for. */
static bool
is_claimed(const struct judgement *j, const struct signature *s)
{
	return s->word == WORD_PASS ||
	    (s->word == WORD_TEMPERROR && j->dmarc.word == WORD_PASS);
}

/*
 * The signature that counts names the message.  The other good ones are
 * claimed too: otherwise taking one of two off would make another message.
 * So is the seal of a trusted forwarder, who may have broken or taken off
 * whatever else was signed.
 */
enum replay
replay_claim(struct run *r, const struct judgement *j, uint32_t window_s, char *event)
{
	struct claims *c = run_alloc(r, sizeof(*c));
	enum replay result = REPLAY_FIRST;
	size_t i;

	if (j->signature != NULL || j->forwarding.word != WORD_PASS)
		list(r, j, j->signature, window_s, c);
	if (j->forwarding.word == WORD_PASS)
		list(r, j, &j->forwarding.seal, window_s, c);
	for (i = 0; i < j->dkim.count && j->signature != NULL; i++)
		if (is_claimed(j, &j->dkim.signature[i]))
			list(r, j, &j->dkim.signature[i], window_s, c);
	for (i = 0; i < c->count && result == REPLAY_FIRST; i++)
		result = take(r, c, i, event);
	return result;
}
