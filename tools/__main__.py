"""``./dev``: runs this folder, whose parent is put on the path instead of it."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tools.cli import main  # noqa: E402

sys.exit(main())
