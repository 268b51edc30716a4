//! Kernels packed by other people's tools, put together as Linux' own build does it.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    dead_code, // each test program uses a part of it
)]

use fsimage_sdk::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::OnceLock;
use vmlinux::{Limits, Unpacked};

/// The packers with the options that Linux packs itself with (scripts/Makefile.lib), and some more.
pub(crate) const PACKERS: [(&str, &[&str]); 15] = [
    ("gzip", &["gzip", "-n", "-9"]),
    ("gzip", &["gzip", "-1"]),
    ("xz", &["xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB"]),
    ("xz", &["xz", "--check=crc32", "--x86", "--lzma2=preset=9e,dict=128MiB"]),
    ("xz", &["xz", "--check=sha256", "-0"]),
    ("xz", &["xz", "--check=crc64", "--arm64", "--lzma2=dict=1MiB"]),
    ("lzma", &["xz", "--format=lzma", "-9"]),
    ("lzma", &["xz", "--format=lzma", "-1"]),
    ("bzip2", &["bzip2", "-9"]),
    ("lzo", &["lzop", "-9"]),
    ("lzo", &["lzop", "-1", "--crc32"]),
    ("lz4", &["lz4", "-l", "-9", "-q"]),
    ("zstd", &["zstd", "-19", "-q"]),
    ("zstd", &["zstd", "-22", "--ultra", "-q"]),
    ("zstd", &["zstd", "--long=27", "-1", "-q"]),
];

/// What the packer makes of bytes on its standard input.
pub(crate) fn pack(packer: &[&str], bytes: &[u8]) -> Vec<u8> {
    let input = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&input, bytes).unwrap();
    let output = Command::new(packer[0])
        .args(&packer[1..])
        .arg("-c")
        .stdin(File::open(&input).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|why| {
            panic!("{}: {why}: the Debian packages are gzip xz-utils bzip2 lzop lz4 zstd", packer[0])
        });
    assert!(output.status.success(), "{packer:?}");
    output.stdout
}

/// A linked ELF file with so many bytes of data, half of which no packer makes smaller.
pub(crate) fn elf(data: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut file = File::create(at("data")).unwrap();
    file.write_all(&noise(data / 2)).unwrap();
    file.write_all(&b"a kernel's own text, over and over; ".repeat(data / 72 + 1)[..data / 2]).unwrap();
    let source = format!(
        "asm(\".section .data\\n.incbin \\\"{}\\\"\\n\");\nvoid _start(void) {{ for (;;) {{}} }}\n",
        at("data").display()
    );
    std::fs::write(at("kernel.c"), source).unwrap();
    let made = Command::new("cc")
        .args([
            "-static",
            "-nostdlib",
            "-ffreestanding",
            "-fno-pie",
            "-no-pie",
            "-Wl,--build-id=none",
            "-s",
            "-o",
        ])
        .args([at("kernel"), at("kernel.c")])
        .status()
        .expect("cc: the Debian package is gcc");
    assert!(made.success());
    std::fs::read(at("kernel")).unwrap()
}

/// The same, made once for all tests.
pub(crate) fn kernel() -> &'static [u8] {
    static KERNEL: OnceLock<Vec<u8>> = OnceLock::new();
    KERNEL.get_or_init(|| elf(400_000))
}

/// The head of an arm64 `Image`, and bytes.
pub(crate) fn arm64_image() -> Vec<u8> {
    let mut image = noise(100_000);
    image[0x38..0x3c].copy_from_slice(b"ARM\x64");
    image
}

/// A bzImage as arch/x86/boot/tools/build puts it together: the real-mode code with the setup header, then the protected-mode
/// code with the payload and, but for gzip, the length of what it unpacks to.
pub(crate) fn bz_image(payload: &[u8], unpacked: usize) -> Vec<u8> {
    let is_gzip = payload.starts_with(b"\x1f\x8b");
    let size = u32::try_from(unpacked).unwrap().to_le_bytes();
    let appended: &[u8] = if is_gzip { &[] } else { &size };
    bz_image_of(&[payload, appended].concat())
}

/// The same with all of the payload given.
pub(crate) fn bz_image_of(payload: &[u8]) -> Vec<u8> {
    const SETUP_SECTORS: usize = 27;
    const PAYLOAD_OFFSET: usize = 0x321;
    let mut image = noise((SETUP_SECTORS + 1) * 512 + PAYLOAD_OFFSET);
    image[0x1f1] = SETUP_SECTORS as u8;
    image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x206..0x208].copy_from_slice(&0x020f_u16.to_le_bytes());
    image[0x248..0x24c].copy_from_slice(&(PAYLOAD_OFFSET as u32).to_le_bytes());
    image[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    image.extend_from_slice(payload);
    image.extend_from_slice(&noise(5000));
    image
}

/// An EFI zboot image (drivers/firmware/efi/libstub/zboot-header.S): length and payload without the appended size.
pub(crate) fn zboot(name: &str, payload: &[u8]) -> Vec<u8> {
    const OFFSET: usize = 0x1040;
    let mut image = vec![0; OFFSET];
    image[..8].copy_from_slice(b"MZ\0\0zimg");
    image[8..12].copy_from_slice(&(OFFSET as u32).to_le_bytes());
    image[12..16].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    image[24..24 + name.len()].copy_from_slice(name.as_bytes());
    image.extend_from_slice(payload);
    image.extend_from_slice(&noise(600));
    image
}

/// Bytes that look like nothing, always the same (splitmix64).
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = length as u64;
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A file in memory.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl vmlinux::File for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let found = usize::try_from(offset).ok().and_then(|start| self.0.get(start..start + buffer.len()));
        buffer.copy_from_slice(found.ok_or_else(|| Error::corrupt("past the end"))?);
        Ok(())
    }
}

pub(crate) const LIMITS: Limits = Limits { max_bytes: 64 << 20, max_window: 128 << 20 };

/// All that comes out, and what it is: `bzImage xz ELF 64-bit x86-64`.
pub(crate) fn unpack(file: Vec<u8>, limits: Limits) -> Result<(Vec<u8>, String)> {
    let mut unpacked = Unpacked::new(Rc::new(Bytes(file)), limits)?;
    let mut all = Vec::new();
    // A size that fits no block of anybody's.
    let mut buffer = vec![0; 100_003];
    loop {
        let count = unpacked.read(&mut buffer)?;
        all.extend_from_slice(&buffer[..count]);
        if count == 0 {
            break;
        }
    }
    let payload = unpacked.payload();
    let compression = payload.compression.map_or("plain", vmlinux::Compression::name);
    let described = format!("{} {compression} {}", payload.container.name(), unpacked.kernel().name());
    Ok((all, described))
}
