/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of `mailtrictl check': mailtrictl is their master, starts
 * engine, parser and the workers of the pipeline's groups, puts a new one in
 * the place of each that dies, and stands between engine and resolver, so
 * that a zone file can answer instead of DNS.
 */
#ifndef MAILTRI_CTL_CREW_H
#define MAILTRI_CTL_CREW_H

#include "base/frame.h"
#include "conf/settings.h"
#include "ctl/zone.h"

enum { CREW_WHY_MAX = 512, CREW_DEATHS_MAX = 64 };	/* deaths in a row of one
			 * process while one mail is judged */

struct crew;

struct crew_options {
	struct settings *settings;	/* state_dir is changed to that below */
	const char *state_dir;	/* --state; NULL: nothing is kept */
	bool verbose;		/* show all the processes say */
	void (*on_report)(struct mt_span json, void *arg);
	void (*on_failure)(const char *why, void *arg);	/* it cannot go on */
	void *arg;
};

/* NULL: `why' says what is missing. */
struct crew *crew_new(struct loop *, const struct crew_options *, char why[CREW_WHY_MAX]);
/* Ends the processes; with a state directory the engine finishes first. */
void crew_free(struct crew *);

/* DNS from here on: the zone's, borrowed; NULL: the real one. */
void crew_zone(struct crew *, const struct zone *);
/* A PROTO_CHECK; one at a time, on_report follows. */
void crew_check(struct crew *, struct mt_span body, int fd);

#endif
