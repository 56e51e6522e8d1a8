"""Who may look at the control socket, and who may change."""

import json
import unittest

from lib import bare_machine


class Groups(bare_machine.Story):
    """Who may look at the control socket, and who may change."""

    LOOKS = ("status", "stats", "shadow", "numbers list", "cert list", "numbers show +12155550100",
             "explain --trunk sbc --from +12155550100 --to +13125550123")
    CHANGES = ("numbers block +12155550100", "numbers unset +12155550100", "reload --wait", "reload",
               "reload --force --wait", "cert check")

    STRANGERS = ("status", "reload", "explain --trunk sbc --from +12155550100 --to +13125550123", "records find",
                 "numbers show +12155550100", "numbers block +12155550199", "numbers lint",
                 "numbers diff running configured", "explain --origid 12345678-1234-1234-1234-123456789012")

    # Whatever asks the socket, or does when it has no other way.
    ASKS = LOOKS + CHANGES + ("sources", "cert renew --hook /bin/true", "numbers set +12155550100 acme owned",
                              "numbers diff running configured", "numbers diff configured running",
                              "explain --source 192.0.2.40 --from +12155550100 --to +13125550123")

    def table(self, user, which):
        return "".join("try %s %s\n" % (user, command) for command in which)

    def json_table(self, user, which):
        """The same for scripts: standard output alone."""
        return "".join("hear %s %s --json\n" % (user, command) for command in which)

    def assert_refused(self, found, user, which, pattern):
        """Each says why, to people and to scripts."""
        for command in which:
            name = "%s %s" % (user, command)
            self.assertIn(name, found)
            for heading in (name, name + " --json"):
                self.assertNotEqual(found[heading][0], 0, (heading, found[heading]))
            self.assertRegex(found[name][1], "stirctl: .*" + pattern, name)
            said = json.loads(found[name + " --json"][1])
            self.assertRegex(said.get("error") or said.get("why"), pattern, name)

    def test_files_without_certificates(self):
        """Who may not read certificates looks at tables all the same; what needs more says what."""
        tables = ("numbers lint", "numbers diff running configured", "numbers compile -o /var/tmp/x")
        refused = (("explain --offline --trunk sbc --from +12155550100 --to +13125550123",
                    "you may not read certificates and urgent changes, which decide a call: be root"),
                   ("numbers diff running configured --records /dev/null", "which decide a call: be root"),
                   ("numbers show +12155550100 --offline", "you may not read the urgent changes: be root"),
                   ("secret show-fingerprint", "permission denied: be root"))
        found = self.parts("systemctl enable --now stird\n" +
                           self.table("member", tables + tuple(command for command, _ in refused)))
        for command in tables:
            self.assert_status(found, "member " + command, 0)
        for command, said in refused:
            self.assert_status(found, "member " + command, 2 if "diff" in command else 1, said)

    def test_the_service_s_group_alone(self):
        found = self.parts("systemctl enable --now stird\n" + self.table("member", self.LOOKS + self.CHANGES) +
                           self.table("stranger", self.STRANGERS))
        for command in self.LOOKS + self.CHANGES:
            self.assert_status(found, "member " + command, 0)
        for command in self.STRANGERS:
            self.assert_status(found, "stranger " + command, 2 if "diff" in command else 1,
                               "you are not in the group stird: be root, or a member of it, to ask stird "
                               "./run/stird/control. or to read its files ./etc/stird/stird.conf.$")

    def test_a_group_that_looks(self):
        """It comes with a reload, and goes with one."""
        both = self.LOOKS + self.CHANGES
        found = self.parts("systemctl enable --now stird\n"
                           "echo 'control = { read_group = \"noc\"; };' >>/etc/stird/stird.conf\n"
                           "systemctl reload stird >/dev/null\n" + self.table("looker", both + ("numbers diff running configured",)) +
                           self.table("stranger", ("status", "reload")) +
                           self.table("member", ("status", "reload --wait")) +
                           "sed -i /read_group/d /etc/stird/stird.conf\nsystemctl reload stird\n"
                           "echo '== after'; stat -c %a /run/stird/control; echo status 0\n")
        for command in self.LOOKS:
            self.assert_status(found, "looker " + command, 0)
        for command in self.CHANGES:
            self.assert_status(found, "looker " + command, 1, "you may look, and this is more than that")
        self.assert_status(found, "looker numbers diff running configured", 2,
                           "/etc/stird/stird.conf: you may look at the stird that runs .control.read_group., and this "
                           "reads the configuration's files, which are for root and the group stird: be one of them")
        for command in ("status", "reload"):
            self.assert_status(found, "stranger " + command, 1, "you are in none of the groups")
        for command in ("status", "reload --wait"):
            self.assert_status(found, "member " + command, 0)
        self.assert_status(found, "after", 0, "660")

    def test_nothing_is_ordered_that_cannot_be_put_in(self):
        found = self.parts("systemctl enable --now stird\n"
                           "echo 'control = { read_group = \"noc\"; };' >>/etc/stird/stird.conf\n"
                           "systemctl reload stird >/dev/null\n"
                           "printf '#!/bin/sh\\ntouch /var/tmp/ordered\\n' >/usr/bin/order\nchmod 755 /usr/bin/order\n" +
                           self.table("looker", ("cert renew --all --hook order",)) +
                           "echo '== ordered'; ls /var/tmp/ordered 2>&1 || true; echo status 0\n")
        self.assert_status(found, "looker cert renew --all --hook order", 1, "you may look at the stird that runs")
        self.assertIn("No such file", found["ordered"][1])

    def test_tables_that_are_for_others(self):
        """The configuration is for all to read, its tables are not: which right is missing, and why."""
        diff = "numbers diff running configured"
        found = self.parts("systemctl enable --now stird\n"
                           "echo 'control = { read_group = \"noc\"; };' >>/etc/stird/stird.conf\n"
                           "systemctl reload stird >/dev/null\n"
                           "chmod -R o+rX /etc/stird\nchmod 0640 /etc/stird/numbers.d/*\n" +
                           self.table("looker", (diff,)) +
                           "chmod 0600 /etc/stird/numbers.d/*\n" + self.table("member", (diff,)) +
                           "chmod 0644 /etc/stird/numbers.d/*\n" + self.table("looker", ("numbers diff configured running",)))
        readers = "files that the configuration names, which are for root and the "
        self.assert_status(found, "looker " + diff, 2, readers + "group stird: be one of them")
        self.assert_status(found, "member " + diff, 2, "files that the configuration names, which are for root: be root")
        self.assert_status(found, "looker numbers diff configured running", 0)

    def test_a_socket_that_refuses(self):
        """In stird's words where all may connect, by the kernel's where only the group may."""
        found = self.parts("systemctl enable --now stird\n" +
                           self.table("stranger", self.ASKS) + self.json_table("stranger", self.ASKS))
        self.assert_refused(found, "stranger", self.ASKS, "you are not in the group stird")
        found = self.parts("echo 'control = { read_group = \"noc\"; };' >>/etc/stird/stird.conf\n"
                           "systemctl enable --now stird\n" +
                           self.table("stranger", self.ASKS + ("numbers lint",)) + self.json_table("stranger", self.ASKS) +
                           self.table("looker", self.CHANGES) + self.json_table("looker", self.CHANGES))
        of_files = "numbers diff configured running"
        asks = tuple(command for command in self.ASKS if command != of_files)
        self.assert_refused(found, "stranger", asks, "you are in none of the groups")
        self.assert_refused(found, "stranger", (of_files,), "you are not in the group stird")
        self.assert_status(found, "stranger numbers lint", 1, "you are not in the group stird")
        self.assert_refused(found, "looker", self.CHANGES, "you may look, and this is more than that")

    def test_who_may_read_files_and_not_ask(self):
        """What runs is what was asked for: no other answer, but for the word that asks for it."""
        found = self.parts("echo 'control = { group = \"noc\"; };' >>/etc/stird/stird.conf\n"
                           "systemctl enable --now stird\nusermod -aG stird stranger\n" +
                           self.table("stranger", self.ASKS + ("numbers lint", "numbers diff configured configured")) +
                           self.json_table("stranger", self.ASKS))
        self.assert_refused(found, "stranger", self.ASKS, "you are in none of the groups")
        self.assertIn("--offline asks the configuration", found["stranger numbers show +12155550100"][1])
        self.assert_status(found, "stranger numbers lint", 0)
        self.assert_status(found, "stranger numbers diff configured configured", 0)

    def test_a_group_that_changes_instead(self):
        found = self.parts("echo 'control = { group = \"noc\"; read_group = \"stird\"; };' >>/etc/stird/stird.conf\n"
                           "systemctl enable --now stird\n" +
                           self.table("looker", ("reload --wait", "status")) +
                           self.table("member", ("reload --wait", "status")) +
                           "echo 'control.group = x' >/dev/null\n"
                           "sed -i 's/\"noc\"/\"nowhere\"/' /etc/stird/stird.conf\njudge 'no such group'\n")
        self.assert_status(found, "looker reload --wait", 0)
        self.assert_status(found, "looker status", 0)
        self.assert_status(found, "member reload --wait", 1, "you may look")
        self.assert_status(found, "member status", 0)
        self.assert_status(found, "no such group", 1, 'control.group: there is no group "nowhere"')


if __name__ == "__main__":
    unittest.main()
