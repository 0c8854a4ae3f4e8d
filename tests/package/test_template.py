# SPDX-License-Identifier: BSD-2-Clause
"""The stage template is built, tested, installed and loaded with nothing but
an installed mailtri; contrib/check names its root by MAILTRI_INSTALLED."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "contrib/lib"), str(TOP / "tests/e2e")]

import sender  # noqa: E402
from conftest import GOOD, private_folder  # noqa: E402
from instance import Programs  # noqa: E402
from world import ADDRESS, World  # noqa: E402

ROOT = os.environ.get("MAILTRI_INSTALLED")
ZONE = "bl.example"
LISTED = "127.0.0.7"  # the client's address, which the blocklist names

pytestmark = pytest.mark.skipif(ROOT is None, reason="MAILTRI_INSTALLED names no installed tree")


class Template:
    """A copy of the folder, far from the tree it came from."""

    def __init__(self, folder):
        self.folder = folder
        self.prefix = pathlib.Path(ROOT) / "usr/local"
        shutil.copytree(TOP / "contrib/stage-template", folder)
        self.environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": ROOT,
                            "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}

    def run(self, *arguments, **environment):
        return subprocess.run(arguments, cwd=self.folder, env={**self.environment, **environment},
                              capture_output=True, text=True, check=False)

    def make(self, *targets):
        out = self.run("make", "CFLAGS=-O2 -g -Werror -Wconversion -Wshadow", *targets)
        assert out.returncode == 0, out.stdout + out.stderr
        return out.stdout


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    made = Template(tmp_path_factory.mktemp("template") / "stage")
    made.make()
    return made


def test_its_own_test_passes(template):
    assert template.make("check").splitlines()[-1] == "8 passed, 0 failed"


def test_its_own_test_finds_mistakes(template, tmp_path):
    """Each of these breaks what one case is about."""
    source = (template.folder / "dnsbl.c").read_text()
    for right, wrong in (("return MT_WAIT", "return 0"), ("== 127", "!= 127"),
                         ("b[3], b[2], b[1], b[0]", "b[0], b[1], b[2], b[3]"),
                         ("MT_TEMPFAIL, \"dnsbl.dns\"", "MT_CONTINUE, \"dnsbl.dns\""),
                         ("\"refuse\"))\n\t\trefuse", "\"refuse\") || 1)\n\t\trefuse"),
                         ("if (strlen(zone) + REVERSED_MAX < ", "if (strlen(zone) + REVERSED_MAX <= ")):
        broken = tmp_path / "broken"
        shutil.copytree(template.folder, broken)
        assert right in source, right
        (broken / "dnsbl.c").write_text(source.replace(right, wrong))
        out = subprocess.run(["make", "check"], cwd=broken, env=template.environment,
                             capture_output=True, text=True, check=False)
        assert out.returncode != 0 and "Assertion" in out.stderr, (wrong, out.stdout, out.stderr)
        shutil.rmtree(broken)


def test_nothing_of_the_source_tree_is_read(template):
    """Every file the compiler opens for it is its own, the system's or installed."""
    flags = template.run("pkg-config", "--cflags", "mailtri").stdout.split()
    assert flags
    for source in ("dnsbl.c", "test_dnsbl.c"):
        out = template.run("cc", "-M", *flags, source)
        assert out.returncode == 0, out.stderr
        read = [word for word in out.stdout.replace("\\\n", " ").split()[1:]]
        assert any(word.endswith("mailtri/stage.h") for word in read)
        for word in read:
            path = (template.folder / word).resolve()
            installed = path.is_relative_to(pathlib.Path(ROOT).resolve())
            assert installed or not path.is_relative_to(TOP), path


def test_without_mailtri_it_says_what_is_missing(template):
    out = template.run("make", "-B", PKG_CONFIG_PATH="/nonexistent", PKG_CONFIG_LIBDIR="/nonexistent")
    assert out.returncode != 0 and "install mailtri-dev" in out.stderr


def test_it_shows_one_symbol(template):
    out = template.run("nm", "-D", "--defined-only", "dnsbl.so").stdout.split()
    assert [word for word in out if word[0].isalpha() and len(word) > 1] == ["mailtri_stage_v1"]


def test_its_manual_is_clean(template):
    out = template.run("mandoc", "-T", "lint", "-W", "warning", "mailtri-dnsbl.7")
    assert (out.returncode, out.stdout) == (0, "")


def test_it_is_described(template):
    """By a relative path, as its README and mailtri_stage(3) say."""
    out = template.run(template.prefix / "sbin/mailtrictl", "stages", "./dnsbl.so",
                       MAILTRI_LIBEXEC=str(template.prefix / "libexec/mailtri"))
    assert out.returncode == 0, out.stderr
    assert "listed|clean" in out.stdout and "dns" in out.stdout and "(must be set)" in out.stdout


@pytest.fixture(scope="module")
def installed(template):
    """Installed beside mailtri's own stages, as pkg-config says."""
    stage = template.prefix / "lib/mailtri/stages-1/dnsbl.so"
    options = template.prefix / "etc/mailtri/stages.d/dnsbl.conf"
    template.make("install")
    assert stage.exists() and options.exists()
    assert (template.prefix / "share/man/man7/mailtri-dnsbl.7").exists()
    options.write_text("# mine\n")
    template.make("install")
    assert options.read_text() == "# mine\n"  # the operator's
    yield Programs.installed(template.prefix)
    stage.unlink()
    options.unlink()


def test_a_daemon_runs_it(installed):
    folder = private_folder()
    try:
        domain = sender.Domain(GOOD, "rsa")
        with World(folder, installed.within_reach(folder)) as world:
            world.nameserver.serve({**domain.zone(), "7.0.0.127." + ZONE: {"A": ["127.0.0.2"]}})
            world.start_linear()
            run_daemon(world, domain)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_daemon(world, domain):
    mailtri = world.instance()
    options = world.core_options(pipeline=["dnsbl", "auth", "allowlist"])
    stages = world.stage_options(mailtri, [GOOD])
    mailtri.configure(options, {**stages, "dnsbl": {"zone": "localhost"}})
    status, said = mailtri.check_configuration()
    assert status == 78 and "dnsbl: " in said and "is no zone of a blocklist" in said
    mailtri.configure(options, {**stages, "dnsbl": {"zone": ZONE}})
    assert mailtri.check_configuration()[0] == 0
    mailtri.start()
    mail = domain.sign(sender.compose(f"Ann <ann@{GOOD}>", ADDRESS, "From outside the tree"))
    refused = world.client(mailtri, source=LISTED).send(f"ann@{GOOD}", ADDRESS, mail)
    assert (refused.code, refused.reason) == (550, "dnsbl.listed")
    taken = world.client(mailtri).send(f"ann@{GOOD}", ADDRESS, mail)
    assert taken.code == 250
    explained = mailtri.ctl_one("explain", taken.event)
    assert explained["facts"]["dnsbl.result"] == "clean"
    assert mailtri.stop() == 0
