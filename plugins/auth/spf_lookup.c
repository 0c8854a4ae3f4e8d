/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and answers of one SPF check: expansion, PTR names, the budget. */
#include <arpa/inet.h>

#include "cache.h"
#include "domain.h"
#include "spf_lookup.h"
#include "spf_macro.h"

_Static_assert((int)SPF_RECORD_MAX <= (int)CACHE_TEXT_MAX, "every record can be kept");

enum { EXPANDED_MAX = 4096, REVERSE_MAX = 80 };

uint16_t
spf_address_type(const struct spf_state *s)
{
	return s->subject->client.six ? DNS_AAAA : DNS_A;
}

bool
spf_spend(struct spf_state *s)
{
	if (!s->over && ++s->lookups > SPF_LOOKUPS_MAX)
		s->over = true;
	return !s->over;
}

void
spf_note_void(struct spf_state *s, int status)
{
	if ((status == MT_NODATA || status == MT_NXDOMAIN) && ++s->voids > SPF_VOIDS_MAX)
		s->over = true;
}

int
spf_fetch(struct run *r, const char *domain, struct mt_span *txt)
{
	struct mt_answer a;
	size_t i, found = 0;
	int status = run_ask(r, domain, DNS_TXT, &a);

	if (status != MT_OK)
		return status;
	for (i = 0; i < a.count; i++) {
		if (!spf_record_is(a.rr[i]))
			continue;
		*txt = a.rr[i];
		found++;
	}
	return found == 0 ? MT_NODATA : found == 1 ? MT_OK : SPF_SEVERAL;
}

/* A record as it was read; `term' is behind it. */
struct parsed {
	struct cache_entry entry;
	bool good;
	struct spf_record record;
	struct spf_term term[];
};

static struct cache records;

/* What pointed into one copy of the text points into the other. */
static struct mt_span
moved(struct mt_span s, struct mt_span from, struct mt_span to)
{
	return s.len == 0 ? s : (struct mt_span){ to.ptr + (s.ptr - from.ptr), s.len };
}

static const struct parsed *
parsed_get(struct mt_span txt)
{
	struct parsed *p = (struct parsed *)cache_find(&records, txt);

	if (p == NULL) {
		p = (struct parsed *)cache_add(&records, txt,
		    sizeof(*p) + spf_record_room(txt) * sizeof(p->term[0]));
		p->good = spf_record_parse(p->entry.text, p->term, &p->record);
	}
	return p;
}

/* A copy: what is cached may go when the next record comes. */
bool
spf_parse(struct run *r, struct mt_span txt, struct spf_record *record)
{
	const struct parsed *p = txt.len > SPF_RECORD_MAX ? NULL : parsed_get(txt);
	size_t i;

	if (p == NULL || !p->good)
		return false;
	*record = p->record;
	record->term = run_alloc(r, (p->record.count + 1) * sizeof(p->term[0]));
	for (i = 0; i < p->record.count; i++) {
		record->term[i] = p->term[i];
		record->term[i].domain = moved(p->term[i].domain, p->entry.text, txt);
	}
	record->redirect = moved(p->record.redirect, p->entry.text, txt);
	record->explanation = moved(p->record.explanation, p->entry.text, txt);
	return true;
}

void
spf_lookup_fini(void)
{
	cache_fini(&records);
}

void
spf_values(struct spf_state *s, const char *current, const char *validated, struct text *text,
    struct mt_span spec)
{
	const struct spf_subject *who = s->subject;
	const char *at = strrchr(who->sender, '@');
	struct spf_values v = {
		.sender = who->sender, .domain = current, .helo = who->helo,
		.domain_of_sender = at == NULL ? who->sender : at + 1,
		.local = at == NULL ? "" : run_string(s->run,
		    (struct mt_span){ who->sender, (size_t)(at - who->sender) }),
		.validated = validated, .receiver = who->receiver,
		.address = who->client.bytes, .six = who->client.six,
		.now = s->run->host->now(s->run->msg),
	};

	spf_macro_expand(spec, &v, text);
}

