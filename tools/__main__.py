"""``python -m tools``: the same as ``./dev``."""

import sys

from tools.cli import main

sys.exit(main())
