//! A file's bytes into memory, piece by piece and at any place.

use crate::copy::{Part, Plan, Sink, disk_ended};
use crate::{Error, ErrorKind, Node, Result, Session};
use fsimage_protocol::{Extent, ExtentKind};
use rustix::fd::{AsFd, BorrowedFd};

/// A file that is read piece by piece. Where its bytes lie is asked for once and remembered, so that most reads are one
/// `pread` of the disk and no question to the worker.
#[derive(Debug)]
pub struct Reader {
    volume: u32,
    file: Node,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Unasked,
    Known(Plan),
    /// Not plain on the disk, or in too many extents to be remembered.
    AskedEachTime,
}

impl Reader {
    /// Of a file on a volume; nothing is asked yet.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// let file = session.stat(0, b"/etc/hostname", true)?;
    /// let mut hostname = fsimage::Reader::new(0, file);
    /// let mut buffer = [0; 64];
    /// let count = session.read_at(&mut hostname, 2, &mut buffer)?;
    /// assert_eq!(&buffer[..count], b"est\n");
    /// assert_eq!(session.read_at(&mut hostname, 1 << 40, &mut buffer)?, 0);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    #[must_use]
    pub fn new(volume: u32, file: Node) -> Self {
        Self { volume, file, place: Place::Unasked }
    }

    /// The volume.
    #[must_use]
    pub fn volume(&self) -> u32 {
        self.volume
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Node {
        &self.file
    }
}

impl Session {
    /// Fills `buffer` from the file's byte `offset` on. The count is smaller than the buffer only where the file ends
    /// before that, and 0 at its end and behind it.
    ///
    /// # Errors
    /// [`ErrorKind::IsADirectory`], [`ErrorKind::NotAFile`]; [`ErrorKind::Io`] when the disk ends before the file does;
    /// what the filesystem says; [`ErrorKind::Protocol`] when the worker lies. What is in the buffer then is not said.
    pub fn read_at(&mut self, reader: &mut Reader, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        if let Place::Unasked = reader.place {
            reader.place = match self.plan(&Part::whole(reader.volume, &reader.file))? {
                Some(plan) => Place::Known(plan),
                None => Place::AskedEachTime,
            };
        }
        let left = reader.file.metadata.size.saturating_sub(offset);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let wanted = buffer.get_mut(..count).unwrap_or_default();
        if let (Place::Known(plan), false) = (&reader.place, wanted.is_empty()) {
            self.read_plan(plan, offset, wanted)?;
        } else if !wanted.is_empty() {
            let length = u64::try_from(count).unwrap_or(left);
            let part = Part::new(reader.volume, &reader.file, offset, length)?;
            self.copy(&part, &mut Memory { rest: wanted })?;
        }
        Ok(count)
    }

    fn read_plan(&self, plan: &Plan, offset: u64, wanted: &mut [u8]) -> Result<()> {
        let mut memory = Memory { rest: wanted };
        // The extents follow on each other without a gap: the checker has seen to it.
        let first = plan.extents.partition_point(|extent| end(extent) <= offset);
        for extent in plan.extents.get(first..).unwrap_or_default() {
            let skipped = offset.saturating_sub(extent.logical);
            let there = extent.length.saturating_sub(skipped);
            let length = there.min(u64::try_from(memory.rest.len()).unwrap_or(there));
            match extent.kind {
                _ if length == 0 => break,
                ExtentKind::Hole {} => memory.hole(length)?,
                ExtentKind::Data { disk, physical } => {
                    let disk = self.disk(disk).ok_or_else(|| {
                        Error::new(ErrorKind::Protocol, "an extent on a disk that does not exist")
                    })?;
                    memory.copy(disk.as_fd(), physical.saturating_add(skipped), length)?;
                }
            }
        }
        match memory.rest.is_empty() {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Internal, "a plan that ends before its file")),
        }
    }
}

/// Memory that is being filled.
struct Memory<'a> {
    rest: &'a mut [u8],
}

impl Memory<'_> {
    /// The next `length` bytes of it.
    fn next(&mut self, length: u64) -> Result<&mut [u8]> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest.split_off_mut(..length));
        taken.ok_or_else(|| Error::new(ErrorKind::Internal, "more bytes than were asked for"))
    }
}

impl Sink for Memory<'_> {
    fn copy(&mut self, source: BorrowedFd<'_>, mut offset: u64, length: u64) -> Result<()> {
        let mut space = self.next(length)?;
        while !space.is_empty() {
            let read = rustix::io::retry_on_intr(|| rustix::io::pread(source, &mut *space, offset))
                .map_err(|errno| Error::os("reading the disk", errno).at(Some(offset)))?;
            if read == 0 {
                return Err(disk_ended(offset));
            }
            space = space.get_mut(read..).unwrap_or_default();
            offset = offset.saturating_add(u64::try_from(read).unwrap_or(0));
        }
        Ok(())
    }

    fn hole(&mut self, length: u64) -> Result<()> {
        self.next(length)?.fill(0);
        Ok(())
    }
}

fn end(extent: &Extent) -> u64 {
    extent.logical.saturating_add(extent.length)
}
