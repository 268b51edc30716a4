//! Tables written by other tools and read by other tools: start, size and type are the same.
// Helpers of a test fail the test: clippy's allow-*-in-tests only covers the test functions themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod common;

use common::put;
use fsimage_sdk::Volume;
use partitions::{Partition, Scheme, Table, read_table};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Address, start and size in bytes, type.
type Row = (String, u64, u64, String);

struct Image {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Image {
    fn new(mebibytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.img");
        std::fs::File::create(&path).unwrap().set_len(mebibytes << 20).unwrap();
        Self { folder, path }
    }

    /// Runs a tool on the image, with this on its standard input; its output.
    fn run(&self, program: &str, package: &str, args: &[&str], input: &str) -> String {
        let mut child = Command::new(program)
            .args(args)
            .arg(&self.path)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|why| {
                panic!("{program} does not run ({why}): install Debian's package {package}")
            });
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{program} {args:?} failed on {input:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn sfdisk(&self, args: &[&str], script: &str) -> &Self {
        self.run("sfdisk", "fdisk", args, script);
        self
    }

    fn sgdisk(&self, args: &[&str]) -> String {
        self.run("sgdisk", "gdisk", args, "")
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut [u8])) {
        let mut bytes = self.bytes();
        change(&mut bytes);
        std::fs::write(&self.path, bytes).unwrap();
    }

    fn table(&self) -> Table {
        let disk: Volume = Arc::new(self.bytes());
        read_table(&disk).unwrap()
    }

    /// As sfdisk lists them.
    fn theirs(&self, args: &[&str]) -> Vec<Row> {
        let json: Value =
            serde_json::from_str(&self.run("sfdisk", "fdisk", &[&["--json"], args].concat(), "")).unwrap();
        let table = &json["partitiontable"];
        let sector = table["sectorsize"].as_u64().unwrap();
        let name = self.path.to_str().unwrap();
        let rows = table["partitions"].as_array().unwrap().iter().map(|p| {
            (
                p["node"].as_str().unwrap().strip_prefix(name).unwrap().to_owned(),
                p["start"].as_u64().unwrap() * sector,
                p["size"].as_u64().unwrap() * sector,
                p["type"].as_str().unwrap().to_lowercase(),
            )
        });
        rows.collect()
    }

