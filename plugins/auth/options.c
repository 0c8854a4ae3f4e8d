/* SPDX-License-Identifier: BSD-2-Clause */
/* Options: their table, their sense, and the networks in them. */
#include "options.h"

const struct mt_option options_table[] = {
	{ .name = "require", .def = "spf, dkim, dmarc", .type = MT_OPT_LIST,
	  .help = "Checks that must each say pass: any of spf, dkim, dmarc. "
	      "For intents of class approve all three, whatever stands here." },
	{ .name = "no_dmarc_record", .def = "reject", .choices = "reject|evaluate",
	  .type = MT_OPT_CHOICE,
	  .help = "What a From domain without DMARC record means: reject, or evaluate "
	      "the alignment as if a record stood there." },
	{ .name = "alignment", .def = "any", .choices = "any|both", .type = MT_OPT_CHOICE,
	  .help = "any: one aligned identifier is enough, as in DMARC; both: SPF and DKIM "
	      "must each pass aligned." },
	{ .name = "public_suffixes", .def = "false", .type = MT_OPT_BOOL,
	  .help = "Find organisations by the public suffix list (RFC 7489) and not by the "
	      "tree walk of RFC 9989." },
	{ .name = "min_key_bits", .def = "1024", .type = MT_OPT_INT, .min = 1024, .max = 4096,
	  .help = "The shortest RSA key whose signature counts." },
	{ .name = "covered", .type = MT_OPT_LIST,
	  .def = "From, Subject, Date, To, Reply-To, Message-ID, Content-Type, MIME-Version",
	  .help = "Fields that a signature must cover where they stand in the message, "
	      "else it does not count." },
	{ .name = "replay_window", .def = "30d", .type = MT_OPT_DURATION, .min = 86400,
	  .max = REPLAY_WINDOW_MAX_S,
	  .help = "How long a message is remembered at least; a signature is remembered "
	      "as long as it is valid." },
	{ .name = "own_relays", .def = "", .type = MT_OPT_LIST,
	  .help = "Addresses or networks of our own relays: their SPF result is policy, "
	      "which satisfies require but never aligns.  Loopback is not exempt." },
	{ .name = "trusted_forwarders", .def = "", .type = MT_OPT_LIST,
	  .help = "Domains of forwarders and lists whose word is taken for what passed before "
	      "they changed a mail, where the host proves its name and its ARC chain passes." },
	{ .name = "addressed", .def = "false", .type = MT_OPT_BOOL,
	  .help = "A mail whose envelope is not of the domain of From must name its recipient in a "
	      "To or Cc that the signature covers: whoever passes on what its author wrote to "
	      "somebody else is refused.  Always for intents of class approve." },
	{ .name = NULL },
};

/* What a signature must cover where more than reading is asked for. */
static const char *const covered_at_least[] = { "From", "Subject", "Date", "To", "Reply-To",
	"Message-ID", "Content-Type", "MIME-Version", NULL };
static const char *const nobody[] = { NULL };

static const char *const checks[] = { "spf", "dkim", "dmarc" };

static bool
listed(const char *const *list, const char *what)
{
	for (; *list != NULL; list++)
		if (text_is(text_span(*list), what))
			return true;
	return false;
}

/* "192.0.2.0/24" or an address alone. */
static bool
network(const char *s, struct spf_address *a, unsigned *bits)
{
	struct mt_span text = text_span(s);
	const char *slash = strchr(s, '/');
	uint64_t n;

	if (slash != NULL)
		text.len = (size_t)(slash - s);
	if (!spf_address_parse(text, a))
		return false;
	*bits = a->six ? 128 : 32;
	if (slash == NULL)
		return true;
	if (!text_parse(text_span(slash + 1), *bits, &n))
		return false;
	*bits = (unsigned)n;
	return true;
}

bool
options_relay(const struct options *o, const struct spf_address *client)
{
	struct spf_address net;
	unsigned bits, i;
	size_t k;

	for (k = 0; o->relays[k] != NULL; k++) {
		if (!network(o->relays[k], &net, &bits) || net.six != client->six)
			continue;
		for (i = 0; i < bits; i++)
			if (((net.bytes[i / 8] ^ client->bytes[i / 8]) >> (7 - i % 8) & 1) != 0)
				break;
		if (i == bits)
			return true;
	}
	return false;
}

bool
options_forwarder(const char *name, char *out)
{
	return domain_identity(text_span(name), out) && !align_public(out);
}

static bool
is_both(const struct mt_host *h, const struct mt_conf *c)
{
	return strcmp(h->conf_str(c, "alignment"), "both") == 0;
}

