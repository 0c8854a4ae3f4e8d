/* SPDX-License-Identifier: BSD-2-Clause */
/* SPF by libspf2, which is told mechanisms over tokens and nothing else. */
#include <sys/types.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>

#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#include <spf2/spf_dns_rr.h>

#include "domain.h"
#include "spf_lookup.h"
#include "spf_macro.h"

enum {
	TOKEN_MAX = 24,
	PROGRAM_TERM_MAX = 80,	/* "+a:n123.spf/32//128", "+ip6:.../128" */
	SHIFT = 0x40	/* moves 127/8 and ::1 away, see client_shift() */
};

/* ---- tokens ---- */

static void
token(struct spf_state *s, struct spf_name name, char out[TOKEN_MAX])
{
	struct text t;

	if (s->names == s->room) {
		size_t room = s->room == 0 ? 32 : s->room * 2;
		struct spf_name *grown = run_alloc(s->run, room * sizeof(*grown));

		if (s->names != 0)
			memcpy(grown, s->name, s->names * sizeof(*grown));
		s->name = grown;
		s->room = room;
	}
	t = text_make(out, TOKEN_MAX);
	text_byte(&t, 'n');
	text_number(&t, s->names);
	text_puts(&t, ".spf");
	s->name[s->names++] = name;
}

static const struct spf_name *
token_name(const struct spf_state *s, const char *text)
{
	unsigned long n = text[0] == 'n' ? strtoul(text + 1, NULL, 10) : s->names;

	return n < s->names ? &s->name[n] : NULL;
}

/*
 * libspf2 lets loopback clients pass whatever the record says.  For those,
 * its client and every address it compares with are moved by the same bit.
 */
static uint8_t
client_shift(const struct spf_address *a)
{
	static const uint8_t six[16] = { [15] = 1 };

	return a->six ? (memcmp(a->bytes, six, 16) == 0 ? SHIFT : 0) :
	    (a->bytes[0] == 127 ? SHIFT : 0);
}

/* ---- answers for the library ---- */

static SPF_dns_rr_t *
reply(SPF_dns_server_t *dns, const char *domain, ns_type type, int herrno)
{
	return SPF_dns_rr_new_init(dns, domain, type, 300, herrno);
}

static int
herrno_of(int status)
{
	if (status == MT_OK)
		return NETDB_SUCCESS;
	return status == MT_NODATA ? NO_DATA : status == MT_NXDOMAIN ? HOST_NOT_FOUND : TRY_AGAIN;
}

static void
put_bytes(SPF_dns_rr_t *rr, const void *p, size_t n)
{
	size_t room = n + 1 < 16 ? 16 : n + 1;

	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, room) != SPF_E_SUCCESS)
		return;
	memset(rr->rr[rr->num_rr], 0, room);
	memcpy(rr->rr[rr->num_rr], p, n);
	rr->num_rr++;
}

static void
put_addresses(struct spf_state *s, SPF_dns_rr_t *rr, const struct mt_answer *a)
{
	size_t i, n = s->subject->client.six ? 16 : 4;
	uint8_t bytes[16];

	for (i = 0; i < a->count; i++) {
		if (a->rr[i].len != n)
			continue;
		memcpy(bytes, a->rr[i].ptr, n);
		bytes[0] ^= client_shift(&s->subject->client);
		put_bytes(rr, bytes, n);
	}
}

/* Whether any host of an MX answer has any address: "mx/0". */
static int
any_host(struct spf_state *s, const struct mt_answer *mx)
{
	struct mt_answer a;
	int status, result = MT_NODATA;
	size_t i;

	for (i = 0; i < mx->count; i++) {
		if (mx->rr[i].len <= 2)
			continue;
		status = run_ask(s->run, run_string(s->run, text_cut(mx->rr[i], 2)),
		    spf_address_type(s), &a);
		if (status != MT_NODATA && status != MT_NXDOMAIN && result != MT_OK)
			result = status;
	}
	return result;
}

/* What `exists' stands for: a yes or a no of another kind. */
static int
yes_or_no(struct spf_state *s, const struct spf_name *name)
{
	struct mt_answer a;
	int status;

	if (name->kind == SPF_PTR)
		return spf_ptr_matches(s, name->domain) ? MT_OK : MT_NODATA;
	status = run_ask(s->run, name->domain, name->kind == SPF_MX ? DNS_MX :
	    name->kind == SPF_A ? spf_address_type(s) : DNS_A, &a);
	spf_note_void(s, status);
	if (status != MT_OK || name->kind != SPF_MX)
		return status;
	if (a.count > SPF_HOSTS_MAX)
		s->over = true;
	return s->over ? MT_SERVFAIL : any_host(s, &a);
}

