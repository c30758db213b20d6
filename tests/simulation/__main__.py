"""Plays one seed and prints it: `python -m tests.simulation 123`."""

import sys

from tests.simulation.describe import describe

sys.stdout.write(describe(int(sys.argv[1])) + "\n")
