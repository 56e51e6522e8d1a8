"""
The package of debian/: built from this tree on a Debian that has what debian/control says and nothing more, then
installed, used, upgraded, removed and purged on one that never saw a compiler; with systemd as its first process, and
without it, as in a container.
"""

import re
import unittest

from daemon.first_hour_test import CALL
from lib import bare_debian

INSTALL = "apt-get install -y --no-install-recommends "
BUILD = """
apt-get update -qq
%(install)s build-essential lintian
apt-get build-dep -y --no-install-recommends ./
dpkg-buildpackage -us -uc -b
lintian --fail-on error,warning ../stird_*.changes
# The next version: the same programs under its name.
cd ..
mkdir debs
mv stird_*.deb debs/now.deb
dpkg-deb -R debs/now.deb next
sed -i 's/^Version: .*/&+next/' next/DEBIAN/control
dpkg-deb -b next debs/next.deb
# A later one, that takes nobody's configuration.
sed -i 's/+next/+picky/' next/DEBIAN/control
mv next/usr/sbin/stird next/usr/sbin/stird.real
printf '%%s\\n' '#!/bin/sh' 'case $1 in -t) echo "stird.conf:3: not any more"; exit 1 ;; esac' \
    'exec /usr/sbin/stird.real "$@"' >next/usr/sbin/stird
chmod 755 next/usr/sbin/stird
dpkg-deb -b next debs/picky.deb
""" % {"install": INSTALL}
# Where it is used: what the package asks for is at hand, for there is no network when it is installed.
PREPARE = "apt-get update -qq; %s --download-only /root/debs/now.deb; %s python3-minimal python3\n" % (INSTALL, INSTALL)
PRELUDE = """
part() { echo "== $*"; }
must_fail() { if "$@"; then echo "this should fail: $*"; exit 1; fi; }
sums() { find /etc/stird /var/lib/stird -type f ! -name records-untold -exec sha256sum {} + | sort; }
install() { DEBIAN_FRONTEND=noninteractive %s "${@:2}" "/root/debs/$1.deb" 2>&1; }
init() { stirctl init --sbc 192.0.2.40 --carrier 198.51.100.7:5060 --customer acme --lab; }
nothing_left() {
    for place in /etc/stird /var/lib/stird /var/log/stird /usr/sbin/stird /lib/systemd/system/stird.service \
        /usr/share/doc/stird /etc/systemd/system/multi-user.target.wants/stird.service; do
        if [ -e "$place" ] || [ -L "$place" ]; then echo "left: $place"; exit 1; fi
    done
    must_fail getent passwd stird
    must_fail getent group stird
}
""" % INSTALL
WITHOUT_SYSTEMD = """
part install
install now
getent passwd stird
[ ! -e /etc/stird ]
part configure
init
stird -t
mkdir /var/log/stird
touch /var/log/stird/records.jsonl
sums >/root/before
part upgrade
install next
dpkg-query -W stird
sums | diff /root/before -
part remove
dpkg -r stird
sums | diff /root/before -
getent passwd stird
[ -e /var/log/stird/records.jsonl ]
part purge
dpkg -P stird
nothing_left
part mounted
install now
init
mkdir -p /var/log/stird
mount -t tmpfs tmpfs /var/log/stird
touch /var/log/stird/records.jsonl
dpkg -P stird 2>&1
[ -z "$(ls -A /var/log/stird)" ]
"""
UNDER_SYSTEMD = """
pid() { systemctl show -P MainPID stird; }
serves() { [ "$(systemctl is-active stird)" = active ] && stirctl status >/dev/null; }
ask() { stirctl explain --trunk sbc --from +12155550100 --to +13125550123 | grep '^level  '; }
PYTHON=python3
part install
install now
must_fail systemctl is-enabled stird
must_fail systemctl is-active stird
must_fail systemctl is-failed stird
part unconfigured
must_fail systemctl start stird 2>&1
journalctl -q -u stird
sleep 1
[ "$(systemctl show -P NRestarts stird)" = 0 ]
part configure
init
stird -t
systemctl enable --now stird
serves
ask
part call
""" + CALL + """
part hardening
systemctl show stird -p StatusText -p NoNewPrivileges -p MemoryDenyWriteExecute -p ProtectSystem -p PrivateUsers
journalctl -q -u stird -p warning
part reload
was=$(pid)
systemctl reload stird
[ "$was" = "$(pid)" ]
stirctl status | grep '1 reload'
cp /etc/stird/stird.conf /root/good.conf
echo 'nonsense = 1;' >>/etc/stird/stird.conf
must_fail systemctl reload stird 2>&1
serves
part "upgrade by a mistake"
install next
[ "$was" = "$(pid)" ]
serves
cp /root/good.conf /etc/stird/stird.conf
part restart
systemctl restart stird
[ "$was" != "$(pid)" ]
serves
part upgrade
sums >/root/before
install now --allow-downgrades
was=$(pid)
install next
dpkg-query -W stird
[ "$was" != "$(pid)" ]
serves
journalctl --sync
journalctl -q _PID=$was | grep 'stopping for a restart'
sums | diff /root/before -
systemctl is-enabled stird
was=$(pid)
dpkg-reconfigure -f noninteractive stird
[ "$was" = "$(pid)" ]
part "a version that does not take it"
was=$(pid)
install picky
[ "$was" = "$(pid)" ]
serves
install next --allow-downgrades
serves
part "another configuration"
cp -p /etc/stird/stird.conf /etc/stird/other.conf
mkdir /etc/systemd/system/stird.service.d
printf '%s\\n' '[Service]' ExecStart= 'ExecStart=/usr/sbin/stird -f -c /etc/stird/other.conf' \
    >/etc/systemd/system/stird.service.d/other.conf
systemctl daemon-reload
systemctl restart stird
echo 'nonsense = 1;' >>/etc/stird/other.conf
was=$(pid)
install now --allow-downgrades
[ "$was" = "$(pid)" ]
serves
rm -r /etc/stird/other.conf /etc/systemd/system/stird.service.d
install next
serves
part stop
systemctl stop stird
must_fail systemctl is-active stird
must_fail systemctl is-failed stird
part remove
systemctl start stird
dpkg -r stird
must_fail systemctl is-active stird
sums | diff /root/before -
[ -s /var/log/stird/records.jsonl ]
part again
install next
must_fail systemctl is-active stird
systemctl start stird
serves
ask
part purge
dpkg -P stird 2>&1
nothing_left
must_fail grep -lx 'Name:.stird.*' /proc/[0-9]*/status
part end
"""


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        why = bare_debian.why_not()
        if why:
            raise unittest.SkipTest("SKIPPED: " + why)
        cls.debian = bare_debian.Debian()
        cls.addClassCleanup(cls.debian.__exit__)
        why = cls.debian.bootstrap()
        if why:
            raise unittest.SkipTest("SKIPPED: no Debian can be had: " + why)
        with cls.debian.copy() as builder:
            builder.put_source()
            status, cls.built = builder.run(BUILD, network=True)
            if status:
                raise AssertionError(cls.built[-8000:])
            cls.debian.take(builder, "debs")
        status, said = cls.debian.run(PREPARE, network=True)
        if status:
            raise AssertionError(said[-8000:])

    def parts(self, status, said):
        """What was said under each heading of a story that came to its end."""
        self.assertEqual(status, 0, said)
        found = re.split(r"^== (.*)\n", said, flags=re.M)
        return dict(zip(found[1::2], found[2::2]))

    def test_it_is_built_and_tried(self):
        """By the programs' own words; lintian has neither an error nor a warning."""
        self.assertIn("configuration is good: 1 listener", self.built)
        self.assertRegex(self.built, r"level +A")

    def test_without_systemd(self):
        with self.debian.copy() as machine:
            said = self.parts(*machine.run(PRELUDE + WITHOUT_SYSTEMD, network=False))
        self.assertIn("not started, for it has no /etc/stird/stird.conf", said["install"])
        self.assertNotIn("not started", said["upgrade"])
        self.assertRegex(said["upgrade"], r"stird\t.*\+next")
        self.assertNotIn("deletes", said["remove"])
        self.assertIn("deletes /etc/stird, /var/lib/stird (keys), /var/log/stird (records)", said["purge"])
        self.assertIn("/var/log/stird stays: it is a mount", said["mounted"])

    def test_under_systemd(self):
        why = bare_debian.why_no_boot()
        if why:
            self.skipTest("SKIPPED: " + why)
        with self.debian.copy() as machine:
            status, text = machine.boot(PRELUDE + UNDER_SYSTEMD)
        if status is None:
            self.skipTest("SKIPPED: systemd-nspawn starts no machine here: " + text)
        said = self.parts(status, text)
        self.assertRegex(said["unconfigured"], "stird.conf: cannot be read: No such file or directory: .*stirctl init")
        self.assertRegex(said["configure"], r"level +A")
        self.assertIn("Identity: eyJ", said["call"])
        for line in ("StatusText=serving", "NoNewPrivileges=yes", "MemoryDenyWriteExecute=yes", "ProtectSystem=strict",
                     "PrivateUsers=yes"):
            self.assertIn(line, said["hardening"])
        self.assertNotIn("no Landlock", said["hardening"])
        self.assertRegex(said["upgrade by a mistake"], "(?s)nonsense.*what runs goes on")
        self.assertRegex(said["upgrade"], r"stird\t.*\+next")
        self.assertIn("stopping for a restart", said["upgrade"])
        self.assertRegex(said["a version that does not take it"], "(?s)stird.conf:3: not any more.*what runs goes on")
        self.assertRegex(said["another configuration"], "(?s)nonsense.*does not take /etc/stird/other.conf")
        self.assertIn("end", said)


if __name__ == "__main__":
    unittest.main()
