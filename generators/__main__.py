"""`python -m generators`."""

import sys

from generators.commandline import main

sys.exit(main())
