"""A real Prometheus scrapes a real stird by the rules of contrib/, and its alerts fire."""

import json
import os
import socket
import subprocess
import unittest
import urllib.parse
import urllib.request

from daemon.web_test import PORT, WebStory
from lib import stird
from lib.lab import PROJECT, end_with_parent
from lib.patience import HANG_S
from lib.prometheus import program

PROMETHEUS = program("prometheus")
CONFIGURATION = """
global: { scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms }
rule_files: [ rules.yml ]
scrape_configs:
  - { job_name: stird, static_configs: [ { targets: [ "%s:%d" ] } ] }
"""


@unittest.skipUnless(PROMETHEUS, "SKIPPED: no prometheus here (scripts/install-deps)")
class Prometheus(WebStory):
    def start_prometheus(self):
        """With the rules as they are, but for how long something has to be so."""
        with open(os.path.join(PROJECT, "contrib", "prometheus", "stird.rules.yml"), encoding="utf-8") as rules:
            text = "\n".join(line for line in rules.read().split("\n") if not line.startswith("        for: "))
        self.lab.write("rules.yml", text)
        self.at_prometheus = "%s:9090" % self.net(7)
        # pylint: disable=consider-using-with
        log = open(self.lab.path("prometheus.log"), "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [PROMETHEUS, "--config.file", self.lab.write("prometheus.yml", CONFIGURATION % (self.net(1), PORT)),
             "--storage.tsdb.path", self.lab.path("tsdb"), "--web.listen-address", self.at_prometheus],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def asked(self, path, **query):
        url = "http://%s/api/v1/%s?%s" % (self.at_prometheus, path, urllib.parse.urlencode(query))
        try:
            with urllib.request.urlopen(url, timeout=HANG_S) as answer:
                return json.load(answer)["data"]
        except (OSError, socket.timeout):
            return None  # it is not up yet

    def wait_value(self, expression, value):
        def found():
            data = self.asked("query", query=expression)
            return bool(data) and [float(one["value"][1]) for one in data["result"]] == [value]
        stird.wait_until(found, HANG_S, "%s is %s" % (expression, value))

    def firing(self):
        data = self.asked("alerts")
        return {alert["labels"]["alertname"] for alert in data["alerts"] if alert["state"] == "firing"} if data else set()

    def test_of_a_stird_that_lacks_something_and_then_is_gone(self):
        self.start_web(upstreams=[self.upstream(probe="1s", probe_failures=1)])
        self.start_prometheus()
        self.wait_value('up{job="stird"}', 1)
        self.wait_value("count(stird_build_info)", 1)
        stird.wait_until(lambda: {"StirdNextHopDown", "StirdNotReady"} <= self.firing(), HANG_S, "a next hop that is out")
        self.assertNotIn("StirdDown", self.firing())
        self.hang("web")
        stird.wait_until(lambda: "StirdDown" in self.firing(), HANG_S, "nobody who answers")


if __name__ == "__main__":
    unittest.main()
