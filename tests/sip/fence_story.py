"""
Run by fence_test.py in a network namespace: stird in another one, a cable between them. .1 and .200
are stird's machine, all others this one.
"""

import os
import shutil
import subprocess
import tempfile
import time

from lib import dialog, lab, stird
from lib.patience import HANG_S
from sip import strangers_test
from sip.fence_test import Calls

HERE = (2, 3, 4, 9, 66, 77)  # 192.0.2.x
MACHINE = {}  # of stird


def run(*words, **options):
    subprocess.run(words, check=True, timeout=HANG_S, **options)


def there(*words):
    return ("nsenter", "-t", str(MACHINE["process"].pid), "-n") + words


def setUpModule():
    # pylint: disable=consider-using-with
    MACHINE["process"] = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo ready; exec cat"],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert MACHINE["process"].stdout.readline() == b"ready\n"
    run("ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns",
        str(MACHINE["process"].pid))
    for last in HERE:
        run("ip", "address", "add", "192.0.2.%d/24" % last, "dev", "cable0")
    run("ip", "link", "set", "cable0", "up")
    for last in (1, 200):
        run(*there("ip", "address", "add", "192.0.2.%d/24" % last, "dev", "cable1"))
    for name in ("lo", "cable1"):
        run(*there("ip", "link", "set", name, "up"))
    program = lab.binary()
    MACHINE["programs"] = tempfile.mkdtemp()
    wrapper = os.path.join(MACHINE["programs"], "stird")
    with open(wrapper, "w", encoding="ascii") as script:
        script.write("#!/bin/sh\nexec %s \"$@\"\n" % " ".join(there(program)))
    os.chmod(wrapper, 0o755)
    os.symlink(os.path.join(os.path.dirname(program), "stirctl"),
               os.path.join(MACHINE["programs"], "stirctl"))
    os.environ["STIRD_BINARY"] = wrapper


def tearDownModule():
    shutil.rmtree(MACHINE["programs"])
    MACHINE["process"].stdin.close()
    MACHINE["process"].stdout.close()
    MACHINE["process"].wait(HANG_S)


class Elsewhere(Calls):
    """On addresses that are nobody's loopback."""

    def setUp(self):
        super().setUp()
        self.net = lambda last: "192.0.2.%d" % last

    def call_to_gateway(self):
        """A call whose callee answers with the Contact of a gateway that nobody listed."""
        self.carrier  # pylint: disable=pointless-statement
        gateway = self.peer("gateway", 66)
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = dialog.answer(arrived, 200, tag="t", peer=gateway)
        self.carrier.send(answer, self.at())
        final = self.sbc.expect(200)
        self.invite_sent, self.arrived, self.answer, self.final = invite, arrived, answer, final
        self.sbc.acknowledge(invite, final, self.at())
        gateway.expect("ACK")
        return gateway

    def test_a_contact_that_nobody_listed(self):
        """A covered source goes there, by UDP and TCP, and it comes back."""
        self.start()
        gateway = self.call_to_gateway()
        self.sbc.send(self.inside("INFO", "sip:x@%s:5060" % gateway.host), self.at())
        gateway.respond(gateway.expect("INFO"), 200)
        self.sbc.expect((200, "INFO"))
        self.sbc.send(self.inside("INFO", "sip:x@%s:5060;transport=tcp" % gateway.host, cseq=6),
                      self.at())
        request = gateway.expect("INFO")
        self.assertEqual(request.transport, "tcp")
        gateway.respond(request, 200)
        self.sbc.expect((200, "INFO"))
        for cseq, method in ((1, "INFO"), (2, "INVITE")):  # on the connection that stird opened
            own = dialog.callee_in_dialog(gateway, method, self.arrived, self.answer, cseq,
                                          transport="tcp")
            gateway.send(own, request.connection)
            self.sbc.respond(self.sbc.expect(method), 200)
            self.assertIs(gateway.expect((200, method)).connection, request.connection)
        gateway.send(dialog.callee_in_dialog(gateway, "ACK", self.arrived, self.answer, 2,
                                             transport="tcp"), request.connection)
        self.sbc.expect("ACK")
        stray = gateway.request("OPTIONS", "sip:x@192.0.2.1", transport="tcp")
        gateway.send(stray, request.connection)
        gateway.expect_nothing(0.3)
        bye = dialog.callee_in_dialog(gateway, "BYE", self.arrived, self.answer, 3)
        gateway.send(bye, self.at())
        self.sbc.respond(self.sbc.expect("BYE"), 200)
        gateway.expect((200, "BYE"))

    def test_a_stranger_to_a_stranger(self):
        """Nothing; by setting each copy once."""
        for setting, copies in (("known", 0), ("any", 2)):
            with self.subTest(setting=setting):
                self.start(more='proxy = { dialog_peers = "%s"; };' % setting)
                self.up()
                nobody, victim = self.peer("nobody", 66), self.peer("victim", 77)
                request = self.inside("MESSAGE", "sip:%s:5060" % victim.host, nobody)
                for _ in range(2):
                    nobody.send(request, self.at())
                stird.wait_until(lambda: victim.drain() or len(victim.inbox) >= copies, HANG_S, "the copies")
                deadline = time.monotonic() + 2.5
                while time.monotonic() < deadline:
                    victim.poll(deadline - time.monotonic())
                self.assertEqual(len(victim.inbox), copies)
                victim.inbox = []
                self.assertEqual(self.stird.stop(), 0)

    def test_nothing_of_stird_s_machine(self):
        """Its loopback, its listener's address and another one of it, from whomever."""
        self.start(trunks=[self.trunk(), self.trunk("all", sources=["0.0.0.0/0"],
                                                    identity="gateway")])
        self.up()
        with subprocess.Popen(there("python3", "-c", LISTENS), stdout=subprocess.PIPE,
                              stdin=subprocess.PIPE) as server:
            self.assertEqual(server.stdout.readline(), b"listens\n")
            for n, place in enumerate(("127.0.0.1", "192.0.2.1", "192.0.2.200")):
                uri = "sip:x@%s:6379;transport=tcp" % place
                for peer in (self.sbc, self.carrier, self.peer("anybody", 77)):
                    peer.send(self.inside("INFO", uri, peer, 10 + n, b"FLUSHALL\r\n"), self.at())
                    peer.expect((403, "INFO"))
            told, _ = server.communicate(b"", HANG_S)
        self.assertEqual(told, b"nobody came\n")
        stird.wait_until(lambda: self.fenced() == 9, HANG_S, "fenced")


