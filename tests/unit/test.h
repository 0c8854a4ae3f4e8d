/* SPDX-License-Identifier: BSD-2-Clause */
/* cmocka with the headers it wants. */
#ifndef MAILTRI_TESTS_TEST_H
#define MAILTRI_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
