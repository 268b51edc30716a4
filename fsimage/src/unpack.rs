//! Kernels out of the file that they are packed in: the worker unpacks, the kernel copies what comes out.

use crate::copy::{FileSink, Part, Sink, StreamSink};
use crate::session::SHARED_DATA;
use crate::{Error, ErrorKind, Result, Session, escape};
use fsimage_protocol::{Reply, Request, Section};
use rustix::fd::BorrowedFd;
use std::io::Write;

/// A packed kernel. What is told of it is the worker's word, escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedKernel {
    /// What it lies in: `bzImage`, `EFI zboot`, or `file`.
    pub container: String,
    /// How it is packed: `gzip`, `xz`, `lzma`, `bzip2`, `lzo`, `lz4`, `zstd`; none when it is not.
    pub compression: Option<String>,
    /// What comes out: `ELF 64-bit x86-64`.
    pub kernel: String,
    /// How many bytes come out, where the guest says so. Only the count of those that did is to be relied on.
    pub size: Option<u64>,
    max_bytes: u64,
}

impl Session {
    /// What a packed kernel is; nothing is unpacked but its first bytes. More than `max_bytes` may not come out. The worker
    /// holds one at a time: this one takes the place of any before.
    ///
    /// The part is all of a file or a range of it. Known are x86's bzImage, EFI zboot, a packed file by itself, and a plain
    /// ELF file or `Image`, which comes out as it is.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// use fsimage::copy::Part;
    ///
    /// let kernel = session.stat(0, b"/vmlinuz", true)?;
    /// match session.packed_kernel(&Part::whole(0, &kernel), 1 << 30) {
    ///     Ok(packed) => {
    ///         let mut unpacked = Vec::new();
    ///         session.unpack_to_stream(&packed, &mut unpacked)?;
    ///     }
    ///     // This guest's kernel is of a kind that only a loader unpacks.
    ///     Err(why) => assert_eq!(why.kind(), fsimage::ErrorKind::Unsupported),
    /// }
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when it is no kernel that is known, [`ErrorKind::Corrupt`] when it is broken,
    /// [`ErrorKind::Limit`].
    pub fn packed_kernel(&mut self, part: &Part<'_>, max_bytes: u64) -> Result<PackedKernel> {
        let section = (part.length != part.file.metadata.size)
            .then_some(Section { offset: part.start, length: part.length });
        let request = Request::Unpack { volume: part.volume, node: part.file.node, section, max_bytes };
        match self.ask(&request)? {
            Reply::Unpacking { container, compression, kernel, size } => Ok(PackedKernel {
                container: escape(&container.0),
                compression: compression.map(|name| escape(&name.0)),
                kernel: escape(&kernel.0),
                size,
                max_bytes,
            }),
            _ => Err(self.violation("another answer to Unpack")),
        }
    }

    /// Unpacks a kernel into an empty file, from its first byte on; zeros become holes. Returns how many bytes came out.
    ///
    /// # Errors
    /// As [`Session::packed_kernel`]; [`ErrorKind::Io`] when the target cannot take it.
    pub fn unpack_to_file(&mut self, kernel: &PackedKernel, target: BorrowedFd<'_>) -> Result<u64> {
        let mut sink = FileSink::new(target, 0, self.method.get());
        self.unpack(kernel.max_bytes, &mut sink)?;
        self.method.set(sink.method());
        sink.finish()
    }

    /// Unpacks a kernel to a stream. Returns how many bytes came out.
    ///
    /// # Errors
    /// As [`Session::unpack_to_file`].
    pub fn unpack_to_stream(&mut self, kernel: &PackedKernel, target: &mut dyn Write) -> Result<u64> {
        self.unpack(kernel.max_bytes, &mut StreamSink::new(target))
    }

    fn unpack(&mut self, max_bytes: u64, sink: &mut dyn Sink) -> Result<u64> {
        let mut size: u64 = 0;
        loop {
            let request = Request::UnpackNext { length: SHARED_DATA };
            let length = self.copy_answer(&request, SHARED_DATA, sink)?;
            size = size.saturating_add(u64::from(length));
            // It is the worker's to refuse that; here it is noticed when it does not.
            if size > max_bytes {
                return Err(self.violation(&format!("more than the {max_bytes} bytes that may be unpacked")));
            }
            if length == 0 {
                break;
            }
        }
        match size {
            0 => Err(Error::new(ErrorKind::Corrupt, "nothing was unpacked")),
            size => Ok(size),
        }
    }
}
