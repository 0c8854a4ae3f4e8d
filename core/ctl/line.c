/* SPDX-License-Identifier: BSD-2-Clause */
/* One mail to be checked. */
#include "ctl/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int
line_read(const char *path, size_t max, struct buf *out)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;
	ssize_t n = 1;

	while (error == 0 && n != 0) {
		buf_reserve(out, 65536);
		n = read(fd, out->p + out->len, 65536);
		if (n < 0 && errno != EINTR)
			error = errno;
		else if (n > 0)
			out->len += (size_t)n;
		if (out->len > max)
			error = EFBIG;
	}
	if (fd > STDIN_FILENO)
		close(fd);
	return error;
}

void
line_crlf(struct buf *b)
{
	struct buf out = { 0 };

	if (b->len == 0 || memmem(b->p, b->len, "\r\n", 2) != NULL)
		return;
	for (size_t i = 0; i < b->len; i++) {
		if (b->p[i] == '\n')
			buf_add_char(&out, '\r');
		buf_add_char(&out, (char)b->p[i]);
	}
	buf_free(b);
	*b = out;
}

/* Digits of one number of a date: exactly `width' of them. */
static bool
digits(const char **p, int width, int *out)
{
	*out = 0;
	for (int i = 0; i < width; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return true;
}

static bool
is_char(const char **p, const char *any)
{
	if (**p == '\0' || strchr(any, **p) == NULL)
		return false;
	(*p)++;
	return true;
}

/* "Z" or "+hh:mm"; seconds east of UTC. */
static bool
offset_parse(const char **p, int *east_s)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	*east_s = 0;
	if (is_char(p, "zZ"))
		return true;
	if (!is_char(p, "+-") || !digits(p, 2, &h) || !is_char(p, ":") ||
	    !digits(p, 2, &m) || h > 23 || m > 59)
		return false;
	*east_s = sign * (h * 3600 + m * 60);
	return true;
}

int
line_time(const char *p, int64_t *out)
{
	struct tm tm = { .tm_isdst = 0 }, back;
	int east_s, day;
	time_t t;

	if (!digits(&p, 4, &tm.tm_year) || !is_char(&p, "-") || !digits(&p, 2, &tm.tm_mon) ||
	    !is_char(&p, "-") || !digits(&p, 2, &tm.tm_mday) || !is_char(&p, "Tt ") ||
	    !digits(&p, 2, &tm.tm_hour) || !is_char(&p, ":") || !digits(&p, 2, &tm.tm_min) ||
	    !is_char(&p, ":") || !digits(&p, 2, &tm.tm_sec))
		return EINVAL;
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789");
	if (!offset_parse(&p, &east_s) || *p != '\0' || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60 || tm.tm_mon < 1 || tm.tm_mon > 12)
		return EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	day = tm.tm_mday;
	back = tm;
	back.tm_hour = back.tm_min = back.tm_sec = 0;
	timegm(&back);		/* the 31st of February becomes another day */
	t = timegm(&tm);
	if (back.tm_mday != day)
		return EINVAL;
	*out = (int64_t)t - east_s;
	return 0;
}

static int
base64_digit(char c)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

int
line_base64(struct mt_span s, struct buf *out)
{
	signed char table[256];

	for (int i = 0; i < 256; i++)
		table[i] = (signed char)base64_digit((char)i);
	while (s.len > 0 && s.ptr[s.len - 1] == '=')
		s.len--;
	buf_reserve(out, s.len / 4 * 3 + 3);
	for (size_t i = 0; i < s.len; i += 4) {
		size_t n = s.len - i < 4 ? s.len - i : 4;
		uint32_t bits = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < n ? table[(unsigned char)s.ptr[i + k]] : 0;

			if (d < 0)
				return EINVAL;
			bits = bits << 6 | (uint32_t)d;
		}
		if (n == 1)
			return EINVAL;
		for (size_t k = 0; k + 1 < n; k++)
			out->p[out->len++] = (unsigned char)(bits >> (16 - 8 * k));
	}
	return 0;
}

static struct mt_span
buf_move(struct arena *arena, struct buf *b)
{
	struct mt_span s = arena_span(arena, buf_span(b));

	buf_free(b);
	return s;
}

static int
raw_parse(const json_t *json, struct arena *arena, struct check_line *line,
    char why[LINE_WHY_MAX])
{
	const json_t *raw = json_object_get(json, "raw");
	const char *file = json_string_value(json_object_get(json, "file"));
	struct buf b = { 0 };
	int error;

	if (json_is_string(raw) == (file != NULL)) {
		snprintf(why, LINE_WHY_MAX, "one of raw (base64) and file is wanted");
		return EINVAL;
	}
	if (file == NULL) {
		error = line_base64(span_make(json_string_value(raw),
		    json_string_length(raw)), &b);
		if (error != 0)
			snprintf(why, LINE_WHY_MAX, "raw is not base64");
	} else {
		error = line_read(file, LINE_RAW_MAX, &b);
		if (error != 0)
			snprintf(why, LINE_WHY_MAX, "%.200s: %s", file, strerror(error));
		else
			line_crlf(&b);
	}
	if (error == 0 && b.len > LINE_RAW_MAX) {
		snprintf(why, LINE_WHY_MAX, "the message has more than %d bytes", LINE_RAW_MAX);
		error = EFBIG;
	}
	line->raw = buf_move(arena, &b);
	return error;
}

