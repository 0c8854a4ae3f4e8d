/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one call of the stage works with, and the words of RFC 8601 in which
 * every check answers.  Nothing here blocks: an answer that is not there yet
 * sets `waiting', and the callback then returns MT_WAIT.
 */
#ifndef MAILTRI_AUTH_RUN_H
#define MAILTRI_AUTH_RUN_H

#include <stdbool.h>

#include "text.h"

enum { POOL_BYTES = 24 * 1024 };

/* Memory that outlives a run; what does not fit is the host's. */
struct pool {
	size_t used;
	bool over;	/* something did not fit */
	_Alignas(16) char bytes[POOL_BYTES];
};

enum { DNS_A = 1, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

struct run {
	const struct mt_host *host;
	struct mt_msg *msg;
	const struct mt_conf *conf;
	struct mt_client client;
	struct mt_span sender;	/* MAIL FROM; empty: the null sender */
	struct mt_span rcpt;
	bool waiting;
	bool ahead;	/* questions are asked, nothing is judged */
	struct pool *pool;	/* NULL: none */
};

enum word {
	WORD_NONE, WORD_PASS, WORD_FAIL, WORD_SOFTFAIL, WORD_NEUTRAL, WORD_POLICY,
	WORD_TEMPERROR, WORD_PERMERROR
};

int run_init(struct run *, const struct mt_host *, struct mt_msg *);	/* 0, or -1 */
/* Zeroed; gone when the callback returns, unless all of it was of the pool. */
void *run_alloc(struct run *, size_t);
char *run_string(struct run *, struct mt_span);
/*
 * Asks for `name', letter case and a final dot ignored.  What cannot be a
 * name in the DNS (an empty label, a label over 63, over 253 in all, a NUL)
 * is answered MT_NXDOMAIN without a question.
 */
int run_ask(struct run *, const char *name, uint16_t type, struct mt_answer *);
bool run_failed(int status);	/* the answer may be another one later */
const char *word_text(enum word);

#endif
