//! Guests whose kernel lies in a file that is a disk (GRUB's `loopback`): a stick with live systems' ISOs, a system installed in
//! a file, one in the other. What GRUB does with such configurations is recorded in bootcfg's tests/grub2/linux/linux.txt.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use fsimage_tests::layout::{Disk, SECTOR, ext4};
use fsimage_tests::{Guest, Outcome, Output, Run, Stage, Tree, guest::noise, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Bytes in a kernel and a ramdisk that are found nowhere else.
const KERNEL: usize = 300_017;
const RAMDISK: usize = 200_003;

/// A folder with a kernel and a ramdisk in `casper`.
fn live() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("casper")).unwrap();
    std::fs::write(folder.path().join("casper/vmlinuz"), noise(KERNEL)).unwrap();
    std::fs::write(folder.path().join("casper/initrd"), noise(RAMDISK)).unwrap();
    folder
}

fn iso(tree: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("live.iso");
    let xorriso =
        Run::new(&need("xorriso", "xorriso")).args(["-as", "mkisofs", "-quiet", "-R", "-V", "LIVE", "-o"]);
    xorriso.arg(&image).arg(tree).finish().assert_success();
    std::fs::read(image).unwrap()
}

/// The live system as the second partition of a disk.
fn disk(tree: &Path) -> Vec<u8> {
    let disk = Disk::new(4);
    disk.sfdisk("label: gpt\nstart=64, size=1024, type=L\nstart=2048, size=4096, type=L\n");
    disk.write(2048 * SECTOR, &ext4(tree, "LIVE", "0f0f0f0f-0000-4000-8000-00000000f0f0", 2048, &[]));
    std::fs::read(disk.path()).unwrap()
}

struct Booted {
    outcome: Outcome,
    output: Output,
}

fn boot(stage: &Stage, guest: &Guest) -> Booted {
    let output = Output::new();
    let run = stage.pygrub().args(["-q", "--output-format=simple"]);
    let outcome = run.option("--output-directory", output.directory()).arg(&guest.image).finish();
    Booted { outcome, output }
}

impl Booted {
    /// Holds what came out against what lies in the image.
    #[track_caller]
    fn assert_live(&self, args: &str) {
        self.outcome.assert_success();
        let boot =
            toolstack::xapi(&self.outcome.stdout, self.output.directory().as_os_str().as_bytes()).unwrap();
        let read =
            |path: Option<Vec<u8>>| std::fs::read(PathBuf::from(OsStr::from_bytes(&path.unwrap()))).unwrap();
        assert_eq!(String::from_utf8(boot.args.unwrap()).unwrap(), args);
        assert!(read(boot.kernel) == noise(KERNEL), "another kernel");
        assert!(read(boot.ramdisk) == noise(RAMDISK), "another ramdisk");
    }
}

fn config(image: &str, device: &str) -> String {
    format!(
        "set timeout=5\nmenuentry 'Live' {{\n  set isofile={image}\n  loopback loop $isofile\n  \
         linux ({device})/casper/vmlinuz boot=casper iso-scan/filename=$isofile quiet\n  \
         initrd ({device})/casper/initrd\n}}\n"
    )
}

#[test]
fn a_live_iso_on_a_disk() {
    let (stage, live) = (Stage::new(), live());
    let guest =
        Tree::configured(config("/iso/live.iso", "loop")).file("iso/live.iso", iso(live.path())).guest();
    boot(&stage, &guest).assert_live("boot=casper iso-scan/filename=/iso/live.iso quiet");
}

/// The filesystem around a file was opened anew without the caller's options, and so in another view than the one in which the
/// configuration was found.
#[test]
fn mount_options_hold_around_a_file_too() {
    let (stage, live, outer) = (Stage::new(), live(), tempfile::tempdir().unwrap());
    let joliet = |tree: &Path, more: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("disc.iso");
        let xorriso = Run::new(&need("xorriso", "xorriso")).args(["-as", "mkisofs", "-quiet", "-R", "-J"]);
        xorriso.args(more).arg("-o").arg(&image).arg(tree).finish().assert_success();
        std::fs::read(image).unwrap()
    };
    std::fs::create_dir_all(outer.path().join("boot/grub")).unwrap();
    std::fs::write(outer.path().join("boot/grub/grub.cfg"), config("/live.iso", "loop")).unwrap();
    std::fs::write(outer.path().join("live.iso"), joliet(live.path(), &[])).unwrap();
    // Only Joliet's names have it.
    let disc = joliet(outer.path(), &["-hide", "live.iso"]);
    let image = outer.path().join("guest.iso");
    std::fs::write(&image, disc).unwrap();
    let run = |more: &[&str]| {
        let output = Output::new();
        let run = stage.pygrub().args(["-q", "--output-format=simple"]).args(more);
        let outcome = run.option("--output-directory", output.directory()).arg(&image).finish();
        Booted { outcome, output }
    };
    run(&[]).outcome.assert_failure("/live.iso");
    let args = "boot=casper iso-scan/filename=/live.iso quiet";
    run(&["--mount-option", "iso9660:view=joliet"]).assert_live(args);
}

