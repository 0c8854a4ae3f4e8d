/* SPDX-License-Identifier: BSD-2-Clause */
/* What a service tells its manager (sd_notify(3)), without its library. */
#ifndef MAILTRI_MASTER_NOTIFY_H
#define MAILTRI_MASTER_NOTIFY_H

/* "READY=1", "STOPPING=1", "STATUS=..."; nothing where nobody listens. */
void notify_send(const char *);

#endif