static int
zone_load(const json_t *dns, const char *def, struct check_line *line,
    char why[LINE_WHY_MAX])
{
	const char *file = json_is_string(dns) ? json_string_value(dns) :
	    dns == NULL ? def : NULL;
	struct buf b = { 0 };
	int error = 0;

	line->has_zone = file != NULL || (dns != NULL && !json_is_null(dns));
	if (!line->has_zone)
		return 0;
	if (file == NULL) {
		line->zone = zone_new(dns, why, LINE_WHY_MAX);
	} else {
		error = line_read(file, LINE_RAW_MAX, &b);
		if (error != 0)
			snprintf(why, LINE_WHY_MAX, "%.200s: %s", file, strerror(error));
		else
			line->zone = zone_parse(buf_span(&b), why, LINE_WHY_MAX);
		buf_free(&b);
	}
	return line->zone == NULL ? EINVAL : error;
}

static int
now_parse(const json_t *now, const char *def, struct check_line *line,
    char why[LINE_WHY_MAX])
{
	const char *text = json_is_string(now) ? json_string_value(now) : def;

	if (json_is_integer(now)) {
		line->now = json_integer_value(now);
		return 0;
	}
	if (text == NULL || line_time(text, &line->now) == 0)
		return 0;
	snprintf(why, LINE_WHY_MAX, "now is not of the form 2025-10-11T14:30:00Z");
	return EINVAL;
}

static int
stages_parse(const json_t *stages, const struct line_defaults *d, struct arena *arena,
    struct check_line *line, char why[LINE_WHY_MAX])
{
	size_t count = stages == NULL || json_is_null(stages) ? d->stage_count :
	    json_array_size(stages);

	if (count > LINE_STAGES_MAX || (stages != NULL && !json_is_null(stages) &&
	    !json_is_array(stages))) {
		snprintf(why, LINE_WHY_MAX, "stages is a list of at most %d names",
		    LINE_STAGES_MAX);
		return EINVAL;
	}
	line->stages = arena_alloc(arena, (count + 1) * sizeof(*line->stages));
	for (size_t i = 0; i < count; i++) {
		const json_t *name = json_array_get(stages, i);

		line->stages[i] = !json_is_array(stages) ? d->stages[i] :
		    json_is_string(name) ? arena_string(arena,
		    span_of(json_string_value(name))) : "";
	}
	line->stage_count = count;
	return 0;
}

static int
lengths_check(const struct check_line *line, char why[LINE_WHY_MAX])
{
	const char *const texts[] = { line->client, line->helo, line->mail_from, line->rcpt };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strlen(texts[i]) > LINE_TEXT_MAX) {
			snprintf(why, LINE_WHY_MAX, "client, helo, mail_from and rcpt have "
			    "at most %d bytes", LINE_TEXT_MAX);
			return EMSGSIZE;
		}
	return 0;
}

/* An address may stand in angle brackets. */
static const char *
text_member(const json_t *json, const char *name, const char *def, struct arena *arena)
{
	const char *s = json_string_value(json_object_get(json, name));
	size_t len;

	if (s == NULL)
		s = def == NULL ? "" : def;
	len = strlen(s);
	if (len >= 2 && s[0] == '<' && s[len - 1] == '>')
		return arena_string(arena, span_make(s + 1, len - 2));
	return arena_string(arena, span_make(s, len));
}

int
line_parse(const json_t *json, const struct line_defaults *d, struct arena *arena,
    struct check_line *line, char why[LINE_WHY_MAX])
{
	int error;

	*line = (struct check_line){ .id = json_incref(json_object_get(json, "id")) };
	if (!json_is_object(json)) {
		snprintf(why, LINE_WHY_MAX, "the line is not a JSON object");
		return EINVAL;
	}
	line->client = text_member(json, "client", d->client, arena);
	line->helo = text_member(json, "helo", d->helo, arena);
	line->mail_from = text_member(json, "mail_from", d->mail_from, arena);
	line->rcpt = text_member(json, "rcpt", d->rcpt, arena);
	error = lengths_check(line, why);
	if (error == 0)
		error = raw_parse(json, arena, line, why);
	if (error == 0)
		error = now_parse(json_object_get(json, "now"), d->now, line, why);
	if (error == 0)
		error = stages_parse(json_object_get(json, "stages"), d, arena, line, why);
	if (error == 0)
		error = zone_load(json_object_get(json, "dns"), d->dns, line, why);
	return error;
}

void
line_fini(struct check_line *line)
{
	json_decref(line->id);
	zone_free(line->zone);
	*line = (struct check_line){ .id = NULL };
}
