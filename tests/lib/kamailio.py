"""Kamailio beside a story, where it is installed: a configuration of tests/sip, with words of the story's own in it."""

import os
import socket
import subprocess

from .installed import need
from .lab import PROJECT, end_with_parent
from .patience import HANG_S
from .stird import wait_until


def takes_tcp(host):
    """Its TCP socket is bound last."""
    with socket.socket() as probe:
        return probe.connect_ex((host, 5060)) == 0


def has_udp(host):
    """Its address is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 5060))
        except OSError:
            return True
    return False


class Kamailio:
    """Runs at HOST from here to the end of STORY, which is skipped without it, and in whose transcript is what it said."""

    def __init__(self, story, configuration, host, words, is_there=takes_tcp, modules=()):
        program = need(story, "kamailio", *("/usr/lib/*/kamailio/modules/%s.so" % name for name in modules))
        with open(os.path.join(PROJECT, "tests", "sip", configuration), encoding="ascii") as source:
            text = source.read()
        for word, value in words.items():
            text = text.replace("@%s@" % word, value)
        path, work = story.lab.write("kamailio/kamailio.cfg", text), story.lab.path("kamailio")
        self.log = story.lab.path("kamailio", "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, "-f", path, "-DD", "-E", "-m", "64", "-M", "8", "-w", work, "-Y", work],
                                            stdout=log, stderr=log, preexec_fn=end_with_parent)
        story.addCleanup(lambda: story.transcript.lines.append("Kamailio's log:\n" + self.said()))
        story.addCleanup(self.process.wait, HANG_S)
        story.addCleanup(self.process.terminate)
        wait_until(lambda: is_there(host) or self.process.poll() is not None, HANG_S, "Kamailio")
        story.assertIsNone(self.process.poll(), self.said())

    def said(self):
        with open(self.log, encoding="latin-1") as log:
            return log.read()
