#!/usr/bin/env python3
"""
usage: settings.py PROJECT CC
A scalar setting takes two places: a row of settings.def, and its documents, which unit/settings_file_test compares.
This test adds one row of each kind to a copy of the sources, and nothing else: field, key, default, range and what a
trunk inherits have to be there.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

ROWS = {
    "SETTINGS_OF_ROOT": """
SETTING(uint32_t, example_ms, "timers.example", KEY_DURATION, .fallback = "7s", .min = 1000, .max = 60000,
        .help = "An example.")
CHECK_SETTING(bool, example, "check.example", KEY_BOOLEAN, .fallback = "true", .help = "An example.")
INHERITED(uint32_t, example_most, "example.most", "example", KEY_INTEGER, .fallback = "3", .max = 9,
          .help = "An example.")
""",
    "SETTINGS_OF_TRUNK": """
SETTING(struct str, example_name, "example_name", KEY_NAME, .fallback = "none", .help = "An example.")
"""}

PROGRAM = r"""
#include "keys.h"
#include "draft.h"
#include <stdio.h>
#include <string.h>

static struct draft draft;
static struct draft_trunk trunk;

static const struct key *key(const struct table *table, const char *name)
{
    unsigned i = key_find(table, str_of(name));
    if (i == table->n_keys)
        printf("%s: no such key\n", name);
    return i < table->n_keys ? &table->keys[i] : NULL;
}

/* What comes of VALUE; NULL: the default. */
static const char *take(const struct key *k, void *object, const char *value)
{
    static struct buf message;
    buf_reset(&message);
    return k ? key_parse(k, str_of(value ? value : k->fallback), (char *)object + k->offset, &message) : "";
}

int main(void)
{
    const struct key *most = key(&root_table, "example.most"), *own = key(&trunk_table, "example");
    bool good = !take(key(&root_table, "timers.example"), &draft, NULL) && draft.settings.example_ms == 7000;
    good &= take(key(&root_table, "timers.example"), &draft, "61s") != NULL;
    good &= !take(key(&root_table, "check.example"), &draft, NULL) && draft.settings.check.example;
    good &= !take(most, &draft, NULL) && draft.common.example_most == 3;
    good &= !take(own, &trunk, "5") && trunk.trunk.example_most == 5 && take(own, &trunk, "10") != NULL;
    good &= own && most && own->inherited_from == most->offset && !own->fallback && most->inherited_from == 0;
    good &= own && strcmp(own->help, "As example.most, for this trunk.") == 0;
    good &= !take(key(&trunk_table, "example_name"), &trunk, NULL) && trunk.trunk.example_name.n == 4;
    puts(good ? "good" : "not as the rows say");
    return !good;
}
"""


def one(*pattern):
    found = glob.glob(os.path.join(*pattern), recursive=True)
    assert len(found) == 1, (pattern, found)
    return found[0]


def main(project, compiler):
    with tempfile.TemporaryDirectory() as place:
        for folder in ("include", "src"):
            shutil.copytree(os.path.join(project, folder), os.path.join(place, folder))
        rows = one(place, "include", "**", "settings.def")
        with open(rows, encoding="utf-8") as file:
            text = file.read()
        for section, added in ROWS.items():
            assert text.count("#undef %s\n" % section) == 1, section
            text = text.replace("#undef %s\n" % section, added + "#undef %s\n" % section)
        with open(rows, "w", encoding="utf-8") as file:
            file.write(text)
        program = os.path.join(place, "program.c")
        with open(program, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        sources = [one(place, "src", "**", name) for name in ("keys.c", "key_value.c", "service_word.c", "str.c", "buf.c", "shortage.c")]
        subprocess.run([compiler, "-std=gnu11", "-D_GNU_SOURCE", "-I" + os.path.join(place, "include"),
                        "-I" + os.path.join(place, "src"), "-I" + os.path.dirname(sources[0]), program] + sources +
                       ["-o", os.path.join(place, "program")], check=True)
        return subprocess.run([os.path.join(place, "program")], check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
