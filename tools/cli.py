"""The command line of ``./dev``."""

import argparse
import sys
from importlib import import_module

from tools.system import Problem, complain, end_on_signals


def parser():
    """All sub-commands and their few options."""
    top = argparse.ArgumentParser(prog="./dev", description="Demo, tests and checks of the addon signature_workflow.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, module, help_text):
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.add_argument("--odoo", metavar="PATH", help="use this Odoo 19 source tree instead of Debian's package")
        command.set_defaults(module=module)
        return command

    demo = add("demo", "demo", "Run Odoo with demo data, the addon and a mail catcher")
    demo.add_argument("--reset", action="store_true", help="forget the demo's data and begin anew")
    test = add("test", "test_run", "Run the tests")
    test.add_argument("word", nargs="?", default="", metavar="WORD", help="only tests with this in their name")
    test.add_argument("--no-browser", action="store_true", help="leave out what needs a browser: tours and Hoot")
    test.add_argument("--lowest", action="store_true", help="use the lowest versions of Python packages that should do")
    lint = add("lint", "lint", "Check style, layers and Odoo's conventions")
    lint.add_argument("--fix", action="store_true", help="mend what can be mended by itself")
    bench = add("bench", "benchmark", "Run the benchmarks")
    bench.add_argument("word", nargs="?", default="", metavar="WORD", help="only benchmarks with this in their name")
    add("i18n", "i18n", "Bring the translation files up to date")
    add("shell", "console", "Open Odoo's Python shell on the demo's database")
    add("psql", "console", "Open psql on the demo's database")
    return top


def main():
    """Run one sub-command; its problems are told in plain words."""
    options = parser().parse_args()
    end_on_signals()
    try:
        return import_module(f"tools.{options.module}").main(options)
    except Problem as problem:
        complain(problem)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
