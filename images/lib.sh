# shellcheck shell=bash
# What the makers of guest images share. Sourced by them; docs in README.md.
set -euo pipefail

images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Everything that ends up in an image bears this time: 2026-01-01 00:00:00 UTC.
export SOURCE_DATE_EPOCH=1767225600
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
export TZ=UTC LC_ALL=C
umask 022
# Debian keeps sfdisk and mke2fs where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin

# The first partition begins at 1 MiB, as every installer has had it since 2010.
partition_offset=1048576

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# need COMMAND PACKAGE: fails, naming the Debian package, when there is no such command.
need() {
    command -v "$1" >/dev/null || die "$1 is missing: install Debian's package $2"
}

# need_disk_tools: what make_disk and write_manifest use.
need_disk_tools() {
    need sfdisk fdisk
    need mke2fs e2fsprogs
    need debugfs e2fsprogs
    need e2fsck e2fsprogs
    need grub-editenv grub-common
    need grub-script-check grub-common
}

# unpack PACKAGE: its files under $work/PACKAGE, from $cache or from Debian.
unpack() {
    local package=$1 deb
    need dpkg-deb dpkg
    need apt-get apt
    deb=$(find "$cache" -name "${package}_*.deb" | sort | tail -1)
    if [ -z "$deb" ]; then
        # As root, apt-get downloads as another user, who cannot always write to the cache; it then says so and goes on.
        (cd "$cache" && apt-get -q=2 download "$package") || die "apt-get cannot download $package: apt-get update?"
        deb=$(find "$cache" -name "${package}_*.deb" | sort | tail -1)
    fi
    dpkg-deb --extract "$deb" "$work/$package"
}

# find_kernel: Debian's cloud kernel: $version, $kernel, and $kernel_root, below which its modules are. Uses $work, $cache.
find_kernel() {
    # The package of the kernel itself: linux-image-cloud-amd64 only depends on it.
    kernel_package=$(apt-cache depends linux-image-cloud-amd64 |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*-cloud-amd64\)$/\1/p' | head -1)
    [ -n "$kernel_package" ] || die "apt knows no linux-image-cloud-amd64: apt-get update?"
    version=${kernel_package#linux-image-}
    kernel_root=
    if [ ! -r "/boot/vmlinuz-$version" ]; then
        unpack "$kernel_package"
        kernel_root=$work/$kernel_package
    fi
    kernel=$kernel_root/boot/vmlinuz-$version
}

# find_busybox: $busybox, a static one: Debian's package busybox is linked to the C library, which a ramdisk has not.
find_busybox() {
    busybox=/bin/busybox
    # ldd refuses a static program.
    if [ ! -x "$busybox" ] || ldd "$busybox" >/dev/null 2>&1; then
        unpack busybox-static
        busybox=$(find "$work/busybox-static" -type f -path '*/bin/busybox')
    fi
}

# make_cpio FOLDER FILE: the folder as an initramfs, compressed.
make_cpio() {
    find "$1" -exec touch --no-dereference --date=@"$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . -mindepth 1 -print0 | sort -z |
        cpio --quiet --null --create --format=newc --owner=0:0 --reproducible) | gzip -9 -n >"$2"
}

# make_root TREE UUID VERSION ARGS KERNEL RAMDISK: a guest's root filesystem, as far as its boot loader sees it.
make_root() {
    local tree=$1 uuid=$2 version=$3 args=$4 kernel=$5 ramdisk=$6
    mkdir -p "$tree/boot/grub" "$tree/etc"
    cp "$kernel" "$tree/boot/vmlinuz-$version"
    cp "$ramdisk" "$tree/boot/initrd.img-$version"
    chmod 644 "$tree/boot/vmlinuz-$version" "$tree/boot/initrd.img-$version"
    ln -s "boot/vmlinuz-$version" "$tree/vmlinuz"
    ln -s "boot/initrd.img-$version" "$tree/initrd.img"
    sed -e "s|@UUID@|$uuid|g" -e "s|@VERSION@|$version|g" -e "s|@ARGS@|$args|g" \
        "$images/grub.cfg.in" >"$tree/boot/grub/grub.cfg"
    grub-script-check "$tree/boot/grub/grub.cfg"
    grub-editenv "$tree/boot/grub/grubenv" create
    echo "UUID=$uuid / ext4 errors=remount-ro 0 1" >"$tree/etc/fstab"
    echo guest >"$tree/etc/hostname"
}

# make_disk OUT MIB TREE UUID: a disk of MIB MiB with one active partition that holds TREE as ext4.
make_disk() {
    local out=$1 mib=$2 tree=$3 uuid=$4 script
    rm -f "$out"
    truncate -s "${mib}M" "$out"
    sfdisk --quiet "$out" <<<$'label: dos\nlabel-id: 0x70796772\nstart=2048, type=83, bootable'
    find "$tree" -exec touch --no-dereference --date=@"$SOURCE_DATE_EPOCH" {} +
    # -F: the file holds a partition table by now, which mke2fs would ask about.
    mke2fs -q -F -t ext4 -L root -U "$uuid" -E "offset=$partition_offset,hash_seed=$uuid,root_owner=0:0" \
        -d "$tree" "$out" "$(((mib - 1) * 1024))k"
    # mke2fs copies change and access times and the owner too, which nobody can set beforehand.
    script=$(mktemp)
    (cd "$tree" && find . | sort) | while read -r path; do
        path=${path#.}
        for assignment in {atime,ctime,crtime,mtime}" @$SOURCE_DATE_EPOCH" "uid 0" "gid 0"; do
            echo "set_inode_field ${path:-/} $assignment"
        done
    done >"$script"
    debugfs -w -f "$script" "$out?offset=$partition_offset" >/dev/null 2>&1
    rm -f "$script"
    e2fsck -fn "$out?offset=$partition_offset" >/dev/null 2>&1 || die "e2fsck finds $out damaged"
}

# read_guest IMAGE COMMAND: debugfs' answer on the guest's filesystem.
read_guest() {
    debugfs -R "$2" "$1?offset=$partition_offset" 2>/dev/null
}

# write_manifest IMAGE TREE VERSION ARGS: IMAGE.MANIFEST, read out of the image by debugfs and compared with the tree.
write_manifest() {
    local image=$1 tree=$2 version=$3 args=$4 uuid path
    uuid=$(blkid_of "$image")
    {
        echo "# What debugfs reads out of ${image##*/}; README.md has the format."
        echo "image $(stat -c %s "$image") $(digest <"$image")"
        echo "uuid $uuid"
        (cd "$tree" && find . -type f -o -type l) | sort | while read -r path; do
            path=${path#.}
            if [ -L "$tree$path" ]; then
                echo "l $path -> $(readlink "$tree$path")"
            else
                [ "$(read_guest "$image" "cat $path" | digest)" = "$(digest <"$tree$path")" ] ||
                    die "debugfs reads another $path than went in"
                echo "f $(stat -c %s "$tree$path") $(digest <"$tree$path") $path"
            fi
        done
        echo "kernel /boot/vmlinuz-$version"
        echo "ramdisk /boot/initrd.img-$version"
        echo "args root=UUID=$uuid ro $args quiet"
    } >"$image.MANIFEST"
}

blkid_of() {
    read_guest "$1" "show_super_stats -h" | sed -n 's/^Filesystem UUID: *//p'
}

digest() {
    sha256sum | cut -d ' ' -f 1
}
