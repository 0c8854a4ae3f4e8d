/* SPDX-License-Identifier: BSD-2-Clause */
/* A table by the hash of the questions: a newcomer takes the row of an old one. */
#include "engine/recent.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mailtri/stage.h"

struct row {
	struct buf questions, answers;
	uint32_t generation;
	int64_t until_ms;
};

struct recent {
	struct row rows[RECENT_ROWS];
};

struct recent *
recent_new(void)
{
	return xcalloc(1, sizeof(struct recent));
}

void
recent_free(struct recent *r)
{
	for (size_t i = 0; r != NULL && i < RECENT_ROWS; i++) {
		buf_free(&r->rows[i].questions);
		buf_free(&r->rows[i].answers);
	}
	free(r);
}

static size_t
row_of(struct mt_span questions)
{
	return span_hash(questions, 0) % RECENT_ROWS;	/* who aims at a row makes others ask */
}

struct mt_span
recent_find(const struct recent *r, uint32_t generation, struct mt_span questions, int64_t now_ms)
{
	const struct row *row = &r->rows[row_of(questions)];

	if (row->generation != generation || now_ms >= row->until_ms ||
	    !span_equal(buf_span(&row->questions), questions))
		return SPAN("");
	return buf_span(&row->answers);
}

/* One answer, to the question at q. */
static bool
may_be_kept(struct unpack *q, struct unpack *a)
{
	struct mt_span name = unpack_span(q);
	uint16_t type = unpack_u16(q);
	bool same = span_equal(unpack_span(a), name) && unpack_u16(a) == type;
	uint32_t status = unpack_u32(a), ttl_s = unpack_u32(a), secure = unpack_u32(a);
	uint32_t count = unpack_count(a, 4), asked;

	(void)secure;
	while (count-- > 0)
		unpack_span(a);
	asked = unpack_u32(a);	/* what others asked is not counted as theirs */
	return same && (status == MT_OK || status == MT_NODATA || status == MT_NXDOMAIN) &&
	    ttl_s > 0 && asked == 0;
}

static bool
all_may_be_kept(struct mt_span questions, struct mt_span answers)
{
	struct unpack q = unpack_of(questions), a = unpack_of(answers);

	for (uint32_t left = unpack_u32(&q); left > 0; left--)
		if (q.bad || a.bad || !may_be_kept(&q, &a))
			return false;
	return unpack_done(&q) && unpack_done(&a);
}

void
recent_keep(struct recent *r, uint32_t generation, struct mt_span questions,
    struct mt_span answers, int64_t now_ms)
{
	struct row *row = &r->rows[row_of(questions)];

	if (questions.len > RECENT_QUESTIONS_MAX || answers.len > RECENT_ANSWERS_MAX ||
	    !all_may_be_kept(questions, answers))
		return;
	buf_reset(&row->questions);
	buf_add(&row->questions, questions.ptr, questions.len);
	buf_reset(&row->answers);
	buf_add(&row->answers, answers.ptr, answers.len);
	row->generation = generation;
	row->until_ms = now_ms + RECENT_MS;
}
