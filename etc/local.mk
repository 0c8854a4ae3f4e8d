# SPDX-License-Identifier: BSD-2-Clause
# What an installation needs beside programs: configuration, unit, user.
EXTRA_DIST += etc/mailtri.conf etc/mailtri.service.in etc/mailtri.sysusers \
	etc/mailtri.tmpfiles.in
CLEANFILES += etc/mailtri.service etc/mailtri.tmpfiles

etc_values = sed -e 's|@''sbindir@|$(sbindir)|g' -e 's|@''confdir@|$(confdir)|g' \
	-e 's|@''localstatedir@|$(localstatedir)|g' -e 's|@''runstatedir@|$(runstatedir)|g'

etc/mailtri.service: $(srcdir)/etc/mailtri.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && $(etc_values) $(srcdir)/etc/mailtri.service.in > $@.tmp && \
		mv $@.tmp $@
etc/mailtri.tmpfiles: $(srcdir)/etc/mailtri.tmpfiles.in Makefile
	$(AM_V_GEN)$(MKDIR_P) etc && $(etc_values) $(srcdir)/etc/mailtri.tmpfiles.in > $@.tmp && \
		mv $@.tmp $@

systemddir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
systemd_DATA = etc/mailtri.service
dist_man_MANS += etc/mailtri.conf.5 core/mailtrid.8

# What an operator may have changed is never overwritten, and removed only unchanged.
install-data-local:
	$(MKDIR_P) $(DESTDIR)$(stageconfdir) $(DESTDIR)$(sysusersdir) $(DESTDIR)$(tmpfilesdir)
	test -e $(DESTDIR)$(confdir)/mailtri.conf || \
		$(INSTALL_DATA) $(srcdir)/etc/mailtri.conf $(DESTDIR)$(confdir)/mailtri.conf
	for f in $(stageconf_files); do \
		test -e $(DESTDIR)$(stageconfdir)/$${f##*/} || \
		$(INSTALL_DATA) $(srcdir)/$$f $(DESTDIR)$(stageconfdir)/ || exit 1; \
	done
	$(INSTALL_DATA) $(srcdir)/etc/mailtri.sysusers $(DESTDIR)$(sysusersdir)/mailtri.conf
	$(INSTALL_DATA) etc/mailtri.tmpfiles $(DESTDIR)$(tmpfilesdir)/mailtri.conf
uninstall-local:
	rm -f $(DESTDIR)$(sysusersdir)/mailtri.conf $(DESTDIR)$(tmpfilesdir)/mailtri.conf
	for f in $(stageconf_files); do \
		! cmp -s $(srcdir)/$$f $(DESTDIR)$(stageconfdir)/$${f##*/} || \
		rm -f $(DESTDIR)$(stageconfdir)/$${f##*/}; \
	done
	! cmp -s $(srcdir)/etc/mailtri.conf $(DESTDIR)$(confdir)/mailtri.conf || \
		rm -f $(DESTDIR)$(confdir)/mailtri.conf
all-local: etc/mailtri.tmpfiles
