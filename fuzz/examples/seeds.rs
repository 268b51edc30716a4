//! Writes the fuzz targets' first inputs into corpus/: the tables that the tests of `partitions` build, ext2 images by mke2fs, and the first
//! 64 KiB of any image that is given: `cargo run --example seeds -- [IMAGE…]`.

#[path = "../../partitions/tests/common/mod.rs"]
mod common;

use common::*;
use std::io::{Read, Result};
use std::path::Path;

/// One buffer of these pieces.
fn disk(pieces: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let end = pieces.iter().map(|(start, bytes)| start + bytes.len()).max().unwrap_or(0);
    let mut disk = vec![0; end];
    for (start, bytes) in pieces {
        put(&mut disk, *start, bytes);
    }
    disk
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), bytes)
}

/// Layouts of which the smallest filesystem is an input: each way to map a file, to hold a directory, to sum.
const EXT2: &[(&str, &[&str])] = &[
    ("indirect", &["-O", "none,filetype,dir_index"]),
    ("extents", &["-O", "none,filetype,dir_index,extent,64bit,metadata_csum", "-I", "256"]),
    ("inline", &["-O", "none,filetype,extent,inline_data", "-I", "256"]),
    ("meta_bg", &["-O", "none,filetype,extent,meta_bg", "-g", "256"]),
    ("casefold", &["-O", "none,filetype,dir_index,extent,casefold,large_dir", "-E", "encoding=utf8"]),
    ("revision-0", &["-r", "0"]),
];

/// Images by mke2fs without their trailing zeros.
fn ext2() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("fuzz-seeds.{}", std::process::id()));
    let tree = folder.join("tree");
    std::fs::create_dir_all(tree.join("boot"))?;
    for number in 0..40 {
        std::fs::write(tree.join(format!("boot/entry-{number}-{}", "x".repeat(40))), format!("{number}"))?;
    }
    std::fs::write(tree.join("boot/grub.cfg"), "menuentry ".repeat(1500))?;
    std::os::unix::fs::symlink("boot/grub.cfg", tree.join("short"))?;
    std::os::unix::fs::symlink("l".repeat(100), tree.join("long"))?;
    for (name, arguments) in EXT2 {
        let image = folder.join("image");
        let mut mke2fs = std::process::Command::new("mke2fs");
        mke2fs.args(["-q", "-F", "-m", "0", "-b", "1024", "-N", "64"]).args(*arguments).arg("-d").arg(&tree);
        // Hashed names are e2fsck's work, and it says 1 where it has done something.
        let made = mke2fs.arg(&image).arg("256k").status()?.success();
        let sorted = std::process::Command::new("e2fsck").args(["-fyD"]).arg(&image).output()?;
        assert!(made && sorted.status.code().is_some_and(|code| code <= 1), "{name}: {sorted:?}");
        let mut bytes = std::fs::read(&image)?;
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        write("ext2_image", name, &bytes)?;
        std::fs::remove_file(&image)?;
    }
    std::fs::remove_dir_all(&folder)
}

/// How kernels are packed, each by its tool.
const PACKERS: [&[&str]; 8] = [
    &["gzip", "-9"],
    &["xz", "--check=crc32", "--x86", "--lzma2=dict=1MiB"],
    &["xz", "--format=lzma", "-0"],
    &["bzip2", "-9"],
    &["lzop", "-9"],
    &["lz4", "-l", "-9", "-q"],
    &["zstd", "-19", "-q"],
    &["zstd", "-1", "-q", "--no-check"],
];

/// The head of an ELF file and some text, packed: the whole file, and a bzImage's payload with its length.
fn vmlinux() -> Result<()> {
    let mut kernel = b"\x7fELF\x02\x01\x01".to_vec();
    kernel.resize(0x200, 0);
    (kernel[0x10], kernel[0x12]) = (2, 62);
    kernel.extend((0..3000_u32).flat_map(|number| (number.wrapping_mul(0x9e37_79b9) >> (number % 31)).to_le_bytes()));
    let plain = std::env::temp_dir().join(format!("fuzz-seeds-kernel.{}", std::process::id()));
    std::fs::write(&plain, &kernel)?;
    for (number, packer) in PACKERS.iter().enumerate() {
        let mut command = std::process::Command::new(packer[0]);
        let output = command.args(&packer[1..]).arg("-c").stdin(std::fs::File::open(&plain)?).output()?;
        assert!(output.status.success(), "{packer:?}");
        let size: &[u8] = if number == 0 { &[] } else { &(kernel.len() as u32).to_le_bytes() };
        write("vmlinux", &format!("file-{number}"), &[&[0x20], &output.stdout[..]].concat())?;
        write("vmlinux", &format!("payload-{number}"), &[&[0x21], &output.stdout[..], size].concat())?;
    }
    std::fs::remove_file(&plain)
}

fn main() -> Result<()> {
    ext2()?;
    vmlinux()?;
    let mbr = |entries: &[Entry]| boot_sector(entries).to_vec();
    let logical = [
        (0, mbr(&[(0x80, 0x83, 16, 48), (0, 0x05, 64, 30_000)])),
        (64 * 512, mbr(&[(0, 0x83, 8, 100), (0, 0x05, 128, 1000)])),
        (192 * 512, mbr(&[(0, 0x83, 8, 100)])),
    ];
    write("partitions_mbr", "logical", &disk(&logical))?;
    for size in [128, 256] {
        let entries = gpt_entry(size, LINUX_FILESYSTEM, 64, 1000, "root");
        let header = gpt_header(1, 131_071, 2, size as u32, &entries, 131_000);
        let pieces = [(0, mbr(&[(0, 0xee, 1, u32::MAX)])), (512, header), (1024, entries)];
        write("partitions_gpt", &format!("entries-{size}"), &disk(&pieces))?;
    }
    let slices: [Slice; 3] = [(2, 0, 16, 2000), (3, 1, 2016, 500), (5, 1, 0, 4000)];
    let solaris = [(0, mbr(&[(0x80, 0xbf, 16, 4096)])), (17 * 512, vtoc(&slices))];
    write("partitions_vtoc", "three", &disk(&solaris))?;
    write("partitions_sun", "tags", &sun_label(&slices, true))?;
    write("partitions_sun", "none", &sun_label(&slices, false))?;
    write("partitions_sgi", "two", &sgi_label(&[(0x0a, 5000, 900), (6, 0, 9000)]))?;
    for wide in [false, true] {
        let label = bsd_label(&[(7, 16, 2000), (1, 2016, 100), (0, 16, 4096)], wide);
        let pieces = [(0, mbr(&[(0x80, 0xa5, 16, 4096)])), (17 * 512, label)];
        write("partitions_bsdlabel", if wide { "wide" } else { "narrow" }, &disk(&pieces))?;
    }
    for block in [512, 2048] {
        write("partitions_apm", &format!("{block}"), &apple_map(block, &[("Apple_HFS", "one", 64, 100)]))?;
    }
    for (number, image) in std::env::args_os().skip(1).enumerate() {
        let mut head = Vec::new();
        std::fs::File::open(image)?.take(65_536).read_to_end(&mut head)?;
        for scheme in ["mbr", "gpt", "vtoc", "sun", "sgi", "bsdlabel", "apm"] {
            write(&format!("partitions_{scheme}"), &format!("image-{number}"), &head)?;
        }
    }
    Ok(())
}
