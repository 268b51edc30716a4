//! `--vmlinux`: packed kernels through the jail, beside what other people's tools unpack.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage_tests::guest::noise;
use fsimage_tests::{Guest, Output, Run, Stage, Tree, need, toolstack};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A packer as Linux' build calls it (scripts/Makefile.lib).
struct Packer {
    name: &'static str,
    pack: &'static [&'static str],
    /// By which scripts/extract-vmlinux looks for what it made, and what unpacks that there.
    magic: &'static [u8],
    unpack: &'static [&'static str],
}

const fn packer(
    name: &'static str,
    pack: &'static [&'static str],
    magic: &'static [u8],
    unpack: &'static [&'static str],
) -> Packer {
    Packer { name, pack, magic, unpack }
}

const XZ: &[&str] = &["xz", "--check=crc32", "--x86", "--lzma2=dict=128MiB"];
const PACKERS: [Packer; 7] = [
    packer("gzip", &["gzip", "-n", "-9"], b"\x1f\x8b\x08", &["gzip", "-dcq"]),
    packer("xz", XZ, b"\xfd7zXZ\0", &["xz", "-dcq"]),
    packer("lzma", &["xz", "--format=lzma", "-9"], b"\x5d\0\0\0\x04", &["xz", "--format=lzma", "-dcq"]),
    packer("bzip2", &["bzip2", "-9"], b"BZh", &["bzip2", "-dcq"]),
    packer("lzop", &["lzop", "-9"], b"\x89LZO\0\r\n\x1a\n", &["lzop", "-dcq"]),
    packer("lz4", &["lz4", "-l", "-9", "-q"], b"\x02\x21\x4c\x18", &["lz4", "-dcq"]),
    packer("zstd", &["zstd", "-22", "--ultra", "-q"], b"\x28\xb5\x2f\xfd", &["zstd", "-dcq"]),
];

/// What a tool makes of bytes on its standard input; it may complain of what follows them.
fn through(tool: &[&str], bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), bytes).unwrap();
    let package = if tool[0] == "xz" { "xz-utils" } else { tool[0] };
    Run::new(&need(tool[0], package))
        .args(&tool[1..])
        .arg("-c")
        .stdin_from(File::open(folder.path().join("in")).unwrap())
        .finish()
        .stdout
}

/// A bzImage's setup header, one sector of it, before this payload.
fn bz_image(payload: &[u8]) -> Vec<u8> {
    let mut image = noise(1024 + 77);
    image[0x1f1] = 1;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&[0x0f, 0x02]);
    image[0x248..0x24c].copy_from_slice(&77_u32.to_le_bytes());
    image[0x24c..0x250].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    image.extend_from_slice(payload);
    image.resize(image.len().next_multiple_of(512), 0);
    image
}

/// A payload with the length behind it that Linux' build appends; gzip's own end is one.
fn with_size(name: &str, packed: Vec<u8>, size: usize) -> Vec<u8> {
    let size = u32::try_from(size).unwrap().to_le_bytes();
    if name == "gzip" { packed } else { [packed, size.to_vec()].concat() }
}