static void
put_hosts(struct spf_state *s, SPF_dns_rr_t *rr, const struct mt_answer *a)
{
	struct mt_answer ignored;
	char host[TOKEN_MAX];
	size_t i;

	if (a->count > SPF_HOSTS_MAX)
		s->over = true;
	for (i = 0; i < a->count && !s->over; i++) {
		struct spf_name name = { .kind = SPF_ALL };

		if (a->rr[i].len <= 2)
			continue;
		name.domain = run_string(s->run, text_cut(a->rr[i], 2));
		run_ask(s->run, name.domain, spf_address_type(s), &ignored);
		token(s, name, host);
		put_bytes(rr, host, strlen(host));
	}
}

static SPF_dns_rr_t *
lookup(SPF_dns_server_t *dns, const char *domain, ns_type type, int should_cache)
{
	struct spf_state *s = dns->hook;
	const struct spf_name *name = token_name(s, domain);
	struct mt_answer a;
	SPF_dns_rr_t *rr;
	int status;

	(void)should_cache;
	if (name == NULL)
		return reply(dns, domain, type, HOST_NOT_FOUND);
	if (name->kind != SPF_ALL && !spf_spend(s))
		return reply(dns, domain, type, TRY_AGAIN);
	if (name->kind == SPF_EXISTS || name->kind == SPF_PTR || name->any) {
		status = yes_or_no(s, name);
		rr = reply(dns, domain, type, s->over ? TRY_AGAIN : herrno_of(status));
		if (status == MT_OK && !s->over)
			put_bytes(rr, "\x7f\0\0\2", 4);
		return rr;
	}
	status = run_ask(s->run, name->domain, name->kind == SPF_MX ? DNS_MX :
	    spf_address_type(s), &a);
	if (name->kind != SPF_ALL)
		spf_note_void(s, status);
	rr = reply(dns, domain, type, s->over ? TRY_AGAIN : herrno_of(status));
	if (status == MT_OK && !s->over && name->kind == SPF_MX)
		put_hosts(s, rr, &a);
	else if (status == MT_OK && !s->over)
		put_addresses(s, rr, &a);
	if (s->over) {
		rr->num_rr = 0;
		rr->herrno = TRY_AGAIN;
	}
	return rr;
}

/* ---- records for the library ---- */

/* "ip4:192.0.2.0/24"; false: it cannot match, the family is the other one. */
static bool
write_network(struct spf_state *s, const struct spf_term *t, struct text *out)
{
	const struct spf_address *client = &s->subject->client;
	uint8_t bytes[16], length = client->six ? t->prefix6 : t->prefix4;
	char literal[INET6_ADDRSTRLEN];

	if ((t->kind == SPF_IP6) != client->six)
		return false;
	text_byte(out, ' ');
	text_byte(out, t->qualifier);
	if (length == 0) {
		text_puts(out, "all");
		return true;
	}
	memcpy(bytes, t->address, sizeof(bytes));
	bytes[0] ^= client_shift(client);
	inet_ntop(client->six ? AF_INET6 : AF_INET, bytes, literal, sizeof(literal));
	text_puts(out, client->six ? "ip6:" : "ip4:");
	text_puts(out, literal);
	text_byte(out, '/');
	text_number(out, length);
	return true;
}

static void
write_prefix(const struct spf_state *s, const struct spf_term *t, struct text *out)
{
	if (s->subject->client.six && t->prefix6 != 128) {
		text_puts(out, "//");
		text_number(out, t->prefix6);
	} else if (!s->subject->client.six && t->prefix4 != 32) {
		text_byte(out, '/');
		text_number(out, t->prefix4);
	}
}

static void
write_lookup(struct spf_state *s, const struct spf_term *t, struct spf_name name, struct text *out)
{
	static const char *const verbs[] = {
		[SPF_INCLUDE] = "include:", [SPF_A] = "a:", [SPF_MX] = "mx:",
		[SPF_PTR] = "exists:", [SPF_EXISTS] = "exists:", [SPF_REDIRECT] = "redirect=",
	};
	char tok[TOKEN_MAX];

	token(s, name, tok);
	text_byte(out, ' ');
	if (t->kind != SPF_REDIRECT)
		text_byte(out, t->qualifier);
	text_puts(out, name.any ? "exists:" : verbs[t->kind]);
	text_puts(out, tok);
	if (!name.any && (t->kind == SPF_A || t->kind == SPF_MX))
		write_prefix(s, t, out);
}

