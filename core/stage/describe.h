/* SPDX-License-Identifier: BSD-2-Clause */
/* `worker --describe' and `worker --check': conf/describe.h says what they
 * print.  Both return the exit status. */
#ifndef MAILTRI_STAGE_DESCRIBE_H
#define MAILTRI_STAGE_DESCRIBE_H

int describe_main(const char *path);
int check_main(const char *stage);	/* settings from PROTO_SETTINGS_FD */

#endif
