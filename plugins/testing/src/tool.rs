//! Other people's tools.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian keeps programs; an ordinary user's PATH lacks the half of it.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// A foreign tool's path. When it is missing the test fails, naming the Debian package.
#[must_use]
pub fn need(tool: &str, package: &str) -> PathBuf {
    FOLDERS
        .iter()
        .map(|folder| Path::new(folder).join(tool))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{tool} is missing: apt-get install {package}"))
}

/// How a tool ended and what it said.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit status, -1 when a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: String,
}

impl Outcome {
    /// The standard output of a tool that succeeded, as text.
    #[must_use]
    pub fn text(self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// The same as bytes.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        let said = || String::from_utf8_lossy(&self.stdout);
        assert_eq!(self.code, 0, "the tool failed: {}{}", said(), self.stderr);
        self.stdout
    }
}

/// Runs a tool to its end.
pub fn run(command: &mut Command) -> Outcome {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// What a file compressed with zstd holds.
#[must_use]
pub fn unzstd(path: &Path) -> Vec<u8> {
    run(Command::new(need("zstd", "zstd")).args(["-dcq", "--long=27"]).arg(path)).bytes()
}
