//! zisofs: files of zlib streams, one for each block. Version 1 counts in 32 bits, version 2 in 64.

use crate::file::Data;
use crate::sectors::Sectors;
use crate::susp::Entry;
use flate2::{Decompress, FlushDecompress, Status};
use fsimage_sdk::{Endian, Error, ErrorKind, Fields, Result, to_u64, to_usize};
use std::sync::{Arc, Mutex};

/// Length of a `ZF` entry.
const ZF_LENGTH: usize = 16;
/// Version 1: "37 E4 53 96 C9 DB D6 07".
const MAGIC_1: [u8; 8] = [0x37, 0xe4, 0x53, 0x96, 0xc9, 0xdb, 0xd6, 0x07];
/// Version 2: "EF 22 55 A1 BC 1B 95 A0".
const MAGIC_2: [u8; 8] = [0xef, 0x22, 0x55, 0xa1, 0xbc, 0x1b, 0x95, 0xa0];
/// Blocks of 128 KiB, the largest of version 1 and of Linux; of 1 MiB, the largest of version 2.
const MAX_LOG_1: u8 = 17;
const MAX_LOG_2: u8 = 20;

/// `ZF`: what a file's data is, and how long it is without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compression {
    second_version: bool,
    header_length: u64,
    block_length: u64,
    pub(crate) size: u64,
}

impl Compression {
    /// Reads the entry. Of an algorithm that Linux does not know either nothing is said: the file is then plain.
    ///
    /// # Errors
    /// `Corrupt` for a header shorter than itself; `Unsupported` for larger blocks or other algorithms.
    pub(crate) fn parse(entry: &Entry<'_>) -> Result<Option<Self>> {
        entry.need(ZF_LENGTH)?;
        let zf = &entry.fields;
        let second_version = match &zf.array(4)? {
            b"pz" => false,
            b"PZ" => true,
            _ => return Ok(None),
        };
        let header_length = u64::from(zf.u8(6)?).saturating_mul(4);
        let minimum = if second_version { 24 } else { 16 };
        if header_length < minimum {
            return Err(
                zf.corrupt(6, format_args!("ZF: a header of {header_length} bytes, at least {minimum}"))
            );
        }
        let log = zf.u8(7)?;
        let range = 9..=if second_version { MAX_LOG_2 } else { MAX_LOG_1 };
        if !range.contains(&log) {
            return Err(Error::unsupported(format!("ZF: blocks of 2^{log} bytes")).at(zf.place(7)));
        }
        let block_length = 1_u64.checked_shl(u32::from(log)).unwrap_or(u64::MAX);
        let size = if second_version { zf.u64(8)? } else { u64::from(zf.u32(8)?) };
        Ok(Some(Self { second_version, header_length, block_length, size }))
    }

    fn pointer_length(&self) -> u64 {
        if self.second_version { 8 } else { 4 }
    }

    /// Checks the file's own header against the entry, and that the table of block pointers fits into the file.
    fn check_header(&self, sectors: &Sectors, data: &Data) -> Result<()> {
        let (bytes, place) = data.read_meta(sectors, 0, if self.second_version { 24 } else { 16 })?;
        let header = Fields::new(&bytes, Endian::Little, "zisofs header", place);
        let magic: [u8; 8] = header.array(0)?;
        let (expected, size) = if self.second_version {
            let algorithm = header.u8(10)?;
            if magic == MAGIC_2 && algorithm != 1 {
                return Err(Error::unsupported(format!("zisofs: algorithm {algorithm}")).at(header.place(10)));
            }
            (MAGIC_2, header.u64(12)?)
        } else {
            (MAGIC_1, u64::from(header.u32(8)?))
        };
        if magic != expected {
            return Err(header.corrupt(0, format_args!("magic {magic:02x?}")));
        }
        if size != self.size {
            return Err(header.corrupt(8, format_args!("{size} bytes, while ZF says {}", self.size)));
        }
        let blocks = self.size.div_ceil(self.block_length);
        let table = blocks.checked_add(1).and_then(|pointers| pointers.checked_mul(self.pointer_length()));
        let end = table.and_then(|length| length.checked_add(self.header_length));
        if end.is_none_or(|end| end > data.size()) {
            let text = format!("{blocks} blocks, whose pointers do not fit into {} bytes", data.size());
            return Err(header.corrupt(8, text));
        }
        Ok(())
    }

