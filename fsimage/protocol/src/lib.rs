//! The messages between the trusted side and the jailed worker.
//!
//! One message is one packet of a `SOCK_SEQPACKET` socket pair, at most [`MAX_MESSAGE`] bytes: a number that tells
//! its variant, then its fields, little-endian. Every text and list carries its bound in its type ([`Bytes`],
//! [`List`]), and both sides enforce it: a sender cannot make a message that breaks a bound, a receiver refuses
//! one, and bytes left over behind the last field are refused too. `docs/protocol.md` tells who says what when.
//!
//! The rejected design: serde with a self-describing format. It would read into whatever the worker likes to
//! send; here the whole parser that faces a compromised worker is one screen of code.
#![forbid(unsafe_code)]

mod channel;
mod codec;
mod messages;
mod reports;

pub use channel::{Channel, ChannelError, Packet};
pub use codec::{Bytes, DecodeError, EncodeError, Hash, List, Reader, Wire, Writer};
pub use messages::*;
pub use reports::*;

/// The protocol's version; both sides are built together and must agree.
pub const PROTOCOL: u32 = 3;

/// Longest message in bytes.
pub const MAX_MESSAGE: usize = 64 << 10;

/// Most descriptors one message may carry.
pub const MAX_DESCRIPTORS: usize = 17;
