//! The only program that touches a guest's bytes, and only inside its jail.
//!
//! `docs/sandbox.md` describes the jail, `docs/protocol.md` what is said over the channel, `docs/plugin-abi.md` how
//! plugins are loaded.
#![deny(unsafe_code)]

#[allow(unsafe_code)]
pub mod registry;
mod sandbox;
mod server;
mod start;

pub use start::run;
