# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages: clean for lintian, installed in a bare Debian, run there
by systemd under the unit as shipped, removed without a trace.

contrib/check names the folder of the packages by MAILTRI_DEBS and a bare
Debian by MAILTRI_CLEANROOT."""
import json
import os
import pathlib
import pwd
import re
import shutil
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "contrib/lib"), str(TOP / "tests/e2e"), str(TOP / "tests/package")]

import sender  # noqa: E402
from conftest import GOOD, private_folder  # noqa: E402
from instance import Bare, Programs, block  # noqa: E402
from machine import ENVIRONMENT, Machine, Overlay, call, must  # noqa: E402
from world import ADDRESS, World, wait_until  # noqa: E402

DEBS, CLEAN = os.environ.get("MAILTRI_DEBS"), os.environ.get("MAILTRI_CLEANROOT")
PLUGINS = sorted(p.parent.name for p in (TOP / "plugins").glob("*/*.conf"))
OURS = ["mailtri", "mailtri-dev", *(f"mailtri-stage-{name}" for name in PLUGINS)]
BLOCKLIST, LISTED = "bl.example", "127.0.0.7"
# Nobody uploads these to Debian, so there is no bug to close.
ALLOWED = {"initial-upload-closes-no-bugs"}
# What is in a configuration nobody has written yet, and nothing else.
UNCONFIGURED = [("mailtri.conf", "fullchain.pem"), ("mailtri.conf", "key.pem"),
                ("linear-dispatch.conf", "endpoint_pin"), ("linear-dispatch.conf", "api_key"),
                ("linear-dispatch.conf", "team")]

pytestmark = pytest.mark.skipif(DEBS is None, reason="MAILTRI_DEBS names no packages")
rooted = pytest.mark.skipif(
    CLEAN is None or os.getuid() != 0,
    reason="a bare Debian is made and booted by root, with the mirror in reach")


def deb(name):
    found = list(pathlib.Path(DEBS).glob(f"{name}_*.deb"))
    assert len(found) == 1, (name, found)
    return found[0]


def field(name, of):
    return must(call(["dpkg-deb", "-f", deb(name), of])).strip()


def tags(*arguments):
    """(severity, tag) of what lintian says."""
    out = call(["lintian", "--no-cfg", "--allow-root", "--tag-display-limit", "0", *arguments],
               env=ENVIRONMENT)
    return {(m[1], m[2]) for m in re.finditer(r"^([EWXIPO]): \S+(?: source)?: (\S+)", out.stdout, re.M)}


def test_lintian_has_nothing_to_say():
    changes = list(pathlib.Path(DEBS).glob("mailtri_*.changes"))
    assert len(changes) == 1
    assert {tag for _, tag in tags(changes[0])} <= ALLOWED


def test_each_plugin_is_a_package_of_its_own():
    for name in PLUGINS:
        package = f"mailtri-stage-{name}"
        files = must(call(["dpkg-deb", "-c", deb(package)]))
        for path in (f"mailtri/stages-1/{name}.so", f"/etc/mailtri/stages.d/{name}.conf",
                     f"/man7/mailtri-{name}.7.gz"):
            assert path in files, (package, path)
        assert files.count(".so\n") == 1
        depends = [d.split()[0] for d in field(package, "Depends").split(", ")]
        assert "mailtri-stage-abi-1" in depends and "mailtri" not in depends
    assert field("mailtri", "Provides") == "mailtri-stage-abi-1"


def test_only_a_stage_pulls_in_its_libraries():
    of_stages = ("libspf2", "libopendkim", "libopendmarc", "libpsl")
    assert not any(lib in field("mailtri", "Depends") for lib in of_stages)
    assert all(lib in field("mailtri-stage-auth", "Depends") for lib in of_stages)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The template's package, built as a third party does: from the example in
    mailtri-dev, in a system where only that is installed."""
    if os.getuid() != 0:
        pytest.skip("a throw-away system is made by root")
    out = tmp_path_factory.mktemp("template")
    overlay = Overlay(out / "overlay", "/")
    try:
        overlay.copy([deb("mailtri-dev")], "/tmp/debs")
        overlay.sh("dpkg -i /tmp/debs/*.deb; rm -rf /tmp/third; mkdir /tmp/third;"
                   "cp -r /usr/share/doc/mailtri-dev/examples/stage-template /tmp/third/dnsbl;"
                   "cd /tmp/third/dnsbl; dpkg-buildpackage -us -uc")
        for path in (overlay.root / "tmp/third").glob("mailtri-stage-dnsbl*"):
            if path.is_file():
                shutil.copy(path, out)
    finally:
        overlay.close()
    return out


