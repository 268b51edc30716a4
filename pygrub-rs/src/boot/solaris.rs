//! The arguments of a Solaris guest: Xen's own properties, the kernel's path, the rest, as pygrub orders them.
//!
//! Better on purpose: single blanks, where pygrub writes two or one at an end, which mean nothing to the kernel.

use crate::exit::Result;
use fsimage::protocol::MenuReport;
use fsimage::{FileType, Session};

/// The kernels that make a volume a Solaris guest's.
const KERNELS: [&str; 2] = ["/platform/i86xpv/kernel/amd64/unix", "/platform/i86xpv/kernel/unix"];

/// Whether the menu is that of such a guest.
pub(super) fn is_solaris(menu: &MenuReport) -> bool {
    menu.loader.0 == b"solaris"
}

/// Whether the volume has such a kernel: pygrub looks, whatever `--kernel` says.
pub(super) fn is_on(session: &mut Session, volume: u32) -> Result<bool> {
    for kernel in KERNELS {
        match session.stat(volume, kernel.as_bytes(), true) {
            Ok(node) if node.file_type == FileType::Regular => return Ok(true),
            Ok(_) => {}
            Err(why) if why.ends_session() => return Err(why.into()),
            Err(_) => {}
        }
    }
    Ok(false)
}

/// `root=…` and `ip=…` of the user's arguments, the kernel's path, the user's other arguments but for that path.
pub(super) fn arguments(kernel: &[u8], user: Option<&[u8]>) -> Vec<u8> {
    let words = user.unwrap_or_default().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_xens = |word: &&[u8]| word.starts_with(b"root=") || word.starts_with(b"ip=");
    let (mut parts, rest): (Vec<&[u8]>, Vec<&[u8]>) = words.partition(is_xens);
    parts.push(kernel);
    parts.extend(rest.into_iter().filter(|word| *word != kernel));
    parts.join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::arguments;

    /// What Xen's pygrub makes of each, by its source (`sniff_solaris`), but for the number of blanks.
    #[test]
    fn the_order_of_arguments() {
        for (user, expected) in [
            (None, "/k/unix"),
            (Some("-k"), "/k/unix -k"),
            (Some("-v root=/dev/dsk/c0d0s0  -s ip=1.2.3.4"), "root=/dev/dsk/c0d0s0 ip=1.2.3.4 /k/unix -v -s"),
            (Some("root=x /k/unix -k"), "root=x /k/unix -k"),
            // Python's split knows a tab from a blank no better.
            (Some("-k\troot=x,a=b\n-B c=d"), "root=x,a=b /k/unix -k -B c=d"),
        ] {
            let result = arguments(b"/k/unix", user.map(str::as_bytes));
            assert_eq!(String::from_utf8(result).unwrap(), expected, "{user:?}");
        }
    }
}
