//! The demo guest boots from whatever way its disk is divided, and nobody has to say which.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use fsimage_tests::layout::{
    Disk, LABEL, Loop, Place, SECTOR, Volume, blkid, bsd_label, by_fdisk, by_grub, by_mmls, by_parted,
    by_partx, by_sfdisk, cat_by_grub, ext4, filesystem, tool_on, vtoc, write_at,
};
use fsimage_tests::{Guest, Outcome, Output, Run, Stage, need, toolstack};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The demo guest's filesystem.
const ROOT_UUID: &str = "70796772-7562-4d72-8a72-73000064656d";
/// Another one beside it.
const BOOT_UUID: &str = "b0070000-0000-4000-8000-00000000b007";
/// One that could be booted too, and must not be.
const DECOY_UUID: &str = "dec00000-0000-4000-8000-00000000dec0";
const DECOY: &str = "menuentry Decoy {\nlinux /vmlinuz decoy\ninitrd /initrd.img\n}\n";
/// Sectors of the demo guest's filesystem, and room for a decoy.
const ROOM: u64 = 30720;
const DECOY_ROOM: u64 = 4096;

/// What the domain builder would get.
#[derive(PartialEq, Eq)]
struct Booted {
    kernel: Vec<u8>,
    ramdisk: Vec<u8>,
    args: String,
}

/// The guest, and the programs.
struct Bench {
    stage: Stage,
    guest: Guest,
    files: TempDir,
    expected: Booted,
}

impl Bench {
    fn new() -> Self {
        let (stage, guest, files) = (Stage::new(), Guest::demo(), tempfile::tempdir().unwrap());
        let dumped =
            |path: &str, name: &str| std::fs::read(guest.dump(path, &files.path().join(name))).unwrap();
        let expected = Booted {
            kernel: dumped(&guest.kernel, "kernel"),
            ramdisk: dumped(&guest.ramdisk, "ramdisk"),
            args: guest.args.clone(),
        };
        assert!(!expected.kernel.is_empty() && !expected.ramdisk.is_empty());
        Self { stage, guest, files, expected }
    }

    /// The guest's filesystem, byte for byte.
    fn system(&self) -> Vec<u8> {
        let system = filesystem(&self.guest);
        assert_eq!(system.len() as u64, ROOM * SECTOR);
        system
    }

    /// The guest's files, in a folder.
    fn tree(&self, name: &str) -> PathBuf {
        let folder = self.files.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let filesystem = format!("{}?offset={}", self.guest.image.display(), self.guest.offset);
        let command = format!("rdump / {}", folder.display());
        Run::new(&need("debugfs", "e2fsprogs")).args(["-R", &command, &filesystem]).finish().assert_success();
        assert!(folder.join(self.guest.kernel.trim_start_matches('/')).is_file());
        folder
    }

