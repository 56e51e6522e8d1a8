"""stirctl decode, verify and lab-ca: values, messages, traces and captures, without a daemon."""

import http.server
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from lib import pcap, stirctl
from lib import token as tokens
from lib.lab import binary, end_with_parent

A, B, C, D = "192.0.2.40", "192.0.2.10", "198.51.100.7", "198.51.100.9"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Lab(unittest.TestCase):
    """A directory with the units of stirctl lab-ca."""

    port = 8443

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="stird-cli-")
        cls.lab = os.path.join(cls.directory, "lab")
        status, out, err = stirctl.run("/none", "lab-ca", "--port", str(cls.port), cls.lab)
        assert status == 0, out + err
        cls.unit = cls.lab + "/709J"
        cls.trust = ["--ca", cls.lab + "/root.pem"]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def write(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as out:
            out.write(data if isinstance(data, bytes) else data.encode())
        return path

    def run_verify(self, file, *words, cert="709J"):
        words = list(words)
        if cert:
            words += ["--cert", "%s/%s/chain.pem" % (self.lab, cert)] + self.trust
        return stirctl.run("/none", "verify", *words, file)

    def verify(self, file, *words, **more):
        status, out, err = self.run_verify(file, "--json", *words, **more)
        self.assertIn(status, (0, 1, 3), err)
        return status, json.loads(out)

    def token(self, text, *words, **more):
        """Exit status, verdict, SIP status, and the checks that did not pass."""
        status, calls = self.verify(self.write("input", text), *words, **more)
        told = calls[-1]["hops"][-1]["tokens"][-1]
        failed = {c["check"]: c.get("found", "") for c in told["checks"]
                  if c["result"] in ("FAILED", "warning")}
        return status, told["verdict"], told["sip_status"], failed


class Values(Lab):
    def test_a_good_one(self):
        value = tokens.identity(self.unit)
        self.assertEqual(self.token(value), (0, "valid", 0, {}))
        self.assertEqual(self.token("Identity: %s\n" % value.replace(";", ";\r\n ")),
                         (0, "valid", 0, {}))

    def test_one_of_secsipidx(self):
        """Made by the field's own tool."""
        done = subprocess.run(
            ["secsipidx", "-sign-full", "-orig-tn", "12155550100", "-dest-tn", "13125550123",
             "-attest", "A", "-x5u", "https://localhost:8443/709J.pem", "-k",
             self.unit + "/key.pem"], capture_output=True, text=True, check=True, timeout=20)
        self.assertEqual(self.token(done.stdout)[:3], (0, "valid", 0))

    def test_what_is_wrong_gets_its_status(self):
        now = int(time.time())
        for change, status, check, found in (
                ({"iat": now - 100}, 403, "fresh", "s old, more than 60"),
                ({"iat": now + 100}, 403, "fresh", "s ahead, more than 60"),
                ({"attest": "D"}, 438, "claims", "attest is none of A, B, C"),
                ({"dest": {"tn": "13125550123"}}, 438, "claims", "dest has no list of tn"),
                ({"header": {"alg": "none"}}, 437, "alg", "the token says none"),
                ({"header": {"crit": ["x"]}}, 438, "crit", "crit"),
                ({"header": {"x5u": "http://localhost/709J.pem"}}, 436, "url", "https"),
                ({"parameters": ";info=<https://localhost:8443/x.pem>;ppt=shaken"}, 438, "x5u",
                 "info https://localhost:8443/x.pem"),
                ({"parameters": ";ppt=shaken"}, 438, "syntax", "")):
            with self.subTest(change=change):
                if "dest" in change:
                    change = {**change}
                    body = change.pop("dest")
                    value = tokens.identity(self.unit)
                    head, _, _ = value.split(".", 2)
                    payload = {"attest": "A", "dest": body, "iat": now,
                               "orig": {"tn": "12155550100"}, "origid": tokens.ORIGID}
                    octets = head + "." + tokens.base64url(json.dumps(payload).encode())
                    value = octets + "." + tokens.base64url(
                        tokens.sign(self.unit + "/key.pem", octets.encode())) \
                        + ";info=<https://localhost:8443/709J.pem>;alg=ES256;ppt=shaken"
                else:
                    value = tokens.identity(self.unit, **change)
                got = self.token(value)
                self.assertEqual(got[:3], (1, "invalid", status), got)
                self.assertIn(found, got[3][check])

    def test_at_a_time(self):
        old = tokens.identity(self.unit, iat=int(time.time()) - 400)
        self.assertEqual(self.token(old)[2], 403)
        self.assertEqual(self.token(old, "--at", "iat"), (0, "valid", 0, {}))
        then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 380))
        self.assertEqual(self.token(old, "--at", then)[1], "valid")
        self.assertEqual(self.token(old, "--max-age", "1000")[1], "valid")

    def test_certificates(self):
        value = tokens.identity(self.unit)
        self.assertEqual(self.token(value, cert="numbers")[3]["signature"], "it does not verify")
        self.assertEqual(self.token(value, "--offline", cert=None)[:2], (3, "open"))
        mine = tokens.identity(self.lab + "/numbers")
        self.assertEqual(self.token(mine, cert="numbers")[:2], (0, "valid"))
        other = tokens.identity(self.lab + "/numbers", orig="12155550101")
        self.assertEqual(self.token(other, cert="numbers")[2:],
                         (437, {"scope": "its numbers do not hold 12155550101"}))
        revoked = tokens.identity(self.lab + "/revoked")
        self.assertEqual(self.token(revoked, cert="revoked")[1], "valid")
        self.assertEqual(self.token(revoked, "--crl", self.lab + "/crl.pem", cert="revoked")[2:],
                         (437, {"revoked": "it is revoked"}))
        self.assertEqual(self.token(value, "--crl", self.lab + "/crl.pem")[1], "valid")

    def test_people_are_told_what_to_do(self):
        file = self.write("input", tokens.identity(self.unit, iat=1700000000))
        status, out, _ = self.run_verify(file)
        self.assertEqual(status, 1)
        self.assertIn("FAILED    fresh        iat is of now", out)
        self.assertIn("-> set the clocks of signer and verifier by NTP", out)
        self.assertIn("verdict   invalid, 403 Stale Date", out)

    def test_decode(self):
        file = self.write("input", tokens.identity(self.unit, iat=1700000000))
        status, out, _ = stirctl.run("/none", "decode", file)
        self.assertEqual(status, 0)
        self.assertIn('payload    {"attest":"A","dest":{"tn":["13125550123"]},"iat":1700000000', out)
        self.assertIn("iat        2023-11-14T22:13:20Z", out)
        told = json.loads(stirctl.run("/none", "decode", "--json", file)[1])
        self.assertEqual(told[0]["payload"]["orig"]["tn"], "12155550100")
        for text in ("", "no token", "a.b.c;info=<https://x/y>;ppt=shaken"):
            status, _, err = stirctl.run("/none", "decode", self.write("input", text))
            self.assertEqual(status, 1, text)
            self.assertTrue(err)

    def test_usage_and_files(self):
        self.assertEqual(stirctl.run("/none", "verify", "/none/x")[0], 2)
        self.assertEqual(stirctl.run("/none", "verify", "--ca", "/dev/null", "/dev/null")[0], 2)
        self.assertEqual(stirctl.run("/none", "verify", "--at", "soon", "/dev/null")[0], 2)
        self.assertEqual(stirctl.run("/none", "verify", "a", "b")[0], 2)


