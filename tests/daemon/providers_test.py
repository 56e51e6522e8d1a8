"""Whose certificate signs: providers and their trunks, certificates for some numbers or claims."""

import json
import os
import re
import shutil

from daemon.lifetimes import ProcessStory
from lib import identity, settings, stird, stirctl
from lib.lab import make_unit
from lib.patience import HANG_S
from lib.stird import wait_until

HEAD = "number,customer,state,cert\n"


class Providers(ProcessStory):
    """Two providers on one node: "one" (709J) with trunk a, "two" (818H) with trunk b."""

    def unit(self, name, *options):
        return make_unit(self.lab.directory, name, *options)

    def setUp(self):
        super().setUp()
        self.one, self.two = self.unit("one"), self.unit("two", "--spc", "818H")
        self.units = {"one": self.one, "two": self.two}

    def providers(self, one=("one",), two=("two",)):
        return "providers = ( %s );\n" % settings.groups([
            {"name": "one", "spc": ["709J"], "certificates": list(one)},
            {"name": "two", "spc": ["818H"], "certificates": list(two)}])

    def write(self, a=None, b=None, rows="+12155550100,acme,owned,\n+12155550101,bcme,owned,\n",
              more=None, foreign=(), trunks=None):
        trunks = trunks or [
            self.trunk("a", 2, **{"provider": "one", **(a or {})}),
            self.trunk("b", 3, **{"customer": "bcme", "provider": "two", **(b or {})})]
        certificates = [{**settings.certificate(u, n), **({"foreign": True} if n in foreign else {})}
                        for n, u in self.units.items()]
        return settings.write(self.lab, [self.listener()], trunks, [self.upstream()],
                              numbers=HEAD + rows, certificates=certificates,
                              more=self.providers() if more is None else more)

    def refused(self, path, words):
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 1, said)
        self.assertRegex(said, words)

    def taken(self, path):
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        return said

    def call(self, last, caller):
        """The token of a call, or None; and its record."""
        peer = self.peer("sbc%d" % last, last)
        invite = self.place(peer, caller=caller)
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite, peer)
        token = identity.Token(arrived["identity"]) if "identity" in arrived else None
        return token, self.stird.record(invite["call-id"])

    # providers and their trunks
    def test_each_signs_for_its_own_trunks(self):
        """R-C-004 R-F-002."""
        self.start_with(self.write())
        for last, caller, unit, name, code in ((2, "+12155550100", self.one, "one", "709J"),
                                               (3, "+12155550101", self.two, "two", "818H")):
            token, record = self.call(last, caller)
            identity.check(token.value, unit, attest="A")
            self.assertEqual((record["provider"], record["cert_spc"]), (name, code))
            self.assertRegex(record["cert_serial"], "^[0-9A-F]{8,40}$")

    def test_another_customers_row_brings_no_certificate_of_another_provider(self):
        """R-F-001."""
        self.start_with(self.write(rows="+12155550101,bcme,owned,two\n"))
        token, record = self.call(2, "+12155550101")
        self.assertEqual((token.info, token.attest), (self.one.x5u, "B"))
        self.assertEqual(record["reason"], "signed_other_customer")

    def test_the_first_certificate_is_not_a_foreign_one(self):
        """One provider, whose written exception stands before its own certificate."""
        self.units = {"two": self.two, "one": self.one}
        trunks = [self.trunk("a", 2)]
        path = self.write(trunks=trunks, foreign=("two",), more='provider = { spc = [ "709J" ]; };')
        self.start_with(path)
        self.assertEqual(self.call(2, "+12155550100")[0].info, self.one.x5u)

    def test_mistakes(self):
        one_trunk = [self.trunk("a", 2)]
        for changes, words in (
                (dict(a={"certificate": "two"}),
                 r'conf:\d+: trunk "a": certificate: "two" is a certificate of provider "two"'),
                (dict(a={"provider": "one1"}), r'there is no provider "one1" .did you mean'),
                (dict(trunks=one_trunk), r'conf:\d+: trunk "a": provider is missing'),
                (dict(more=self.providers(("one", "two"), ("two",))), "several providers name"),
                (dict(more=self.providers(("one",), ("on",))), r'no certificate "on"'),
                (dict(more=self.providers(("two",), ("one",))),
                 r'is a certificate of 709J, which is none of the codes of provider "two"'),
                (dict(more=self.providers(two=())), "certificates is missing"),
                (dict(more=self.providers() + 'provider = { spc = [ "709J" ]; };'),
                 "provider.spc and providers: keep one"),
                (dict(more=self.providers() + 'rules = ( { name = "r"; then = "B"; '
                            'certificate = "two"; } );'),
                 r'rule "r": certificate: "two" is .* may hold for trunk "a"'),
                (dict(more=self.providers() + 'customers = ( { name = "acme"; '
                            'attributes = [ "cert = two" ]; } );'), r'"two" is a certificate of'),
                (dict(rows="+12155550100,acme,owned,\n+12155550102,acme,owned,two\n"),
                 r'numbers.csv:3: cert: "two" is a certificate of provider "two", and customer '
                 '"acme" calls through trunk "a" of provider "one"')):
            self.refused(self.write(**changes), words)
        self.taken(self.write(more=self.providers() + 'rules = ( { name = "r"; then = "B"; '
                              'trunks = [ "b" ]; certificate = "two"; } );'))

    def test_what_is_printed_reads_back(self):
        path = self.write()
        self.taken(path)
        printed = self.lab.path("printed.conf")
        os.system("'%s' -T -c '%s' > '%s'" % (stird.binary(), path, printed))
        self.taken(printed)
        with open(printed, encoding="utf-8") as text:
            self.assertIn('  user = "";\n', text.read(), "empty is something else than not said")

    # codes
    def test_a_missing_code_is_named(self):
        one_trunk = [self.trunk("a", 2)]
        self.units = {"one": self.one}
        self.refused(self.write(trunks=one_trunk, more="provider = { };"),
                     r'conf:\d+: certificate "one": .* provider.spc = \[ "709J" \]')
        self.refused(self.write(trunks=one_trunk, more='provider = { spc = [ ]; };'), "is empty")
        self.refused(self.write(trunks=one_trunk, more='provider = { spc = [ "709j" ]; };'),
                     "no service provider code")
        self.taken(self.write(trunks=one_trunk, more="provider = { };", foreign=("one",)))

    def test_a_certificate_without_code_passes_no_code(self):
        one_trunk = [self.trunk("a", 2)]
        self.units = {"tn": self.unit("tn", "--tn", "12155550100")}
        for more in ("provider = { };", 'provider = { spc = [ "709J" ]; };'):
            path = self.write(trunks=one_trunk, more=more)
            with open(path, encoding="utf-8") as text:
                path = self.lab.write("stird.conf", text.read().replace("foreign = true;", ""))
            self.refused(path, "without service provider code.*foreign = true")

    # rows
    def test_an_urgent_change_is_held_to_the_same(self):
        """Its certificate is of the trunk's provider; a list says so where a reload takes it away."""
        path = self.write()
        self.start_with(path)
        words = ("numbers", "set", "+12155550177", "acme", "owned", "--cert")
        status, out, err = stirctl.run(path, *words, "two")
        self.assertEqual((status, out), (1, ""))
        self.assertIn('cert: "two" is a certificate of provider "two", and customer "acme" calls '
                      'through trunk "a" of provider "one"', err)
        self.assertEqual(stirctl.ask(path, "numbers", "list")["entries"], [])
        stirctl.ask(path, *words, "one")
        self.assertEqual(self.call(2, "+12155550177")[0].attest, "A")
        self.assertNotIn("fault", stirctl.ask(path, "numbers", "list")["entries"][0])
        self.units = {"uno": self.one, "two": self.two}
        self.write(more=self.providers(one=("uno",)))
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.assertIn('there is no certificate "one"',
                      stirctl.ask(path, "numbers", "list")["entries"][0]["fault"])
        self.assertIn('cannot be signed: there is no certificate "one"',
                      stirctl.run(path, "numbers", "list")[1])

    def test_a_row_that_names_nothing(self):
        one_trunk = [self.trunk("a", 2)]
        self.units = {"one": self.one}
        more = 'provider = { spc = [ "709J" ]; };'
        path = self.write(trunks=one_trunk, more=more)
        self.start_with(path)
        self.write(trunks=one_trunk, more=more,
                   rows="+12155550100,acme,owned,\n+12155551000-+12155551999,acme,owned,onn\n")
        self.refused(path, r'numbers.csv:3: cert: there is no certificate "onn"')
        self.stird.reload()
        self.stird.wait_log(r'numbers.csv:3: cert: there is no certificate', 10.0)
        token, _ = self.call(2, "+12155550100")
        self.assertEqual(token.attest, "A")
        self.assertIsNone(self.stird.log_lines("reload done") or None)

    def test_a_customers_certificate_that_is_not_there(self):
        one_trunk = [self.trunk("a", 2)]
        self.units = {"one": self.one}
        more = 'provider = { spc = [ "709J" ]; };'
        table = self.lab.write("customers.csv", "customer,kyc,cert\nacme,verified,onn\n")
        path = self.write(trunks=one_trunk, more=more)
        with open(path, encoding="utf-8") as text:
            path = self.lab.write("stird.conf", text.read().replace(
                "numbers = {", 'numbers = { customers = [ "%s" ];' % table))
        self.refused(path, r'customers.csv:2: cert: there is no certificate "onn"')

    # numbers and claims
    def one_trunk(self, units, rows="+12155550100,acme,owned,\n+12155551000-+12155551099,acme,owned,"
                                    "\n+12155552000-+12155552099,acme,owned,\n", **trunk):
        self.units = units
        return self.write(trunks=[self.trunk("a", 2, **trunk)], rows=rows,
                          more='provider = { spc = [ "709J" ]; };')

    def test_numbers_outside_are_signed_by_another_or_not_at_all(self):
        """R-C-011."""
        first = self.unit("first", "--tn", "12155550100")
        second = self.unit("second", "--tn", "12155551000+50")
        self.start_with(self.one_trunk({"first": first, "second": second}, certificate="first"))
        for caller, unit in (("+12155550100", first), ("+12155551000", second),
                             ("+12155551049", second)):
            token, _ = self.call(2, caller)
            identity.check(token.value, unit, attest="A")
        for caller in ("+12155551050", "+12155550101", "+12155550999", "+12155552000"):
            token, record = self.call(2, caller)
            self.assertIsNone(token, caller)
            self.assertEqual(record["reason"], "certificate_not_for_number")
        said = self.stird.log()
        self.assertRegex(said, r"a row has numbers that its certificate is not for.*line=3")
        self.assertRegex(said, r"a row has numbers that its certificate is not for.*line=4")
        self.assertNotRegex(said, r"a row has numbers that its certificate is not for.*line=2")
        explained = stirctl.ask(self.lab.path("stird.conf"), "explain", "--trunk", "a", "--from",
                                "+12155552000", "--to", "+12155550199")
        self.assertEqual(explained["reason"], "certificate_not_for_number")

    def test_the_providers_own_signs_what_a_delegate_does_not(self):
        delegate = self.unit("delegate", "--tn", "12155550100")
        self.start_with(self.one_trunk({"delegate": delegate, "one": self.one},
                                       rows="+12155550100,acme,owned,delegate\n"
                                            "+12155551000,acme,owned,delegate\n"))
        self.assertEqual(self.call(2, "+12155550100")[0].info, delegate.x5u)
        self.assertEqual(self.call(2, "+12155551000")[0].info, self.one.x5u)
        self.assertRegex(self.stird.log(), "a row has numbers .*line=3")

    def test_claims_that_are_not_permitted(self):
        """R-X-008."""
        bound = self.unit("bound", "--permit", "attest=B,C")
        self.start_with(self.one_trunk({"bound": bound}))
        token, record = self.call(2, "+12155550100")
        self.assertIsNone(token)
        self.assertEqual(record["reason"], "certificate_not_for_claims")
        self.assertEqual(self.call(2, "+12155559999")[0].attest, "B")

    def test_a_level_may_have_a_certificate_of_its_own(self):
        bound = self.unit("bound", "--permit", "attest=B,C")
        self.start_with(self.one_trunk({"bound": bound, "one": self.one}))
        self.assertEqual(self.call(2, "+12155550100")[0].info, self.one.x5u)
        self.assertEqual(self.call(2, "+12155559999")[0].info, bound.x5u)

    def test_a_certificate_that_can_sign_nothing_is_warned_of(self):
        """It loads, for others may be there; -t says so, and the log of a start and a reload."""
        words = r"bound can sign no call: by its constraints .* the claim attest has a value"
        for permit in ("attest=D", "attest=D,E"):
            bound = self.unit("bound", "--permit", permit)
            self.assertRegex(self.taken(self.one_trunk({"bound": bound})), "warning: .*" + words)
        self.start_with(self.one_trunk({"bound": bound}))
        self.assertRegex(self.stird.log(), words)
        self.assertIsNone(self.call(2, "+12155550100")[0])
        self.stird.reload()
        self.stird.wait_notify("READY=1")
        wait_until(lambda: len(re.findall(words, self.stird.log())) == 2, HANG_S, "said again")
        for permit in ("attest=B", "orig=x", "origid=" + 36 * "0"):  # some call may fit
            self.assertNotIn("can sign no call", self.taken(self.one_trunk(
                {"other": self.unit("other", "--permit", permit)})))

    def test_explain_judges_the_claims_that_a_call_has(self):
        """Also an origid that no call has."""
        bound = self.unit("bound", "--permit", "origid=" + 36 * "0")
        path = self.one_trunk({"bound": bound})
        explained = json.loads(stirctl.run(path, "explain", "--trunk", "a", "--from",
                                           "+12155550100", "--to", "+12155550199", "--offline",
                                           "--json")[1])
        self.assertEqual(explained["reason"], "certificate_not_for_claims")
        self.start_with(path)
        self.assertEqual(self.call(2, "+12155550100")[1]["reason"], "certificate_not_for_claims")

    def test_each_code_of_a_certificate_must_be_ours(self):
        """R-F-001 R-C-002."""
        both = self.unit("both", "--spc", "709J,818H")
        self.refused(self.one_trunk({"both": both}),
                     r"is a certificate of 709J,818H, and each of its codes must be one of "
                     r"provider\.spc: 818H is not: get")
        self.units = {"both": both}
        more = 'provider = { spc = [ "818H", "709J" ]; };'
        self.taken(self.write(trunks=[self.trunk("a", 2)], more=more))

    # what is refused at load
    def test_certificates_that_verifiers_refuse(self):
        for kind, words in (("usage", "key usage is not digitalSignature"),
                            ("explicit", "spells the parameters of its curve out"),
                            ("critical", "critical extension"),
                            ("constraints", "claim constraints are malformed")):
            self.refused(self.one_trunk({kind: self.unit(kind, "--bad", kind)}),
                         "chain.pem: the certificate.*" + words)

    def test_too_many_units(self):
        """Each has its state in one message to the workers: no unit is without."""
        many = self.lab.path("many")
        for i in range(257):
            shutil.copytree(self.one.directory, os.path.join(many, "u%d.unit" % i))
        path = self.one_trunk({"one": self.one})
        with open(path, encoding="utf-8") as text:
            path = self.lab.write("stird.conf", text.read().replace(self.one.directory, many))
        self.refused(path, r"257 units are in force.*255 at most")
        for i in (0, 1):
            shutil.rmtree(os.path.join(many, "u%d.unit" % i))
        self.taken(path)

    def test_files_that_are_something_else(self):
        unit, convert = self.one.directory, self.lab.path("converted")
        chain, key = unit + "/chain.pem", unit + "/key.pem"
        leaf = self.lab.path("leaf.pem")
        os.system("openssl x509 -in %s -out %s" % (chain, leaf))
        path = self.one_trunk({"one": self.one})
        with open(chain, encoding="ascii") as text:
            pem = text.read()
        bundle = self.lab.path("bundle.p12")
        os.system("openssl pkcs12 -export -in %s -inkey %s -passout pass:x -out %s" % (
            chain, key, bundle))
        shutil.copyfile(chain, convert)
        for name, source, words in (
                ("chain.pem", "openssl crl2pkcs7 -nocrl -certfile %s" % convert,
                 r"openssl pkcs7 -print_certs -in"),
                ("chain.pem", "openssl crl2pkcs7 -nocrl -certfile %s -outform DER" % convert,
                 r"openssl pkcs7 -inform DER -print_certs"),
                ("chain.pem", "cat %s" % bundle, r"openssl pkcs12 -in OLD -nokeys"),
                ("key.pem", "cat %s" % bundle, r"openssl pkcs12 -in OLD -nocerts -noenc"),
                ("chain.pem", "openssl x509 -trustout -in %s" % leaf, r"openssl x509 -in OLD"),
                ("chain.pem", "cat %s" % key, "holds a private key"),
                ("chain.pem", "openssl pkey -in %s -outform DER" % key, "holds a private key"),
                ("key.pem", "cat %s" % convert, "holds a certificate where the private key"),
                ("key.pem", "openssl pkey -in %s -outform DER" % key, "openssl pkey -inform DER"),
                ("key.pem", "openssl pkey -in %s -pubout" % key, "the public half of a key"),
                ("chain.pem", "openssl req -new -subj /CN=x -key %s" % key, "is a request"),
                ("chain.pem", "tr -d '\\n' < %s" % convert, "put a line end behind each"),
                ("chain.pem", "iconv -t UTF-16 %s" % convert, "is UTF-16")):
            with self.subTest(source=source):
                shutil.copyfile(unit + "/" + name, self.lab.path("kept"))
                made = self.lab.path("made")
                self.assertEqual(os.system(source + " > " + made), 0)
                shutil.copyfile(made, unit + "/" + name)
                self.refused(path, name + ": .*" + re.sub(r"\n", "", words))
                shutil.copyfile(self.lab.path("kept"), unit + "/" + name)
        glued = pem.replace("-----END CERTIFICATE-----\n-----BEGIN", "-----END CERTIFICATE----------BEGIN")
        self.assertNotEqual(glued, pem)
        self.lab.write(os.path.relpath(chain, self.lab.directory), glued)
        self.refused(path, "shares the line of its BEGIN or END")
        for good in ("\ufeff" + pem, pem.replace("\n", "\r\n"), "Bag Attributes\n  x: y\n" + pem,
                     pem.replace("-----BEGIN", "subject=CN = x\n-----BEGIN"), pem + "\n\n# end"):
            self.lab.write(os.path.relpath(chain, self.lab.directory), good)
            self.taken(path)

    def test_urls(self):
        path = self.one_trunk({"one": self.one})
        for url in ("https://cert.example.org:8080/a.pem", "https://cert.example.org:443abc/a.pem",
                    "https://cert.example.org:4430/a.pem", "https://cert.example.org:/a.pem",
                    "https://[2001:db8::1/a.pem", "HTTPS://cert.example.org:444/a.pem",
                    "https://me@cert.example.org/a.pem", "https://cert.example.org/a.pem?x=1",
                    "https://cert.example.org/a.pem#x", "https://[cert.example.org]/a.pem"):
            self.lab.write("certs/one/x5u", url + "\n")
            self.refused(path, "certs/one/x5u: ")
        for url in ("HTTPS://cert.example.org/a.pem", "https://cert.example.org:8443/a.pem",
                    "https://[2001:db8::1]:443/a.pem"):
            self.lab.write("certs/one/x5u", url + "\n")
            self.taken(path)
