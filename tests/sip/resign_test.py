"""R-P-138: the same Identity over failover as long as it is fresh, a new one when it is not (Decided 10)."""

import os
import time
import unittest

from lib import identity
from lib.story import Story


class Resign(Story):
    def held(self, seconds):
        """The first upstream says 100 and, SECONDS later, 503: both INVITEs, at the two upstreams."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8), self.upstream("carrier", 9)])
        first = self.peer("first", 8)
        invite = self.place()
        one = first.expect("INVITE")
        first.respond(one, 100)
        time.sleep(seconds)
        first.respond(one, 503)
        first.expect("ACK")
        two = self.carrier.expect("INVITE")
        self.refuse(two, invite)
        return one, two

    def test_fresh(self):
        one, two = self.held(1.5)
        self.assertEqual(one.raws("identity"), two.raws("identity"))
        self.assertEqual(one.raws("date"), two.raws("date"))

    @unittest.skipUnless(os.environ.get("STIRD_LONG"), "STIRD_LONG=1: it takes half a minute")
    def test_stale(self):
        """After more than 30 s the second upstream gets a token of its own, and its Date."""
        one, two = self.held(32)
        old, new = identity.Token(one.all("identity")[0]), self.verify(two, "A")
        self.assertNotEqual(one.raws("identity"), two.raws("identity"))
        self.assertGreaterEqual(new.payload["iat"] - old.payload["iat"], 31)
        self.assertEqual(new.payload["origid"], old.payload["origid"])
        self.assertNotEqual(one.raws("date"), two.raws("date"))
        self.assertEqual(len(two.all("date")), 1)