/// The head of an ELF file for x86-64, and bytes.
fn kernel(length: usize) -> Vec<u8> {
    let mut kernel = noise(length / 2);
    kernel.resize(length, b'k');
    kernel[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    kernel[0x10..0x14].copy_from_slice(&[2, 0, 62, 0]);
    kernel
}

struct Scene {
    stage: Stage,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { stage: Stage::new(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn boot(&self, guest: &Guest) -> Run {
        self.stage.fsimage().arg("boot").arg(&guest.image).arg("-o").arg(self.path("vm")).arg("--vmlinux")
    }

    fn cat(&self, guest: &Guest, path: &str) -> Run {
        self.stage.fsimage().args(["cat", "--vmlinux"]).arg(&guest.image).arg(path)
    }
}

/// Debian's own kernel, as scripts/extract-vmlinux finds and unpacks it.
#[test]
fn debians_kernel_is_what_the_tools_unpack() {
    let (scene, guest) = (Scene::new(), Guest::debian());
    let file = std::fs::read(guest.dump(&guest.kernel, &scene.path("vmlinuz"))).unwrap();
    let by_tools = PACKERS
        .iter()
        .find_map(|Packer { magic, unpack, .. }| {
            let places = file.windows(magic.len()).enumerate().filter(|(_, bytes)| bytes == magic);
            let found = places.map(|(place, _)| through(unpack, &file[place..]));
            found.take(8).find(|bytes| bytes.starts_with(b"\x7fELF"))
        })
        .expect("none of the tools finds a payload");
    let outcome = scene.boot(&guest).arg("--json").finish();
    let told: serde_json::Value = serde_json::from_slice(&outcome.assert_success().stdout).unwrap();
    assert_eq!(told["unpacked"]["container"], "bzImage");
    assert_eq!(told["unpacked"]["kernel"], "ELF 64-bit x86-64");
    assert_eq!(told["unpacked"]["packed_size"].as_u64(), u64::try_from(file.len()).ok());
    let ours = std::fs::read(scene.path("vm/kernel")).unwrap();
    assert_eq!(told["kernel_size"].as_u64(), u64::try_from(ours.len()).ok());
    // The tools take what follows the payload for more of it, or complain: extract-vmlinux has the same end.
    assert!(by_tools.starts_with(&ours) || ours == by_tools, "{} and {} bytes", ours.len(), by_tools.len());
    assert!(ours.len() > 10 << 20);

    assert!(scene.cat(&guest, &guest.kernel).finish().stdout == ours);
    let get = scene.stage.fsimage().args(["get", "--vmlinux"]).arg(&guest.image).arg(&guest.kernel);
    get.arg("-o").arg(scene.path("got")).finish().assert_success();
    assert!(std::fs::read(scene.path("got")).unwrap() == ours);
    scene.stage.assert_nothing_runs();
}

/// The domain builder gets it as libxl reads the result, and nothing when it cannot be unpacked.
#[test]
fn the_boot_loader_hands_it_over() {
    let (scene, kernel) = (Scene::new(), kernel(700_000));
    let image = bz_image(&with_size("xz", through(XZ, &kernel), kernel.len()));
    let pygrub = |guest: &Guest, output: &Output, options: &[&str]| {
        let run = scene.stage.pygrub().args(["-q", "--output-format=simple0", "--vmlinux"]).args(options);
        let run = run.option("--output", output.file()).option("--output-directory", output.directory());
        run.arg(&guest.image).finish()
    };
    let (good, output) = (Tree::bootable().file("boot/vmlinuz", &image).guest(), Output::new());
    pygrub(&good, &output, &[]).assert_success();
    let boot = toolstack::libxl(&output.result());
    let read = |path: Option<Vec<u8>>| std::fs::read(OsStr::from_bytes(&path.unwrap())).unwrap();
    assert!(read(boot.kernel) == kernel && read(boot.ramdisk) == noise(500_001));
    let mut damaged = image;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let damaged = Tree::bootable().file("boot/vmlinuz", damaged).guest();
    for (guest, options, expected) in [
        (&Tree::bootable().guest(), &[][..], "/boot/vmlinuz: neither a bzImage, nor EFI zboot"),
        (&Tree::bootable().guest(), &["-n"], "/boot/vmlinuz: neither a bzImage, nor EFI zboot"),
        (&damaged, &[], "corrupt: /boot/vmlinuz: the xz payload at 0x44d of the file"),
        (
            &good,
            &["--max-kernel-size=600000"],
            "the unpacked kernel has 700000 bytes or more and may have 600000",
        ),
        (&good, &["--worker-memory=64M"], "at most 33554432 bytes of window or dictionary are held"),
    ] {
        let output = Output::new();
        pygrub(guest, &output, options).assert_failure(expected);
        output.assert_untouched();
    }
    scene.stage.assert_nothing_runs();
}

#[test]
fn every_way_of_packing_through_the_jail() {
    let (scene, kernel) = (Scene::new(), kernel(1_000_000));
    let guest = PACKERS
        .iter()
        .fold(Tree::bootable().size_mib(16), |tree, Packer { name, pack, .. }| {
            let packed = through(pack, &kernel);
            assert!(packed.len() > 1000, "{pack:?}");
            tree.file(format!("boot/{name}"), bz_image(&with_size(name, packed.clone(), kernel.len())))
                .file(format!("boot/{name}.bare"), packed)
        })
        .file("boot/vmlinux", &kernel)
        .guest();
    for Packer { name, .. } in PACKERS {
        for path in [format!("/boot/{name}"), format!("/boot/{name}.bare")] {
            let outcome = scene.cat(&guest, &path).finish();
            assert!(outcome.assert_success().stdout == kernel, "{path}");
        }
    }
    assert!(scene.cat(&guest, "/boot/vmlinux").finish().stdout == kernel);
    // Several, one behind the other: the worker holds one at a time.
    let both = scene.cat(&guest, "/boot/xz").arg("/boot/zstd").finish();
    assert!(both.assert_success().stdout == [kernel.clone(), kernel.clone()].concat());
    let refused = scene.cat(&guest, "/boot/initrd.img").finish();
    refused
        .assert_failure("/boot/initrd.img: neither a bzImage, nor EFI zboot, nor a packed or plain ELF file");
}

/// What a guest packs to harm: an error that names it, nothing in the directory, no process left.
#[test]
fn what_harms_is_refused() {
    let scene = Scene::new();
    let mut zeros = kernel(4096);
    zeros.resize(24 << 20, 0);
    let bomb = |name: &str, size: usize| {
        let Packer { pack, .. } = PACKERS.iter().find(|packer| packer.name == name).unwrap();
        let legacy = pack.iter().copied().filter(|word| *word == "-l");
        let fast: Vec<&str> = [pack[0], "-1"].into_iter().chain(legacy).collect();
        bz_image(&with_size(name, through(&fast, &zeros), size))
    };
    let good = bz_image(&with_size("xz", through(XZ, &kernel(200_000)), 200_000));
    let with = |at: usize, bytes: &[u8]| {
        let mut image = good.clone();
        image[at..at + bytes.len()].copy_from_slice(bytes);
        image
    };
    let payload = 1024 + 77;
    let most: &[&str] = &["--max-kernel-size=8M"];
    for (image, options, expected) in [
        (
            bomb("gzip", 0),
            most,
            "limit reached: /boot/vmlinuz: the unpacked kernel has 25165824 bytes or more and may have 8388608",
        ),
        (bomb("zstd", 5), most, "bytes or more and may have 8388608"),
        (bomb("lz4", 5), most, "bytes or more and may have 8388608"),
        (bomb("bzip2", 5), most, "bytes or more and may have 8388608"),
        (bomb("lzop", 5), most, "bytes or more and may have 8388608"),
        (
            with(0x24c, &[0xff; 4]),
            &[],
            "the bzImage's payload is said to be 4294967295 bytes at 0x44d of a file",
        ),
        (
            with(payload + 200, &[0xa5; 64]),
            &[],
            "corrupt: /boot/vmlinuz: the xz payload at 0x44d of the file",
        ),
        (good[..good.len() / 2].to_vec(), &[], "corrupt: /boot/vmlinuz: the bzImage's payload is said to be"),
        (good.clone(), &["--worker-memory=64M"], "at most 33554432 bytes of window or dictionary are held"),
        (
            bz_image(&with_size("xz", through(XZ, b"#!/bin/sh"), 9)),
            &[],
            "what was unpacked is no kernel: it begins with 23 21",
        ),
        (
            bz_image(&with_size("xz", through(XZ, &kernel(5000)), 4999)),
            &[],
            "5000 bytes came out where the payload's last four bytes say 4999",
        ),
        (bz_image(b"\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00....."), &[], "at most 134217728 bytes of window"),
    ] {
        let guest = Tree::bootable().file("boot/vmlinuz", image).guest();
        let outcome = scene.boot(&guest).args(options).finish();
        outcome.assert_failure(expected);
        assert_eq!(std::fs::read_dir(scene.folder.path()).unwrap().count(), 0, "{expected}");
        scene.stage.assert_nothing_runs();
    }
    // Zeros stay holes: what a guest packs well takes no room here either.
    let guest = Tree::bootable().file("boot/vmlinuz", bomb("gzip", 0)).guest();
    scene.boot(&guest).finish().assert_success();
    assert_sparse(&scene.path("vm/kernel"), zeros.len());
}

#[track_caller]
fn assert_sparse(path: &Path, size: usize) {
    use std::os::unix::fs::MetadataExt;
    let status = path.metadata().unwrap();
    assert_eq!(status.len(), u64::try_from(size).unwrap());
    assert!(status.blocks() * 512 < 1 << 20, "{} blocks", status.blocks());
}

/// A worker that has not memory enough for what it may use ends, and so does the verb, with a sentence.
#[test]
fn a_worker_without_memory_is_an_error() {
    let scene = Scene::new();
    // A block of lz4's takes 8 MiB, whatever is in it.
    let packed = through(&["lz4", "-l", "-1", "-q"], &kernel(100_000));
    let guest = Tree::bootable().file("boot/vmlinuz", bz_image(&with_size("lz4", packed, 100_000))).guest();
    let outcome = scene.boot(&guest).arg("--worker-memory=6M").finish();
    outcome.assert_failure("out of worker memory");
    assert!(!scene.path("vm").exists());
    scene.boot(&guest).arg("--worker-memory=24M").finish().assert_success();
    scene.stage.assert_nothing_runs();
}

/// A kernel that is a part of a file, as a section of a unified kernel image is.
#[test]
fn a_part_of_a_file_is_unpacked() {
    let kernel = kernel(300_000);
    let image = bz_image(&with_size("xz", through(XZ, &kernel), kernel.len()));
    let file = [noise(1_003), image.clone(), noise(777)].concat();
    let guest = Tree::new().file("blob", &file).guest();
    let disk = fsimage::Disk::open(&guest.image).unwrap();
    let mut options = fsimage::Options::default();
    options.limits.memory = 256 << 20;
    let mut session = fsimage::Session::open(vec![disk], &options).unwrap();
    let blob = session.stat(0, b"/blob", true).unwrap();
    let length = u64::try_from(image.len()).unwrap();
    let mut unpack = |start: u64, length: u64| {
        let part = fsimage::copy::Part::new(0, &blob, start, length)?;
        let packed = session.packed_kernel(&part, 1 << 20)?;
        assert_eq!((packed.container.as_str(), packed.size), ("bzImage", Some(300_000)));
        let mut out = Vec::new();
        session.unpack_to_stream(&packed, &mut out).map(|size| (size, out))
    };
    assert!(unpack(1_003, length).unwrap() == (300_000, kernel));
    // Its end cut off; another beginning; past the file's end.
    let cut = unpack(1_003, length / 2).unwrap_err().to_string();
    assert!(cut.contains("is said to be"), "{cut}");
    let shifted = unpack(1_002, length).unwrap_err().to_string();
    assert!(shifted.starts_with("unsupported: neither a bzImage"), "{shifted}");
    let beyond = unpack(1_003, length + 778).unwrap_err().to_string();
    assert!(beyond.starts_with("corrupt: the file has"), "{beyond}");
}
