//! Disks divided in every way, and what other tools say of them.

use crate::{Guest, Outcome, Run, need, need_root};
use serde_json::Value;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What all tables here count in, but for those of disks with larger sectors.
pub const SECTOR: u64 = 512;
/// Where a BSD or a Solaris label lies in what it divides.
pub const LABEL: u64 = 512;
/// First byte and length, in bytes.
pub type Place = (u64, u64);

/// A disk being laid out.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    _folder: TempDir,
}

impl Disk {
    /// An empty one.
    #[must_use]
    pub fn new(mib: u64) -> Self {
        let disk = Self::made_by(|path| drop(File::create(path).unwrap()));
        File::options().write(true).open(&disk.path).unwrap().set_len(mib << 20).unwrap();
        disk
    }

    /// An image that something else writes.
    #[must_use]
    pub fn made_by(make: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::Builder::new().prefix("pygrub-rs-layout.").tempdir_in("/tmp").unwrap();
        let path = folder.path().join("disk.img");
        make(&path);
        Self { path, _folder: folder }
    }

    /// The image.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes bytes, as [`write_at`].
    pub fn write(&self, offset: u64, bytes: &[u8]) -> &Self {
        write_at(&self.path, offset, bytes);
        self
    }

    /// Turns bytes around.
    pub fn spoil(&self, offset: u64, count: usize) -> &Self {
        let file = File::options().read(true).write(true).open(&self.path).unwrap();
        let mut bytes = vec![0; count];
        file.read_exact_at(&mut bytes, offset).unwrap();
        file.write_all_at(&bytes.iter().map(|byte| !byte).collect::<Vec<u8>>(), offset).unwrap();
        self
    }

    /// Runs a tool on the image with this on its standard input; what it prints.
    pub fn tool(&self, tool: &str, package: &str, args: &[&str], input: &str) -> String {
        tool_on(&self.path, tool, package, args, input)
    }

    /// Divides the disk.
    pub fn sfdisk(&self, script: &str) -> &Self {
        self.tool("sfdisk", "fdisk", &["-q"], script);
        self
    }

    /// Divides the disk; the image comes first here.
    pub fn parted(&self, args: &[&str]) -> String {
        let outcome =
            Run::new(&need("parted", "parted")).args(["-s", "-m"]).arg(&self.path).args(args).finish();
        outcome.assert_success().text()
    }
}

/// Writes bytes on a disk, but no sector that is all zero: an image stays sparse, and a label in a filesystem's boot block
/// stays as it is.
pub fn write_at(disk: &Path, offset: u64, bytes: &[u8]) {
    let file = File::options().write(true).open(disk).unwrap();
    for (index, sector) in bytes.chunks(SECTOR as usize).enumerate() {
        if sector.iter().any(|byte| *byte != 0) {
            file.write_all_at(sector, offset + index as u64 * SECTOR).unwrap();
        }
    }
}

