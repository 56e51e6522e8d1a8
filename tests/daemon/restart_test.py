"""Listening sockets that a service manager keeps over a restart: what arrives meanwhile waits."""

import os
import shutil
import signal
import socket
import threading
import time
import unittest

from daemon.lifetimes import WorkersStory
from lib import stirctl
from lib.bus import Bus
from lib.patience import HANG_S
from lib.service_manager import ManagedStird

LONG = os.environ.get("STIRD_LONG") == "1"
RATE = int(os.environ.get("STIRD_RATE", "500" if LONG else "40"))  # calls a second
SECONDS = 30 if LONG else 3
GIVE_UP = 40.0


class KeptStory(WorkersStory):
    def start_managed(self, path=None, **changes):
        self.stird = ManagedStird(self.lab, path or self.configure(**changes))
        return self.stird.start_ready()

    def end_stird(self):
        self.assertEqual(self.stird.end(), 0)

    def answer(self, invite, arrived):
        self.carrier.respond(arrived, 200)
        self.sbc.acknowledge(invite, self.sbc.expect(200))
        self.carrier.expect("ACK")

    def taken_over(self):
        return stirctl.ask(self.stird.configuration, "stats")["sockets_taken_over"]

    def name(self, kind, port=5060):
        return "%s-%s_%d" % (kind, self.net(1), port)


class Kept(KeptStory):
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


class Restarted(KeptStory):
    """By stirctl, with a systemctl that does as the manager of this story does."""

    def test_a_call_that_rings(self):
        """It is answered by its Via, acknowledged and ended by its Route; what comes again is one call."""
        self.start_managed(drain="%ds" % (2 * HANG_S))
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.stird.restart_by_stirctl()
        self.stird.wait_log("stopping for a restart")
        self.assertEqual(self.taken_over(), 2)
        self.answer(invite, arrived)
        self.signed_call()

    def test_acks_of_refusals(self):
        """Those of the process before, whether by stird or by the callee: nothing comes of them."""
        self.start_managed(drain="%ds" % (2 * HANG_S))
        refused = []
        for uri in ("sip:+13125550123@carrier.example.com", "sip:+13125550123@" + self.net(1)):
            invite = self.place(uri=uri, max_forwards=0)
            refused.append((invite, self.sbc.expect(483)))
        ringing = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.stird.restart_by_stirctl()
        self.carrier.respond(arrived, 486)
        refused.append((ringing, self.sbc.expect(486)))
        lines = len(self.stird.log().splitlines())
        for invite, final in refused * 3:
            self.sbc.acknowledge(invite, final, self.at())
        self.heard()
        self.assertEqual([line for line in self.stird.log().splitlines()[lines:]
                          if any(invite["call-id"] in line for invite, _ in refused)], [])
        self.signed_call()

    def not_restarted(self, *words, **changes):
        """Why is said, and the running stird goes on."""
        command = self.stird.stirctl_restart(**changes)
        out, complaints = command.communicate(timeout=HANG_S)
        self.assertEqual((command.returncode, out), (1, ""), complaints)
        for text in words:
            self.assertIn(text, stirctl.unbroken(complaints))
        self.assertNotIn("it drains first", complaints)
        self.signed_call()
        self.assertIsNone(self.stird.process.poll())

    def spoil(self, path):
        with open(path, "a", encoding="utf-8") as out:
            out.write("\nnonsense = 1;\n")

    def test_it_would_not_start(self):
        """A configuration with a mistake."""
        self.start_managed()
        self.spoil(self.stird.configuration)
        self.not_restarted("nonsense", "would not start: the running stird goes on")

    def test_it_would_not_start_with_what_it_has(self):
        """Whatever configuration stirctl was given to find it by."""
        self.start_managed()
        good = self.lab.path("good.conf")
        shutil.copy(self.stird.configuration, good)
        self.spoil(self.stird.configuration)
        self.not_restarted("nonsense", "stird starts with %s, so that is checked" % self.stird.configuration,
                           configuration=good)

    def test_it_would_not_start_with_what_its_unit_says(self):
        """A drop-in names another configuration than stird was started with."""
        self.start_managed()
        other = self.lab.path("other.conf")
        shutil.copy(self.stird.configuration, other)
        self.spoil(other)
        self.not_restarted("nonsense", "stird starts with " + other, starts="{ path=/usr/sbin/stird ; "
                           "argv[]=/usr/sbin/stird -f -c %s ; ignore_errors=no ; pid=7 }" % other)

    def test_a_unit_that_nobody_has(self):
        self.start_managed()
        self.not_restarted("there is no unit nope.service: nothing is restarted", unit="nope.service")


