"""
Runs the stories of one module, as unittest does, and says which were skipped and why:

    python3 -B -m lib.run sip.cancel_test

The exit status is 77 when nothing was left to run. $STIRD_STORIES names stories by their ids: of a module
that has some of them, these alone.
"""

import os
import sys
import unittest


def stories_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from stories_of(test)
        else:
            yield test


def chosen(suite):
    ids = os.environ.get("STIRD_STORIES", "").split()
    found = [story for story in stories_of(suite) if story.id() in ids]
    return unittest.TestSuite(found) if found else suite


def said(result):
    """One line for each story that was skipped; scripts/test collects them."""
    for story, why in result.skipped:
        print("SKIPPED: %s: %s" % (story.id(), why.replace("SKIPPED: ", "")), flush=True)


def main():
    suite = chosen(unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:]))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    said(result)
    if not result.wasSuccessful() or result.testsRun == 0 and not result.skipped:
        return 1
    return 77 if len(result.skipped) >= result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
