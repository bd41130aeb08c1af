"""`python -m service`."""

import os
import sys
from functools import partial

from runtime.process import run
from service.app import main
from service.settings import read_settings

sys.exit(run(partial(read_settings, os.environ), main))
