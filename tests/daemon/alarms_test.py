"""`stirctl status` says what is wrong now, since when and how often, and what is over."""

import os
import re
import resource
import shutil
import socket
import unittest

from daemon.lifetimes import ProcessStory
from lib import stird, stirctl
from lib.dns import Dns
from lib.lab import end_with_parent
from lib.patience import HANG_S


NOBODY = 65534


class AlarmStory(ProcessStory):
    def start(self, **changes):
        self.path = self.configure(**changes)
        return self.start_with(self.path)

    def alarms(self):
        return {row["name"]: row for row in stirctl.ask(self.path, "status")["alarms"]}

    def wait_alarm(self, name, on=True):
        def is_so():
            alarms = self.alarms()
            return [alarms] if (name in alarms) == on else None
        return stird.wait_until(is_so, HANG_S, "%s is %s" % (name, "on" if on else "over"))[0].get(name)

    def text(self):
        status, out, err = stirctl.run(self.path, "status")
        self.assertEqual(status, 0, out + err)
        self.assertLessEqual(max(len(line) for line in out.splitlines() if "/" not in line), 80, out)
        return re.sub(r"\n {15}(?! )", " ", out)  # lines that were broken are whole

    def reload_status(self):
        return stirctl.run(self.path, "reload", "--wait")[0]

    def start_as_user(self, **changes):
        """As under the unit: no process of it is root, so that modes of files count."""
        self.path = self.configure(**changes)
        for top, folders, files in os.walk(self.lab.directory):
            for path in [top] + [os.path.join(top, name) for name in folders + files]:
                os.chown(path, NOBODY, NOBODY)
        os.chmod(self.lab.directory, 0o755)
        def become():
            os.chmod(self.lab.path("notify"), 0o777)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            end_with_parent()
        self.stird = stird.Stird(self.lab, self.path)
        self.stird.prepare = become
        return self.stird.start()


