"""How a demonstration shows what it found, on a page of 80 columns or a little more."""

import json


def show(name, *lines):
    for i, line in enumerate(lines):
        print("     %-10s %s" % (name if i == 0 else "", line))


def pretty(value, width=78):
    """JSON in few lines, broken between members only."""
    members = ["%s: %s" % (json.dumps(name), json.dumps(v)) for name, v in value.items()]
    lines = ["{ " + members[0]]
    for member in members[1:]:
        if len(lines[-1]) + len(member) + 2 <= width:
            lines[-1] += ", " + member
        else:
            lines[-1] += ","
            lines.append("  " + member)
    lines[-1] += " }"
    return lines
