"""Stories of rules and tables that see the verdict on a call, and of where they send it."""

import os

from . import stird, stirctl, token
from .patience import HANG_S
from .verifying import CALLED, Verifying

ELSEWHERE = "+16505550100"  # a calling number that no table has
TOLD = {"observe": False, "attestation_headers": ["P-Attestation-Indicator"],
        "result_header": "X-Stird-Verification"}
OURS = """number,customer,state
+12155550100,acme,owned
+13125550123,strict,owned
+13125550124,lax,owned
"""


def rules(*members):
    return "rules = ( %s );" % ", ".join("{ %s }" % m for m in members) if members else ""


class Ruling(Verifying):
    untouched = False

    def begin_with(self, *members, profile=None, more="", **others):
        self.rules = rules(*members) + more
        self.begin(profile=profile if profile is not None else TOLD, upstream={"trusted": True}, **others)

    def start(self, **changes):
        changes["more"] += self.rules
        return super().start(numbers=OURS, **changes)

    def of(self, caller=ELSEWHERE, called=CALLED, **more):
        return self.signed(orig=caller[1:], dest=called[1:], **more)

    def of_another(self, spc, caller=ELSEWHERE, called=CALLED, **more):
        """Signed by a provider with other codes than ours, of the same authority."""
        unit = self.made + "/" + spc.replace(",", "-")
        if not os.path.exists(unit):
            self.assertEqual(stirctl.run("/none", "lab-ca", "--ca", self.made, "--spc", spc, "--unit", unit)[0], 0)
            with open(unit + "/chain.pem", "rb") as chain:
                self.web.bodies[os.path.basename(unit) + ".pem"] = chain.read()
        url = self.web.url(os.path.basename(unit) + ".pem")
        return token.identity(unit, orig=caller[1:], dest=called[1:], header={"x5u": url},
                              parameters=";info=<%s>;alg=ES256;ppt=shaken" % url, **more)

    def calls(self, *identities, caller=ELSEWHERE, called=CALLED, **more):
        """(as it arrived, its record)."""
        invite, arrived = self.short_call(caller=caller, called=called, **more,
                                          extra=["Identity: " + i for i in identities])
        return arrived, self.record(invite, decision="passed")

    def warm(self):
        """Certificate and trust are there."""
        def is_so():
            arrived, record = self.calls(self.of(called="+14155550100"), called="+14155550100")
            return record["reason"] == "verified" and record
        stird.wait_until(is_so, HANG_S, "a call that is verified")

    def refused(self, *identities, status=403, caller=ELSEWHERE, called=CALLED, **members):
        invite, final = self.refused_call(status, caller=caller, called=called,
                                          extra=["Identity: " + i for i in identities])
        return final, self.record(invite, **members)
