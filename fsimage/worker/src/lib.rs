//! The worker's parts, for its program and its tests.

pub mod registry;
