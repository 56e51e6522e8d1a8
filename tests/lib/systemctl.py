"""
What stands for systemctl on a machine without systemd as its first process: starts a service as its
unit says, with the user, the directories and the commands that stand there.

    python3 systemctl.py daemon-reload | enable --now NAME | restart NAME | reload NAME | stop NAME
"""

import configparser
import json
import os
import pwd
import shlex
import signal
import subprocess
import sys
import time

UNITS = "/usr/lib/systemd/system"
KINDS = (("ConfigurationDirectory", "/etc", False), ("StateDirectory", "/var/lib", True),
         ("LogsDirectory", "/var/log", True), ("RuntimeDirectory", "/run", True))


class Unit:
    def __init__(self, name):
        parser = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes="#")
        parser.optionxform = str
        parser.read("%s/%s.service" % (UNITS, name))
        self.name, self.service = name, parser["Service"]
        self.user = pwd.getpwnam(self.service["User"])
        self.pid_file = "/run/%s.pid-of-test" % name

    def make_directories(self):
        """As systemd.exec(5) has it: an owner that is another's is put right, all the way down."""
        for kind, above, own in KINDS:
            if kind not in self.service:
                continue
            path = os.path.join(above, self.service[kind])
            os.makedirs(path, exist_ok=True)
            os.chmod(path, int(self.service[kind + "Mode"], 8))
            if own and os.stat(path).st_uid != self.user.pw_uid:
                for top, _, names in os.walk(path):
                    for entry in [top] + [os.path.join(top, name) for name in names]:
                        os.chown(entry, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    def become(self):
        os.setsid()
        os.chdir("/")
        os.umask(int(self.service["UMask"], 8))
        os.initgroups(self.user.pw_name, self.user.pw_gid)
        os.setgid(self.user.pw_gid)
        os.setuid(self.user.pw_uid)

    def start(self):
        self.make_directories()
        command = shlex.split(self.service["ExecStart"])
        with open("/var/log/%s.journal" % self.name, "ab") as journal:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=journal,
                                       stderr=journal, preexec_fn=self.become)
        with open(self.pid_file, "w", encoding="ascii") as out:
            out.write(str(process.pid))
        return self.wait_ready(process)

    def wait_ready(self, process):
        """Type=notify: it says so, and so does its control socket."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            asked = subprocess.run(["stirctl", "--json", "status"], capture_output=True, text=True,
                                   check=False)
            if asked.stdout and json.loads(asked.stdout).get("state") == "serving":
                return 0
            time.sleep(0.05)
        with open("/var/log/%s.journal" % self.name, encoding="utf-8", errors="replace") as source:
            print("Job for %s.service failed.\n%s" % (self.name, source.read()), file=sys.stderr)
        return 1

    @staticmethod
    def is_alive(pid):
        try:
            with open("/proc/%d/stat" % pid, encoding="latin-1") as source:
                return source.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def stop(self):
        with open(self.pid_file, encoding="ascii") as source:
            pid = int(source.read())
        os.kill(pid, signal.SIGTERM)
        while self.is_alive(pid):
            time.sleep(0.02)
        return 0

    def reload(self):
        return subprocess.run(shlex.split(self.service["ExecReload"]), preexec_fn=self.become,
                              check=False).returncode


def main(words):
    if words == ["daemon-reload"]:
        return 0
    verb, unit = words[0], Unit(words[-1])
    if words[:-1] == ["enable", "--now"] or verb == "start":
        return unit.start()
    if verb == "restart":
        return unit.stop() or unit.start()
    return {"stop": unit.stop, "reload": unit.reload}[verb]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
