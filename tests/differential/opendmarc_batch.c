/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libopendmarc by itself, as its milter uses it: a line in, with the domain
 * of From, that of a good SPF result, the number of good signatures and their
 * domains, and "domain=record" of what stands in the DNS, all parted by 0x1f;
 * a line out: verdict, and whether SPF and DKIM are aligned, as by p=none
 * where there is no record.
 */
#include <sys/types.h>

#include <opendmarc/dmarc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Exported, and in none of its headers. */
int opendmarc_get_tld(u_char *domain, u_char *out, size_t room);

enum { PARTS_MAX = 64, NAME_ROOM = 512 };

struct line {
	char *part[PARTS_MAX];
	size_t count;
};

static unsigned char *
bytes(char *s)
{
	return (unsigned char *)s;
}

static void
split(char *s, struct line *l)
{
	for (l->count = 0; s != NULL && l->count < PARTS_MAX; l->count++)
		l->part[l->count] = strsep(&s, "\x1f");
}

/* Stores the first record of this domain that the library can read. */
static int
store(DMARC_POLICY_T *p, const struct line *l, size_t from, const char *domain)
{
	size_t i, n = strlen(domain);
	char *organisation = strcmp(domain, l->part[0]) == 0 ? NULL : (char *)(uintptr_t)domain;

	for (i = from; i < l->count; i++)
		if (strncasecmp(l->part[i], domain, n) == 0 && l->part[i][n] == '=' &&
		    opendmarc_policy_store_dmarc(p, bytes(l->part[i] + n + 1), bytes(l->part[0]),
		    bytes(organisation)) == DMARC_PARSE_OKAY)
			return 1;
	return 0;
}

static const char *
verdict(DMARC_POLICY_T *p, const struct line *l, size_t records)
{
	static unsigned char none[] = "v=DMARC1; p=none";
	char organisation[NAME_ROOM] = "";
	int said;

	if (!store(p, l, records, l->part[0])) {
		opendmarc_get_tld(bytes(l->part[0]), bytes(organisation), sizeof(organisation));
		if (organisation[0] == '\0' || !store(p, l, records, organisation)) {
			opendmarc_policy_store_dmarc(p, none, bytes(l->part[0]),
			    bytes(organisation));
			opendmarc_get_policy_to_enforce(p);
			return "none";
		}
	}
	said = opendmarc_get_policy_to_enforce(p);
	if (said == DMARC_POLICY_PASS)
		return "pass";
	return said == DMARC_POLICY_ABSENT || said == DMARC_FROM_DOMAIN_ABSENT ? "none" : "fail";
}

static void
judge(const struct line *l)
{
	static unsigned char address[] = "192.0.2.1", selector[] = "s";
	DMARC_POLICY_T *p = opendmarc_policy_connect_init(address, DMARC_POLICY_IP_TYPE_IPV4);
	size_t i, signatures = (size_t)strtoul(l->part[2], NULL, 10);
	int spf = 0, dkim = 0;
	const char *said;

	if (p == NULL)
		abort();
	opendmarc_policy_store_from_domain(p, bytes(l->part[0]));
	if (l->part[1][0] != '\0')
		opendmarc_policy_store_spf(p, bytes(l->part[1]), DMARC_POLICY_SPF_OUTCOME_PASS,
		    DMARC_POLICY_SPF_ORIGIN_MAILFROM, NULL);
	for (i = 3; i < 3 + signatures; i++)
		opendmarc_policy_store_dkim(p, bytes(l->part[i]), selector,
		    DMARC_POLICY_DKIM_OUTCOME_PASS, NULL);
	said = verdict(p, l, 3 + signatures);
	opendmarc_policy_fetch_alignment(p, &dkim, &spf);
	printf("%s %d %d\n", said, spf == DMARC_POLICY_SPF_ALIGNMENT_PASS,
	    dkim == DMARC_POLICY_DKIM_ALIGNMENT_PASS);
	opendmarc_policy_connect_shutdown(p);
}

int
main(void)
{
	static OPENDMARC_LIB_T lib = { .tld_type = OPENDMARC_TLD_TYPE_MOZILLA,
		.tld_source_file = "/usr/share/publicsuffix/public_suffix_list.dat" };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (opendmarc_policy_library_init(&lib) != DMARC_PARSE_OKAY)
		return 1;
	while ((n = getline(&line, &room, stdin)) > 0) {
		struct line l;

		line[n - 1] = '\0';
		split(line, &l);
		if (l.count < 3)
			return 1;
		judge(&l);
	}
	free(line);
	return 0;
}
