"""What limits, files, ports and programs the system does not grant is said before anything fails."""

import os
import resource
import unittest

from daemon.lifetimes import ProcessStory
from lib import stird, stirctl
from lib.patience import HANG_S


class Said(ProcessStory):
    def check(self, path):
        status, said = stird.check_configuration(path)
        return status, said.replace(self.lab.directory + "/", "")

    def test_limits(self):
        """By -t, at a start and at a reload alike."""
        path = self.configure(limits=' memory = "2000m"; queues = "2000m"; connections = 60000;')
        status, said = self.check(path)
        self.assertEqual(status, 0, said)
        wanted = r"limits\.memory: all that may hold memory comes to 2\d{4} MiB \(stird -b lists it\)"
        self.assertRegex(said, r"stird\.conf:\d+: warning: " + wanted)
        self.start_with(path)
        self.stird.wait_log(wanted)
        before = len(self.stird.log_lines("all that may hold memory"))
        self.stird.reload()
        self.stird.wait_log("reload done", HANG_S)
        self.assertEqual(len(self.stird.log_lines("all that may hold memory")), before + 1)

    def test_a_reload_says_what_t_says(self):
        """To who asked for it; what needs a restart is an alarm in the very next answer."""
        path = self.configure()
        self.start_with(path)
        control = ("-s", self.lab.path("run", "control"))
        self.assertEqual(stirctl.run(path, "reload", "--wait")[2], "")
        self.configure(limits=' connections = 100; connections_per_source = 200; memory = "2m";')
        with open(path, encoding="utf-8") as source:
            text = source.read()
        self.lab.write("stird.conf", text.replace("records = {", 'records = { backlog = "1m";')
                       .replace(self.lab.path("run"), self.lab.path("other-run")))
        os.mkdir(self.lab.path("other-run"))
        status, out, err = stirctl.run(path, *control, "reload", "--wait")
        self.assertEqual(status, 0, out + err)
        self.assertRegex(out, r"^reloaded: generation 3")
        self.assertIn("needs_restart", [row["name"] for row in stirctl.ask(path, *control, "status")["alarms"]])
        for key in (r"records\.backlog: 1m instead of 8m needs a restart",
                    r"directories\.runtime: .* needs a restart",
                    r"limits\.connections_per_source: 200 is above", r"limits\.memory: a request outside a call"):
            self.assertRegex(err, r"(?m)stird\.conf:\d+: warning: " + key)
        said = stirctl.ask(path, *control, "reload", "--wait")["warnings"]
        self.assertEqual(said, err.strip().split("\n"))
        said = stird.check_configuration(path)[1].split("\n")
        self.assertEqual([line for line in err.strip().split("\n") if "restart" not in line],
                         [line for line in said if "warning:" in line])
        self.configure()
        status, out, err = stirctl.run(path, "reload", "--wait")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(stirctl.ask(path, "status")["alarms"], [])

    def test_workers_above_processors(self):
        status, said = self.check(self.configure(more="workers = 64;\n"))
        self.assertEqual(status, 0, said)
        if len(os.sched_getaffinity(0)) < 64:
            self.assertRegex(said, r"stird\.conf:\d+: warning: workers: 64 of them share")

    def test_descriptors(self):
        pid = os.fork()  # a hard limit cannot be raised again
        if pid == 0:
            status = 1
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (900, 900))
                said = stird.check_configuration(self.configure())[1]
                status = "limits.connections: 1000 connections of a worker need" not in said
            finally:
                os._exit(int(status))
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_a_good_one_says_nothing(self):
        status, said = self.check(self.configure())
        self.assertEqual((status, "warning" in said), (0, False), said)


