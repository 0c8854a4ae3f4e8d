/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration files, read by libconfuse: the one file that knows it. */
#include "conf/file.h"

#include <confuse.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Stands behind the file's own text at its own level: where a section is still
 * open, it is unknown; libconfuse itself does not mind. */
#define SENTINEL "end-of-file"

/* Where a value stood: libconfuse keeps no lines. */
struct mark {
	struct mark *next;
	const cfg_opt_t *opt;
	unsigned index, line;
};

/* The one file being read: libconfuse's callbacks carry no argument. */
static struct {
	const struct file_reader *reader;
	struct mark *marks;
	struct mt_span text;
	size_t errors;
	char unknown[64];	/* the name libconfuse stopped at; "": another error */
	unsigned line;
} now;

static struct place
place_at(unsigned line)
{
	struct place p = now.reader->place;

	p.line = line;
	return p;
}

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (strstr(text, SENTINEL) != NULL)
		snprintf(text, sizeof(text), "premature end of file: a brace is not "
		    "closed");
	now.errors++;
	now.line = (unsigned)cfg->line;
	if (sscanf(text, "no such option '%63[^']'", now.unknown) != 1)
		now.unknown[0] = '\0';
	problems_add(now.reader->problems, PROBLEM_ERROR,
	    place_at(now.line), "%s", text);
}

static struct mark *
mark_find(const cfg_opt_t *opt, unsigned index)
{
	for (struct mark *m = now.marks; m != NULL; m = m->next)
		if (m->opt == opt && m->index == index)
			return m;
	return NULL;
}

/* Called for each value as it is read; nvalues counts it already. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	unsigned line = (unsigned)cfg->line, index = opt->nvalues - 1;
	struct mark *m = mark_find(opt, index);

	*(const char **)result = value;
	if (m != NULL && index == 0)
		problems_add(now.reader->problems, PROBLEM_ERROR, place_at(line),
		    "%s is set twice, first on line %u: remove one", opt->name,
		    m->line);
	if (m == NULL) {
		m = arena_alloc(now.reader->arena, sizeof(*m));
		*m = (struct mark){ now.marks, opt, index, line };
		now.marks = m;
	}
	m->line = line;
	return 0;
}

static size_t
options_count(const struct grammar *g)
{
	const struct mt_option *o = g->options;
	size_t n = 0;

	while (o->name != NULL) {
		n++;
		o = (const void *)((const char *)o + g->stride);
	}
	return n;
}

static const struct mt_option *
option_at(const struct grammar *g, size_t i)
{
	return (const void *)((const char *)g->options + i * g->stride);
}

/* `more' rows stay empty for sections. */
static cfg_opt_t *
options_new(const struct grammar *g, size_t more)
{
	size_t count = options_count(g);
	cfg_opt_t *opts = arena_alloc(now.reader->arena,
	    (count + more + 1) * sizeof(*opts));

	for (size_t i = 0; i < count; i++) {
		const struct mt_option *o = option_at(g, i);
		cfg_opt_t one = CFG_STR_CB(o->name, NULL, CFGF_NODEFAULT, on_value);
		cfg_opt_t list = CFG_STR_LIST_CB(o->name, NULL, CFGF_NODEFAULT,
		    on_value);

		opts[i] = o->type == MT_OPT_LIST ? list : one;
	}
	for (size_t i = count; i <= count + more; i++) {
		cfg_opt_t end = CFG_END();

		opts[i] = end;
	}
	return opts;
}

static cfg_opt_t *
grammar_new(const struct file_reader *r)
{
	size_t own = options_count(&r->grammar[0]);
	cfg_opt_t *opts = options_new(&r->grammar[0], r->grammar_count);
	cfg_opt_t sentinel = CFG_STR(SENTINEL, NULL, CFGF_NODEFAULT);

	opts[own++] = sentinel;
	for (size_t i = 1; i < r->grammar_count; i++) {
		const struct grammar *g = &r->grammar[i];
		cfg_opt_t section = CFG_SEC(g->section, options_new(g, 0),
		    g->titled ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES :
		    CFGF_NONE);

		opts[own + i - 1] = section;
	}
	return opts;
}

/* The first line on which the word stands, with the title if there is one:
 * for what libconfuse gives no line of. */
static unsigned
line_of(const char *word, const char *title)
{
	struct mt_span rest = now.text;
	size_t len = strlen(word);

	for (unsigned line = 1; rest.len > 0; line++) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t n = end == NULL ? rest.len : (size_t)(end - rest.ptr), i = 0;

		while (i < n && (rest.ptr[i] == ' ' || rest.ptr[i] == '\t'))
			i++;
		if (n - i >= len && memcmp(rest.ptr + i, word, len) == 0 &&
		    (title == NULL || memmem(rest.ptr + i, n - i, title,
		    strlen(title)) != NULL))
			return line;
		rest.ptr += n + (end != NULL);
		rest.len -= n + (end != NULL);
	}
	return 0;
}

