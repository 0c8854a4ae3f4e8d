/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage allowlist: who may write where.
 *
 * Up to three lists are asked, and each must allow the sender: the global
 * one, that of the route where it has its own, that of the integration the
 * route leads to where there is one.  So a narrower list can only take away.
 * The sender is the From mailbox that an earlier stage proved.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "entry.h"

enum { RULE_MAX = 1024, POLICY_BYTES = 6 };

static const struct mt_option options[] = {
	{ .name = "allow", .type = MT_OPT_LIST,
	  .help = "Who may write: \"example.com\", \".example.com\" (subdomains), "
	      "\"ann@example.com\", \"group:NAME\". Empty: nobody." },
	{ .name = "groups", .type = MT_OPT_LIST,
	  .help = "Groups, one a member of the list: \"NAME: ann@example.com, .example.org\"." },
	{ .name = "integrations", .type = MT_OPT_LIST,
	  .help = "Narrower lists, by what the route leads to: \"linear: group:developers\"." },
	{ .name = "envelope", .type = MT_OPT_BOOL, .def = "false",
	  .help = "Judge the envelope sender too, at RCPT." },
	{ .name = NULL }
};

static const struct mt_fact_decl reads[] = {
	{ .key = "auth.from", .type = MT_TEXT, .flags = MT_REQUIRED | MT_PERSONAL,
	  .help = "The one From mailbox." },
	{ .key = NULL }
};

static const struct mt_fact_decl writes[] = {
	{ .key = "allowlist.match", .type = MT_TEXT, .flags = MT_PERSONAL,
	  .help = "The entry that matched, of the narrowest list." },
	{ .key = "allowlist.role", .type = MT_TEXT,
	  .help = "The group that matched, of the narrowest list that named one." },
	{ .key = "allowlist.policy", .type = MT_TEXT,
	  .help = "pol_ and 12 hex digits of the SHA-256 of the rule that decided." },
	{ .key = NULL }
};

struct allowlist {
	const struct mt_host *host;
	const struct mt_conf *base;	/* the options outside route sections */
};

/* One list, asked for one address. */
struct level {
	const char *kind;	/* "global", "route", "integration" */
	struct mt_span name;	/* which route or integration */
	struct mt_span entry;	/* that matched; empty: none */
	struct mt_span group;	/* through which group, or empty */
};

static const char *const nothing[] = { NULL };

static const char *const *
list_get(const struct mt_host *h, const struct mt_conf *c, const char *name)
{
	const char *const *list = h->conf_list(c, name);

	return list == NULL ? nothing : list;
}

static struct mt_span
span_of(const char *s)
{
	return (struct mt_span){ s, strlen(s) };
}

/* ---- check: what is written is understood, or the start is refused ---- */

static int
refuse(struct mt_result *why, const char *option, struct mt_span text, const char *wrong)
{
	snprintf(why->reason, sizeof(why->reason), "allowlist.option");
	snprintf(why->text, sizeof(why->text), "%s: \"%.*s\": %s", option,
	    (int)(text.len > 100 ? 100 : text.len), text.ptr, wrong);
	return -1;
}

static int
has_group(const char *const *groups, struct mt_span name)
{
	struct mt_span head, members;

	for (; *groups != NULL; groups++)
		if (line_parse(*groups, &head, &members) == NULL && entry_same(head, name))
			return 1;
	return 0;
}

/* groups NULL: an entry that may not be a group itself. */
static const char *
entry_check(struct mt_span text, const char *const *groups)
{
	struct entry e;
	const char *wrong = entry_parse(text, &e);

	if (wrong != NULL || e.kind != ENTRY_GROUP)
		return wrong;
	if (groups == NULL)
		return "a group holds no groups";
	return has_group(groups, e.name) ? NULL : "no such group in groups";
}

static int
lines_check(struct mt_result *why, const char *option, const char *const *lines,
    const char *const *groups)
{
	for (; *lines != NULL; lines++) {
		struct mt_span head, members, member;
		const char *wrong = line_parse(*lines, &head, &members);
		size_t it = 0;

		if (wrong != NULL)
			return refuse(why, option, span_of(*lines), wrong);
		while (line_next(members, &it, &member) == 0) {
			wrong = entry_check(member, groups);
			if (wrong != NULL)
				return refuse(why, option, member, wrong);
		}
	}
	return 0;
}

