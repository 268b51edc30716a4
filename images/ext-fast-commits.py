#!/usr/bin/env python3
"""What make-ext-journals.sh does to a mounted ext4 between a full commit and the moment it is caught: each fsync() here
is a fast commit, unless ext4 finds it cannot be.

    ext-fast-commits.py MOUNTPOINT SCENARIO
"""
import os
import sys


def put(name, data, mode="wb"):
    with open(name, mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def names():
    """Files made, linked, renamed over each other and removed; inodes used again at once; directories."""
    put("plain", b"fast " * 2000)
    put("plain", b"more", "ab")
    os.mkdir("new")
    put("new/inside", b"inside\n" * 300)
    os.mkdir("new/deep")
    put("new/deep/er", b"deeper")
    os.link("plain", "hard")
    put("trigger", b"1")
    os.unlink("boot/entry-full-7")
    os.rename("plain", "boot/renamed")
    put("boot/entry-full-8", b"replaced in place\n")
    put("again", b"in the inode of entry 7")
    os.rename("new/inside", "boot/entry-full-9")
    put("sparse-again", b"")
    os.mkdir("gone")
    put("gone/file", b"gone")
    os.unlink("gone/file")
    os.rmdir("gone")
    put("last", b"last")


def maps():
    """Holes, truncation, preallocation, blocks freed and allocated anew."""
    fd = os.open("holes", os.O_RDWR | os.O_CREAT)
    os.pwrite(fd, b"end", 100_000)
    os.pwrite(fd, b"middle", 50_000)
    os.fsync(fd)
    os.pwrite(fd, b"start", 0)
    os.fsync(fd)
    os.ftruncate(fd, 60_000)
    os.fsync(fd)
    os.posix_fallocate(fd, 60_000, 50_000)
    os.fsync(fd)
    os.pwrite(fd, b"written", 80_001)
    os.fsync(fd)
    os.close(fd)
    fd = os.open("boot/vmlinuz-full", os.O_RDWR)
    os.ftruncate(fd, 1234)
    os.fsync(fd)
    os.pwrite(fd, b"grown" * 5000, 10_000)
    os.fsync(fd)
    os.close(fd)
    fd = os.open("many", os.O_RDWR | os.O_CREAT)
    for n in range(0, 40, 2):
        os.pwrite(fd, bytes([n]) * 3000, n * 8192)
    os.fsync(fd)
    for n in range(1, 40, 2):
        os.pwrite(fd, bytes([n]) * 3000, n * 8192)
        os.fsync(fd)
    os.close(fd)


def index():
    """A directory with an index on the disk gets and loses names."""
    for n in range(0, 40):
        os.unlink("boot/indexed/name-%d" % (n * 7))
    put("boot/indexed/added", b"added")
    for n in range(0, 20):
        os.rename("boot/indexed/name-%d" % (n * 7 + 1), "boot/indexed/renamed-%d" % n)
    put("boot/indexed/name-0", b"again")


def stale():
    """Fast commits, a full commit, and fewer fast commits, so that old ones follow the new."""
    for n in range(8):
        put("old-%d" % n, b"old" * n)
    os.unlink("old-3")
    fd = os.open(".", os.O_RDONLY)
    # A rename of a directory into another cannot be fast.
    os.mkdir("moved")
    os.mkdir("boot/there")
    os.rename("moved", "boot/there/moved")
    os.fsync(fd)
    os.close(fd)
    put("new-1", b"new")
    put("new-2", b"new")


os.chdir(sys.argv[1])
{scenario.__name__: scenario for scenario in (names, maps, index, stale)}[sys.argv[2]]()
