"""What the Request-URI leaves with when it named stird (RFC 3261 section 16.6 item 2)."""

from lib.story import Story


class RequestUri(Story):
    def leaves(self, written, wanted, transport="udp"):
        """WRITTEN names stird as US; what arrives has the carrier's host and port there."""
        invite, arrived = self.short_call(transport=transport,
                                          uri=written.replace("US", self.net(1) + ":5060"))
        del invite
        self.assertEqual(arrived.uri, wanted.replace("HOP", self.net(9) + ":5060"))

    def test_our_transport_does_not_stay(self):
        self.start()
        for written, wanted in (
                ("sip:+12155550199@US;transport=tls", "sip:+12155550199@HOP"),
                ("sip:+12155550199@US;user=phone;TRANSPORT=TCP", "sip:+12155550199@HOP;user=phone"),
                ("sip:+12155550199@US;transport=udp;x=y", "sip:+12155550199@HOP;x=y"),
                ("sip:+12155550199@US;maddr=192.0.2.7;ttl=3;x", "sip:+12155550199@HOP;x"),
                ("sip:+12155550199@US;tr%61nsport=tls;m%61ddr=192.0.2.7;%74tl=3;x", "sip:+12155550199@HOP;x"),
                ("sip:+12155550199;transport=tcp@US", "sip:+12155550199;transport=tcp@HOP"),
                ("sip:+12155550199@US;x-transport=tcp;transports=1",
                 "sip:+12155550199@HOP;x-transport=tcp;transports=1"),
                ("sip:+12155550199@US;user=phone", "sip:+12155550199@HOP;user=phone"),
                ("sips:+12155550199@US;transport=tcp", "sips:+12155550199@HOP")):
            with self.subTest(written):
                self.leaves(written, wanted)

    def test_the_host_by_which_the_trunk_is_told(self):
        """A request_host that is no alias names us all the same; other trunks' hosts do not."""
        self.start(trunks=[self.trunk(request_host="Sign.example"),
                           self.trunk("other", last=3, request_host="other.example")])
        for written, wanted in (
                ("sip:+12155550199@sign.example:5060;transport=tls", "sip:+12155550199@HOP"),
                ("sip:+12155550199@SIGN.example.;maddr=192.0.2.7;x", "sip:+12155550199@HOP;x"),
                ("sip:+12155550199@sign.example:5099", "sip:+12155550199@HOP"),
                ("sips:+12155550199@sign.example", "sips:+12155550199@HOP")):
            with self.subTest(written):
                self.leaves(written, wanted)

    def test_a_trunks_emergency_call(self):
        self.start(trunks=[self.trunk(request_host="sign.example")])
        self.leaves("sip:911@sign.example;transport=tls", "sip:911@HOP")

    def test_our_address_without_a_port(self):
        """Nobody listens at 5061: it is stird that the SBC means, and no port that somebody wrote."""
        self.start()
        own = self.net(1)
        for written, wanted in (
                ("sips:+12155550199@" + own, "sips:+12155550199@HOP"),
                ("sip:+12155550199@" + own + ";transport=tls", "sip:+12155550199@HOP"),
                ("sip:+12155550199@" + own, "sip:+12155550199@HOP"),
                ("sip:+12155550199@" + own + ":5099", "sip:+12155550199@" + own + ":5099")):
            with self.subTest(written):
                self.leaves(written, wanted)

    def test_another_hosts_stays(self):
        self.start()
        uri = "sip:+12155550199@other.example;transport=tls;maddr=192.0.2.7"
        self.leaves(uri, uri)

    def test_the_next_hops(self):
        """By TCP, also where the upstream replaces each one."""
        self.start(upstreams=[self.upstream(transport="tcp", request_uri="replace")])
        for written, wanted in (
                ("sip:+12155550199@US;transport=udp", "sip:+12155550199@HOP;transport=tcp"),
                ("sip:+12155550199@US;user=phone", "sip:+12155550199@HOP;user=phone"),
                ("sip:+12155550199@other.example;transport=tls;x",
                 "sip:+12155550199@HOP;x;transport=tcp")):
            with self.subTest(written):
                self.leaves(written, wanted)

    def test_the_transport_that_a_long_one_leaves_by(self):
        """The uri names none: what is too long for UDP goes by TCP, and says so."""
        self.start(upstreams=[self.upstream(uri="sip:%s:5060" % self.net(9))])
        self.leaves("sip:+12155550199@US;transport=udp;x=" + "y" * 900,
                    "sip:+12155550199@HOP;x=" + "y" * 900 + ";transport=tcp")

    def test_a_dialogs_is_the_peers(self):
        """Inside a call it names the callee: nothing of it is ours to change."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect(200)
        self.sbc.acknowledge(invite, ok)
        self.assertEqual(self.carrier.expect("ACK").uri,
                         "sip:carrier@%s:5060" % self.net(9))
