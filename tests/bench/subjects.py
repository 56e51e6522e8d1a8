"""The proxies that bench.py measures, each started as it is wanted; the load, and what they use of the machine."""
import glob
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from lib.tls import Authority

HERE = os.path.dirname(os.path.abspath(__file__))
# Of loopback, another one of each run: several may go on at once.
NET = "127.%d.%d" % (64 + os.getpid() // 256 % 64, os.getpid() % 256)
PROXY, CALLER, CALLEE = NET + ".1:15060", NET + ".2:15061", NET + ".9:15062"
TNAUTHLIST = "1.3.6.1.5.5.7.1.26=DER:30:08:a0:06:16:04:37:30:39:4a"

STIRD = """
listen = ( { name = "bench"; address = "@NET@.1"; port = @PORT@; transports = [ "@TRANSPORT@" ]; } );
trunks = ( { name = "sbc"; sources = [ "@NET@.2" ]; customer = "acme"; identity = "authenticated";
             trusted = true; upstreams = [ "carrier" ]; } );
upstreams = ( { name = "carrier"; uri = "sip:@NET@.9:15062;transport=@TRANSPORT@"; } );
certificates = ( { id = "bench"; directory = "unit"; } );
provider = { spc = [ "709J" ]; };
numbers = { files = [ "numbers.csv" ]; };
records = { file = "records.jsonl"; };
directories = { state = "state"; runtime = "run"; };
log = { level = "warning"; };
check = { interval = "0ms"; };
limits = { calls = 100000; };
""".replace("@NET@", NET)
WEB, HANGING = NET + ".5", NET + ".6"
# What is verified, and the same calls that a trunk lets pass with the Identity that they bring.
VERIFYING = """
trust = ( { name = "lab"; anchors = "lab/root.pem"; } );
verification = ( { name = "lab"; trust = [ "lab" ]; max_age = "5m"; } );
fetch = { lab = true; tls_ca = "tls.pem"; timeout = "2s"; };
"""
# A second trunk beside it, whose calls are let pass.
PASSING = ("trunks = (", '''trunks = ( { name = "passed"; sources = [ "%s.3" ]; customer = "acme";
             identity = "authenticated"; trusted = true; upstreams = [ "carrier" ]; },''' % NET)
OTHER_CALLER = NET + ".3:15061"
# The same calls, of an SBC that asks by redirect.
ASKING = ("trunks = (", '''trunks = ( { name = "asked"; sources = [ "%s.3" ]; customer = "acme"; identity = "authenticated";
             trusted = true; front = "redirect"; dialect = "generic"; },''' % NET)
AS_VERIFIED = ('customer = "acme"; identity = "authenticated";', 'service = "verify"; verification = "lab";')
# Below something that makes it slow, and knows no Landlock.
UNDER = """
security = { landlock_required = false; };
signing = { timeout = "1s"; };
"""


def run(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, **more)


def key_pair(directory):
    os.makedirs(directory, mode=0o700, exist_ok=True)
    key = os.path.join(directory, "key.pem")
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    os.chmod(key, 0o600)
    run("openssl", "req", "-new", "-x509", "-key", key, "-subj", "/CN=SHAKEN bench", "-days", "2",
        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", TNAUTHLIST,
        "-out", os.path.join(directory, "chain.pem"))
    with open(os.path.join(directory, "x5u"), "w") as f:
        f.write("https://cert.example/bench.pem\n")
    return key


class Subject:
    """One proxy, while it runs. Several may run at once, each at a port of its own."""

    def __init__(self, name, build, workers=1, under=(), lab=None, port=int(PROXY.split(":")[1]), transport="udp"):
        """LAB: whose calls the subjects stird-verify and stird-pass get."""
        self.name, self.build, self.workers, self.under, self.lab = name, build, workers, under, lab
        self.signs = name not in ("kamailio-plain", "floor-pass")
        self.proxy = "%s:%d" % (PROXY.split(":")[0], port)
        self.transport, self.process, self.tls = transport, None, None

    def path(self, *names):
        return os.path.join(self.work, *names)

    def make_tls(self):
        """Certificates of proxy and callee, and who vouches for them."""
        authority = Authority(self)
        self.tls = {name: authority.issue(name, "IP:" + at.split(":")[0])
                    for name, at in (("proxy", self.proxy), ("callee", CALLEE))}
        self.tls["ca"] = authority.certificate

    def configuration(self):
        text = STIRD.replace("@PORT@", self.proxy.split(":")[1]).replace("@TRANSPORT@", self.transport)
        if self.tls:
            text += 'tls = { certificate = "%s"; key = "%s"; ca = "%s"; };\n' % (*self.tls["proxy"], self.tls["ca"])
        if self.name == "stird-asked":
            text = text.replace(*ASKING)
        if not self.lab:
            return text
        if self.name in ("stird-verify", "stird-both"):
            text = text.replace(*AS_VERIFIED)
        if self.name == "stird-both":
            text = text.replace(*PASSING)
        return text + VERIFYING.replace('"lab/', '"%s/' % self.lab.made).replace('"tls.pem"', '"%s"' % self.lab.tls_ca)

    def command(self, work):
        if self.name.startswith("stird"):
            key_pair(os.path.join(work, "unit"))
            for d in ("state", "run"):
                os.makedirs(os.path.join(work, d), mode=0o700)
            with open(os.path.join(work, "numbers.csv"), "w") as f:
                f.write("number,customer,state\n+12025550000-+12025559999,acme,owned\n")
            with open(os.path.join(work, "stird.conf"), "w") as f:
                f.write(self.configuration() + ("workers = %d;\n" % self.workers if self.workers > 1 else "")
                        + (UNDER if self.under else ""))
            return [os.path.join(self.build, "stird"), "-f", "-c", os.path.join(work, "stird.conf")]
        if self.name.startswith("floor-"):
            return [os.path.join(self.build, "tests", "bench", "floor"), self.name[6:], self.proxy, CALLER, CALLEE]
        return self.kamailio_command(work)

    def kamailio_command(self, work):
        modules = glob.glob("/usr/lib/*/kamailio/modules/")[0]
        sign = load = ""
        if self.name == "kamailio-secsipid":
            key = key_pair(os.path.join(work, "unit"))
            load = ('loadmodule "secsipid.so"\nmodparam("secsipid", "expire", 300)')
            sign = ('secsipid_add_identity("$fU", "$rU", "A", "", '
                    '"https://cert.example/bench.pem", "%s");' % key)
        sockets = {"udp": "disable_tcp=yes\n", "tcp": "", "tls": "enable_tls=yes\n"}[self.transport]
        sockets += "listen=%s:%s" % (self.transport, self.proxy)
        callee = CALLEE if self.transport == "udp" else "%s;transport=%s" % (CALLEE, self.transport)
        if self.tls:
            load += ('\nloadmodule "tls.so"\nmodparam("tls", "tls_method", "TLSv1.2+")\n'
                     'modparam("tls", "certificate", "%s")\n'
                     'modparam("tls", "private_key", "%s")\nmodparam("tls", "ca_list", "%s")'
                     % (*self.tls["proxy"], self.tls["ca"]))
        text = open(os.path.join(HERE, "kamailio.cfg")).read()
        for word, value in (("@WORKERS@", "4"), ("@SOCKETS@", sockets), ("@MODULES@", modules),
                            ("@LOAD@", load), ("@SIGN@", sign), ("@CALLEE@", callee)):
            text = text.replace(word, value)
        with open(os.path.join(work, "kamailio.cfg"), "w") as f:
            f.write(text)
        return ["kamailio", "-f", os.path.join(work, "kamailio.cfg"), "-DD", "-E", "-x", "fm",
                "-X", "fm", "-m", "1024", "-M", "16", "-w", work, "-Y", work]

    def __enter__(self):
        self.work = tempfile.mkdtemp(prefix="stird-bench-")
        if self.transport == "tls":
            self.make_tls()
        self.log = open(os.path.join(self.work, "log"), "wb")
        self.process = subprocess.Popen([*self.under, *self.command(self.work)], cwd=self.work, stdout=self.log,
                                        stderr=self.log)
        deadline = time.time() + 60
        while not bound(self.proxy, self.transport):
            if self.process.poll() is not None or time.time() > deadline:
                sys.exit("%s did not start:\n%s" % (self.name, open(self.log.name).read()[-2000:]))
            time.sleep(0.05)
        time.sleep(1.0)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40 if self.name.startswith("kam") or self.under else 3)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    def pids(self):
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in glob.glob("/proc/%d/task/*/children" % pid):
                queue += [int(p) for p in open(task).read().split()]
        return found

    def over(self):
        """Options of load."""
        chain, key = self.tls["callee"] if self.tls else ("", "")
        return ["--transport", self.transport] + ["--chain", chain, "--key", key] * bool(self.tls)

    def children(self, roles):
        """Their process ids, once all of them are there."""
        deadline = time.time() + 120
        while time.time() < deadline:
            time.sleep(3)
            comm = {pid: open("/proc/%d/task/%d/comm" % (pid, pid)).read() for pid in self.pids()}
            found = [pid for role in roles for pid in comm if role in comm[pid]]
            if len(found) == len(roles):
                return found
        sys.exit("%s has not all of %s" % (self.name, ", ".join(roles)))

    def cpu_ns(self):
        """What each of its processes has had of a processor so far: by process id, its name and ns."""
        used = {}
        for pid in self.pids():
            with open("/proc/%d/comm" % pid) as name:
                used[pid] = name.read().strip(), sum(int(open(task).read().split()[0])
                                                     for task in glob.glob("/proc/%d/task/*/schedstat" % pid))
        return used

    def waits(self):
        """How often each of its processes has waited for something so far, by process id."""
        return {pid: sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", open(task).read(), re.M)[1])
                         for task in glob.glob("/proc/%d/task/*/status" % pid)) for pid in self.pids()}

    def cpu_s(self, by_name=False):
        names = {}
        for name, ns in self.cpu_ns().values():
            names.setdefault(name, []).append(ns / 1e9)
        return names if by_name else sum(sum(used) for used in names.values())

    def pss_kib(self):
        total = 0
        for pid in self.pids():
            for line in open("/proc/%d/smaps_rollup" % pid):
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total


