"""SIP over TLS: who must prove what, what a reload changes, and mistakes in words."""

import os
import shutil
import subprocess

from lib.patience import HANG_S
from lib.lab import binary
from lib.stird import check_configuration, descriptors, name_of, wait_until
from lib.tls import TLS_PORT, Authority, TlsPeer
from sip import tls_test


class Proof(tls_test.TlsStory):
    def test_clients_must_show_a_certificate(self):
        """verify_client: one of ours is served; none, or one of somebody else's, is not."""
        good = self.tls_peer("sbc", 2)
        stranger = TlsPeer("stranger", self.net(2), self.transcript, self.authority, None,
                           port=5070)
        self.peers["stranger"] = stranger
        self.start("require")
        self.signed_call(peer=good, transport="tls")
        self.assert_no_call(stranger)
        stranger.client.load_cert_chain(*Authority(self.lab, "other").issue("sbc"))
        self.assert_no_call(stranger)
        self.stird.wait_log("TLS handshake failed.*direction=in")
        self.signed_call(peer=good, transport="tls")

    def start(self, verify="none", **changes):  # pylint: disable=arguments-differ
        return super().start(verify=verify, **changes)

    def test_a_trunk_is_known_by_its_name(self):
        """Decided 11: two trunks of one address, told apart by what their peers have proved."""
        self.tls_peer("sbc", 2, "URI:sip:acme.example", "DNS:sbc.example")
        self.tls_peer("guest", 2, "DNS:globex.example", listens=False, port=5070)
        self.start("require", trunks=[
            self.trunk("rest", customer="foreign", identity="gateway"),
            self.trunk("acme", tls_name="ACME.example"),
            self.trunk("globex", customer="globex", tls_name="globex.example")])
        invite, _ = self.short_call(transport="tls")
        self.record(invite, trunk="acme", attest="A")
        invite, _ = self.short_call(self.peers["guest"], transport="tls")
        self.record(invite, trunk="globex")
        invite, _ = self.short_call(transport="udp")
        self.record(invite, trunk="rest", attest="C")

    def test_wrong_name_of_an_upstream(self):
        """The next upstream gets the call, and nothing of it is told to the impostor."""
        impostor = self.tls_peer("first", 8, "DNS:other.example")
        self.tls_peer("carrier", 9, "DNS:carrier.example")
        self.start(pbx={"upstreams": ["first", "carrier"]}, upstreams=[
            self.tls_upstream("first", 8, tls_name="first.example"),
            self.tls_upstream(tls_name="carrier.example")])
        invite = self.place()
        while not impostor.refused:
            impostor.poll(1)
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite)
        self.assertEqual(impostor.inbox, [])
        self.stird.wait_log("TLS handshake failed.*expected=first.example.*mismatch")

    def test_nobody_listens(self):
        """A refusal that the kernel knows at once (192.0.2.1) counts like one from afar."""
        self.start(pbx={"upstreams": ["first", "second", "third", "carrier"]}, upstreams=[
            self.tls_upstream("first", 8), self.upstream("second", uri="sip:192.0.2.1;"
                                                         "transport=tcp"),
            self.upstream("third", uri="sips:192.0.2.1"), self.upstream()])
        self.signed_call()
        for name in ("first", "second", "third"):
            self.stird.wait_log("next hop failed.*upstream=%s.*not reachable" % name)

    def refused(self, carrier):
        invite = self.place()
        while not carrier.refused:
            carrier.poll(1)
        final = self.sbc.expect(503)
        self.sbc.acknowledge(invite, final, self.at())
        self.assertEqual(carrier.inbox, [])

    def test_upstream_for_another_address(self):
        """Without a name the address of the uri must be in the certificate."""
        carrier = self.tls_peer("carrier", 9, "IP:" + self.net(10))
        self.start(upstreams=[self.tls_upstream()])
        self.refused(carrier)

    def test_upstream_of_another_authority(self):
        carrier = self.tls_peer("carrier", 9, authority=Authority(self.lab, "other"))
        self.start(upstreams=[self.tls_upstream()])
        self.refused(carrier)

    def test_plain_bytes(self):
        """Neither a SIP message without TLS nor noise harms the listener."""
        sbc = self.tls_peer("sbc", 2)
        self.start()
        for octets in (self.invite().octets(), os.urandom(2000), b"\x16\x03\x01\x40\x00" * 4000):
            stream = sbc.dial(self.net(1), TLS_PORT)
            stream.socket.sendall(octets)
            sbc.streams.append(stream)
            sbc.expect_closed(stream)
        self.signed_call(transport="tls")


