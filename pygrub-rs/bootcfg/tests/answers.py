#!/usr/bin/env python3
"""answers.py MENU FOLDER: holds the menus of trees against another loader's answers.

MENU is the example program (`cargo build -p bootcfg --example menu`), FOLDER u-root's pkg/boot, of which every `NAME.json` is that
loader's answer for the tree `NAME` beside it. Kernels and arguments are compared; of ramdisks only that they are no arguments. What differs
is printed; docs/bootcfg.md says why it does.
"""
import json
import os
import re
import subprocess
import sys


def words(line):
    return tuple(word for word in line.split() if not word.startswith("initrd="))


def ours(menu, tree):
    """What the example prints of every entry that has a kernel, whether or not the tree holds that file."""
    told = subprocess.run([menu, tree], capture_output=True, check=True).stdout.decode("latin1")
    entries = re.finditer(r"^[* ] (.*)\n      (/\S*) ?(.*)$", told, re.M)
    # The example escapes what it prints.
    return [(e[1], os.path.normpath(e[2]), words(e[3].replace("\\\\", "\\"))) for e in entries]


def theirs(answer):
    """A kernel is an address or a path; it begins with where their tests run and with the tree."""
    entries = []
    for entry in json.load(open(answer)):
        kernel = entry.get("kernel") or {}
        path = kernel.get("url") or kernel.get("name") or ""
        path = re.sub(r"^(\w+://)?/*testdata\w*/[^/]*", "", path)
        entries.append((entry["name"], os.path.normpath(path), words(entry.get("cmdline", ""))))
    return entries


def main(menu, folder):
    answers = [os.path.join(at, file) for at, _, files in os.walk(folder) for file in files if file.endswith(".json")]
    total = differing = 0
    for answer in sorted(file for file in answers if os.path.isdir(file[:-5])):
        tree = answer[:-5]
        here, there = ours(menu, tree), theirs(answer)
        mine, other = {entry[1:] for entry in here}, {entry[1:] for entry in there}
        total, differing = total + len(there), differing + len([e for e in there if e[1:] not in mine])
        print(f"{os.path.relpath(tree, folder)}: {len(there)} entries there, {len(here)} here")
        for side, entries, known in (("there", there, mine), ("here ", here, other)):
            for title, kernel, arguments in [entry for entry in entries if entry[1:] not in known][:3]:
                print(f"  {side}: {title}: {kernel} {' '.join(arguments)}")
    print(f"{total} entries, {differing} of them otherwise here")


main(*sys.argv[1:])
