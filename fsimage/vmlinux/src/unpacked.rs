//! The stream that comes out, within its limits.

use crate::compression::Compression;
use crate::container::{Container, Payload, TRAILER, locate};
use crate::kernel::{self, Kernel};
use crate::source::{File, Progress, Source};
use fsimage_sdk::{Error, ErrorKind, Result};
use std::io::{self, Read};
use std::rc::Rc;

/// What unpacking may not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that come out.
    pub max_bytes: u64,
    /// Bytes of a decoder's dictionary or window. Kernels are packed with up to 128 MiB (`zstd --ultra -22`, `xz`).
    pub max_window: u64,
}

/// A kernel being unpacked.
pub struct Unpacked {
    stream: Box<dyn Read>,
    progress: Rc<Progress>,
    payload: Payload,
    kernel: Kernel,
    limits: Limits,
    /// What the payload's last four bytes say.
    told: Option<u32>,
    /// The first bytes, which were looked at; those that have not been given away.
    head: Vec<u8>,
    given: u64,
}

impl Unpacked {
    /// Begins with the kernel's file, and looks at what comes out first.
    ///
    /// # Errors
    /// As [`locate`] and [`Unpacked::read`]; [`ErrorKind::Unsupported`] when what comes out is no kernel, or not one that
    /// such a file can hold; [`ErrorKind::Limit`] when the payload tells beforehand that it is too long.
    pub fn new(file: Rc<dyn File>, limits: Limits) -> Result<Self> {
        let payload = locate(file.as_ref())?;
        let (packed, told) = match (payload.container, payload.compression) {
            (Container::BzImage, Some(compression)) => {
                let packed = payload.length.saturating_sub(TRAILER);
                let mut bytes = [0; 4];
                file.read_exact_at(payload.start.saturating_add(packed), &mut bytes)?;
                // Those are the end of gzip's own format, too.
                let packed = if compression == Compression::Gzip { payload.length } else { packed };
                (packed, Some(u32::from_le_bytes(bytes)))
            }
            _ => (payload.length, None),
        };
        let source = Source::new(file, payload.start, packed);
        let progress = source.progress();
        let stream: Box<dyn Read> = match payload.compression {
            None => Box::new(source),
            Some(compression) => compression
                .unpack(source, limits.max_window)
                .map_err(|why| failed(&payload, &progress, 0, &limits, why))?,
        };
        // Replaced below, as soon as the stream can be read.
        let kernel = Kernel::Elf { bits: 0, machine: 0 };
        let mut unpacked =
            Self { stream, progress, payload, kernel, limits, told, head: Vec::new(), given: 0 };
        unpacked.check_limit(u64::from(told.unwrap_or(0)))?;
        unpacked.kernel = unpacked.look()?;
        Ok(unpacked)
    }

    fn look(&mut self) -> Result<Kernel> {
        let mut head = vec![0; kernel::HEAD];
        let count = self.fill(&mut head)?;
        head.truncate(count);
        let found = Kernel::of(&head);
        let kernel = found.filter(|kernel| self.payload.container != Container::BzImage || kernel.is_x86());
        let kernel = kernel.ok_or_else(|| {
            let begin = kernel::begin(&head);
            Error::unsupported(match found {
                Some(other) => {
                    format!("the bzImage's payload is a kernel for another machine: {}", other.name())
                }
                None => format!("what was unpacked is no kernel: it begins with {begin}"),
            })
        })?;
        self.head = head;
        Ok(kernel)
    }

    /// What is being unpacked.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// What comes out.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// How many bytes will come out, where that is known beforehand. It is the guest's word, or the file's own length.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self.payload.compression {
            None => Some(self.payload.length),
            Some(_) => self.told.map(u64::from),
        }
    }

    /// The bytes that follow; the count is short only at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the stream is broken or not as long as the payload tells, [`ErrorKind::Limit`], and what
    /// the file's own reader says. Nothing can be read after an error.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let from_head = self.head.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(self.head.drain(..from_head)) {
            *to = from;
        }
        let count = self.fill(buffer.get_mut(from_head..).unwrap_or_default())?.saturating_add(from_head);
        self.given = self.given.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        self.check_limit(self.given)?;
        if count < buffer.len() {
            self.check_length()?;
        }
        Ok(count)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut count = 0;
        while let Some(space) = buffer.get_mut(count..).filter(|space| !space.is_empty()) {
            match self.stream.read(space) {
                Ok(0) => break,
                Ok(more) => count = count.saturating_add(more),
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(failed(&self.payload, &self.progress, self.given, &self.limits, why)),
            }
        }
        Ok(count)
    }

    fn check_limit(&self, bytes: u64) -> Result<()> {
        let most = self.limits.max_bytes;
        if bytes > most {
            return Err(Error::limit(format!(
                "the unpacked kernel has {bytes} bytes or more and may have {most}"
            )));
        }
        Ok(())
    }

    /// The length that the payload tells is modulo 4 GiB.
    fn check_length(&self) -> Result<()> {
        match self.told {
            Some(told) if u64::from(told) != self.given & u64::from(u32::MAX) => Err(Error::corrupt(
                format!("{} bytes came out where the payload's last four bytes say {told}", self.given),
            )),
            _ => Ok(()),
        }
    }
}

/// A decoder's error; the file reader's own comes through it as it is.
fn failed(payload: &Payload, progress: &Progress, given: u64, limits: &Limits, why: io::Error) -> Error {
    if let Some(own) = progress.take_failure() {
        return own;
    }
    let name = payload.compression.map_or("plain", Compression::name);
    let (kind, why) = match why.kind() {
        io::ErrorKind::OutOfMemory => (
            ErrorKind::Limit,
            format!("{why}; at most {} bytes of window or dictionary are held", limits.max_window),
        ),
        io::ErrorKind::Unsupported => (ErrorKind::Unsupported, why.to_string()),
        io::ErrorKind::UnexpectedEof => (ErrorKind::Corrupt, "it ends too early".to_owned()),
        _ => (ErrorKind::Corrupt, why.to_string()),
    };
    Error::new(
        kind,
        format!(
            "the {name} payload at 0x{:x} of the file, read as far as 0x{:x}, {given} bytes having come out: {why}",
            payload.start,
            progress.position()
        ),
    )
}