    /// A small filesystem with kernel, ramdisk and perhaps a configuration.
    fn small(&self, name: &str, uuid: &str, config: Option<&str>) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, bytes: &[u8]| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        if uuid == DECOY_UUID {
            put("vmlinuz", b"the decoy's kernel");
            put("initrd.img", b"the decoy's ramdisk");
        } else {
            put("vmlinuz", &self.expected.kernel);
            put("initrd.img", &self.expected.ramdisk);
        }
        if let Some(config) = config {
            put("boot/grub/grub.cfg", config.as_bytes());
        }
        ext4(folder.path(), name, uuid, DECOY_ROOM as u32 / 2, &[])
    }

    fn decoy(&self) -> Vec<u8> {
        self.small("decoy", DECOY_UUID, Some(DECOY))
    }

    fn run(&self, disk: &Path, options: &[&str], output: &Output) -> Outcome {
        let run = self.stage.pygrub().args(["-q", "--output-format=simple"]).args(options);
        run.option("--output-directory", output.directory()).arg(disk).finish()
    }

    #[track_caller]
    fn boot(&self, disk: &Path, options: &[&str]) -> Booted {
        let output = Output::new();
        let outcome = self.run(disk, options, &output);
        outcome.assert_success();
        let boot = toolstack::xapi(&outcome.stdout, output.directory().as_os_str().as_bytes()).unwrap();
        let read = |path: Option<Vec<u8>>| std::fs::read(OsStr::from_bytes(&path.unwrap())).unwrap();
        Booted {
            kernel: read(boot.kernel),
            ramdisk: read(boot.ramdisk),
            args: String::from_utf8(boot.args.unwrap()).unwrap(),
        }
    }

    /// The guest boots, the decoy does not.
    #[track_caller]
    fn assert_is_guest(&self, disk: &Path, options: &[&str]) {
        let booted = self.boot(disk, options);
        assert_eq!(booted.args, self.expected.args, "{options:?}");
        assert!(booted == self.expected, "{options:?}: other bytes");
    }

    /// It does not boot, with these words, and nothing is left behind.
    #[track_caller]
    fn assert_fails(&self, disk: &Path, options: &[&str], words: &[&str]) {
        let output = Output::new();
        let outcome = self.run(disk, options, &output);
        for text in words {
            outcome.assert_failure(text);
        }
        output.assert_untouched();
    }

    fn volumes(&self, disk: &Path) -> Vec<Volume> {
        Volume::list(&self.stage.fsimage().args(["partitions", "--json"]).arg(disk).finish())
    }

    /// What is odd about the disk's table, as `fsimage partitions` says it.
    fn remarks(&self, disk: &Path) -> Vec<String> {
        let outcome = self.stage.fsimage().arg("partitions").arg(disk).finish();
        outcome.assert_success();
        let remark = |line: &str| line.strip_prefix("fsimage: remark: ").unwrap().to_owned();
        outcome.stderr.lines().map(remark).collect()
    }

    /// The volumes are where `theirs` says, the filesystems are what libblkid says, the guest on volume `chosen` boots
    /// with and without being named, and the decoy only when it is.
    #[track_caller]
    fn assert_boots(&self, disk: &Path, chosen: &str, decoy: Option<&str>, theirs: &[Place]) {
        let volumes = self.volumes(disk);
        let mut places: Vec<Place> = volumes.iter().map(|volume| volume.place).collect();
        let mut theirs = theirs.to_vec();
        places.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(places, theirs, "{volumes:#?}");
        for volume in volumes.iter().filter(|volume| volume.filesystem.is_some()) {
            assert_eq!((volume.label.clone(), volume.uuid.clone()), blkid(disk, volume.place), "{volume:#?}");
        }
        let named = |address: &str| volumes.iter().find(|volume| volume.address == address);
        let uuid = |address: &str| named(address).and_then(|volume| volume.uuid.clone());
        assert_eq!(uuid(chosen).as_deref(), Some(ROOT_UUID), "{volumes:#?}");

        let option = format!("--partition={chosen}");
        self.assert_is_guest(disk, &[]);
        self.assert_is_guest(disk, &[&option]);
        for options in [&[][..], &[option.as_str()]] {
            let outcome =
                self.stage.fsimage().arg("cat").args(options).arg(disk).arg(&self.guest.kernel).finish();
            assert!(outcome.assert_success().stdout == self.expected.kernel, "{options:?}: other bytes");
        }
        if let Some(decoy) = decoy {
            assert_eq!(uuid(decoy).as_deref(), Some(DECOY_UUID), "{volumes:#?}");
            assert_eq!(self.boot(disk, &[&format!("--partition={decoy}")]).args, "decoy");
        }
        let words = ["--partition=nowhere: no such partition; there are", chosen];
        self.assert_fails(disk, &["--partition=nowhere"], &words);
        self.stage.assert_nothing_runs();
    }

    /// GRUB itself calls the volume so, and finds the kernel there. It does not read a GPT's backup, nor large sectors
    /// but on a device, nor an MBR inside a partition.
    #[track_caller]
    fn assert_grub_agrees(&self, disk: &Path, address: &str) {
        let volumes = self.volumes(disk);
        let volume = volumes.iter().find(|volume| volume.address == address).unwrap();
        let theirs = by_grub(disk);
        assert!(theirs.contains(&volume.grub[0]), "{:?} in {theirs:?}", volume.grub);
        for name in volume.grub.iter().filter(|name| name.matches(',').count() < 2) {
            let outcome = cat_by_grub(disk, name, &self.guest.kernel);
            assert!(outcome.stdout == self.expected.kernel, "{name}: {outcome:?}");
        }
    }
}

/// Sectors as bytes.
fn at(sector: u64) -> u64 {
    sector * SECTOR
}

fn without(places: Vec<Place>, starts: &[u64]) -> Vec<Place> {
    places.into_iter().filter(|place| !starts.contains(&place.0)).collect()
}

#[test]
fn the_second_primary_is_active() {
    let (bench, disk) = (Bench::new(), Disk::new(24));
    disk.sfdisk(&format!(
        "label: dos\nstart=2048, size={DECOY_ROOM}, type=83\nstart=8192, size={ROOM}, type=83, bootable\n"
    ))
    .write(at(2048), &bench.decoy())
    .write(at(8192), &bench.system());
    bench.assert_grub_agrees(disk.path(), "2");
    bench.assert_boots(disk.path(), "2", Some("1"), &by_sfdisk(disk.path()));
    // The other way round.
    Run::new(&need("sfdisk", "fdisk"))
        .args(["-q", "--activate"])
        .arg(disk.path())
        .arg("1")
        .finish()
        .assert_success();
    assert_eq!(bench.boot(disk.path(), &[]).args, "decoy");
    bench.assert_is_guest(disk.path(), &["--partition=2"]);
}

#[test]
fn a_logical_partition() {
    let (bench, disk) = (Bench::new(), Disk::new(32));
    disk.sfdisk(&format!(
        "label: dos\nstart=2048, size=2048, type=82\nstart=6144, type=f\n\
         start=8192, size=2048, type=83\nstart=12288, size={ROOM}, type=83\n"
    ))
    .write(at(12288), &bench.system());
    let theirs = without(by_sfdisk(disk.path()), &[at(6144)]);
    assert_eq!(theirs.len(), 3);
    bench.assert_grub_agrees(disk.path(), "6");
    bench.assert_boots(disk.path(), "6", None, &theirs);
}

