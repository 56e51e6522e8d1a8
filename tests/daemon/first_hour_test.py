"""README's own commands, in their order, on a machine that has never seen stird."""

import os
import re
import tempfile
import unittest

from lib import bare_machine, stirctl, stird
from lib.lab import PROJECT

# One call from the SBC's address: what the carrier gets.
CALL = r'''
"$PYTHON" -B - <<'END'
import socket
def at(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 5060))
    s.settimeout(60)
    return s
carrier, sbc = at("198.51.100.7"), at("192.0.2.40")
sbc.sendto(b"""INVITE sip:+13125550123@192.0.2.10 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.40:5060;branch=z9hG4bKfirst
Max-Forwards: 70
From: <sip:+12155550100@192.0.2.40>;tag=1
To: <sip:+13125550123@192.0.2.10>
Call-ID: first@192.0.2.40
CSeq: 1 INVITE
Contact: <sip:192.0.2.40>
Content-Length: 0

""".replace(b"\n", b"\r\n"), ("192.0.2.10", 5060))
got = carrier.recv(65536).decode()
print("\n".join(line for line in got.split("\r\n") if line.startswith("Identity:")))
END
'''


def blocks():
    """The ```sh blocks of the README, from the bare machine on."""
    with open(os.path.join(PROJECT, "README.md"), encoding="utf-8") as source:
        text = source.read()
    return re.findall(r"^```sh\n(.*?)^```$", text[text.index("## On a machine of its own"):], re.S | re.M)


# An authority that makes a certificate of what a request asks for.
AUTHORITY = """
authority=$(mktemp -d -p /run)
openssl ecparam -name prime256v1 -genkey -noout -out "$authority/key"
openssl req -x509 -new -key "$authority/key" -days 30 -subj "/C=US/O=Authority/CN=Root" -out "$authority/root"
sign() {
    printf 'basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >"$authority/more"
    openssl x509 -req -in "$1" -CA "$authority/root" -CAkey "$authority/key" -days 20 -set_serial 77 \
        -copy_extensions copy -extfile "$authority/more" 2>/dev/null
    cat "$authority/root"
}
"""


class FirstHour(unittest.TestCase):
    def setUp(self):
        why = bare_machine.why_not()
        if why:
            self.skipTest("SKIPPED: " + why)

    def test_the_readme_leads_to_a_signed_call(self):
        found = blocks()
        self.assertEqual(len(found), 4)
        script = "\n".join(found) + CALL + "\nstat -c '%A %U:%G %n' /etc/stird/stird.conf " \
            "/etc/stird/numbers.d /var/lib/stird /var/lib/stird/certs/709J/*.unit/key.pem\n" \
            "cat /var/log/stird.journal\n"
        status, said = bare_machine.run(script, 300)
        self.assertEqual(status, 0, said)
        for line in ("configuration is good: 1 listener", "level *A", "Identity: eyJ",
                     r"-rw-r----- root:stird /etc/stird/stird.conf",
                     r"drwxr-x--- root:stird /etc/stird/numbers.d",
                     r"drwx------ stird:stird /var/lib/stird$",
                     r"-rw------- stird:stird /var/lib/stird/certs/709J/.*/key.pem"):
            self.assertRegex(said, re.compile(line, re.M))
        self.assertNotIn("runs as root", said)

    def test_from_a_request_to_a_signed_call(self):
        """As docs/certificates.md goes; the authority is one of openssl's making."""
        status, said = bare_machine.run(bare_machine.NODE.replace("--lab", "--spc 709J") + AUTHORITY + """
            cd "$(mktemp -d -p /run)" # of another file system
            stirctl cert request --spc 709J --organization "Example Telecom" --key 709J.key --out 709J.csr
            sign 709J.csr >709J.pem
            stirctl cert import --key 709J.key --chain 709J.pem --x5u https://certs.example.net/709J-2026.pem 709J
            echo 'check = { interval = "0ms"; };' >>/etc/stird/stird.conf
            stird -t
            systemctl enable --now stird
            stirctl cert import --key 709J.key --chain 709J.pem --x5u https://certs.example.net/709J-2026.pem 709J
            stirctl cert list
            """ + CALL, 300)
        self.assertEqual(status, 0, said)
        for line in ("imported: /var/lib/stird/certs/709J/", "is there already as", "configuration is good",
                     "usable, signs", "Identity: eyJ"):
            self.assertRegex(said, line)

    def test_by_another_user(self):
        """Whom the unit has to name then; by its own next steps what it made is good."""
        script = bare_machine.NODE + """
        rm -rf /etc/stird /var/lib/stird
        stirctl init --sbc 192.0.2.40 --carrier 198.51.100.7 --lab --user root && exit 1
        [ ! -e /etc/stird ] && [ ! -e /var/lib/stird ]
        useradd --system zeta
        for user in nobody zeta; do
            stirctl init --sbc 192.0.2.40 --carrier 198.51.100.7 --lab --user $user 2>/dev/null >/run/said
            sed -n 's/^next: //p' /run/said >/run/next
            sh -e /run/next 2>&1
            grep "^User=$user$" /etc/systemd/system/stird.service.d/user.conf
            stirctl --json init --sbc 192.0.2.40 --carrier 198.51.100.7 --lab --user $user --directory /run/$user
            stird -t -c /run/$user/stird.conf 2>&1
            rm -rf /etc/stird /var/lib/stird /etc/systemd/system/stird.service.d
        done
        """
        status, said = bare_machine.run(script, 300)
        self.assertEqual(status, 0, said)
        self.assertIn("--user root: the service is not to be root", said)
        self.assertEqual(said.count("configuration is good"), 4, said)