class Files(ProcessStory):
    def records(self, path, **changes):
        """The configuration with records.file elsewhere."""
        configuration = self.configure(**changes)
        with open(configuration, encoding="utf-8") as source:
            text = source.read().replace(self.lab.path("records.jsonl"), path)
        return self.lab.write("stird.conf", text)

    def test_records_that_cannot_be_written(self):
        """By -t; a reload is refused, and the file before goes on."""
        os.mkdir(self.lab.path("folder"))
        os.symlink(self.lab.path("other"), self.lab.path("link"))
        self.start()
        for name, why in (("nowhere/records.jsonl", "its directory does not exist"),
                          ("folder", "it is no regular file"), ("link", "it is no regular file"),
                          ("numbers.csv/records.jsonl", "Not a directory")):
            path = self.records(self.lab.path(name))
            status, said = stird.check_configuration(path)
            self.assertEqual(status, 1, said)
            self.assertRegex(said, r'stird\.conf:\d+: records\.file: ".*/%s" cannot be written: %s' % (name, why))
        status, out, err = stirctl.run(path, "-s", self.lab.path("run", "control"), "reload", "--wait")
        self.assertEqual(status, 1, out + err)
        self.signed_call()

    def test_records_in_force_hold_up_no_reload(self):
        """Their directory is gone: the open file goes on, which is an alarm until it can be opened again."""
        os.mkdir(self.lab.path("log"))
        path = self.records(self.lab.path("log/records.jsonl"))
        self.start_with(path)
        os.rename(self.lab.path("log"), self.lab.path("away"))
        control = ("-s", self.lab.path("run", "control"))
        status, out, err = stirctl.run(path, *control, "reload", "--wait")
        self.assertEqual(status, 0, out + err)
        self.stird.wait_log("not meant.*records.file: .* cannot be written: its directory does not exist")
        self.assertRegex(err, r"stird\.conf:\d+: warning: records\.file: .* cannot be written")
        self.assertEqual(stird.check_configuration(path)[0], 1)
        def alarmed():
            return "record_file" in [row["name"] for row in stirctl.ask(path, "status")["alarms"]]
        stird.wait_until(alarmed, HANG_S, "the alarm")
        self.signed_call()
        os.rename(self.lab.path("away"), self.lab.path("log"))
        status, out, err = stirctl.run(path, *control, "reload", "--wait")
        self.assertEqual(status, 0, out + err)
        stird.wait_until(lambda: not alarmed(), HANG_S, "its end")

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root becomes another")
    def test_records_that_the_services_user_cannot_write(self):
        """Root asks for a service that is somebody else."""
        os.mkdir(self.lab.path("roots"), 0o755)
        path = self.records(self.lab.path("roots/records.jsonl"), more='security = { user = "nobody"; };\n')
        self.give_away("nobody")
        os.chown(self.lab.path("roots"), 0, 0)
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r'stird\.conf:\d+: warning: records\.file: user "nobody"')
        os.chmod(self.lab.path("roots"), 0o777)
        self.assertNotIn("warning: records.file", stird.check_configuration(path)[1])


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: root asks for somebody else")
class Capabilities(ProcessStory):
    def said(self, **changes):
        more = changes.pop("more", "") + 'security = { user = "nobody"; };\n'
        path = self.configure(more=more, **changes)
        self.give_away("nobody")
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        return said

    def test_ports(self):
        self.assertRegex(self.said(listeners=[self.listener(port=506)]),
                         r'stird\.conf:\d+: warning: listen "main": port 506 is below \d+')
        self.assertNotIn("CAP_NET_BIND_SERVICE", self.said())

    def test_program(self):
        self.assertRegex(self.said(more="workers = 2;\n"), r"stird\.conf:\d+: warning: workers: .*CAP_BPF")
        self.assertNotIn("CAP_BPF", self.said(more="workers = 2;\n",
                                              listeners=[self.listener(transports=["tcp"])],
                                              upstreams=[self.upstream(transport="tcp")]))


class Restart(ProcessStory):
    """records.backlog and directories.runtime."""

    def change(self, old, new):
        with open(self.lab.path("stird.conf"), encoding="utf-8") as source:
            text = source.read()
        self.assertIn(old, text)
        self.lab.write("stird.conf", text.replace(old, new))

    def reload(self):
        self.stird.reload()
        self.stird.wait_notify("RELOADING=1")
        self.stird.wait_notify("READY=1")

    def warnings(self):
        return len(self.stird.log_lines("needs a restart: until then the old one goes on"))

    def test_is_said_until_it_comes(self):
        self.start()
        self.change("records = {", 'records = { backlog = "1m";')
        self.reload()
        self.stird.wait_log(r"records\.backlog: 1m instead of 8m needs a restart")
        self.reload()
        self.assertEqual(self.warnings(), 2)
        self.change('records = { backlog = "1m";', "records = {")
        self.reload()
        self.assertEqual(self.warnings(), 2)
        self.stird.wait_log(r"reload done.*generation=4")

    def test_of_the_runtime_directory(self):
        self.start()
        os.mkdir(self.lab.path("elsewhere"))
        self.change('runtime = "%s"' % self.lab.path("run"), 'runtime = "%s"' % self.lab.path("elsewhere"))
        self.reload()
        self.stird.wait_log(r"directories\.runtime: .* needs a restart")
        self.assertEqual(self.warnings(), 1)

    def test_of_the_state_directory_is_refused(self):
        self.start()
        os.mkdir(self.lab.path("elsewhere"))
        self.change('state = "%s"' % self.lab.path("state"), 'state = "%s"' % self.lab.path("elsewhere"))
        self.reload()
        self.stird.wait_log(r"stird\.conf:\d+: directories\.state: .* needs a restart")
        self.stird.wait_lines("reload failed")


if __name__ == "__main__":
    unittest.main()
