/* SPDX-License-Identifier: BSD-2-Clause */
/* One call of the stage: its message, its memory, its questions. */
#include <errno.h>
#include <string.h>

#include "domain.h"
#include "run.h"

static const char *const words[] = {
	[WORD_NONE] = "none", [WORD_PASS] = "pass", [WORD_FAIL] = "fail",
	[WORD_SOFTFAIL] = "softfail", [WORD_NEUTRAL] = "neutral", [WORD_POLICY] = "policy",
	[WORD_TEMPERROR] = "temperror", [WORD_PERMERROR] = "permerror",
};

const char *
word_text(enum word w)
{
	return words[w];
}

int
run_init(struct run *r, const struct mt_host *host, struct mt_msg *msg)
{
	*r = (struct run){ .host = host, .msg = msg, .conf = host->conf(msg) };
	r->client.size = sizeof(r->client);
	if (host->client(msg, &r->client) != 0 || host->rcpt(msg, &r->rcpt) != 0)
		return -1;
	return host->sender(msg, &r->sender) == 0 ? 0 : -1;
}

void *
run_alloc(struct run *r, size_t n)
{
	struct pool *pool = r->pool;
	char *p;

	if (pool == NULL || n > sizeof(pool->bytes) - pool->used) {
		if (pool != NULL)
			pool->over = true;
		return memset(r->host->alloc(r->msg, n), 0, n);
	}
	p = pool->bytes + pool->used;
	pool->used += (n + 15) & ~(size_t)15;
	return memset(p, 0, n);
}

char *
run_string(struct run *r, struct mt_span s)
{
	char *p = run_alloc(r, s.len + 1);

	if (s.len != 0)
		memcpy(p, s.ptr, s.len);
	return p;
}

int
run_ask(struct run *r, const char *name, uint16_t type, struct mt_answer *a)
{
	char wire[DOMAIN_MAX + 1];

	*a = (struct mt_answer){ .size = sizeof(*a), .status = MT_NXDOMAIN };
	if (!domain_askable(text_span(name), wire))
		return MT_NXDOMAIN;
	a->status = r->host->dns_get(r->msg, wire, type, a);
	if (a->status == MT_OK && a->count == 0)
		a->status = MT_NODATA;
	if (a->status == MT_PENDING)
		r->waiting = true;
	return a->status;
}

bool
run_failed(int status)
{
	return status != MT_OK && status != MT_PENDING && status != MT_NODATA &&
	    status != MT_NXDOMAIN;
}
