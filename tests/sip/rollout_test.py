"""
Signing that is brought in step by step: shadow trunks, a share of the numbers, other next hops and calls without
their token after answers of choice, upstreams that refuse what is signed.
"""

from lib.story import CALLED, Story
from daemon import traceback_test
from lib import identity, settings, stird, stirctl
from lib.patience import HANG_S

NUMBER = "+121555510%02d"  # owned by acme, a range


class Rollout(Story):
    def ask(self, *words):
        return stirctl.ask(self.lab.path("stird.conf"), *words)

    def found(self, invite):
        return stirctl.run(self.lab.path("stird.conf"), "records", "find", "--call-id", invite["call-id"])[1]

    def test_shadow_signs_and_sends_nothing_of_it(self):
        self.start(pbx={"mode": "shadow"})
        invite, arrived = self.unsigned_call("shadow")
        self.assertEqual(arrived.raws("date"), invite.raws("date"))
        record = self.record(invite, attest=None, origid=None, iat=None, cert_id="818H", sip_status=486)
        self.assertEqual(record["withheld"], {"attest": "A", "reason": "signed_owned"})
        self.assertGreaterEqual(record["sign_us"], 0)
        self.assertIn(" passed (A stayed here)  12155550100 -> ", self.found(invite))
        steps = self.explain(0)["steps"]
        self.assertIn("no Date: one is added if the token leaves", steps)
        self.assertIn("the trunk is in shadow mode: the token is made and stays here, and Date is as it came", steps)
        self.signed_call("C", peer=self.peer("gateway", 4))
        self.assert_counted("withheld", {"A": 1, "B": 0, "C": 0})
        pbx = next(t for t in self.ask("status")["trunks"] if t["name"] == "pbx")
        self.assertEqual((pbx["mode"], pbx["sign_percent"]), ("shadow", 0))
        for words in (("status",), ("trunk", "list")):  # people see the same in both
            out = stirctl.run(self.stird.configuration, *words)[1]
            service = {row["NAME"]: row["SERVICE"] for row in stirctl.table(out, "trunks")}
            self.assertEqual((service["pbx"], service["gateway"]), ("shadow", "sign"))

    def test_shadow_leaves_the_identity_that_was_to_be_replaced(self):
        self.start()
        _, arrived, _ = self.signed_call()
        identity = arrived.all("identity")[0]
        self._end_stird()
        self.start(pbx={"mode": "shadow", "existing_identity": "replace"})
        invite, arrived = self.short_call(extra=["Identity: " + identity])
        self.assertEqual(arrived.all("identity"), [identity])
        self.record(invite, decision="passed", reason="shadow")

    def test_a_fault_in_shadow_refuses_no_call(self):
        self.start(pbx={"mode": "shadow"}, more='signing = { failure = "fail_closed"; timeout = "50ms"; };')
        self.hang("signer")
        self.unsigned_call("signer_timeout")

    def test_a_share_of_the_numbers_grows(self):
        shares = []
        for percent in (30, 60):
            self.start(pbx={"sign_percent": percent})
            signed = set()
            for i in range(40):
                _, arrived = self.short_call(caller=NUMBER % i)
                if arrived.all("identity"):
                    signed.add(i)
            shares.append(signed)
            out = self.explain(min(set(range(40)) - signed))
            self.assertEqual((out["decision"], out["reason"], out["withheld"]), ("passed", "not_in_share", "A"))
            self.assertTrue(any("percent of the numbers of this trunk" in step for step in out["steps"]), out["steps"])
            self._end_stird()
        self.assertLess(shares[0], shares[1], "a higher share only adds numbers")
        self.assertGreater(len(shares[0]), 0)
        self.assertLess(len(shares[1]), 40)

    def explain(self, i):
        return self.ask("explain", "--trunk", "pbx", "--from", NUMBER % i, "--to", CALLED)

    def test_the_share_of_a_customer(self):
        self.start(more='customers = ( { name = "acme"; sign_percent = 0; } );')
        self.unsigned_call("not_in_share")
        self.signed_call("C", peer=self.peer("gateway", 4))

    def test_the_share_of_a_customer_in_a_table(self):
        path = self.with_customers("acme,0\nglobex,\n")
        self.start_with(path)
        self.unsigned_call("not_in_share")
        path = self.with_customers("acme,5%\n")
        self.assertIn('sign_percent "5%" is no number from 0 to 100', stird.check_configuration(path)[1])

    def with_customers(self, rows):
        return self.configure(tables='files = [ "%s" ]; customers = [ "%s" ];' % (
            self.lab.write("numbers.csv", settings.NUMBERS),
            self.lab.write("customers.csv", "customer,sign_percent\n" + rows)))

    # ---- after answers of choice

    def start_with_two(self, **first):
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8, **first), self.upstream("carrier", 9)])
        return self.peer("first", 8)

    def test_another_next_hop_after_codes_of_choice(self):
        first = self.start_with_two(failover=["404", "5xx"])
        for status in (404, 500, 503):
            invite = self.place()
            first.respond(first.expect("INVITE"), status)
            first.expect("ACK")
            arrived = self.carrier.expect("INVITE")
            self.verify(arrived, "A")
            self.refuse(arrived, invite)
            tried = self.record(invite, decision="signed")["tried"]
            self.assertEqual([hop["said"] for hop in tried], [str(status), "486"])
        invite = self.place()
        self.refuse(first.expect("INVITE"), invite, status=403, at=first)

    def test_for_calls_alone(self):
        """What is no call goes to another next hop after 503 alone, whatever codes calls do."""
        first = self.start_with_two(failover=["404", "503"])
        self.carrier  # pylint: disable=pointless-statement
        for status, second in ((404, False), (503, True)):
            message = self.sbc.request("MESSAGE", "sip:%s@%s" % (CALLED, self.net(1)))
            self.sbc.send(message, self.at())
            first.respond(first.expect("MESSAGE"), status)
            if second:
                self.carrier.respond(self.carrier.expect("MESSAGE"), 200)
            self.assertEqual(self.sbc.expect(200 if second else status)["cseq"], message["cseq"])

    def test_none_at_all(self):
        first = self.start_with_two(failover=[])
        invite = self.place()
        self.refuse(first.expect("INVITE"), invite, status=503, at=first)

    def has_seen(self, signed, record):
        """A token that left is in the record of its call, however that went on: somebody may ask whose it is."""
        payload = identity.Token(signed.all("identity")[0]).payload
        self.assertEqual((record["origid"], record["iat"], record["cert_id"]), (payload["origid"], payload["iat"], "818H"))
        self.assertTrue(record["detail"].startswith("a next hop was sent a token with A"), record["detail"])
        self.assertEqual(record["tokens"] or signed.all("identity"), signed.all("identity"))
        told = stirctl.ask(self.stird.configuration, "traceback", "--origid", payload["origid"], "-o",
                           self.lab.path(payload["origid"]))
        self.assertEqual((told["records"], told["certificates"]), (1, 1))

    def test_switched_off_between_two_next_hops(self):
        path = self.configure(pbx={"upstreams": ["first", "carrier"]},
                              upstreams=[self.upstream("first", 8), self.upstream("carrier", 9)])
        self.start_with(traceback_test.with_tokens(path))
        first = self.peer("first", 8)
        invite = self.place()
        signed = first.expect("INVITE")
        stirctl.ask(self.stird.configuration, "signing", "off", "--for", "1h", "--note", "fraud")
        first.respond(signed, 503)
        first.expect("ACK")
        bare = self.carrier.expect("INVITE")
        self.assertEqual(bare.raws("identity"), [])
        self.refuse(bare, invite)
        record = self.record(invite, decision="passed", reason="signing_off", attest=None)
        self.has_seen(signed, record)
        self.assertEqual(record["tokens"], signed.all("identity"))
        self.assertTrue(record["detail"].endswith(": fraud"), record["detail"])

    def test_once_more_without_its_token(self):
        self.start(upstreams=[self.upstream(retry_unsigned=["413", "513"])])
        invite = self.place()
        signed = self.carrier.expect("INVITE")
        self.verify(signed, "A")
        self.carrier.respond(signed, 513)
        self.carrier.expect("ACK")
        bare = self.carrier.expect("INVITE")
        self.assertEqual(bare.raws("identity"), [])
        self.assertEqual(bare.raws("date"), invite.raws("date"))
        self.assertNotEqual(self.carrier.top_branch(signed), self.carrier.top_branch(bare))
        self.refuse(bare, invite, status=513)  # what refuses the call without it too is not asked a third time
        record = self.record(invite, decision="passed", reason="signed_refused", attest=None, sip_status=513)
        self.has_seen(signed, record)
        self.assertEqual([(hop["said"], hop["retried_unsigned"]) for hop in record["tried"]],
                         [("513", False), ("513", True)])
        self.assertIn("udp: 513, without its token", stirctl.unbroken(self.found(invite)))
        stats = self.ask("stats")["upstreams"]["carrier"]
        self.assertEqual((stats["retried_unsigned"], stats["refused_token"], stats["refused_plain"]),
                         (1, {"513": 1}, {"513": 1}))
        invite = self.place()
        self.refuse(self.carrier.expect("INVITE"), invite, status=403)
        self.record(invite, decision="signed", sip_status=403)

    def test_the_next_one_gets_its_token_again(self):
        first = self.start_with_two(retry_unsigned=["400"])
        invite = self.place()
        for status in (400, 503):
            first.respond(first.expect("INVITE"), status)
            first.expect("ACK")
        arrived = self.carrier.expect("INVITE")
        self.verify(arrived, "A")
        self.refuse(arrived, invite)
        self.record(invite, decision="signed", attest="A")

    def test_an_upstream_that_refuses_what_is_signed_is_told(self):
        self.start()
        for _ in range(12):
            self.unsigned_refusal()
        for _ in range(20):
            invite = self.place()
            self.refuse(self.carrier.expect("INVITE"), invite, status=438)
        self.stird.wait_lines("an upstream refuses nearly every signed call")
        stird.wait_until(lambda: self.ask("status")["upstreams_refusing_signed"] == {"carrier": "438"}, HANG_S,
                         "the status says so")
        self.assertIn("signed_refused", [a["name"] for a in self.ask("status")["alarms"]])

    def unsigned_refusal(self):
        invite = self.place(caller="anonymous")
        self.refuse(self.carrier.expect("INVITE"), invite, status=486)

    # ---- what cannot be meant

    def test_what_cannot_be_meant_is_said(self):
        for member, words in ((("failover", ["6xx"]), "6xx says that nobody anywhere takes the call"),
                              (("failover", ["401"]), "asks the caller for a password"),
                              (("retry_unsigned", ["42"]), "write 300 to 599")):
            path = self.configure(upstreams=[self.upstream(**dict([member]))])
            self.assertIn(words, stird.check_configuration(path)[1])
        path = self.configure(upstreams=[self.upstream(retry_unsigned=["513"])],
                              more='signing = { failure = "fail_closed"; };')
        self.assertIn("says that none may", stird.check_configuration(path)[1])