#[test]
fn a_gpt_by_sfdisk() {
    let (bench, disk) = (Bench::new(), Disk::new(24));
    // Its root type is better than the decoy's, which stands before it.
    let root = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
    disk.sfdisk(&format!(
        "label: gpt\nstart=2048, size={DECOY_ROOM}\nstart=8192, size={ROOM}, type={root}, name=\"System\"\n"
    ))
    .write(at(2048), &bench.decoy())
    .write(at(8192), &bench.system());
    bench.assert_grub_agrees(disk.path(), "2");
    bench.assert_boots(disk.path(), "2", Some("1"), &by_sfdisk(disk.path()));
}

#[test]
fn a_gpt_by_sgdisk() {
    let (bench, disk) = (Bench::new(), Disk::new(24));
    let end = format!("7:8192:+{}", ROOM - 1);
    disk.tool("sgdisk", "gdisk", &["-n", "3:2048:+1M", "-t", "3:ef02", "-n", &end, "-t", "7:8300"], "");
    disk.write(at(8192), &bench.system());
    bench.assert_grub_agrees(disk.path(), "7");
    bench.assert_boots(disk.path(), "7", None, &by_sfdisk(disk.path()));
    assert_eq!(bench.remarks(disk.path()), [""; 0]);
}

#[test]
fn a_gpt_whose_primary_is_broken() {
    let bench = Bench::new();
    // In the header, then in its table.
    for (place, why) in
        [(at(1) + 0x48, "its checksum is wrong"), (at(2) + 0x20, "its table's checksum is wrong")]
    {
        let disk = Disk::new(24);
        disk.sfdisk(&format!("label: gpt\nstart=2048, size={ROOM}\n")).write(at(2048), &bench.system());
        disk.spoil(place, 1);
        bench.assert_boots(disk.path(), "1", None, &by_sfdisk(disk.path()));
        let remarks =
            [format!("the primary GPT header is broken: {why}"), "the backup GPT is used".to_owned()];
        assert_eq!(bench.remarks(disk.path()), remarks);
        let output = Output::new();
        let outcome = bench.run(disk.path(), &["--debug"], &output);
        outcome.assert_success();
        for remark in remarks {
            let line = format!("pygrub-rs: debug: remark: {remark}\n");
            assert!(outcome.stderr.contains(&line), "{}", outcome.stderr);
        }
        // Without a backup there is nothing.
        let size = std::fs::metadata(disk.path()).unwrap().len();
        disk.spoil(size - SECTOR, 8);
        bench.assert_fails(disk.path(), &[], &["nothing that boots was found"]);
        bench.assert_fails(
            disk.path(),
            &["--debug"],
            &["the MBR protects a GPT, and there is none that is sound"],
        );
    }
}

/// A guest whose filesystem suits large sectors, on a disk of them.
fn large_sectors(bench: &Bench) -> Disk {
    let disk = Disk::new(40);
    // 1 MiB is sector 256 here.
    disk.tool("fdisk", "fdisk", &["-b", "4096"], "g\nn\n3\n256\n+1M\nn\n5\n1024\n+24M\nw\n");
    let system = ext4(&bench.tree("large"), "root", ROOT_UUID, 24 << 10, &["-b", "4096"]);
    disk.write(1024 * 4096, &system);
    disk
}

#[test]
fn a_gpt_of_large_sectors_in_an_image_file() {
    let bench = Bench::new();
    let disk = large_sectors(&bench);
    bench.assert_boots(disk.path(), "5", None, &by_fdisk(disk.path(), 4096));
    assert_eq!(bench.remarks(disk.path()), [""; 0]);
    disk.spoil(4096 + 0x48, 1);
    bench.assert_boots(disk.path(), "5", None, &by_fdisk(disk.path(), 4096));
    assert!(bench.remarks(disk.path()).contains(&"the backup GPT is used".to_owned()));
}

#[test]
fn a_gpt_on_a_device_of_large_sectors() {
    let bench = Bench::new();
    let disk = large_sectors(&bench);
    let device = Loop::new(disk.path(), 4096);
    bench.assert_grub_agrees(device.path(), "5");
    bench.assert_boots(device.path(), "5", None, &by_sfdisk(device.path()));
    assert_eq!(bench.remarks(device.path()), [""; 0]);
}

#[test]
fn an_mbr_on_a_device_of_large_sectors() {
    let (bench, disk) = (Bench::new(), Disk::new(40));
    let system = ext4(&bench.tree("large"), "root", ROOT_UUID, 24 << 10, &["-b", "4096"]);
    let device = Loop::new(disk.path(), 4096);
    // A primary, then a logical one, whose records count in the same sectors.
    let script =
        "label: dos\nstart=256, size=256, type=82\nstart=512, type=5\nstart=1024, size=6144, type=83\n";
    let _ = tool_on(device.path(), "sfdisk", "fdisk", &["-q", "--no-reread", "--no-tell-kernel"], script);
    // Through the device, which would not notice otherwise.
    write_at(device.path(), 1024 * 4096, &system);
    bench.assert_boots(device.path(), "5", None, &without(by_sfdisk(device.path()), &[512 * 4096]));
}

#[test]
fn a_device_of_small_sectors() {
    let bench = Bench::new();
    let device = Loop::new(&bench.guest.image, 512);
    bench.assert_grub_agrees(device.path(), "1");
    bench.assert_boots(device.path(), "1", None, &by_sfdisk(device.path()));
}

