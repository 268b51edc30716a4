//! The headers of a newc cpio archive, for files that the guest's loader would have packed itself (GRUB's
//! `initrd newc:NAME:FILE`). Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
//!
//! Written here, not in the worker: it is made of a name and a size that were checked already, and nothing is parsed.

use std::collections::BTreeSet;

/// Every header with its name, and every file's data, begins at a multiple of this.
pub(crate) const ALIGNMENT: u64 = 4;

const MAGIC: &str = "070701";
const FILE: u32 = 0o100_777;
const DIRECTORY: u32 = 0o040_777;
const TRAILER: &[u8] = b"TRAILER!!!";

/// An archive in the making: knows which directories it has already.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    directories: BTreeSet<Vec<u8>>,
}

impl Archive {
    /// What stands before a file's data: its directories, outermost first, where they are not there yet, then itself.
    ///
    /// # Errors
    /// The size does not fit the format's 32 bits, or the name is empty.
    pub(crate) fn file(&mut self, name: &[u8], size: u64) -> Result<Vec<u8>, String> {
        let size =
            u32::try_from(size).map_err(|_| format!("{size} bytes do not fit a cpio archive (4 GiB)"))?;
        let parts: Vec<&[u8]> = name.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
        let Some((_, parents)) = parts.split_last() else {
            return Err("a file in a cpio archive needs a name".to_owned());
        };
        let mut out = Vec::new();
        for depth in 1..=parents.len() {
            let directory = parents.get(..depth).unwrap_or_default().join(&b'/');
            if !self.directories.contains(&directory) {
                out.extend(header(&directory, DIRECTORY, 0));
                self.directories.insert(directory);
            }
        }
        out.extend(header(&parts.join(&b'/'), FILE, size));
        Ok(out)
    }

    /// What ends the archive.
    pub(crate) fn end() -> Vec<u8> {
        header(TRAILER, 0, 0)
    }
}

/// A header and its name, padded.
fn header(name: &[u8], mode: u32, size: u32) -> Vec<u8> {
    let name_size = u32::try_from(name.len()).unwrap_or(u32::MAX).saturating_add(1);
    // ino mode nlink uid gid mtime filesize devmajor devminor rdevmajor rdevminor namesize check
    let fields = [0, mode, 1, 0, 0, 0, size, 0, 0, 0, 0, name_size, 0];
    let mut out = MAGIC.as_bytes().to_vec();
    for field in fields {
        out.extend(format!("{field:08x}").bytes());
    }
    out.extend(name);
    out.push(0);
    while !out.len().is_multiple_of(4) {
        out.push(0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    /// GNU cpio reads the archive, and names what was put in, directories once.
    #[test]
    fn cpio_reads_it() {
        let mut archive = Archive::default();
        let mut bytes = archive.file(b"/etc/keys/a", 5).unwrap();
        bytes.extend(b"hello\0\0\0");
        bytes.extend(archive.file(b"etc//keys/b", 0).unwrap());
        bytes.extend(Archive::end());
        let mut cpio = Command::new("cpio")
            .args(["--list", "--verbose", "--quiet", "--numeric-uid-gid"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cpio is not installed: apt-get install cpio");
        cpio.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = cpio.wait_with_output().unwrap();
        assert!(output.status.success());
        let listing = String::from_utf8(output.stdout).unwrap();
        let told: Vec<(String, String, String)> = listing
            .lines()
            .map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                (words[0].to_owned(), words[4].to_owned(), words[words.len() - 1].to_owned())
            })
            .collect();
        let line = |mode: &str, size: &str, name: &str| (mode.to_owned(), size.to_owned(), name.to_owned());
        assert_eq!(
            told,
            [
                line("drwxrwxrwx", "0", "etc"),
                line("drwxrwxrwx", "0", "etc/keys"),
                line("-rwxrwxrwx", "5", "etc/keys/a"),
                line("-rwxrwxrwx", "0", "etc/keys/b"),
            ]
        );
    }

    #[test]
    fn what_the_format_cannot_carry_is_refused() {
        let mut archive = Archive::default();
        assert!(archive.file(b"a", 1 << 32).unwrap_err().contains("4294967296 bytes"));
        assert!(archive.file(b"//", 0).is_err());
    }
}
