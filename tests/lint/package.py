#!/usr/bin/env python3
"""
usage: package.py PROJECT [--self-test]
What debian/ says is so in this tree: the version is that of CMakeLists.txt and of CHANGELOG.md; the libraries of the README
are those that the package is built with and, where a program loads them itself, depends on; scripts/install-deps installs
them too; each unit of systemd/ is installed by CMakeLists.txt and, where it can be running, stopped by debian/stird.prerm;
the unit's own directories are what a purge takes; files that debian/rules names are there, and pages that docs/ leads to
are installed; its scripts are such.
"""

import os
import re
import subprocess
import sys

SCRIPTS = ("postinst", "prerm", "postrm")


def read(project, *path):
    with open(os.path.join(project, *path), encoding="utf-8") as source:
        return source.read()


def field(text, name):
    """The words of a field of debian/control, without versions and comments."""
    found = re.search(r"^%s:((?:.*\n)(?:[ #].*\n)*)" % name, text, re.M)
    value = re.sub(r"(?m)^#.*$", "", found.group(1)) if found else ""
    return {re.sub(r"\(.*?\)", "", word).strip() for word in value.split(",")} - {""}


def versions(tree):
    yield "CMakeLists.txt", re.search(r"project\(stird VERSION ([\d.]+)", tree["CMakeLists.txt"])
    yield "debian/changelog", re.match(r"stird \(([\d.]+)\)", tree["debian/changelog"])
    yield "CHANGELOG.md", re.search(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", tree["CHANGELOG.md"], re.M)


def check_versions(tree):
    said = {name: found and found.group(1) for name, found in versions(tree)}
    if len(set(said.values())) != 1 or None in said.values():
        yield "versions differ, or there is none: %s" % said


def check_libraries(tree):
    built = field(tree["debian/control"], "Build-Depends")
    needed = field(tree["debian/control"], "Depends")
    readme = re.search(r"install -y --no-install-recommends (build-essential.*?)\ncmake", tree["README.md"], re.S)
    listed = set(readme.group(1).replace("\\", " ").split()) if readme else set()
    for name in sorted(listed - {"build-essential", "ca-certificates", "systemd"} - built):
        yield "debian/control: Build-Depends lacks %s of README.md" % name
    for name in sorted(built - {"debhelper-compat"} - listed):
        yield "README.md does not install %s of debian/control" % name
    for name in sorted(listed - set(tree["scripts/install-deps"].split())):
        yield "scripts/install-deps does not install %s of README.md" % name
    # Which package it is in stands beside the name, in the source.
    for name in sorted(re.findall(r"Debian: (lib\S+) \*/", tree["loaded"])):
        if name not in needed:
            yield "debian/control: Depends lacks %s, which is loaded when it is needed" % name


def check_units(tree):
    for unit in tree["units"]:
        if unit not in tree["CMakeLists.txt"]:
            yield "CMakeLists.txt does not install systemd/%s" % unit
        if unit not in tree["debian/stird.prerm"]:
            yield "debian/stird.prerm does not stop %s" % unit
    for kind, above in (("Configuration", "/etc"), ("State", "/var/lib"), ("Logs", "/var/log")):
        name = re.search(r"^%sDirectory=(\S+)$" % kind, tree["systemd/stird.service"], re.M)
        if not name or "%s/%s" % (above, name.group(1)) not in tree["debian/stird.postrm"]:
            yield "debian/stird.postrm does not purge %sDirectory of systemd/stird.service" % kind
    user = re.search(r"^u (\S+)", tree["systemd/stird.sysusers.conf"], re.M)
    if not user or "userdel %s " % user.group(1) not in tree["debian/stird.postrm"]:
        yield "debian/stird.postrm does not take the user of systemd/stird.sysusers.conf"


def check_rules(tree):
    for option in ("--no-enable", "--no-start", "--no-stop-on-upgrade"):
        if not re.search(r"^\tdh_installsystemd .*%s\b" % option, tree["debian/rules"], re.M):
            yield "debian/rules: dh_installsystemd needs %s" % option
    if tree["debian/source/format"].strip() != "3.0 (native)":
        yield "debian/source/format is not native, and debian/changelog has no revision"
    for name in re.findall(r"\b(\w[\w.-]*\.md)\b", tree["debian/stird.README.Debian"] + tree["debian/stird.postinst"]):
        if name not in tree["pages"]:
            yield "debian/ names %s, which docs/ has not" % name
    for name in sorted(set(re.findall(r"\]\(\.\./(\w+\.md)\b", tree["linked"]))):
        if not re.search(r"^install\(FILES [^)]*\b%s\b" % re.escape(name), tree["CMakeLists.txt"], re.M):
            yield "CMakeLists.txt does not install %s, which docs/ leads to" % name
    if "](../" in tree["linked"] and r"s,](\(\.\./\|" not in tree["debian/rules"]:
        yield "debian/rules leaves links of docs/ that lead out of the folder of the pages"


def check_scripts(project):
    for name in SCRIPTS:
        path = os.path.join(project, "debian", "stird." + name)
        done = subprocess.run(["sh", "-n", path], capture_output=True, text=True, check=False)
        if done.returncode:
            yield "debian/stird.%s: %s" % (name, done.stderr.strip())
        if "\n#DEBHELPER#\n" not in read(project, "debian", "stird." + name):
            yield "debian/stird.%s lacks #DEBHELPER#" % name
    if not os.access(os.path.join(project, "debian", "rules"), os.X_OK):
        yield "debian/rules is no program"


def tree_of(project):
    names = ["CMakeLists.txt", "CHANGELOG.md", "README.md", "scripts/install-deps", "debian/changelog", "debian/control",
             "debian/rules", "debian/source/format", "debian/stird.README.Debian", "systemd/stird.service",
             "systemd/stird.sysusers.conf"] + ["debian/stird." + name for name in SCRIPTS]
    tree = {name: read(project, name) for name in names}
    tree["loaded"] = read(project, "src/fetch/libcurl.c") + read(project, "src/web/microhttpd.c")
    tree["units"] = sorted(name for name in os.listdir(os.path.join(project, "systemd"))
                           if name.endswith((".service", ".timer", ".socket")))
    tree["pages"] = os.listdir(os.path.join(project, "docs"))
    tree["linked"] = "".join(read(project, "docs", name) for name in tree["pages"] if name.endswith(".md"))
    return tree


def findings(tree):
    for check in (check_versions, check_libraries, check_units, check_rules):
        yield from check(tree)


# What is made wrong, and a word of what is said of it.
FAULTS = (
    ("CMakeLists.txt", "project(stird VERSION ", "project(stird VERSION 9.", "versions differ"),
    ("CHANGELOG.md", "## [", "## [Unreleased", "versions differ"),
    ("debian/changelog", "stird (", "stird (9.", "versions differ"),
    ("debian/control", " libpcap-dev,", "", "Build-Depends lacks libpcap-dev"),
    ("debian/control", " libcurl4,", "", "Depends lacks libcurl4"),
    ("README.md", " libpcap-dev", "", "README.md does not install libpcap-dev"),
    ("scripts/install-deps", "libpcap-dev", "", "install-deps does not install libpcap-dev"),
    ("CMakeLists.txt", "stird-renew.timer", "", "does not install systemd/stird-renew.timer"),
    ("CMakeLists.txt", "FILES LICENSE README.md", "FILES LICENSE", "does not install README.md"),
    ("debian/stird.prerm", "stird-renew.timer", "", "does not stop stird-renew.timer"),
    ("debian/stird.postrm", "/var/lib/stird", "/x", "does not purge State"),
    ("debian/stird.postrm", "userdel stird", "", "does not take the user"),
    ("debian/rules", " --no-stop-on-upgrade", "", "needs --no-stop-on-upgrade"),
    ("debian/rules", "sed -i 's,](", "sed -i 's,x", "leaves links"),
    ("debian/source/format", "native", "quilt", "is not native"),
    ("debian/stird.README.Debian", "upgrade.md", "nosuch" ".md", "names nosuch"),
)


def self_test(project):
    good = tree_of(project)
    for name, old, new, word in FAULTS:
        said = list(findings({**good, name: good[name].replace(old, new)}))
        if old not in good[name] or not any(word in line for line in said):
            yield "self-test: %s without %r: %s" % (name, old, said)


def main():
    project = sys.argv[1]
    if sys.argv[2:] == ["--self-test"]:
        said = list(self_test(project))
    else:
        said = list(findings(tree_of(project))) + list(check_scripts(project))
    for line in said:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
