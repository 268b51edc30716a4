//! A caller with many threads: each opens disks of its own, while others allocate and lock all the time.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::unwrap_used)]

use fsimage::copy::Part;
use fsimage::{Disk, Options, Session};
use fsimage_tests::Guest;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Threads that open disks at once.
const CALLERS: usize = 8;
/// Disks that each of them opens, one after the other.
const DISKS: usize = 12;

#[test]
fn workers_start_from_any_thread_of_a_busy_process() {
    let guest = Arc::new(Guest::demo());
    let stop = Arc::new(AtomicBool::new(false));
    // A fork of one of these, at the wrong moment, would inherit a lock that nobody in the child ever releases.
    let busy: Vec<_> = (0..2)
        .map(|_| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    drop(std::hint::black_box(vec![0_u8; 100_000]));
                }
            })
        })
        .collect();
    let answers = Arc::new(Mutex::new(BTreeSet::new()));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (guest, answers) = (Arc::clone(&guest), Arc::clone(&answers));
            thread::spawn(move || {
                for _ in 0..DISKS {
                    let disk = Disk::open(&guest.image).unwrap();
                    let mut session = Session::open(vec![disk], &Options::default()).unwrap();
                    let link = session.stat(0, b"/vmlinuz", true).unwrap();
                    let mut bytes = Vec::new();
                    session.copy_to_stream(&Part::whole(0, &link), &mut bytes).unwrap();
                    answers.lock().unwrap().insert(bytes);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.join().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for thread in busy {
        thread.join().unwrap();
    }
    assert_eq!(answers.lock().unwrap().len(), 1, "every thread read the same kernel");
}

#[test]
fn a_session_moves_between_threads() {
    let guest = Guest::demo();
    let disk = Disk::open(&guest.image).unwrap();
    // The thread that started the worker ends; the worker does not.
    let opened = thread::spawn(move || Session::open(vec![disk], &Options::default()).unwrap());
    let mut session = opened.join().unwrap();
    assert_eq!(session.table().unwrap().volumes.len(), 1);
}
