#!/bin/bash
# Makes images/ext-journals/: filesystems caught with a dirty journal. Root, a loop device, the kernel's ext4, e2fsprogs,
# python3 and zstd are needed, so this is run by hand; the tests read what it made. NAME.img.zst is a copy of the device
# taken while it was mounted; NAME.MANIFEST is what `e2fsck -fy` and debugfs make of another copy, or, of fast commits,
# what Linux shows when it mounts one: e2fsck 1.47.0 applies some of them only.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/ext-journals}
work=$(mktemp -d)
mnt=$work/mnt
mkdir -p "$mnt" "$out"
trap 'mountpoint -q "$mnt" && umount "$mnt"; rm -rf "$work"' EXIT

# manifest IMAGE: one line for each file, directory and link, by debugfs.
manifest() {
    rm -rf "$work/dump"
    mkdir "$work/dump"
    debugfs -R "rdump / $work/dump" "$1" 2>/dev/null
    list "$work/dump"
}

# kernel_manifest IMAGE: the same by the kernel, which replays.
kernel_manifest() {
    mkdir -p "$work/second"
    mount -o loop "$1" "$work/second"
    list "$work/second"
    umount "$work/second"
}

list() {
    (cd "$1" && find . -mindepth 1 -not -path './lost+found*' | LC_ALL=C sort | while read -r path; do
        if [ -L "$path" ]; then echo "l $path -> $(readlink "$path")"
        elif [ -d "$path" ]; then echo "d $path"
        elif [ -f "$path" ]; then echo "f $(stat -c %s "$path") $(sha256sum <"$path" | cut -d' ' -f1) $path"; fi
    done)
}

# catch NAME: copies the device below the mount as it is now.
catch() {
    cp --sparse=always "$work/disk" "$work/caught"
    cp --sparse=always "$work/caught" "$work/fixed"
    e2fsck -fy "$work/fixed" >"$work/e2fsck.log" 2>&1 || [ $? -le 2 ]
    manifest "$work/fixed" >"$out/$1.MANIFEST"
    zstd -q -19 -f "$work/caught" -o "$out/$1.img.zst"
    echo "$1: $(stat -c %s "$out/$1.img.zst") bytes, $(wc -l <"$out/$1.MANIFEST") paths," \
        "$(dumpe2fs -h "$work/caught" 2>/dev/null | grep -c needs_recovery) dirty"
}

# catch_fast NAME: the same of fast commits, of which there must be some that the log does not have.
catch_fast() {
    catch "$1"
    mv "$out/$1.MANIFEST" "$work/e2fsck.MANIFEST"
    kernel_manifest "$work/caught" >"$out/$1.MANIFEST"
    local agrees="e2fsck agrees"
    cmp -s "$work/e2fsck.MANIFEST" "$out/$1.MANIFEST" || agrees="e2fsck says otherwise"
    echo "$1: $(cat /proc/fs/ext4/"$(basename "$(findmnt -no SOURCE "$mnt")")"/fc_info | sed -n 2p); $agrees"
}

# fresh SIZE MOUNT-OPTIONS MKE2FS-ARGUMENTS…
fresh() {
    local size=$1 options=$2
    shift 2
    mountpoint -q "$mnt" && umount "$mnt"
    rm -f "$work/disk"
    mke2fs -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$@" "$work/disk" "$size"
    # A commit comes when we ask for one, not from a clock.
    mount -o "loop,commit=300,$options" "$work/disk" "$mnt"
}

# fsync of each file commits and leaves the metadata in the journal alone; a sync of the filesystem writes it home too.
sync_all() { find "$mnt" -type f -exec sync {} +; sync "$mnt"; }
text() { yes "$1" | head -c "$2" || true; }

# Files that a commit made whole, and a directory that grew.
write_some() {
    mkdir -p "$mnt/boot/grub"
    text "kernel $1" 30000 >"$mnt/boot/vmlinuz-$1"
    echo "menuentry $1" >"$mnt/boot/grub/grub.cfg"
    ln -sf "vmlinuz-$1" "$mnt/boot/vmlinuz"
    for n in $(seq 60); do echo "$n" >"$mnt/boot/entry-$1-$n"; done
}

# Files deleted and their blocks used again for data: without the revoke records a replay would overwrite it.
write_revokes() {
    mkdir -p "$mnt/gone"
    for n in $(seq 200); do : >"$mnt/gone/some-rather-long-name-to-fill-a-block-$n"; done
    sync_all
    rm -r "$mnt/gone"
    sync_all
    for n in $(seq 12); do text "data $n" 9000 >"$mnt/reused-$n"; done
    sync_all
}

