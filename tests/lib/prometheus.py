"""Where Prometheus and its promtool are: installed, or where scripts/install-deps unpacked them."""

import os
import shutil

UNPACKED = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "build", "prometheus", "usr", "bin")


def program(name):
    """Its path; None: it is not here."""
    return shutil.which(name) or shutil.which(name, path=UNPACKED)
