/* SPDX-License-Identifier: BSD-2-Clause */
/* What a service tells its manager (sd_notify(3)), without its library. */
#ifndef MAILTRI_MASTER_NOTIFY_H
#define MAILTRI_MASTER_NOTIFY_H

/* "READY=1", "STOPPING=1", "STATUS=..."; nothing where nobody listens. */
void notify_send(const char *);
/* "RELOADING=1" with the time systemd wants beside it (Type=notify-reload). */
void notify_reloading(void);

#endif
