#!/usr/bin/env python3
"""
usage: ctest_results.py PROJECT
What scripts/test may forgive (lib/ctest_results.py): it repeats only stories, never when something else failed too and
never one that crashed; only a story that then passes counts as unsteady. Of stories it tells again in another build what
failed or was skipped in the one before.
"""

import os
import subprocess
import sys
import tempfile

PASSED, FAILED = '<testcase name="%s" status="run"><system-out>%s</system-out></testcase>', \
    '<testcase name="%s" status="fail"><failure message=""/><system-out>%s</system-out></testcase>'


def junit(path, *rows):
    with open(path, "w", encoding="utf-8") as out:
        out.write("<testsuite>%s</testsuite>" % "".join(kind % (name, said) for kind, name, said in rows))


def results(project, what, path):
    return subprocess.run([sys.executable, "-B", "-m", "lib.ctest_results", what, path], check=True,
                          cwd=os.path.join(project, "tests"), capture_output=True, text=True).stdout.split("\n")[:-1]


def told_again(project, folder, *rows):
    path = os.path.join(folder, "junit.xml")
    junit(path, (PASSED, "sip/good", ""), *rows)
    return results(project, "again", path)


def main(project):
    with tempfile.TemporaryDirectory() as folder:
        late = (FAILED, "sip/late", "not within 60 s")
        assert told_again(project, folder) == []
        assert told_again(project, folder, late, (FAILED, "daemon/late", "")) == ["sip/late", "daemon/late"]
        for name, said in (("unit/tn_test", ""), ("lint/map", ""), ("fuzz/corpus", ""), ("net/former_test", ""),
                           ("sip/a", "ERROR: AddressSanitizer: heap-use-after-free"),
                           ("sip/b", "x.c:1:2: runtime error: signed integer overflow"),
                           ("daemon/c", "child ended child=stird-worker pid=7 signal=11"),
                           ("daemon/d", "child ended child=stird-worker pid=7 signal=6")):
            assert told_again(project, folder, late, (FAILED, name, said)) == [], name
        path = os.path.join(folder, "junit.xml")
        junit(path, (PASSED, "sip/good", ""), late, (FAILED, "sip/wrong", ""))
        junit(os.path.join(folder, "again.xml"), (PASSED, "sip/late", ""), (FAILED, "sip/wrong", ""))
        assert results(project, "total", path) == ["1 passed, 1 failed, 0 skipped, 1 unsteady"]
        assert ["sip/late:" in line for line in results(project, "unsteady", path)] == [True]
        junit(path, (PASSED, "sip/good", "said"), (FAILED, "sip/wrong", ""), (PASSED, "lint/map", ""), (PASSED, "daemon/one", """
SKIPPED: daemon.one_test.One.test_two: sanitizers need more
SKIPPED: daemon.one_test.One.test_three (word='x'): preloading"""), (PASSED, "unit/c_test", "[ 1 ] SKIPPED: allocations"))
        assert results(project, "shown", path) == ["sip/good"]
        assert results(project, "stories", path) == ["daemon.one_test.One.test_two", "daemon.one_test.One.test_three"]


if __name__ == "__main__":
    main(sys.argv[1])
