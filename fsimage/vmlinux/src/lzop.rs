//! lzop's file format: a header, then blocks of LZO1X with their checksums. All numbers are big-endian. The format is what
//! lib/decompress_unlzo.c of Linux reads and `lzop --info` tells.

use crate::pending::Pending;
use std::io::{self, ErrorKind, Read};

const MAGIC: [u8; 9] = *b"\x89LZO\x00\r\n\x1a\n";
/// The version from which on the header has a level and a time's high half.
const VERSION_0940: u16 = 0x0940;
/// Flags: which checksums stand before a block's bytes (Adler-32 and CRC-32, of the unpacked and of the packed), and whether
/// the header has a filter.
const ADLER32_UNPACKED: u32 = 0x0001;
const ADLER32_PACKED: u32 = 0x0002;
const CRC32_UNPACKED: u32 = 0x0100;
const CRC32_PACKED: u32 = 0x0200;
const FILTER: u32 = 0x0800;
/// What a block unpacks to at most: lzop's own are of 256 KiB.
const BLOCK: u32 = 1 << 20;

/// The stream that comes out.
pub(crate) struct Lzop<R> {
    packed: R,
    flags: u32,
    block: Vec<u8>,
    unpacked: Pending,
    at_end: bool,
}

impl<R: Read> Lzop<R> {
    pub(crate) fn new(mut packed: R) -> io::Result<Self> {
        if bytes(&mut packed)? != MAGIC {
            return Err(invalid("not lzop's format"));
        }
        let version = u16::from_be_bytes(bytes(&mut packed)?);
        let _library_version: [u8; 2] = bytes(&mut packed)?;
        if version >= VERSION_0940 {
            let _needed_version: [u8; 2] = bytes(&mut packed)?;
        }
        let _method: [u8; 1] = bytes(&mut packed)?;
        if version >= VERSION_0940 {
            let _level: [u8; 1] = bytes(&mut packed)?;
        }
        let flags = u32::from_be_bytes(bytes(&mut packed)?);
        if flags & FILTER != 0 {
            let why = "lzop's filters, which no kernel is packed with";
            return Err(io::Error::new(ErrorKind::Unsupported, why));
        }
        let _mode_and_time: [u8; 8] = bytes(&mut packed)?;
        if version >= VERSION_0940 {
            let _time_high: [u8; 4] = bytes(&mut packed)?;
        }
        let [name] = bytes(&mut packed)?;
        // The name, and the header's checksum.
        let rest = u64::from(name).saturating_add(4);
        if io::copy(&mut (&mut packed).take(rest), &mut io::sink())? < rest {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(Self { packed, flags, block: Vec::new(), unpacked: Pending::default(), at_end: false })
    }

    /// Unpacks one block more; at the end there is none.
    fn next_block(&mut self) -> io::Result<()> {
        let unpacked_length = u32::from_be_bytes(bytes(&mut self.packed)?);
        if unpacked_length == 0 {
            self.at_end = true;
            return Ok(());
        }
        let packed_length = u32::from_be_bytes(bytes(&mut self.packed)?);
        if unpacked_length > BLOCK || packed_length > unpacked_length || packed_length == 0 {
            return Err(invalid(format!(
                "a block of {packed_length} bytes that is to give {unpacked_length}"
            )));
        }
        let is_stored = packed_length == unpacked_length;
        let adler32 = self.checksum(ADLER32_UNPACKED)?;
        let crc32 = self.checksum(CRC32_UNPACKED)?;
        if !is_stored {
            self.checksum(ADLER32_PACKED)?;
            self.checksum(CRC32_PACKED)?;
        }
        self.block.clear();
        let count = (&mut self.packed).take(u64::from(packed_length)).read_to_end(&mut self.block)?;
        if u32::try_from(count) != Ok(packed_length) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let unpacked = &mut self.unpacked.bytes;
        if is_stored {
            std::mem::swap(&mut self.block, unpacked);
        } else {
            // OK to allocate: at most BLOCK.
            let length = usize::try_from(unpacked_length).unwrap_or(0);
            unpacked.clear();
            unpacked.resize(length, 0);
            let given = lzokay::decompress::decompress(&self.block, unpacked)
                .map_err(|why| invalid(format!("a block of LZO1X: {why:?}")))?;
            if given != length {
                return Err(invalid(format!("a block gives {given} bytes where its head says {length}")));
            }
        }
        if adler32.is_some_and(|sum| sum != adler(unpacked)) || crc32.is_some_and(|sum| sum != crc(unpacked))
        {
            return Err(invalid("a block's checksum is another"));
        }
        self.unpacked.restart();
        Ok(())
    }

    fn checksum(&mut self, flag: u32) -> io::Result<Option<u32>> {
        match self.flags & flag {
            0 => Ok(None),
            _ => Ok(Some(u32::from_be_bytes(bytes(&mut self.packed)?))),
        }
    }
}

impl<R: Read> Read for Lzop<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.unpacked.give(buffer);
            if count > 0 || buffer.is_empty() || self.at_end {
                return Ok(count);
            }
            self.next_block()?;
        }
    }
}

/// Adler-32 (RFC 1950).
fn adler(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    let (mut a, mut b) = (1_u32, 0_u32);
    // OK to add: after 5552 bytes both sums are still below 2^32 (RFC 1950, section 9).
    #[allow(clippy::arithmetic_side_effects)]
    for run in bytes.chunks(5552) {
        for byte in run {
            a += u32::from(*byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    b << 16 | a
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn bytes<const COUNT: usize>(packed: &mut impl Read) -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    packed.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn invalid(why: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why.into())
}
