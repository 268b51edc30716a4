//! One end of the socket pair.

use crate::codec::{DecodeError, EncodeError, Wire};
use crate::{MAX_DESCRIPTORS, MAX_MESSAGE};
use core::fmt;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, IoSlice, IoSliceMut};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recv, recvmsg, send, sendmsg, socketpair,
};
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

/// Why nothing came, or could be sent.
#[derive(Debug)]
pub enum ChannelError {
    /// The other side is gone.
    Closed,
    /// It said nothing in time.
    Deadline,
    /// It sent more than one message may have, or descriptors where none belong.
    Oversized,
    /// What it sent is no message.
    Malformed(DecodeError),
    /// What was to be sent breaks a bound.
    Unsendable(EncodeError),
    /// The system call failed.
    System(Errno),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the other side is gone"),
            Self::Deadline => f.write_str("no answer in time"),
            Self::Oversized => f.write_str("an oversized message"),
            Self::Malformed(why) => write!(f, "a malformed message: {why}"),
            Self::Unsendable(why) => write!(f, "a message that cannot be sent: {why}"),
            Self::System(errno) => write!(f, "{errno}"),
        }
    }
}

impl From<Errno> for ChannelError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::PIPE | Errno::CONNRESET => Self::Closed,
            other => Self::System(other),
        }
    }
}

/// A message and the descriptors that came with it.
#[derive(Debug)]
pub struct Packet<T> {
    /// The message.
    pub message: T,
    /// Close-on-exec descriptors, in the sender's order.
    pub descriptors: Vec<OwnedFd>,
}

/// One end of the socket pair, with its receive buffer.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl Channel {
    /// A connected pair, close-on-exec.
    ///
    /// # Errors
    /// When the host has no descriptors left.
    pub fn pair() -> Result<(Self, OwnedFd), ChannelError> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self::new(ours), theirs))
    }

    /// The end that a socket is.
    #[must_use]
    pub fn new(socket: OwnedFd) -> Self {
        Self { socket, buffer: vec![0; MAX_MESSAGE] }
    }

    /// The socket.
    #[must_use]
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn send(&self, message: &impl Wire) -> Result<(), ChannelError> {
        let bytes = message.encode().map_err(ChannelError::Unsendable)?;
        rustix::io::retry_on_intr(|| send(&self.socket, &bytes, SendFlags::NOSIGNAL))?;
        Ok(())
    }

    /// Sends one message with descriptors.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn send_with(&self, message: &impl Wire, descriptors: &[BorrowedFd<'_>]) -> Result<(), ChannelError> {
        let bytes = message.encode().map_err(ChannelError::Unsendable)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(ChannelError::Oversized);
        }
        rustix::io::retry_on_intr(|| {
            sendmsg(&self.socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL)
        })?;
        Ok(())
    }

    /// Receives one message, waiting at most until `deadline`.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn receive<T: Wire>(&mut self, deadline: Option<Instant>) -> Result<T, ChannelError> {
        self.wait(deadline)?;
        let (length, actual) =
            rustix::io::retry_on_intr(|| recv(&self.socket, &mut self.buffer[..], RecvFlags::TRUNC))?;
        if actual > length {
            return Err(ChannelError::Oversized);
        }
        self.decode(length)
    }

    /// Receives one message, or none when the other side is gone, however long that takes.
    ///
    /// An empty packet counts as the end: to tell them apart takes a call that the worker's filter does not allow, and
    /// the trusted side sends none.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn receive_or_end<T: Wire>(&mut self) -> Result<Option<T>, ChannelError> {
        let received =
            rustix::io::retry_on_intr(|| recv(&self.socket, &mut self.buffer[..], RecvFlags::TRUNC));
        match received {
            Ok((_, 0)) | Err(Errno::PIPE | Errno::CONNRESET) => Ok(None),
            Ok((length, actual)) if actual > length => Err(ChannelError::Oversized),
            Ok((length, _)) => self.decode(length).map(Some),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Receives one message that may carry descriptors.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn receive_with<T: Wire>(&mut self) -> Result<Packet<T>, ChannelError> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = rustix::io::retry_on_intr(|| {
            recvmsg(
                &self.socket,
                &mut [IoSliceMut::new(&mut self.buffer)],
                &mut control,
                RecvFlags::CMSG_CLOEXEC,
            )
        })?;
        let descriptors = control
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .collect();
        if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
            return Err(ChannelError::Oversized);
        }
        Ok(Packet { message: self.decode(received.bytes)?, descriptors })
    }

    fn decode<T: Wire>(&self, length: usize) -> Result<T, ChannelError> {
        // An empty packet and the end of the stream read alike; no message of ours is empty.
        if length == 0 {
            return Err(if self.is_closed() {
                ChannelError::Closed
            } else {
                ChannelError::Malformed(DecodeError::Truncated)
            });
        }
        let bytes = self.buffer.get(..length).ok_or(ChannelError::Oversized)?;
        T::decode(bytes).map_err(ChannelError::Malformed)
    }

    fn is_closed(&self) -> bool {
        let mut polled = [PollFd::new(&self.socket, PollFlags::RDHUP)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        rustix::io::retry_on_intr(|| poll(&mut polled, Some(&now))).is_ok_and(|ready| ready > 0)
    }

    fn wait(&self, deadline: Option<Instant>) -> Result<(), ChannelError> {
        let Some(deadline) = deadline else { return Ok(()) };
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut polled = [PollFd::new(&self.socket, PollFlags::IN)];
            match poll(&mut polled, Some(&timespec(left))) {
                Ok(0) if left.is_zero() => return Err(ChannelError::Deadline),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
