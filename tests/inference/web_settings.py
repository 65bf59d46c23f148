"""Settings of a web process that a test starts: the test's own database, whatever kind it is."""

import os

from config.settings.test import *  # noqa: F403
from config.settings.test import DATABASES

DATABASES["default"]["NAME"] = os.environ["AUSCULT_TEST_DATABASE"]
