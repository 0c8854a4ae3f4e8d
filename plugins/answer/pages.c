/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates: where they are, and those built in. */
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_HEAD "{{#subject}}Your mail \"{{subject}}\"{{/subject}} to {{route}} "
#define TEXT_WHY "\n{{#text}}{{text}}\n{{/text}}{{#reason}}Reason: {{reason}}\n{{/reason}}"
#define TEXT_FOOT "\n-- \nEvent: {{event}}\nWritten by a machine on {{date}}.\n"
#define HTML_HEAD "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n" \
    "<p>{{#subject}}Your mail <q>{{subject}}</q>{{/subject}} to {{route}} "
#define HTML_WHY "{{#text}}<p>{{text}}</p>\n{{/text}}{{#reason}}<p>Reason: " \
    "<code>{{reason}}</code></p>\n{{/reason}}"
#define HTML_FOOT "<p><small>Event: {{event}}<br>Written by a machine on {{date}}." \
    "</small></p>\n</body></html>\n"

const char *const outcome_names[OUTCOMES] = { "done", "refused", "held", "failed" };

static const char *const built_in[OUTCOMES][2] = {
	[OUTCOME_DONE] = {
		TEXT_HEAD "was carried out.\n{{#resource_id}}\nMade: {{resource_id}}\n"
		    "{{/resource_id}}{{#resource_url}}{{resource_url}}\n{{/resource_url}}" TEXT_FOOT,
		HTML_HEAD "was carried out.</p>\n{{#resource_id}}<p>Made: {{resource_id}}</p>\n"
		    "{{/resource_id}}{{#resource_url}}<p><a href=\"{{resource_url}}\">"
		    "{{resource_url}}</a></p>\n{{/resource_url}}" HTML_FOOT },
	[OUTCOME_REFUSED] = {
		TEXT_HEAD "was refused. Nothing was done.\n" TEXT_WHY TEXT_FOOT,
		HTML_HEAD "was refused. Nothing was done.</p>\n" HTML_WHY HTML_FOOT },
	[OUTCOME_HELD] = {
		TEXT_HEAD "waits until a person lets it go on.\n" TEXT_WHY TEXT_FOOT,
		HTML_HEAD "waits until a person lets it go on.</p>\n" HTML_WHY HTML_FOOT },
	[OUTCOME_FAILED] = {
		TEXT_HEAD "was accepted, but could not be carried out. A person has to look "
		    "at it.\n" TEXT_WHY TEXT_FOOT,
		HTML_HEAD "was accepted, but could not be carried out. A person has to look "
		    "at it.</p>\n" HTML_WHY HTML_FOOT },
};

/* 0; ENOENT; or another errno value. */
static int
file_read(const char *path, char **out, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return EINVAL;
	}
	*out = calloc(1, TEMPLATE_MAX + 1);
	for (*len = 0; *out != NULL && n > 0 && *len <= TEMPLATE_MAX; *len += (size_t)n) {
		n = read(fd, *out + *len, TEMPLATE_MAX + 1 - *len);
		if (n < 0) {
			error = errno;
			break;
		}
		if (n == 0)
			break;
	}
	close(fd);
	if (*out == NULL)
		return ENOMEM;
	return error == 0 && *len > TEMPLATE_MAX ? EFBIG : error;
}

/* 0, or -1 and why. */
static int
page_load(struct pages *p, enum outcome o, enum template_sink sink, char why[PAGES_WHY_MAX])
{
	const char *builtin = built_in[o][sink];
	char path[512], what[TEMPLATE_WHY_MAX];
	size_t len = 0, line = 0;
	int error;

	p->page[o][sink] = (struct mt_span){ builtin, strlen(builtin) };
	if (p->folder[0] == '\0')
		return 0;
	snprintf(path, sizeof(path), "%s/%s.%s", p->folder, outcome_names[o],
	    sink == TEMPLATE_HTML ? "html" : "txt");
	error = file_read(path, &p->held[o][sink], &len);
	if (error == ENOENT)
		return 0;
	if (error != 0) {
		snprintf(why, PAGES_WHY_MAX, "%.150s: %s", path, error == EFBIG ?
		    "a template has at most 64 KiB" : strerror(error));
		return -1;
	}
	p->page[o][sink] = (struct mt_span){ p->held[o][sink], len };
	if (template_check(p->page[o][sink], &line, what) == 0)
		return 0;
	snprintf(why, PAGES_WHY_MAX, "%.120s:%zu: %s", path, line, what);
	return -1;
}

struct pages *
pages_load(const char *folder, char why[PAGES_WHY_MAX])
{
	struct pages *p = calloc(1, sizeof(*p));
	struct stat st;

	if (p == NULL || (p->folder = strdup(folder == NULL ? "" : folder)) == NULL)
		abort();
	if (folder != NULL && (folder[0] != '/' || stat(folder, &st) != 0 ||
	    !S_ISDIR(st.st_mode))) {
		snprintf(why, PAGES_WHY_MAX, "template_dir: %.150s is no folder this can read: "
		    "give the absolute path of one", folder);
		pages_free(p);
		return NULL;
	}
	for (int o = 0; o < OUTCOMES; o++)
		for (int sink = TEMPLATE_PLAIN; sink <= TEMPLATE_HTML; sink++)
			if (page_load(p, (enum outcome)o, (enum template_sink)sink, why) != 0) {
				pages_free(p);
				return NULL;
			}
	return p;
}

void
pages_free(struct pages *p)
{
	while (p != NULL) {
		struct pages *next = p->next;

		for (int o = 0; o < OUTCOMES; o++)
			for (int sink = 0; sink < 2; sink++)
				free(p->held[o][sink]);
		free(p->folder);
		free(p);
		p = next;
	}
}
