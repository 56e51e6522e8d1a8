"""Signing that is brought in step by step: shadow trunks, a share of the numbers."""

from lib.story import CALLED, Story
from lib import settings, stirctl

NUMBER = "+121555510%02d"  # owned by acme, a range


class Rollout(Story):
    def ask(self, *words):
        return stirctl.ask(self.lab.path("stird.conf"), *words)

    def test_shadow_signs_and_sends_nothing_of_it(self):
        self.start(pbx={"mode": "shadow"})
        invite, arrived = self.unsigned_call("shadow")
        self.assertEqual(arrived.raws("date"), invite.raws("date"))
        record = self.record(invite, attest=None, origid=None, iat=None, cert_id="818H", sip_status=486)
        self.assertEqual(record["withheld"], {"attest": "A", "reason": "signed_owned"})
        self.assertGreaterEqual(record["sign_us"], 0)
        self.signed_call("C", peer=self.peer("gateway", 4))
        self.assert_counted("withheld", {"A": 1, "B": 0, "C": 0})
        pbx = next(t for t in self.ask("status")["trunks"] if t["name"] == "pbx")
        self.assertEqual((pbx["mode"], pbx["sign_percent"]), ("shadow", 0))

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
        for percent in ("0", "none"):  # what is no number signs nothing
            customers = self.lab.write("customers.csv", "customer,sign_percent\nacme,%s\nglobex,\n" % percent)
            self.start(tables='files = [ "%s" ]; customers = [ "%s" ];' % (
                self.lab.write("numbers.csv", settings.NUMBERS), customers))
            self.unsigned_call("not_in_share")
            self._end_stird()