class Alarms(AlarmStory):
    def test_a_reload_that_fails_until_one_succeeds(self):
        self.start()
        self.assertIn("\nalarms         none\n", self.text())
        unit = self.lab.unit.directory
        os.rename(unit, unit + ".away")
        self.stird.reload()
        row = self.wait_alarm("reload_failed")
        self.assertEqual(row["count"], 1)
        self.assertLessEqual(row["since"], row["last"])
        self.wait_alarm("certificate_directory")
        self.assertRegex(self.text(), r"\nALARM +reload_failed: .*, 1 since \d{4}-\d\d-\d\dT[0-9:]+Z, last ")
        self.stird.wait_log("error .supervisor.*alarm=certificate_directory")
        os.rename(unit + ".away", unit)
        self.stird.reload()
        self.wait_alarm("reload_failed", on=False)
        self.wait_alarm("certificate_directory", on=False)
        self.stird.wait_log("an alarm is over alarm=reload_failed")

    def test_lists_that_the_checker_cannot_read(self):
        """Anchors, lists, and the anchors of those who list others' certificates: until the next look finds them."""
        made = self.lab.path("made")
        self.assertEqual(stirctl.run("/none", "lab-ca", made)[0], 0)
        for name, source in (("anchors", self.lab.unit.directory + "/chain.pem"), ("crls", made + "/crl.pem"),
                             ("crl_anchors", made + "/root.pem")):
            shutil.copy(source, self.lab.path(name))
        self.start(check='interval = "0ms"; anchors = "%s"; crls = "%s"; crl_anchors = "%s";'
                         % tuple(self.lab.path(name) for name in ("anchors", "crls", "crl_anchors")))
        lines = {"anchors": "the trust anchors cannot be read: chains are not judged",
                 "crls": "the revocation lists cannot be read as a whole: what is missing is not judged",
                 "crl_anchors": "the trust anchors of revocation lists cannot be read as a whole: lists of those that"
                                " are missing are not judged"}
        for name, line in lines.items():
            path = self.lab.path(name)
            def said():
                return [one for one in self.stird.log_lines(line) if "file=%s" % path in one]
            with open(path, encoding="ascii") as source:
                whole = source.read()
            for spoilt in (None, "", "garbage", whole[:-100], whole + whole[:-100]):
                with self.subTest(name=name, spoilt=spoilt and spoilt[-20:]):
                    before = len(said())
                    if spoilt is None:
                        os.unlink(path)
                    else:
                        self.lab.write(name, spoilt)
                    self.assertEqual(stirctl.run(self.path, "cert", "check")[0], 0)
                    self.wait_alarm("check_lists")
                    stird.wait_until(lambda: len(said()) > before, HANG_S, line)
                    self.lab.write(name, whole)
                    self.assertEqual(stirctl.run(self.path, "cert", "check")[0], 0)
                    self.wait_alarm("check_lists", on=False)
        self.stird.wait_log("an alarm is over alarm=check_lists")

    def test_the_signer_is_not_there(self):
        self.start()
        key = os.path.join(self.lab.unit.directory, "key.pem")
        os.chmod(key, 0o644)
        self.hit("signer")
        self.wait_alarm("no_signer")
        self.assertIn("NO SIGNER", self.text())
        self.short_call()
        self.assertGreater(self.wait_alarm("signatures_failed")["count"], 0)
        os.chmod(key, 0o600)
        self.wait_alarm("no_signer", on=False)
        self.assertGreater(self.alarms()["child_replaced"]["count"], 0)
        self.assertGreaterEqual(stirctl.ask(self.path, "stats")["alarms"], 2)

    def test_records_are_lost_and_told_without_another_call(self):
        """The disk is full for a call, and then there is none any more."""
        self.lab.write("records.jsonl", "{}\n" * 20000)  # longer than the log, which the limit holds for as well
        self.start()
        pid = self.stird.wait_child("recorder")
        def begun():
            with open(self.stird.records_path, encoding="utf-8") as source:
                return re.search('"kind":"(re)?start"', source.read())
        stird.wait_until(begun, HANG_S, "its first line")
        full = os.path.getsize(self.stird.records_path)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        for _ in range(3):
            self.short_call()
        self.assertEqual(self.wait_alarm("records_lost")["count"] > 0, True)
        self.stird.wait_log("records are lost.*lost_since_start=3")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1 << 40, resource.RLIM_INFINITY))
        def told():
            with open(self.stird.records_path, encoding="utf-8") as source:
                return sum(map(int, re.findall(r'"dropped":(\d+)', source.read()))) == 3
        stird.wait_until(told, HANG_S, "the file tells what is missing")

    def test_a_next_hop_is_out_until_it_is_back_or_configured_no_more(self):
        self.start(upstreams=[self.upstream(probe="1s", probe_failures=1)])
        self.carrier.close()
        self.wait_alarm("hops_lost")
        self.assertEqual(stirctl.ask(self.path, "stats")["hops_out"], 1)
        back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        back.bind((self.net(9), 5060))
        back.settimeout(HANG_S)
        while "hops_lost" in self.alarms():  # whoever asks is answered
            request, at = back.recvfrom(65536)
            lines = request.split(b"\r\n")
            kept = [line for line in lines if re.match(rb"(?i)(via|from|to|call-id|cseq):", line)]
            back.sendto(b"\r\n".join([b"SIP/2.0 200 OK"] + kept + [b"Content-Length: 0", b"", b""]), at)
        self.stird.wait_log("an alarm is over alarm=hops_lost")
        back.close()
        self.wait_alarm("hops_lost")
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        self.lab.write("stird.conf", text.replace('probe = "1s"', 'probe = "0s"').replace(
            "sip:%s:5060" % self.net(9), "sip:%s:5070" % self.net(9)))
        self.stird.reload()
        self.wait_alarm("hops_lost", on=False)

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root becomes another")
    def test_files_of_a_certificate_that_cannot_be_used(self):
        """Each of them, by modes and by being away, seen without a reload or a signer's death."""
        self.start_as_user()
        self.assertEqual(self.alarms(), {})
        for name, good, bad in (("key.pem", 0o600, 0), ("chain.pem", 0o644, 0), ("x5u", 0o644, 0o200),
                                ("key.pem", 0o600, 0o644)):
            path = os.path.join(self.lab.unit.directory, name)
            os.chmod(path, bad)
            self.assertEqual(self.wait_alarm("certificate_files")["count"], 1)
            self.stird.wait_log("error .*a certificate's file cannot be used any more.*file=\\S*/%s " % name)
            os.chmod(path, good)
            self.wait_alarm("certificate_files", on=False)
            os.rename(path, path + ".away")
            self.wait_alarm("certificate_files")
            os.rename(path + ".away", path)
            self.wait_alarm("certificate_files", on=False)
        self.assertNotIn("certificate_directory", self.alarms())
        os.chmod(self.lab.unit.directory, 0)
        self.wait_alarm("certificate_directory")
        self.assertNotIn("certificate_files", self.alarms())

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root becomes another")
    def test_files_that_a_reload_could_not_read(self):
        """Each kind, by modes and by being away; a directory of tables by what is in it."""
        table = "number,customer,state\n+12155550100,acme,owned\n"
        self.lab.write("tables/one.csv", table)
        self.lab.write("conf.d/more.conf", "")
        shutil.copy(os.path.join(self.lab.unit.directory, "chain.pem"), self.lab.path("anchors.pem"))
        self.assertEqual(stirctl.run("/none", "lab-ca", self.lab.path("made"))[0], 0)
        shutil.copy(self.lab.path("made/root.pem"), self.lab.path("trust.pem"))
        shutil.copy(self.lab.path("trust.pem"), self.lab.path("web.pem"))
        self.start_as_user(more='trust = ( { name = "us"; anchors = "%s"; } ); fetch = { tls_ca = "%s"; };'
                           % (self.lab.path("trust.pem"), self.lab.path("web.pem")),
                           check='interval = "0ms"; anchors = "%s";' % self.lab.path("anchors.pem"),
                           tables='files = [ "%s" ];' % self.lab.path("tables"))
        self.assertEqual(self.alarms(), {})
        modes = {"stird.conf": 0o644, "conf.d/more.conf": 0o644, "tables/one.csv": 0o644,
                 "anchors.pem": 0o644}
        os.chmod(self.lab.path("trust.pem"), 0)  # a reload goes on without these two: none of them
        os.chmod(self.lab.path("web.pem"), 0)
        for name in modes:
            os.chmod(self.lab.path(name), 0)
        for name in modes:
            self.stird.wait_log("error .*a file of the configuration cannot be read any more file=\\S*/%s "
                                ".*Permission denied" % name)
        self.assertEqual(self.wait_alarm("files_unreadable")["count"], len(modes))
        for name in ("anchors.pem", "conf.d/more.conf", "stird.conf"):
            os.chmod(self.lab.path(name), modes[name])
        self.assertNotEqual(self.reload_status(), 0)  # the table alone is enough
        os.chmod(self.lab.path("tables/one.csv"), modes["tables/one.csv"])
        self.wait_alarm("files_unreadable", on=False)
        os.chmod(self.lab.path("tables"), 0)
        os.rename(self.lab.path("anchors.pem"), self.lab.path("anchors.away"))
        stird.wait_until(lambda: self.wait_alarm("files_unreadable")["count"] == 2, HANG_S, "two")
        os.rename(self.lab.path("anchors.away"), self.lab.path("anchors.pem"))
        os.chmod(self.lab.path("tables"), 0o755)
        self.wait_alarm("files_unreadable", on=False)
        self.assertEqual(self.reload_status(), 0)

    def test_names_without_an_answer(self):
        """From the start, until there is one; and again when the server has fallen silent."""
        dns = Dns(self.net(53))
        self.addCleanup(dns.close)
        dns.silent = True
        self.start(upstreams=[{"name": "carrier", "uri": "sip:carrier.test:5060;transport=udp"}],
                   more='dns = { servers = [ "%s" ]; };' % self.net(53))
        self.assertEqual(self.wait_alarm("names_unresolved")["count"], 1)
        self.assertRegex(self.text(), r"\nALARM +names_unresolved: ")
        dns.address("carrier.test", self.net(9), ttl=1)
        dns.silent = False
        self.wait_alarm("names_unresolved", on=False)
        dns.silent = True
        self.wait_alarm("names_unresolved")
        self.hit("worker")
        self.wait_alarm("names_unresolved")

    @unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "sanitizers take terabytes of addresses")
    def test_no_memory_is_an_alarm_and_no_fault_of_messages(self):
        """Read or not, of whatever method, an emergency call too: 503 in words, counted for what it is."""
        self.start()
        self.silent_hop()
        self.senders = []
        pid = self.stird.wait_child("worker")
        with open("/proc/%d/statm" % pid, encoding="ascii") as source:
            size = int(source.read().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
        answers = [answer for method, number in (("INVITE", "+12155550199"), ("INVITE", "911"), ("MESSAGE", "+12155550199"))
                   for answer in self.send_until_no_memory(method, number)]
        def refused():
            answers.extend(line for sock in self.senders for line in self.first_lines(sock, 0.01))
            return "SIP/2.0 503 Service Unavailable" in answers
        stird.wait_until(refused, HANG_S, "an answer")
        self.assertEqual([answer for answer in answers if "null" in answer], [])
        self.assertGreater(self.wait_alarm("no_memory")["count"], 0)
        self.stird.wait_log("there is no memory: .*reason=out_of_memory.*source=%s" % self.net(2))
        stats = stirctl.ask(self.path, "stats")
        self.assertEqual(stats["malformed"], 0)
        self.assertGreaterEqual(stats["no_memory"], stats["reasons"]["out_of_memory"])
        self.assertFalse(self.stird.log_lines("malformed message"))
        resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertTrue(stird.alive(pid))

    def silent_hop(self):
        """Each request that waits for an answer of it holds its octets."""
        hop = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(hop.close)
        hop.bind((self.net(9), 5060))

    def send_until_no_memory(self, method, number):
        """What a heap has left over differs: some hundred requests of 55 KB use all of it."""
        before = stirctl.ask(self.path, "stats")["no_memory"]
        answers = []
        for _ in range(20):
            answers += self.send_long(method, number)
            if stirctl.ask(self.path, "stats")["no_memory"] > before:
                return answers
        self.fail("memory for every %s" % method)

    def send_long(self, method, number, n=60):
        """The first lines of what comes back."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.bind((self.net(2), 0))
        self.senders.append(sock)
        at = "%s:%d" % sock.getsockname()
        lines = []
        for i in range(n):
            text = ("%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d;rport\r\nMax-Forwards: 70\r\n"
                    "From: <sip:+12155550100@b>;tag=1\r\nTo: <sip:%s@d>\r\nContact: <sip:a@%s>\r\nCall-ID: %s-%d\r\n"
                    "CSeq: 1 %s\r\nContent-Length: 55000\r\n\r\n"
                    % (method, number, self.net(1), at, i, number, at, sock.fileno(), i, method))
            sock.sendto(text.encode() + b"x" * 55000, (self.net(1), 5060))
            lines += self.first_lines(sock, 0.01)
        return lines + list(self.first_lines(sock, 1))

    @staticmethod
    def first_lines(sock, wait_s):
        sock.settimeout(wait_s)
        try:
            while True:
                yield sock.recv(65536).split(b"\r\n")[0].decode()
        except TimeoutError:
            pass

    def test_a_change_that_needs_a_restart(self):
        self.start()
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        self.lab.write("stird.conf", text.replace("records = {", 'records = { backlog = "1m";'))
        self.stird.reload()
        self.wait_alarm("needs_restart")
        self.lab.write("stird.conf", text)
        self.stird.reload()
        self.wait_alarm("needs_restart", on=False)


class Connections(AlarmStory):
    def connect(self, last, n):
        for _ in range(n):
            connection = socket.socket()
            self.addCleanup(connection.close)
            connection.bind((self.net(last), 0))
            connection.connect((self.net(1), 5060))

    def refused(self, name, n):
        stird.wait_until(lambda: stirctl.ask(self.path, "stats")[name] >= n, HANG_S, name)
        self.assertEqual(stirctl.ask(self.path, "stats")[name], n)

    def test_that_are_refused_are_counted_and_said(self):
        self.start(limits=" connections = 4; connections_per_source = 3;")
        self.connect(2, 5)
        self.refused("connections_refused", 2)
        self.connect(3, 3)
        self.refused("connections_refused", 4)
        self.connect(66, 6)
        self.refused("connections_unknown", 6)
        for why, first in (("limits.connections_per_source allows refused=1", self.net(2)),
                           ("limits.connections allows refused=1", self.net(3)),
                           ("in no trunk and no upstream refused=1", self.net(66))):
            self.stird.wait_log("connections are refused: .*%s since_start=1 last_source=%s" % (why, first))
            self.assert_one_a_minute(why.partition(" refused=")[0])
        stird.wait_until(lambda: self.wait_alarm("connections_refused")["count"] == 4, HANG_S, "all are counted")
        self.stird.stop()
        self.stird.wait_log("in no trunk and no upstream refused=[0-9]+ since_start=6")
        said = self.stird.log_lines("in no trunk and no upstream")
        self.assertEqual(sum(int(re.search(r" refused=(\d+)", line).group(1)) for line in said), 6)

    def test_fewer_descriptors_than_connections(self):
        """The line names what keeps them out: LimitNOFILE, and not the setting that is far above."""
        self.path = self.configure()
        self.stird = stird.Stird(self.lab, self.path)
        def few():
            end_with_parent()
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        self.stird.prepare = few
        self.stird.start()
        self.connect(2, 3)
        self.refused("connections_refused", 2)
        self.stird.wait_log("connections are refused: there are as many as the descriptors allow, which is less than "
                            "limits.connections: raise LimitNOFILE refused=1")
        self.assertFalse(self.stird.log_lines("limits.connections allows"))


if __name__ == "__main__":
    unittest.main()
