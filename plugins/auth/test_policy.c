/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict of every finding: RFC 7372's codes, what is only for a while,
 * and what a forwarder's word changes. */
#include "policy.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct judgement j;
static struct options o;
static struct mt_result out;

/* All three required, and all three in order. */
static void
make(void)
{
	j = (struct judgement){ .dkim_word = WORD_PASS, .dkim.count = 1,
		.mail_from.result = { .word = WORD_PASS, .why = "w" },
		.dmarc = { .word = WORD_PASS, .why = "w", .spf_aligned = true },
		.forwarding = { .word = WORD_NONE } };
	j.dkim.signature[0] = (struct signature){ .word = WORD_PASS, .why = "w" };
	j.signature = j.dmarc.dkim_aligned = &j.dkim.signature[0];
	o = (struct options){ .require_spf = true, .require_dkim = true, .require_dmarc = true };
	out = (struct mt_result){ .size = sizeof(out) };
}

struct finding {
	enum word spf, dkim, dmarc;
};

static void
find(const struct finding *f)
{
	make();
	j.mail_from.result.word = f->spf;
	j.dkim_word = j.dkim.signature[0].word = f->dkim;
	if (f->dkim != WORD_PASS)
		j.dmarc.dkim_aligned = NULL;
	j.dmarc.word = f->dmarc;
}

