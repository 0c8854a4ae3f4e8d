# SPDX-License-Identifier: BSD-2-Clause
# One program a role.  Each links what its job needs and nothing else.
