"""Emergency calls are never refused or delayed (Decided 5)."""

import os
import signal

from lib.story import Story


class Emergency(Story):
    def emergency(self, uri, to, **more):
        invite = self.place(uri=uri, to=to, **more)
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite)
        return invite, arrived

    def all_kinds(self):
        us = self.net(1)
        for uri, to in (("sip:911@%s" % us, "<sip:911@h>"), ("sip:112@%s" % us, "<sip:112@h>"),
                        ("urn:service:sos", "<urn:service:sos>"),
                        ("urn:service:sos.police", "<urn:service:sos.police>"),
                        ("sip:+1911@%s" % us, "<tel:911;phone-context=+1>"),
                        ("sip:999@%s" % us, "<sip:999@h>")):
            yield uri, to

    MORE = 'emergency = { numbers = [ "999" ]; };\n'

    def test_all_kinds_go_on(self):
        """R-P-098: number, service URN and the configured list."""
        self.start(more=self.MORE)
        for uri, to in self.all_kinds():
            with self.subTest(uri=uri):
                self.emergency(uri, to)

    def test_with_the_signer_stopped_and_fail_closed(self):
        """R-P-098 R-P-097: nothing holds it."""
        self.start(more=self.MORE + 'signing = { failure = "fail_closed"; };')
        os.kill(self.stird.child("signer"), signal.SIGSTOP)
        for uri, to in self.all_kinds():
            with self.subTest(uri=uri):
                invite, arrived = self.emergency(uri, to)
                self.assertLess(arrived.time - invite.sent, 0.3)

    def test_from_a_caller_who_may_not_call(self):
        """Decided 5: no rule refuses it."""
        self.start(more='attestation = { unknown = "refuse"; blocked = "refuse"; };')
        us = self.net(1)
        for caller in ("+13125550000", "+12155556000", "alice"):
            with self.subTest(caller=caller):
                self.emergency("sip:911@%s" % us, "<sip:911@h>", caller=caller)