class Messages(Lab):
    def test_a_message(self):
        value = tokens.identity(self.unit)
        self.assertEqual(self.token(tokens.invite(value)), (0, "valid", 0, {}))
        self.assertEqual(self.token(tokens.invite(value).replace("Identity:", "y:"))[1], "valid")
        for text, check, found in (
                (tokens.invite(value, orig="+12155550101"), "orig",
                 "the token says 12155550100, the message 12155550101"),
                (tokens.invite(value, orig="anonymous"), "orig",
                 "the message shows no telephone number"),
                (tokens.invite(value, dest="+13125550124"), "dest", "the message 13125550124")):
            with self.subTest(check=check, found=found):
                got = self.token(text)
                self.assertEqual(got[:3], (1, "invalid", 438))
                self.assertIn(found, got[3][check])
        self.assertEqual(self.token(tokens.invite(value, orig="12155550101", more=[
            "P-Asserted-Identity: <sip:+12155550100@pbx>"]))[1], "valid")
        self.assertEqual(self.token(tokens.invite(value, orig="2155550100"))[1], "valid")

    def test_a_message_without_identity(self):
        status, calls = self.verify(self.write("input", tokens.invite()))
        self.assertEqual((status, calls[0]["hops"][0]["changes"]),
                         (1, ["no Identity: it is not signed here"]))

    def test_text_with_messages(self):
        """As logs and mails have them: marks before each line, other text between."""
        value = tokens.identity(self.unit)
        for mark in ("", "> ", "    ", "12:00:00.1 sbc | "):
            with self.subTest(mark=mark):
                text = "a log of today\n\n"
                for branch, message in (("z9hG4bK1", None), ("z9hG4bK2", value)):
                    lines = tokens.invite(message, branch=branch).split("\r\n")
                    text += "sent\n" + "".join(mark + line + "\n" for line in lines) + "\n"
                text += "SIP/2.0 100 Trying\nVia: SIP/2.0/UDP x\n\n"
                status, calls = self.verify(self.write("input", text))
                self.assertEqual(status, 0)
                hops = calls[0]["hops"]
                self.assertEqual([h["changes"] for h in hops],
                                 [[], ["signed: an Identity header was added"]])
                self.assertEqual(hops[1]["tokens"][0]["verdict"], "valid")


