# SPDX-License-Identifier: BSD-2-Clause
dist_check_SCRIPTS += tests/abi/headers.sh

if HAVE_CMOCKA
check_PROGRAMS += tests/abi/test_fake_host
tests_abi_test_fake_host_SOURCES = tests/abi/test_fake_host.c
tests_abi_test_fake_host_CPPFLAGS = $(TEST_CPPFLAGS)
tests_abi_test_fake_host_LDADD = $(CMOCKA_LIBS)
endif
