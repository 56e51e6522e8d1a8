"""A signed INVITE is larger than 1300 octets and still leaves at once by the configured way."""

from lib.story import Story


class LargeInvite(Story):
    def test_udp_goes_by_udp_at_once(self):
        """R-P-048: an upstream that is configured as UDP gets UDP."""
        self.start()
        body = b"v=0\r\n" + b"a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n" * 8
        _, arrived, _ = self.signed_call(body=body, extra=["X-Fill: " + "x" * 200])
        self.assertGreater(len(arrived.raw), 1500)
        self.assertEqual(arrived.transport, "udp")
        self.assertTrue(arrived.elements("via")[0].startswith("SIP/2.0/UDP"))

    def test_fragments(self):
        """R-P-048: 20 KB in and out by UDP."""
        self.start()
        invite, arrived, _ = self.signed_call(body=b"x" * 20000)
        self.assertEqual(arrived.body, invite.body)