/* One term as the library shall see it; false: waiting for its name. */
static bool
write_term(struct spf_state *s, const struct spf_term *t, const struct spf_name *at,
    struct text *out)
{
	struct spf_name name = { .kind = t->kind, .top = at->top && t->kind == SPF_REDIRECT };
	uint8_t length = s->subject->client.six ? t->prefix6 : t->prefix4;

	if (t->kind == SPF_ALL) {
		text_byte(out, ' ');
		text_byte(out, t->qualifier);
		text_puts(out, "all");
		return true;
	}
	if (!spf_kind_asks(t->kind)) {
		write_network(s, t, out);
		return true;
	}
	name.any = (t->kind == SPF_A || t->kind == SPF_MX) && length == 0;
	name.domain = spf_expand(s, t->domain, at->domain);
	if (name.domain == NULL)
		return false;
	write_lookup(s, t, name, out);
	return true;
}

static bool
write_record(struct spf_state *s, const struct spf_record *r, const struct spf_name *at,
    struct text *out)
{
	struct spf_term redirect = { .kind = SPF_REDIRECT, .domain = r->redirect };
	size_t i;

	text_puts(out, "v=spf1");
	for (i = 0; i < r->count; i++)
		if (!write_term(s, &r->term[i], at, out))
			return false;
	return r->all || r->redirect.len == 0 || write_term(s, &redirect, at, out);
}

static SPF_errcode_t
refuse(SPF_response_t *response, SPF_result_t result, SPF_errcode_t code)
{
	if (result != SPF_RESULT_INVALID)
		response->result = result;
	return SPF_response_add_error(response, code, "record");
}

/* Every record the library wants: the first, an include's, a redirect's. */
static SPF_errcode_t
get_record(SPF_server_t *server, SPF_request_t *request, SPF_response_t *response,
    SPF_record_t **record)
{
	struct spf_state *s = server->resolver->hook;
	const struct spf_name *name = token_name(s, request->cur_dom);
	struct spf_record parsed;
	struct mt_span txt;
	struct text program;
	size_t room;
	int status;

	*record = NULL;
	if (name == NULL || (name->kind != SPF_ALL && !spf_spend(s)))
		return refuse(response, SPF_RESULT_PERMERROR, SPF_E_BIG_DNS);
	status = spf_fetch(s->run, name->domain, &txt);
	if (status == MT_NODATA || status == MT_NXDOMAIN)
		return refuse(response, SPF_RESULT_NONE, SPF_E_NOT_SPF);
	if (status == SPF_SEVERAL)
		return refuse(response, SPF_RESULT_PERMERROR, SPF_E_MULTIPLE_RECORDS);
	s->deeper = s->deeper || status == MT_PENDING;
	if (status != MT_OK)
		return refuse(response, SPF_RESULT_INVALID, SPF_E_DNS_ERROR);
	if (!spf_parse(s->run, txt, &parsed))
		return refuse(response, SPF_RESULT_PERMERROR, SPF_E_SYNTAX);
	if (name->top) {
		s->exp = parsed.explanation;
		s->exp_domain = name->domain;
	}
	room = (parsed.count + 2) * PROGRAM_TERM_MAX;
	program = text_make(run_alloc(s->run, room), room);
	if (!write_record(s, &parsed, name, &program))
		return refuse(response, SPF_RESULT_INVALID, SPF_E_DNS_ERROR);
	if (program.full)
		return refuse(response, SPF_RESULT_PERMERROR, SPF_E_BIG_STRING);
	return SPF_record_compile(server, response, record, program.ptr);
}

/* ---- one check ---- */

/* Kept: a new one asks the kernel for its name and compiles two records. */
static SPF_dns_server_t questions = { .lookup = lookup, .get_spf = get_record,
	.name = "questions" };
static SPF_server_t *server;

void
spf_init(void)
{
	SPF_response_t *ignored = NULL;

	if (server != NULL)
		return;
	SPF_warning_handler = NULL;
	SPF_info_handler = NULL;
	SPF_debug_handler = NULL;
	server = SPF_server_new_dns(&questions, 0);
	if (server == NULL)
		abort();
	SPF_server_set_rec_dom(server, "here.spf");
	SPF_server_set_explanation(server, "none", &ignored);
	if (ignored != NULL)
		SPF_response_free(ignored);
}

