/* SPDX-License-Identifier: BSD-2-Clause */
/* mailtrictl audit prove, check, consistency, checkpoint: one record, or one
 * checkpoint and another, proved to somebody who has nothing but the key. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/proof.h"
#include "audit/tile.h"
#include "audit/verify.h"
#include "ctl/cmd_proof.h"
#include "ctl/line.h"
#include "ctl/trust.h"

const struct option_row proof_rows[] = {
	{ "key", 0, OPTION_STRING, offsetof(struct proof_options, key), "KEY|FILE",
	    "who signed it: \"name+id+key\", as status shows it" },
	{ .name = NULL },
};

/* prove */

static void
on_proof(json_t *object, void *arg)
{
	struct context *c = arg;
	const json_t *proof = json_object_get(object, "proof");
	json_int_t records = json_integer_value(json_object_get(object, "records"));
	json_int_t seq = json_integer_value(json_object_get(object, "seq"));

	if (c->json) {
		command_json(c, object);
		return;
	}
	fwrite(json_string_value(proof), 1, json_string_length(proof), c->term.out);
	if (records > 1)
		command_error("%s has %jd records; this proves the first, %jd: audit show has the "
		    "numbers of the others", c->operands.item[0], (intmax_t)records, (intmax_t)seq);
}

int
proof_prove(struct context *c)
{
	const char *what = c->operands.item[0];
	char *end;
	long long seq;
	json_t *request;

	if (isdigit((unsigned char)what[0])) {
		errno = 0;
		seq = strtoll(what, &end, 10);
		if (*end != '\0' || errno != 0) {
			command_error("%s: neither the number of a record nor an event", what);
			return COMMAND_USAGE;
		}
		request = json_pack("{s:s, s:I}", "command", "audit.prove", "seq", (json_int_t)seq);
	} else {
		request = json_pack("{s:s, s:s}", "command", "audit.prove", "event", what);
	}
	return context_call(c, request, on_proof, c);
}

/* check */

static const struct { const char *label, *first, *second; } shown[] = {
	{ "event", "eventId", NULL }, { "time", "timestamp", NULL },
	{ "action", "action", "type" }, { "target", "action", "target" },
	{ "permitted", "authorization", "permitted" }, { "status", "result", "status" },
	{ "resource", "result", "resourceId" }, { "reason", "reason", NULL },
};

static void
leaf_print(struct context *c, const json_t *leaf)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const json_t *o = shown[i].second == NULL ? leaf :
		    json_object_get(leaf, shown[i].first);
		const char *text = member_text(&c->arena, o,
		    shown[i].second == NULL ? shown[i].first : shown[i].second);

		term_field(&c->term, shown[i].label, text == NULL || *text == '\0' ? NULL : text);
	}
}

