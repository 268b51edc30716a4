//! Live discs: the demo guest's kernel and ramdisk boot from an ISO image, also when it is a disk at the same time.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use fsimage_tests::{Guest, Output, Run, Stage, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const CONFIG: &str = "set default=0\nmenuentry 'Debian GNU/Linux Live' {\n linux /live/vmlinuz boot=live quiet\n \
                      initrd /live/initrd.img\n}\n";

/// A disc as live-build makes it.
fn tree(guest: &Guest, folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    for directory in ["isolinux", "boot/grub", "live"] {
        std::fs::create_dir_all(tree.join(directory)).unwrap();
    }
    let _ = guest.dump(&guest.kernel, &tree.join("live/vmlinuz"));
    let _ = guest.dump(&guest.ramdisk, &tree.join("live/initrd.img"));
    std::fs::write(tree.join("boot/grub/grub.cfg"), CONFIG).unwrap();
    let loader = need("/usr/lib/ISOLINUX/isolinux.bin", "isolinux");
    std::fs::copy(loader, tree.join("isolinux/isolinux.bin")).unwrap();
    std::fs::write(tree.join("isolinux/isolinux.cfg"), "default live\nlabel live\n kernel /live/vmlinuz\n")
        .unwrap();
    tree
}

fn disc(folder: &Path, tree: &Path, options: &[&str]) -> PathBuf {
    let image = folder.join("live.iso");
    let boot =
        ["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4"];
    Run::new(&need("xorriso", "xorriso"))
        .args(["-as", "mkisofs", "-quiet", "-V", "LIVE"])
        .args(boot)
        .arg("-boot-info-table")
        .args(options)
        .arg("-o")
        .arg(&image)
        .arg(tree)
        .finish()
        .assert_success();
    image
}

#[test]
fn a_live_disc_boots() {
    let (stage, guest, folder) = (Stage::new(), Guest::demo(), tempfile::tempdir().unwrap());
    let tree = tree(&guest, folder.path());
    let hybrid = need("/usr/lib/ISOLINUX/isohdpfx.bin", "isolinux");
    let hybrid = hybrid.to_str().unwrap();
    for options in [
        &["-r", "-J"][..],
        &["--norock", "-J"],
        &["--norock"],
        &["-r", "-isohybrid-mbr", hybrid],
        &["-r", "-isohybrid-mbr", hybrid, "-partition_offset", "16"],
    ] {
        let image = disc(folder.path(), &tree, options);
        let output = Output::new();
        let outcome = stage
            .pygrub()
            .args(["-q", "--output-format=simple"])
            .option("--output-directory", output.directory())
            .arg(&image)
            .finish();
        outcome.assert_success();
        let boot = toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap();
        let read = |path: Option<Vec<u8>>| std::fs::read(OsStr::from_bytes(&path.unwrap())).unwrap();
        assert!(
            read(boot.kernel) == std::fs::read(tree.join("live/vmlinuz")).unwrap(),
            "{options:?}: kernel"
        );
        assert!(
            read(boot.ramdisk) == std::fs::read(tree.join("live/initrd.img")).unwrap(),
            "{options:?}: ramdisk"
        );
        assert_eq!(boot.args.unwrap(), b"boot=live quiet", "{options:?}");
        std::fs::remove_file(image).unwrap();
    }
}
