#!/usr/bin/env python3
"""Runs the cases of linux.txt in GRUB itself, on a PC in QEMU, and writes down what the kernel got.

    apt-get install -y --no-install-recommends grub-pc-bin grub-common xorriso mtools qemu-system-x86 binutils
    tests/grub2/linux/record.py [--new] tests/grub2/linux/linux.txt

grub-emu has no `linux` command, so language.txt cannot show these. A case is `=== name`, then parts: `--- grub.cfg`, any
`--- file NAME` on the same disc, and `--- prints`, which this program fills in: what GRUB printed and what
images/demo-kernel, a kernel that prints its command line and the size of its ramdisk, was given. Of what GRUB printed,
errors are kept, lines that begin with `> `, and all between the lines `> [` and `> ]`. One disc holds all
cases; the machine's serial number says which one it is. With --new only cases without `--- prints` run.
Recorded with GRUB 2.06-13+deb12u2 and QEMU 7.2.

The disc also has images for `loopback`, made here: /loop.iso, /ext2.img (label LOOPED), /disk.img (that ext2 as the first
partition of an MBR), /outer.img (an ext2 with loop.iso in it). Each filesystem in them has /kernel, /inside and /loopback.cfg.
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
# What live systems have for whoever boots them by their ISO.
LOOPBACK = """set timeout=0
menuentry L {
  linux /kernel from=$iso_path on=$root
  initrd /inside
}
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


def images(work, tree):
    """Disk images on the disc, for `loopback`."""
    inner = f"{work}/inner"
    os.makedirs(inner)
    shutil.copy(f"{tree}/kernel", inner)
    open(f"{inner}/inside", "w").write("inside\n")
    open(f"{inner}/loopback.cfg", "w").write(LOOPBACK)
    uuid = "-U 00000000-1111-2222-3333-444444444444".split()

    def ext2(name, folder, size, *options):
        subprocess.run(["mke2fs", "-q", "-t", "ext2", *options, "-d", folder, name, size], check=True, stderr=subprocess.DEVNULL)

    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "LOOPISO", "-o", f"{tree}/loop.iso", inner], check=True, capture_output=True)
    ext2(f"{tree}/ext2.img", inner, "512k", *uuid, "-L", "LOOPED")
    with open(f"{tree}/disk.img", "wb") as disk:
        disk.truncate(1 << 20)
        subprocess.run(["sfdisk", "-q", "-X", "dos", disk.name], input=b"label-id: 0x12345678\nstart=64,size=1024,type=83", check=True)
        disk.seek(64 * 512)
        disk.write(open(f"{tree}/ext2.img", "rb").read())
    shutil.copy(f"{tree}/loop.iso", inner)
    ext2(f"{tree}/outer.img", inner, "2M")


def kept(lines):
    """What of the output is written down."""
    whole = False
    for line in lines:
        if line == "> ]":
            whole = False
        if whole or line.startswith(("cmdline:", "ramdisk:", "error:", "> ")):
            yield line
        whole |= line == "> ["


def case_text(name, parts, prints):
    out = [f"=== {name}"]
    for part, text in parts:
        if part != "prints":
            while text and not text[-1]:
                text.pop()
            out += [f"--- {part}", *text]
    return out + ["--- prints", *prints, ""]


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
        subprocess.run(["gzip", "-kn", f"{tree}/kernel", f"{tree}/a5"], check=True)
        images(work, tree)
        disc = f"{work}/disc.iso"
        subprocess.run(["grub-mkrescue", "-o", disc, tree], check=True, capture_output=True)
        out = []
        for number, (name, parts) in enumerate(cases):
            recorded = [text for part, text in parts if part == "prints"]
            if "--new" in sys.argv and recorded:
                out += case_text(name, parts, [line for line in recorded[0] if line])
                continue
            try:
                run = subprocess.run(["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nographic", "-no-reboot", "-nic", "none",
                                      "-boot", "d", "-cdrom", disc, "-smbios", f"type=1,serial={number}", "-monitor", "none", "-serial", "stdio"],
                                     stdin=subprocess.DEVNULL, capture_output=True, timeout=40)
                raw = run.stdout
            except subprocess.TimeoutExpired as late:
                raw = late.stdout or b""
            lines = [line.rstrip() for line in NOISE.sub(b"", raw).decode(errors="replace").split("\n")]
            keep = list(kept(lines))
            out += case_text(name, parts, keep or ["(nothing)"])
            print(number, name, keep, flush=True)
    open(path, "w").write("\n".join(out).rstrip("\n") + "\n")


main()