/// Runs a tool on a disk, as [`Disk::tool`].
#[must_use]
pub fn tool_on(disk: &Path, tool: &str, package: &str, args: &[&str], input: &str) -> String {
    let mut script = tempfile::tempfile().unwrap();
    script.write_all(input.as_bytes()).unwrap();
    script.seek(SeekFrom::Start(0)).unwrap();
    let run = Run::new(&need(tool, package)).env("LC_ALL", "C.UTF-8").args(args).arg(disk);
    let outcome = run.stdin_from(script).finish();
    assert_eq!(outcome.code, Some(0), "{tool} {args:?} on {input:?}: {outcome:#?}");
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

/// A loop device. It goes away with this, even when this process is killed.
#[derive(Debug)]
pub struct Loop {
    path: PathBuf,
    _held: File,
}

impl Loop {
    /// Of this image, with sectors of so many bytes.
    #[must_use]
    pub fn new(image: &Path, sector_size: u32) -> Self {
        need_root();
        let losetup = need("losetup", "mount");
        let outcome = Run::new(&losetup)
            .args(["--find", "--show", "--sector-size"])
            .arg(sector_size.to_string())
            .arg(image)
            .finish();
        let path = PathBuf::from(outcome.assert_success().text().trim());
        let held = File::open(&path).unwrap();
        // A device in use is detached when its last user closes it.
        Run::new(&losetup).arg("--detach").arg(&path).finish().assert_success();
        Self { path, _held: held }
    }

    /// The device.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The bytes of the demo guest's filesystem.
#[must_use]
pub fn filesystem(guest: &Guest) -> Vec<u8> {
    let mut disk = std::fs::read(&guest.image).unwrap();
    disk.split_off(guest.offset as usize)
}

/// An ext4 of the files of a folder, with a label and a UUID.
#[must_use]
pub fn ext4(files: &Path, label: &str, uuid: &str, kib: u32, more: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("ext4.img");
    let outcome = Run::new(&need("mke2fs", "e2fsprogs"))
        .args(["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0"])
        .args(["-L", label, "-U", uuid, "-d"])
        .arg(files)
        .args(more)
        .arg(&image)
        .arg(format!("{kib}K"))
        .finish();
    outcome.assert_success();
    std::fs::read(image).unwrap()
}

/// As sfdisk reads the disk.
#[must_use]
pub fn by_sfdisk(disk: &Path) -> Vec<Place> {
    let json: Value = serde_json::from_str(&tool_on(disk, "sfdisk", "fdisk", &["--json"], "")).unwrap();
    let table = &json["partitiontable"];
    let unit = table["sectorsize"].as_u64().unwrap();
    let place = |p: &Value| (p["start"].as_u64().unwrap() * unit, p["size"].as_u64().unwrap() * unit);
    table["partitions"].as_array().unwrap().iter().map(place).collect()
}

/// As libblkid reads it, which looks into partitions.
#[must_use]
pub fn by_partx(disk: &Path) -> Vec<Place> {
    let args = ["--raw", "--noheadings", "--bytes", "--output", "START,SIZE"];
    let listing = tool_on(disk, "partx", "util-linux", &args, "");
    let rows = listing.lines().map(|line| {
        let (start, size) = line.split_once(' ').unwrap();
        (start.parse::<u64>().unwrap() * SECTOR, size.parse().unwrap())
    });
    rows.collect()
}

/// As fdisk reads a disk of such sectors.
#[must_use]
pub fn by_fdisk(disk: &Path, sector_size: u64) -> Vec<Place> {
    let unit = sector_size.to_string();
    let listing = tool_on(disk, "fdisk", "fdisk", &["-b", &unit, "-l", "-o", "Start,Sectors"], "");
    let rows = listing.lines().skip_while(|line| !line.starts_with("Start")).skip(1);
    let places = rows.map(|line| {
        let mut numbers = line.split_whitespace().map(|word| word.parse::<u64>().unwrap() * sector_size);
        (numbers.next().unwrap(), numbers.next().unwrap())
    });
    places.collect()
}

/// As parted reads it.
#[must_use]
pub fn by_parted(disk: &Disk) -> Vec<Place> {
    let listing = disk.parted(&["unit", "B", "print"]);
    let place = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let number = |text: &str| text.trim_end_matches('B').parse().unwrap();
        (number(fields[1]), number(fields[3]))
    };
    listing.lines().skip(2).map(place).collect()
}

/// As The Sleuth Kit reads the table at this byte: the slices that it has a number for.
#[must_use]
pub fn by_mmls(disk: &Path, table: &str, offset: u64) -> Vec<Place> {
    let sectors = (offset / SECTOR).to_string();
    let listing = tool_on(disk, "mmls", "sleuthkit", &["-t", table, "-o", &sectors], "");
    let mut places = Vec::new();
    for line in listing.lines() {
        // 002:  00   0000000063   0000030062   0000030000   / (0x02)
        let words: Vec<&str> = line.split_whitespace().collect();
        let slot = words.get(1).is_some_and(|slot| slot.bytes().all(|byte| byte.is_ascii_digit()));
        if let (true, [_, _, start, _, length, ..]) = (slot, &words[..]) {
            let number = |text: &str| text.parse::<u64>().unwrap() * SECTOR;
            places.push((offset + number(start), number(length)));
        }
    }
    places
}

/// What `fsimage partitions --json` says of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// What `--partition` takes.
    pub address: String,
    /// The kind of table that lists it.
    pub scheme: String,
    /// First byte and length, in bytes.
    pub place: Place,
    /// The type in words.
    pub kind: String,
    /// Whether it is marked as the one to boot from.
    pub active: bool,
    /// The filesystem's kind, if it has one that is known.
    pub filesystem: Option<String>,
    /// The filesystem's label.
    pub label: Option<String>,
    /// The filesystem's UUID.
    pub uuid: Option<String>,
    /// GRUB's names.
    pub grub: Vec<String>,
}

impl Volume {
    /// Reads the list.
    #[must_use]
    pub fn list(outcome: &Outcome) -> Vec<Self> {
        let json: Value = serde_json::from_slice(&outcome.assert_success().stdout).unwrap();
        json.as_array().unwrap().iter().map(Self::read).collect()
    }

