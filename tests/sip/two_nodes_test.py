"""
Two nodes for one SBC (docs/two-nodes.md): a call that one began goes on through the other, which takes
its address over or gets the requests inside the call. They share the secret behind Record-Route.
"""

import os

from lib import stirctl
from lib.dialog import SDP, callee_in_dialog, in_dialog
from lib.stird import Stird
from lib.story import CALLED, Story


class Directory:
    """Where a further node has its files: what Stird wants of a lab."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)

    def path(self, *names):
        return os.path.join(self.directory, *names)


class TwoNodes(Story):
    """Node one is .1, node two .11; "out" is each one's other side."""

    def setUp(self):
        super().setUp()
        self.two = None

    def _end_stird(self):
        if self.two is not None:
            self.assertEqual(self.two.stop(), 0)
        super()._end_stird()

    def set_up_nodes(self, sides=1, **more):
        listeners = [self.listener(aliases=[self.net(11)])]
        if sides == 2:
            listeners.append(self.listener("out", self.net(51), aliases=[self.net(61)]))
            more["upstreams"] = [self.upstream(listener="out")]
        self.configuration = self.configure(listeners=listeners, more='aliases = [ "node.example" ];\n',
                                            **more)
        self.start_with(self.configuration)

    def configuration_of_two(self, moves):
        """Node one's with files of its own, and its addresses exchanged as MOVES says."""
        self.place_of_two = Directory(self.lab.path("two"))
        with open(self.configuration, encoding="utf-8") as source:
            text = source.read()
        for a, b in moves:
            ours, others = '"%s"' % self.net(a), '"%s"' % self.net(b)
            text = text.replace(ours, "@").replace(others, ours).replace("@", others)
        for name in ("state", "run", "records.jsonl"):
            text = text.replace(self.lab.path(name), self.place_of_two.path(name))
        for name in ("state", "run"):
            os.makedirs(self.place_of_two.path(name), mode=0o700)
        return self.lab.write("two/stird.conf", text)

    def start_two(self, share=True, moves=((1, 11), (51, 61))):
        path = self.configuration_of_two(moves)
        if share:
            carried = self.lab.path("carried")
            stirctl.ask(self.configuration, "secret", "export", carried)
            stirctl.ask(path, "secret", "import", carried)
        self.two = Stird(self.place_of_two, path).start()

    def call_up(self):
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        sent = self.carrier.respond(arrived, 200, body=SDP)
        ok = self.sbc.expect(200)
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")
        return invite, arrived, sent, ok

    def goes_on(self, call, of_sbc, of_carrier):
        """A re-INVITE of the caller's, INFO and BYE of the callee's, by these places."""
        invite, arrived, sent, ok = call
        again = in_dialog(self.sbc, "INVITE", invite, ok, 2, body=SDP)
        self.sbc.send(again, of_sbc)
        there = self.carrier.expect("INVITE")
        self.assertEqual(there.raws("identity"), [])
        self.assertEqual(there.raws("route"), [], "both nodes' Routes are gone")
        self.carrier.respond(there, 200, body=SDP)
        final = self.sbc.expect(200)
        self.sbc.send(in_dialog(self.sbc, "ACK", invite, ok, 2), of_sbc)
        self.carrier.expect("ACK")
        del final
        for cseq, method in ((1, "INFO"), (2, "BYE")):
            request = callee_in_dialog(self.carrier, method, arrived, sent, cseq)
            self.carrier.send(request, of_carrier)
            self.sbc.respond(self.sbc.expect(method), 200)
            self.carrier.expect((200, method))

    def test_the_other_node_gets_what_is_inside_the_call(self):
        self.set_up_nodes()
        self.start_two()
        two = ("udp", self.net(11), 5060)
        self.goes_on(self.call_up(), two, two)

    def test_of_two_sides(self):
        """Two Record-Routes, each of a listener; the other node's aliases say which is which."""
        self.set_up_nodes(sides=2)
        self.start_two()
        call = self.call_up()
        self.assertEqual(len(call[1].elements("record-route")), 2)
        self.goes_on(call, ("udp", self.net(11), 5060), ("udp", self.net(61), 5060))

    def test_one_dies_and_the_other_has_its_address(self):
        self.set_up_nodes()
        call = self.call_up()
        carried = self.lab.path("carried")
        stirctl.ask(self.configuration, "secret", "export", carried)
        path = self.configuration_of_two(())
        stirctl.ask(path, "secret", "import", carried)
        self.stird.kill()
        self.stird.ready = False
        self.stird = None
        self.two = Stird(self.place_of_two, path).start()
        self.goes_on(call, self.at(), self.at())

    def test_a_response_reaches_the_other_node(self):
        """The first node's Via: its proof tells the second one where the answer goes."""
        self.set_up_nodes()
        self.start_two()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200, body=SDP)
        self.sbc.expect(200)
        self.carrier.send(answer, ("udp", self.net(11), 5060))
        late = self.sbc.expect(200, retransmissions=True)
        self.assertEqual(len(late.elements("via")), 1)
        self.assertEqual(late.source[0], self.net(11))
        self.sbc.acknowledge(invite, late)

    def test_with_a_secret_of_its_own_it_knows_no_call(self):
        self.set_up_nodes()
        self.start_two(share=False)
        _, arrived, sent, _ = self.call_up()
        bye = callee_in_dialog(self.carrier, "BYE", arrived, sent, 1)
        self.carrier.send(bye, ("udp", self.net(11), 5060))
        self.carrier.expect((481, "BYE"))
        one, two = (stirctl.ask(path, "secret", "show-fingerprint")["fingerprint"]
                    for path in (self.configuration, self.place_of_two.path("stird.conf")))
        self.assertNotEqual(one, two)

    def test_what_else_names_us(self):
        """A Route and a Request-URI with the other node's address, or a name; no call is a circle."""
        self.set_up_nodes()
        self.carrier  # pylint: disable=pointless-statement
        for host in (self.net(11), self.net(11) + ":5099", "node.example", "NODE.example.:5060"):
            with self.subTest(host):
                invite = self.invite(uri="sip:%s@%s" % (CALLED, host)).plus(
                    "Route: <sip:%s;lr>" % host, "Route: <sip:node.example;lr>")
                self.sbc.send(invite, self.at())
                arrived = self.carrier.expect("INVITE")
                self.assertEqual(arrived.uri, "sip:%s@%s:5060" % (CALLED, self.net(9)))
                self.assertEqual(arrived.raws("route"), [])
                self.refuse(arrived, invite)
        options = self.sbc.request("OPTIONS", "sip:node.example")
        self.sbc.send(options, self.at())
        self.sbc.expect((200, "OPTIONS"))

    def test_aliases_come_and_go_by_reload(self):
        path = self.configure()
        self.start_with(path)
        uri = "sip:%s@late.example" % CALLED
        self.assertEqual(self.short_call(uri=uri)[1].uri, uri)
        self.configure(more='aliases = [ "late.example" ];\n')
        self.stird.reload()
        self.stird.wait_log("generation=2")
        self.assertEqual(self.short_call(uri=uri)[1].uri,
                         "sip:%s@%s:5060" % (CALLED, self.net(9)))
