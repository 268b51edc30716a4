//! The registry with real shared objects: plugins compiled from C, and the evil one.
// A helper that fails is a test that fails; clippy.toml only knows that of the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

mod entries;
mod evil;
mod support;
mod toyfs;
mod trust;
