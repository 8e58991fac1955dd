"""``python -m videospace``."""

import sys

from videospace.cli import main

if __name__ == "__main__":
    sys.exit(main())
