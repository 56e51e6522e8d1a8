"""stirctl trace: the messages of some calls as a capture, whatever they came by, while calls run."""

import os
import pty
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import unittest

from daemon.lifetimes import status_of
from lib import stirctl
from lib.lab import binary
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import CALLED, CALLER
from lib.tls import TLS_PORT
from sip.tls_test import TlsStory

OTHER = "+12155550150"
SECRET = "Digest username=\"pbx\", response=\"0123456789abcdef\""
SDP = b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0c2VjcmV0\r\n"


def packets(path):
    """(protocol, from, to, payload) of a capture of IPv4 packets; all checksums are right."""
    with open(path, "rb") as source:
        octets = source.read()
    magic, _, _, _, _, _, link = struct.unpack("=IHHiIII", octets[:24])
    assert (magic, link) == (0xa1b2c3d4, 101)
    found, at = [], 24
    while at < len(octets):
        n = struct.unpack("=IIII", octets[at:at + 16])[2]
        packet, at = octets[at + 16:at + 16 + n], at + 16 + n
        assert packet[0] == 0x45 and summed(packet[:20]) == 0xffff
        protocol, ends = packet[9], [socket.inet_ntoa(packet[i:i + 4]) for i in (12, 16)]
        pseudo = packet[12:20] + struct.pack("!BBH", 0, protocol, n - 20)
        assert summed(pseudo + packet[20:]) == 0xffff
        ports = struct.unpack("!HH", packet[20:24])
        payload = packet[28:] if protocol == 17 else packet[40:]
        found.append((protocol, (ends[0], ports[0]), (ends[1], ports[1]), payload))
    return found


