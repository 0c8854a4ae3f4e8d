# SPDX-License-Identifier: BSD-2-Clause
PYTESTS += tests/contract/test_linear.py tests/contract/test_answer.py
EXTRA_DIST += tests/contract/package.json tests/contract/package-lock.json \
	tests/contract/validate.mjs tests/fake/graphql.py tests/fake/linear.py

PYTESTS += tests/contract/test_webhook.py
EXTRA_DIST += tests/lib/npm.py tests/fake/webhook/package.json tests/fake/webhook/package-lock.json \
	tests/fake/webhook/receiver.mjs tests/fake/webhook/validate.mjs
