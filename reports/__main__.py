"""`python -m reports` is `dicom-conformance`."""

import sys

from reports.cli import main

sys.exit(main())
