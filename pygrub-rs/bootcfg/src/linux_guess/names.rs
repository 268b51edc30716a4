//! What distributions call kernels and ramdisks, and which of them is the newest.
//!
//! Debian: `vmlinuz-V`, `initrd.img-V`, and the links `/vmlinuz`, `/initrd.img`, `.old`. Fedora, Void, Gentoo:
//! `vmlinuz-V`, `initramfs-V.img`. SUSE: `vmlinuz-V`, `initrd-V`, and the links `/boot/vmlinuz`, `/boot/initrd`. Arch:
//! `vmlinuz-linux`, `initramfs-linux.img`. Alpine: `vmlinuz-lts`, `initramfs-lts`. genkernel: `kernel-V`, `initramfs-V`.

use std::cmp::{Ordering, Reverse};

/// What package managers leave behind.
const GARBAGE: [&[u8]; 9] =
    [b".bak", b".dpkg-bak", b".dpkg-new", b".dpkg-tmp", b".rpmnew", b".rpmsave", b".sig", b".hmac", b"~"];
/// Alpine's kernel packages.
const ALPINE: [&[u8]; 7] = [b"lts", b"virt", b"edge", b"stable", b"hardened", b"grsec", b"vanilla"];

/// How likely it is to be the one that is meant, likeliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// `vmlinuz`: the link that the system keeps to what it boots.
    Plain,
    /// With a version, newest first.
    Versioned,
    /// With a name: `lts`, `linux`.
    Named,
    /// `….old`.
    Old,
    /// Made to repair the system with.
    Rescue,
}

/// A kernel by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kernel {
    class: Class,
    directory: &'static str,
    /// What comes before the version: `vmlinuz`.
    stem: &'static str,
    /// What stands behind the stem and its hyphen.
    version: Vec<u8>,
}

impl Kernel {
    /// `None` when no kernel is called so.
    pub(super) fn of_name(directory: &'static str, name: &[u8]) -> Option<Self> {
        let (stem, rest) = ["vmlinuz", "kernel"]
            .into_iter()
            .find_map(|stem| Some((stem, name.strip_prefix(stem.as_bytes())?)))?;
        if GARBAGE.iter().any(|end| rest.ends_with(end)) {
            return None;
        }
        let kernel = |class, version: &[u8]| Some(Self { class, directory, stem, version: version.to_vec() });
        match rest {
            b"" if stem == "vmlinuz" => kernel(Class::Plain, b""),
            b".old" if stem == "vmlinuz" => kernel(Class::Old, b""),
            [b'-', version @ ..] if !version.is_empty() => {
                let class = match version {
                    _ if contains(version, b"rescue") => Class::Rescue,
                    _ if version.ends_with(b".old") => Class::Old,
                    _ if version.iter().any(u8::is_ascii_digit) => Class::Versioned,
                    _ => Class::Named,
                };
                kernel(class, version)
            }
            _ => None,
        }
    }

    /// Where it lies.
    pub(super) fn path(&self) -> Vec<u8> {
        let mut name = [self.directory.as_bytes(), self.stem.as_bytes()].concat();
        match (self.version.is_empty(), self.class) {
            (false, _) => name.extend([b"-", self.version.as_slice()].concat()),
            (true, Class::Old) => name.extend(b".old"),
            (true, _) => {}
        }
        name
    }

    /// Where its ramdisk may lie.
    pub(super) fn ramdisks(&self) -> Vec<Vec<u8>> {
        let version = self.version.as_slice();
        let names: Vec<[&[u8]; 3]> = match (version.is_empty(), self.class) {
            (true, Class::Old) => vec![[b"initrd.img", b"", b".old"], [b"initrd", b"", b".old"]],
            (true, _) => ["initrd.img", "initrd", "initramfs.img", "initramfs"]
                .map(|name| [name.as_bytes(), &b""[..], b""])
                .to_vec(),
            (false, _) => vec![
                [b"initrd.img-", version, b""],
                [b"initramfs-", version, b".img"],
                [b"initrd-", version, b""],
                [b"initrd-", version, b".img"],
                [b"initramfs-", version, b""],
            ],
        };
        names.iter().map(|name| [self.directory.as_bytes(), &name.concat()].concat()).collect()
    }

    /// Whether it is named as Alpine's are: that system's ramdisk has to be told the root filesystem's type.
    pub(super) fn is_alpine(&self) -> bool {
        ALPINE.contains(&self.version.as_slice())
    }
}

impl Ord for Kernel {
    fn cmp(&self, other: &Self) -> Ordering {
        let versions = || match self.class {
            // `virt` is made for guests; else by name: `linux` before `linux-lts`.
            Class::Named => {
                let key = |kernel: &Self| (kernel.version != b"virt", kernel.version.clone());
                key(self).cmp(&key(other))
            }
            _ => Reverse(natural(&self.version)).cmp(&Reverse(natural(&other.version))),
        };
        (self.class.cmp(&other.class))
            .then_with(versions)
            .then_with(|| other.directory.len().cmp(&self.directory.len()))
            .then_with(|| self.path().cmp(&other.path()))
    }
}

impl PartialOrd for Kernel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A piece of a version: text before numbers, so that `6.1-rc1` is older than `6.1-1`, and the end before both.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    Tilde,
    End,
    Text(&'a [u8]),
    /// Length, then digits, without leading zeros.
    Number(usize, &'a [u8]),
}

/// The pieces of a version; their order is that of `sort -V` for the versions that kernels have.
fn natural(version: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let class = |byte: u8| (byte.is_ascii_digit(), byte == b'~', byte.is_ascii_alphabetic());
    for chunk in version.chunk_by(|&a, &b| class(a) == class(b) && a != b'~') {
        pieces.push(match chunk.first() {
            Some(b'~') => Piece::Tilde,
            Some(byte) if byte.is_ascii_digit() => {
                let zeros = chunk.iter().take_while(|&&digit| digit == b'0').count();
                let digits = chunk.get(zeros..).unwrap_or_default();
                Piece::Number(digits.len(), digits)
            }
            _ => Piece::Text(chunk),
        });
    }
    pieces.push(Piece::End);
    pieces
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first() {
        // `ls | sort -rV`'s order, but for what stands outside the versions.
        let sorted = [
            "vmlinuz",
            "vmlinuz-6.10.2-1",
            "vmlinuz-6.9.0-1-amd64",
            "vmlinuz-6.1.0-25-amd64",
            "vmlinuz-6.1.0-9-amd64",
            "vmlinuz-5.14.0-362.8.1.el9_3.x86_64",
            "vmlinuz-5.14.0-70.el9.x86_64",
            "vmlinuz-2.6.32",
            "vmlinuz-virt",
            "vmlinuz-linux",
            "vmlinuz-linux-lts",
            "vmlinuz-lts",
            "vmlinuz.old",
            "vmlinuz-0-rescue-4a1b",
        ];
        let mut kernels: Vec<_> =
            sorted.iter().rev().filter_map(|name| Kernel::of_name("/", name.as_bytes())).collect();
        kernels.sort();
        let names: Vec<_> = kernels.iter().map(|kernel| String::from_utf8(kernel.path()).unwrap()).collect();
        assert_eq!(names, sorted.map(|name| format!("/{name}")));
    }

    #[test]
    fn what_is_no_kernel() {
        for name in [
            "vmlinuz-",
            "vmlinuz-1.rpmsave",
            "vmlinux-1",
            "kernel",
            "kernels",
            "initrd.img-1",
            ".vmlinuz-1.hmac",
        ] {
            assert_eq!(Kernel::of_name("/", name.as_bytes()), None, "{name}");
        }
    }
}
