"""An emergency call that fits no trunk of its source is not lost for that (Decided 5)."""

from lib import stirctl
from lib.stird import wait_until
from lib.story import Story

NOBODY = "<sip:anonymous@anonymous.invalid>"


class EmergencyTrunk(Story):
    """The SBC has two trunks, told apart by a header or by their group, and none by default."""

    def start_two(self, asks, **more):
        acme, globex = asks
        self.start(trunks=[self.trunk("acme", 2, **acme),
                           self.trunk("globex", 2, customer="globex", upstreams=["second"],
                                      **globex)],
                   upstreams=[self.upstream(), self.upstream("second", 8)], **more)
        self.second = self.peer("second", 8)

    BY_HEADER = [{"header_name": "X-Trunk", "header_value": name} for name in ("acme", "globex")]
    BY_GROUP = [{"tgrp": name} for name in ("acme", "globex")]

    def explain(self, invite):
        path = self.lab.path("message")
        with open(path, "wb") as file:
            file.write(invite.octets())
        return stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path, "--source",
                           self.net(2))

    def arrives(self, trunk="acme", **more):
        where = {"acme": self.carrier, "globex": self.second}[trunk]
        told = self.explain(self.invite(**more))
        invite = self.place(**more)
        arrived = where.expect("INVITE")
        self.assertEqual(arrived.all("identity"), [])
        self.assertEqual(arrived.all("x-trunk"), [])
        self.refuse(arrived, invite, at=where)
        number = "urn" not in invite.uri
        record = self.record(invite, emergency=True, trunk=trunk, decision="passed", attest=None,
                             reason="unsigned_trunk_in_doubt" if number else "called_not_a_number")
        self.assertEqual(record["rule"], "trunk in doubt: it fits none")
        self.assertIn(trunk + ": ", record["detail"])
        for name in ("decision", "reason", "trunk"):
            self.assertEqual(told[name], record[name])
        return record

    def refused(self, **more):
        self.refused_call(403, reason="no_trunk", **more)

    def test_by_header(self):
        self.start_two(self.BY_HEADER)
        us = self.net(1)
        odd = ([], ["X-Trunk: nobody"], ["X-Trunk:"], ["X-Trunk: acme", "X-Trunk: globex"],
               ["X-Trunk: acme, globex"], ["X-Trunk: acme", "X-Trunk: " + "b" * 1100],
               ["X-Trunk: acme;x=globex"])
        for extra in odd:
            with self.subTest(extra=extra):
                self.refused(extra=extra)
                for uri, to in (("sip:911@" + us, "<sip:911@h>"),
                                ("urn:service:sos", "<urn:service:sos>"),
                                ("sip:9911@" + us, "<sip:+12155550199@h>"),
                                ("sip:+12155550199@" + us, "<sip:911@h>")):
                    self.arrives(uri=uri, to=to, extra=extra)
        self.signed_call(extra=["X-Trunk: acme"])

    def test_by_group(self):
        """Two Contacts, From alone, or none; the first trunk that is named in part takes it."""
        self.start_two(self.BY_GROUP)
        call = {"uri": "sip:911@" + self.net(1), "to": "<sip:911@h>"}
        group = "<sip:sbc;tgrp=%s@h>"
        for extra in ([], ["Contact: " + group % "nobody"],
                      ["Contact: %s, %s" % (group % "acme", group % "globex")]):
            with self.subTest(extra=extra):
                self.arrives(extra=extra, **call)
        self.arrives(trunk="globex", **call,
                     extra=["Contact: " + group % "globex", "Contact: " + group % "nobody"])
        self.arrives(from_="<sip:+12155550100;tgrp=acme@p>", **call)

    def test_one_trunk_alone(self):
        """Nor is it signed where only one trunk is there to be of: it does not ask for that call."""
        self.start(pbx=self.BY_HEADER[0])
        self.second = None
        self.refused()
        invite = self.place(uri="sip:911@" + self.net(1), to="<sip:911@h>")
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived.all("identity"), [])
        self.refuse(arrived, invite)
        self.record(invite, emergency=True, reason="unsigned_trunk_in_doubt", trunk="pbx")

    def test_it_is_told(self):
        """A counter, an alarm and an error line."""
        self.start_two(self.BY_HEADER)
        for _ in range(2):
            self.arrives(uri="sip:911@" + self.net(1), to="<sip:911@h>")
        self.stird.wait_log("error.*an emergency call fits no trunk of its source.*trunk=acme")
        wait_until(lambda: stirctl.ask(self.lab.path("stird.conf"), "stats")["emergency_no_trunk"]
                   == 2, 10, "the counter of emergency calls without a trunk")

    def test_by_the_country_of_a_trunk(self):
        """An emergency number of one trunk's country alone goes by that trunk."""
        self.start_two([dict(asks, country={"code": code}) for asks, code in
                        zip(self.BY_HEADER, ("1", "49"))])
        self.arrives(trunk="globex", uri="sip:+49112@" + self.net(1), to="<sip:+49112@h>")

    def test_what_leads_nowhere_is_refused(self):
        """A hop count of 0; a stranger gets no answer."""
        self.start_two(self.BY_HEADER)
        call = {"uri": "sip:911@" + self.net(1), "to": "<sip:911@h>"}
        self.refused_call(483, max_forwards=0, **call)
        self.place(self.peer("nobody", 66), **call)
        self.carrier.expect_nothing(0.3)
