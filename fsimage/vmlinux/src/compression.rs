//! The seven ways in which kernels are packed.

use crate::legacy_lz4::LegacyLz4;
use crate::lzop::Lzop;
use crate::source::Source;
use crate::zstd::Zstd;
use std::io::{self, BufReader, Read};

/// Bytes read from the guest's file at once.
const BUFFER: usize = 64 << 10;
/// What a decoder of LZMA counts as memory beside its dictionary, in KiB, and more.
const LZMA_TABLES: u64 = 1 << 10;

/// A way of packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// The .xz file format, with the branch filters that kernels are packed with.
    Xz,
    /// The older .lzma ("LZMA alone").
    Lzma,
    /// bzip2.
    Bzip2,
    /// lzop's file format, LZO1X.
    Lzo,
    /// The legacy frame of LZ4.
    Lz4,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// By the first bytes.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let all: [(&[u8], Self); 7] = [
            (b"\x1f\x8b\x08", Self::Gzip),
            (b"\xfd7zXZ\x00", Self::Xz),
            // 0x5d: lc 3, lp 0, pb 2, as every packer writes; then a dictionary's size whose low half is 0.
            (b"\x5d\x00\x00", Self::Lzma),
            (b"BZh", Self::Bzip2),
            (b"\x89LZO\x00\r\n\x1a\n", Self::Lzo),
            (b"\x02\x21\x4c\x18", Self::Lz4),
            (b"\x28\xb5\x2f\xfd", Self::Zstd),
        ];
        all.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, compression)| *compression)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Bzip2 => "bzip2",
            Self::Lzo => "lzo",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The stream that comes out. What follows its end is not looked at. A dictionary or window of more than `max_window`
    /// bytes is an error of the kind `OutOfMemory`.
    pub(crate) fn unpack(self, packed: Source, max_window: u64) -> io::Result<Box<dyn Read>> {
        let kib = u32::try_from((max_window >> 10).saturating_add(LZMA_TABLES)).unwrap_or(u32::MAX);
        let packed = BufReader::with_capacity(BUFFER, packed);
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::GzDecoder::new(packed)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(packed, false, kib)),
            Self::Lzma => Box::new(lzma_rust2::LzmaReader::new_mem_limit(packed, kib, None)?),
            Self::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(packed)),
            Self::Lzo => Box::new(Lzop::new(packed)?),
            Self::Lz4 => Box::new(LegacyLz4::new(packed)?),
            Self::Zstd => Box::new(Zstd::new(packed, max_window)?),
        })
    }
}
