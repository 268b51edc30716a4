//! Solaris domU roots: an MBR with a Solaris partition, its label, a UFS root slice. Booted with only the disk named, and as
//! Xen's own pygrub boots them.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::layout::{Disk, LABEL, SECTOR, vtoc};
use fsimage_tests::toolstack::xapi;
use fsimage_tests::ufs::{Files, solaris_ufs};
use fsimage_tests::{Run, Stage, need};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The partition's first sector, and the root slice's behind that.
const PARTITION: u64 = 16065;
const SLICE: u32 = 16065;

const BOTH: Files<'_> = &[
    ("platform/i86xpv/kernel/amd64/unix", b"a 64-bit kernel"),
    ("platform/i86pc/amd64/boot_archive", b"its archive"),
    ("platform/i86xpv/kernel/unix", b"a 32-bit kernel"),
    ("platform/i86pc/boot_archive", b"its smaller archive"),
];

/// A disk as Solaris' installer divides it: slice 0 is the root, 2 the whole partition, 8 the boot sectors.
fn disk(kind: &str, files: Files<'_>) -> Disk {
    let root = solaris_ufs(files);
    let sectors = u32::try_from(root.len() / 512).unwrap();
    let whole = SLICE + sectors + 16065;
    let disk = Disk::new(32);
    disk.sfdisk(&format!("label: dos\nstart={PARTITION}, size={whole}, type={kind}, bootable"));
    let partition = PARTITION * SECTOR;
    disk.write(
        partition + LABEL,
        &vtoc(&[(2, SLICE, sectors), (0, 0, 0), (5, 0, whole), (0, 0, 0), (0, 0, 0)]),
    );
    disk.write(partition + u64::from(SLICE) * SECTOR, &root);
    disk
}

/// Kernel, ramdisk, arguments.
type Booted = (Vec<u8>, Vec<u8>, Vec<u8>);

fn boot(run: Run, disk: &Disk, more: &[&str]) -> Booted {
    let folder = tempfile::tempdir().unwrap();
    let run = run.arg("-q").args(["--output-format=simple"]).option("--output-directory", folder.path());
    let outcome = run.args(more).arg(disk.path()).finish();
    outcome.assert_success();
    let boot = xapi(&outcome.stdout, folder.path().as_os_str().as_bytes()).unwrap();
    let read = |path: Option<Vec<u8>>| std::fs::read(Path::new(OsStr::from_bytes(&path.unwrap()))).unwrap();
    (read(boot.kernel), read(boot.ramdisk), boot.args.unwrap_or_default())
}

#[test]
fn boots_as_xens_pygrub_boots_it() {
    let stage = Stage::new();
    let pygrub = need("pygrub", "xen-utils-4.17");
    for kind in ["bf", "82"] {
        for (files, kernel) in [(BOTH, BOTH[0].1), (&BOTH[2..], BOTH[2].1)] {
            let disk = disk(kind, files);
            for more in
                [&[][..], &["--args=-kd -v"], &["--args=root=/dev/dsk/c0d0s0 -v ip=10.0.0.2 nomodeset"]]
            {
                let ours = boot(stage.pygrub(), &disk, more);
                let theirs = Run::new(&pygrub).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
                assert_eq!(ours, boot(theirs, &disk, more), "{kind} {more:?}");
                assert_eq!(ours.0, kernel);
            }
        }
    }
}

#[test]
fn the_extractor_tells_what_it_is() {
    let stage = Stage::new();
    let disk = disk("bf", BOTH);
    let info = stage.fsimage().arg("info").arg(disk.path()).finish().assert_success().text();
    for word in ["ufs", "solaris", "little-endian", "fragment-size=1024", "clean"] {
        assert!(info.contains(word), "{word} in {info}");
    }
    let cat = stage.fsimage().arg("cat").arg(disk.path()).arg("/platform/i86pc/boot_archive").finish();
    assert_eq!(cat.assert_success().stdout, BOTH[3].1);
    let list =
        stage.fsimage().args(["ls", "-R"]).arg(disk.path()).arg("/platform").finish().assert_success().text();
    assert!(list.contains("unix") && list.contains("boot_archive"), "{list}");
}