def summed(octets):
    total = sum(struct.unpack("!%dH" % ((len(octets) + 1) // 2), octets + bytes(len(octets) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class TraceStory(TlsStory):
    def trace(self, *words):
        return stirctl.ask(self.stird.configuration, "trace", *words)

    def refused(self, status, *words):
        done, _, err = stirctl.run(self.stird.configuration, "trace", *words)
        self.assertEqual(done, status, err)
        return err

    def saved(self, trace, name="t.pcap"):
        self.trace("save", str(trace["id"]), self.lab.path(name))
        return packets(self.lab.path(name))

    def complete(self, trace, n):
        """Workers say what they have copied when they have: N messages."""
        def there():
            return [t for t in self.trace("list")["traces"] if t["id"] == trace["id"]][0]["messages"] >= n
        wait_until(there, HANG_S, "%d messages" % n)


class Calls(TraceStory):
    def test_of_a_number_all_messages_of_both_sides(self):
        self.start(more="workers = 2; ")
        trace = self.trace("add", "--tn", CALLER)
        invite, arrived = self.short_call(extra=["Authorization: " + SECRET], body=SDP)
        self.short_call(caller=OTHER)
        self.complete(trace, 7)
        found = self.saved(trace)
        sbc, carrier, own = ((self.net(last), 5060) for last in (2, 9, 1))
        self.assertEqual([(p, a, b) for p, a, b, _ in found if a == sbc], [(17, sbc, own)] * 2)
        lines = {(a, b): [] for _, a, b, _ in found}
        for _, a, b, payload in found:
            self.assertIn(invite["call-id"].encode(), payload)
            lines[a, b].append(payload.split(b" ")[0] if not payload.startswith(b"SIP") else payload.split(b" ")[1])
        self.assertEqual(lines, {(sbc, own): [b"INVITE", b"ACK"], (own, carrier): [b"INVITE", b"ACK"],
                                 (carrier, own): [b"486"], (own, sbc): [b"100", b"486"]})
        text = b"".join(payload for *_, payload in found)
        self.assertIn(arrived.raws("identity")[0], text)
        for secret in (b"0123456789abcdef", b"c2VjcmV0"):
            self.assertNotIn(secret, text)

    def test_of_a_trunk_and_of_a_call_id_by_tls(self):
        sbc = self.tls_peer("sbc", 2)
        self.start()
        by_trunk = self.trace("add", "--trunk", "pbx")
        by_id = self.trace("add", "--call-id", "one@" + self.net(2), "--for", "1h")
        self.short_call(transport="tls", call_id="one")
        self.short_call(transport="tls", call_id="two")
        self.complete(by_trunk, 14)
        found = self.saved(by_id)
        self.assertEqual(len(found), 7)
        secure = [(a, b) for protocol, a, b, _ in found if protocol == 6]
        self.assertEqual(len(secure), 4)
        for ends in secure:
            self.assertEqual({host for host, _ in ends}, {self.net(1), self.net(2)})
            self.assertIn((self.net(1), TLS_PORT), ends)
            self.assertNotIn((self.net(2), 5060), ends)  # its own port, as the connection has it
        self.assertTrue(sbc)
        both = self.saved(by_trunk, "both.pcap")
        self.assertEqual(len(both), 14)
        status, out, err = stirctl.run(self.stird.configuration, "decode", self.lab.path("both.pcap"), "--json")
        self.assertEqual(status, 0, err)
        self.assertEqual(out.count('"x5u"'), 2, out)

    @unittest.skipUnless(shutil.which("tshark"), "SKIPPED: no tshark here")
    def test_others_read_it(self):
        self.tls_peer("sbc", 2)
        self.start()
        trace = self.trace("add", "--trunk", "pbx")
        invite, _ = self.short_call(transport="tls")
        self.complete(trace, 7)
        self.saved(trace)
        ran = subprocess.run(
            ["tshark", "-r", self.lab.path("t.pcap"), "-d", "tcp.port==%d,sip" % TLS_PORT, "-T", "fields",
             "-e", "sip.Call-ID", "-e", "_ws.malformed"],
            capture_output=True, text=True, check=True, timeout=HANG_S, env={**os.environ, "HOME": self.lab.directory})
        self.assertEqual(ran.stdout.split(), [invite["call-id"]] * 7, ran.stderr)

    def test_goes_on_in_the_next_worker(self):
        self.start()
        trace = self.trace("add", "--tn", CALLED)
        self.short_call()
        self.complete(trace, 7)
        old = self.stird.wait_child("worker")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.stird.child("worker") not in (None, old), HANG_S, "another worker")
        self.short_call()
        self.complete(trace, 14)
        self.assertEqual(len(self.saved(trace)), 14)
        self.assertEqual(stirctl.ask(self.stird.configuration, "stats")["children_false"], 0)


class Ends(TraceStory):
    def test_what_is_asked_for_and_cannot_be(self):
        self.start()
        for words, said in ((("add",), "one of --tn"), (("add", "--tn", "1", "--trunk", "pbx"), "one of --tn"),
                            (("add", "--tn", "2155550100x"), "international form"),
                            (("add", "--trunk", "pbx", "--for", "2h"), "1s to 1h"),
                            (("add", "--trunk", "pbx", "--for", "0s"), "1s to 1h"),
                            (("add", "--call-id", "x" * 256), "255")):
            with self.subTest(words=words):
                self.assertIn(said, self.refused(2, *words))
        self.assertIn("no trunk", self.refused(1, "add", "--trunk", "nobody"))
        for words in (("save", "7", self.lab.path("none")), ("remove", "7")):
            self.assertIn("no trace of this number", self.refused(1, *words))
        self.assertFalse(os.path.exists(self.lab.path("none")))
        for _ in range(4):
            self.trace("add", "--tn", CALLER)
        self.assertIn("remove it", self.refused(1, "add", "--tn", CALLER))
        self.assertEqual(self.trace("remove", "2")["state"], "ended")
        self.assertEqual(self.trace("add", "--tn", CALLER)["id"], 5)
        status = stirctl.ask(self.stird.configuration, "status")
        self.assertEqual(sorted(t["id"] for t in status["traces"]), [1, 3, 4, 5])

    def test_ends_by_itself_and_is_saved(self):
        self.start()
        path = self.lab.path("call.pcap")
        told = self.trace("add", "--tn", CALLER, "--for", "1s", "--save", path)
        self.assertEqual((told["state"], told["saved"], told["file"]), ("ended", 0, path))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(self.trace("list")["traces"], [])
        self.assertIn("is there already", self.refused(1, "add", "--tn", CALLER, "--save", path))
        self.assertEqual(self.trace("list")["traces"], [])
        kept = self.trace("add", "--tn", CALLER, "--for", "1s")
        wait_until(lambda: self.trace("list")["traces"][0]["state"] == "ended", HANG_S, "its end")
        self.short_call()
        self.assertEqual(self.saved(kept), [])

    def test_who_waits_at_a_terminal_is_told(self):
        """In one line, which is written over: nothing of it is escaped, and it is gone at the end."""
        self.start()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        program = os.path.join(os.path.dirname(binary()), "stirctl")
        done = subprocess.run([program, "-c", self.stird.configuration, "trace", "add", "--tn", CALLER, "--for", "1s",
                               "--save", self.lab.path("call.pcap")], stdout=subprocess.PIPE, stderr=slave,
                              stdin=subprocess.DEVNULL, timeout=HANG_S, check=True)
        os.close(slave)
        said = b""
        while select.select([master], [], [], HANG_S)[0]:
            try:
                said += os.read(master, 10000)
            except OSError:  # nobody has the other end any more
                break
        self.assertNotIn(b"\\x", said + done.stdout)
        self.assertRegex(said, rb"^0 calls, 0 messages, 0:0[01] left \(Ctrl-C ends it\) (\r|$)")
        self.assertTrue(said.endswith(b" \r"), said)

    def test_interrupted_it_is_saved(self):
        """By somebody, or since its terminal is gone."""
        self.start()
        for number in (signal.SIGINT, signal.SIGHUP):
            self.interrupted_by(number, self.lab.path("%d.pcap" % number))

    def interrupted_by(self, number, path):
        program = os.path.join(os.path.dirname(binary()), "stirctl")
        with subprocess.Popen([program, "-c", self.stird.configuration, "trace", "add", "--tn", CALLER, "--save", path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as waits:
            trace = wait_until(lambda: self.trace("list")["traces"], HANG_S, "it is there")[0]
            self.short_call()
            self.complete(trace, 7)
            wait_until(lambda: int(status_of(waits.pid, "SigBlk"), 16) & 2, HANG_S, "it waits")
            waits.send_signal(number)
            out, err = waits.communicate(timeout=HANG_S)
        self.assertEqual((waits.returncode, err), (0, b""))
        self.assertIn(b"7 messages in ", out)
        self.assertEqual(len(packets(path)), 7)
        self.assertEqual(self.trace("list")["traces"], [])

    def test_a_failed_reload_leaves_it(self):
        self.start()
        trace = self.trace("add", "--trunk", "pbx")
        with open(self.stird.configuration, "a", encoding="ascii") as conf:
            conf.write("nonsense = 1;\n")
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 1)
        self.short_call()
        self.complete(trace, 7)
        self.assertTrue(status_of(self.stird.child("worker"), "Name"))


if __name__ == "__main__":
    unittest.main()
