/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_int, conf_str, conf_list and conf_secret. */
#include "stage/options.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"

enum { SECRET_NAME_MAX = 512 };

#define TYPE(t) (1u << (t))

struct mt_conf
options_conf(const struct setting_stage *stage, const char *route,
    const struct secrets *secrets)
{
	return (struct mt_conf){ .stage = stage, .secrets = secrets,
		.set = settings_options(stage, route) };
}

static const struct setting_value *
value_find(const struct mt_conf *c, const char *name, uint32_t types)
{
	const struct descriptor *d = &c->stage->descriptor;
	const struct mt_option *o = descriptor_option(d, name);

	if (o == NULL)
		log_panic("stage %s asks for option %.64s, which it does not "
		    "declare", c->stage->name, name);
	if ((TYPE(o->type) & types) == 0)
		log_panic("stage %s asks for option %s as another type than it "
		    "declares", c->stage->name, name);
	return &c->set->values[o - d->options];
}

static int64_t
option_int(const struct mt_conf *c, const char *name)
{
	return value_find(c, name, TYPE(MT_OPT_BOOL) | TYPE(MT_OPT_INT) |
	    TYPE(MT_OPT_SIZE) | TYPE(MT_OPT_DURATION))->num;
}

static const char *
option_str(const struct mt_conf *c, const char *name)
{
	const struct setting_value *v = value_find(c, name,
	    TYPE(MT_OPT_STRING) | TYPE(MT_OPT_CHOICE) | TYPE(MT_OPT_TARGET));

	return v->list == NULL ? NULL : v->list[0];
}

static const char *const *
option_list(const struct mt_conf *c, const char *name)
{
	static const char *const empty[] = { NULL };
	const struct setting_value *v = value_find(c, name, TYPE(MT_OPT_LIST));

	return v->list == NULL ? empty : (const char *const *)v->list;
}

static int
option_secret(const struct mt_conf *c, const char *name, struct mt_span *out)
{
	const struct setting_value *v = value_find(c, name, TYPE(MT_OPT_SECRET));
	char full[SECRET_NAME_MAX];
	const struct secret *s;

	if (v->list == NULL)
		return ENOENT;
	if (c->secrets == NULL)
		return EPERM;
	if (snprintf(full, sizeof(full), "%s.%s.%s", c->stage->name,
	    c->set->route == NULL ? "" : c->set->route, name) >= (int)sizeof(full))
		return ENAMETOOLONG;
	s = secrets_find(c->secrets, full);
	if (s == NULL)
		return ENOENT;
	*out = s->value;
	return 0;
}

void
options_host(struct mt_host *h)
{
	h->conf_int = option_int;
	h->conf_str = option_str;
	h->conf_list = option_list;
	h->conf_secret = option_secret;
}
