//! What a worker that is taken over may send, and what becomes of it.

use fsimage_protocol::{
    Bytes, Channel, ChannelError, DecodeError, EncodeError, Extent, ExtentKind, List, MAX_MESSAGE, Reply,
    Request, Wire,
};
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[test]
fn a_text_beyond_its_bound_is_neither_sent_nor_taken() {
    let long = Bytes::<4>(vec![b'x'; 5]);
    assert_eq!(long.encode(), Err(EncodeError::TooLong { length: 5, limit: 4 }));
    let sent = Bytes::<8>(vec![b'x'; 5]).encode().unwrap();
    assert_eq!(Bytes::<4>::decode(&sent), Err(DecodeError::TooLong { length: 5, limit: 4 }));
}

#[test]
fn a_count_that_lies_takes_no_memory() {
    // Reply::Extents with a count of 1024 and nothing behind it, then with the largest count there is.
    assert_eq!(Reply::decode(&[8, 0, 4, 0, 0]), Err(DecodeError::Truncated));
    let refused = Err(DecodeError::TooLong { length: 0xffff_ffff, limit: 1024 });
    assert_eq!(Reply::decode(&[8, 255, 255, 255, 255]), refused);
}

#[test]
fn bytes_behind_the_last_field_are_refused() {
    let mut message = Reply::NotPlain {}.encode().unwrap();
    message.push(0);
    assert_eq!(Reply::decode(&message), Err(DecodeError::Trailing { count: 1 }));
}

#[test]
fn unknown_variants_are_refused_by_name() {
    assert_eq!(Reply::decode(&[200]), Err(DecodeError::Variant { name: "Reply", number: 200 }));
    assert_eq!(Request::decode(&[0]), Err(DecodeError::Variant { name: "Request", number: 0 }));
    assert_eq!(Reply::decode(&[5, 2]).unwrap_err(), DecodeError::Truncated);
}

#[test]
fn every_length_of_a_message_but_the_whole_is_refused() {
    let extents =
        (0..10).map(|n| Extent { logical: n, length: 1, kind: ExtentKind::Data { disk: 0, physical: n } });
    let message = Reply::Extents { extents: List::cut(extents), done: true }.encode().unwrap();
    for length in 0..message.len() {
        assert!(Reply::decode(&message[..length]).is_err(), "{length} of {}", message.len());
    }
    Reply::decode(&message).unwrap();
}

#[test]
fn the_largest_legal_replies_fit_one_message() {
    let extent =
        Extent { logical: u64::MAX, length: u64::MAX, kind: ExtentKind::Data { disk: 0, physical: 0 } };
    let extents = Reply::Extents { extents: List::cut(std::iter::repeat_n(extent, 1024)), done: false };
    assert!(extents.encode().unwrap().len() < MAX_MESSAGE);
}

#[test]
fn silence_ends_at_the_deadline_and_a_close_at_once() {
    let (mut ours, theirs) = Channel::pair().unwrap();
    let soon = Instant::now().checked_add(Duration::from_millis(20));
    assert!(matches!(ours.receive::<Reply>(soon), Err(ChannelError::Deadline)));
    drop(theirs);
    let late = Instant::now().checked_add(Duration::from_secs(600));
    assert!(matches!(ours.receive::<Reply>(late), Err(ChannelError::Closed)));
}

#[test]
fn an_empty_packet_is_malformed_and_not_the_end() {
    let (mut ours, theirs) = Channel::pair().unwrap();
    rustix::net::send(&theirs, &[], rustix::net::SendFlags::empty()).unwrap();
    assert!(matches!(ours.receive::<Reply>(None), Err(ChannelError::Malformed(DecodeError::Truncated))));
    drop(theirs);
    assert!(matches!(ours.receive::<Reply>(None), Err(ChannelError::Closed)));
}

#[test]
fn an_oversized_packet_is_refused() {
    let (mut ours, theirs) = Channel::pair().unwrap();
    rustix::net::send(&theirs, &vec![0; MAX_MESSAGE.saturating_add(1)], rustix::net::SendFlags::empty())
        .unwrap();
    assert!(matches!(ours.receive::<Reply>(None), Err(ChannelError::Oversized)));
}

#[test]
fn descriptors_in_a_reply_reach_nobody() {
    let (mut ours, theirs) = Channel::pair().unwrap();
    let (mut other_end, stray) = Channel::pair().unwrap();
    let theirs = Channel::new(theirs);
    theirs.send_with(&Reply::NotPlain {}, &[std::os::fd::AsFd::as_fd(&stray)]).unwrap();
    drop(stray);
    assert_eq!(ours.receive::<Reply>(None).unwrap(), Reply::NotPlain {});
    // Nobody holds the descriptor any more, so its other end is closed.
    let soon = Instant::now().checked_add(Duration::from_secs(60));
    assert!(matches!(other_end.receive::<Reply>(soon), Err(ChannelError::Closed)));
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Reply::decode(&bytes);
        let _ = Request::decode(&bytes);
    }

    #[test]
    fn what_decodes_encodes_to_the_same_bytes(number in 1_u8..15, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let message: Vec<u8> = std::iter::once(number).chain(bytes).collect();
        if let Ok(reply) = Reply::decode(&message) {
            prop_assert_eq!(reply.encode().unwrap(), message);
        }
    }
}

#[test]
fn a_sentence_that_is_cut_says_so() {
    assert_eq!(Bytes::<8>::sentence("12345678").0, b"12345678");
    assert_eq!(Bytes::<8>::sentence("123456789").0, b"12345...");
    // Never within a character.
    assert_eq!(Bytes::<8>::sentence("1234\u{f6}6789").0, b"1234...");
}
