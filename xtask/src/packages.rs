//! Debian packages that the verbs need, and why.

use crate::shell::{Result, run};
use std::path::Path;
use std::process::{Command, Stdio};

/// A file that shows a package is there, the package, and what for.
type Need = (&'static str, &'static str, &'static str);

/// What tests, image makers and benchmarks need.
pub(crate) const NEEDED: &[Need] = &[
    ("/usr/bin/cc", "gcc", "the C plugin and the layout test"),
    ("/usr/bin/c++", "g++", "whether C++ takes fsimage.h"),
    ("/usr/bin/pkg-config", "pkgconf", "compiles what uses libfsimage"),
    ("/usr/bin/valgrind", "valgrind", "leaks and errors of memory at libfsimage's edge"),
    ("/sbin/mke2fs", "e2fsprogs", "makes ext images; debugfs and e2fsck read them as oracles"),
    ("/sbin/sfdisk", "fdisk", "makes partition tables and reads them as an oracle"),
    ("/sbin/sgdisk", "gdisk", "makes and reads GPTs, hybrid MBRs"),
    ("/sbin/parted", "parted", "makes and reads partition tables, Apple maps among them"),
    ("/usr/bin/mmls", "sleuthkit", "reads Apple maps, Solaris labels and UFS as an oracle"),
    ("/sbin/losetup", "mount", "devices with sectors of 4096 bytes"),
    ("/usr/bin/xorriso", "xorriso", "makes ISOs of every kind and extracts them as an oracle"),
    ("/usr/bin/genisoimage", "genisoimage", "makes ISOs as the other maker does; isoinfo, mkzftree"),
    ("/usr/sbin/makefs", "makefs", "makes ISOs as BSD does"),
    ("/usr/sbin/mkudffs", "udftools", "makes UDF without ISO9660, which is to be named"),
    ("/usr/lib/ISOLINUX/isolinux.bin", "isolinux", "the boot loader and hybrid MBR of live discs"),
    ("/usr/bin/python3", "python3", "images/ffs2sun.py makes Solaris UFS images; pygrub"),
    ("/usr/bin/partx", "util-linux", "reads BSD and Solaris labels as an oracle; blkid"),
    ("/sbin/modprobe", "kmod", "the modules of the kernel that reads discs in QEMU as an oracle"),
    ("/bin/lowntfs-3g", "ntfs-3g", "a target that does not regard case, and has no nameless files"),
    ("/usr/bin/zstd", "zstd", "compressed images; packs kernels, as the five below do"),
    ("/usr/bin/xz", "xz-utils", "xz and lzma"),
    ("/usr/bin/bzip2", "bzip2", "packs kernels"),
    ("/usr/bin/lzop", "lzop", "packs kernels"),
    ("/usr/bin/lz4", "lz4", "packs kernels"),
    ("/usr/bin/gzip", "gzip", "packs kernels"),
    ("/usr/bin/cpio", "cpio", "ramdisks"),
    ("/bin/busybox", "busybox-static", "the Debian guest's ramdisk"),
    (
        "/usr/bin/grub-script-check",
        "grub-common",
        "GRUB's own word on grub.cfg syntax; grub-editenv, grub-fstest",
    ),
    ("/usr/bin/qemu-system-x86_64", "qemu-system-x86", "boots what was extracted"),
    ("/usr/lib/xen-4.17/bin/pygrub", "xen-utils-4.17", "the program we replace, as a peer"),
    ("/usr/bin/virt-xml-validate", "libvirt-clients", "reads the domains that `fsimage boot` prints; virsh"),
    ("/usr/bin/xmllint", "libxml2-utils", "virt-xml-validate needs it"),
    (
        "/usr/lib/xen-4.17/lib/x86_64-linux-gnu/libxenfsimage.so.4.17",
        "libxenmisc4.17",
        "the library we replace, as a peer",
    ),
    ("/usr/bin/setpriv", "util-linux", "runs as an ordinary user"),
    ("/usr/bin/ld", "binutils", "the demo guest's kernel; unified kernel images"),
    ("/usr/bin/systemd-analyze", "systemd", "the order of versions as systemd has it"),
    ("/usr/bin/openssl", "openssl", "noise of a fixed seed for large images"),
    ("/usr/bin/python3", "python3", "another PBKDF2, for the menu's passwords"),
    ("/usr/bin/tmux", "tmux", "a person's terminal around the menu"),
    ("/bin/zsh", "zsh", "completes the extractor's command lines, as one who uses it does"),
    ("/usr/bin/fish", "fish", "the same"),
    ("/usr/bin/tree", "tree", "draws the trees that the extractor draws"),
    ("/usr/bin/man", "man-db", "renders and finds the manual pages; lexgrog"),
    ("/usr/bin/groff", "groff-base", "renders them with every warning"),
    ("/usr/bin/7z", "p7zip-full", "extracts from ext images, beside the extractor in its bench"),
    ("/usr/bin/strace", "strace", "counts what is read from an image"),
];

/// Installs what is missing, and says so.
pub(crate) fn ensure() -> Result {
    let missing: Vec<&Need> = NEEDED.iter().filter(|(file, _, _)| !Path::new(file).exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for (file, package, reason) in &missing {
        println!("missing {file}: installing Debian package {package} ({reason})");
    }
    let names: Vec<&str> = missing.iter().map(|(_, package, _)| *package).collect();
    if !rustix::process::geteuid().is_root() {
        return Err(format!("not root: please run: apt-get install {}", names.join(" ")));
    }
    run("apt-get", &["update", "-qq"])?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&names);
    install.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
    crate::shell::finish(&mut install)?;
    match missing.iter().find(|(file, _, _)| !Path::new(file).exists()) {
        Some((file, package, _)) => Err(format!("{package} is installed and yet {file} is missing")),
        None => Ok(()),
    }
}
