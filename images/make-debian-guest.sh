#!/bin/bash
# Makes a real Debian guest: Debian's cloud kernel and a ramdisk that says it is up, what its arguments are, and
# switches off. Not committed: the kernel is GPL and of 14 MB.
#
#   images/make-debian-guest.sh OUT.img CACHE
#
# CACHE keeps downloaded packages. What is installed is used and not downloaded. Needs apt's lists (apt-get update).
. "$(dirname "$0")/lib.sh"

[ $# = 2 ] || die "usage: $0 OUT.img CACHE"
out=$1
mkdir -p "$2"
cache=$(cd "$2" && pwd)
uuid=70796772-7562-4d72-8a72-646562696131
args=console=ttyS0

need_disk_tools
need cpio cpio

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find_kernel
find_busybox

mkdir -p "$work/initramfs/bin" "$work/initramfs/proc"
cp "$busybox" "$work/initramfs/bin/busybox"
cat >"$work/initramfs/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo PYGRUB-RS-GUEST-UP
echo "cmdline: $(/bin/busybox cat /proc/cmdline)"
/bin/busybox poweroff -f
INIT
chmod 755 "$work/initramfs/init" "$work/initramfs/bin/busybox"
make_cpio "$work/initramfs" "$work/ramdisk"

make_root "$work/root" "$uuid" "$version" "$args" "$kernel" "$work/ramdisk"
make_disk "$out" 48 "$work/root" "$uuid"
write_manifest "$out" "$work/root" "$version" "$args"