def bound(where, transport="udp"):
    host, port = where.split(":")
    word = "%02X%02X%02X%02X:%04X" % (*reversed([int(x) for x in host.split(".")]), int(port))
    return any(word in line for line in open("/proc/net/udp" if transport == "udp" else "/proc/net/tcp"))


def load(build, rate, calls, mode="call", hold=0, identities=None, caller=CALLER, proxy=PROXY, over=()):
    """OVER: what a subject says of its transport (over())."""
    command = [os.path.join(build, "tests", "bench", "load"), "--proxy", proxy, "--caller", caller,
               "--callee", CALLEE, "--rate", str(rate), "--calls", str(calls), "--mode", mode,
               "--hold", str(hold)] + (["--identities", identities] if identities else [])
    command += over
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=calls / rate + hold + 90)
    return json.loads(done.stdout)


def kamailios():
    """Those that are installed."""
    if not shutil.which("kamailio"):
        return []
    return ["kamailio-plain"] + ["kamailio-secsipid"] * bool(glob.glob("/usr/lib/*/kamailio/modules/secsipid.so"))


def subjects(o, transport="udp"):
    """Those that O asks for."""
    return [Subject(n, o.build, transport=transport) for n in ["stird", *kamailios()] if o.only in (None, n)]


def check(subject, r):
    if r["failed"] or (subject.signs and r["identities"] != (r["arrived"] or r["finals"])):
        print("  ! %s: %s" % (subject.name, r))


def median(values):
    return statistics.median(values) if values else float("nan")


def load_average():
    return "load average %.1f before" % os.getloadavg()[0]
