//! Kernels, unpacked.

use super::files;
use super::volumes::Volumes;
use fsimage_protocol::{Bytes, Reply, Section};
use fsimage_sdk::{Error, ErrorKind, FileSystem, FileType, NodeId, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use vmlinux::{File, Limits, Unpacked};

/// A file of the guest's, or a part of one.
struct GuestFile {
    fs: Rc<dyn FileSystem>,
    node: NodeId,
    start: u64,
    length: u64,
}

impl File for GuestFile {
    fn size(&self) -> u64 {
        self.length
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let length = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        let is_inside = offset.checked_add(length).is_some_and(|end| end <= self.length);
        // OK to saturate: start + length lies inside the file.
        let mut position = self.start.saturating_add(offset);
        let ends = || Error::corrupt(format!("the file ends before {length} bytes at 0x{offset:x}"));
        if !is_inside {
            return Err(ends());
        }
        let mut space = buffer;
        while !space.is_empty() {
            let count = self.fs.read_at(self.node, position, space)?;
            space = space.get_mut(count..).filter(|_| count > 0).ok_or_else(ends)?;
            position = position.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}

/// Begins to unpack a file, or a part of one.
pub(super) fn begin(
    volumes: &Volumes,
    volume: u32,
    node: u64,
    section: Option<&Section>,
    limits: Limits,
) -> Result<Unpacked> {
    let (fs, node) = (volumes.mounted(volume)?.fs.clone(), NodeId(node));
    let metadata = fs.metadata(node)?;
    if metadata.file_type != FileType::Regular {
        return Err(Error::new(ErrorKind::NotAFile, format!("it is a {}", metadata.file_type.text())));
    }
    let (start, length) = section.map_or((0, metadata.size), |section| (section.offset, section.length));
    if start.checked_add(length).is_none_or(|end| end > metadata.size) {
        let size = metadata.size;
        return Err(Error::corrupt(format!("{length} bytes at 0x{start:x} of a file of {size}")));
    }
    let file = Rc::new(GuestFile { fs, node, start, length });
    guarded(|| Unpacked::new(file, limits))
}

/// What is being unpacked.
pub(super) fn report(unpacked: &Unpacked) -> Reply {
    let payload = unpacked.payload();
    let compression = payload.compression.map(|compression| Bytes::cut(compression.name().as_bytes()));
    Reply::Unpacking {
        container: Bytes::cut(payload.container.name().as_bytes()),
        compression,
        kernel: Bytes::cut(unpacked.kernel().name().as_bytes()),
        size: unpacked.size(),
    }
}

/// Puts the bytes that come out next into `buffer`. After an error, and at the end, there is no more.
pub(super) fn next(unpacking: &mut Option<Unpacked>, buffer: &mut [u8]) -> Result<Reply> {
    let Some(mut unpacked) = unpacking.take() else {
        return Err(Error::new(ErrorKind::InvalidArgument, "nothing is being unpacked"));
    };
    let read = guarded(|| {
        let count = unpacked.read(buffer)?;
        Ok((unpacked, count))
    });
    let (unpacked, count) = read?;
    if count > 0 {
        *unpacking = Some(unpacked);
    }
    let bytes = buffer.get(..count);
    bytes.map(files::data).ok_or_else(|| Error::new(ErrorKind::Internal, "a count beyond the buffer"))
}

/// The decoders are not ours. One that panics has met bytes that it was not made for; whatever it held is dropped, and
/// nothing of it is used again.
fn guarded<T>(unpack: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(unpack))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the decoder of the packed kernel panicked")))
}