#[test]
fn a_solaris_root_slice() {
    let bench = Bench::new();
    // Boot, swap, the decoy as usr, the root, and the whole partition once more.
    let slices =
        [(1, 0, 64), (3, 64, 960), (4, 1024, DECOY_ROOM as u32), (2, 8192, ROOM as u32), (5, 0, 40960)];
    for code in ["bf", "82"] {
        let disk = Disk::new(32);
        disk.sfdisk(&format!(
            "label: dos\nstart=2048, size=2048, type=83\nstart=4096, size=40960, type={code}, bootable\n"
        ))
        .write(at(4096) + LABEL, &vtoc(&slices))
        .write(at(4096 + 1024), &bench.decoy())
        .write(at(4096 + 8192), &bench.system());
        // mmls does not count the slice that is the whole partition.
        let [primary, whole] = by_sfdisk(disk.path())[..] else { panic!("two partitions") };
        let mut theirs = by_mmls(disk.path(), "sun", at(4096));
        assert_eq!(theirs.len(), 4, "{theirs:?}");
        theirs.extend([primary, whole]);
        bench.assert_grub_agrees(disk.path(), "2s3");
        bench.assert_boots(disk.path(), "2s3", Some("2s2"), &theirs);
        assert_eq!(bench.remarks(disk.path()), [""; 0]);
    }
}

#[test]
fn a_solaris_label_on_the_whole_disk() {
    let (bench, disk) = (Bench::new(), Disk::new(24));
    disk.write(LABEL, &vtoc(&[(2, 2048, ROOM as u32), (3, 40000, 1000)])).write(at(2048), &bench.system());
    bench.assert_grub_agrees(disk.path(), "s0");
    bench.assert_boots(disk.path(), "s0", None, &by_mmls(disk.path(), "sun", 0));
}

/// The decoy as slice d, the guest as slice a, the swap as slice b, the partition as slice c.
fn bsd_slices(sectors: u32) -> [(u8, u32, u32); 4] {
    [(7, 8192, ROOM as u32), (1, 64, 1024), (0, 0, sectors), (7, 2048, DECOY_ROOM as u32)]
}

fn bsd_disk(bench: &Bench, disk: &Disk, start: u64, sectors: u64) {
    disk.write(at(start) + LABEL, &bsd_label(&bsd_slices(sectors as u32)))
        .write(at(start + 8192), &bench.system())
        .write(at(start + 2048), &bench.decoy());
}

#[test]
fn a_bsd_slice() {
    let (bench, disk) = (Bench::new(), Disk::new(32));
    disk.sfdisk("label: dos\nstart=2048, size=2048, type=7\nstart=4096, size=40960, type=a5, bootable\n");
    bsd_disk(&bench, &disk, 4096, 40960);
    let theirs = without(by_partx(disk.path()), &[at(4096)]);
    assert_eq!(theirs.len(), 4);
    bench.assert_grub_agrees(disk.path(), "2a");
    bench.assert_boots(disk.path(), "2a", Some("2d"), &theirs);
    assert_eq!(bench.remarks(disk.path()), [""; 0]);
}

#[test]
fn bsd_slices_by_fdisk() {
    let bench = Bench::new();
    for code in ["a5", "a6", "a9"] {
        let disk = Disk::new(40);
        disk.sfdisk(&format!(
            "label: dos\nstart=2048, size=8192, type=83\nstart=10240, size=65536, type={code}\n"
        ));
        disk.tool("fdisk", "fdisk", &[], "b\ny\nn\na\n\n+16M\nt\na\n7\nn\nb\n53248\n\nt\nb\n1\nw\nq\n");
        let theirs = by_partx(disk.path());
        let slice = theirs.iter().find(|place| place.0 >= at(10240) && place.1 >> 20 == 16);
        let slice = slice.unwrap_or_else(|| panic!("{theirs:?}"));
        disk.write(slice.0, &bench.system());
        let label = theirs.iter().position(|place| *place == (at(10240), at(65536))).unwrap();
        let theirs: Vec<Place> =
            theirs.iter().enumerate().filter(|(index, _)| *index != label).map(|(_, place)| *place).collect();
        bench.assert_grub_agrees(disk.path(), "2a");
        bench.assert_boots(disk.path(), "2a", None, &theirs);
    }
}

#[test]
fn a_bsd_label_on_the_whole_disk() {
    let (bench, disk) = (Bench::new(), Disk::new(24));
    bsd_disk(&bench, &disk, 0, 24 << 11);
    let theirs = without(by_sfdisk(disk.path()), &[0]);
    assert_eq!(theirs.len(), 3);
    bench.assert_grub_agrees(disk.path(), "a");
    bench.assert_boots(disk.path(), "a", Some("d"), &theirs);
}

#[test]
fn a_bsd_label_in_a_gpt() {
    let (bench, disk) = (Bench::new(), Disk::new(32));
    disk.sfdisk("label: gpt\nstart=2048, size=2048\nstart=4096, size=40960, type=516e7cb4-6ecf-11d6-8ff8-00022d09712b\n");
    bsd_disk(&bench, &disk, 4096, 40960);
    let mut theirs = vec![by_sfdisk(disk.path())[0]];
    // Nothing else looks into a GPT's partition, so the same label is shown by itself.
    let bare = Disk::new(20);
    bare.write(LABEL, &bsd_label(&bsd_slices(40960)));
    let slices = without(by_sfdisk(bare.path()), &[0]);
    theirs.extend(slices.iter().map(|place| (at(4096) + place.0, place.1)));
    bench.assert_grub_agrees(disk.path(), "2a");
    bench.assert_boots(disk.path(), "2a", Some("2d"), &theirs);
}