const char *
spf_expand(struct spf_state *s, struct mt_span spec, const char *current)
{
	char buf[EXPANDED_MAX];
	struct text text = text_make(buf, sizeof(buf));
	const char *validated = "", *name = buf;

	if (spec.len == 0)
		return current;
	if (spf_macro_uses(spec, 'p') && (validated = spf_validated(s, current)) == NULL)
		return NULL;
	spf_values(s, current, validated, &text, spec);
	/* A local part in UTF-8 makes no name: nothing matches it, RFC 8616 4. */
	if (text.full || !text_ascii(buf))
		return "";
	if (text.len != 0 && buf[text.len - 1] == '.')
		buf[--text.len] = '\0';
	while (strlen(name) > DOMAIN_MAX && strchr(name, '.') != NULL)
		name = strchr(name, '.') + 1;
	return run_string(s->run, text_span(name));
}

static const char *
reverse_name(struct spf_state *s)
{
	char buf[REVERSE_MAX];
	struct text t = text_make(buf, sizeof(buf));

	spf_values(s, "", "", &t, text_span("%{ir}"));
	text_puts(&t, s->subject->client.six ? ".ip6.arpa" : ".in-addr.arpa");
	return run_string(s->run, text_span(buf));
}

static bool
is_client(struct spf_state *s, struct mt_span rr)
{
	size_t n = s->subject->client.six ? 16 : 4;

	return rr.len == n && memcmp(rr.ptr, s->subject->client.bytes, n) == 0;
}

/* The validated names of the client (5.5), at most ten looked at, all asked
 * at once.  Returns their number; a failure leaves its name out. */
static size_t
validated_names(struct spf_state *s, const char **names, int *status)
{
	struct mt_answer ptr, a;
	size_t i, k, n = 0;

	*status = run_ask(s->run, reverse_name(s), DNS_PTR, &ptr);
	s->failed = s->failed || run_failed(*status);
	if (*status != MT_OK)
		return 0;
	for (i = 0; i < ptr.count && i < SPF_HOSTS_MAX; i++) {
		char name[DOMAIN_MAX + 1];
		int error;

		if (!domain_askable(ptr.rr[i], name))
			continue;
		error = run_ask(s->run, name, spf_address_type(s), &a);
		s->failed = s->failed || run_failed(error);
		for (k = 0; error == MT_OK && k < a.count; k++) {
			if (!is_client(s, a.rr[k]))
				continue;
			names[n++] = run_string(s->run, text_span(name));
			break;
		}
	}
	return n;
}

const char *
spf_validated(struct spf_state *s, const char *current)
{
	const char *names[SPF_HOSTS_MAX], *best = "unknown";
	bool waiting = s->run->waiting;
	size_t i, n;
	int status, rank = 0;

	s->run->waiting = false;
	n = validated_names(s, names, &status);
	if (s->run->waiting)
		return NULL;
	s->run->waiting = waiting;
	for (i = 0; i < n; i++) {
		int r = strcmp(names[i], current) == 0 ? 3 : domain_within(names[i], current) ? 2 : 1;

		if (r > rank) {
			best = names[i];
			rank = r;
		}
	}
	return best;
}

bool
spf_ptr_matches(struct spf_state *s, const char *domain)
{
	const char *names[SPF_HOSTS_MAX];
	char zone[DOMAIN_MAX + 1];
	size_t i, n;
	int status;

	n = validated_names(s, names, &status);
	spf_note_void(s, status);
	for (i = 0; i < n; i++)
		if (domain_askable(text_span(domain), zone) && domain_within(names[i], zone))
			return true;
	return false;
}

bool
spf_address_parse(struct mt_span s, struct spf_address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char literal[INET6_ADDRSTRLEN];

	*a = (struct spf_address){ .six = false };
	if (s.len == 0 || s.len >= sizeof(literal))
		return false;
	memcpy(literal, s.ptr, s.len);
	literal[s.len] = '\0';
	if (inet_pton(AF_INET, literal, a->bytes) == 1)
		return true;
	if (inet_pton(AF_INET6, literal, a->bytes) != 1)
		return false;
	a->six = memcmp(a->bytes, mapped, sizeof(mapped)) != 0;
	if (!a->six)
		memmove(a->bytes, a->bytes + 12, 4);
	return true;
}
