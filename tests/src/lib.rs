//! Acceptance tests across the crates.