static void
codes(void **state)
{
	static const struct {
		struct finding f;
		int code;
		const char *enhanced, *reason;
	} t[] = {
		{ { WORD_PASS, WORD_PASS, WORD_PASS }, 0, "", "" },
		{ { WORD_FAIL, WORD_PASS, WORD_PASS }, 550, "5.7.23", "auth.spf.fail" },
		{ { WORD_SOFTFAIL, WORD_PASS, WORD_PASS }, 550, "5.7.23", "auth.spf.softfail" },
		{ { WORD_NEUTRAL, WORD_PASS, WORD_PASS }, 550, "5.7.23", "auth.spf.neutral" },
		{ { WORD_NONE, WORD_PASS, WORD_PASS }, 550, "5.7.23", "auth.spf.none" },
		{ { WORD_PERMERROR, WORD_PASS, WORD_PASS }, 550, "5.7.24", "auth.spf.permerror" },
		{ { WORD_PASS, WORD_NONE, WORD_PASS }, 550, "5.7.20", "auth.dkim.none" },
		{ { WORD_PASS, WORD_FAIL, WORD_PASS }, 550, "5.7.20", "auth.dkim.fail" },
		{ { WORD_PASS, WORD_PERMERROR, WORD_PASS }, 550, "5.7.20", "auth.dkim.permerror" },
		{ { WORD_PASS, WORD_NEUTRAL, WORD_PASS }, 550, "5.7.20", "auth.dkim.neutral" },
		{ { WORD_PASS, WORD_POLICY, WORD_PASS }, 550, "5.7.21", "auth.dkim.policy" },
		{ { WORD_PASS, WORD_PASS, WORD_NONE }, 550, "5.7.1", "auth.dmarc.none" },
		{ { WORD_PASS, WORD_PASS, WORD_FAIL }, 550, "5.7.26", "auth.dmarc.fail" },
		{ { WORD_FAIL, WORD_FAIL, WORD_PASS }, 550, "5.7.26", "auth.spf.fail" },
		{ { WORD_FAIL, WORD_PASS, WORD_FAIL }, 550, "5.7.26", "auth.dmarc.fail" },
		{ { WORD_PASS, WORD_NONE, WORD_NONE }, 550, "5.7.26", "auth.dkim.none" },
		{ { WORD_TEMPERROR, WORD_PASS, WORD_PASS }, 451, "4.7.0", "auth.temperror" },
		{ { WORD_PASS, WORD_TEMPERROR, WORD_PASS }, 451, "4.7.0", "auth.temperror" },
		{ { WORD_PASS, WORD_PASS, WORD_TEMPERROR }, 451, "4.7.0", "auth.temperror" },
		{ { WORD_FAIL, WORD_TEMPERROR, WORD_FAIL }, 451, "4.7.0", "auth.temperror" },
		{ { WORD_TEMPERROR, WORD_FAIL, WORD_FAIL }, 451, "4.7.0", "auth.temperror" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		find(&t[i].f);
		policy_judge(&o, &j, &out);
		assert_string_equal(out.reason, t[i].reason);
		assert_string_equal(out.enhanced, t[i].enhanced);
		assert_int_equal(out.smtp_code, t[i].code);
		assert_int_equal(out.verdict, t[i].code == 0 ? MT_CONTINUE :
		    t[i].code == 451 ? MT_TEMPFAIL : MT_REJECT);
	}
}

static void
structure_comes_first(void **state)
{
	(void)state;
	find(&(struct finding){ WORD_TEMPERROR, WORD_TEMPERROR, WORD_TEMPERROR });
	j.header_fault = "f";
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	assert_string_equal(out.reason, "auth.header.invalid");
	j.header_fault = NULL;
	j.from_fault = "f";
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	assert_string_equal(out.reason, "auth.from.invalid");
}

/* The second opinion differs: refused though all passed, and whoever says so. */
static void
disputed(void **state)
{
	(void)state;
	make();
	j.dmarc.disputed = true;
	j.forwarding = (struct forwarding){ .word = WORD_PASS, .spf = true, .dkim = true };
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	assert_string_equal(out.reason, "auth.dmarc.disputed");
	assert_string_equal(out.enhanced, "5.7.26");
}

static void
aligned_both(void **state)
{
	(void)state;
	make();
	o.both = true;
	assert_int_equal(policy_judge(&o, &j, &out), MT_CONTINUE);
	j.dmarc.spf_aligned = false;
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	assert_string_equal(out.reason, "auth.spf.unaligned");
	make();
	o.both = true;
	j.dmarc.dkim_aligned = NULL;
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	assert_string_equal(out.reason, "auth.dkim.unaligned");
	assert_string_equal(out.enhanced, "5.7.22");
	make();
	o.both = true;
	j.mail_from.result.word = WORD_POLICY;	/* a relay of ours aligns with nothing */
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
}

/* Not aligned for all that is known: later, and never for good. */
static void
alignment_unknown(void **state)
{
	(void)state;
	make();
	o.both = true;
	j.dmarc.spf_aligned = false;
	j.dmarc.spf_unsure = true;
	assert_int_equal(policy_judge(&o, &j, &out), MT_TEMPFAIL);
	assert_string_equal(out.reason, "auth.temperror");
	make();
	o.both = true;
	j.dmarc.dkim_aligned = NULL;
	j.dmarc.dkim_unsure = true;
	assert_int_equal(policy_judge(&o, &j, &out), MT_TEMPFAIL);
	o.both = false;	/* then one is enough */
	assert_int_equal(policy_judge(&o, &j, &out), MT_CONTINUE);
}

/* Every combination of findings under a forwarder's word: what is believed is
 * what forwarding does, and nothing that was not answered. */
static void
forwarders(void **state)
{
	static const struct forwarding word = { .word = WORD_PASS, .spf = true, .dkim = true };
	struct finding f;
	unsigned believed = 0;

	(void)state;
	for (f.spf = WORD_NONE; f.spf <= WORD_PERMERROR; f.spf++)
		for (f.dkim = WORD_NONE; f.dkim <= WORD_PERMERROR; f.dkim++)
			for (f.dmarc = WORD_NONE; f.dmarc <= WORD_PERMERROR; f.dmarc++) {
				bool temporary = f.spf == WORD_TEMPERROR || f.dkim == WORD_TEMPERROR ||
				    f.dmarc == WORD_TEMPERROR;
				bool spf = f.spf != WORD_PERMERROR;
				bool dkim = f.dkim == WORD_PASS || f.dkim == WORD_FAIL || f.dkim == WORD_NONE;
				bool dmarc = f.dmarc == WORD_PASS || f.dmarc == WORD_FAIL;

				find(&f);
				j.forwarding = word;
				policy_judge(&o, &j, &out);
				assert_int_equal(out.verdict, temporary ? MT_TEMPFAIL :
				    spf && dkim && dmarc ? MT_CONTINUE : MT_REJECT);
				assert_true(!j.forwarding.believed || out.verdict == MT_CONTINUE);
				believed += j.forwarding.believed;
			}
	assert_int_equal(believed, 6 * 3 * 2 - 2);	/* less those that lack nothing */
}

static void
forwarders_who_say_less(void **state)
{
	(void)state;
	find(&(struct finding){ WORD_FAIL, WORD_FAIL, WORD_FAIL });
	j.forwarding = (struct forwarding){ .word = WORD_PASS, .dkim = true };
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	j.forwarding = (struct forwarding){ .word = WORD_PASS, .spf = true };
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	j.forwarding = (struct forwarding){ .word = WORD_FAIL, .spf = true, .dkim = true };
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	j.forwarding = (struct forwarding){ .word = WORD_TEMPERROR };
	assert_int_equal(policy_judge(&o, &j, &out), MT_TEMPFAIL);
	assert_false(j.forwarding.believed);
	/* A failed question about the forwarder heals nothing that he cannot. */
	find(&(struct finding){ WORD_PERMERROR, WORD_FAIL, WORD_FAIL });
	j.forwarding = (struct forwarding){ .word = WORD_TEMPERROR };
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
	/* A field added is forgiven, a signature with l= beside it is not. */
	find(&(struct finding){ WORD_FAIL, WORD_POLICY, WORD_FAIL });
	j.forwarding = (struct forwarding){ .word = WORD_PASS, .spf = true, .dkim = true };
	j.dkim.signature[0].uncovered = true;
	assert_int_equal(policy_judge(&o, &j, &out), MT_CONTINUE);
	j.dkim.signature[1] = (struct signature){ .word = WORD_POLICY, .why = "w" };
	j.dkim.count = 2;
	assert_int_equal(policy_judge(&o, &j, &out), MT_REJECT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes), cmocka_unit_test(structure_comes_first),
		cmocka_unit_test(disputed), cmocka_unit_test(aligned_both),
		cmocka_unit_test(alignment_unknown),
		cmocka_unit_test(forwarders), cmocka_unit_test(forwarders_who_say_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
