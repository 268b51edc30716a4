//! Read files out of untrusted guest disk images, through a jailed worker.
//!
//! A [`Session`] is one worker with one or more disks. It is asked what is on them; nothing of a guest's disk is
//! interpreted in this process, and everything the worker says is checked again: lengths, counts, offsets by
//! [`fsimage_protocol`], extents against the disk in [`copy`]. Guest text stays bytes until [`escape`] makes it
//! fit for a terminal.
//!
//! ```no_run
//! # fn main() -> Result<(), fsimage::Error> {
//! let disk = fsimage::Disk::open("guest.img".as_ref())?;
//! let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
//! let file = session.stat(0, b"/boot/vmlinuz", true)?;
//! session.copy_to_stream(&fsimage::copy::Part::whole(0, &file), &mut std::io::stdout())?;
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

mod calls;
pub mod copy;
mod disk;
mod error;
mod escape;
mod extents;
mod files;
mod interact;
mod locate;
mod options;
pub mod output;
mod process;
mod read;
mod session;
pub mod units;
mod unpack;
mod volumes;

pub use disk::Disk;
pub use error::{Error, Result};
pub use escape::{Piece, escape, escape_message, hexadecimal, pieces};
pub use files::{Node, Page};
pub use fsimage_abi::{ErrorKind, FileType};
pub use fsimage_protocol as protocol;
pub use interact::{Completions, Printed};
pub use locate::worker_program;
pub use options::{DEFAULT_UID, Options, parse_mount_option};
pub use read::Reader;
pub use session::{MenuSearch, Session, Statistics, Table, WorkerReport};
pub use unpack::Unpacked;
