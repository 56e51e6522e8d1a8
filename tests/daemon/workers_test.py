"""Several workers behind one address and port."""

import signal
import subprocess
import unittest

from daemon.lifetimes import SANITIZED, WorkersStory, status_of
from lib import dialog, sandbox, settings, stirctl, stird
from lib.patience import HANG_S


class Workers(WorkersStory):
    def test_share_the_calls_of_one_port(self):
        """About half each, and every message of a call finds the worker that has it."""
        self.start_workers(2)
        load = self.load()
        load.hold_s = load.ring_s = 0.02
        load.run(rate=120 if SANITIZED else 250, seconds=4)
        self.assert_none_lost(load)
        self.assertEqual(load.unsigned, [])
        self.assertEqual(set(load.by_worker), {0, 1})
        share = load.by_worker[0] / len(load.calls)
        # Which one a Call-ID has is chance: six times the standard deviation.
        self.assertAlmostEqual(share, 0.5, delta=6 * 0.5 / len(load.calls) ** 0.5)
        self.stird.wait_notify("2 workers")

    def test_send_a_response_over_tcp_to_the_worker_that_waits(self):
        """Calls over TCP belong to the worker with the connection, whatever their Call-ID."""
        self.start_workers(4)
        for _ in range(6):
            stream = self.sbc.connect(self.net(1), 5060, fresh=True)
            invite = self.invite(transport="tcp")
            self.carrier  # pylint: disable=pointless-statement
            self.sbc.send(invite, stream)
            arrived = self.carrier.expect("INVITE")
            self.carrier.respond(arrived, 180)
            self.sbc.expect(180)
            self.refuse(arrived, invite)

    def test_hand_over_what_comes_by_another_connection(self):
        """The carrier answers over connections of its own; no transaction is left waiting."""
        self.start_workers(4, upstreams=[self.upstream(transport="tcp")])
        for _ in range(8):
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            arrived.connection = self.carrier.connect(self.net(1), 5060, fresh=True)
            self.refuse_over(arrived, invite)

    def refuse_over(self, arrived, invite):
        """The ACK that comes at once is the client transaction's own."""
        self.carrier.respond(arrived, 486)
        final = self.sbc.expect(486)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")

    def test_hear_of_an_unreachable_next_hop(self):
        """The kernel gives an ICMP error to any socket of the group."""
        self.start_workers(4, upstreams=[self.upstream("dead", 8), self.upstream()],
                           pbx={"upstreams": ["dead", "carrier"]})
        for _ in range(8):
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            self.refuse(arrived, invite)

    def test_say_each_which_next_hops_are_out(self):
        """The supervisor adds up who says so; what a worker said goes with it."""
        self.start_workers(2, upstreams=[self.upstream("dead", 8), self.upstream()],
                           pbx={"upstreams": ["dead", "carrier"]})
        def dead():
            status = stirctl.ask(self.lab.path("stird.conf"), "status")
            return next(hop for hop in status["next_hops"] if hop["upstream"] == "dead")
        def out_everywhere():
            self.refuse_one()
            return dead()["out_in_workers"] == 2
        self.assertEqual(dead()["out_in_workers"], 0)
        stird.wait_until(out_everywhere, HANG_S, "it is out to both")
        self.assertEqual(dead()["state"], "out")
        self.hit("worker")
        stird.wait_until(lambda: dead()["out_in_workers"] == 1, HANG_S, "the new worker knows nothing of it")
        self.assertEqual(dead()["state"], "usable")
        _, out, _ = stirctl.run(self.lab.path("stird.conf"), "status")
        self.assertRegex(out, r"(?m)^ +dead .* OUT 1/2 ")

    def refuse_one(self):
        invite = self.place()
        self.refuse(self.carrier.expect("INVITE"), invite)

    def test_find_a_call_id_beyond_what_the_kernel_looks_at(self):
        """The INVITE goes by way of worker 0; its CANCEL, which is short, finds it."""
        self.start_workers(4)
        for n in range(6):
            invite = self.invite(extra=["X-Filler-%d: %s" % (i, "x" * 400) for i in range(10)])
            identity = next(h for h in invite.headers if h.name == "call-id")
            invite.headers.remove(identity)
            invite.headers.insert(len(invite.headers) - 2, identity)
            self.carrier  # pylint: disable=pointless-statement
            self.sbc.send(invite, self.at())
            arrived = self.carrier.expect("INVITE")
            self.carrier.respond(arrived, 180)
            self.sbc.expect(180)
            self.sbc.send(dialog.cancel(invite), self.at())
            self.sbc.expect((200, "CANCEL"))
            cancel = self.carrier.expect("CANCEL")
            self.carrier.respond(cancel, 200)
            self.carrier.respond(arrived, 487)
            self.sbc.acknowledge(invite, self.sbc.expect(487), self.at())
            self.carrier.expect("ACK")