def test_the_template_makes_a_clean_package(template):
    changes = list(template.glob("*.changes"))
    assert len(changes) == 1
    assert {tag for _, tag in tags(changes[0])} <= ALLOWED


def listing(root):
    """Every path of the packages' realm, and the files that tell of users."""
    found = set()
    for top in ("etc", "usr", "lib", "var", "srv", "opt"):
        for folder, folders, files in os.walk(root / top):
            at = "/" + str(pathlib.Path(folder).relative_to(root))
            found |= {f"{at}/{name}" for name in (*folders, *files)}
    return found


class Installed:
    """The bare Debian, with the packages and somebody's configuration."""

    def __init__(self, folder, world):
        self.world = world
        self.overlay = Overlay(folder, CLEAN)
        self.root = self.overlay.root
        self.machine = None
        # Any loopback address has a port 25 of its own, which root alone binds.
        self.address = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}.25"

    def close(self):
        if self.machine:
            self.machine.stop()
        self.overlay.close()

    def give(self, path, source, mode=0o644, owner=(0, 0)):
        at = self.root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, pathlib.Path):
            shutil.copy(source, at)
        else:
            at.write_text(source)
        at.chmod(mode)
        os.chown(at, *owner)
        return path

    def user(self):
        """(uid, gid) of mailtri, as its package made it."""
        for line in (self.root / "etc/passwd").read_text().splitlines():
            if line.startswith("mailtri:"):
                return tuple(int(n) for n in line.split(":")[2:4])
        return None

    def configure(self, *stages):
        """What README.Debian asks of an operator, and secrets as credentials."""
        certificate, key, _ = self.world.pairs[0]
        options = self.world.core_options(pipeline=[*stages, "auth", "allowlist"])
        options["tls"] = {"certificate": [self.give("/etc/mailtri/tls/chain.pem", certificate)],
                          "key": [self.give("/etc/mailtri/tls/key.pem", key, 0o400, self.user())]}
        options = {"hostname": "mx.mailtri.example", "user": "mailtri",
                   "root_key": "credential:root-key",
                   f'listen "{self.address}:25"': {"tls": Bare("required")}, **options}
        self.give("/etc/mailtri/mailtri.conf", "\n".join(block(options)) + "\n")
        linear = self.world.linear.options(self)
        linear["endpoint_ca"] = self.give("/etc/mailtri/linear.pem", self.world.authority.path)
        for name, values in (("linear-dispatch", linear), ("allowlist", {"allow": [GOOD]})):
            self.give(f"/etc/mailtri/stages.d/{name}.conf", "\n".join(block(values)) + "\n")
        self.give("/etc/mailtri/root-key", "5a" * 32 + "\n", 0o400)
        self.give("/etc/systemd/system/mailtri.service.d/secrets.conf", "[Service]\n"
                  "LoadCredential=root-key:/etc/mailtri/root-key\n"
                  "LoadCredential=linear-key:/etc/mailtri/linear-key\n")

    def secret(self, _, value):
        """As linear.options() wants it."""
        self.give("/etc/mailtri/linear-key", value, 0o400)
        return "credential:linear-key"

    def send(self, domain, subject, source="127.0.0.1"):
        mail = domain.sign(sender.compose(f"Ann <ann@{GOOD}>", ADDRESS, subject))
        client = sender.Client(25, f"mx.{GOOD}", self.world.authority.path, source, self.address)
        return client.send(f"ann@{GOOD}", ADDRESS, mail)

    def ctl(self, *arguments):
        out = must(self.machine.run("mailtrictl", *arguments, "--json"))
        return [json.loads(line) for line in out.splitlines()]

    def show(self, unit_property):
        return must(self.machine.run("systemctl", "show", "mailtri", "--value", "--property",
                                     unit_property)).strip()

    def journal(self):
        return must(self.machine.run("journalctl", "--no-pager", "-u", "mailtri"))

    def delivered(self, event):
        wait_until(lambda: self.ctl("queue", "show", event)[0]["state"] == "done",
                   f"delivery of {event}")


