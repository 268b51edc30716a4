#!/usr/bin/env python3
"""Runs the cases of language.txt in GRUB itself (grub-emu) and writes down what it printed.

    apt-get install -y --no-install-recommends grub-emu bsdutils
    tests/grub2/record.py [--check] tests/grub2/language.txt

A case is `=== name`, then parts: `--- grub.cfg`, any `--- file NAME`, and `--- prints`, which this program fills in.
Each case runs in the folder /tmp/grub-case with those files, as `grub-emu -d FOLDER -r host` in a pseudo terminal of
`script`; `exit` is appended to grub.cfg, unless the case's name says `(menu)`: those set timeout=0 and have `exit` in
their entries. Terminal escapes, carriage returns, the greeting and GRUB's own `error:` lines are left out. A case that ends in a menu without a
timeout is cut off after two seconds, and says `(menu)`. With --check nothing is written and differences fail.
"""
import os, re, shutil, subprocess, sys

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")
# The same for every case: `search --file` and `$prefix` show it.
FOLDER = "/tmp/grub-case"
NOISE = (b"error:", b"Welcome to GRUB!", b"Press any key")


def parse(text):
    cases, case, part = [], None, None
    for line in text.split(b"\n"):
        if line.startswith(b"=== "):
            case, part = (line[4:], []), None
            cases.append(case)
        elif line.startswith(b"--- ") and case:
            part = (line[4:], [])
            case[1].append(part)
        elif part is not None:
            part[1].append(line)
        elif case is None:
            cases.append(line)
        elif line:
            raise SystemExit(f"stray line {line!r}")
    return cases


def run(parts, menu):
    os.mkdir(FOLDER, 0o700)
    try:
        folder = FOLDER
        for name, lines in parts:
            if name == b"prints":
                continue
            name = name.removeprefix(b"file ").decode()
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                text = b"\n".join(lines).strip(b"\n")
                text += b"\n" if text else b""
                out.write(text + b"exit\n" if name == "grub.cfg" and not menu else text)
        command = f"stty cols 500 rows 500; exec grub-emu -d {folder} -r host"
        process = subprocess.Popen(["script", "-qec", command, "/dev/null"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, env={**os.environ, "TERM": "vt100"}, start_new_session=True)
        try:
            raw, _ = process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return [b"(menu)"]
    finally:
        shutil.rmtree(FOLDER)
    lines = ESCAPES.sub(b"", raw).split(b"\n")
    lines = [line.rstrip(b" ") for line in lines if not line.startswith(NOISE)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def main():
    check = "--check" in sys.argv
    path = sys.argv[-1]
    text = open(path, "rb").read()
    out, differs = [], False
    for case in parse(text):
        if isinstance(case, bytes):
            out.append(case)
            continue
        name, parts = case
        printed = run(parts, b"(menu)" in name)
        old = [lines for part, lines in parts if part == b"prints"]
        if check and (not old or [l for l in old[0] if l] != [l for l in printed if l]):
            print(f"{name.decode()}: now {printed}")
            differs = True
        out.append(b"=== " + name)
        for part, lines in parts:
            if part != b"prints":
                while lines and not lines[-1]:
                    lines.pop()
                out += [b"--- " + part, *lines]
        out += [b"--- prints", *printed, b""]
    if not check:
        open(path, "wb").write(b"\n".join(out).rstrip(b"\n") + b"\n")
    sys.exit(1 if differs else 0)


main()