    fn read(row: &Value) -> Self {
        let optional = |name: &str| row.get(name).map(|value| value.as_str().unwrap().to_owned());
        Self {
            address: row["address"].as_str().unwrap().to_owned(),
            scheme: row["scheme"].as_str().unwrap().to_owned(),
            place: (row["start"].as_u64().unwrap(), row["size"].as_u64().unwrap()),
            kind: row["type"].as_str().unwrap().to_owned(),
            active: row["active"].as_bool().unwrap(),
            filesystem: optional("filesystem"),
            label: optional("label"),
            uuid: optional("uuid"),
            grub: row.get("grub").and_then(Value::as_array).map_or_else(Vec::new, |names| {
                names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
            }),
        }
    }
}

/// The names under which GRUB itself lists the disk and its volumes: `hd0,msdos2`.
#[must_use]
pub fn by_grub(disk: &Path) -> Vec<String> {
    let outcome = Run::new(&need("grub-fstest", "grub-common")).arg(disk).arg("ls").finish();
    let text = outcome.assert_success().text();
    let names = text.split_whitespace().filter_map(|name| name.strip_prefix("(loop0"));
    names.map(|name| format!("hd0{}", name.trim_end_matches(')'))).collect()
}

/// What GRUB itself reads from a file on the volume that it calls so. Nested names it lists, but grub-fstest cannot open
/// them.
#[must_use]
pub fn cat_by_grub(disk: &Path, name: &str, path: &str) -> Outcome {
    let name = name.replacen("hd0", "loop0", 1);
    let run = Run::new(&need("grub-fstest", "grub-common")).arg(disk).arg("cat");
    run.arg(format!("({name}){path}")).finish()
}

/// What libblkid says of the filesystem at a place: its label and its UUID.
#[must_use]
pub fn blkid(disk: &Path, place: Place) -> (Option<String>, Option<String>) {
    let (start, size) = (place.0.to_string(), place.1.to_string());
    let args = ["-p", "-u", "filesystem", "-O", &start, "-S", &size, "-o", "export"];
    let listing = tool_on(disk, "blkid", "util-linux", &args, "");
    let value = |name| listing.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    (value("LABEL="), value("UUID="))
}

/// A Solaris slice: tag, first sector, sectors.
pub type Slice = (u16, u32, u32);

/// The label of Solaris on x86, as docs/formats/vtoc.md has it.
#[must_use]
pub fn vtoc(slices: &[Slice]) -> Vec<u8> {
    let mut label = vec![0; SECTOR as usize];
    put(&mut label, 0x0c, &0x600d_deee_u32.to_le_bytes()); // v_sanity
    put(&mut label, 0x10, &1_u32.to_le_bytes()); // v_version
    put(&mut label, 0x1c, &512_u16.to_le_bytes()); // v_sectorsz
    put(&mut label, 0x1e, &16_u16.to_le_bytes()); // v_nparts
    for (number, (tag, start, sectors)) in slices.iter().enumerate() {
        let slice = 0x48 + 12 * number; // v_part
        put(&mut label, slice, &tag.to_le_bytes());
        put(&mut label, slice + 4, &start.to_le_bytes());
        put(&mut label, slice + 8, &sectors.to_le_bytes());
    }
    put(&mut label, 0x1fc, &0xdabe_u16.to_le_bytes()); // dkl_magic
    sum(&mut label, 0x1fe); // dkl_cksum
    label
}

/// A BSD label of slices (p_fstype, p_offset, p_size), as docs/formats/bsdlabel.md has it.
#[must_use]
pub fn bsd_label(slices: &[(u8, u32, u32)]) -> Vec<u8> {
    let mut label = vec![0; SECTOR as usize];
    put(&mut label, 0x00, &0x8256_4557_u32.to_le_bytes()); // d_magic
    put(&mut label, 0x28, &512_u32.to_le_bytes()); // d_secsize
    put(&mut label, 0x84, &0x8256_4557_u32.to_le_bytes()); // d_magic2
    put(&mut label, 0x8a, &(slices.len() as u16).to_le_bytes()); // d_npartitions
    for (number, (kind, offset, sectors)) in slices.iter().enumerate() {
        let slice = 0x94 + 16 * number; // d_partitions
        put(&mut label, slice, &sectors.to_le_bytes());
        put(&mut label, slice + 4, &offset.to_le_bytes());
        label[slice + 12] = *kind;
    }
    let length = 0x94 + 16 * slices.len();
    sum(&mut label[..length], 0x88); // d_checksum
    label
}

/// Makes the exclusive or of all words zero by the one at this place.
fn sum(label: &mut [u8], place: usize) {
    let words = label.chunks_exact(2);
    let sum = words.fold([0; 2], |[a, b], word| [a ^ word[0], b ^ word[1]]);
    put(label, place, &sum);
}

fn put(bytes: &mut [u8], offset: usize, field: &[u8]) {
    bytes[offset..offset + field.len()].copy_from_slice(field);
}