@pytest.fixture(scope="module")
def domain():
    return sender.Domain(GOOD, "rsa")


@pytest.fixture(scope="module")
def installed(domain):
    folder = private_folder()
    programs = Programs.installed("/usr")  # only their names; none runs out here
    (folder / "world").mkdir()
    with World(folder / "world", programs) as world:
        world.nameserver.serve({**domain.zone(), "7.0.0.127." + BLOCKLIST: {"A": ["127.0.0.2"]}})
        world.start_linear()
        made = Installed(folder / "debian", world)
        try:
            yield made
        finally:
            made.close()
    shutil.rmtree(folder, ignore_errors=True)


@rooted
def test_a_stage_alone_is_not_configured(installed):
    overlay = installed.overlay
    overlay.copy([deb(name) for name in OURS], "/srv/debs")
    overlay.sh("dpkg --force-unsafe-io -i /var/cache/apt/archives/*.deb")
    out = overlay.run("dpkg", "-i", "/srv/debs/" + deb("mailtri-stage-allowlist").name)
    assert out.returncode != 0 and "depends on mailtri-stage-abi-1" in out.stderr
    overlay.sh("dpkg --purge mailtri-stage-allowlist")


@rooted
def test_everything_is_installed(installed):
    installed.before = listing(installed.root)
    installed.overlay.sh("dpkg -i /srv/debs/*.deb")
    assert installed.overlay.sh("dpkg --audit") == ""
    uid, gid = installed.user()
    assert uid > 0
    for path, mode in (("var/lib/mailtri", 0o700), ("etc/mailtri/stages.d", 0o755)):
        assert (installed.root / path).stat().st_mode & 0o7777 == mode, path
    assert (installed.root / "var/lib/mailtri").stat().st_uid == uid
    assert "mailtrid 0." in installed.overlay.sh("mailtrid -V")
    for page in ("mailtrid.8", "mailtrictl.8", "mailtri.conf.5"):
        assert list((installed.root / "usr/share/man").rglob(page + ".gz")), page


@rooted
def test_the_default_configuration_lacks_what_only_its_operator_knows(installed):
    out = installed.overlay.run("mailtrid", "-n")
    assert out.returncode == 78, out.stdout + out.stderr
    # Stages that are installed and not asked for are no problem.
    lines = [line for line in out.stdout.splitlines() if ": info: not in use" not in line]
    for file, words in UNCONFIGURED:
        assert [line for line in lines if file in line and words in line], (words, out.stdout)
    assert len(lines) == len(UNCONFIGURED), out.stdout


@rooted
def test_it_boots_and_waits_to_be_configured(installed):
    installed.machine = Machine(installed.overlay)
    assert installed.machine.run("systemctl", "is-enabled", "mailtri").stdout.strip() == "disabled"
    assert installed.show("ActiveState") == "inactive"
    out = installed.machine.run("systemctl", "start", "mailtri")
    assert out.returncode != 0
    assert "fullchain.pem" in installed.journal()
    wait_until(lambda: installed.show("ActiveState") == "failed", "the end of the attempt")


@rooted
def test_systemd_runs_it_under_its_unit(installed, domain):
    installed.configure()
    installed.machine.run("systemctl", "reset-failed", "mailtri")
    started = installed.machine.run("systemctl", "enable", "--now", "mailtri")
    assert started.returncode == 0, started.stderr + installed.journal()
    assert (installed.show("ActiveState"), installed.show("Type")) == ("active", "notify")
    answer = installed.send(domain, "Out of a package")
    assert answer.code == 250, answer.text + installed.journal()
    installed.delivered(answer.event)
    assert "Out of a package" in [i["title"] for i in installed.world.linear.issues()]
    must(installed.machine.run("mailtrictl", "audit", "verify"))
    installed.event = answer.event