#[test]
fn a_sun_label() {
    let (bench, disk) = (Bench::new(), Disk::new(48));
    // Cylinders are 255 * 63 sectors here.
    disk.sfdisk("label: sun\nd1: start=16065, size=16065, type=4\nd2: start=32130, size=32130, type=2\nd3: start=0, size=96390, type=5\n");
    disk.write(at(16065), &bench.decoy()).write(at(32130), &bench.system());
    bench.assert_grub_agrees(disk.path(), "s1");
    bench.assert_boots(disk.path(), "s1", Some("s0"), &by_sfdisk(disk.path()));
}

#[test]
fn an_sgi_label() {
    let (bench, disk) = (Bench::new(), Disk::new(48));
    disk.sfdisk("label: sgi\nd1: start=16065, size=32130, type=83\n").write(at(16065), &bench.system());
    bench.assert_grub_agrees(disk.path(), "1");
    bench.assert_boots(disk.path(), "1", None, &by_sfdisk(disk.path()));
}

#[test]
fn an_apple_map() {
    let (bench, disk) = (Bench::new(), Disk::new(24));
    disk.parted(&["mklabel", "mac", "mkpart", "swap", "linux-swap", "1MiB", "3MiB"]);
    disk.parted(&["mkpart", "root", "ext2", "4MiB", "20MiB"]);
    disk.write(4 << 20, &bench.system());
    // The map's own entry is no volume.
    let theirs = without(by_parted(&disk), &[SECTOR]);
    assert_eq!(theirs.len(), 2);
    bench.assert_grub_agrees(disk.path(), "3");
    bench.assert_boots(disk.path(), "3", None, &theirs);
}

#[test]
fn a_hybrid_iso() {
    let bench = Bench::new();
    let content = bench.files.path().join("iso");
    std::fs::create_dir(&content).unwrap();
    std::fs::write(content.join("README"), "no kernel here\n").unwrap();
    let system = bench.files.path().join("ext4.img");
    std::fs::write(&system, bench.system()).unwrap();
    for (options, gaps) in [(&[][..], 0), (&["-appended_part_as_gpt"], 2)] {
        let disk = Disk::made_by(|path| {
            let run =
                Run::new(&need("xorriso", "xorriso")).args(["-as", "mkisofs", "-quiet", "-o"]).arg(path);
            let run = run.args(options).args(["-append_partition", "2", "0x83"]).arg(&system).arg(&content);
            run.finish().assert_success();
        });
        let size = std::fs::metadata(disk.path()).unwrap().len();
        assert!(tool_on(disk.path(), "blkid", "util-linux", &["-p", "-o", "value"], "").contains("iso9660"));
        let mut theirs = without(by_sfdisk(disk.path()), &[0]);
        assert_eq!(theirs.len(), 1 + gaps);
        theirs.push((0, size));
        bench.assert_grub_agrees(disk.path(), "2");
        bench.assert_boots(disk.path(), "2", None, &theirs);
        // The ISO stands first; what is on it is for a plugin to say.
        assert_eq!(bench.volumes(disk.path())[0].address, "0");
    }
}

#[test]
fn a_bare_disk() {
    let (bench, disk) = (Bench::new(), Disk::new(15));
    disk.write(0, &bench.system());
    bench.assert_grub_agrees(disk.path(), "0");
    bench.assert_boots(disk.path(), "0", None, &[(0, 15 << 20)]);
}

#[test]
fn tables_in_partitions_to_a_depth_of_four() {
    let bench = Bench::new();
    let (mut inside, mut offset, mut address) = (bench.system(), 0, String::new());
    for depth in 1..=5 {
        let disk = Disk::new(15 + depth);
        disk.sfdisk("label: dos\nstart=2048, type=83\n").write(1 << 20, &inside);
        inside = std::fs::read(disk.path()).unwrap();
        (offset, address) =
            (offset + (1 << 20), if depth == 1 { "1".to_owned() } else { format!("{address}p1") });
        if depth == 5 {
            bench.assert_fails(disk.path(), &[], &["nothing that boots was found"]);
            continue;
        }
        let theirs: Vec<Place> = (1..=depth).map(|n| (n << 20, (15 + depth - n) << 20)).collect();
        bench.assert_boots(disk.path(), &address, None, &theirs);
        assert_eq!(theirs.last(), Some(&(offset, 15 << 20)));
    }
}

