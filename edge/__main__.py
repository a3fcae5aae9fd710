"""``python -m edge``: the command ``edge`` where it is not on the path."""

import sys

from edge.cli import main

sys.exit(main())