static const char *
check_forwarders(const struct mt_host *host, const struct mt_conf *conf)
{
	const char *const *list = host->conf_list(conf, "trusted_forwarders");
	char name[DOMAIN_MAX + 1];

	if (*list != NULL && is_both(host, conf))
		return "trusted_forwarders cannot stand beside alignment = both";
	for (; *list != NULL; list++)
		if (!options_forwarder(*list, name))
			return "trusted_forwarders holds a word that is not a domain of one owner";
	return NULL;
}

const char *
options_check(const struct mt_host *host, const struct mt_conf *conf)
{
	const char *const *list = host->conf_list(conf, "require");
	struct spf_address net;
	unsigned bits;
	size_t i;

	for (; *list != NULL; list++) {
		for (i = 0; i < 3 && strcmp(*list, checks[i]) != 0; i++)
			continue;
		if (i == 3)
			return "require holds a word that is not spf, dkim or dmarc";
	}
	if (!listed(host->conf_list(conf, "covered"), "From"))
		return "covered must hold From";
	for (list = host->conf_list(conf, "own_relays"); *list != NULL; list++)
		if (!network(*list, &net, &bits))
			return "own_relays holds a word that is not an address or network";
	if (is_both(host, conf))
		for (i = 0, list = host->conf_list(conf, "require"); i < 3; i++)
			if (!listed(list, checks[i]))
				return "alignment = both needs spf, dkim and dmarc in require";
	return check_forwarders(host, conf);
}

/* The configured fields and those of covered_at_least. */
static const char *const *
covered_strictly(struct run *r, const char *const *configured)
{
	const size_t least = sizeof(covered_at_least) / sizeof(covered_at_least[0]);	/* and NULL */
	const char **all;
	size_t n = 0, i;

	while (configured[n] != NULL)
		n++;
	all = run_alloc(r, (n + least) * sizeof(*all));
	memcpy(all, configured, n * sizeof(*all));
	for (i = 0; covered_at_least[i] != NULL; i++)
		if (!listed(configured, covered_at_least[i]))
			all[n++] = covered_at_least[i];
	return all;
}

void
options_floor(const struct mt_host *h, const struct mt_conf *c, struct options_floor *f)
{
	*f = (struct options_floor){ .both = is_both(h, c),
		.psl = h->conf_int(c, "public_suffixes") != 0,
		.replay_window_s = (uint32_t)h->conf_int(c, "replay_window"),
		.min_key_bits = (unsigned)h->conf_int(c, "min_key_bits") };
}

/* Nothing that an option relaxes is relaxed for an approval. */
static void
make_strict(struct run *r, const struct options_floor *f, struct options *o)
{
	o->both = o->both || f->both;
	o->dmarc.psl = f->psl;
	if (o->dkim.min_key_bits < f->min_key_bits)
		o->dkim.min_key_bits = f->min_key_bits;
	if (o->replay_window_s < f->replay_window_s)
		o->replay_window_s = f->replay_window_s;
	o->addressed = true;
	o->require_spf = o->require_dkim = o->require_dmarc = true;
	o->dmarc.evaluate = false;
	o->dkim.covered = covered_strictly(r, o->dkim.covered);
	o->relays = o->forwarders = nobody;
}

void
options_read(struct run *r, const struct options_floor *floor, struct options *o)
{
	const struct mt_host *h = r->host;
	const char *const *require = h->conf_list(r->conf, "require");
	struct mt_intent intent = { .size = sizeof(intent) };

	*o = (struct options){
		.require_spf = listed(require, "spf"),
		.require_dkim = listed(require, "dkim"),
		.require_dmarc = listed(require, "dmarc"),
		.both = is_both(h, r->conf),
		.addressed = h->conf_int(r->conf, "addressed") != 0,
		.replay_window_s = (uint32_t)h->conf_int(r->conf, "replay_window"),
		.dkim.covered = h->conf_list(r->conf, "covered"),
		.dkim.min_key_bits = (unsigned)h->conf_int(r->conf, "min_key_bits"),
		.dmarc.psl = h->conf_int(r->conf, "public_suffixes") != 0,
		.dmarc.evaluate = strcmp(h->conf_str(r->conf, "no_dmarc_record"), "evaluate") == 0,
		.relays = h->conf_list(r->conf, "own_relays"),
		.forwarders = h->conf_list(r->conf, "trusted_forwarders"),
	};
	if (h->intent(r->msg, &intent) == 0 && intent.cls == MT_APPROVE)
		make_strict(r, floor, o);
}