class Captures(Lab):
    def capture(self, packets, link=101, **more):
        return self.verify(pcap.write(self.directory + "/c.pcap", packets, link, time.time()),
                           **more)

    def hop(self, source, to, number, value, **more):
        text = tokens.invite(value, branch="z9hG4bK%d" % number, **more).encode()
        return pcap.udp_packets(source, to, text)[0]

    def test_which_hop_changed_what(self):
        value = tokens.identity(self.unit)
        token, _, parameters = value.partition(";")
        quoted = token + ";" + parameters.replace("ppt=shaken", 'ppt="shaken"')
        status, calls = self.capture([
            self.hop(A, B, 1, None), self.hop(A, B, 1, None), self.hop(B, C, 2, value),
            self.hop(C, D, 3, quoted), self.hop(D, A, 4, quoted, orig="+12155550199"),
            self.hop(A, C, 5, None, orig="+12155550199")])
        hops = calls[0]["hops"]
        self.assertEqual(status, 1)
        self.assertEqual([h["packet"] for h in hops], [1, 3, 4, 5, 6], "a copy is no hop")
        self.assertEqual((hops[1]["from"], hops[1]["to"]), (B + ":5060", C + ":5060"))
        self.assertEqual([h["changes"] for h in hops], [
            [], ["signed: an Identity header was added"],
            ["parameters of the Identity header were quoted"],
            ["the calling number (P-Asserted-Identity, From) changed: 12155550199 instead of "
             "12155550100"],
            ["the Identity header was taken off", "no Identity: it is not signed here"]])
        self.assertEqual([[t["verdict"] for t in h["tokens"]] for h in hops],
                         [[], ["valid"], ["valid"], ["invalid"], []])
        _, out, _ = self.run_verify(self.directory + "/c.pcap")
        self.assertIn("  2. packet 3, 192.0.2.10:5060 -> 198.51.100.7:5060\n"
                      "     * signed: an Identity header was added", out)

    def test_time_is_that_of_the_capture(self):
        value = tokens.identity(self.unit, iat=int(time.time()) - 300)
        text = tokens.invite(value).encode()
        packet = pcap.udp_packets(A, B, text)[0]
        now = time.time()
        file = pcap.write(self.directory + "/c.pcap", [(now - 299, packet)], 101)
        self.assertEqual(self.verify(file)[0], 0)
        file = pcap.write(self.directory + "/c.pcap", [(now - 200, packet)], 101)
        self.assertEqual(self.verify(file)[1][0]["hops"][0]["tokens"][0]["sip_status"], 403)

    def test_link_types_tags_fragments_and_ipv6(self):
        text = tokens.invite(tokens.identity(self.unit)).encode()
        whole = pcap.udp_packets(A, B, text)[0]
        pieces = pcap.udp_packets(A, B, text, mtu=160)
        self.assertGreater(len(pieces), 4)
        six = pcap.ip6("2001:db8::1", "2001:db8::2", 17, pcap.udp(text))
        padded = whole + bytes(6)
        sll = bytes(14) + b"\x08\x00"
        for name, packets, link in (
                ("ethernet", [pcap.ethernet(padded)], 1),
                ("vlan", [pcap.ethernet(whole, vlan=True)], 1),
                ("sll", [sll + whole], 113), ("raw", [whole], 101),
                ("null", [b"\x02\0\0\0" + whole], 0),
                ("fragments", pieces, 101), ("backwards", pieces[::-1], 101),
                ("ipv6", [pcap.ethernet(six)], 1)):
            with self.subTest(name=name):
                status, calls = self.capture(packets, link)
                self.assertEqual((status, len(calls[0]["hops"])), (0, 1))
        status, _, err = self.run_verify(pcap.write(self.directory + "/c.pcap", pieces[1:], 101))
        self.assertEqual(status, 2)
        self.assertIn("holds neither an INVITE nor an Identity", err)

    def test_tcp(self):
        """Two messages over segments that break anywhere, out of order and sent again."""
        text = b"".join(tokens.invite(tokens.identity(self.unit), call_id=c).encode()
                        for c in ("one", "two"))
        def packet(begin, end, base=4294967000):
            return pcap.checksum_free_ip4(A, B, 6, pcap.tcp(text[begin:end], base + 1 + begin))
        syn = pcap.checksum_free_ip4(A, B, 6, pcap.tcp(b"", 4294967000, syn=True))
        cuts = list(range(0, len(text), 97)) + [len(text)]
        pieces = [packet(a, b) for a, b in zip(cuts, cuts[1:])]
        shuffled = pieces[:]
        random.Random(7).shuffle(shuffled)
        for name, packets in (("in order", [syn] + pieces), ("no syn", pieces),
                              ("shuffled", [syn] + shuffled), ("twice", [syn] + pieces * 2),
                              ("overlapping", [syn, packet(0, 300), packet(100, 500),
                                               packet(0, len(text))])):
            with self.subTest(name=name):
                status, calls = self.capture(packets)
                self.assertEqual(status, 0)
                self.assertEqual(sorted(c["call_id"] for c in calls), ["one", "two"])
        # What began before the capture is skipped.
        status, calls = self.capture(pieces[2:])
        self.assertEqual([c["call_id"] for c in calls], ["two"])

    def test_broken_captures(self):
        """No crash, and an end, whatever is in the file."""
        text = tokens.invite(tokens.identity(self.unit)).encode()
        frames = [pcap.ethernet(p) for p in pcap.udp_packets(A, B, text, mtu=200)]
        frames.append(pcap.ethernet(pcap.checksum_free_ip4(A, B, 6, pcap.tcp(text, 1))))
        file = pcap.write(self.directory + "/c.pcap", frames)
        with open(file, "rb") as source:
            good = source.read()
        dice = random.Random(11)
        for _ in range(60):
            bad = bytearray(good[:dice.randrange(4, len(good))])
            for _ in range(dice.randrange(8)):
                bad[dice.randrange(len(bad))] = dice.randrange(256)
            status, _, err = self.run_verify(self.write("bad.pcap", bytes(bad)))
            self.assertIn(status, (0, 1, 2, 3))
            self.assertNotIn("Sanitizer", err)
            self.assertNotIn("runtime error", err)


