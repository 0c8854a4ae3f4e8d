/* SPDX-License-Identifier: BSD-2-Clause */
/* libunbound as the upstream of pipeline/dns.h: its thread asks, its
 * descriptor wakes our loop.  For the resolver role alone. */
#ifndef MAILTRI_PIPELINE_DNS_UNBOUND_H
#define MAILTRI_PIPELINE_DNS_UNBOUND_H

#include "pipeline/dns.h"

struct dns_unbound;

struct dns_unbound_options {
	const char *const *nameservers;	/* "127.0.0.1@5353" */
	size_t nameserver_count;	/* 0: those of /etc/resolv.conf */
	const char *trust_anchor;	/* file; NULL: no validation */
};

/* Ends the process where the options cannot be used.  *options stay. */
struct dns_unbound *dns_unbound_new(struct loop *, const struct dns_unbound_options *);
void dns_unbound_free(struct dns_unbound *);
/* Answers go to `dns', to be set before the first question. */
void dns_unbound_attach(struct dns_unbound *, struct dns *dns);
struct dns_upstream dns_unbound_upstream(struct dns_unbound *);

#endif
