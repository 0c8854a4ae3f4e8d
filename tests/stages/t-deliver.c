/* SPDX-License-Identifier: BSD-2-Clause */
/* Where mail goes to: done at once, and where it is has the subject in it; but a
 * mail with X-Test-Deliver says what is done to the worker instead. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "mailtri/stage.h"

static const struct mt_host *host;

static int
deliver_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	(void)conf;
	(void)ctx;
	(void)why;
	host = h;
	return 0;
}

static int
span_is(struct mt_span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.ptr, text, s.len) == 0;
}

static volatile int zero;

static int do_crash(struct mt_msg *m, struct mt_delivery *d) { (void)m; (void)d; abort(); }

static int
do_hang(struct mt_msg *m, struct mt_delivery *d)
{
	(void)m;
	(void)d;
	while (zero == 0)
		continue;
	return 0;
}

static int
do_memory(struct mt_msg *m, struct mt_delivery *d)
{
	(void)m;
	(void)d;
#ifdef MAILTRI_SANITIZED	/* no limit of memory there: the machine's would be next */
	abort();
#endif
	while (zero == 0) {
		char *p = malloc(1 << 20);

		if (p == NULL)
			abort();
		memset(p, 1, 1 << 20);
	}
	return 0;
}

/* A fact it did not declare: the host says no, it says it failed. */
static int
do_fact(struct mt_msg *m, struct mt_delivery *d)
{
	struct mt_fact foreign = { .key = "auth.spf", .type = MT_TOKEN, .text = { "pass", 4 } };

	d->reason[0] = '\0';
	return host->fact_set(m, &foreign) == EPERM ? -1 : 0;
}

/* An outcome there is not, and fields without an end. */
static int
do_outcome(struct mt_msg *m, struct mt_delivery *d)
{
	(void)m;
	d->status = 99;
	memset(d->reason, 'r', sizeof(d->reason));
	memset(d->text, '\n', sizeof(d->text));
	memset(d->resource_id, 'i', sizeof(d->resource_id));
	return 0;
}

static int
do_leak(struct mt_msg *m, struct mt_delivery *d)
{
	(void)m;
	(void)d;
	while (fcntl(2, F_DUPFD_CLOEXEC, 0) >= 0)
		continue;
	return 0;
}

/* Requests to dial: one that cannot be read, one whose host has no end. */
static int
do_dial(struct mt_msg *m, struct mt_delivery *d)
{
	static const uint32_t garbage[] = { 72, 1u << 30, UINT32_MAX };	/* PROTO_DIAL */
	static uint32_t endless[1 << 10] = { 72, (1u << 30) + 1, sizeof(endless) - 3 * 4 - 7 };

	(void)m;
	(void)d;
	return write(3, garbage, sizeof(garbage)) < 0 || write(3, endless, sizeof(endless)) < 0 ? -1 : 0;
}

static int
do_fail(struct mt_msg *m, struct mt_delivery *d)
{
	(void)m;
	d->status = MT_FAILED;
	snprintf(d->reason, sizeof(d->reason), "t-deliver.failed");
	snprintf(d->text, sizeof(d->text), "It was asked to fail.");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct mt_msg *, struct mt_delivery *);
} acts[] = {
	{ "crash", do_crash }, { "hang", do_hang }, { "memory", do_memory },
	{ "fact", do_fact }, { "outcome", do_outcome }, { "leak", do_leak },
	{ "fail", do_fail }, { "dial", do_dial },
};

static int
do_as_told(struct mt_msg *m, struct mt_span value, struct mt_delivery *out)
{
	while (value.len > 0 && *value.ptr == ' ') {
		value.ptr++;
		value.len--;
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (span_is(value, acts[i].name))
			return acts[i].run(m, out);
	return 0;
}

static void
say_thread(struct mt_msg *msg, const char *key)
{
	struct mt_thread t = { .size = sizeof(t) };

	if (host->thread(msg, &t) == 0)
		host->log(msg, MT_INFO, "answers=%.*s its=%.*s made=%.*s key=%s", (int)t.event.len,
		    t.event.ptr, (int)t.key.len, t.key.ptr, (int)t.resource_id.len, t.resource_id.ptr, key);
	else
		host->log(msg, MT_INFO, "begins key=%s", key);
}

static int
deliver(void *ctx, struct mt_msg *msg, const char *key, struct mt_delivery *out)
{
	struct mt_span name, value;
	size_t it = 0;
	int returned = 0;

	(void)ctx;
	say_thread(msg, key);
	out->status = MT_DELIVERED;
	snprintf(out->resource_id, sizeof(out->resource_id), "T-%.6s", key);
	snprintf(out->reason, sizeof(out->reason), "t-deliver.done");
	while (host->header_next(msg, &it, &name, &value) == 0)
		if (span_is(name, "X-Test-Deliver"))
			returned = do_as_told(msg, value, out);
		else if (span_is(name, "Subject"))
			snprintf(out->resource_url, sizeof(out->resource_url), "https://t.example/%.*s",
			    (int)value.len, value.ptr);
	return returned;
}

MT_STAGE(t_deliver,
    .name = "t-deliver", .version = "1.0", .summary = "does what a mail tells it to",
    .open = deliver_open, .deliver = deliver);