#[test]
fn a_bsd_label_in_a_logical_partition() {
    let (bench, disk) = (Bench::new(), Disk::new(32));
    disk.sfdisk(
        "label: dos\nstart=2048, size=2048, type=82\nstart=4096, type=5\nstart=6144, size=40960, type=a5\n",
    );
    bsd_disk(&bench, &disk, 6144, 40960);
    let mut theirs = vec![by_sfdisk(disk.path())[0]];
    let bare = Disk::new(20);
    bare.write(LABEL, &bsd_label(&bsd_slices(40960)));
    let slices = without(by_sfdisk(bare.path()), &[0]);
    theirs.extend(slices.iter().map(|place| (at(6144) + place.0, place.1)));
    bench.assert_grub_agrees(disk.path(), "5a");
    bench.assert_boots(disk.path(), "5a", Some("5d"), &theirs);
}

/// The guest's files as two filesystems: what was in /boot, with the demo guest's own configuration as grub-mkconfig
/// writes it for a separate one, and the rest.
fn split(bench: &Bench) -> (Vec<u8>, Vec<u8>) {
    let tree = bench.tree("split");
    let boot = tree.join("boot");
    let path = boot.join("grub/grub.cfg");
    let config = std::fs::read_to_string(&path).unwrap();
    let searched = config
        .replace("/boot/vmlinuz", "/vmlinuz")
        .replace("/boot/initrd", "/initrd")
        .replace(&format!(" {ROOT_UUID}\n"), &format!(" {BOOT_UUID}\n"));
    assert!(searched.contains("search --no-floppy --fs-uuid --set=root b0070000"));
    assert!(searched.contains(&format!("/vmlinuz-1.0-demo root=UUID={ROOT_UUID} ")));
    std::fs::write(path, searched).unwrap();
    let small = ext4(&boot, "boot", BOOT_UUID, 4 << 10, &[]);
    std::fs::remove_dir_all(&boot).unwrap();
    std::fs::create_dir(&boot).unwrap();
    let root = ext4(&tree, "root", ROOT_UUID, 8 << 10, &[]);
    (small, root)
}

#[test]
fn boot_is_a_partition_of_its_own() {
    let bench = Bench::new();
    let (boot, root) = split(&bench);
    let xbootldr = "bc13c2ff-59e6-4262-a352-b275fd6f7172";
    // Before the root and behind it, active or not.
    for (script, (boot_at, chosen), (root_at, other)) in [
        ("label: dos\nstart=2048, size=8192, bootable\nstart=10240, size=16384\n", (2048, "1"), (10240, "2")),
        ("label: dos\nstart=2048, size=16384, bootable\nstart=20480, size=8192\n", (20480, "2"), (2048, "1")),
        (
            "label: dos\nstart=2048, size=8192\nstart=12288, type=5\nstart=16384, size=16384\n",
            (2048, "1"),
            (16384, "5"),
        ),
        ("label: gpt\nstart=2048, size=16384\nstart=20480, size=8192\n", (20480, "2"), (2048, "1")),
    ] {
        let disk = Disk::new(24);
        disk.sfdisk(script).write(at(boot_at), &boot).write(at(root_at), &root);
        bench.assert_is_guest(disk.path(), &[]);
        bench.assert_is_guest(disk.path(), &[&format!("--partition={chosen}")]);
        let words = [&format!("volume {other} (")[..], "): no boot configuration"];
        bench.assert_fails(disk.path(), &[&format!("--partition={other}")], &words);
        // A path's volume is the one that boots, unless named.
        let cat = |options: &[&str], path: &str| {
            let outcome = bench.stage.fsimage().arg("cat").args(options).arg(disk.path()).arg(path).finish();
            outcome.assert_success().stdout.clone()
        };
        assert!(cat(&[], "/vmlinuz-1.0-demo") == bench.expected.kernel);
        assert!(!cat(&["--partition", other], "/etc/hostname").is_empty());
    }
    // An older configuration on the root filesystem does not count beside a partition made for booting.
    let disk = Disk::new(24);
    disk.sfdisk(&format!("label: gpt\nstart=2048, size=4096\nstart=20480, size=8192, type={xbootldr}\n"))
        .write(at(2048), &bench.decoy())
        .write(at(20480), &boot);
    bench.assert_is_guest(disk.path(), &[]);
    assert_eq!(bench.boot(disk.path(), &["--partition=1"]).args, "decoy");
}

/// Where the configuration is, where the kernel is, and the kernel's volume as the configuration calls it.
struct Apart {
    make: fn(&Disk),
    home: u64,
    kernel: u64,
    names: &'static [&'static str],
}

