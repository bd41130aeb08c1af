"""`python -m service`."""

import os
import sys

from service.start import start

sys.exit(start(os.environ))
