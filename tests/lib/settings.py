"""Configuration texts: one made here, or one of conf/examples moved to a lab's addresses."""

import os
import re
import shutil

from .lab import PROJECT

NUMBERS = """number,customer,state,not_before,not_after,cert,note
+12155550100,acme,owned,,,,
+12155551000-+12155551999,acme,owned,2024-01-01,,,
+12155552000-+12155552999,acme,delegated,,2099-12-31,,letter of authority
+12155553000-+12155553999,acme,unverified,,,,
+12155554000,acme,owned,,2020-12-31,,
+12155555000,globex,owned,,,,
+12155556000,acme,blocked,,,,
"""

TEMPLATE = """node = "lab";
listen = ( %(listeners)s );
trunks = ( %(trunks)s );
%(upstreams)s
certificates = ( %(certificates)s );
%(provider)s
numbers = { %(tables)s };
records = { file = "%(records)s"; };
directories = { state = "%(state)s"; runtime = "%(runtime)s"; };
check = { %(check)s };
limits = { drain_timeout = "%(drain)s";%(limits)s };
%(more)s
"""


def value(v):
    """A Python value as libconfig writes it."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (list, tuple)):
        return "[ %s ]" % ", ".join(map(value, v))
    if isinstance(v, dict):
        return group(v)
    return str(v) if isinstance(v, int) else '"%s"' % v


def group(members):
    return "{ %s }" % " ".join("%s = %s;" % (name, value(v)) for name, v in members.items())


def groups(members):
    return ", ".join(map(group, members))


def unless_said(text, name, key, words):
    """TEXT with the setting KEY of the group NAME as WORDS, unless it says something else of that."""
    found = re.search(r"(?:^|;)\s*%s\s*[=:]\s*\{([^}]*)" % name, text, re.M)
    if not found:
        return "%s = { %s = %s; };\n" % (name, key, words) + text
    if re.search(r"\b%s\b" % key, found.group(1)):
        return text
    return text[:found.start(1)] + " %s = %s;" % (key, words) + text[found.start(1):]


def of_a_lab(text):
    """
    TEXT with what holds in labs, unless it says something else. The timeouts are as long as they may be: a slow
    machine is no reason to leave a call unsigned, or to give up a next hop that answers. No user: the machine may
    have one that is called stird, and a lab's directory is root's alone.
    """
    for name, key, words in (("signing", "timeout", '"1s"'), ("timers", "next_hop", '"32s"'), ("security", "user", '""')):
        text = unless_said(text, name, key, words)
    return text


def provider(unit):
    """What says that the unit's code is ours; one without a code is foreign."""
    return "provider = { spc = %s; };" % value(unit.spcs) if unit.spcs else ""


def certificate(unit, name="818H"):
    return {"id": name, "directory": unit.directory, **({} if unit.spcs else {"foreign": True})}


def has_provider(text):
    return re.search(r"\bproviders?\s*[=:]\s*[({]", re.sub(r"#.*", "", text)) is not None


def write(lab, listeners, trunks, upstreams, numbers=NUMBERS, drain="0s", limits="", more="",
          tables=None, check='interval = "0ms";', certificates=None):
    """
    stird.conf and numbers.csv in the lab's directory; answers with the path. DRAIN is short, so
    that a story may end in the middle of a call. TABLES: instead of NUMBERS, what is in numbers.
    CHECK: of the certificates' URLs; none by default. The provider is whose code the lab's unit has,
    unless MORE says; CERTIFICATES: instead of the lab's unit.
    """
    for name in ("state", "run"):
        os.makedirs(lab.path(name), mode=0o700, exist_ok=True)
    return lab.write("stird.conf", TEMPLATE % {
        "listeners": groups(listeners), "trunks": groups(trunks),
        "upstreams": "upstreams = ( %s );" % groups(upstreams) if upstreams else "",
        "certificates": groups(certificates or [certificate(lab.unit)]),
        "provider": "" if has_provider(more) else provider(lab.unit),
        "tables": tables or 'files = [ "%s" ];' % lab.write("numbers.csv", numbers),
        "records": lab.path("records.jsonl"), "state": lab.path("state"),
        "runtime": lab.path("run"), "drain": drain, "check": check,
        "limits": limits, "more": of_a_lab(more)})


def example(lab, name):
    """conf/examples/NAME in the lab's directory; its 127.0.0.x are the lab's .x."""
    source = os.path.join(PROJECT, "conf", "examples", name)
    for entry in os.listdir(source):
        shutil.copy(os.path.join(source, entry), lab.directory)
    with open(lab.path("stird.conf"), encoding="utf-8") as text:
        # No story asks a name server for the URL of a certificate.
        here = moved(lab, text.read())
        return lab.write("stird.conf", of_a_lab(here) + 'check = { interval = "0ms"; };\n')


def moved(lab, text):
    """Addresses of the loopback moved to the lab's block; any other that counts is a mistake."""
    counts = re.sub(r"#.*", "", text)
    for address in set(re.findall(r'(?:"|sip:)(\d+\.\d+\.\d+\.\d+)', counts)):
        assert address.startswith("127.0.0."), "not an address of a lab: " + address
    text = re.sub(r"^((?:provider = \{)?\s*)spc = \[.*?\]", r"\1spc = " + value(lab.unit.spcs), text,
                  flags=re.MULTILINE)
    return text.replace("127.0.0.", lab.network.prefix)