const APART: &[Apart] = &[
    Apart {
        make: |disk| {
            disk.sfdisk("label: dos\nstart=2048, size=4096\nstart=8192, size=4096\n");
        },
        home: 2048,
        kernel: 8192,
        names: &["hd0,msdos2", "hd0,2"],
    },
    Apart {
        make: |disk| {
            disk.sfdisk("label: dos\nstart=2048, type=5\nstart=4096, size=4096\nstart=12288, size=4096\n");
        },
        home: 12288,
        kernel: 4096,
        names: &["hd0,msdos5", "hd0,5"],
    },
    Apart {
        make: |disk| {
            disk.sfdisk("label: gpt\nstart=2048, size=4096\nstart=8192, size=4096\n");
        },
        home: 2048,
        kernel: 8192,
        names: &["hd0,gpt2", "hd0,2"],
    },
    Apart {
        make: |disk| {
            disk.sfdisk("label: dos\nstart=2048, size=20480, type=bf\n");
            disk.write(at(2048) + LABEL, &vtoc(&[(2, 2048, 4096), (4, 8192, 4096)]));
        },
        home: 4096,
        kernel: 10240,
        names: &["hd0,msdos1,sunpc2", "hd0,1,2"],
    },
    Apart {
        make: |disk| {
            disk.sfdisk("label: dos\nstart=2048, size=20480, type=a5\n");
            disk.write(at(2048) + LABEL, &bsd_label(&[(7, 2048, 4096), (7, 8192, 4096)]));
        },
        home: 4096,
        kernel: 10240,
        names: &["hd0,msdos1,bsd2", "hd0,1,2"],
    },
    Apart {
        make: |disk| {
            // NetBSD counts from the disk's start, and GRUB its slices on the disk.
            disk.sfdisk("label: dos\nstart=2048, size=20480, type=a9\n");
            disk.write(at(2048) + LABEL, &bsd_label(&[(7, 4096, 4096), (7, 10240, 4096)]));
        },
        home: 4096,
        kernel: 10240,
        names: &["hd0,netbsd2"],
    },
    Apart {
        make: |disk| {
            disk.parted(&["mklabel", "mac", "mkpart", "a", "ext2", "1MiB", "3MiB"]);
            disk.parted(&["mkpart", "b", "ext2", "4MiB", "6MiB"]);
        },
        home: 2048,
        kernel: 8192,
        names: &["hd0,apple3", "hd0,3"],
    },
];

#[test]
fn the_configuration_names_another_partition() {
    let bench = Bench::new();
    let kernels = bench.small("kernels", BOOT_UUID, None);
    let args = format!("root=UUID={ROOT_UUID} ro");
    for apart in APART {
        let boots = |how: &str, kernel: &str, ramdisk: &str, before: &str| {
            let disk = Disk::new(16);
            (apart.make)(&disk);
            let config =
                format!("{before}\nmenuentry 'Guest' {{\nlinux {kernel} {args}\ninitrd {ramdisk}\n}}\n");
            // Its own kernel and ramdisk are the decoy's, under the same names.
            let home = bench.small("root", DECOY_UUID, Some(&config));
            disk.write(at(apart.home), &home).write(at(apart.kernel), &kernels);
            let booted = bench.boot(disk.path(), &[]);
            assert_eq!(booted.args, args, "{how}");
            assert!(booted.kernel == bench.expected.kernel, "{how}: {config}: another kernel");
            booted.ramdisk
        };
        for name in apart.names {
            let (kernel, ramdisk) = (format!("({name})/vmlinuz"), format!("({name})/initrd.img"));
            assert!(boots(name, &kernel, &ramdisk, "") == bench.expected.ramdisk, "{name}: another ramdisk");
            if *name != apart.names[0] {
                continue;
            }
            // Two files from two places.
            assert_eq!(boots(name, &kernel, "/initrd.img", ""), b"the decoy's ramdisk");
            // The name in a variable, as old configurations have it.
            let root = boots(name, "/vmlinuz", "/initrd.img", &format!("set root='{name}'"));
            assert!(root == bench.expected.ramdisk, "{name}: another ramdisk");
        }
    }
}

#[test]
fn the_configuration_names_a_partition_that_cannot_be_read() {
    let (bench, disk) = (Bench::new(), Disk::new(16));
    // Under the same path its own filesystem has another kernel, which is not meant: GRUB fails here too.
    let config = "menuentry 'Guest' {\nlinux (hd0,msdos2)/vmlinuz ro\n}\n";
    disk.sfdisk("label: dos\nstart=2048, size=4096\nstart=8192, size=4096\n")
        .write(at(2048), &bench.small("root", DECOY_UUID, Some(config)));
    let theirs = cat_by_grub(disk.path(), "hd0,msdos2", "/vmlinuz");
    assert_eq!((theirs.code, &theirs.stdout[..]), (Some(1), &b""[..]), "{theirs:?}");
    bench.assert_fails(disk.path(), &[], &["the kernel (hd0,msdos2)/vmlinuz: not recognised"]);
}

/// A search, and how the files are named behind it.
const SEARCHES: [(&str, &str); 6] = [
    ("search --no-floppy --label --set=root kernels", "($root)"),
    ("search --no-floppy --label --set=root kernels", ""),
    ("search --no-floppy --file --set=root /only-here", "($root)"),
    ("search --no-floppy --fs-uuid --set=root B0070000-0000-4000-8000-00000000B007", ""),
    ("search --file --set=there /only-here", "($there)"),
    ("search.fs_label kernels there", "($there)"),
];

