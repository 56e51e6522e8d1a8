"""More calls than the limit."""

from lib.story import Story


class Overload(Story):
    def test_calls_above_the_limit(self):
        """R-P-025, Decided 15 and 5: 503 with Retry-After, but never for an emergency call."""
        self.start(limits=" calls = 2;")
        ringing = [self.place(), self.place()]
        arrived = [self.carrier.expect("INVITE") for _ in ringing]
        _, final = self.refused_call(503, reason="overloaded")
        self.assertIn("retry-after", final)
        emergency = self.place(uri="sip:911@" + self.net(1), to="<sip:911@h>")
        self.refuse(self.carrier.expect("INVITE"), emergency)
        for invite, message in zip(ringing, arrived):
            self.refuse(message, invite)
        self.signed_call()
