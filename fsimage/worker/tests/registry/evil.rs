//! Every lie of the evil plugin is noticed, and its calls do succeed where there is no jail.

use crate::support::{error_of, evil_registry, open, volume};
use fsimage_sdk::path::{LastLink, resolve};
use fsimage_sdk::{DirCursor, FileSystem, Limits, NodeId, Result};
use fsimage_worker::registry::Registry;
use std::ops::ControlFlow;

fn open_evil(registry: &Registry, misdeed: &str) -> Result<Box<dyn FileSystem>> {
    let disk = volume(format!("FSIMAGE-EVIL:{misdeed}\n{}", " ".repeat(8192)).as_bytes());
    open(&*registry.find("evil").unwrap().format, &disk)
}

fn node(fs: &dyn FileSystem, path: &str) -> NodeId {
    resolve(fs, path.as_bytes(), LastLink::Keep, &Limits::default()).unwrap().0
}

fn list(fs: &dyn FileSystem) -> Result<u64> {
    let mut count = 0_u64;
    fs.read_dir(fs.root()?, DirCursor(0), &mut |_| {
        count = count.saturating_add(1);
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

fn locate(fs: &dyn FileSystem) -> Result<()> {
    fs.extents(node(fs, "/boot/vmlinuz"), 0, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn its_guest_is_served_when_it_does_nothing_wrong() {
    let (registry, _directory) = evil_registry();
    let fs = open_evil(&registry, "none").unwrap();
    assert_eq!(list(&*fs).unwrap(), 3);
    let mut buffer = [0; 9000];
    assert_eq!(fs.read_at(node(&*fs, "/boot/vmlinuz"), 0, &mut buffer).unwrap(), 8192);
    assert_eq!(fs.read_link(node(&*fs, "/link")).unwrap(), b"boot/vmlinuz");
    assert_eq!(fs.info().unwrap().label, b"EVIL");
    assert_eq!(error_of(locate(&*fs)), "unsupported: this format has no extents");
}

#[test]
fn lying_listings_are_faults() {
    let (registry, _directory) = evil_registry();
    let cases = [
        ("endless-directory", "limit reached: more than max_directory_entries=1000000"),
        ("stuck-cursor", "plugin fault: plugin evil, read_dir: cursor 1 after 1"),
        ("lying-name-length", "plugin fault: plugin evil, read_dir: a name of 4294967295 bytes (1 to 1024)"),
        ("path-as-name", "plugin fault: plugin evil, read_dir: \"../../etc/passwd\" is not a file's name"),
        ("nul-in-name", "plugin fault: plugin evil, read_dir: \"grub.cfg\\x00.txt\" is not a file's name"),
    ];
    for (misdeed, error) in cases {
        assert_eq!(error_of(list(&*open_evil(&registry, misdeed).unwrap())), error, "{misdeed}");
    }
}

#[test]
fn lying_extents_are_faults() {
    let (registry, _directory) = evil_registry();
    let cases = [
        ("extent-past-disk", "8192 bytes beyond the volume's 8222 bytes (at 0x1000000000000000)"),
        ("extent-overlap", "a range at 8, wanted at 16"),
        ("extent-gap", "a range at 32, wanted at 16"),
        ("extent-wrap", "18446744073709551615 bytes at 16"),
        ("extent-wrap-physical", "8192 bytes beyond the volume's 8226 bytes (at 0xffffffffffffffff)"),
        ("extent-volume", "volume 7 of 1"),
        ("extent-empty", "0 bytes at 0"),
    ];
    for (misdeed, error) in cases {
        let error = format!("plugin fault: plugin evil, extents: {error}");
        assert_eq!(error_of(locate(&*open_evil(&registry, misdeed).unwrap())), error, "{misdeed}");
    }
}

#[test]
fn other_lies_are_faults() {
    let (registry, _directory) = evil_registry();
    let kernel = |misdeed: &str| {
        let fs = open_evil(&registry, misdeed).unwrap();
        let boot = node(&*fs, "/boot");
        let kernel = fs.lookup(boot, b"vmlinuz").unwrap();
        (fs, kernel)
    };
    let metadata = [
        ("lying-mode", "mode 0o100644 holds more than permissions"),
        ("unknown-code", "unknown error code 4711"),
        ("host-code", "error code 18 (jail not built) is the host's own"),
        ("lying-message-length", "an error message of 4294967295 bytes"),
    ];
    for (misdeed, error) in metadata {
        let (fs, kernel) = kernel(misdeed);
        let error = format!("plugin fault: plugin evil, metadata: {error}");
        assert_eq!(error_of(fs.metadata(kernel)), error, "{misdeed}");
    }
    let (fs, kernel) = kernel("lying-lengths");
    let error = error_of(fs.read_at(kernel, 0, &mut [0; 100]));
    assert_eq!(error, "plugin fault: plugin evil, read_at: a read of 101 bytes in a buffer of 100");
    let fs = open_evil(&registry, "lying-link-length").unwrap();
    let error = error_of(fs.read_link(node(&*fs, "/link")));
    assert_eq!(error, "plugin fault: plugin evil, read_link: an answer of 4097 bytes in a buffer of 4096");
    let fs = open_evil(&registry, "lying-info").unwrap();
    let wanted = "plugin fault: plugin evil, info: a label of 4294967295 bytes in a buffer of 256";
    assert_eq!(error_of(fs.info()), wanted);
}

#[test]
fn its_panic_is_an_internal_error() {
    let (registry, _directory) = evil_registry();
    let error = error_of(open_evil(&registry, "panic"));
    assert_eq!(error, "internal error: plugin evil, open: panic: evil panics on command");
}

/// The control: what the jail refuses would succeed without it, or its refusal would prove nothing.
#[test]
fn its_calls_succeed_outside_a_jail() {
    let (registry, _directory) = evil_registry();
    let litter = "/tmp/fsimage-evil-was-here";
    for misdeed in [
        "open",
        "creat",
        "unlink",
        "read-proc",
        "socket",
        "connect",
        "dup",
        "fork",
        "kill-parent",
        "prctl",
        "memfd_create",
        "mmap-exec",
        "mprotect-exec",
    ] {
        let error = error_of(open_evil(&registry, misdeed));
        assert_eq!(error, format!("plugin fault: plugin evil, open: EVIL SUCCEEDED: {misdeed}"));
    }
    assert!(!std::path::Path::new(litter).exists());
    let error = error_of(open_evil(&registry, "no-such-misdeed"));
    assert!(error.ends_with("no misdeed is called \"no-such-misdeed\""), "{error}");
}
