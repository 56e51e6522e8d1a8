"""Stories of a trunk with service = "verify": its domain of trust, the server of its callers' certificates, their tokens."""

import json

from . import settings, stird, stirctl, token
from .lab import make_unit
from .patience import HANG_S
from .story import Story
from .web import Web

CALLER, CALLED = "+12155550100", "+13125550123"
LONG = "5000ms"  # what no story waits out


def other_provider(story):
    """Another provider that STORY's certs/ca vouches for, and the server of its certificate, of which stird may fetch: (unit, web)."""
    theirs = make_unit(story.lab.directory, "709J", "--ca", story.lab.path("certs", "ca"))
    web = Web(story.lab, story.net(5))
    story.addCleanup(web.close)
    with open(theirs.directory + "/chain.pem", "rb") as chain:
        web.bodies["709J.pem"] = chain.read()
    story.lab.write("conf.d/lab.conf", 'fetch = { lab = true; tls_ca = "%s"; timeout = "30s"; };\n' % web.ca)
    return theirs, web


class Verifying(Story):
    untouched = True  # what a profile that observes does to calls

    def begin(self, wait=LONG, workers=1, trunks=None, upstreams_more=(), fetch="", drain=None,
              profile=None, upstream=None, signing="", rules="", numbers=None, **members):
        """A carrier's calls come from .2 and leave for .9; the laboratory's authority is believed."""
        self.made = self.lab.path("made")
        self.assertEqual(stirctl.run("/none", "lab-ca", self.made)[0], 0)
        self.web = Web(self.lab, self.net(5))
        self.addCleanup(self.web.close)
        with open(self.made + "/709J/chain.pem", "rb") as chain:
            self.web.bodies["a.pem"] = self.web.bodies["b.pem"] = chain.read()
        inbound = {"name": "in", "sources": [self.net(2)], "service": "verify",
                   "verification": "carrier", "upstreams": ["carrier"]}
        inbound.update(members)
        inbound = {key: value for key, value in inbound.items() if value is not None}
        more = """workers = %d; trust = ( %s ); verification = ( %s );
            fetch = { lab = true; tls_ca = "%s"; timeout = "30s"; %s };%s%s""" % (
                workers, settings.group({"name": "us", "anchors": self.made + "/root.pem", "countries": ["1"]}),
                settings.group(dict({"name": "carrier", "trust": ["us"], "wait": wait}, **(profile or {}))),
                self.web.ca, fetch, "signing = { %s };" % signing if signing else "", rules)
        self.start(trunks=[inbound] + (trunks or [self.trunk("pbx", 3)]),
                   upstreams=[self.upstream(**(upstream or {}))] + list(upstreams_more), more=more, **{key: value for key, value in (("drain", drain), ("numbers", numbers)) if value})

    def signed(self, path="a.pem", **more):
        url = self.web.url(path)
        return token.identity(self.made + "/709J", header={"x5u": url},
                              parameters=";info=<%s>;alg=ES256;ppt=shaken" % url, **more)

    def judged_call(self, *identities, reason=None, lines=(), **more):
        """A whole call, which leaves as it came: its record."""
        invite, arrived = self.short_call(caller=CALLER, called=more.pop("called", CALLED),
                                          extra=["Identity: " + value for value in identities] + list(lines),
                                          **more)
        self.arrived = arrived
        if self.untouched:
            self.assert_untouched(invite, arrived)
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
        record = self.record(invite, decision="passed", trunk="in", attest=None)
        if reason:
            self.assertEqual(record["reason"], reason, record)
        return record

    def explained(self, message, *words):
        """What explain says of it, as JSON."""
        status, out, err = stirctl.run(self.stird.configuration, "explain", "--json", "--source", self.net(2), "--message",
                                       self.lab.write("invite", message), *words)
        self.assertEqual(status, 0, err)
        return json.loads(out)

    def until(self, reason, path="a.pem"):
        """Workers hear of the domains and of the fetcher in their own time, and a fetch takes its own."""
        def is_so():
            record = self.judged_call(self.signed(path))
            return record["reason"] == reason and record
        return stird.wait_until(is_so, HANG_S, "a call that is " + reason)

    def passed(self, path="a.pem"):
        return self.until("verified", path)
