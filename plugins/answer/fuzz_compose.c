/* SPDX-License-Identifier: BSD-2-Clause */
/* A mail that is answered, up to the first NUL its header, behind it the
 * facts: what goes out has short whole lines of ASCII, the fields we write and
 * no other. */
#include "mailtri/stage_test.h"

#include <string.h>

MT_EXPORT const struct mt_stage *mt_stage_entry_answer(void);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const fields[] = { "From", "To", "Subject", "Date", "Message-ID",
	"In-Reply-To", "References", "Auto-Submitted", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", NULL };

static int
is_ours(const char *line, size_t len)
{
	for (size_t i = 0; fields[i] != NULL; i++)
		if (len > strlen(fields[i]) && line[strlen(fields[i])] == ':' &&
		    memcmp(line, fields[i], strlen(fields[i])) == 0)
			return 1;
	return line[0] == ' ';
}

static void
mail_check(struct mt_span mail)
{
	const char *line = mail.ptr, *stop = mail.ptr + mail.len, *end;
	int header = 1;

	for (; line < stop; line = end + 2) {
		end = memchr(line, '\r', (size_t)(stop - line));
		if (end == NULL || end + 1 >= stop || end[1] != '\n' || end - line > 300)
			abort();
		for (const char *p = line; p < end; p++)
			if ((unsigned char)*p >= 0x7f || ((unsigned char)*p < 0x20 && *p != '\t'))
				abort();
		header = header && end > line;
		if (header && !is_ours(line, (size_t)(end - line)))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mt_test t;
	const uint8_t *nul = memchr(data, '\0', size);
	size_t head = nul == NULL ? size : (size_t)(nul - data);
	char *text = calloc(1, size + 1);

	memcpy(text, data, size);
	mt_test_init(&t, mt_stage_entry_answer());
	t.known = 1;
	mt_test_option(&t, "relay", "smtp://relay.example");
	mt_test_option(&t, "from", "a@b.example");
	t.sender = mt_test_span("x@y.example");
	t.raw = (struct mt_span){ text, head };
	mt_test_fact(&t, "auth.from", "ann@good.example");
	mt_test_fact(&t, "answer.outcome", "failed");
	if (nul != NULL) {
		mt_test_fact(&t, "answer.reason", text + head + 1);
		mt_test_fact(&t, "answer.text", text + head + 1);
		mt_test_fact(&t, "answer.resource_url", text + head + 1);
	}
	mt_test_mail(&t, 250, "250 ok");
	if (mt_test_run_deliver(&t) != 0)
		abort();
	if (t.letter_count > 0)
		mail_check(t.letters[0].data);
	mt_test_fini(&t);
	free(text);
	return 0;
}
