//! What other people's tools pack comes out as it was.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod support;

use support::{LIMITS, PACKERS, arm64_image, bz_image, bz_image_of, elf, kernel, pack, unpack, zboot};

#[track_caller]
fn check(file: Vec<u8>, expected: &[u8], described: &str) {
    let (bytes, told) = unpack(file, LIMITS).unwrap_or_else(|why| panic!("{described}: {why}"));
    assert_eq!(told, described);
    assert!(bytes == expected, "{described}: {} bytes instead of {}", bytes.len(), expected.len());
}

#[test]
fn every_packers_bz_image() {
    for (name, packer) in PACKERS {
        let packed = pack(packer, kernel());
        check(bz_image(&packed, kernel().len()), kernel(), &format!("bzImage {name} ELF 64-bit x86-64"));
    }
}

#[test]
fn every_packers_efi_zboot() {
    let image = arm64_image();
    for (name, packer) in PACKERS {
        check(zboot(name, &pack(packer, &image)), &image, &format!("EFI zboot {name} arm64 Image"));
    }
}

#[test]
fn every_packers_file() {
    for (name, packer) in PACKERS {
        check(pack(packer, kernel()), kernel(), &format!("file {name} ELF 64-bit x86-64"));
    }
    check(kernel().to_vec(), kernel(), "file plain ELF 64-bit x86-64");
    check(arm64_image(), &arm64_image(), "file plain arm64 Image");
}

/// More than one block of each format: lz4's is of 8 MiB, bzip2's of 900 kB, lzop's of 256 KiB, zstd's of 128 KiB.
#[test]
fn more_than_a_block() {
    let kernel = elf(20 << 20);
    for (name, packer) in [
        ("lz4", &["lz4", "-l", "-1", "-q"][..]),
        ("lzo", &["lzop", "-1"]),
        ("zstd", &["zstd", "-1", "--long=24", "-q"]),
        ("gzip", &["gzip", "-1"]),
        ("bzip2", &["bzip2", "-1"]),
        ("xz", &["xz", "-0", "--block-size=1MiB", "--x86", "--lzma2=preset=0"]),
    ] {
        let packed = pack(packer, &kernel);
        check(bz_image(&packed, kernel.len()), &kernel, &format!("bzImage {name} ELF 64-bit x86-64"));
    }
}

/// A payload that is not packed has no length behind it.
#[test]
fn a_plain_payload() {
    check(bz_image_of(kernel()), kernel(), "bzImage plain ELF 64-bit x86-64");
}

/// lz4's files of their own may be several, and may have a kernel's length behind them.
#[test]
fn lz4_by_itself() {
    let packed = pack(&["lz4", "-l", "-9", "-q"], kernel());
    let length = u32::try_from(kernel().len()).unwrap().to_le_bytes();
    check([packed.clone(), length.to_vec()].concat(), kernel(), "file lz4 ELF 64-bit x86-64");
    let twice = [packed.clone(), packed].concat();
    check(twice, &[kernel(), kernel()].concat(), "file lz4 ELF 64-bit x86-64");
}