class Bad(http.server.BaseHTTPRequestHandler):
    """A web server as it should not be."""

    def log_message(self, *_):
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        if self.path == "/redirect.pem":
            self.send_response(302)
            self.send_header("Location", "/709J.pem")
            self.end_headers()
        elif self.path == "/large.pem":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(100):
                    self.wfile.write(bytes(10000))
            except OSError:
                pass
        elif self.path == "/slow.pem":
            time.sleep(4)
        elif self.path == "/empty.pem":
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_error(404)


class Fetching(Lab):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        super().setUpClass()
        program = os.path.join(os.path.dirname(binary()), "stirctl")
        cls.server = subprocess.Popen(
            [program, "lab-ca", "--port", str(cls.port), "--serve", cls.lab],
            stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent)
        assert "serving" in cls.server.stdout.readline()

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        assert cls.server.wait(10) == 0
        cls.server.stdout.close()
        super().tearDownClass()

    def fetched(self, value, *words):
        # The lab's port is not one of the two that verifiers take: the URL is what is looked at.
        return self.token(value, "--tls-ca", self.lab + "/root.pem", *self.trust, *words, cert=None)

    def test_other_ports_are_refused(self):
        got = self.fetched(tokens.identity(self.unit), "--allow-private")
        self.assertEqual(got[2], 436)
        self.assertIn("has another port than 443 or 8443", got[3]["url"])