EXT4=has_journal,extent,64bit,flex_bg,dir_index,filetype,metadata_csum,sparse_super,large_file,^resize_inode
OLD=has_journal,dir_index,filetype,sparse_super,large_file,^resize_inode,^extent,^64bit,^metadata_csum,^flex_bg

fresh 8M data=ordered -b 1024 -N 256 -J size=1 -O "$EXT4"
write_some one; sync_all
catch csum3-after-commit
write_some two   # never synchronised: the journal knows nothing of it
catch csum3-before-commit

fresh 8M data=ordered -b 1024 -N 1024 -J size=1 -O "$EXT4"
write_revokes
catch csum3-revokes

fresh 8M data=ordered -b 1024 -N 512 -J size=1 -O "$EXT4"
for round in $(seq 60); do write_some "round-$((round % 4))"; sync_all; done
# On, by small commits, until the log runs past the journal's end and goes on at its start.
wrapped() {
    debugfs -R logdump "$work/disk" 2>/dev/null | awk '
        /^Journal starts at block/ { first = $5 + 0 } /^Found expected sequence/ { last = $NF + 0 }
        END { exit !(last > 0 && last + 20 < first) }'
}
for round in $(seq 2000); do
    wrapped && break
    echo "$round" >"$mnt/boot/round"
    sync "$mnt/boot/round"
done
wrapped || { echo "the log did not wrap" >&2; exit 1; }
catch csum3-wrapped

fresh 8M data=journal -b 1024 -N 256 -J size=2 -O "$EXT4"
write_some data; sync_all
catch csum3-data-journal
# Data that begins with the journal's magic number is escaped in the log.
python3 -c 'import sys; sys.stdout.buffer.write((b"\xc0\x3b\x39\x98" + b"escaped " * 127 + b"\0\0\0\0") * 5)' >"$mnt/escaped"
sync_all
catch csum3-escaped

fresh 16M data=ordered -b 4096 -N 256 -J size=4 -O "$EXT4"
write_some four; sync_all
catch csum3-4k

fresh 8M data=ordered -b 1024 -N 256 -J size=1 -O "$OLD"
write_some old; sync_all
catch nocsum-ext3
fresh 8M data=ordered -b 1024 -N 1024 -J size=1 -O "$OLD"
write_revokes
catch nocsum-revokes

fresh 8M data=ordered,journal_checksum -b 1024 -N 256 -J size=1 -O "$EXT4,^metadata_csum,^64bit"
write_some v1; sync_all
catch option-journal_checksum
fresh 8M data=writeback,journal_async_commit,journal_checksum -b 1024 -N 256 -J size=1 -O "$EXT4,^metadata_csum"
write_some v1; sync_all
catch option-journal_async_commit

fresh 16M data=ordered -b 1024 -N 256 -J size=4 -O "$EXT4,fast_commit"
write_some full; sync -f "$mnt"
catch fast_commit-full-commit
python3 - "$mnt" <<'P'
import os, sys
os.chdir(sys.argv[1])
for name in ("fc-one", "fc-two"):
    with open(name, "wb") as f:
        f.write(b"fast " * 2000); f.flush(); os.fsync(f.fileno())
os.rename("fc-one", "fc-renamed")
with open("fc-two", "ab") as f:
    f.write(b"more"); f.flush(); os.fsync(f.fileno())
P
catch_fast fast_commit-area

# fast SCENARIO BLOCK-SIZE FEATURES SUFFIX: what ext-fast-commits.py does between a full commit and the catch.
fast() {
    fresh 16M data=ordered -b "$2" -N 1024 -J size=4 -O "$EXT4,fast_commit$3"
    write_some full
    mkdir "$mnt/boot/indexed"
    for n in $(seq 0 299); do : >"$mnt/boot/indexed/name-$n"; done
    sync -f "$mnt"
    python3 "$here/ext-fast-commits.py" "$mnt" "$1"
    catch_fast "fast_commit-$1$4"
}
fast names 1024 "" ""
fast maps 1024 "" ""
fast index 1024 "" ""
fast stale 1024 "" ""
fast names 4096 ,inline_data -inline
fast maps 4096 ,^metadata_csum -nocsum
umount "$mnt"