@rooted
def test_it_runs_without_privileges(installed):
    """Nothing of it is root, or could become so; the root key is on no disk."""
    uid = installed.user()[0]
    pids = processes(installed)
    assert len(pids) >= 8
    for pid in pids:
        status = installed.machine.sh(f"cat /proc/{pid}/status")
        values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert values["Uid"].split() == [str(uid)] * 4
        assert values["NoNewPrivs"] == "1" and values["Seccomp"] == "2"
        assert int(values["CapEff"], 16) & ~(1 << 10) == 0  # CAP_NET_BIND_SERVICE at most
    assert not (installed.root / "var/lib/mailtri/keys/root").exists()
    exposure = must(installed.machine.run("systemd-analyze", "security", "--no-pager", "mailtri"))
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", exposure)[1]) < 3


def processes(installed):
    """Processes of the service's cgroup."""
    group = installed.show("ControlGroup")
    return installed.machine.sh(f"cat /sys/fs/cgroup{group}/cgroup.procs").split()


@rooted
def test_it_stops_and_starts_in_order(installed, domain):
    must(installed.machine.run("systemctl", "restart", "mailtri"))
    assert installed.show("Result") == "success"
    assert "killed" not in installed.journal()
    assert installed.ctl("queue", "show", installed.event)[0]["state"] == "done"
    assert installed.send(domain, "After a restart").code == 250


@rooted
def test_a_third_party_comes_as_a_package(installed, domain, template):
    """Its name is written before it is there; dpkg tells the running daemon
    when it is."""
    package = next(template.glob("mailtri-stage-dnsbl_*.deb"))
    installed.overlay.copy([package], "/srv/third")
    installed.give("/etc/mailtri/stages.d/dnsbl.conf", f'zone = "{BLOCKLIST}"\n')
    installed.configure("dnsbl")
    assert installed.send(domain, "From a client nobody asked about", LISTED).code == 250
    must(installed.machine.run("dpkg", "--force-confold", "-i", f"/srv/third/{package.name}"))

    def refused():
        return installed.send(domain, "From a listed client", LISTED).reason == "dnsbl.listed"
    wait_until(refused, "a refusal by the new stage")
    assert installed.send(domain, "From another").code == 250


@rooted
def test_an_upgrade_keeps_it_running(installed, domain):
    before = installed.show("MainPID")
    must(installed.machine.run("dpkg", "-i", "/srv/debs/" + deb("mailtri").name))
    assert installed.show("ActiveState") == "active"
    assert installed.show("MainPID") != before
    assert installed.ctl("queue", "show", installed.event)[0]["state"] == "done"
    assert installed.send(domain, "After the upgrade").code == 250


@rooted
def test_purge_leaves_what_is_documented(installed):
    machine = installed.machine
    out = machine.run("dpkg", "--purge", *reversed(OURS), "mailtri-stage-dnsbl")
    must(out)
    assert "/var/lib/mailtri is kept" in out.stderr
    assert machine.run("systemctl", "is-active", "mailtri").stdout.strip() != "active"
    # What the operator made stays his; he takes it away himself.
    for path in ("/etc/mailtri/tls", "/etc/mailtri/linear.pem", "/etc/mailtri/linear-key",
                 "/etc/mailtri/root-key", "/etc/systemd/system/mailtri.service.d"):
        machine.sh(f"rm -r {path}")
    machine.sh("rmdir /etc/mailtri")
    left = {path for path in listing(installed.root) - installed.before
            if not path.startswith(("/var/log/", "/var/lib/dpkg/", "/var/lib/systemd/", "/srv/",
                                    "/var/tmp/", "/var/cache/", "/var/lib/private"))}
    kept = {path for path in left if path.startswith("/var/lib/mailtri")}
    assert "/var/lib/mailtri" in kept
    assert not left - kept, sorted(left - kept)
    assert machine.run("test", "-e", "/run/mailtri").returncode == 1
    assert installed.user() is not None  # who owns what is kept