static int
allowlist_check(const struct mt_host *h, const struct mt_conf *c, struct mt_result *why)
{
	const char *const *groups = list_get(h, c, "groups");
	const char *const *allow = list_get(h, c, "allow");

	if (lines_check(why, "groups", groups, NULL) != 0)
		return -1;
	for (; *allow != NULL; allow++) {
		const char *wrong = entry_check(span_of(*allow), groups);

		if (wrong != NULL)
			return refuse(why, "allow", span_of(*allow), wrong);
	}
	return lines_check(why, "integrations", list_get(h, c, "integrations"), groups);
}

/* ---- matching ---- */

static int
members_match(const char *const *groups, struct mt_span name, struct mt_span address)
{
	for (; *groups != NULL; groups++) {
		struct mt_span head, members, member;
		struct entry e;
		size_t it = 0;

		if (line_parse(*groups, &head, &members) != NULL || !entry_same(head, name))
			continue;
		while (line_next(members, &it, &member) == 0)
			if (entry_parse(member, &e) == NULL && entry_match(&e, address))
				return 1;
	}
	return 0;
}

static int
entry_allows(struct mt_span text, const char *const *groups, struct mt_span address,
    struct level *level)
{
	struct entry e;

	if (entry_parse(text, &e) != NULL)
		return 0;
	if (e.kind == ENTRY_GROUP ? !members_match(groups, e.name, address) :
	    !entry_match(&e, address))
		return 0;
	level->entry = text;
	if (e.kind == ENTRY_GROUP)
		level->group = e.name;
	return 1;
}

static int
list_allows(const struct mt_host *h, const struct mt_conf *c, struct mt_span address,
    struct level *level)
{
	const char *const *groups = list_get(h, c, "groups");
	const char *const *allow = list_get(h, c, "allow");

	for (; *allow != NULL; allow++)
		if (entry_allows(span_of(*allow), groups, address, level))
			return 1;
	return 0;
}

/* 1 where no line names the target. */
static int
integration_allows(const struct mt_host *h, const struct mt_conf *c,
    struct mt_span address, struct level *level)
{
	const char *const *groups = list_get(h, c, "groups");
	const char *const *lines = list_get(h, c, "integrations");
	int named = 0;

	for (; *lines != NULL; lines++) {
		struct mt_span head, members, member;
		size_t it = 0;

		if (line_parse(*lines, &head, &members) != NULL ||
		    !entry_same(head, level->name))
			continue;
		named = 1;
		while (line_next(members, &it, &member) == 0)
			if (entry_allows(member, groups, address, level))
				return 1;
	}
	return !named;
}

static int
is_same_list(const char *const *a, const char *const *b)
{
	for (; *a != NULL && *b != NULL; a++, b++)
		if (strcmp(*a, *b) != 0)
			return 0;
	return *a == *b;	/* both NULL */
}

/* A route section that says nothing of these options inherits them. */
static int
has_own(const struct allowlist *a, const struct mt_conf *c)
{
	return !is_same_list(list_get(a->host, a->base, "allow"), list_get(a->host, c, "allow")) ||
	    !is_same_list(list_get(a->host, a->base, "groups"), list_get(a->host, c, "groups"));
}

/* ---- facts ---- */

static void
text_set(const struct mt_host *h, struct mt_msg *m, const char *key, struct mt_span text)
{
	char *lower = h->alloc(m, text.len + 1);
	struct mt_fact f = { .key = key, .type = MT_TEXT, .text = { lower, text.len } };

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	h->fact_set(m, &f);
}

/* The rule as text: "global example.com", "integration linear group:dev",
 * "route task.linear@example.com none" where the list did not hold him. */
