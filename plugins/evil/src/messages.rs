//! Packets to the trusted side behind the worker's back: what a worker could send that a plugin has taken over.
#![allow(unsafe_code)]

use crate::calls::call;
use crate::crashes;
use fsimage_protocol::{Bytes, Extent, ExtentKind, List, MAX_MESSAGE, Reply, Wire};

/// The channel.
const CHANNEL: libc::c_int = 0;

fn send(bytes: &[u8]) {
    let nothing = core::ptr::null::<u8>();
    // Refused or not, it is the receiver that is tested.
    let _ = call!(SYS_sendto, CHANNEL, bytes.as_ptr(), bytes.len(), libc::MSG_NOSIGNAL, nothing, 0);
}

/// The next request; no bytes of it when the other side has gone.
pub(crate) fn receive(buffer: &mut [u8]) -> usize {
    let nothing = core::ptr::null_mut::<u8>();
    let received = call!(SYS_recvfrom, CHANNEL, buffer.as_mut_ptr(), buffer.len(), 0, nothing, nothing);
    received.ok().and_then(|length| usize::try_from(length).ok()).unwrap_or(0)
}

pub(crate) fn send_reply(reply: &Reply) {
    if let Ok(bytes) = reply.encode() {
        send(&bytes);
    }
}

pub(crate) fn garbage() {
    send(&[0xff; 1000]);
}

pub(crate) fn short() {
    let reply = Reply::Statistics { reads: 1, bytes: 1 };
    if let Some(begin) = reply.encode().ok().as_deref().and_then(|bytes| bytes.get(..5)) {
        send(begin);
    }
    crashes::exit();
}

pub(crate) fn empty() {
    send(&[]);
}

pub(crate) fn oversized() {
    send(&vec![1; MAX_MESSAGE.saturating_add(1)]);
}

pub(crate) fn wrong() {
    send_reply(&Reply::Statistics { reads: u64::MAX, bytes: u64::MAX });
}

pub(crate) fn lying_count() {
    // Reply::Volume, which is what is waited for while a filesystem is opened; it begins with a text's length.
    send(&[4, 0xff, 0xff, 0xff, 0xff]);
}

/// Extents that no worker in its right mind sends.
pub(crate) fn forge_extents(name: &str) {
    let data = |logical, length, disk, physical| Extent {
        logical,
        length,
        kind: ExtentKind::Data { disk, physical },
    };
    let extents = match name {
        "forge-extent-past-disk" => vec![data(0, 8192, 0, 1 << 60)],
        "forge-extent-overlap" => vec![data(0, 4096, 0, 0), data(2048, 6144, 0, 0)],
        "forge-extent-wrap" => vec![data(0, u64::MAX, 0, 4096)],
        "forge-extent-disk" => vec![data(0, 8192, 99, 0)],
        _ => return,
    };
    send_reply(&Reply::Extents { extents: List(extents), done: true });
}

/// An unpacked kernel that no worker in its right mind sends.
pub(crate) fn forge_unpacking(name: &str) {
    let unpacking = || Reply::Unpacking {
        container: Bytes::cut(b"bzImage"),
        compression: None,
        kernel: Bytes::cut(b"ELF \x1b]0;owned\x07"),
        size: Some(u64::MAX),
    };
    match name {
        "forge-unpack-other" => send_reply(&Reply::NotPlain {}),
        "forge-unpack-length" => {
            send_reply(&unpacking());
            send_reply(&Reply::Data { length: u32::MAX });
        }
        "forge-unpack-zeros" => {
            send_reply(&unpacking());
            send_reply(&Reply::Zeros { length: 0 });
        }
        "forge-unpack-endless" => {
            send_reply(&unpacking());
            loop {
                send_reply(&Reply::Data { length: 64 << 10 });
            }
        }
        _ => {}
    }
}
