"""`python -m replicator`."""

import os
import sys
from functools import partial

from replicator.app import main
from replicator.settings import read_settings
from runtime.process import run

sys.exit(run(partial(read_settings, os.environ), main))
