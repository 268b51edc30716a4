//! Read files out of untrusted guest disk images, through a jailed worker.
//!
//! A [`Session`] is one worker with one or more disks. It is asked what is on them; nothing of a guest's disk is
//! interpreted in this process, and everything the worker says is checked again: lengths, counts, offsets by
//! [`fsimage_protocol`], extents against the disk in [`copy`]. Guest text stays bytes until [`escape()`] makes it
//! fit for a terminal.
//!
//! ```
//! # let image = fsimage_demo::guest();
//! use fsimage::copy::Part;
//! use fsimage::{Disk, Options, Session};
//!
//! let mut session = Session::open(vec![Disk::open(&image)?], &Options::default())?;
//! let volume = session.default_volume()?;
//! let kernel = session.stat(volume, b"/vmlinuz", true)?;
//! let mut bytes = Vec::new();
//! session.copy_to_stream(&Part::whole(volume, &kernel), &mut bytes)?;
//! assert_eq!(bytes.len(), 1392);
//! # Ok::<(), fsimage::Error>(())
//! ```
//!
//! | to | |
//! |---|---|
//! | choose a volume | [`Session::default_volume`], [`Session::find_volume`], [`Session::table`] |
//! | look at files | [`Session::stat`], [`Session::read_dir`], [`Session::read_link`] |
//! | have their data | [`Session::copy_to_file`] (by the kernel, as fast as `cp`), [`Session::copy_to_stream`], [`Session::read_at`] |
//! | know what boots | [`Session::menu`], [`Session::menu_entry`] |
//! | set limits | [`Options`] |
//! | write files that appear whole or not at all | [`output`] |
//!
//! Every example here runs as a test, on the guest that ships in `images/`. A session is used by one thread at a time and
//! may move between threads; sessions do not know of each other. A worker that dies, says what cannot be or does not
//! answer in time is an [`Error`], and the next session works. A process that was forked cannot use its parent's
//! session. `docs/library.md` tells where worker and plugins lie, and of the same library in C.
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
pub use unpack::PackedKernel;