static int
policy_set(const struct mt_host *h, struct mt_msg *m, const struct level *level)
{
	char rule[RULE_MAX], policy[4 + 2 * POLICY_BYTES + 1] = "pol_";
	unsigned char digest[EVP_MAX_MD_SIZE];
	int len = snprintf(rule, sizeof(rule), "%s%s%.*s %.*s", level->kind,
	    level->name.len > 0 ? " " : "", (int)level->name.len, level->name.ptr,
	    (int)level->entry.len, level->entry.ptr);

	if (len < 0 || (size_t)len >= sizeof(rule))
		return -1;
	for (int i = 0; i < len; i++)
		if (rule[i] >= 'A' && rule[i] <= 'Z')
			rule[i] = (char)(rule[i] + ('a' - 'A'));
	if (EVP_Digest(rule, (size_t)len, digest, NULL, EVP_sha256(), NULL) != 1)
		return -1;
	for (size_t i = 0; i < POLICY_BYTES; i++)
		snprintf(policy + 4 + 2 * i, 3, "%02x", digest[i]);
	text_set(h, m, "allowlist.policy", span_of(policy));
	return 0;
}

static int
deny(const struct mt_host *h, struct mt_msg *m, struct level *level, struct mt_result *r)
{
	level->entry = span_of("none");
	r->verdict = MT_REJECT;
	r->smtp_code = 550;
	snprintf(r->enhanced, sizeof(r->enhanced), "5.7.1");
	snprintf(r->reason, sizeof(r->reason), "allowlist.denied");
	snprintf(r->text, sizeof(r->text), "the sender may not write to this address; "
	    "write from an address that may, or ask its operator to add yours");
	text_set(h, m, "allowlist.role", span_of(""));
	return policy_set(h, m, level);
}

/* ---- the two phases ---- */

/* The lists in order; the first that does not hold him ends the walk.  Out:
 * the narrowest that did, its group or that of a wider one. */
static int
judge(const struct allowlist *a, struct mt_msg *m, struct mt_span address, struct level *out)
{
	const struct mt_conf *c = a->host->conf(m);
	struct mt_intent intent = { .size = sizeof(intent) };
	struct level route = { .kind = "route" }, integration = { .kind = "integration" };

	*out = (struct level){ .kind = "global" };
	if (!list_allows(a->host, a->base, address, out))
		return 0;
	if (a->host->intent(m, &intent) != 0)
		return 1;
	route.name = intent.route;
	route.group = out->group;
	if (has_own(a, c)) {
		int allowed = list_allows(a->host, c, address, &route);

		*out = route;
		if (!allowed)
			return 0;
	}
	integration.name = intent.target;
	integration.group = out->group;
	if (!integration_allows(a->host, a->base, address, &integration) ||
	    !integration_allows(a->host, c, address, &integration)) {
		*out = integration;
		return 0;
	}
	if (integration.entry.len > 0)
		*out = integration;
	return 1;
}

static int
allowlist_envelope(void *ctx, struct mt_msg *m, struct mt_result *r)
{
	const struct allowlist *a = ctx;
	struct mt_span sender;
	struct level level;

	if (!a->host->conf_int(a->host->conf(m), "envelope"))
		return 0;
	if (a->host->sender(m, &sender) != 0)
		return -1;
	if (judge(a, m, sender, &level))
		return 0;
	return deny(a->host, m, &level, r);
}

static int
allowlist_message(void *ctx, struct mt_msg *m, struct mt_result *r)
{
	const struct allowlist *a = ctx;
	struct mt_fact from = { .text = { "", 0 } };
	struct level level;

	/* No proved From is a sender on no list. */
	if (a->host->fact_get(m, "auth.from", &from) != 0)
		from.text = span_of("");
	if (!judge(a, m, from.text, &level))
		return deny(a->host, m, &level, r);
	text_set(a->host, m, "allowlist.match", level.entry);
	text_set(a->host, m, "allowlist.role",
	    level.group.ptr == NULL ? span_of("") : level.group);
	return policy_set(a->host, m, &level);
}

static int
allowlist_open(const struct mt_host *h, const struct mt_conf *c, void **ctx,
    struct mt_result *why)
{
	struct allowlist *a = malloc(sizeof(*a));

	if (a == NULL) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return -1;
	}
	*a = (struct allowlist){ .host = h, .base = c };
	*ctx = a;
	return 0;
}

MT_STAGE(allowlist, .name = "allowlist", .version = "1.0",
    .summary = "Who may write where: domains, users and groups",
    .options = options, .reads = reads, .writes = writes,
    .check = allowlist_check, .open = allowlist_open, .close = free,
    .envelope = allowlist_envelope, .message = allowlist_message);
