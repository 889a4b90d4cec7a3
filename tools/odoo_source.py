"""Odoo 19 itself: Debian's package, unpacked in the cache; or a source tree that one already has."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.paths import CACHE, digest
from tools.system import Problem, run, step

SERIES = "19.0"
RELEASE_PACKAGES = [
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
]
"""What the package links to: from the machine's own release, where the links fit."""
SID_PACKAGES = ["odoo-19", "fonts-montserrat"]
HINT = "Check the network, or give an Odoo 19 source tree that you have: ./dev … --odoo PATH"


@dataclass(frozen=True)
class Odoo:
    """Where Odoo's Python package and its addons lie, and which one it is."""

    root: Path
    addons: tuple[Path, ...]
    name: str

    def lacks(self, path):
        """Whether a file of Odoo's addons is missing (Debian leaves minified libraries out)."""
        return not any((folder / path).exists() for folder in self.addons)


def given(path):
    """The source tree that the person named."""
    root = Path(path).expanduser().resolve()
    release = root / "odoo" / "release.py"
    if not release.exists():
        raise Problem(f"{root} is no Odoo source tree: it has no odoo/release.py.")
    if not re.search(r"version_info = \(19, 0", release.read_text()):
        raise Problem(f"{root} is not Odoo {SERIES}.")
    addons = tuple(folder for folder in (root / "addons", root / "odoo" / "addons") if folder.is_dir())
    return Odoo(root, addons, f"given-{digest(root, release)}")


def fetched():
    """Debian's Odoo, downloaded and unpacked if that has not been done."""
    folder = CACHE / f"odoo-{SERIES}"
    mark = folder / "complete"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _fetch(folder)
        version = next((folder / "debs").glob("odoo-19_*")).name.split("_")[1]
        shutil.rmtree(folder / "debs")
        mark.write_text(version)
    root = folder / "tree/usr/lib/python3/dist-packages"
    return Odoo(root, (root / "odoo/addons",), f"debian-{mark.read_text()}")


def _fetch(folder):
    debs = folder / "debs"
    debs.mkdir()
    apt = _isolated_apt(folder / "apt")
    with step("Downloading Odoo 19 from Debian (125 MB)"):
        run([*apt, "update"], "Reading the package lists of Debian's sid", hint=HINT)
        release = _os_release()["VERSION_CODENAME"]
        wanted = [f"{name}/{release}" for name in RELEASE_PACKAGES] + [f"{name}/sid" for name in SID_PACKAGES]
        run([*apt, "download", *wanted], "Downloading Odoo 19", hint=HINT, cwd=debs)
    with step("Unpacking Odoo 19"):
        for deb in sorted(debs.glob("*.deb")):
            run(["dpkg", "-x", deb, folder / "tree"], f"Unpacking {deb.name}", hint=HINT)


def _isolated_apt(folder):
    """An apt-get with lists and sources of its own, which leaves the machine's alone."""
    for name in ("lists/partial", "archives/partial", "etc"):
        (folder / name).mkdir(parents=True)
    mirror, keyring = _mirror(), Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    signed = f" [signed-by={keyring}]" if keyring.exists() else ""
    suites = ("sid", _os_release()["VERSION_CODENAME"])
    sources = folder / "etc/sources.list"
    sources.write_text("".join(f"deb{signed} {mirror} {suite} main\n" for suite in suites))
    settings = {
        "Dir::State": folder,
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder,
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": "-",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    return ["apt-get", *(part for key, value in settings.items() for part in ("-o", f"{key}={value}"))]


def _mirror():
    """The Debian mirror that this machine itself uses."""
    query = ["apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE)"]
    try:
        targets = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    except FileNotFoundError:
        raise Problem(f"Only Debian can fetch Odoo by itself (there is no apt-get here). {HINT}") from None
    names = (_os_release().get("VERSION_CODENAME"), "stable", "oldstable")
    for target in targets:
        uri, _, release = target.partition(" ")
        if release in names:
            return uri
    raise Problem(f"This machine's apt knows no Debian mirror. {HINT}")


def _os_release():
    lines = Path("/etc/os-release").read_text().splitlines()
    return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
