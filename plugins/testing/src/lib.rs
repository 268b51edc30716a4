//! What the tests of every filesystem plugin have in common: images as volumes, foreign tools, a filesystem walked
//! whole, listings to hold against other implementations', damage by the thousand.
//!
//! Nothing here is part of the product. A test that fails panics, so does all of this.
#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test that panics fails, as it should"
)]

mod hostile;
mod listing;
mod mutation;
mod noise;
mod read;
mod tool;
mod volume;
mod walk;

pub use hostile::ask_everything;
pub use listing::{Item, Listing, assert_same, host_listing, listing, manifest};
pub use mutation::{Mutations, rounds};
pub use noise::{Random, noise, write_sparse};
pub use read::{assert_extents, extents, read, read_extents};
#[doc(hidden)]
pub use tempfile;
pub use tool::{Outcome, need, run, unzstd};
pub use volume::{Image, Patched};
pub use walk::{Paths, find, list, walk};

/// An empty folder below the calling test's `CARGO_TARGET_TMPDIR`, removed when it is dropped.
#[macro_export]
macro_rules! work_folder {
    () => {
        $crate::tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a work folder")
    };
}
