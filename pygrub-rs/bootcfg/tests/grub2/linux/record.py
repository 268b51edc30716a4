#!/usr/bin/env python3
"""Runs the cases of linux.txt in GRUB itself, on a PC in QEMU, and writes down what the kernel got.

    apt-get install -y --no-install-recommends grub-pc-bin grub-common xorriso mtools qemu-system-x86 binutils
    tests/grub2/linux/record.py tests/grub2/linux/linux.txt

grub-emu has no `linux` command, so language.txt cannot show these. A case is `=== name`, then parts: `--- grub.cfg`, any
`--- file NAME` on the same disc, and `--- prints`, which this program fills in: what GRUB printed and what
images/demo-kernel, a kernel that prints its command line and the size of its ramdisk, was given. One disc holds all
cases; the machine's serial number says which one it is. Recorded with GRUB 2.06-13+deb12u2 and QEMU 7.2.
"""
import os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = os.path.join(HERE, "../../../../../images/demo-kernel/demo.S")
START = """insmod serial
serial --unit=0 --speed=115200
terminal_output serial
terminal_input serial
set pager=0
smbios --type 1 --get-string 7 --set case

configfile /cases/$case/grub.cfg
halt
"""
NOISE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


def parse(text):
    cases, part = [], None
    for line in text.split("\n"):
        if line.startswith("=== "):
            cases.append((line[4:], []))
        elif line.startswith("--- "):
            part = (line[4:], [])
            cases[-1][1].append(part)
        elif part is not None:
            part[1].append(line)
    return cases


def main():
    path = sys.argv[-1]
    cases = parse(open(path).read())
    with tempfile.TemporaryDirectory() as work:
        tree = os.path.join(work, "tree")
        os.makedirs(os.path.join(tree, "boot/grub"))
        subprocess.run(["as", "--32", "-o", f"{work}/demo.o", KERNEL], check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", f"{work}/demo.o", f"{tree}/kernel"], check=True)
        open(f"{tree}/boot/grub/grub.cfg", "w").write(START)
        for number, (_, parts) in enumerate(cases):
            folder = f"{tree}/cases/{number}"
            os.makedirs(folder)
            for name, lines in parts:
                text = "\n".join(lines).strip("\n") + "\n"
                if name == "grub.cfg":
                    open(f"{folder}/grub.cfg", "w").write(text)
                elif name.startswith("file "):
                    target = f"{tree}/{name[5:]}"
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    open(target, "w").write(text)
        disc = f"{work}/disc.iso"
        subprocess.run(["grub-mkrescue", "-o", disc, tree], check=True, capture_output=True)
        out = []
        for number, (name, parts) in enumerate(cases):
            try:
                run = subprocess.run(["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nographic", "-no-reboot", "-nic", "none",
                                      "-boot", "d", "-cdrom", disc, "-smbios", f"type=1,serial={number}", "-monitor", "none", "-serial", "stdio"],
                                     stdin=subprocess.DEVNULL, capture_output=True, timeout=100)
                raw = run.stdout
            except subprocess.TimeoutExpired as late:
                raw = late.stdout or b""
            lines = [line.rstrip() for line in NOISE.sub(b"", raw).decode(errors="replace").split("\n")]
            keep = [line for line in lines if line.startswith(("cmdline:", "ramdisk:", "error:", "> "))]
            out.append(f"=== {name}")
            for part, text in parts:
                if part != "prints":
                    while text and not text[-1]:
                        text.pop()
                    out += [f"--- {part}", *text]
            out += ["--- prints", *(keep or ["(nothing)"]), ""]
            print(number, name, keep, flush=True)
    open(path, "w").write("\n".join(out).rstrip("\n") + "\n")


main()
