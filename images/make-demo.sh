#!/bin/bash
# Makes the demo guest: FOLDER/demo.img.gz and FOLDER/demo.img.MANIFEST, by default in this folder.
#
#   images/make-demo.sh [FOLDER]
. "$(dirname "$0")/lib.sh"

folder=${1:-$images}
uuid=70796772-7562-4d72-8a72-73000064656d
version=1.0-demo
args=console=ttyS0

need_disk_tools
need as binutils
need objcopy binutils
need cpio cpio
need gzip gzip

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

as --32 -o "$work/demo.o" "$images/demo-kernel/demo.S"
objcopy -O binary -j .text "$work/demo.o" "$work/kernel"

mkdir -p "$work/initramfs/etc"
echo 'This is the ramdisk of the pygrub-rs demo guest.' >"$work/initramfs/README"
echo demo >"$work/initramfs/etc/hostname"
make_cpio "$work/initramfs" "$work/ramdisk"

make_root "$work/root" "$uuid" "$version" "$args" "$work/kernel" "$work/ramdisk"
make_disk "$work/demo.img" 16 "$work/root" "$uuid"
write_manifest "$work/demo.img" "$work/root" "$version" "$args"

gzip -9 -n <"$work/demo.img" >"$folder/demo.img.gz"
mv "$work/demo.img.MANIFEST" "$folder/demo.img.MANIFEST"