class Start(WorkersStory):
    def test_without_the_capability_says_what_to_grant(self):
        run = self.run_until_end(self.configure(more="workers = 2;"), sandbox.without_bpf)
        self.assertEqual(run.returncode, 78)  # no other start would have it
        self.assertIn("CAP_BPF", run.stderr)
        self.assertIn("systemd/stird.service.d/workers.conf", run.stderr)

    def test_of_a_second_stird_on_the_port_is_refused(self):
        for n in (1, 2):
            self.start_workers(n)
            for others in (1, 2):
                path = self.configure(more="workers = %d;" % others)
                run = self.run_until_end(path, None)
                self.assertEqual(run.returncode, 1, "%d beside %d" % (others, n))
                self.assertIn("another process has this port", run.stderr)
            self.stird.stop()

    def test_without_udp_needs_no_capability(self):
        path = self.configure(listeners=[self.listener(transports=["tcp"])],
                              upstreams=[self.upstream(transport="tcp")], more="workers = 2;")
        self.stird = stird.Stird(self.lab, path).start()
        self.assertEqual(len(self.workers()), 2)

    def test_leaves_no_capability_to_anybody(self):
        """What the program took at the start is given up before the first packet."""
        self.start_workers(2)
        cap_bpf = 1 << 39
        for pid in [self.stird.process.pid] + self.stird.family():
            for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                self.assertEqual(int(status_of(pid, kind), 16) & cap_bpf, 0, (pid, kind))

    def test_again_with_another_number_is_needed(self):
        self.start_workers(2)
        self.configure(more="workers = 3;")
        self.stird.reload()
        self.stird.wait_log("workers: 3 instead of 2 needs a restart")
        self.assertEqual(len(self.workers()), 2)

    def test_of_a_worker_that_never_can_is_not_tried_again(self):
        """And that is said in the worker's own words."""
        run = self.run_until_end(self.configure(), sandbox.with_broken_landlock)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("security.landlock_required = false", run.stderr)
        self.assertEqual(run.stderr.count("the worker cannot start"), 1)

    @staticmethod
    def run_until_end(path, before):
        return subprocess.run([stird.binary(), "-f", "-c", path], capture_output=True, text=True,
                              timeout=HANG_S, check=False, preexec_fn=before)


class End(WorkersStory):
    def test_keeps_all_workers_until_the_last_call_has_ended(self):
        """A worker without calls still answers what its Call-IDs bring."""
        self.start_workers(4, drain="%ds" % (2 * HANG_S))
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.stird.process.send_signal(signal.SIGTERM)
        self.wait_draining(4)
        for _ in range(12):
            options = self.sbc.request("OPTIONS", "sip:%s:5060" % self.net(1))
            self.sbc.send(options, self.at())
            self.sbc.expect((503, "OPTIONS"))
        self.refuse(arrived, invite)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)


class Reload(WorkersStory):
    def test_reaches_all_workers(self):
        self.start_workers(3)
        self.configure(more="workers = 3;",
                       numbers=settings.NUMBERS + "+12155550177,acme,owned,,,,\n")
        self.stird.reload()
        self.stird.wait_log("reload done.*generation=2 number_rows=8")
        for _ in range(6):
            self.short_call()


if __name__ == "__main__":
    unittest.main()
