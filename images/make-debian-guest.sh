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
need dpkg-deb dpkg
need apt-get apt

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# unpack PACKAGE: its files under $work/PACKAGE, from the cache or from Debian.
unpack() {
    local package=$1 deb
    deb=$(find "$cache" -name "${package}_*.deb" | sort | tail -1)
    if [ -z "$deb" ]; then
        # As root, apt-get downloads as another user, who cannot always write to the cache; it then says so and goes on.
        (cd "$cache" && apt-get -q=2 download "$package") || die "apt-get cannot download $package: apt-get update?"
        deb=$(find "$cache" -name "${package}_*.deb" | sort | tail -1)
    fi
    dpkg-deb --extract "$deb" "$work/$package"
}

# The package of the kernel itself: linux-image-cloud-amd64 only depends on it.
kernel_package=$(apt-cache depends linux-image-cloud-amd64 |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*-cloud-amd64\)$/\1/p' | head -1)
[ -n "$kernel_package" ] || die "apt knows no linux-image-cloud-amd64: apt-get update?"
version=${kernel_package#linux-image-}
kernel=/boot/vmlinuz-$version
if [ ! -r "$kernel" ]; then
    unpack "$kernel_package"
    kernel=$work/$kernel_package/boot/vmlinuz-$version
fi

# Debian's package busybox is linked to the C library, which the ramdisk has not; ldd refuses a static program.
busybox=/bin/busybox
if [ ! -x "$busybox" ] || ldd "$busybox" >/dev/null 2>&1; then
    unpack busybox-static
    busybox=$(find "$work/busybox-static" -type f -path '*/bin/busybox')
fi

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
