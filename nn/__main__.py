"""Makes ``python -m nn`` the same as the command ``chainrule``."""

import sys

from nn.cli import main

if __name__ == "__main__":
    sys.exit(main())
