//! Standard output, on which a reader that has gone is no failure.

use crate::exit::{Failure, Result};
use rustix::termios::isatty;
use serde::Serialize;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

/// Buffered standard output that remembers why it broke.
#[derive(Debug)]
pub(super) struct Output {
    stream: BufWriter<StdoutLock<'static>>,
    /// A person reads it: line by line, in order with what goes to standard error.
    is_terminal: bool,
    broken: Option<io::Error>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { stream: BufWriter::new(io::stdout().lock()), is_terminal: isatty(io::stdout()), broken: None }
    }

    /// A line.
    pub(super) fn line(&mut self, text: &str) -> Result<()> {
        let written = self.write_all(text.as_bytes()).and_then(|()| self.write_all(b"\n"));
        written.map_err(|why| self.failure(&why))?;
        if self.is_terminal { self.flush_now() } else { Ok(()) }
    }

    /// Bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.write_all(bytes);
        written.map_err(|why| self.failure(&why))
    }

    /// An object on a line of its own.
    pub(super) fn json(&mut self, object: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(object).map_err(|why| Failure::Failed(why.to_string()))?;
        self.line(&text)
    }

    /// Writes out what is buffered.
    pub(super) fn flush_now(&mut self) -> Result<()> {
        let flushed = self.stream.flush();
        flushed.map_err(|why| self.failure(&why))
    }

    /// The same, for the last time.
    pub(super) fn finish(mut self) -> Result<()> {
        self.flush_now()
    }

    /// What an error of the library means, given what happened here meanwhile.
    pub(super) fn explain(&mut self, error: fsimage::Error) -> Failure {
        match self.broken.take() {
            Some(why) => self.failure(&why),
            None => error.into(),
        }
    }

    fn failure(&self, why: &io::Error) -> Failure {
        match why.kind() {
            ErrorKind::BrokenPipe => Failure::NobodyReads,
            // No other file would fare better.
            _ => Failure::Stopped(format!("standard output: {why}")),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes).inspect_err(|why| {
            let again = why.raw_os_error().map(io::Error::from_raw_os_error);
            self.broken = Some(again.unwrap_or_else(|| io::Error::from(why.kind())));
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
