//! File data out of the guest: by the kernel, from the disk straight into the target, wherever it lies plain.

use crate::extents::ExtentChecker;
use crate::{Disk, Error, ErrorKind, FileType, Node, Result, Session};
use fsimage_protocol::{Extent, ExtentKind, Place, Reply, Request};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{SeekFrom, copy_file_range, ftruncate, seek, sendfile};
use rustix::io::Errno;
use std::io::Write;

/// Buffer of the last resort, in bytes.
const BUFFER: usize = 128 << 10;
/// Most bytes asked of the kernel at once: whoever watches is told in between, and may end it.
const STRIDE: u64 = 16 << 20;

/// How bytes get from one descriptor to another, best first; a method that the kernel refuses is not tried again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Method {
    #[default]
    CopyFileRange,
    SendFile,
    ReadWrite,
}

/// A step of a copy.
///
/// ```
/// # let image = fsimage_demo::guest();
/// # let disk = fsimage::Disk::open(&image)?;
/// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
/// use fsimage::copy::{Part, Step};
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::Arc;
///
/// let copied = Arc::new(AtomicU64::new(0));
/// let told = Arc::clone(&copied);
/// session.watch(move |step| {
///     if let Step::Data(bytes) = step {
///         told.fetch_add(bytes, Ordering::Relaxed);
///     }
///     Ok(())
/// });
/// let fstab = session.stat(0, b"/etc/fstab", true)?;
/// session.copy_to_stream(&Part::whole(0, &fstab), &mut std::io::sink())?;
/// assert_eq!(copied.load(Ordering::Relaxed), 71);
/// # Ok::<(), fsimage::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many bytes are copied.
    Data(u64),
    /// So many zeros are skipped, or written to a stream.
    Hole(u64),
}

/// Whoever is told of each step before it is made, and may refuse it.
pub(crate) type Watcher = Box<dyn Fn(Step) -> Result<()> + Send>;

/// Extents kept for a file that is copied without the worker: 160 KiB of them.
pub const MAX_PLANNED_EXTENTS: usize = 4096;

/// A part of a file, or all of it: what is copied.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The volume.
    pub volume: u32,
    /// The file.
    pub file: &'a Node,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
}

impl<'a> Part<'a> {
    /// All of a file.
    #[must_use]
    pub fn whole(volume: u32, file: &'a Node) -> Self {
        Self { volume, file, start: 0, length: file.metadata.size }
    }

    /// A range of a file's bytes.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::copy::Part;
    /// use fsimage::ErrorKind;
    ///
    /// let hostname = session.stat(0, b"/etc/hostname", true)?;
    /// let mut bytes = Vec::new();
    /// session.copy_to_stream(&Part::new(0, &hostname, 1, 3)?, &mut bytes)?;
    /// assert_eq!(bytes, b"ues");
    /// assert_eq!(Part::new(0, &hostname, 0, 1 << 20).unwrap_err().kind(), ErrorKind::Corrupt);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the file ends before the range does.
    pub fn new(volume: u32, file: &'a Node, start: u64, length: u64) -> Result<Self> {
        let size = file.metadata.size;
        match start.checked_add(length) {
            Some(end) if end <= size => Ok(Self { volume, file, start, length }),
            _ => Err(Error::new(
                ErrorKind::Corrupt,
                format!("the file has {size} bytes, and {length} from 0x{start:x} on are wanted"),
            )),
        }
    }

    fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// A plain file's extents, checked against its size and the disks.
#[derive(Debug)]
pub struct Plan {
    pub(crate) extents: Vec<Extent>,
}

/// Where data goes.
pub(crate) trait Sink {
    /// `length` bytes of `source` from `offset` on.
    fn copy(&mut self, source: BorrowedFd<'_>, offset: u64, length: u64) -> Result<()>;
    /// `length` zeros.
    fn hole(&mut self, length: u64) -> Result<()>;
}

impl Session {
    /// From now on `watcher` is told of each step of a copy before it is made, for a bar of progress or a limit; an error
    /// of its ends the copy.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::copy::{Part, Step};
    /// use fsimage::{Error, ErrorKind};
    ///
    /// // A copy of more than a kilobyte is not wanted.
    /// session.watch(|step| match step {
    ///     Step::Data(bytes) if bytes > 1000 => Err(Error::new(ErrorKind::Limit, "too much")),
    ///     _ => Ok(()),
    /// });
    /// let kernel = session.stat(0, b"/vmlinuz", true)?;
    /// let refused = session.copy_to_stream(&Part::whole(0, &kernel), &mut std::io::sink());
    /// assert_eq!(refused.unwrap_err().kind(), ErrorKind::Limit);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    pub fn watch(&mut self, watcher: impl Fn(Step) -> Result<()> + Send + 'static) {
        self.watcher = Some(Box::new(watcher));
    }

    fn tell(&self, step: Step) -> Result<()> {
        self.watcher.as_ref().map_or(Ok(()), |watcher| watcher(step))
    }

    /// Copies to the descriptor's byte `to` and on; holes stay holes. The file behind the descriptor must be empty from
    /// there on. Returns the byte behind the last one written.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::copy::Part;
    /// use std::fs::File;
    /// use std::os::fd::AsFd;
    ///
    /// let kernel = session.stat(0, b"/vmlinuz", true)?;
    /// let path = image.with_extension("kernel");
    /// let target = File::create(&path).expect("a file to copy to");
    /// let end = session.copy_to_file(&Part::whole(0, &kernel), target.as_fd(), 0)?;
    /// assert_eq!(end, 1392);
    /// assert_eq!(std::fs::metadata(&path).expect("the copy").len(), end);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when the worker lies about extents, [`ErrorKind::Io`] when the disk ends too early or
    /// the target cannot take it.
    pub fn copy_to_file(&mut self, part: &Part<'_>, target: BorrowedFd<'_>, to: u64) -> Result<u64> {
        let mut sink = FileSink::new(target, to, self.method.get());
        self.copy(part, &mut sink)?;
        self.method.set(sink.method);
        sink.finish()
    }

