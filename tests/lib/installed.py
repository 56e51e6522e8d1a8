"""What a story needs of other programs: without it it is skipped, but not by scripts/test --all."""

import glob
import os
import shutil


def need(story, program, *more):
    """PROGRAM, and for each of MORE a file of that pattern: where the program is."""
    found = shutil.which(program, path=os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin")
    missing = [] if found else [program]
    missing += [pattern for pattern in more if not glob.glob(pattern)]
    if not missing:
        return found
    said = "not installed: %s (scripts/install-deps --all)" % ", ".join(missing)
    if os.environ.get("STIRD_ALL") == "1":
        story.fail(said)
    return story.skipTest(said)