static void
entry_take(struct section *s, const cfg_opt_t *opt)
{
	struct arena *a = now.reader->arena;
	struct entry *e = &s->entries[s->count++];
	const char **texts = arena_alloc(a, (opt->nvalues + 1) * sizeof(*texts));
	unsigned *lines = arena_alloc(a, (opt->nvalues + 1) * sizeof(*lines));

	for (unsigned i = 0; i < opt->nvalues; i++) {
		const struct mark *m = mark_find(opt, i);

		texts[i] = arena_string(a, span_of(opt->values[i]->string));
		lines[i] = m == NULL ? 0 : m->line;
	}
	if (opt->nvalues == 0)
		lines[0] = line_of(opt->name, NULL);
	*e = (struct entry){ .name = arena_string(a, span_of(opt->name)),
		.text = { texts, opt->nvalues }, .lines = lines };
}

static void
section_take(struct section *s, const cfg_t *cfg)
{
	size_t count = 0;

	while (cfg->opts[count].name != NULL)
		count++;
	s->entries = arena_alloc(now.reader->arena, (count + 1) * sizeof(*s->entries));
	for (size_t i = 0; i < count; i++) {
		const cfg_opt_t *o = &cfg->opts[i];

		if (o->type == CFGT_STR && (o->flags & CFGF_MODIFIED) != 0)
			entry_take(s, o);
	}
}

static int
sections_take(cfg_t *cfg, struct file *f)
{
	struct arena *a = now.reader->arena;
	size_t count = 1;

	for (const cfg_opt_t *o = cfg->opts; o->name != NULL; o++)
		count += o->type == CFGT_SEC ? o->nvalues : 0;
	if (count > FILE_SECTIONS_MAX)
		return E2BIG;
	f->sections = arena_alloc(a, count * sizeof(*f->sections));
	section_take(&f->sections[f->count++], cfg);
	for (const cfg_opt_t *o = cfg->opts; o->name != NULL; o++)
		for (unsigned i = 0; o->type == CFGT_SEC && i < o->nvalues; i++) {
			const cfg_t *sec = o->values[i]->section;
			struct section *s = &f->sections[f->count++];

			s->name = arena_string(a, span_of(o->name));
			s->title = sec->title == NULL ? NULL :
			    arena_string(a, span_of(sec->title));
			s->line = line_of(s->name, s->title);
			section_take(s, sec);
		}
	return 0;
}

/* All of the stream, which libconfuse then gets from memory: lines are
 * looked up in the same bytes. */
static int
text_read(FILE *in, struct buf *b)
{
	size_t n;

	do {
		buf_reserve(b, 4096);
		n = fread(b->p + b->len, 1, 4096, in);
		b->len += n;
	} while (n > 0 && b->len <= FILE_BYTES_MAX);
	if (ferror(in))
		return EIO;
	if (b->len > FILE_BYTES_MAX)
		return EFBIG;
	return b->len > 0 && memchr(b->p, '\0', b->len) != NULL ? EILSEQ : 0;
}

static bool
is_comment(const unsigned char *p)
{
	return *p == '#' || (p[0] == '/' && (p[1] == '/' || p[1] == '*'));
}

/* Spaces in place of a comment, its lines kept; where it ends, NULL: never. */
static unsigned char *
comment_blank(unsigned char *p)
{
	bool block = p[0] == '/' && p[1] == '*';

	while (*p != '\0' && (block ? p[0] != '*' || p[1] != '/' : *p != '\n')) {
		if (*p != '\n')
			*p = ' ';
		p++;
	}
	if (!block)
		return p;
	if (*p == '\0')
		return NULL;
	p[0] = p[1] = ' ';
	return p + 2;
}

/* libconfuse 3.3 knows no comments inside lists and loses count of lines
 * behind comments, so it gets to see none. */
static bool
comments_blank(struct buf *b)
{
	unsigned char *p = (unsigned char *)(uintptr_t)buf_string(b), quote = 0;

	while (p != NULL && *p != '\0') {
		if (quote == 0 && is_comment(p)) {
			p = comment_blank(p);
			continue;
		}
		if (quote != 0 && *p == '\\' && p[1] != '\0')
			p++;
		else if (quote == *p)
			quote = 0;
		else if (quote == 0 && (*p == '"' || *p == '\''))
			quote = *p;
		p++;
	}
	return p != NULL;
}

/* Behind one value: a word, a string, or all between braces; NULL: it does
 * not end. */
