//! What is booted need not be a file of the guest's: sections of a unified kernel image, ramdisks that the loader joins,
//! files that it packs.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used)]

use fsimage_tests::layout::{Disk, SECTOR, filesystem};
use fsimage_tests::{Output, Run, Stage, Tree, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// GPT's type of an EFI system partition.
const ESP: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

/// Kernel, ramdisk and arguments as xapi is handed them.
fn boots(image: &Path) -> (Vec<u8>, Vec<u8>, String) {
    let (output, stage) = (Output::new(), Stage::new());
    let run = stage.pygrub().args(["-q", "--output-format=simple"]);
    let outcome = run.option("--output-directory", output.directory()).arg(image).finish();
    outcome.assert_success();
    let boot = toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap();
    let read = |path: Option<Vec<u8>>| std::fs::read(OsStr::from_bytes(&path.unwrap())).unwrap();
    (read(boot.kernel), read(boot.ramdisk), String::from_utf8(boot.args.unwrap_or_default()).unwrap())
}

/// Bytes that no two sections share.
fn content(length: usize, step: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from((index * step + index / 251) % 256).unwrap()).collect()
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Made by as, ld and objcopy; every section longer than a block of the filesystem, none of them aligned to one.
#[test]
fn a_unified_kernel_image_is_taken_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let tool = |name: &str| Run::new(&need(name, "binutils"));
    std::fs::write(path("stub.s"), ".globl _start\n_start: ret\n").unwrap();
    tool("as").arg("-o").arg(path("stub.o")).arg(path("stub.s")).finish().assert_success();
    tool("ld")
        .args(["-m", "i386pep", "--subsystem", "10", "-e", "_start", "-o"])
        .arg(path("stub.efi"))
        .arg(path("stub.o"))
        .finish()
        .assert_success();
    let (kernel, microcode, ramdisk) = (content(300_003, 7), content(9_001, 11), content(500_005, 13));
    let mut objcopy = tool("objcopy");
    for (number, (name, bytes)) in [("cmdline", b"root=/dev/xvda1 ro".to_vec()), ("ucode", microcode.clone())]
        .into_iter()
        .chain([("linux", kernel.clone()), ("initrd", ramdisk.clone())])
        .enumerate()
    {
        std::fs::write(path(name), bytes).unwrap();
        let address = 0x1_4100_0000 + number * 0x10_0000;
        objcopy = objcopy
            .arg(format!("--add-section=.{name}={}", path(name).display()))
            .arg(format!("--change-section-vma=.{name}={address:#x}"));
    }
    objcopy.arg(path("stub.efi")).arg(path("uki.efi")).finish().assert_success();

    let uki = std::fs::read(path("uki.efi")).unwrap();
    let guest = Tree::new().file("EFI/Linux/guest.efi", uki).guest();
    let disk = Disk::new(16);
    disk.sfdisk(&format!("label: gpt\nstart=2048, size=20480, type={ESP}\n"))
        .write(2048 * SECTOR, &filesystem(&guest));
    let (got_kernel, got_ramdisk, args) = boots(disk.path());
    assert!(got_kernel == kernel, "the kernel is not its section");
    assert!(got_ramdisk == [padded(microcode), ramdisk].concat(), "the ramdisk is not its sections");
    assert_eq!(args, "root=/dev/xvda1 ro");
}

/// GNU cpio unpacks what `newc:` packed; the plain ramdisk behind it begins where the archive has ended.
#[test]
fn files_are_packed_as_grub_packs_them() {
    let config = "menuentry A {\nlinux /boot/vmlinuz ro\n\
                  initrd newc:/etc/keys/one:/one newc:two:/two /boot/initrd.img\n}\n";
    let (one, two, plain) = (content(5_001, 3), content(4_096, 5), content(70_001, 17));
    let tree = Tree::configured(config).file("one", &one).file("two", &two).file("boot/initrd.img", &plain);
    let (_, ramdisk, _) = boots(&tree.guest().image);
    let archive = ramdisk.strip_suffix(plain.as_slice()).expect("the plain ramdisk comes last");
    assert_eq!(archive.len() % 4, 0);

    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("archive");
    std::fs::write(&packed, archive).unwrap();
    Run::new(&need("cpio", "cpio"))
        .args(["--extract", "--quiet", "--no-absolute-filenames", "--file"])
        .arg(&packed)
        .arg("--directory")
        .arg(folder.path())
        .finish()
        .assert_success();
    assert!(std::fs::read(folder.path().join("etc/keys/one")).unwrap() == one);
    assert!(std::fs::read(folder.path().join("two")).unwrap() == two);
}
