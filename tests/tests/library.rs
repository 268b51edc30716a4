//! The library without a front end: a worker that dies is one error, and no worker outlives its session.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use fsimage::copy::Part;
use fsimage::{Disk, ErrorKind, Options, Session};
use fsimage_tests::processes::Process;
use fsimage_tests::{Guest, poll_until};
use std::time::Duration;

fn open(guest: &Guest) -> Session {
    Session::open(vec![Disk::open(&guest.image).unwrap()], &Options::default()).unwrap()
}

fn read(session: &mut Session, path: &str) -> Vec<u8> {
    let file = session.stat(0, path.as_bytes(), true).unwrap();
    let mut bytes = Vec::new();
    session.copy_to_stream(&Part::whole(0, &file), &mut bytes).unwrap();
    bytes
}

fn is_gone(pid: u32) {
    let process = Process { pid: pid.try_into().unwrap() };
    poll_until("the end of a worker", Duration::from_secs(5), || process.program().is_none().then_some(()));
}

#[test]
fn an_idle_worker_that_is_killed_is_one_clear_error_and_then_gone() {
    let guest = Guest::demo();
    let mut session = open(&guest);
    let warden = Process { pid: session.worker_id().try_into().unwrap() };
    let inmate = warden.child().unwrap();
    assert!(inmate.signal(rustix::process::Signal::KILL));
    let error = session.stat(0, b"/vmlinuz", true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WorkerDied);
    assert!(error.to_string().contains("killed by signal 9 (SIGKILL)"), "{error}");
    // The session is over, but asking goes on to be safe.
    let error = session.stat(0, b"/vmlinuz", true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WorkerDied);
    is_gone(session.worker_id());
    // The next one works.
    assert!(!read(&mut open(&guest), &guest.ramdisk).is_empty());
}
