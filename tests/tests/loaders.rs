//! The demo guest boots with no option given, whatever loader its configuration is written for.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use fsimage_tests::layout::{Disk, LABEL, SECTOR, bsd_label, ext4};
use fsimage_tests::{Guest, Output, Run, Stage, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ROOT_UUID: &str = "70796772-7562-4d72-8a72-73000064656d";
const BOOT_UUID: &str = "b0070000-0000-4000-8000-00000000b007";
/// Sectors of the guest's filesystem, and of a small one.
const ROOM: u32 = 30720;
const SMALL: u32 = 4096;

/// The guest's files without its configuration, and what has to come of them.
struct Bench {
    stage: Stage,
    guest: Guest,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { stage: Stage::new(), guest: Guest::demo(), folder: tempfile::tempdir().unwrap() };
        let filesystem = format!("{}?offset={}", bench.guest.image.display(), bench.guest.offset);
        let command = format!("rdump / {}", bench.folder.path().display());
        Run::new(&need("debugfs", "e2fsprogs")).args(["-R", &command, &filesystem]).finish().assert_success();
        std::fs::remove_dir_all(bench.path("boot/grub")).unwrap();
        bench
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// The guest's filesystem with this one file more.
    fn system(&self, path: &str, config: &str) -> Vec<u8> {
        std::fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        std::fs::write(self.path(path), config).unwrap();
        let image = ext4(self.folder.path(), "demo", ROOT_UUID, ROOM / 2, &[]);
        std::fs::remove_file(self.path(path)).unwrap();
        image
    }

    /// A filesystem with a configuration alone, as a /boot that was left behind.
    fn config_alone(path: &str, config: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, config).unwrap();
        ext4(folder.path(), "config", BOOT_UUID, SMALL / 2, &[])
    }

    /// An entry of GRUB legacy's with this root.
    fn menu_lst(&self, root: &str, device: &str) -> String {
        let Guest { kernel, ramdisk, args, .. } = &self.guest;
        format!(
            "default 1\ntimeout 5\n# title no\ntitle Windows\n{root}\nchainloader +1\n\
             title Demo\n{root}\nkernel {device}{kernel} {args}\ninitrd {device}{ramdisk}\n"
        )
    }

    #[track_caller]
    fn assert_boots(&self, disk: &Path) {
        let output = Output::new();
        let run = self.stage.pygrub().args(["-q", "--output-format=simple"]);
        let outcome = run.option("--output-directory", output.directory()).arg(disk).finish();
        outcome.assert_success();
        let boot = toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap();
        let read = |path: Option<Vec<u8>>| std::fs::read(OsStr::from_bytes(&path.unwrap())).unwrap();
        assert_eq!(String::from_utf8(boot.args.unwrap()).unwrap(), self.guest.args);
        assert!(read(boot.kernel) == std::fs::read(self.path(&self.guest.kernel)).unwrap(), "another kernel");
        assert!(
            read(boot.ramdisk) == std::fs::read(self.path(&self.guest.ramdisk)).unwrap(),
            "another ramdisk"
        );
    }
}

fn at(sector: u32) -> u64 {
    u64::from(sector) * SECTOR
}

#[test]
fn grub_legacy_names_the_first_partition() {
    let bench = Bench::new();
    for (path, root, device) in [
        ("/boot/grub/menu.lst", "root (hd0,0)", "(hd0,0)"),
        ("/boot/grub/menu.lst", "root (hd0,0)", ""),
        ("/boot/grub/grub.conf", "", "(hd0,0)"),
        ("/boot/grub/menu.lst", "rootnoverify (hd3,7)", ""),
    ] {
        let disk = Disk::new(32);
        disk.sfdisk("label: dos\nstart=2048, size=32768, type=83, bootable\n")
            .write(at(2048), &bench.system(path, &bench.menu_lst(root, device)));
        bench.assert_boots(disk.path());
    }
}

#[test]
fn grub_legacy_names_the_second_partition() {
    let bench = Bench::new();
    for (root, device) in [("root (hd0,1)", ""), ("root (hd0,0)", "(hd0,1)"), ("uuid UUID", "")] {
        let disk = Disk::new(32);
        let config = bench.menu_lst(&root.replace("UUID", ROOT_UUID), device);
        disk.sfdisk(
            "label: dos\nstart=2048, size=4096, type=83, bootable\nstart=8192, size=32768, type=83\n",
        )
        .write(at(2048), &Bench::config_alone("/grub/menu.lst", &config))
        .write(at(8192), &bench.system("/etc/motd", "hello\n"));
        bench.assert_boots(disk.path());
    }
}

#[test]
fn grub_legacy_names_a_bsd_slice() {
    let (bench, disk) = (Bench::new(), Disk::new(48));
    // The configuration is on slice d of the second partition, the system on its slice a.
    let slices = [(7, 8192, ROOM), (1, 64, 1024), (0, 0, 40960), (7, 2048, SMALL)];
    disk.sfdisk("label: dos\nstart=2048, size=2048, type=7\nstart=4096, size=40960, type=a5, bootable\n")
        .write(at(4096) + LABEL, &bsd_label(&slices))
        .write(at(4096 + 8192), &bench.system("/etc/motd", "hello\n"))
        .write(
            at(4096 + 2048),
            &Bench::config_alone("/boot/grub/menu.lst", &bench.menu_lst("root (hd0,1,a)", "")),
        );
    bench.assert_boots(disk.path());
}

#[test]
fn extlinux() {
    let bench = Bench::new();
    let Guest { kernel, ramdisk, args, .. } = &bench.guest;
    let (kernel, ramdisk) = (kernel.trim_start_matches('/'), ramdisk.trim_start_matches('/'));
    let alpine = format!(
        "DEFAULT menu.c32\nPROMPT 0\nTIMEOUT 30\nLABEL old\n  MENU LABEL Old\n  LINUX old\n\
         LABEL demo\n  MENU DEFAULT\n  LINUX /{kernel}\n  INITRD /{ramdisk}\n  APPEND {args}\n"
    );
    let relative =
        format!("default demo\nlabel demo\nkernel ../../{kernel}\nappend initrd=../../{ramdisk} {args}\n");
    for (path, config) in [
        ("/boot/extlinux.conf", &alpine),
        ("/boot/extlinux/extlinux.conf", &relative),
        ("/boot/isolinux/isolinux.cfg", &relative),
        ("/syslinux/syslinux.cfg", &alpine),
    ] {
        let partitioned = Disk::new(32);
        let system = bench.system(path, config);
        partitioned
            .sfdisk("label: dos\nstart=2048, size=32768, type=83, bootable\n")
            .write(at(2048), &system);
        bench.assert_boots(partitioned.path());
        let bare = Disk::new(16);
        bare.write(0, &system);
        bench.assert_boots(bare.path());
    }
}
