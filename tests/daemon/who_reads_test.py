"""Files are judged for the user that will read them, and by nobody who has no need of them."""

import unittest

from lib import bare_machine


class WhoReads(bare_machine.Story):
    """Files are judged for the user that will read them, whoever checks."""

    def test_root_judges_as_the_service_finds_it(self):
        spoil = (  # what is done, what takes it back, what is said
            ("root's key", 'chown root "$key"', 'chown stird "$key"', "key.pem: .*chown stird "),
            ("another's key", 'chown member "$key"', 'chown stird "$key"', "key.pem: belongs to user id .*chown stird "),
            ("root's chain", 'chown root "$unit/chain.pem"; chmod 600 "$unit/chain.pem"',
             'chmod 644 "$unit/chain.pem"', "chain.pem: user stird.*chgrp stird"),
            ("root's directory", 'chown root:root /var/lib/stird/certs', 'chown stird: /var/lib/stird/certs',
             "/var/lib/stird/certs: user stird, whom the service runs as, may not enter it"),
            ("configuration", "chmod 600 /etc/stird/stird.conf", "chmod 640 /etc/stird/stird.conf",
             "stird.conf: user stird, whom the service runs as, may not read it"),
            ("table", "chmod 600 /etc/stird/numbers.d/*.csv", "chmod 640 /etc/stird/numbers.d/*.csv",
             "numbers.csv: user stird, whom the service runs as, may not read it"),
            ("tables", "chmod 700 /etc/stird/numbers.d", "chmod 750 /etc/stird/numbers.d",
             "numbers.d: user stird"),
        )
        script = "judge good\n" + "".join("%s\njudge \"%s\"\n%s\n" % (do, name, undo)
                                         for name, do, undo, _ in spoil)
        script += "as stird stird -t >/dev/null\njudge again\n"
        found = self.parts(script)
        for name in ("good", "again"):
            self.assert_status(found, name, 0, "configuration is good")
        for name, _, _, pattern in spoil:
            self.assert_status(found, name, 1, pattern)

    def test_user_of_another_unit(self):
        """
        Whom the unit names, drop-ins included. Where no unit starts it, the owner of the state directory is
        whom it runs as; or security.user says so.
        """
        found = self.parts("""
            useradd --system other
            chown -R other /var/lib/stird; chgrp -R other /etc/stird
            unit=/etc/systemd/system/stird.service.d; mkdir -p $unit
            printf '[Service]\\nUser=other\\nGroup=other\\n' >$unit/user.conf
            judge "by the unit"
            chown root "$key"; judge "not the key of the unit's"; chown other "$key"
            rm -r $unit; judge "the unit's own again"
            find /usr /etc/systemd -name stird.service -delete
            judge "by the state directory"
            chown root "$key"; judge "not its key"; chown other "$key"
            chown -R root /var/lib/stird; judge "the default again"
            echo 'security = { user = "other"; };' >>/etc/stird/stird.conf
            judge "by the setting, not its key"
            chown -R other /var/lib/stird/certs; chmod 711 /var/lib/stird; judge "by the setting"
            """)
        self.assert_status(found, "by the unit", 0)
        self.assert_status(found, "not the key of the unit's", 1, "user other, whom the service runs as")
        self.assert_status(found, "the unit's own again", 1, "user stird, whom the service runs as")
        self.assert_status(found, "by the state directory", 0)
        self.assert_status(found, "not its key", 1, "user other, whom the service runs as")
        self.assert_status(found, "the default again", 1, "user stird, whom the service runs as")
        self.assert_status(found, "by the setting, not its key", 1, "user other")
        self.assert_status(found, "by the setting", 0)

    def test_tls_key_is_the_service_s_and_nobody_else_s_business(self):
        """stirctl of root and of the group ask without it; a stranger's key is refused."""
        found = self.parts("""
            install -o stird -m 600 /etc/stird/lab/tls.key.pem /etc/stird/tls.key
            install -m 644 /etc/stird/lab/tls.pem /etc/stird/lab/root.pem /etc/stird/
            sed -i 's/^listen = (/listen = ( { name = "tls"; address = "192.0.2.10"; transports = [ "tls" ]; },/' \
                /etc/stird/stird.conf
            sed -i 's/address = "192.0.2.10";/& advertise = "203.0.113.5"; aliases = [ "node.example" ];/
                    s/{ name = "sbc";/& health = "next_hops"; reuse_connection = true;/' /etc/stird/stird.conf
            test "$(grep -c 'advertise =\|health =' /etc/stird/stird.conf)" = 2
            echo 'tls = { certificate = "tls.pem"; key = "tls.key"; ca = "root.pem"; };' >>/etc/stird/stird.conf
            judge good
            chown root /etc/stird/tls.key; judge "root's"; chown member /etc/stird/tls.key; judge "member's"
            chown stird /etc/stird/tls.key; chmod 640 /etc/stird/tls.key; chgrp member /etc/stird/tls.key
            systemctl enable --now stird
            for user in root member stird; do
                try $user status
                try $user explain --trunk sbc --from +12155550100 --to +13125550123
                try $user cert list
            done
            try root explain --offline --trunk sbc --from +12155550100 --to +13125550123
            try root numbers lint
            try root records verify
            """)
        self.assert_status(found, "good", 0)
        self.assert_status(found, "root's", 1, "tls.key: user stird.*chown stird")
        self.assert_status(found, "member's", 1, "stird.conf:[0-9]+: tls.key: .*belongs to a user")
        for user in ("root", "member", "stird"):
            for command in ("status", "cert list", "explain --trunk sbc --from +12155550100 --to +13125550123"):
                self.assert_status(found, user + " " + command, 0)
        self.assert_status(found, "root explain --offline --trunk sbc --from +12155550100 --to +13125550123", 0)
        self.assert_status(found, "root numbers lint", 0)
        self.assert_status(found, "root records verify", 0)


if __name__ == "__main__":
    unittest.main()
