/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and checkpoints somebody has from before. */
#include "ctl/trust.h"

#include <errno.h>
#include <sys/stat.h>

#include "audit/proof.h"
#include "ctl/line.h"

static void
on_state(json_t *status, void *arg)
{
	struct log_state *s = arg;
	const json_t *audit = json_object_get(status, "audit");

	s->records = control_int(audit, "records", 0);
	snprintf(s->key, sizeof(s->key), "%s", control_string(audit, "key", ""));
}

int
log_state_ask(struct context *c, struct log_state *s)
{
	*s = (struct log_state){ .records = 0 };
	return context_call(c, json_pack("{s:s}", "command", "status"), on_state, s);
}

static struct mt_span
without_newline(struct mt_span text)
{
	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	return text;
}

static int
key_read(const char *text, struct note_key *key)
{
	struct buf b = { 0 };
	int error;

	if (note_key_parse(span_of(text), key) == 0)
		return 0;
	error = line_read(text, NOTE_MAX, &b);
	if (error == 0)
		error = note_key_parse(without_newline(buf_span(&b)), key);
	buf_free(&b);
	if (error != 0)
		command_error("%s: neither a key (\"name+id+key\") nor a file with one: "
		    "see --key", text);
	return error;
}

int
trust_key(struct context *c, const char *given, const struct log_state *live,
    struct note_key *key)
{
	const struct settings *s;

	if (given != NULL)
		return key_read(given, key);
	if (live != NULL && live->key[0] != '\0')
		return key_read(live->key, key);
	if (live != NULL) {
		command_error("the daemon has no key yet: try again");
		return EAGAIN;
	}
	if ((s = context_settings(c)) == NULL) {
		command_error("whom do you trust to have signed it?  Give --key");
		return EINVAL;
	}
	return key_read(arena_printf(&c->arena, "%s/audit.pub", s->state_dir), key);
}

static int
last_line(struct mt_span text, const struct note_key *key, struct checkpoint *out)
{
	struct mt_span line = without_newline(text);
	const char *newline = line.len > 0 ? memrchr(line.ptr, '\n', line.len) : NULL;
	struct buf note = { 0 };
	int error;

	if (newline != NULL)
		line = span_make(newline + 1, (size_t)(line.ptr + line.len - newline) - 1);
	error = checkpoint_line_parse(line, &note);
	if (error == 0)
		error = checkpoint_verify(key, buf_span(&note), out);
	buf_free(&note);
	return error;
}

static int
checkpoint_find(struct mt_span text, const struct note_key *key, struct checkpoint *out)
{
	struct proof proof;
	int error;

	if (text.len > 0 && text.ptr[0] == '{')
		return last_line(text, key, out);
	if (proof_parse(text, &proof) != 0)
		return checkpoint_verify(key, text, out);
	error = checkpoint_verify(key, proof.note, out);
	proof_fini(&proof);
	return error;
}

int
trust_checkpoint(const char *path, const struct note_key *key, struct checkpoint *out)
{
	struct buf text = { 0 }, inside = { 0 };
	const char *file = path;
	struct stat st;
	int error;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		buf_printf(&inside, "%s/checkpoint", path);
		file = buf_string(&inside);
	}
	error = line_read(file, LINE_RAW_MAX, &text);
	if (error == 0)
		error = checkpoint_find(buf_span(&text), key, out);
	if (error == EACCES || error == EBADMSG)
		command_error("%s: %s", file, error == EACCES ? "its checkpoint is not signed by "
		    "this key" : "no checkpoint in it");
	else if (error != 0)
		command_error("%s: %s", file, strerror(error));
	buf_free(&text);
	buf_free(&inside);
	return error;
}
