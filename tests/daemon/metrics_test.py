"""/metrics of a stird that runs: what Prometheus reads, held to its format."""

import re
import subprocess
import unittest

from daemon.web_test import WebStory
from lib import stirctl
from lib.patience import HANG_S
from lib.prometheus import program

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(r'^(%s)(?:\{((?:%s="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.]+)$' % (NAME, NAME))
LABEL = re.compile(r'(%s)="((?:[^"\\]|\\.)*)"' % NAME)
PROMTOOL = program("promtool")


def samples(text):
    """{(name, labels): value}; each line is of the format, each series there once."""
    found = {}
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("#"):
            assert re.match(r"^# (HELP|TYPE) %s .+$" % NAME, line), line
            continue
        match = SAMPLE.match(line)
        assert match, line
        key = match.group(1), tuple(sorted(LABEL.findall(match.group(2) or "")))
        assert key not in found, line
        found[key] = float(match.group(3))
    return found


class MetricsStory(WebStory):
    def metrics(self):
        status, text = self.get("/metrics")
        self.assertEqual(status, 200, text)
        return text

    def value(self, name, **labels):
        return samples(self.metrics()).get((name, tuple(sorted(labels.items()))))


class Metrics(MetricsStory):
    def test_of_calls(self):
        """What `stirctl stats` counts, in whole families, without a number or a Call-ID."""
        root = self.lab.path("certs", "ca", "root.pem")
        self.start_web(more='trust = ( { name = "us"; anchors = "%s"; } ); ' % root)
        invite = self.short_call()[0]
        self.recorded("signed_owned", 1)
        self.wait_answer("/metrics", 200, 'stird_trust_authorities{domain="us"} 1\n')
        text = self.wait_answer("/metrics", 200, 'stird_invites_total{trunk="pbx",decision="signed"} 1\n')[1]
        found = samples(text)
        stats = stirctl.ask(self.stird.configuration, "stats")
        self.assertEqual(found["stird_decided_calls_total", (("decision", "signed"),)], stats["signed_calls"])
        self.assertEqual(found["stird_attestations_total", (("level", "A"), ("trunk", "pbx"))], 1)
        self.assertEqual(found["stird_upstream_offered_total", (("upstream", "carrier"),)], 1)
        self.assertEqual(found["stird_proxy_delay_seconds_count", ()], 1)
        self.assertEqual(found["stird_build_info", (("node", "lab"), ("version", stirctl.ask(
            self.stird.configuration, "status")["version"]))], 1)
        ends = stirctl.ask(self.stird.configuration, "status")["certificates"][0]["not_after"]
        self.assertEqual([value for (name, _), value in found.items()
                          if name == "stird_certificate_not_after_timestamp_seconds"], [ends])
        for private in ("2155550100", "2155550199", invite["call-id"]):
            self.assertNotIn(private, text)

    def test_names_of_trunks_go_on_over_a_reload(self):
        self.start_web()
        self.short_call()
        self.recorded("signed_owned", 1)
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)
        self.wait_answer("/metrics", 200, 'stird_invites_total{trunk="pbx",decision="signed"} 1\n')
        self.wait_answer("/metrics", 200, "stird_config_generation 2\n")
        self.assertEqual(self.value("stird_reloads_total"), 1)

    def test_each_next_hop_keeps_its_line(self):
        """More than `stirctl status` has room for, in the order of the configuration, wherever one that is out stands."""
        dead = [self.upstream("u%03d" % i, uri="sip:%s:%d;transport=udp" % (self.net(9), 10000 + i),
                              **({"probe": "1s", "probe_failures": 1} if i == 399 else {})) for i in range(400)]
        self.start_web(upstreams=[self.upstream()] + dead)
        self.wait_answer("/metrics", 200, 'transport="udp"} 0\n')
        found = samples(self.metrics())
        self.assertEqual([dict(labels)["upstream"] for name, labels in found if name == "stird_next_hop_up"],
                         ["carrier"] + [u["name"] for u in dead])
        self.assertEqual(found["stird_next_hops_not_shown", ()], 0)

    @unittest.skipUnless(PROMTOOL, "SKIPPED: no promtool here (scripts/install-deps)")
    def test_promtool_finds_nothing(self):
        self.start_web()
        self.short_call()
        run = subprocess.run([PROMTOOL, "check", "metrics"], input=self.metrics(), capture_output=True, text=True,
                             timeout=HANG_S, check=False)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