def can_unshare():
    return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_unshare(), "SKIPPED: no network namespace can be made here (root)")
class FetchingInANamespace(Lab):
    """Port 8443 in a network namespace of its own, so that stories run side by side."""

    def in_namespace(self, script):
        done = subprocess.run(["unshare", "-n", "bash", "-c", "ip link set lo up; " + script],
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def with_server(self, command, server=None):
        program = os.path.join(os.path.dirname(binary()), "stirctl")
        server = server or "%s lab-ca --serve %s" % (program, self.lab)
        return self.in_namespace(
            "exec 3< <(exec %s); read -u 3 line; %s; s=$?; kill %%1 2>/dev/null; kill $! ; exit $s"
            % (server, command.replace("stirctl", program)))

    def test_a_certificate_is_fetched(self):
        file = self.write("input", tokens.identity(self.unit))
        words = "stirctl verify --ca %s/root.pem --tls-ca %s/root.pem " % (self.lab, self.lab)
        status, out, err = self.with_server(words + "--allow-private " + file)
        self.assertEqual(status, 0, out + err)
        self.assertIn("ok        fetch", out)
        status, out, _ = self.with_server(words + file)
        self.assertEqual(status, 1)
        self.assertIn("its name leads to an address that is not of the open Internet", out)
        self.assertIn("436 Bad Identity Info", out)
        status, out, _ = self.with_server(
            "stirctl verify --ca %s/root.pem --allow-private %s" % (self.lab, file))
        self.assertEqual(status, 1, "the server's certificate is of no known authority")
        self.assertRegex(out, "436 Bad Identity Info")

    def test_bad_servers(self):
        script = self.write("server.py", (
            "import sys; sys.path.insert(0, %r)\n"
            "from cli.verify_test import serve_badly\nserve_badly(%r)\n")
            % (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), self.lab))
        for name, why in (("redirect", "it redirects (302), which nobody follows"),
                          ("large", "it serves more than 64 KB"),
                          ("empty", "it serves nothing"), ("none", "it answers 404"),
                          ("slow", "imed out")):
            with self.subTest(name=name):
                url = "https://localhost:8443/%s.pem" % name
                file = self.write("input", tokens.identity(
                    self.unit, header={"x5u": url}, parameters=";info=<%s>;ppt=shaken" % url))
                began = time.monotonic()
                status, out, err = self.with_server(
                    "stirctl verify --allow-private --ca %s/root.pem --tls-ca %s/root.pem %s"
                    % (self.lab, self.lab, file), "python3 -B %s" % script)
                self.assertEqual(status, 1, out + err)
                self.assertIn(why, out)
                self.assertLess(time.monotonic() - began, 8.0)


def serve_badly(lab):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab + "/tls.pem", lab + "/tls.key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Bad)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("serving", flush=True)
    threading.Timer(20, server.shutdown).start()
    server.serve_forever()


if __name__ == "__main__":
    unittest.main()
