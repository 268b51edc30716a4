//! What a person at a menu wants to know of the worker.

use crate::{Error, ErrorKind, Result, Session};
use fsimage_protocol::{Bytes, CommandEnd, EntryReport, List, MAX_LINE, MAX_LINES, Reply, Request};

/// What a command line said.
#[derive(Debug, Clone)]
pub struct Printed {
    /// Guest text.
    pub output: Vec<u8>,
    /// What comes next.
    pub end: CommandEnd,
}

/// How a line might go on.
#[derive(Debug, Clone)]
pub struct Completions {
    /// So many bytes at the line's end are replaced; never more than it has.
    pub replaces: usize,
    /// By this.
    pub common: Vec<u8>,
    /// What it might be.
    pub candidates: Vec<Vec<u8>>,
}

impl Session {
    /// An entry's commands as text; none where only its arguments can be edited.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// session.menu(None)?;
    /// let commands = session.entry_source(0)?.expect("GRUB's entries can be edited");
    /// assert!(commands.windows(5).any(|word| word == b"linux"));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no such entry, or its commands are too long to be edited.
    pub fn entry_source(&mut self, index: u32) -> Result<Option<Vec<u8>>> {
        match self.ask(&Request::EntrySource { index })? {
            Reply::EntrySource { text } => Ok(text.map(|text| text.0)),
            _ => Err(self.violation("another answer to EntrySource")),
        }
    }

    /// What an entry of the menu found last would boot with other commands.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// session.menu(None)?;
    /// let entry = session.evaluate(0, b"linux /vmlinuz single\n")?;
    /// assert_eq!(entry.arguments.0, b"single");
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// The commands make no entry, or are too long.
    pub fn evaluate(&mut self, index: u32, commands: &[u8]) -> Result<EntryReport> {
        match self.ask(&Request::Evaluate { index, commands: Bytes(commands.to_vec()) })? {
            Reply::MenuEntry { entry } => Ok(entry),
            _ => Err(self.violation("another answer to Evaluate")),
        }
    }

    /// Carries out lines as at the loader's prompt, from the first on, and tells what the last one printed.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// session.menu(None)?;
    /// let printed = session.command_line(&[b"set greeting=hello".to_vec(), b"echo $greeting".to_vec()])?;
    /// assert_eq!(printed.output, b"hello\n");
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// There are too many lines, or one is too long.
    pub fn command_line(&mut self, lines: &[Vec<u8>]) -> Result<Printed> {
        match self.ask(&Request::CommandLine { lines: bounded(lines)? })? {
            Reply::Printed { output, end } => Ok(Printed { output: output.0, end }),
            _ => Err(self.violation("another answer to CommandLine")),
        }
    }

    /// How a line might go on behind the lines before it.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// # let disk = fsimage::Disk::open(&image)?;
    /// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
    /// session.menu(None)?;
    /// let completions = session.complete(&[], b"linux /vml")?;
    /// assert_eq!((completions.replaces, completions.common.as_slice()), (3, &b"vmlinuz "[..]));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Session::command_line`].
    pub fn complete(&mut self, lines: &[Vec<u8>], line: &[u8]) -> Result<Completions> {
        match self.ask(&Request::Complete { lines: bounded(lines)?, line: Bytes(line.to_vec()) })? {
            Reply::Completions { replaces, common, candidates } => {
                let replaces = usize::try_from(replaces).unwrap_or(usize::MAX);
                if replaces > line.len() {
                    return Err(self.violation("a completion of more than was typed"));
                }
                let candidates = candidates.0.into_iter().map(|candidate| candidate.0).collect();
                Ok(Completions { replaces, common: common.0, candidates })
            }
            _ => Err(self.violation("another answer to Complete")),
        }
    }
}

fn bounded(lines: &[Vec<u8>]) -> Result<List<Bytes<MAX_LINE>, MAX_LINES>> {
    if lines.len() > MAX_LINES {
        let why = format!("more than {MAX_LINES} lines were typed; leave the command line to begin anew");
        return Err(Error::new(ErrorKind::InvalidArgument, why));
    }
    Ok(List(lines.iter().map(|line| Bytes(line.clone())).collect()))
}
