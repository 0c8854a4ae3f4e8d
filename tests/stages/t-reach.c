/* SPDX-License-Identifier: BSD-2-Clause */
/* A stage that tries, as it is loaded and again as it opens, to read the files
 * that t-reach.paths beside it names, one a line, and can keep a descriptor. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mailtri/stage.h"

enum { LINE_BYTES = 512, TEXT_BYTES = 256 };

static char at_load[TEXT_BYTES];

static const struct mt_option options[] = {
	{ .name = "keep", .def = "false", .type = MT_OPT_BOOL, .help = "Leave a file open." },
	{ .name = "swap", .def = "false", .type = MT_OPT_BOOL,
	    .help = "Leave it open in the place of another." },
	{ .name = NULL }
};

static void
list_name(char out[LINE_BYTES])
{
	Dl_info self;
	const char *slash;

	out[0] = '\0';
	if (dladdr(at_load, &self) == 0 || (slash = strrchr(self.dli_fname, '/')) == NULL)
		return;
	snprintf(out, LINE_BYTES, "%.*s/t-reach.paths", (int)(slash - self.dli_fname),
	    self.dli_fname);
}

/* " 13" for EACCES, " read" for success, of each path. */
static void
attempt(char out[TEXT_BYTES])
{
	char line[LINE_BYTES];
	size_t used = 0;
	FILE *list;

	list_name(line);
	list = fopen(line, "re");
	if (list == NULL)
		return;
	while (fgets(line, sizeof(line), list) != NULL && used + 16 < TEXT_BYTES) {
		int fd;

		line[strcspn(line, "\n")] = '\0';
		fd = open(line, O_RDONLY | O_CLOEXEC);
		used += (size_t)(fd >= 0 ? snprintf(out + used, TEXT_BYTES - used, " read") :
		    snprintf(out + used, TEXT_BYTES - used, " %d", errno));
		if (fd >= 0)
			close(fd);
	}
	fclose(list);
}

static void __attribute__((constructor))
loaded(void)
{
	attempt(at_load);
}

static int
reach_open(const struct mt_host *h, const struct mt_conf *conf, void **ctx, struct mt_result *why)
{
	char at_open[TEXT_BYTES] = "", name[LINE_BYTES];

	(void)ctx;
	(void)why;
	attempt(at_open);
	h->log(NULL, MT_WARNING, "loading:%s opening:%s", at_load, at_open);
	list_name(name);
	if (h->conf_int(conf, "swap") != 0)
		close(5);	/* the host's: the first free number is taken */
	if (h->conf_int(conf, "swap") != 0 || h->conf_int(conf, "keep") != 0)
		return open(name, O_RDONLY | O_CLOEXEC) < 0;
	return 0;
}

static int
reach_message(void *ctx, struct mt_msg *m, struct mt_result *result)
{
	(void)ctx;
	(void)m;
	(void)result;
	return 0;
}

MT_STAGE(t_reach,
    .name = "t-reach", .version = "1.0", .summary = "reads what it can while it is loaded",
    .options = options, .open = reach_open, .message = reach_message);