class Told(KeptStory):
    """By systemctl alone: the message bus says whether a stop is half of a restart."""

    def start_at_bus(self, **changes):
        self.bus = Bus(self.lab.path("bus"))
        self.addCleanup(self.bus.close)
        self.stird = ManagedStird(self.lab, self.configure(drain="%ds" % (2 * HANG_S), **changes))
        self.stird.environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}
        self.stird.start_ready()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        return invite, arrived

    def test_a_restart(self):
        """A call that rings does not hold it up."""
        invite, arrived = self.start_at_bus()
        self.bus.job_type = "restart"
        self.stird.restart()
        self.stird.wait_log("stopping for a restart")
        self.answer(invite, arrived)

    def drains(self, **answers):
        """The call that rings has its time."""
        invite, arrived = self.start_at_bus()
        for name, value in answers.items():
            setattr(self.bus, name, value)
        self.stird.process.send_signal(signal.SIGTERM)
        self.wait_draining()
        self.refused_call(503, reason="draining")
        self.refuse(arrived, invite)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)

    def test_a_stop(self):
        self.drains(job_type="stop")

    def test_a_signal_of_somebody_else(self):
        self.drains(job_type=None)

    def test_a_restart_that_keeps_nothing(self):
        self.drains(job_type="restart", kept=0)

    def test_a_bus_that_is_silent(self):
        self.drains(job_type="restart", silent=True)


class Upgraded(KeptStory):
    """The program is replaced while calls come and go."""

    def upgrade(self, workers):
        try:
            path = self.configure(more="workers = %d;" % workers)
            self.stird = ManagedStird(self.lab, path)
            self.stird.install()
            self.stird.start_ready()
        except AssertionError:
            if "systemd/stird.service.d/workers.conf" in self.stird.log():
                self.skipTest("no CAP_BPF here")
            raise
        load = self.load()
        load.refuse_every = 5
        due = threading.Event()
        thread = threading.Thread(target=load.run,
                                  args=(RATE, SECONDS, [(SECONDS / 3, due.set)], GIVE_UP))
        thread.start()  # stird ends with the thread that started it, so that is this one
        due.wait(HANG_S)
        before = time.monotonic()
        self.stird.install()
        self.stird.restart_by_stirctl()
        took = time.monotonic() - before
        thread.join()
        self.assertEqual(self.taken_over(), workers + 1)
        slow = sum(1 for c in load.calls.values() if c.arrived and c.arrived - c.began > 0.4)
        print("%d worker(s), %d calls/s: %d calls, %d lost, %d unsigned, %d repeated their INVITE, "
              "%.2f s until it served again" % (workers, RATE, len(load.calls), len(load.lost),
                                                 len(load.unsigned), slow, took))
        self.assert_none_lost(load)
        self.assertEqual(load.unsigned, [])
        self.assertGreater(min(load.by_worker.get(w, 0) for w in range(workers)), 0)

    def test_of_one_worker(self):
        """No call is lost, none leaves unsigned."""
        self.upgrade(1)

    def test_of_several_workers(self):
        """The same: each datagram that waited is its worker's."""
        self.upgrade(3)


if __name__ == "__main__":
    unittest.main()
