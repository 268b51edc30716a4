//! BSD guests on UFS: FreeBSD on a GPT and behind a BSD label, NetBSD with its boot.cfg. Only the disk is named.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::Stage;
use fsimage_tests::layout::{Disk, LABEL, SECTOR, bsd_label};
use fsimage_tests::toolstack::xapi;
use fsimage_tests::ufs::ufs;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const START: u64 = 2048;

/// The kernel that boots, and its arguments.
fn boot(stage: &Stage, disk: &Disk, more: &[&str]) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    let run = stage.pygrub().arg("-q").args(["--output-format=simple"]);
    let outcome = run.option("--output-directory", folder.path()).args(more).arg(disk.path()).finish();
    outcome.assert_success();
    let boot = xapi(&outcome.stdout, folder.path().as_os_str().as_bytes()).unwrap();
    let kernel = std::fs::read(Path::new(OsStr::from_bytes(&boot.kernel.unwrap()))).unwrap();
    (kernel, String::from_utf8(boot.args.unwrap_or_default()).unwrap())
}

#[test]
fn freebsd_on_a_gpt() {
    let root = ufs(
        2,
        &[
            ("boot/loader.conf", b"kernel=\"mine\"\nkern.hz=100\n"),
            ("boot/mine/kernel", b"my kernel"),
            ("boot/kernel/kernel", b"the other kernel"),
            ("etc/fstab", b"/dev/ada0p1 / ufs rw 1 1\n"),
        ],
    );
    let disk = Disk::new(16);
    // freebsd-ufs
    let kind = "516E7CB6-6ECF-11D6-8FF8-00022D09712B";
    disk.sfdisk(&format!("label: gpt\nstart={START}, size={}, type={kind}", root.len() / 512));
    disk.write(START * SECTOR, &root);
    let stage = Stage::new();
    let (kernel, args) = boot(&stage, &disk, &[]);
    assert_eq!(kernel, b"my kernel");
    assert!(args.contains("vfs.root.mountfrom=ufs:/dev/ada0p1") && args.contains("kern.hz=100"), "{args}");
    let info = stage.fsimage().arg("info").arg(disk.path()).finish().assert_success().text();
    assert!(info.contains("ufs2"), "{info}");
}

#[test]
fn freebsd_behind_a_bsd_label() {
    let root = ufs(
        1,
        &[
            ("boot/kernel/kernel.gz", b"\x1f\x8b a packed kernel"),
            ("etc/fstab", b"/dev/ada0s1a / ufs rw 1 1\n"),
        ],
    );
    let sectors = u32::try_from(root.len() / 512).unwrap();
    let disk = Disk::new(16);
    disk.sfdisk(&format!("label: dos\nstart={START}, size={}, type=a5, bootable", sectors + 16));
    // 7 is FS_BSDFFS; the third slice is the whole.
    disk.write(START * SECTOR + LABEL, &bsd_label(&[(7, 16, sectors), (0, 0, 0), (0, 0, sectors + 16)]));
    disk.write((START + 16) * SECTOR, &root);
    let (kernel, args) = boot(&Stage::new(), &disk, &[]);
    assert_eq!(kernel, b"\x1f\x8b a packed kernel");
    assert!(args.contains("vfs.root.mountfrom=ufs:/dev/ada0s1a"), "{args}");
}

#[test]
fn netbsd_with_its_menu_and_with_a_kernel_for_xen() {
    let files: &[(&str, &[u8])] = &[
        (
            "boot.cfg",
            b"menu=Boot normally:boot netbsd\nmenu=Boot single user:boot netbsd -s\ndefault=1\ntimeout=5\n",
        ),
        ("netbsd", b"a kernel"),
        ("netbsd-XEN3_DOMU", b"a kernel for Xen"),
    ];
    let stage = Stage::new();
    for version in [1, 2] {
        for (files, expected) in [(files, &b"a kernel"[..]), (&files[1..], b"a kernel for Xen")] {
            let root = ufs(version, files);
            let disk = Disk::new(16);
            disk.sfdisk(&format!("label: dos\nstart={START}, size={}, type=a9, bootable", root.len() / 512));
            disk.write(START * SECTOR, &root);
            assert_eq!(boot(&stage, &disk, &[]).0, expected, "{version}");
        }
    }
}
