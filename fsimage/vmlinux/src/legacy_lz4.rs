//! LZ4's legacy frame, which `lz4 -l` writes and kernels are packed with (lz4_Frame_format.md, "Legacy frame").
//!
//! Magic 0x184c2102; then blocks, each with its packed length before it, that unpack to 8 MiB, the last one to less. There
//! is no mark at the end: where a kernel appends a length, that is no block because nothing follows it.

use crate::pending::Pending;
use std::io::{self, ErrorKind, Read};

const MAGIC: u32 = 0x184c_2102;
/// What a block unpacks to at most.
const BLOCK: usize = 8 << 20;
/// What a block is packed to at most (`LZ4_compressBound`).
const PACKED: usize = BLOCK + BLOCK / 255 + 16;

/// The stream that comes out.
pub(crate) struct LegacyLz4<R> {
    packed: R,
    block: Vec<u8>,
    unpacked: Pending,
}

impl<R: Read> LegacyLz4<R> {
    pub(crate) fn new(mut packed: R) -> io::Result<Self> {
        match word(&mut packed)? {
            Some(MAGIC) => Ok(Self { packed, block: Vec::new(), unpacked: Pending::default() }),
            _ => Err(invalid("not a legacy frame".to_owned())),
        }
    }

    /// Unpacks one block more; false at the end.
    fn next_block(&mut self) -> io::Result<bool> {
        let mut length = word(&mut self.packed)?;
        // One frame may follow another.
        if length == Some(MAGIC) {
            length = word(&mut self.packed)?;
        }
        let Some(length) = length else { return Ok(false) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.block.clear();
        let limit = u64::try_from(length.min(PACKED)).unwrap_or(u64::MAX);
        let count = (&mut self.packed).take(limit).read_to_end(&mut self.block)?;
        if count == 0 {
            return Ok(false);
        }
        if length > PACKED {
            return Err(invalid(format!("a block of {length} bytes, where at most {PACKED} can be")));
        }
        if count < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.unpacked.bytes.resize(BLOCK, 0);
        let count = lz4_flex::block::decompress_into(&self.block, &mut self.unpacked.bytes)
            .map_err(|why| invalid(why.to_string()))?;
        self.unpacked.bytes.truncate(count);
        self.unpacked.restart();
        Ok(true)
    }
}

impl<R: Read> Read for LegacyLz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.unpacked.give(buffer);
            if count > 0 || buffer.is_empty() || !self.next_block()? {
                return Ok(count);
            }
        }
    }
}

/// The next four bytes; none at the end.
fn word(packed: &mut impl Read) -> io::Result<Option<u32>> {
    let mut bytes = [0; 4];
    match packed.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u32::from_le_bytes(bytes))),
        Err(why) if why.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(why) => Err(why),
    }
}

fn invalid(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}
