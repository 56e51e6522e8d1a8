"""
The second half of scripts/demo: three calls that the carrier brings, whose Identity is judged by a
throw-away authority, with a web server of its own for the certificate. The profile observes, so each goes on.
"""

from . import settings, stird, stirctl, token
from .patience import HANG_S
from .shown import pretty, show
from .sipp import Sipp
from .web import Web

CALLER, CALLED = "+13125550123", "+12025550100"
CERTIFICATE = "709J.pem"

# what it is, class, level, reason
CALLS = (
    ("signed by another provider", "passed", "A", "verified"),
    ("the same, but somebody wrote A for B", "failed", None, "signature_invalid"),
    ("not signed by anybody", "nothing", None, "unsigned_call"),
)

MORE = """trunks = ( %(trunk)s );
upstreams = ( %(upstream)s );
trust = ( %(trust)s );
verification = ( %(profile)s );
fetch = { lab = true; tls_ca = "%(tls_ca)s"; timeout = "30s"; };
"""


class Inbound:
    def __init__(self, lab):
        self.lab, self.made = lab, lab.path("authority")
        status, _, err = stirctl.run("/none", "lab-ca", self.made)
        assert status == 0, err
        self.web = Web(lab, lab.network(5))
        with open(self.made + "/709J/chain.pem", "rb") as chain:
            self.web.bodies[CERTIFICATE] = chain.read()
        lab.write("conf.d/inbound.conf", MORE % {
            "trunk": settings.group({"name": "carrier-in", "sources": [lab.network(9)], "service": "verify",
                                     "verification": "carrier", "upstreams": ["sbc"]}),
            "upstream": settings.group({"name": "sbc", "uri": "sip:%s:5060;transport=udp" % lab.network(2)}),
            "trust": settings.group({"name": "us", "anchors": self.made + "/root.pem", "countries": ["1"]}),
            "profile": settings.group({"name": "carrier", "trust": ["us"], "wait": "5s", "max_age": "5m"}),
            "tls_ca": self.web.ca})

    def close(self):
        self.web.close()

    def signed(self, attest):
        """The value of an Identity header up to its parameters."""
        return token.identity(self.made + "/709J", orig=CALLER[1:], dest=CALLED[1:], attest=attest,
                              header={"x5u": self.web.url(CERTIFICATE)}, parameters="")

    def tampered(self):
        """Signed for a B, with the claims of an A."""
        head, _, signature = self.signed("B").split(".")
        return ".".join((head, self.signed("A").split(".")[1], signature))

    def call(self, name, octets):
        """One call by SIPp, to its end: the INVITE as it arrived."""
        fields = (CALLER, CALLED) + ((octets, self.web.url(CERTIFICATE)) if octets else ())
        callee = Sipp(self.lab.path(name, "callee"), "callee", self.lab.network(2), 5060, 1)
        try:
            callee.wait_bound()
            caller = Sipp(self.lab.path(name, "caller"), "caller-signed" if octets else "caller", self.lab.network(9),
                          5060, 1, remote=(self.lab.network(1), 5060), fields=[fields])
            try:
                caller.finish()
            finally:
                caller.close()
            callee.finish()
        finally:
            callee.close()
        return callee.received("INVITE")[0]

    def judged(self, server, name, octets):
        """The record of a call; complaints of what became of its Identity."""
        invite = self.call(name, octets)
        arrived = [value.partition(";")[0] for value in invite.all("identity")]
        changed = arrived != ([octets] if octets else [])
        return server.record(invite["call-id"]), ["its Identity was changed"] if changed else []

    def passed(self, server):
        """Workers hear in their own time whom to believe: until then calls are judged as open, and go on."""
        tries = []
        def is_so():
            tries.append(self.judged(server, "passed-%d" % len(tries), self.signed("A")))
            return tries[-1][0]["reason"] == CALLS[0][3] and tries[-1]
        return stird.wait_until(is_so, HANG_S, "an inbound call whose Identity passes")

    def report(self, number, what, record, complaints):
        """Prints one call; answers with complaints."""
        title, *wanted = what
        told = record["verification"]
        print("\n  %d  %s: %s calls %s" % (number, title, CALLER, CALLED))
        show("class", "%s%s; it goes on as it came: the profile observes" % (
            told["class"], " with %s" % told["level"] if told["level"] else ""))
        show("reason", record["reason"] + (", by the check " + told["check"] if told["check"] else ""))
        show("record", *pretty(told))
        if [told["class"], told["level"], record["reason"]] != wanted:
            complaints = complaints + ["expected %s (%s)" % (wanted[0], wanted[2])]
        for complaint in complaints:
            show("WRONG", complaint)
        return complaints

    def run(self, server, first):
        """All three, numbered from FIRST on; answers with how much is wrong."""
        net = self.lab.network
        print("\ncarrier %s -> stird %s -> SBC %s; certificates from %s" % (
            net(9), net(1), net(2), self.web.url("")))
        judged = [self.passed(server), self.judged(server, "tampered", self.tampered()),
                  self.judged(server, "unsigned", None)]
        return sum(len(self.report(number, what, *found))
                   for number, (what, found) in enumerate(zip(CALLS, judged), first))