void
spf_fini(void)
{
	if (server != NULL)
		SPF_server_free(server);
	server = NULL;
	spf_lookup_fini();
}

/* exp= (6.2): once, for the record that decided, and any doubt means none. */
static const char *
explanation(struct spf_state *s)
{
	char buf[SPF_EXPLANATION_MAX + 1];
	struct text text = text_make(buf, sizeof(buf));
	const char *domain, *validated = "";
	struct mt_answer a;

	if (s->exp.len == 0)
		return "";
	domain = spf_expand(s, s->exp, s->exp_domain);
	if (domain == NULL || run_ask(s->run, domain, DNS_TXT, &a) != MT_OK || a.count != 1 ||
	    !spf_macro_valid(a.rr[0], true))
		return "";
	if (spf_macro_uses(a.rr[0], 'p') &&
	    (validated = spf_validated(s, s->exp_domain)) == NULL)
		return "";
	spf_values(s, s->exp_domain, validated, &text, a.rr[0]);
	return text.full || !spf_macro_printable(buf) ? "" :
	    run_string(s->run, text_span(buf));
}

static enum word
interpret(struct spf_state *s, const char *first)
{
	static const enum word words[] = {
		[SPF_RESULT_NEUTRAL] = WORD_NEUTRAL, [SPF_RESULT_PASS] = WORD_PASS,
		[SPF_RESULT_FAIL] = WORD_FAIL, [SPF_RESULT_SOFTFAIL] = WORD_SOFTFAIL,
		[SPF_RESULT_NONE] = WORD_NONE, [SPF_RESULT_TEMPERROR] = WORD_TEMPERROR,
		[SPF_RESULT_PERMERROR] = WORD_PERMERROR,
	};
	const struct spf_address *client = &s->subject->client;
	SPF_request_t *request = SPF_request_new(server);
	SPF_response_t *response = NULL;
	struct in6_addr six;
	struct in_addr four;
	SPF_errcode_t error;
	SPF_result_t result;

	memcpy(&six, client->bytes, sizeof(six));
	memcpy(&four, client->bytes, sizeof(four));
	six.s6_addr[0] ^= client_shift(client);
	((uint8_t *)&four)[0] ^= client_shift(client);
	if (client->six)
		SPF_request_set_ipv6(request, six);
	else
		SPF_request_set_ipv4(request, four);
	/* In this order: libspf2 makes the sender of the helo where it is empty. */
	SPF_request_set_helo_dom(request, first);
	SPF_request_set_env_from(request, first);
	error = SPF_request_query_mailfrom(request, &response);
	result = response == NULL ? SPF_RESULT_INVALID : SPF_response_result(response);
	if (response != NULL)
		SPF_response_free(response);
	SPF_request_free(request);
	if (result == SPF_RESULT_INVALID)
		return error == SPF_E_DNS_ERROR ? WORD_TEMPERROR : WORD_PERMERROR;
	return words[result];
}

static const char *const reasons[] = {
	[WORD_NONE] = "no record", [WORD_PASS] = "the record permits the client",
	[WORD_FAIL] = "the record refuses the client",
	[WORD_SOFTFAIL] = "the record says the client is probably not permitted",
	[WORD_NEUTRAL] = "the record says nothing of the client",
	[WORD_TEMPERROR] = "a DNS question failed",
	[WORD_PERMERROR] = "the record cannot be understood",
};

void
spf_check(struct run *r, const struct spf_subject *subject, struct spf_result *out)
{
	struct spf_state s = { .run = r, .subject = subject, .exp_domain = "" };
	struct spf_name root = { .domain = subject->domain, .kind = SPF_ALL, .top = true };
	char first[TOKEN_MAX];
	bool waiting = r->waiting;

	*out = (struct spf_result){ .explanation = "" };
	spf_ahead(&s);
	r->waiting = false;
	token(&s, root, first);
	questions.hook = &s;
	out->word = interpret(&s, first);
	if (s.over || (s.deeper && s.tree > SPF_TREE_MAX)) {
		/* A bomb, thrice over the limit and records still to come, is asked
		 * no further; an address that may match first still is. */
		out->word = WORD_PERMERROR;
		out->why = "it needs more lookups than RFC 7208 4.6.4 allows";
		r->waiting = waiting;
		return;
	}
	out->unsure = out->word != WORD_PASS && s.failed;
	if (out->word == WORD_FAIL && !r->waiting)
		out->explanation = explanation(&s);
	out->why = reasons[out->word];
	r->waiting = r->waiting || waiting;
}
