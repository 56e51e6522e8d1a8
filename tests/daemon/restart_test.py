"""Listening sockets that a service manager keeps over a restart: what arrives meanwhile waits."""

import os
import socket
import unittest

from daemon.lifetimes import ProcessStory
from lib import stirctl
from lib.service_manager import ManagedStird


class Kept(ProcessStory):
    def start_managed(self, path=None, **changes):
        self.stird = ManagedStird(self.lab, path or self.configure(**changes))
        return self.stird.start_ready()

    def end_stird(self):
        self.assertEqual(self.stird.end(), 0)

    def taken_over(self):
        return stirctl.ask(self.stird.configuration, "stats")["sockets_taken_over"]

    def name(self, kind, port=5060):
        return "%s-%s_%d" % (kind, self.net(1), port)

    def test_what_arrives_meanwhile_waits(self):
        """A datagram, and a connection with a request on it."""
        self.start_managed()
        self.assertEqual(self.taken_over(), 0)
        self.signed_call()
        self.assertEqual(self.stird.store.names(), [self.name("tcp"), self.name("udp")])
        self.assertEqual(self.stird.store.polled, [])
        self.end_stird()
        invite = self.place()
        by_stream = self.place(transport="tcp")
        self.stird.start_ready()
        self.assertEqual(self.taken_over(), 2)
        arrived = {m["call-id"]: m for m in (self.carrier.expect("INVITE"),
                                             self.carrier.expect("INVITE"))}
        for sent in (invite, by_stream):
            self.refuse(arrived[sent["call-id"]], sent)
            self.record(sent, decision="signed", attest="A")

    def test_after_a_crash(self):
        """SIGKILL to the supervisor: its manager starts another one."""
        self.start_managed()
        self.signed_call()
        self.stird.kill()
        invite = self.place()
        self.stird.start_ready()
        self.refuse(self.carrier.expect("INVITE"), invite)

    def test_another_configuration(self):
        """What no listener names any more is closed, here and there; the port is free."""
        self.start_managed(listeners=[self.listener(), self.listener("more", port=5077)])
        self.end_stird()
        path = self.configure(listeners=[self.listener(transports=["udp"]), self.listener("new", port=5080)])
        self.stird.configuration = path
        self.stird.start_ready()
        self.assertEqual(self.taken_over(), 1)
        self.assertEqual(self.stird.store.names(), sorted(
            [self.name("udp"), self.name("udp", 5080), self.name("tcp", 5080)]))
        for port, kind in ((5060, socket.SOCK_STREAM), (5077, socket.SOCK_DGRAM)):
            with self.subTest(port=port), socket.socket(socket.AF_INET, kind) as free:
                free.bind((self.net(1), port))

    def test_what_somebody_else_gives(self):
        """A socket of another kind, address or option is not used, whatever its name says."""
        path = self.configure()
        self.stird = ManagedStird(self.lab, path)
        elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        elsewhere.bind((self.net(1), 5099))
        deaf = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        deaf.bind((self.net(1), 5060))
        for name, fd in ((self.name("udp"), elsewhere.detach()), (self.name("tcp"), deaf.detach()),
                         ("stird.socket", os.open(path, os.O_RDONLY))):
            self.stird.store.add(name, [fd], False)
        self.stird.start_ready()
        self.assertEqual(self.taken_over(), 0)
        self.assertEqual(self.stird.store.names(), [self.name("tcp"), self.name("udp")])
        self.stird.wait_log("a descriptor of the service manager is not used.*stird.socket")
        self.signed_call()
        self.signed_call(transport="tcp")


if __name__ == "__main__":
    unittest.main()
