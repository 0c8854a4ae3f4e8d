/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the stage as the code wants them. */
#ifndef MAILTRI_AUTH_OPTIONS_H
#define MAILTRI_AUTH_OPTIONS_H

#include "judgement.h"

/* What stands outside all route sections: an approval gets no less. */
struct options_floor {
	bool both, psl;
	uint32_t replay_window_s;
	unsigned min_key_bits;
};

struct options {
	bool require_spf, require_dkim, require_dmarc;
	bool both;	/* alignment = both */
	bool addressed;
	uint32_t replay_window_s;
	struct dkim_options dkim;
	struct dmarc_options dmarc;
	const char *const *relays;
	const char *const *forwarders;
};

extern const struct mt_option options_table[];

void options_floor(const struct mt_host *, const struct mt_conf *, struct options_floor *);
void options_read(struct run *, const struct options_floor *, struct options *);
/* NULL, or what is wrong in one sentence. */
const char *options_check(const struct mt_host *, const struct mt_conf *);
/* Whether a name may be listed as forwarder: a domain in which nobody else
 * registers.  out: DOMAIN_MAX + 1 bytes, as domain_identity() writes it. */
bool options_forwarder(const char *name, char *out);
/* Whether the client is one of ours: an address or network of the list. */
bool options_relay(const struct options *, const struct spf_address *);

#endif
