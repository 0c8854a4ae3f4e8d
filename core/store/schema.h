/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of both databases, as SQL. */
#ifndef MAILTRI_STORE_SCHEMA_H
#define MAILTRI_STORE_SCHEMA_H

extern const char schema_queue[], schema_counters[];

#endif
