#!/usr/bin/env python3
"""Runs the cases of legacy.txt in GRUB legacy itself, on a PC in QEMU, and writes down what the kernel got.

    apt-get download grub-legacy; dpkg -x grub-legacy_*.deb FOLDER; apt-get install -y xorriso qemu-system-x86 binutils
    tests/grub_legacy/record.py FOLDER/usr/lib/grub/x86_64-pc/stage2_eltorito tests/grub_legacy/legacy.txt

A case is `=== name`, then parts: `--- menu.lst`, any `--- file NAME` on the same disc, and `--- prints`, which this program
fills in: GRUB's errors and titles as it boots them, and what kernel.S beside it was given. Every disc has /kernel, /a4 and /b5
(of 4 and 5 bytes) and /dir/x. What waits for a key is cut off, and says `(waits)`. Recorded with Debian's 0.97-80 and QEMU 7.2.
"""
import os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
START = "serial --unit=0 --speed=115200\nterminal --dumb serial\n"


def parse(text):
    cases, part = [], []
    for line in text.split("\n"):
        if line.startswith("=== "):
            cases.append((line[4:], []))
        elif line.startswith("--- "):
            part = []
            cases[-1][1].append((line[4:], part))
        else:
            part.append(line)
    return cases


def disc(work, number, stage2, parts):
    tree = f"{work}/{number}"
    os.makedirs(f"{tree}/boot/grub")
    os.makedirs(f"{tree}/dir")
    subprocess.run(["cp", stage2, f"{tree}/boot/grub/stage2"], check=True)
    subprocess.run(["cp", f"{work}/kernel", tree], check=True)
    for name, text in [("a4", "abcd"), ("b5", "abcde"), ("dir/x", "x")]:
        open(f"{tree}/{name}", "w").write(text)
    for name, lines in parts:
        text = "\n".join(lines).strip("\n") + "\n"
        if name == "menu.lst":
            open(f"{tree}/boot/grub/menu.lst", "w").write(START + text)
        elif name.startswith("file "):
            path = f"{tree}/{name[5:]}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").write(text)
    image = f"{work}/{number}.iso"
    boot = ["-b", "boot/grub/stage2", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"]
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", *boot, "-o", image, tree], check=True, capture_output=True)
    return image


def run(image):
    try:
        command = ["qemu-system-x86_64", "-accel", "tcg", "-m", "64", "-nographic", "-no-reboot", "-nic", "none", "-boot", "d"]
        raw = subprocess.run([*command, "-cdrom", image, "-monitor", "none", "-serial", "stdio"], stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=15).stdout
        waits = []
    except subprocess.TimeoutExpired as late:
        raw, waits = late.stdout or b"", ["(waits)"]
    lines = [line.rstrip() for line in raw.decode(errors="replace").replace("\r", "").split("\n")]
    return [line for line in lines if re.match(r"cmdline:|ramdisk:|Error |  Booting ", line)] + waits


def main():
    stage2, path = sys.argv[1:]
    out = []
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["as", "--32", "-o", f"{work}/kernel.o", f"{HERE}/kernel.S"], check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", f"{work}/kernel.o", f"{work}/kernel"], check=True)
        for number, (name, parts) in enumerate(parse(open(path).read())):
            prints = run(disc(work, number, stage2, parts))
            print(name, prints, flush=True)
            out.append(f"=== {name}")
            for part, lines in parts:
                if part != "prints":
                    while lines and not lines[-1]:
                        lines.pop()
                    out += [f"--- {part}", *lines]
            out += ["--- prints", *prints, ""]
    open(path, "w").write("\n".join(out).rstrip("\n") + "\n")


main()