#[test]
fn a_partition_of_a_disk_in_a_file() {
    let (stage, live) = (Stage::new(), live());
    let tree =
        Tree::configured(config("/guest.img", "loop,gpt2")).file("guest.img", disk(live.path())).size_mib(16);
    boot(&stage, &tree.guest()).assert_live("boot=casper iso-scan/filename=/guest.img quiet");
    // By what it is called, too.
    let found = "loopback d /guest.img\nsearch --set=root --label LIVE\nprobe --set=u --fs-uuid $root\n\
                 menuentry L { linux /casper/vmlinuz u=$u on=$root\ninitrd /casper/initrd }\n";
    let guest = tree.file("boot/grub/grub.cfg", found).guest();
    boot(&stage, &guest).assert_live("u=0f0f0f0f-0000-4000-8000-00000000f0f0 on=d,gpt2");
}

#[test]
fn an_iso_in_a_filesystem_in_a_file_and_no_deeper() {
    let (stage, live) = (Stage::new(), live());
    let middle = tempfile::tempdir().unwrap();
    std::fs::write(middle.path().join("live.iso"), iso(live.path())).unwrap();
    let middle = ext4(middle.path(), "middle", "00000000-0000-4000-8000-00000000000a", 4096, &[]);
    let text = "menuentry L { loopback a /middle.img\nloopback b (a)/live.iso\nlinux (b)/casper/vmlinuz two\n\
                initrd (b)/casper/initrd\n}\n";
    let tree = Tree::configured(text).size_mib(32).file("middle.img", &middle);
    boot(&stage, &tree.guest()).assert_live("two");

    let outer = tempfile::tempdir().unwrap();
    std::fs::write(outer.path().join("middle.img"), &middle).unwrap();
    let outer = ext4(outer.path(), "outer", "00000000-0000-4000-8000-00000000000b", 8192, &[]);
    let text = "menuentry L { loopback o /outer.img\nloopback a (o)/middle.img\nloopback b (a)/live.iso\n\
                linux (b)/casper/vmlinuz three }\n";
    let tree = Tree::new().size_mib(32).file("boot/grub/grub.cfg", text).file("outer.img", outer);
    let refused = boot(&stage, &tree.guest());
    refused.outcome.assert_failure("the image (a)/live.iso: limit reached: 3 files deep");
    refused.output.assert_untouched();
}

#[test]
fn what_is_no_image_or_not_there_is_told() {
    let stage = Stage::new();
    for (image, why) in [
        ("/iso/gone.iso", "the image /iso/gone.iso does not exist in the guest"),
        ("/boot", "the image /boot: a directory, where a file is wanted"),
        ("/boot/initrd.img", "the kernel (loop)/casper/vmlinuz: "),
    ] {
        let refused = boot(&stage, &Tree::configured(config(image, "loop")).guest());
        refused.outcome.assert_failure(why);
        refused.output.assert_untouched();
    }
}

/// A guest that opens all the files it has, in every entry: the worker's memory and the number of views it keeps are bounded, and
/// the entry that needs none boots.
#[test]
fn many_images_are_bounded() {
    let stage = Stage::new();
    let mut tree = Tree::new().size_mib(16);
    let mut text = String::new();
    for number in 0..40 {
        tree = tree.file(format!("{number}.iso"), noise(5_000));
        text += &format!("menuentry {number} {{ loopback l /{number}.iso\nlinux (l)/x }}\n");
    }
    text += "menuentry fine { linux /boot/vmlinuz fine\ninitrd /boot/initrd.img }\n";
    let tree = tree.file("boot/vmlinuz", noise(KERNEL)).file("boot/initrd.img", noise(RAMDISK));
    let guest = tree.file("boot/grub/grub.cfg", text).guest();
    boot(&stage, &guest).assert_live("fine");
    let told = stage.fsimage().args(["bootcfg", "--json"]).arg(&guest.image).finish();
    told.assert_success();
    assert!(told.text().contains("more than 16 files opened as disks"), "{}", told.text());
}

#[test]
fn bootcfg_tells_the_file_around() {
    let (stage, live) = (Stage::new(), live());
    let guest = Tree::configured(config("/live.iso", "loop")).file("live.iso", iso(live.path())).guest();
    let told = stage.fsimage().arg("bootcfg").arg(&guest.image).finish();
    told.assert_success();
    assert!(told.text().contains("kernel   0:/live.iso:/casper/vmlinuz"), "{}", told.text());
}