class Cells(strangers_test.Strangers):
    """The cells of the table that the loopback has not."""

    def setUp(self):
        super().setUp()
        self.net = lambda last: "192.0.2.%d" % last

    def test_cells(self):
        """Elsewhere, which is a port of SIP."""
        self.start()
        self.up()
        nobody, far = self.peer("nobody", 66), self.trap(self.net(77), 5060)
        self.reach(nobody, self.net(77), far, False, 100)
        self.reach(self.sbc, self.net(77), far, True, 110)

    def test_by_setting_anybody(self):
        self.start(more='proxy = { dialog_peers = "any"; };')
        self.up()
        nobody, far = self.peer("nobody", 66), self.trap(self.net(77))
        self.reach(nobody, self.net(77), far, True, 100)
        odd = self.trap(self.net(9))
        self.reach(nobody, self.net(9), odd, False, 110)

    def test_of_a_gateway_that_was_asked(self):
        """It is nobody's, but the request went there."""
        self.start()
        self.up()
        gateway = self.peer("gateway", 66)
        self.sbc.send(self.inside("INFO", "sip:x@%s" % self.net(66)), self.at())
        gateway.respond(gateway.expect("INFO"), 200)
        self.sbc.expect((200, "INFO"))

    def test_a_stranger_comes_back(self):
        """Over TCP it is heard on a connection that we opened; that closed, none is opened to it."""
        self.start()
        _, arrived, answer, _ = self.up()
        gateway, trap = self.peer("gateway", 66), self.trap(self.net(66), 5099)
        self.sbc.send(self.inside("INFO", "sip:x@%s:5060;transport=tcp" % self.net(66)), self.at())
        info = gateway.expect("INFO")
        gateway.respond(info, 200)
        self.sbc.expect((200, "INFO"))
        key = self.with_key(dialog.callee_in_dialog(gateway, "UPDATE", arrived, answer, 7, "tcp"),
                            self.key())
        via = key.raws("via")[0].replace(b":5060;", b":5099;")
        gateway.send(key.replaced("via", via), info.connection)
        there = self.sbc.expect("UPDATE")
        info.connection.socket.close()
        gateway.streams.remove(info.connection)
        self.wait_stats("connections", 0)
        self.sbc.respond(there, 200)
        self.sbc.send(self.sbc.request("OPTIONS", "sip:%s:5060" % self.net(1)), self.at())
        self.sbc.expect((200, "OPTIONS"))
        self.assertEqual(trap.connections(), 0)
        self.assertEqual(self.stats("connections"), 0)


LISTENS = """
import select, socket, sys
s = socket.socket()
s.bind(("", 6379))
s.listen(5)
print("listens", flush=True)
ready = select.select([s, sys.stdin], [], [], 20)[0]
print("somebody came" if s in ready or select.select([s], [], [], 0.5)[0] else "nobody came")
"""
