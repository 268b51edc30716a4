#!/bin/bash
# What Linux makes of discs: boots Debian's cloud kernel in QEMU, mounts each disc there and lists what it finds.
#
#   images/read-by-linux.sh CACHE JOBS >LISTING
#
# JOBS: a line `NAME|FILE|MOUNT-OPTIONS|PATH|PATH…` for each mount; the paths are looked up one by one. LISTING, for each:
#
#   disc NAME MOUNT-OPTIONS            or, when it does not mount: refused NAME MOUNT-OPTIONS
#   node MODE LINKS UID GID MTIME SIZE ./PATH   MODE is st_mode in hexadecimal
#   link ./PATH -> TARGET              without -> TARGET when it cannot be read
#   SHA256  ./PATH                       of each regular file that can be read
#   lookup PATH yes|no
#
# CACHE keeps downloaded packages. Needs qemu-system-x86, cpio, busybox-static.
. "$(dirname "$0")/lib.sh"

[ $# = 2 ] || die "usage: $0 CACHE JOBS >LISTING"
need qemu-system-x86_64 qemu-system-x86
need cpio cpio
need modprobe kmod
mkdir -p "$1"
cache=$(cd "$1" && pwd)
jobs=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find_kernel
find_busybox
ramdisk=$work/initramfs
mkdir -p "$ramdisk"/{bin,modules,discs,proc,dev,mnt}
cp "$busybox" "$ramdisk/bin/busybox"
# Packages have no index of their modules' dependencies.
[ -z "$kernel_root" ] || depmod -b "$kernel_root" "$version"
for module in virtio_pci virtio_blk loop isofs udf nls_utf8; do
    modprobe -d "${kernel_root:-/}" -S "$version" --show-depends "$module"
done | sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' | while read -r path; do
    cp "$path" "$ramdisk/modules/"
    echo "${path##*/}"
done >"$ramdisk/modules/order"

number=0
while IFS='|' read -r name file options paths; do
    number=$((number + 1))
    # A name for each file, so that the same disc goes in once.
    packed=$(sha256sum <<<"$file" | cut -c 1-16).iso
    [ -e "$ramdisk/discs/$packed" ] || cp --sparse=always "$file" "$ramdisk/discs/$packed"
    echo "$name|/discs/$packed|$options|$paths"
done <"$jobs" >"$ramdisk/jobs"

cat >"$ramdisk/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/order
# A process takes its time in here, so that there are few.
list() {
    cd /mnt
    find . -mindepth 1 -exec stat -c 'node %f %h %u %g %Y %s %n' {} +
    find . -type l -exec ls -ld {} + | sed 's|^[^/]*\./|link ./|'
    find . -type f -exec sha256sum {} + 2>/dev/null
}
while IFS='|' read -r name file options paths; do
    if mount -t "${options%%:*}" -o "loop,ro,${options#*:}" "$file" /mnt 2>/dev/null; then
        echo "disc $name $options"
        list
        rest=$paths
        while [ -n "$rest" ]; do
            path=${rest%%|*}
            case $rest in *"|"*) rest=${rest#*|} ;; *) rest= ;; esac
            if [ -e "/mnt$path" ]; then echo "lookup $path yes"; else echo "lookup $path no"; fi
        done
        cd /
        umount /mnt
    else
        echo "refused $name $options"
    fi
done </jobs >/listing
echo end >>/listing
cat /listing >/dev/vda
sync
poweroff -f
INIT
chmod 755 "$ramdisk/init"
(cd "$ramdisk" && find . -print0 | cpio --quiet --null --create --format=newc) >"$work/initrd"
truncate -s 64M "$work/listing"
timeout 900 qemu-system-x86_64 -machine pc -accel tcg,thread=multi -m "${MEMORY:-1536}" -nodefaults -no-user-config -no-reboot \
    -display none -serial "file:$work/console" -kernel "$kernel" -initrd "$work/initrd" -append 'console=ttyS0 panic=-1' \
    -drive "file=$work/listing,format=raw,if=virtio,cache=unsafe"
tr -d '\000' <"$work/listing" >"$work/text"
[ "$(tail -1 "$work/text")" = end ] || { tail -20 "$work/console" >&2; die "the guest did not reach its end"; }
sed '$d' "$work/text"