class Init(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="stird-")
        self.addCleanup(place.cleanup)
        self.directory = os.path.join(place.name, "node")
        self.path = os.path.join(self.directory, "stird.conf")

    def init(self, *words):
        return stirctl.run("/none", "init", *words, "--directory", self.directory)

    def test_in_a_directory_by_any_user(self):
        """What it made is good, with an IPv6 address, a port, a name as the carrier."""
        for n, words in enumerate((("--sbc", "127.0.0.2", "--carrier", "127.0.0.9"),
                                   ("--sbc", "2001:db8::1", "--carrier", "[::1]:5070", "--listen", "::1"),
                                   ("--sbc", "127.0.0.16/28", "--carrier", "carrier.example.net:5080"),
                                   ("--sbc", "192.0.2.1", "--carrier", "127.0.0.9", "--listen", "127.0.0.3:5099"),
                                   ("--sbc", "192.0.2.1", "--carrier", "[::1]", "--listen", "[::1]:5098"))):
            self.directory = os.path.join(os.path.dirname(self.directory), "node%d" % n)
            status, out, err = self.init(*words, "--lab", "--customer", "globex")
            self.assertEqual(status, 0, err)
            self.assertIn("stird -t -c %s/stird.conf" % self.directory, out)
            with open(self.directory + "/stird.conf", encoding="utf-8") as text:
                self.assertIn('security = { user = ""; };', text.read(), "the machine may have a user stird")
            status, said = stird.check_configuration(self.directory + "/stird.conf")
            self.assertEqual(status, 0, said)

    def test_nothing_is_replaced(self):
        self.assertEqual(self.init("--sbc", "127.0.0.2", "--carrier", "127.0.0.9", "--spc", "709J")[0], 0)
        for missing in ("stird.conf", "numbers.d/numbers.csv"):
            with open(self.path if missing != "stird.conf" else self.directory + "/numbers.d/numbers.csv",
                      encoding="utf-8") as source:
                kept = source.read()
            with open(self.path, "a", encoding="utf-8"):
                pass
            status, _, err = self.init("--sbc", "127.0.0.77", "--carrier", "127.0.0.9", "--spc", "818H")
            self.assertEqual(status, 1)
            self.assertIn("is there already: nothing is changed", err)
            with open(self.path if missing != "stird.conf" else self.directory + "/numbers.d/numbers.csv",
                      encoding="utf-8") as source:
                self.assertEqual(source.read(), kept)
            os.unlink(os.path.join(self.directory, "stird.conf"))
            with open(self.path, "w", encoding="utf-8") as out:
                out.write("mine")
        self.assertFalse(os.path.exists(self.directory + "/lab"))

    def test_what_stird_would_refuse_is_not_kept(self):
        """By its own words; then the right one works, in the same place."""
        good = {"--sbc": "127.0.0.2", "--carrier": "127.0.0.9", "--listen": "127.0.0.3"}
        for changes, why in (({"--carrier": "198.51.100.7:99999"}, "between 1 and 65535"),
                             ({"--carrier": "127.0.0.9:0"}, "between 1 and 65535"),
                             ({"--carrier": "127.0.0.9:"}, "between 1 and 65535"),
                             ({"--carrier": "sip:198.51.100.7"}, "uri: "),
                             ({"--carrier": "300.1.1.1"}, "uri: "),
                             ({"--carrier": "::1"}, "uri: "),
                             ({"--listen": "0.0.0.0"}, "means every address"),
                             ({"--listen": "::", "--carrier": "[::1]"}, "means every address"),
                             ({"--listen": "::1", "--sbc": "2001:db8::1"}, "no listener is of IPv4"),
                             ({"--carrier": "[2001:db8::1]"}, "no listener is of IPv6"),
                             ({"--carrier": "127.0.0.3"}, "our own listener"),
                             ({"--carrier": "127.0.0.3:5060"}, "our own listener"),
                             ({"--user": "nobodyhere"}, "there is no user nobodyhere")):
            words = [word for pair in {**good, **changes}.items() for word in pair]
            for more in (("--lab",), ("--spc", "709J")):
                status, out, err = self.init(*words, *more)
                self.assertEqual((status, out), (1, ""), (changes, err))
                self.assertIn(why, err)
                self.assertFalse(os.path.exists(self.path), changes)
                self.assertFalse(os.path.exists(self.directory + "/lab"), changes)
        words = [word for pair in good.items() for word in pair]
        for twice in (("--sbc", "127.0.0.4"), ("--carrier", "127.0.0.4"), ("--listen", "127.0.0.4"),
                      ("--spc", "1", "--spc", "2")):
            status, _, err = self.init(*words, *twice, "--lab")
            self.assertEqual(status, 2)
            self.assertIn("%s is there twice" % twice[0], err)
        status, _, err = self.init(*words, "--lab")
        self.assertEqual(status, 0, err)
        status, said = stird.check_configuration(self.path)
        self.assertEqual(status, 0, said)

    def test_what_is_no_address_or_word_gets_nowhere(self):
        good = {"--sbc": "127.0.0.2", "--carrier": "127.0.0.9", "--spc": "709J"}
        for key, bad in (("--sbc", "sbc.example.net"), ("--sbc", "192.0.2.300"), ("--carrier", 'x"; }'),
                         ("--carrier", "a b"), ("--spc", "7 09"), ("--spc", "../x"), ("--customer", "a\nb"),
                         ("--customer", '"'), ("--listen", "host"), ("--listen", "127.0.0.1:0"),
                         ("--user", "a b"), ("--sbc", None), ("--carrier", None), ("--spc", None)):
            given = {**good, key: bad}
            words = [word for pair in given.items() if pair[1] is not None for word in pair]
            self.assertNotEqual(self.init(*words)[0], 0, (key, bad))
            self.assertFalse(os.path.exists(self.directory), (key, bad))


if __name__ == "__main__":
    unittest.main()