static char *
value_end(char *p)
{
	int depth = 0;

	do {
		p += strspn(p, " \t\n,");
		if (*p == '"' || *p == '\'') {
			char quote = *p++;

			while (*p != '\0' && *p != quote)
				p += *p == '\\' && p[1] != '\0' ? 2 : 1;
			p += *p != '\0';
		} else if (*p == '{' || *p == '}') {
			depth += *p++ == '{' ? 1 : -1;
		} else {
			p += strcspn(p, " \t\n,{}\"'");
		}
	} while (depth > 0 && *p != '\0');
	return depth == 0 ? p : NULL;
}

/* The unknown option becomes spaces, so that libconfuse can go on behind it.
 * False: what it stopped at is no option with a value. */
static bool
unknown_blank(struct buf *b)
{
	char *p = (char *)(uintptr_t)buf_string(b), *end;
	size_t len = strlen(now.unknown);

	for (unsigned line = 1; line < now.line && p != NULL; line++)
		p = (p = strchr(p, '\n')) == NULL ? NULL : p + 1;
	if (p == NULL || len == 0)
		return false;
	p += strspn(p, " \t");
	if (strncmp(p, now.unknown, len) != 0)
		return false;
	end = p + len + strspn(p + len, " \t");
	if (*end == '+')
		end++;
	if (*end != '=' || (end = value_end(end + 1)) == NULL)
		return false;
	for (; p < end; p++)
		if (*p != '\n')
			*p = ' ';
	return true;
}

/* One pass over the text; EAGAIN: something unknown was blanked. */
static int
parse_pass(struct buf *b, struct file *f)
{
	cfg_t *cfg = cfg_init(grammar_new(now.reader), CFGF_NONE);
	size_t errors = now.errors;
	int error = 0;

	if (cfg == NULL)
		return ENOMEM;
	now.marks = NULL;
	cfg_set_error_function(cfg, on_error);
	if (cfg_parse_buf(cfg, buf_string(b)) != CFG_SUCCESS) {
		if (now.errors == errors)
			problems_add(now.reader->problems, PROBLEM_ERROR,
			    place_at((unsigned)cfg->line), "syntax error");
		error = now.errors < FILE_ERRORS_MAX && unknown_blank(b) ? EAGAIN : EINVAL;
	} else if ((error = sections_take(cfg, f)) != 0)
		problems_add(now.reader->problems, PROBLEM_ERROR, place_at(0),
		    "more than %d sections: split the file", FILE_SECTIONS_MAX);
	cfg_free(cfg);
	return error;
}

static int
parse_text(struct buf *b, struct file *f)
{
	int error;

	if (b->len > 0 && b->p[b->len - 1] != '\n')
		buf_add_char(b, '\n');
	buf_add_string(b, SENTINEL " = 1\n");
	do {
		now.text = buf_span(b);
		error = parse_pass(b, f);
	} while (error == EAGAIN);
	return error;
}

int
file_read_stream(const struct file_reader *r, FILE *in, struct file *f)
{
	struct buf b = { 0 };
	int error;

	*f = (struct file){ .path = r->place.file };
	now.reader = r;
	now.errors = 0;
	now.unknown[0] = '\0';
	error = text_read(in, &b);
	if (error == 0 && !comments_blank(&b))
		error = EBADMSG;
	if (error == 0)
		error = parse_text(&b, f);
	else
		problems_add(r->problems, PROBLEM_ERROR, place_at(0),
		    error == EFBIG ? "the file is larger than 1 MiB" :
		    error == EILSEQ ? "the file has a NUL byte: it is no text" :
		    error == EBADMSG ? "a comment is not closed: */ is missing" :
		    "the file cannot be read");
	buf_free(&b);
	now.text = SPAN("");
	return error;
}

/* Whoever writes a configuration decides what code runs. */
static bool
is_writable_by_others(FILE *in)
{
	struct stat st;

	return fstat(fileno(in), &st) == 0 && (st.st_mode & S_IWOTH) != 0;
}

int
file_read(const struct file_reader *r, struct file *f)
{
	FILE *in = fopen(r->place.file, "re");
	int error = errno;

	*f = (struct file){ .path = r->place.file };
	now.reader = r;
	if (in == NULL) {
		problems_add(r->problems, PROBLEM_ERROR, place_at(0),
		    "cannot be opened: %s", strerror(error));
		return error;
	}
	if (is_writable_by_others(in)) {
		problems_add(r->problems, PROBLEM_ERROR, place_at(0),
		    "everybody may write it: chmod o-w it");
		error = EPERM;
	} else
		error = file_read_stream(r, in, f);
	fclose(in);
	return error;
}

const struct entry *
file_entry(const struct section *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->entries[i].name, name) == 0)
			return &s->entries[i];
	return NULL;
}
