//! The guest that ships, for the examples in fsimage's documentation: they run as tests, on a real image, in a real jail.
// An example whose guest is not there has failed.
#![allow(clippy::expect_used)]

use flate2::read::GzDecoder;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The image of `images/demo.img.gz`, unpacked beside the running program, and the worker put there too: rustdoc runs
/// examples from a folder of its own, and a development build looks for its worker beside itself.
///
/// # Panics
/// The workspace has not been built, or there is no space.
#[must_use]
pub fn guest() -> PathBuf {
    let own = std::env::current_exe().expect("the path of the running program");
    let folder = own.parent().expect("the folder of the running program");
    let worker = Path::new(env!("FSIMAGE_DEMO_BUILT")).join("fsimage-worker");
    assert!(worker.is_file(), "{} is missing: cargo build --workspace", worker.display());
    match symlink(&worker, folder.join("fsimage-worker")) {
        // Another example was quicker.
        Err(why) if why.kind() == ErrorKind::AlreadyExists => {}
        made => made.expect("a link to the worker"),
    }
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/demo.img.gz");
    let mut packed = GzDecoder::new(File::open(packed).expect("the guest that ships"));
    // Examples run at once: each has an image of its own, and none sees half of one.
    let image = folder.join(format!("demo-{}-{:?}.img", std::process::id(), std::thread::current().id()));
    let mut unpacked = File::create(&image).expect("a file for the guest");
    std::io::copy(&mut packed, &mut unpacked).expect("the guest unpacked");
    image
}