    /// As libblkid lists them, which looks into partitions: start, size, type, without numbers.
    fn partx(&self) -> Vec<(u64, u64, String)> {
        let args = ["--raw", "--noheadings", "--bytes", "--output", "START,SIZE,TYPE"];
        let listing = self.run("partx", "util-linux", &args, "");
        let rows = listing.lines().map(|line| {
            let mut fields = line.split(' ');
            let mut number = || fields.next().unwrap().parse::<u64>().unwrap();
            (number() * 512, number(), fields.next().unwrap().trim_start_matches("0x").to_owned())
        });
        rows.collect()
    }
}

fn kind(p: &Partition) -> String {
    let code = p.type_code.map(u16::from).or(p.tag);
    p.type_guid.clone().or(code.map(|code| format!("{code:x}"))).unwrap_or_else(|| p.type_name.clone())
}

/// Ours in the order of the disk's table, slices as sfdisk counts them.
fn ours(table: &Table) -> Vec<Row> {
    let mut rows: Vec<(u32, Row)> = Vec::new();
    for p in &table.partitions {
        let number = match p.address.strip_prefix('s') {
            Some(slice) => slice.parse::<u32>().unwrap() + 1,
            None => p.address.parse().unwrap(),
        };
        rows.push((number, (number.to_string(), p.start, p.size, kind(p))));
    }
    rows.sort();
    rows.into_iter().map(|(_, row)| row).collect()
}

fn order(table: &Table) -> Vec<&str> {
    table.partitions.iter().map(|p| p.address.as_str()).collect()
}

#[test]
fn logical_partitions_by_sfdisk() {
    let image = Image::new(64);
    image.sfdisk(
        &[],
        "label: dos\nd1: size=4M, type=83\nd2: size=8M, type=7\nd4: type=f\nd5: size=3M, type=83, bootable\n\
         d6: size=5M, type=82\nd7: size=1M, type=8e\n",
    );
    let theirs: Vec<Row> = image.theirs(&[]).into_iter().filter(|row| row.3 != "f").collect();
    let table = image.table();
    assert_eq!(ours(&table), theirs);
    assert_eq!(order(&table), ["5", "1", "2", "6", "7"]);
    assert_eq!(table.remarks, [""; 0]);
    // The unique ids too.
    let ids = image.run("partx", "util-linux", &["-s", "-g", "-o", "NR,UUID"], "");
    for p in &table.partitions {
        let line = format!("{} {}", p.address, p.uuid.as_deref().unwrap());
        assert!(ids.lines().any(|theirs| theirs.trim() == line), "{line} in {ids}");
    }
}

#[test]
fn gpt_by_sfdisk() {
    let image = Image::new(64);
    let root = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
    let xbootldr = "bc13c2ff-59e6-4262-a352-b275fd6f7172";
    image.sfdisk(
        &[],
        &format!(
            "label: gpt\nd1: size=1M, type=21686148-6449-6e6f-744e-656564454649\nd2: size=8M, type=uefi\n\
             d3: size=8M, type={root}, name=\"Größe\"\nd7: size=8M, type={xbootldr}\n"
        ),
    );
    let table = image.table();
    assert_eq!((table.scheme, ours(&table)), (Scheme::Gpt, image.theirs(&[])));
    assert_eq!(order(&table), ["7", "3", "2", "1"]);
    assert_eq!(table.partitions[1].name.as_deref(), Some("Größe"));
    assert_eq!(table.partitions[0].grub_names, ["hd0,gpt7", "hd0,7"]);
    assert_eq!(table.remarks, [""; 0]);
}

#[test]
fn gpt_by_sgdisk_read_by_sgdisk() {
    let image = Image::new(64);
    image.sgdisk(&[
        "-n",
        "1:2048:+8M",
        "-t",
        "1:8300",
        "-c",
        "1:Größe",
        "-n",
        "5:0:+4M",
        "-t",
        "5:a503",
        "-A",
        "5:set:2",
    ]);
    let table = image.table();
    assert_eq!(order(&table), ["5", "1"]);
    assert!(table.partitions[0].active);
    for p in &table.partitions {
        let info = image.sgdisk(&["-i", &p.address]).to_lowercase();
        let last = (p.start + p.size) / 512 - 1;
        for text in [
            format!("guid code: {}", p.type_guid.as_deref().unwrap()),
            format!("unique guid: {}", p.uuid.as_deref().unwrap()),
            format!("first sector: {} ", p.start / 512),
            format!("last sector: {last} "),
            format!("partition size: {} sectors", p.size / 512),
            format!("partition name: '{}'", p.name.clone().unwrap_or_default().to_lowercase()),
            format!("attribute flags: {:016x}", p.flags.unwrap()),
        ] {
            assert!(info.contains(&text), "{text} in {info}");
        }
    }
}

#[test]
fn the_gpt_crate_reads_the_same() {
    let image = Image::new(64);
    image.sgdisk(&["-n", "1:2048:+8M", "-c", "1:root", "-n", "3:0:+4M", "-t", "3:8200", "-n", "128:0:0"]);
    let mut device = std::io::Cursor::new(image.bytes());
    let size = gpt::disk::LogicalBlockSize::Lb512;
    let header = gpt::header::read_header_from_arbitrary_device(&mut device, size).unwrap();
    let theirs: Vec<_> = gpt::partition::file_read_partitions(&mut device, &header, size)
        .unwrap()
        .into_iter()
        .filter(|(_, p)| p.is_used())
        .map(|(number, p)| {
            let (start, length) = (p.bytes_start(size).unwrap(), p.bytes_len(size).unwrap());
            let name = (!p.name.is_empty()).then_some(p.name);
            (
                number.to_string(),
                start,
                length,
                p.part_type_guid.guid.to_string(),
                p.part_guid.to_string(),
                name,
            )
        })
        .collect();
    let table = image.table();
    let mut ours: Vec<_> = table
        .partitions
        .into_iter()
        .map(|p| (p.address, p.start, p.size, p.type_guid.unwrap(), p.uuid.unwrap(), p.name))
        .collect();
    ours.sort_by_key(|row| row.1);
    assert_eq!(ours.len(), 3);
    assert_eq!(ours, theirs);
}

#[test]
fn gpt_of_4096_byte_sectors_in_a_file_that_says_512() {
    let image = Image::new(64);
    image.run("fdisk", "fdisk", &["-b", "4096"], "g\nn\n1\n\n+8M\nn\n2\n\n+16M\nw\n");
    let table = image.table();
    let listing = image.run("fdisk", "fdisk", &["-b", "4096", "-l", "-o", "Start,Sectors,Type-UUID"], "");
    let theirs: Vec<String> = listing
        .lines()
        .skip_while(|line| !line.starts_with("Start"))
        .skip(1)
        .map(str::trim)
        .map(str::to_lowercase)
        .collect();
    let ours =
        table.partitions.iter().map(|p| format!("{:5} {:7} {}", p.start / 4096, p.size / 4096, kind(p)));
    assert_eq!(ours.map(|row| row.trim().to_owned()).collect::<Vec<_>>(), theirs);
    assert_eq!((table.scheme, theirs.len()), (Scheme::Gpt, 2));
    assert_eq!(table.remarks, [""; 0]);
    // Its backup is found as well.
    image.change(|bytes| bytes[4096..8192].fill(0));
    let again = image.table();
    assert_eq!(again.partitions, table.partitions);
    assert_eq!(again.remarks, ["the backup GPT is used"]);
}

#[test]
fn a_broken_primary_header_and_a_broken_primary_table() {
    let image = Image::new(64);
    image.sfdisk(&[], "label: gpt\nsize=8M\nsize=16M, name=two\n");
    let sound = image.table();
    for (offset, why) in
        [(0x200 + 0x48, "its checksum is wrong"), (0x400 + 0x20, "its table's checksum is wrong")]
    {
        let broken = Image::new(64);
        std::fs::copy(&image.path, &broken.path).unwrap();
        broken.change(|bytes| bytes[offset] ^= 0xff);
        let table = broken.table();
        assert_eq!(table.partitions, sound.partitions);
        assert_eq!(ours(&table), broken.theirs(&[]));
        assert_eq!(
            table.remarks,
            [format!("the primary GPT header is broken: {why}"), "the backup GPT is used".to_owned()]
        );
    }
}

#[test]
fn a_hybrid_mbr_by_sgdisk() {
    let image = Image::new(64);
    image.sgdisk(&["-n", "1:2048:+8M", "-n", "2:0:+8M", "-h", "2"]);
    let table = image.table();
    assert_eq!((table.scheme, order(&table)), (Scheme::Gpt, vec!["1", "2"]));
    // What only the MBR lists is listed behind.
    image.change(|bytes| put(bytes, 0x1de, &common::boot_sector(&[(0, 0x83, 100_000, 1000)])[0x1be..0x1ce]));
    let table = image.table();
    assert_eq!(order(&table), ["1", "2", "mbr3"]);
    assert_eq!(table.partitions[2].grub_names, ["hd0,msdos3"]);
}

#[test]
fn parted_reads_what_it_wrote() {
    for (label, scheme) in [("msdos", Scheme::Mbr), ("gpt", Scheme::Gpt), ("mac", Scheme::Apm)] {
        let image = Image::new(64);
        let path = image.path.to_str().unwrap();
        let parted = |args: &[&str]| {
            let output = Command::new("parted").args(["-s", "-m", path]).args(args).output();
            let output = output.expect("parted does not run: install Debian's package parted");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        parted(&[
            "mklabel", label, "mkpart", "primary", "ext2", "1MiB", "9MiB", "mkpart", "primary", "16MiB",
            "40MiB",
        ]);
        let listing = parted(&["unit", "B", "print"]);
        let mut theirs: Vec<(String, u64, u64)> = Vec::new();
        for line in listing.lines().skip(2) {
            let fields: Vec<&str> = line.split(':').collect();
            let number = |text: &str| text.trim_end_matches('B').parse::<u64>().unwrap();
            theirs.push((fields[0].to_owned(), number(fields[1]), number(fields[3])));
        }
        // The map's own entry is no volume.
        theirs.retain(|row| scheme != Scheme::Apm || row.0 != "1");
        let table = image.table();
        let ours: Vec<_> = table.partitions.iter().map(|p| (p.address.clone(), p.start, p.size)).collect();
        assert_eq!((table.scheme, ours), (scheme, theirs));
        assert_eq!(table.partitions.len(), 2);
    }
}

#[test]
fn an_apple_map_read_by_mmls() {
    let image = Image::new(8);
    let map = common::apple_map(512, &[("Apple_HFS", "root", 64, 4096), ("Apple_Driver43", "d", 5000, 100)]);
    image.change(|bytes| put(bytes, 0, &map));
    let table = image.table();
    let listing = image.run("mmls", "sleuthkit", &["-t", "mac"], "");
    for p in &table.partitions {
        let (first, length) = (p.start / 512, p.size / 512);
        let line = format!("{first:010}   {:010}   {length:010}   {}", first + length - 1, p.type_name);
        assert!(listing.contains(&line), "{line} in {listing}");
    }
    assert_eq!((table.scheme, order(&table)), (Scheme::Apm, vec!["2", "3"]));
    assert_eq!(table.partitions[0].grub_names, ["hd0,apple2", "hd0,2"]);
}

#[test]
fn sun_and_sgi_labels_by_sfdisk() {
    let sun = Image::new(64);
    sun.sfdisk(
        &[],
        "label: sun\nd1: start=0, size=32130, type=2\nd2: start=32130, size=16065, type=3\nd3: type=5\n",
    );
    let table = sun.table();
    assert_eq!((table.scheme, ours(&table)), (Scheme::Sun, sun.theirs(&[])));
    assert_eq!(order(&table)[0], "s0");
    assert_eq!(table.partitions[0].grub_names, ["hd0,sun1", "hd0,1"]);
    let sgi = Image::new(64);
    sgi.sfdisk(&[], "label: sgi\nd1: start=16065, size=64260, type=a\n");
    let table = sgi.table();
    assert_eq!((table.scheme, ours(&table)), (Scheme::Sgi, sgi.theirs(&[])));
    assert_eq!(order(&table)[0], "1");
}

#[test]
fn labels_by_fdisk() {
    for (command, scheme) in [("s", Scheme::Sun), ("G", Scheme::Sgi)] {
        let image = Image::new(64);
        image.run("fdisk", "fdisk", &[], &format!("{command}\nw\n"));
        let table = image.table();
        assert_eq!((table.scheme, ours(&table)), (scheme, image.theirs(&[])), "{:?}", table.remarks);
    }
}

#[test]
fn a_bsd_label_by_fdisk_inside_an_mbr() {
    for (code, address) in [("a5", "2a"), ("a9", "2a"), ("a6", "2a")] {
        let image = Image::new(64);
        image.sfdisk(&[], &format!("label: dos\nsize=4M, type=83\nsize=32M, type={code}\n"));
        image.run("fdisk", "fdisk", &[], "b\ny\nn\na\n\n+16000\nt\na\n7\nn\nb\n26300\n\nt\nb\n1\nw\nq\n");
        let theirs: Vec<_> = image.partx().into_iter().filter(|row| row.2 != code && row.2 != "83").collect();
        assert_eq!(theirs.len(), 2, "{theirs:?}");
        let table = image.table();
        let mut ours: Vec<_> = table
            .partitions
            .iter()
            .filter(|p| p.scheme == Scheme::Bsd)
            .map(|p| (p.start, p.size, kind(p)))
            .collect();
        ours.sort();
        assert_eq!(ours, theirs);
        assert_eq!(order(&table)[0], address);
    }
}

#[test]
fn a_bsd_label_on_a_bare_disk() {
    let image = Image::new(64);
    let slices = [(7, 16, 20_000), (1, 20_016, 4000), (0, 0, 131_072), (7, 30_000, 1000)];
    image.change(|bytes| put(bytes, 512, &common::bsd_label(&slices, false)));
    let table = image.table();
    assert_eq!((table.scheme, order(&table)), (Scheme::Bsd, vec!["a", "d", "b"]));
    let theirs: Vec<_> = image.theirs(&[]).into_iter().filter(|row| row.0 != "3").collect();
    let mut ours: Vec<_> = table.partitions.iter().map(|p| (p.start, p.size, kind(p))).collect();
    ours.sort();
    assert_eq!(ours, theirs.into_iter().map(|row| (row.1, row.2, row.3)).collect::<Vec<_>>());
}

#[test]
fn a_solaris_vtoc_read_by_libblkid_and_mmls() {
    for code in ["bf", "82"] {
        let image = Image::new(64);
        image.sfdisk(&[], &format!("label: dos\nstart=2048, size=65536, type={code}, bootable\n"));
        let slices = [(3, 1, 40_000, 4000), (2, 0, 63, 30_000), (5, 1, 0, 65_536), (8, 0, 50_000, 1000)];
        image.change(|bytes| put(bytes, 2049 * 512, &common::vtoc(&slices)));
        let table = image.table();
        assert_eq!(order(&table), ["1s1", "1s3", "1s0", "1s2"]);
        assert_eq!(table.remarks, [""; 0]);
        let mut ours: Vec<_> = table.partitions.iter().map(|p| (p.start, p.size, kind(p))).collect();
        // libblkid leaves the backup slice out, and lists the partition around.
        ours.retain(|row| row.2 != "5");
        ours.sort();
        let mut theirs: Vec<_> = image.partx().into_iter().filter(|row| row.2 != code).collect();
        theirs.sort();
        if code == "82" {
            // libblkid does not look into 0xbf at all.
            assert_eq!(ours, theirs);
        }
        let listing = image.run("mmls", "sleuthkit", &["-t", "sun", "-o", "2048"], "");
        assert!(listing.contains("0000000063   0000030062   0000030000   / (0x02)"), "{listing}");
    }
}

#[test]
fn a_hybrid_iso_by_xorriso() {
    let image = Image::new(1);
    let content = image.folder.path().join("content");
    std::fs::create_dir(&content).unwrap();
    std::fs::write(content.join("efi.img"), vec![7; 65536]).unwrap();
    let content = content.to_str().unwrap();
    for (options, scheme) in [
        (&["--protective-msdos-label", "-partition_offset", "16"][..], Scheme::Mbr),
        (
            &["--protective-msdos-label", "--efi-boot", "efi.img", "-efi-boot-part", "--efi-boot-image"][..],
            Scheme::Gpt,
        ),
        (
            &[
                "-hfsplus",
                "-apm-block-size",
                "2048",
                "--protective-msdos-label",
                "--efi-boot",
                "efi.img",
                "-efi-boot-part",
                "--efi-boot-image",
            ][..],
            Scheme::Gpt,
        ),
    ] {
        let path = image.path.to_str().unwrap();
        std::fs::remove_file(&image.path).unwrap();
        let made = Command::new("xorriso")
            .args(["-as", "mkisofs", "-quiet", "-o", path])
            .args(options)
            .arg(content)
            .output()
            .expect("xorriso does not run: install Debian's package xorriso");
        assert!(made.status.success(), "{made:?}");
        let mut table = image.table();
        assert_eq!(table.scheme, scheme);
        let whole = table.partitions.remove(0);
        assert_eq!((whole.address.as_str(), whole.start), ("0", 0));
        table.partitions.retain(|p| p.scheme == scheme);
        assert_eq!(ours(&table), image.theirs(&[]));
    }
}

#[test]
fn blkid_names_the_same_scheme() {
    for (label, name) in [("dos", "mbr"), ("gpt", "gpt"), ("sun", "sun"), ("sgi", "sgi")] {
        let image = Image::new(64);
        image.sfdisk(&[], &format!("label: {label}\nsize=16M\n"));
        let type_of = image.run("blkid", "util-linux", &["-p", "-o", "value", "-s", "PTTYPE"], "");
        assert_eq!((type_of.trim(), image.table().scheme.name()), (label, name));
    }
}
