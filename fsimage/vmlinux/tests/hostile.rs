//! Whatever a guest packs: a clear error, or what its maker packed; never a panic, and never more than the limits.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod support;

use fsimage_sdk::ErrorKind;
use std::panic::catch_unwind;
use support::{LIMITS, PACKERS, arm64_image, bz_image, bz_image_of, elf, kernel, pack, unpack, zboot};
use vmlinux::Limits;

#[track_caller]
fn refused(file: Vec<u8>, limits: Limits, kind: ErrorKind, expected: &str) {
    let why = unpack(file, limits).map(|(bytes, told)| (bytes.len(), told)).expect_err(expected);
    assert!(why.kind() == kind && why.message().contains(expected), "{expected}: {why}");
}

#[test]
fn headers_that_lie() {
    let good = bz_image(&pack(&["gzip", "-9"], kernel()), kernel().len());
    let with = |at: usize, bytes: &[u8]| {
        let mut image = good.clone();
        image[at..at + bytes.len()].copy_from_slice(bytes);
        image
    };
    let corrupt = ErrorKind::Corrupt;
    refused(
        with(0x24c, &[0xff; 4]),
        LIMITS,
        corrupt,
        "payload is said to be 4294967295 bytes at 0x3b21 of a file",
    );
    refused(with(0x24c, &[0; 4]), LIMITS, corrupt, "payload is said to be 0 bytes at 0x3b21");
    refused(with(0x24c, &[4, 0, 0, 0]), LIMITS, corrupt, "payload is said to be 4 bytes at 0x3b21");
    refused(with(0x248, &[0xff; 4]), LIMITS, corrupt, "bytes at 0x1000037ff of a file");
    refused(with(0x248, &[0x22, 3, 0, 0]), LIMITS, ErrorKind::Unsupported, "payload at 0x3b22 begins");
    refused(with(0x206, &[7, 2]), LIMITS, ErrorKind::Unsupported, "boot protocol 2.07 does not tell");
    refused(with(0x1f1, &[0]), LIMITS, ErrorKind::Unsupported, "the bzImage's payload at 0xd21 begins with");
    refused(good[..0x207].to_vec(), LIMITS, corrupt, "the file ends inside the bzImage's setup header");
    refused(good[..0x24f].to_vec(), LIMITS, corrupt, "the file ends inside the bzImage's setup header");
    refused(good[..good.len() / 2].to_vec(), LIMITS, corrupt, "payload is said to be");
    refused(b"MZ\0\0zimg\0\0".to_vec(), LIMITS, corrupt, "the file ends inside the EFI zboot header");
    let image = zboot("gzip", b"\x1f\x8b\x08");
    refused(image, LIMITS, corrupt, "the gzip payload at 0x1040 of the file, read as far as 0x1043");
    for (bytes, expected) in [
        (&b""[..], "is said to be 0 bytes"),
        (
            b"#!/bin/sh",
            "neither a bzImage, nor EFI zboot, nor a packed or plain ELF file or Image: it begins with 23 21 2f 62 69 6e 2f 73",
        ),
        (b"\x1f\x8b", "it begins with"),
    ] {
        let why = unpack(bytes.to_vec(), LIMITS).unwrap_err();
        assert!(why.message().contains(expected), "{why}");
    }
}

#[test]
fn what_comes_out_has_to_be_a_kernel() {
    let gzip = |bytes: &[u8]| pack(&["gzip", "-9"], bytes);
    let unsupported = ErrorKind::Unsupported;
    refused(
        gzip(b"no kernel at all"),
        LIMITS,
        unsupported,
        "is no kernel: it begins with 6e 6f 20 6b 65 72 6e 65",
    );
    refused(gzip(b""), LIMITS, unsupported, "is no kernel: it begins with nothing");
    let image = arm64_image();
    let wrong = bz_image(&gzip(&image), image.len());
    refused(wrong, LIMITS, unsupported, "a kernel for another machine: arm64 Image");
}

#[test]
fn a_length_that_is_not_what_comes_out() {
    for (name, packer) in PACKERS {
        let packed = pack(packer, kernel());
        let wrong = match name {
            // gzip's own end.
            "gzip" => {
                let mut packed = packed;
                *packed.last_mut().unwrap() ^= 1;
                bz_image(&packed, 0)
            }
            _ => bz_image(&packed, kernel().len() - 1),
        };
        let why = unpack(wrong, Limits { max_bytes: u64::MAX, ..LIMITS }).expect_err(name);
        assert_eq!(why.kind(), ErrorKind::Corrupt, "{packer:?}: {why}");
    }
}

#[test]
fn what_is_cut_off_is_told() {
    for (name, packer) in PACKERS {
        let packed = pack(packer, kernel());
        for part in [1, 5, 20, 50, 99] {
            let cut = &packed[..packed.len() * part / 100];
            let why = unpack(bz_image(cut, kernel().len()), Limits { max_bytes: u64::MAX, ..LIMITS })
                .expect_err(name);
            assert_eq!(why.kind(), ErrorKind::Corrupt, "{packer:?}, {part} %: {why}");
        }
    }
}

