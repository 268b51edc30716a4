//! Other people's tools, and rights.

use std::path::{Path, PathBuf};

/// Where Debian keeps programs; an ordinary user's PATH lacks the half of it.
const FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/usr/lib/xen-4.17/bin"];

/// A foreign tool's path. When it is missing the test fails, naming the Debian package.
#[must_use]
pub fn need(tool: &str, package: &str) -> PathBuf {
    let found = FOLDERS.iter().map(|folder| Path::new(folder).join(tool)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{tool} is missing: install Debian's package {package}"))
}

/// Fails the test, with a sentence, unless root runs it.
pub fn need_root() {
    assert!(
        rustix::process::geteuid().is_root(),
        "this test needs root, as a domain builder has it: run `sudo cargo xtask test`"
    );
}
