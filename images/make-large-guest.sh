#!/bin/bash
# Makes a guest for benchmarks: a kernel of 8 MiB and a ramdisk of SIZE_MIB MiB, of bytes that do not compress and are
# the same in every run. They boot nothing.
#
#   images/make-large-guest.sh OUT.img SIZE_MIB
#
# SIZE_MIB 1024 is the large guest of `cargo xtask bench`; 2 is the small one, of 10 MiB in all.
. "$(dirname "$0")/lib.sh"

[ $# = 2 ] || die "usage: $0 OUT.img SIZE_MIB"
out=$1
ramdisk_mib=$2
[[ $ramdisk_mib =~ ^[1-9][0-9]{0,4}$ ]] || die "SIZE_MIB is a number from 1 to 99999, not \"$ramdisk_mib\""
uuid=70796772-7562-4d72-8a72-6c6172676531
version=1.0-bench
args=console=ttyS0

need_disk_tools
need openssl openssl

# Beside the image and not in /tmp, which may be too small for a copy of the ramdisk.
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT

# noise KEY MIB: AES in counter mode, which makes a gigabyte in a second or so.
noise() {
    head -c "${2}M" /dev/zero |
        openssl enc -aes-128-ctr -nosalt -K "$1" -iv 00000000000000000000000000000000
}

mkdir "$work/in"
noise 6b65726e656c00000000000000000000 8 >"$work/in/kernel"
noise 72616d6469736b000000000000000000 "$ramdisk_mib" >"$work/in/ramdisk"

make_root "$work/root" "$uuid" "$version" "$args" "$work/in/kernel" "$work/in/ramdisk"
rm -r "$work/in"
# A sixteenth more than the files, for inode tables, and room for the journal, which grows to 64 MiB.
make_disk "$out" $(((ramdisk_mib + 8) * 17 / 16 + 96)) "$work/root" "$uuid"
write_manifest "$out" "$work/root" "$version" "$args"