static int
checked_print(struct context *c, const struct proof *p, const struct checkpoint *at, int error)
{
	const char *why = error == 0 ? "" : error == EACCES ? "it is not signed by this key" :
	    "the record is not in the log that is signed";
	json_t *leaf = error != 0 ? NULL : json_loadb((const char *)p->leaf.p, p->leaf.len,
	    JSON_ALLOW_NUL, NULL), *o;

	if (c->json) {
		o = json_pack("{s:s, s:I, s:I, s:s, s:s, s:o}", "status", error == 0 ? "proved" :
		    "not proved", "seq", (json_int_t)p->index, "size", (json_int_t)at->head.size,
		    "signed", error == 0 ? time_text(&c->arena, at->time_s) : "", "why", why, "record",
		    leaf == NULL ? json_null() : leaf);
		command_json(c, o);
		json_decref(o);
		return error == 0 ? COMMAND_DONE : COMMAND_FAILED;
	}
	term_print(&c->term, error == 0 ? TERM_GOOD : TERM_BAD, error == 0 ? "proved" : "not proved");
	if (error == 0)
		fprintf(c->term.out, "  record %ju of %ju, signed %s\n", (uintmax_t)p->index,
		    (uintmax_t)at->head.size, time_text(&c->arena, at->time_s));
	else
		fprintf(c->term.out, "  %s\n", why);
	leaf_print(c, leaf);
	json_decref(leaf);
	return error == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

int
proof_check(struct context *c)
{
	const struct proof_options *o = c->own;
	struct checkpoint at = { .time_s = 0 };
	struct buf text = { 0 };
	struct note_key key;
	struct proof proof;
	int error, status;

	if (trust_key(c, o->key, NULL, &key) != 0)
		return COMMAND_USAGE;
	error = line_read(c->operands.item[0], PROOF_MAX, &text);
	if (error != 0) {
		command_error("%s: %s", c->operands.item[0], strerror(error));
		buf_free(&text);
		return COMMAND_USAGE;
	}
	error = proof_parse(buf_span(&text), &proof);
	if (error == 0)
		error = proof_verify(&proof, &key, &at);
	status = checked_print(c, &proof, &at, error);
	proof_fini(&proof);
	buf_free(&text);
	return status;
}

/* consistency */

struct growth {
	const char *new;	/* NULL: the daemon */
	const struct note_key *key;
	struct checkpoint before, after;
	struct tree_path path;
};

static void
on_path(json_t *object, void *arg)
{
	struct growth *g = arg;
	const json_t *hash;
	size_t i;

	json_array_foreach(json_object_get(object, "path"), i, hash) {
		struct buf raw = { 0 };

		if (i < TREE_PATH_MAX && json_is_string(hash) &&
		    hash_unbase64(span_of(json_string_value(hash)), &raw) == 0 && raw.len == HASH_SIZE)
			memcpy(g->path.hash[g->path.count++], raw.p, HASH_SIZE);
		buf_free(&raw);
	}
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return path != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The hashes between the two, from the tiles of the newer one or from the
 * daemon; who gives them is not believed.  An exit code. */
static int
path_get(struct context *c, struct growth *g)
{
	struct tile_folder *folder;
	struct tree_source source;
	int error;

	if (!is_folder(g->new))
		return context_call(c, json_pack("{s:s, s:I, s:I}", "command", "audit.growth", "old",
		    (json_int_t)g->before.head.size, "new", (json_int_t)g->after.head.size), on_path, g);
	folder = xcalloc(1, sizeof(*folder));
	source = tile_source(folder);
	folder->size = g->after.head.size;
	folder->dir_fd = open(g->new, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = folder->dir_fd < 0 ? errno : tree_prove_growth(&source, g->before.head.size,
	    g->after.head.size, &g->path);
	if (folder->dir_fd >= 0)
		close(folder->dir_fd);
	free(folder);
	if (error == 0)
		return COMMAND_DONE;
	command_error("%s: %s", g->new, strerror(error));
	return COMMAND_USAGE;
}

static bool
is_export(const char *path)
{
	char first = '\0';
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &first, 1) != 1)
		first = '\0';
	if (fd >= 0)
		close(fd);
	return first == '{';
}

/* An export has all records: it is verified whole, and to extend the other. */
static int
export_extends(struct growth *g, const char **why)
{
	static struct verify_result r;
	int error = audit_verify_file(g->new, g->key, &g->before, &r);

	if (error != 0) {
		command_error("%s: %s", g->new, strerror(error));
		return COMMAND_USAGE;
	}
	*why = r.why;
	return r.status == VERIFY_INTACT ? COMMAND_DONE : COMMAND_FAILED;
}

static int
growth_judge(struct context *c, struct growth *g, const char **why)
{
	struct growth back = { .key = g->key, .before = g->after, .after = g->before };
	bool older = g->after.head.size < g->before.head.size;
	int status;

	*why = "";
	if (!older && is_export(g->new))
		return export_extends(g, why);
	if (older)
		back.new = NULL;
	status = g->before.head.size == 0 || g->before.head.size == g->after.head.size ?
	    COMMAND_DONE : path_get(c, older ? &back : g);
	if (status != COMMAND_DONE)
		return COMMAND_USAGE;
	if (older && tree_check_growth(&back.before.head, &back.after.head, &back.path) == 0) {
		*why = "it is the older of the two";
		return COMMAND_STALE;
	}
	if (!older && tree_check_growth(&g->before.head, &g->after.head, &g->path) == 0)
		return COMMAND_DONE;
	*why = "the records of the one are not those the other begins with";
	return COMMAND_FAILED;
}

static int
growth_print(struct context *c, const struct growth *g, int status, const char *why)
{
	static const char *const words[] = { "consistent", "not consistent", "older" };
	static const enum term_color colors[] = { TERM_GOOD, TERM_BAD, TERM_WARN };
	bool continued = g->before.log != g->after.log;
	json_t *o;

	if (c->json) {
		o = json_pack("{s:s, s:I, s:I, s:b, s:s}", "status", words[status], "old",
		    (json_int_t)g->before.head.size, "new", (json_int_t)g->after.head.size,
		    "continued", continued, "why", why);
		command_json(c, o);
		json_decref(o);
		return status;
	}
	term_print(&c->term, colors[status], words[status]);
	fprintf(c->term.out, "  %ju records, then %ju%s%s\n", (uintmax_t)g->before.head.size,
	    (uintmax_t)g->after.head.size, *why != '\0' ? ": " : "", why);
	if (continued)
		term_field(&c->term, "note", "a backup was restored between them: the log was continued");
	return status;
}

struct noted {
	struct growth *growth;
	int error;
};

static void
on_note(json_t *object, void *arg)
{
	struct noted *n = arg;

	n->error = checkpoint_verify(n->growth->key, span_of(control_string(object, "note", "")),
	    &n->growth->after);
}

static int
after_get(struct context *c, struct growth *g)
{
	struct noted noted = { g, 0 };
	int status;

	if (g->new != NULL)
		return trust_checkpoint(g->new, g->key, &g->after) == 0 ? COMMAND_DONE : COMMAND_USAGE;
	status = context_call(c, json_pack("{s:s}", "command", "audit.checkpoint"), on_note, &noted);
	if (status == COMMAND_DONE && noted.error != 0) {
		command_error("the daemon's checkpoint is not signed by this key");
		return COMMAND_FAILED;
	}
	return status == COMMAND_DONE ? COMMAND_DONE : COMMAND_USAGE;
}

int
proof_consistency(struct context *c)
{
	const struct proof_options *o = c->own;
	struct growth g = { .new = c->operands.count > 1 ? c->operands.item[1] : NULL };
	struct note_key key;
	const char *why;
	int status;

	if (trust_key(c, o->key, NULL, &key) != 0)
		return COMMAND_USAGE;
	g.key = &key;
	if (trust_checkpoint(c->operands.item[0], &key, &g.before) != 0)
		return COMMAND_USAGE;
	if ((status = after_get(c, &g)) != COMMAND_DONE)
		return status;
	status = growth_judge(c, &g, &why);
	return status == COMMAND_USAGE ? status : growth_print(c, &g, status, why);
}

/* checkpoint */

static void
on_checkpoint(json_t *object, void *arg)
{
	struct context *c = arg;

	if (c->json)
		command_json(c, object);
	else
		fputs(control_string(object, "note", ""), c->term.out);
}

int
proof_checkpoint(struct context *c)
{
	return context_call(c, json_pack("{s:s}", "command", "audit.checkpoint"), on_checkpoint, c);
}