class Reload(tls_test.TlsStory):
    def served(self, stream):
        der = stream.socket.getpeercert(binary_form=True)
        with open(self.lab.path("der"), "wb") as out:
            out.write(der)
        run = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", self.lab.path("der"),
                              "-noout", "-subject"], capture_output=True, text=True, timeout=20,
                             check=True)
        return run.stdout.split("CN = ")[1].strip()

    def call_on(self, stream):
        self.carrier  # pylint: disable=pointless-statement
        invite = self.invite(transport="tls")
        self.sbc.send(invite, stream)
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 486)
        final = self.sbc.expect(486)
        self.assertIs(final.connection, stream)
        self.sbc.acknowledge(invite, final)
        self.carrier.expect("ACK")

    def test_new_certificate(self):
        """The open connection goes on; the next one sees the new certificate."""
        sbc = self.tls_peer("sbc", 2)
        self.carrier  # pylint: disable=pointless-statement
        self.start()
        old = sbc.connect(self.net(1), TLS_PORT, transport="tls")
        self.assertEqual(self.served(old), "stird")
        self.call_on(old)
        for new, present in zip(self.authority.issue("renewed"), self.own):
            shutil.copyfile(new, present)
        self.stird.reload()
        self.stird.wait_log("reload done")
        self.call_on(old)
        new = sbc.connect(self.net(1), TLS_PORT, fresh=True, transport="tls")
        self.assertEqual(self.served(new), "renewed")
        self.call_on(new)
        self.call_on(old)

    def test_new_certificate_that_does_not_fit(self):
        """Said in words; the old one is served on."""
        sbc = self.tls_peer("sbc", 2)
        self.start()
        shutil.copyfile(self.authority.issue("renewed")[0], self.own[0])
        self.stird.reload()
        self.stird.wait_log("is not the key of the certificate")
        self.stird.wait_log("reload failed")
        stream = sbc.connect(self.net(1), TLS_PORT, transport="tls")
        self.assertEqual(self.served(stream), "stird")
        self.call_on(stream)

    def test_worker_that_dies(self):
        """The next one has the certificate, though it opens no file and these are gone."""
        self.tls_peer("sbc", 2)
        self.carrier  # pylint: disable=pointless-statement
        self.start()
        for path in self.own:
            os.unlink(path)
        worker = self.stird.child("worker")
        os.kill(worker, 9)
        self.stird.wait_child("worker", other_than=worker)
        self.signed_call(transport="tls")


    def test_clients_are_asked_from_now_on(self):
        """verify_client changes with a reload, for new connections."""
        self.peers["sbc"] = TlsPeer("sbc", self.net(2), self.transcript, self.authority, None)
        self.carrier  # pylint: disable=pointless-statement
        self.start()
        stream = self.sbc.connect(self.net(1), TLS_PORT, transport="tls")
        self.call_on(stream)
        self.configure("require")
        self.stird.reload()
        self.stird.wait_log("reload done")
        self.assert_no_call(self.sbc)
        self.call_on(stream)


class Mistakes(tls_test.TlsStory):
    def assert_said(self, words, **parts):
        path = self.configure()
        with open(path, encoding="utf-8") as source:
            text = source.read()
        with open(path, "w", encoding="utf-8") as out:
            out.write(text.replace(self.tls_group(), self.tls_group(**parts)))
        status, said = check_configuration(path)
        self.assertEqual(status, 1, said)
        self.assertRegex(said, words)
        self.assertNotIn("PRIVATE", said)

    def test_all(self):
        other = self.authority.issue("other")
        open_key = self.lab.path("open.key")
        shutil.copyfile(other[1], open_key)
        os.chmod(open_key, 0o640 | 0o004)
        link = self.lab.path("link.key")
        os.symlink(self.own[1], link)
        encrypted = self.lab.path("encrypted.key")
        subprocess.run(["openssl", "pkey", "-in", self.own[1], "-aes128", "-passout", "pass:x",
                        "-out", encrypted], check=True, timeout=20)
        cases = [
            ({"key": other[1]}, r"other.key: is not the key of the certificate in .*stird.pem"),
            ({"key": open_key}, r"stird.conf:\d+: tls.key: .*open.key: others can read .*chmod"),
            ({"key": link}, r"stird.conf:\d+: tls.key: .*link.key: is a symbolic link"),
            ({"key": "none"}, r"stird.conf:\d+: tls.key: .*none: No such file"),
            ({"key": encrypted}, r"encrypted.key: holds no private key .* without a password"),
            ({"key": self.own[0]}, r"tls.key: .*stird.pem: others can read"),
            ({"certificate": self.own[1]}, r"stird.key: holds no certificate"),
            ({"ca": self.own[1]}, r"stird.key: holds no certificate"),
        ]
        for parts, words in cases:
            with self.subTest(words=words):
                self.assert_said(words, **parts)

    def test_good(self):
        """And what -T prints of it reads back as the same."""
        path = self.configure("require", upstreams=[self.upstream(uri="sips:" + self.net(9))])
        status, said = check_configuration(path)
        self.assertEqual(status, 0, said)
        printed = self.print_configuration(path)
        self.assertIn('verify_client = "require"', printed)
        self.assertEqual(self.print_configuration(self.lab.write("again.conf", printed)), printed)

    @staticmethod
    def print_configuration(path):
        return subprocess.run([binary(), "-T", "-c", path], capture_output=True, text=True,
                              timeout=30, check=True).stdout

    def test_key_stays_where_it_belongs(self):
        """No process but supervisor and worker has a memfd with it, and none can be read."""
        self.start()
        holders = set()
        for pid in [self.stird.process.pid] + self.stird.family():
            if any("stird-settings" in what for what in descriptors(pid).values()):
                holders.add(name_of(pid))
        self.assertEqual(holders - {""}, {"stird"})  # who has ended meanwhile has no name
        self.assertEqual(wait_until(lambda: self.stird.child("signer"), HANG_S, "a signer") > 0, True)