#[test]
fn bombs_end_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros");
    let head = kernel();
    std::fs::write(&path, head).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(256 << 20).unwrap();
    let zeros = std::fs::read(&path).unwrap();
    let limits = Limits { max_bytes: 8 << 20, ..LIMITS };
    for packer in [
        &["gzip", "-1"][..],
        &["xz", "-0"],
        &["bzip2", "-9"],
        &["lzop", "-1"],
        &["lz4", "-l", "-1", "-q"],
        &["zstd", "-1", "-q"],
        &["xz", "--format=lzma", "-0"],
    ] {
        let packed = pack(packer, &zeros);
        // It says so itself; it lies; it says nothing.
        refused(bz_image(&packed, zeros.len()), limits, ErrorKind::Limit, "may have 8388608");
        if packer[0] != "gzip" {
            refused(bz_image(&packed, 1), limits, ErrorKind::Limit, "bytes or more and may have 8388608");
        }
        refused(packed, limits, ErrorKind::Limit, "bytes or more and may have 8388608");
    }
}

#[test]
fn windows_that_are_too_large_are_not_taken() {
    let limit = ErrorKind::Limit;
    let small = Limits { max_window: 16 << 20, ..LIMITS };
    let told = "at most 16777216 bytes of window or dictionary are held";
    for packer in [&["zstd", "--long=27", "-1", "-q"][..], &["xz", "-9"], &["xz", "--format=lzma", "-9"]] {
        // From a pipe: nobody knows the size, and the window is as large as asked for.
        let packed = pack(packer, kernel());
        refused(packed, small, limit, told);
    }
    // Windows that lie: 3.75 TiB (RFC 8878, 3.1.1.1.2), a content of 2^63 bytes in a single segment, dictionaries of 4 GiB.
    refused(b"\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00".to_vec(), LIMITS, limit, "at most 134217728 bytes");
    refused(
        b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\0\0\x80\x01\0\0".to_vec(),
        LIMITS,
        limit,
        "at most 134217728 bytes",
    );
    let mut lzma = pack(&["xz", "--format=lzma", "-1"], kernel());
    lzma[1..5].copy_from_slice(&[0, 0, 0xff, 0xff]);
    let why = unpack(lzma, LIMITS).unwrap_err();
    assert!(matches!(why.kind(), ErrorKind::Limit | ErrorKind::Corrupt), "{why}");
}

/// Every byte of a small one changed in five ways. Where the format has checksums, what still comes out is what went in.
#[test]
fn every_byte_changed() {
    let kernel = elf(600);
    for (name, packer) in PACKERS {
        let packed = pack(packer, &kernel);
        let has_checksum = !matches!(name, "lzma" | "lz4");
        for at in 0..packed.len() {
            for change in [1, 0x10, 0x80, 0xff, packed[at]] {
                let mut bytes = packed.clone();
                bytes[at] ^= change;
                let limits = Limits { max_bytes: 1 << 20, max_window: 1 << 20 };
                let outcome = catch_unwind(|| unpack(bytes, limits))
                    .unwrap_or_else(|_| panic!("{packer:?}: byte {at} changed by {change:#x}: a panic"));
                if let Ok((bytes, _)) = outcome {
                    assert!(!has_checksum || bytes == kernel, "{packer:?}: byte {at} changed by {change:#x}");
                }
            }
        }
    }
}

/// The same over the header and the first bytes of the payload.
#[test]
fn every_byte_of_the_header_changed() {
    let kernel = elf(600);
    let good = bz_image(&pack(&["gzip", "-9"], &kernel), kernel.len());
    for at in (0x1f0..0x250).chain(0x3b21..0x3b40) {
        for change in 1..=255 {
            let mut bytes = good.clone();
            bytes[at] ^= change;
            if let Ok((bytes, _)) = unpack(bytes, LIMITS) {
                assert!(bytes == kernel, "byte {at:#x} changed by {change:#x}");
            }
        }
    }
}

#[test]
fn garbage_behind_a_magic() {
    for (magic, seed) in [
        (&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], 1),
        (b"\xfd7zXZ\0\0\x01\x69\x22\xde\x36", 2),
        (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", 3),
        (b"BZh91AY&SY", 4),
        (b"\x89LZO\0\r\n\x1a\n\x10\x40\x20\xa0\x09\x40\x01\x05", 5),
        (b"\x02\x21\x4c\x18\x10\0\0\0", 6),
        (b"\x28\xb5\x2f\xfd\0\x58", 7),
    ] {
        for round in 0..2000 {
            let bytes = [magic, &support::noise(100 + seed * 10_000 + round)[..100 + round % 300]].concat();
            let _ = unpack(bz_image_of(&bytes), Limits { max_bytes: 1 << 20, max_window: 1 << 20 });
        }
    }
}
