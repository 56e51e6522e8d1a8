"""R-P-112: SIGHUP: check, build aside, switch; with any mistake the old state stays and says so."""

import os
import unittest

from daemon.lifetimes import ProcessStory
from lib.patience import HANG_S
from lib import settings, stird

IN_FORCE = r"reload done.*generation=%d"
KEPT = "reload failed, the old configuration stays in force"


class Reload(ProcessStory):
    def reload(self):
        self.stird.reload()
        self.stird.wait_notify("RELOADING=1")
        self.stird.wait_notify("READY=1")

    def check_refused(self, reason):
        """A reload that must fail: said with its reason, same children, and a good one goes on."""
        before = self.children()
        self.reload()
        self.stird.wait_log(reason)
        self.stird.wait_lines(KEPT)
        self.assertEqual(self.children(), before)
        self.configure()
        self.reload()
        self.stird.wait_log("reload done")

    def test_of_good_files_takes_a_new_signer_and_the_same_worker(self):
        self.start()
        before = self.children()
        self.configure(numbers=settings.NUMBERS + "+12155550177,acme,owned,,,,\n")
        self.reload()
        self.stird.wait_log(IN_FORCE % 2 + " number_rows=8")
        after = self.children()
        self.assertEqual(after["worker"], before["worker"])
        self.assertEqual(after["recorder"], before["recorder"])
        self.wait_gone([before["signer"]], "the old signer goes when it is done")
        self.assertTrue(stird.alive(self.stird.child("signer")))

    def test_many_times(self):
        self.start()
        worker = self.stird.wait_child("worker")
        for generation in range(2, 12):
            self.reload()
            self.stird.wait_log(IN_FORCE % generation)
        self.assertEqual(self.stird.child("worker"), worker)
        stird.wait_until(lambda: len(self.stird.family()) == 3, HANG_S, "three children are left")

    def test_under_calls_signs_every_one(self):
        """Whatever moment the switch comes at, a call has a signer that knows its certificate."""
        self.start()
        number = 0
        while number < 60 or not self.stird.log_lines("generation=4 "):
            if number % 5 == 0:
                self.stird.reload()
            self.signed_call()
            number += 1
            self.assertLess(number, 5000, "no reload ends")
        self.assertFalse(self.stird.log_lines(KEPT))

    def test_while_one_runs_is_done_after_it(self):
        self.start()
        for _ in range(5):
            self.stird.reload()
        self.stird.wait_log(IN_FORCE % 2)
        self.stird.wait_notify("READY=1")
        self.reload()
        self.assertFalse(self.stird.log_lines(KEPT))

    def test_of_an_unknown_setting(self):
        self.start()
        self.configure(more="landlock_requird = true;")
        self.check_refused(r"stird\.conf:\d+: .*landlock_requird")

    def test_of_a_missing_file(self):
        path = self.configure()
        self.start_with(path)
        os.unlink(path)
        self.check_refused(r"stird\.conf: ")

    def test_of_a_bad_number_row(self):
        self.start()
        self.configure(numbers=settings.NUMBERS + "+1215,acme,owner,,,,\n")
        self.check_refused(r"numbers\.csv:9: ")

    def test_of_a_table_that_shrank(self):
        self.start()
        self.configure(numbers="\n".join(settings.NUMBERS.split("\n")[:4]) + "\n")
        self.check_refused("numbers: 3 rows instead of 7.*max_shrink_percent")

    def test_of_another_listener(self):
        self.start()
        self.configure(listeners=[self.listener(host=self.net(5))])
        self.check_refused("listen: .*needs a restart")

    def test_of_a_key_that_others_may_read(self):
        """R-C-005."""
        self.start()
        key = os.path.join(self.lab.unit.directory, "key.pem")
        os.chmod(key, 0o644)
        self.stird.reload()
        self.stird.wait_log("problem=.*key.pem")
        self.stird.wait_log(KEPT)
        os.chmod(key, 0o600)
        self.reload()
        self.stird.wait_log("reload done")

    def test_that_fails_is_in_the_status(self):
        self.start()
        self.configure(more="nonsense = 1;")
        self.stird.reload()
        self.stird.wait_notify("1 failed")

    def test_with_a_dead_signer_still_works(self):
        self.start()
        self.hit("signer")
        self.stird.reload()
        self.stird.wait_log("reload done|" + KEPT)
        stird.wait_until(lambda: self.stird.child("signer"), HANG_S, "a signer")
        self.reload()

    def test_opens_the_record_file_anew(self):
        """As logrotate wants it, whether the configuration is good or not."""
        self.start()
        path = self.stird.records_path
        for more in ("", "nonsense = 1;"):
            self.configure(more=more)
            os.rename(path, path + ".1")
            self.stird.reload()
            stird.wait_until(lambda: os.path.exists(path), HANG_S, "a new record file")
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.stird.wait_log(KEPT if more else "reload done")


if __name__ == "__main__":
    unittest.main()
