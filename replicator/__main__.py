"""`python -m replicator`."""

import os
import sys

from replicator.start import start

sys.exit(start(os.environ))
