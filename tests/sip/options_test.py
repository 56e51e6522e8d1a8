"""Requests to stird itself."""

from lib.story import Story


class Options(Story):
    def options(self, transport="udp", user="", **more):
        uri = "sip:%s%s:5060" % (user, self.net(1))
        self.sbc.send(self.sbc.request("OPTIONS", uri, transport=transport, to="<%s>" % uri,
                                       **more), self.at(transport))

    def test_udp_and_tcp(self):
        """R-P-082."""
        self.start()
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                self.options(transport)
                answer = self.sbc.expect(200)
                self.assertIn("INVITE", answer["allow"])
                self.assertEqual(answer.all("accept"), ["application/sdp"])
                self.assertEqual(answer.all("supported"), [""])
                self.assertIn(";tag=", answer["to"])
                self.assertEqual(answer.transport, transport)

    def test_from_an_upstream(self):
        """A carrier that pings stird is answered as well."""
        self.start()
        uri = "sip:" + self.net(1)
        self.carrier.send(self.carrier.request("OPTIONS", uri), self.at())
        self.carrier.expect(200)

    def test_max_forwards_0(self):
        """R-P-020 R-P-082: to stird itself it is answered."""
        self.start()
        self.options(max_forwards=0)
        self.sbc.expect(200)

    def test_other_methods_to_stird(self):
        """Served here: OPTIONS. The answer says so."""
        self.start()
        uri = "sip:%s:5060" % self.net(1)
        self.sbc.send(self.sbc.request("REGISTER", uri), self.at())
        answer = self.sbc.expect(405)
        self.assertIn("OPTIONS", answer["allow"])
        self.carrier.expect_nothing(0.1)