    /// Writes to a stream, holes as zeros.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::copy::Part;
    ///
    /// let hostname = session.stat(0, b"/etc/hostname", true)?;
    /// let mut bytes = Vec::new();
    /// session.copy_to_stream(&Part::whole(0, &hostname), &mut bytes)?;
    /// assert_eq!(bytes, b"guest\n");
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Session::copy_to_file`].
    pub fn copy_to_stream(&mut self, part: &Part<'_>, target: &mut dyn Write) -> Result<()> {
        let mut sink = StreamSink::new(target);
        self.copy(part, &mut sink)
    }

    /// Where a plain file's bytes lie, all of it checked, so that it can be copied without the worker. Nothing when the
    /// file's data is not plain, or lies in more than [`MAX_PLANNED_EXTENTS`].
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::copy::Part;
    /// use std::fs::File;
    /// use std::os::fd::AsFd;
    ///
    /// let kernel = session.stat(0, b"/vmlinuz", true)?;
    /// let plan = session.plan(&Part::whole(0, &kernel))?.expect("it lies plain on the disk");
    /// // The worker may go; what is left to do needs the disk alone.
    /// session.release();
    /// let target = File::create(image.with_extension("planned")).expect("a file to copy to");
    /// assert_eq!(session.copy_plan(&plan, target.as_fd(), 0)?, 1392);
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Session::copy_to_file`].
    pub fn plan(&mut self, part: &Part<'_>) -> Result<Option<Plan>> {
        let mut checker = self.checker(part)?;
        let mut extents = Vec::new();
        while !checker.is_done() {
            match self.next_extents(part, &mut checker)? {
                Some(batch) if extents.len().saturating_add(batch.len()) <= MAX_PLANNED_EXTENTS => {
                    extents.extend(batch);
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(Plan { extents }))
    }

    /// Hands to `each` where a file's bytes lie, checked, from its first to its last. False when they are not plain on the
    /// disk.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::copy::Part;
    /// use fsimage::protocol::ExtentKind;
    ///
    /// let kernel = session.stat(0, b"/vmlinuz", true)?;
    /// let mut found = Vec::new();
    /// let plain = session.extents(&Part::whole(0, &kernel), &mut |extent| found.push(extent.clone()))?;
    /// assert!(plain && matches!(found[0].kind, ExtentKind::Data { disk: 0, .. }));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Session::copy_to_file`].
    pub fn extents(&mut self, part: &Part<'_>, each: &mut dyn FnMut(&Extent)) -> Result<bool> {
        let mut checker = self.checker(part)?;
        while !checker.is_done() {
            match self.next_extents(part, &mut checker)? {
                Some(batch) => batch.iter().for_each(&mut *each),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Copies a planned file, as [`Session::copy_to_file`] does. The worker is not asked and may have been let go.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn copy_plan(&self, plan: &Plan, target: BorrowedFd<'_>, to: u64) -> Result<u64> {
        let mut sink = FileSink::new(target, to, self.method.get());
        plan.extents.iter().try_for_each(|extent| self.copy_extent(extent, &mut sink))?;
        sink.finish()
    }

    pub(crate) fn copy(&mut self, part: &Part<'_>, sink: &mut dyn Sink) -> Result<()> {
        let mut checker = self.checker(part)?;
        while !checker.is_done() {
            let position = checker.position();
            let Some(batch) = self.next_extents(part, &mut checker)? else {
                return self.copy_through_memory(part, position, sink);
            };
            batch.iter().try_for_each(|extent| self.copy_extent(extent, sink))?;
        }
        Ok(())
    }

    pub(crate) fn checker(&self, part: &Part<'_>) -> Result<ExtentChecker> {
        match part.file.file_type {
            FileType::Regular => {
                let size = part.file.metadata.size;
                Ok(ExtentChecker::new(part.start..part.end(), size, self.disk_sizes()))
            }
            FileType::Directory => Err(Error::new(ErrorKind::IsADirectory, "no data to copy")),
            other => Err(Error::new(ErrorKind::NotAFile, format!("it is a {}", other.text()))),
        }
    }

    /// The extents that follow, checked; nothing when the data is not plain.
    fn next_extents(&mut self, part: &Part<'_>, checker: &mut ExtentChecker) -> Result<Option<Vec<Extent>>> {
        let before = checker.position();
        let (mut extents, done) = match &part.file.place {
            // The listing has told all of them.
            Place::Extents { extents } if before == 0 => (extents.0.clone(), true),
            Place::NotPlain {} => return Ok(None),
            _ => match self.ask_extents(part.volume, part.file.node, before)? {
                Some(answer) => answer,
                None => return Ok(None),
            },
        };
        for extent in &mut extents {
            checker.accept(extent).map_err(|why| self.violation(&why))?;
            extent.length = checker.wanted(extent);
        }
        extents.retain(|extent| extent.length > 0);
        if checker.position() == before || (done && !checker.is_done()) {
            return Err(self.violation("extents that end before the file does"));
        }
        Ok(Some(extents))
    }

    fn ask_extents(&mut self, volume: u32, node: u64, offset: u64) -> Result<Option<(Vec<Extent>, bool)>> {
        match self.ask(&Request::Extents { volume, node, offset })? {
            Reply::NotPlain {} => Ok(None),
            Reply::Extents { extents, done } => Ok(Some((extents.0, done))),
            _ => Err(self.violation("another answer to Extents")),
        }
    }

    fn copy_extent(&self, extent: &Extent, sink: &mut dyn Sink) -> Result<()> {
        match extent.kind {
            ExtentKind::Hole {} => self.skip(extent.length, sink),
            ExtentKind::Data { disk, physical } => {
                let disk: &Disk = self.disk(disk).ok_or_else(|| {
                    Error::new(ErrorKind::Protocol, "an extent on a disk that does not exist")
                })?;
                let mut done = 0;
                while done < extent.length {
                    let piece = extent.length.saturating_sub(done).min(STRIDE);
                    self.tell(Step::Data(piece))?;
                    sink.copy(disk.as_fd(), physical.saturating_add(done), piece)?;
                    done = done.saturating_add(piece);
                }
                Ok(())
            }
        }
    }

    fn skip(&self, length: u64, sink: &mut dyn Sink) -> Result<()> {
        self.tell(Step::Hole(length))?;
        sink.hole(length)
    }

    /// The way for data that is compressed, inline or otherwise not plain: the worker puts a piece into the shared
    /// memory, the kernel copies it on. What lies there may change under our hands; nobody here looks at it.
    fn copy_through_memory(&mut self, part: &Part<'_>, mut offset: u64, sink: &mut dyn Sink) -> Result<()> {
        while offset < part.end() {
            let left = part.end().saturating_sub(offset);
            let wanted = u32::try_from(left).unwrap_or(u32::MAX).min(crate::session::SHARED_DATA);
            let request = Request::Read { volume: part.volume, node: part.file.node, offset, length: wanted };
            let length = self.copy_answer(&request, wanted, sink)?;
            if length == 0 {
                return Err(self.violation("the end of a file before its size"));
            }
            offset = offset.saturating_add(u64::from(length));
        }
        Ok(())
    }

    /// Copies what the worker puts into the shared memory as its answer, at most `wanted` bytes. Returns how many; 0 at the
    /// end.
    pub(crate) fn copy_answer(&mut self, request: &Request, wanted: u32, sink: &mut dyn Sink) -> Result<u32> {
        let (length, is_zeros) = match self.ask(request)? {
            Reply::Data { length } => (length, false),
            Reply::Zeros { length } => (length, true),
            _ => return Err(self.violation("another answer to a request for data")),
        };
        if length > wanted {
            return Err(self.violation(&format!("{length} bytes where {wanted} were asked for")));
        }
        match (length, is_zeros) {
            (0, true) => return Err(self.violation("no zeros at all")),
            (0, false) => {}
            (length, true) => self.skip(u64::from(length), sink)?,
            (length, false) => {
                self.tell(Step::Data(u64::from(length)))?;
                sink.copy(self.shared().as_fd(), 0, u64::from(length))?;
            }
        }
        Ok(length)
    }
}

pub(crate) struct FileSink<'a> {
    target: BorrowedFd<'a>,
    position: u64,
    /// The byte behind the last that was written.
    written: u64,
    method: Method,
}

impl<'a> FileSink<'a> {
    pub(crate) fn new(target: BorrowedFd<'a>, position: u64, method: Method) -> Self {
        Self { target, position, written: 0, method }
    }

    /// The way that the kernel took last.
    pub(crate) fn method(&self) -> Method {
        self.method
    }

    /// The byte behind the last one.
    pub(crate) fn finish(self) -> Result<u64> {
        // A hole at the end has moved the position only. Not done for nothing: ext4 writes out the file's data.
        if self.position != self.written {
            ftruncate(self.target, self.position).map_err(|errno| Error::os("writing", errno))?;
        }
        Ok(self.position)
    }

    /// Copies once, as much as the method gives; the next method when the kernel refuses this one.
    fn step(&mut self, source: BorrowedFd<'_>, offset: &mut u64, length: u64) -> Result<u64> {
        let count = usize::try_from(length.min(STRIDE)).unwrap_or(BUFFER);
        loop {
            let done = match self.method {
                Method::CopyFileRange => {
                    let mut to = self.position;
                    copy_file_range(source, Some(offset), self.target, Some(&mut to), count)
                }
                Method::SendFile => seek(self.target, SeekFrom::Start(self.position))
                    .and_then(|_| sendfile(self.target, source, Some(offset), count)),
                Method::ReadWrite => read_write(source, self.target, offset, self.position, count),
            };
            self.method = match (done, self.method) {
                (Ok(done), _) => return Ok(u64::try_from(done).unwrap_or(0)),
                (Err(Errno::INTR), method) => method,
                (Err(errno), Method::CopyFileRange) if is_refusal(errno) => Method::SendFile,
                (Err(errno), Method::SendFile) if is_refusal(errno) => Method::ReadWrite,
                (Err(errno), _) => return Err(Error::os("copying from the disk", errno)),
            };
        }
    }
}

impl Sink for FileSink<'_> {
    fn copy(&mut self, source: BorrowedFd<'_>, mut offset: u64, mut length: u64) -> Result<()> {
        while length > 0 {
            let from = offset;
            let done = self.step(source, &mut offset, length)?;
            if done == 0 {
                return Err(disk_ended(from));
            }
            length = length.saturating_sub(done);
            self.position = self.position.saturating_add(done);
            self.written = self.position;
        }
        Ok(())
    }

    fn hole(&mut self, length: u64) -> Result<()> {
        self.position = self.position.saturating_add(length);
        Ok(())
    }
}

/// Errors by which a kernel or a filesystem says "not this way", as opposed to "not at all".
fn is_refusal(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::XDEV
            | Errno::INVAL
            | Errno::NOSYS
            | Errno::OPNOTSUPP
            | Errno::PERM
            | Errno::BADF
            | Errno::TXTBSY
    )
}

fn read_write(
    source: BorrowedFd<'_>,
    target: BorrowedFd<'_>,
    offset: &mut u64,
    position: u64,
    count: usize,
) -> rustix::io::Result<usize> {
    let mut buffer = vec![0; count.min(BUFFER)];
    let read = rustix::io::pread(source, &mut buffer, *offset)?;
    let mut rest = buffer.get(..read).unwrap_or_default();
    let mut to = position;
    while !rest.is_empty() {
        let written = rustix::io::pwrite(target, rest, to)?;
        if written == 0 {
            return Err(Errno::NOSPC);
        }
        rest = rest.get(written..).unwrap_or_default();
        to = to.saturating_add(u64::try_from(written).unwrap_or(0));
    }
    *offset = offset.saturating_add(u64::try_from(read).unwrap_or(0));
    Ok(read)
}

pub(crate) struct StreamSink<'a> {
    target: &'a mut dyn Write,
    buffer: Vec<u8>,
}

impl<'a> StreamSink<'a> {
    pub(crate) fn new(target: &'a mut dyn Write) -> Self {
        Self { target, buffer: vec![0; BUFFER] }
    }
}

impl Sink for StreamSink<'_> {
    fn copy(&mut self, source: BorrowedFd<'_>, mut offset: u64, mut length: u64) -> Result<()> {
        while length > 0 {
            let count = usize::try_from(length).unwrap_or(BUFFER).min(self.buffer.len());
            let space = self.buffer.get_mut(..count).unwrap_or_default();
            let read = rustix::io::retry_on_intr(|| rustix::io::pread(source, &mut *space, offset))
                .map_err(|errno| Error::os("reading the disk", errno).at(Some(offset)))?;
            if read == 0 {
                return Err(disk_ended(offset));
            }
            write(self.target, space.get(..read).unwrap_or_default())?;
            let read = u64::try_from(read).unwrap_or(0);
            offset = offset.saturating_add(read);
            length = length.saturating_sub(read);
        }
        Ok(())
    }

    fn hole(&mut self, mut length: u64) -> Result<()> {
        self.buffer.fill(0);
        while length > 0 {
            let count = usize::try_from(length).unwrap_or(BUFFER).min(self.buffer.len());
            write(self.target, self.buffer.get(..count).unwrap_or_default())?;
            length = length.saturating_sub(u64::try_from(count).unwrap_or(0));
        }
        Ok(())
    }
}

fn write(target: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    target.write_all(bytes).map_err(|why| match Errno::from_io_error(&why) {
        Some(errno) => Error::os("writing", errno),
        None => Error::io("writing", why),
    })
}

pub(crate) fn disk_ended(offset: u64) -> Error {
    Error::new(ErrorKind::Io, "the disk ends here, before the file does").at(Some(offset))
}
