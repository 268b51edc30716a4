//! The front end: what the binaries `pygrub-rs` and `fsimage` are made of.
//!
//! All of this is the trusted side: it never looks at a byte of a guest's disk. It asks a [`fsimage::Session`],
//! and what comes back is guest text that only [`fsimage::escape`] makes fit for a terminal and only
//! [`format`](mod@format) makes fit for a domain builder.
#![forbid(unsafe_code)]

mod boot;
pub mod console;
pub mod exit;
pub mod extractor;
pub mod format;
pub mod machine;
mod menu;
mod newc;
pub mod pygrub;
mod signals;
pub use fsimage::units;
pub mod worker_options;