#[test]
fn the_configuration_searches_another_partition() {
    let bench = Bench::new();
    let args = format!("root=UUID={ROOT_UUID} ro");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("vmlinuz"), &bench.expected.kernel).unwrap();
    std::fs::write(folder.path().join("initrd.img"), &bench.expected.ramdisk).unwrap();
    std::fs::write(folder.path().join("only-here"), "").unwrap();
    let kernels = ext4(folder.path(), "kernels", BOOT_UUID, DECOY_ROOM as u32 / 2, &[]);
    let everywhere = APART.iter().map(|apart| (apart, SEARCHES[0]));
    let every_way = SEARCHES.iter().map(|search| (&APART[1], *search));
    for (apart, (search, prefix)) in everywhere.chain(every_way) {
        let disk = Disk::new(16);
        (apart.make)(&disk);
        let config = format!(
            "menuentry 'Guest' {{\n{search}\nlinux {prefix}/vmlinuz {args}\n\
             initrd {prefix}/initrd.img\n}}\n"
        );
        let home = bench.small("root", DECOY_UUID, Some(&config));
        disk.write(at(apart.home), &home).write(at(apart.kernel), &kernels);
        // The configuration's partition may be named: the kernel's is found all the same.
        let volumes = bench.volumes(disk.path());
        let home = volumes.iter().find(|volume| volume.uuid.as_deref() == Some(DECOY_UUID)).unwrap();
        for options in [&[][..], &[&format!("--partition={}", home.address)[..]]] {
            let booted = bench.boot(disk.path(), options);
            assert_eq!(booted.args, args, "{search}");
            assert!(booted.kernel == bench.expected.kernel, "{:?} {config}: another kernel", apart.names);
            assert!(booted.ramdisk == bench.expected.ramdisk, "{:?} {config}: another ramdisk", apart.names);
        }
    }
}

/// Neither program finds anything, and each says what it saw: this of each volume, and this of the table.
#[track_caller]
fn assert_nothing_usable(bench: &Bench, disk: &Disk, volumes: &[(&str, &str)], remarks: &[&str]) {
    assert_eq!(bench.remarks(disk.path()), remarks);
    let addresses: Vec<String> = volumes.iter().map(|(address, _)| format!("volume {address}")).collect();
    let mut words = vec!["nothing that boots was found"];
    words.extend(addresses.iter().map(String::as_str));
    bench.assert_fails(disk.path(), &[], &words);
    let debug: Vec<String> = remarks.iter().map(|text| format!("debug: remark: {text}")).collect();
    bench.assert_fails(disk.path(), &["--debug"], &debug.iter().map(String::as_str).collect::<Vec<_>>());
    let outcome = bench.stage.fsimage().arg("ls").arg(disk.path()).finish();
    for (address, kind) in volumes {
        outcome.assert_failure(&format!("volume {address} ({kind}, "));
    }
    outcome.assert_failure("no filesystem known here");
}

#[test]
fn nothing_usable() {
    let bench = Bench::new();
    let mbr = Disk::new(16);
    mbr.sfdisk(
        "label: dos\nstart=2048, size=2048, type=7, bootable\nstart=4096, size=2048, type=82\n\
         start=6144, size=4096, type=bf\n",
    );
    let volumes = [("1", "HPFS/NTFS/exFAT"), ("2", "Linux swap / Solaris"), ("3", "Solaris")];
    assert_nothing_usable(
        &bench,
        &mbr,
        &volumes,
        &["partition 3 has no label that divides it, against its type"],
    );
    let gpt = Disk::new(16);
    gpt.sfdisk("label: gpt\nstart=2048, size=2048, type=uefi\nstart=4096, size=2048, type=swap\n");
    assert_nothing_usable(&bench, &gpt, &[("1", "EFI System"), ("2", "Linux swap")], &[]);
    gpt.spoil(at(1) + 0x48, 1).spoil((16 << 20) - SECTOR + 0x48, 1);
    let remarks = [
        "the primary GPT header is broken: its checksum is wrong",
        "the backup GPT header is broken: its checksum is wrong",
        "the MBR protects a GPT, and there is none that is sound",
    ];
    assert_nothing_usable(&bench, &gpt, &[("0", "whole disk")], &remarks);
    let label = Disk::new(16);
    label.sfdisk("label: dos\nstart=2048, size=8192, type=a5\n");
    let mut spoilt = bsd_label(&[(7, 64, 4096)]);
    spoilt[0x88] ^= 1;
    label.write(at(2048) + LABEL, &spoilt);
    let remarks = [
        "a BSD label is broken: its checksum is wrong",
        "partition 1 has no label that divides it, against its type",
    ];
    assert_nothing_usable(&bench, &label, &[("1", "FreeBSD")], &remarks);
}

#[test]
fn filesystems_and_no_configuration() {
    let (bench, disk) = (Bench::new(), Disk::new(16));
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("no-kernel"), "a kernel would be guessed by its name").unwrap();
    disk.sfdisk("label: dos\nstart=2048, size=4096, type=82\nstart=8192, size=8192, type=83\n")
        .write(at(8192), &ext4(files.path(), "files", BOOT_UUID, DECOY_ROOM as u32 / 2, &[]));
    bench.assert_fails(
        disk.path(),
        &[],
        &["volume 1 (", "): not recognised", "volume 2 (", "): no boot configuration"],
    );
    bench.assert_fails(disk.path(), &["--partition=3"], &["--partition=3: no such partition; there are "]);
    // What is wrong with a filesystem is said of its volume.
    disk.spoil(at(8192) + 1024 + 0x18, 4);
    bench.assert_fails(
        disk.path(),
        &[],
        &["volume 1 (", "): not recognised", "volume 2 (", "): corrupt: ext2 filesystem: "],
    );
    let outcome = bench.stage.fsimage().args(["partitions", "--json"]).arg(disk.path()).finish();
    assert!(outcome.assert_success().text().contains("\"problem\":"), "{outcome:#?}");
}