    /// Where the compressed block lies in the file.
    fn block_range(&self, sectors: &Sectors, data: &Data, block: u64) -> Result<(u64, u64)> {
        let length = self.pointer_length();
        let offset = block.checked_mul(length).and_then(|o| o.checked_add(self.header_length));
        let offset = offset.ok_or_else(|| Error::corrupt("zisofs: a block pointer beyond 64 bits"))?;
        let (bytes, place) = data.read_meta(sectors, offset, to_usize(length.saturating_mul(2))?)?;
        let pointers = Fields::new(&bytes, Endian::Little, "zisofs block pointers", place);
        let (start, end) = if self.second_version {
            (pointers.u64(0)?, pointers.u64(8)?)
        } else {
            (u64::from(pointers.u32(0)?), u64::from(pointers.u32(4)?))
        };
        // Linux allows a stream to be twice as long as its block.
        let longest = self.block_length.saturating_mul(2);
        if start > end || end > data.size() || end.saturating_sub(start) > longest {
            let text = format!("block {block} from {start} to {end} of {} bytes", data.size());
            return Err(pointers.corrupt(0, text));
        }
        Ok((start, end))
    }

    /// Decompresses a block into exactly the bytes that it must fill.
    fn decode(&self, sectors: &Sectors, data: &Data, block: u64, out: &mut [u8]) -> Result<()> {
        let (start, end) = self.block_range(sectors, data, block)?;
        if start == end {
            out.fill(0);
            return Ok(());
        }
        let mut stream = vec![0; to_usize(end.saturating_sub(start))?];
        data.read(sectors, start, &mut stream)?;
        let mut zlib = Decompress::new(true);
        let status = zlib.decompress(&stream, out, FlushDecompress::Finish);
        let whole = zlib.total_out() == to_u64(out.len());
        match status {
            // A buffer that is exactly full may hide the stream's end from the decoder, never more data.
            Ok(Status::StreamEnd | Status::BufError | Status::Ok) if whole => Ok(()),
            _ => Err(Error::corrupt(format!(
                "zisofs: block {block} gives {} bytes of {} ({})",
                zlib.total_out(),
                out.len(),
                status.map_or_else(|e| e.to_string(), |s| format!("{s:?}"))
            ))
            .at(data.place_of(start))),
        }
    }
}

/// The block that was decompressed last, for readers that take less than a block at a time.
#[derive(Default)]
pub(crate) struct LastBlock(Mutex<Option<Decompressed>>);

/// Node, number and bytes of a block.
type Decompressed = (u64, u64, Arc<[u8]>);

impl LastBlock {
    /// Fills `buffer` from byte `offset` of the decompressed file; the count is short only at its end.
    ///
    /// # Errors
    /// `Corrupt` where header, pointers or streams contradict each other.
    pub(crate) fn read_at(
        &self,
        sectors: &Sectors,
        node: u64,
        data: &Data,
        compression: &Compression,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize> {
        let wanted = compression.size.saturating_sub(offset).min(to_u64(buffer.len()));
        let buffer = buffer.get_mut(..to_usize(wanted)?).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        compression.check_header(sectors, data)?;
        let length = compression.block_length;
        let mut at = offset;
        let mut rest = &mut *buffer;
        while !rest.is_empty() {
            let block = at.checked_div(length).unwrap_or(0);
            let begin = block.saturating_mul(length);
            let in_block = compression.size.saturating_sub(begin).min(length);
            let skipped = at.saturating_sub(begin);
            let count = in_block.saturating_sub(skipped).min(to_u64(rest.len()));
            let (part, behind) = rest
                .split_at_mut_checked(to_usize(count)?)
                .filter(|_| count > 0)
                .ok_or_else(|| Error::new(ErrorKind::Internal, "a block outside of its file"))?;
            if count == in_block {
                compression.decode(sectors, data, block, part)?;
            } else {
                let bytes = self.block(sectors, node, data, compression, block, in_block)?;
                let start = to_usize(skipped)?;
                let source = bytes.get(start..start.saturating_add(part.len()));
                part.copy_from_slice(source.ok_or_else(|| Error::new(ErrorKind::Internal, "a short block"))?);
            }
            at = at.saturating_add(count);
            rest = behind;
        }
        to_usize(wanted)
    }

    fn block(
        &self,
        sectors: &Sectors,
        node: u64,
        data: &Data,
        compression: &Compression,
        block: u64,
        length: u64,
    ) -> Result<Arc<[u8]>> {
        if let Ok(kept) = self.0.try_lock()
            && let Some((.., bytes)) = kept.as_ref().filter(|(n, b, _)| (*n, *b) == (node, block))
        {
            return Ok(Arc::clone(bytes));
        }
        let mut bytes = vec![0; to_usize(length)?];
        compression.decode(sectors, data, block, &mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        if let Ok(mut kept) = self.0.try_lock() {
            *kept = Some((node, block, Arc::clone(&bytes)));
        }
        Ok(bytes)
    }
}
