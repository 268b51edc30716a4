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

/// Xen 4.17's pygrub has forgotten where Solaris' kernels lie, but it reads this flavour: with the files named, both give
/// the same files.
#[test]
fn boots_as_xens_pygrub_boots_it() {
    let stage = Stage::new();
    let pygrub = need("pygrub", "xen-utils-4.17");
    for kind in ["bf", "82"] {
        let named = disk(kind, BOTH);
        for (index, name) in
            [(0, "--kernel=/platform/i86xpv/kernel/amd64/unix"), (2, "--kernel=/platform/i86xpv/kernel/unix")]
        {
            let ramdisk = format!("--ramdisk=/{}", BOTH[index + 1].0);
            let more = [name, &ramdisk, "--args=root=/dev/dsk/c0d0s0 -v"];
            let ours = boot(stage.pygrub(), &named, &more);
            let theirs = Run::new(&pygrub).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
            let theirs = boot(theirs, &named, &more);
            assert_eq!((&ours.0, &ours.1), (&theirs.0, &theirs.1), "{kind} {name}");
            // The kernel's own path behind `root=` is what it has forgotten too.
            let path = name.trim_start_matches("--kernel=");
            assert_eq!(theirs.2, b"root=/dev/dsk/c0d0s0 -v");
            assert_eq!(String::from_utf8(ours.2).unwrap(), format!("root=/dev/dsk/c0d0s0 {path} -v"));
            assert_eq!((ours.0, ours.1), (BOTH[index].1.to_vec(), BOTH[index + 1].1.to_vec()));
        }
    }
}

/// What pygrub did while it knew Solaris (compat.md): the 64-bit kernel first; `root=` and `ip=`, the kernel's path, the rest.
#[test]
fn with_only_the_disk_named() {
    let stage = Stage::new();
    for kind in ["bf", "82"] {
        for (files, path) in
            [(BOTH, "/platform/i86xpv/kernel/amd64/unix"), (&BOTH[2..], "/platform/i86xpv/kernel/unix")]
        {
            let disk = disk(kind, files);
            for (more, before, behind) in [
                (&[][..], "", ""),
                (&["--args=-kd -v"], "", "-kd -v"),
                (&["--args=root=/dev/dsk/c0d0s0 -v ip=10.0.0.2"], "root=/dev/dsk/c0d0s0 ip=10.0.0.2", "-v"),
            ] {
                let (kernel, ramdisk, args) = boot(stage.pygrub(), &disk, more);
                assert_eq!((kernel.as_slice(), ramdisk.as_slice()), (files[0].1, files[1].1), "{kind}");
                let due = format!("{before} {path} {behind}");
                assert_eq!(String::from_utf8(args).unwrap(), due.trim(), "{kind} {more:?}");
            }
        }
    }
}

#[test]
fn the_extractor_tells_what_it_is() {
    let stage = Stage::new();
    let disk = disk("bf", BOTH);
    let info = stage.fsimage().arg("info").arg(disk.path()).finish().assert_success().text();
    for word in ["ufs-solaris", "little-endian", "fragment-size=1024", "clean"] {
        assert!(info.contains(word), "{word} in {info}");
    }
    let cat = stage.fsimage().arg("cat").arg(disk.path()).arg("/platform/i86pc/boot_archive").finish();
    assert_eq!(cat.assert_success().stdout, BOTH[3].1);
    let list =
        stage.fsimage().args(["ls", "-R"]).arg(disk.path()).arg("/platform").finish().assert_success().text();
    assert!(list.contains("unix") && list.contains("boot_archive"), "{list}");
}
