//! Several options in one argument: libvirt passes `<bootloader_args>` on as it stands, blanks and all.
//!
//! To pygrub `"--kernel=/x --ramdisk=/y"` is one kernel path with a blank in it, which no guest has; to whoever wrote it,
//! it is two options. It is taken for two only where that cannot do harm, because on some hosts the value behind
//! `--kernel=` is the tenant's to choose, and the tenant must not reach `--output` or `--no-sandbox`:
//!
//! * the argument begins with an option and is not itself the value of the option before it,
//! * every option in it speaks of the guest only ([`GUEST_OPTIONS`], `-q`); with any other it stays one argument,
//! * what follows `--args` belongs to it to the end: kernel arguments have blanks and dashes of their own.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Options that may stand behind a blank. All take a value but the last; none touches the host.
const GUEST_OPTIONS: [&[u8]; 6] =
    [b"--kernel", b"--ramdisk", b"--args", b"--entry", b"--partition", b"--quiet"];

/// Separates such options, and drops the empty arguments that xapi makes of two blanks in a row.
pub(super) fn split(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut result = Vec::with_capacity(arguments.len());
    let mut expects_value = false;
    let mut ended = false;
    for (place, argument) in arguments.into_iter().enumerate() {
        let bytes = argument.as_bytes();
        if place == 0 || ended || expects_value {
            expects_value = false;
            result.push(argument);
            continue;
        }
        ended = bytes == b"--";
        // A long option without `=` may take what follows as its value; a flag's only loss is not to be split.
        expects_value =
            bytes.len() > 2 && bytes.starts_with(b"--") && !bytes.contains(&b'=') && !is_flag(bytes);
        match pieces(bytes) {
            Some(pieces) => result.extend(pieces.into_iter().map(OsString::from_vec)),
            None if bytes.is_empty() => {}
            None => result.push(argument),
        }
    }
    result
}

/// The flags whose full names are seen in practice.
fn is_flag(argument: &[u8]) -> bool {
    [&b"--quiet"[..], b"--interactive", b"--list-entries", b"--not-really", b"--isconfig", b"--debug"]
        .contains(&argument)
}

/// The options in one argument, when there are several and all are harmless.
fn pieces(argument: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut rest = argument;
    loop {
        let name_end = rest.iter().position(|byte| matches!(byte, b'=' | b' ')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(name_end)?;
        let is_flag = name == b"-q" || name == b"--quiet";
        if !is_flag && !GUEST_OPTIONS.contains(&name) {
            return None;
        }
        let last = name == b"--args";
        let (value, next) = match behind.split_first() {
            Some((b'=', value)) if !is_flag => match next_option(value).filter(|_| !last) {
                Some(place) => (Some(value.get(..place)?), value.get(place..)?),
                None => (Some(value), &b""[..]),
            },
            Some((b' ', _)) if is_flag => (None, behind),
            None if is_flag => (None, &b""[..]),
            _ => return None,
        };
        pieces.push(match value {
            Some(value) => [name, b"=", value].concat(),
            None => name.to_vec(),
        });
        rest = next.trim_ascii_start();
        if rest.is_empty() {
            return (pieces.len() > 1).then_some(pieces);
        }
    }
}

/// The blank before the next option.
fn next_option(value: &[u8]) -> Option<usize> {
    value.windows(3).position(|window| window == b" --" || window == b" -q")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_text(arguments: &[&str]) -> Vec<String> {
        let all = ["pygrub"].iter().chain(arguments).map(OsString::from).collect();
        split(all).into_iter().skip(1).map(|argument| argument.into_string().unwrap()).collect()
    }

    #[test]
    fn options_about_the_guest_are_separated() {
        assert_eq!(split_text(&["--kernel=/x --ramdisk=/y", "d"]), ["--kernel=/x", "--ramdisk=/y", "d"]);
        assert_eq!(
            split_text(&["-q --entry=Debian GNU/Linux", "d"]),
            ["-q", "--entry=Debian GNU/Linux", "d"]
        );
        assert_eq!(split_text(&["--kernel=/x -q", "d"]), ["--kernel=/x", "-q", "d"]);
        assert_eq!(
            split_text(&["--kernel=/x  --args=root=/dev/xvda1 --verbose -q", "d"]),
            ["--kernel=/x ", "--args=root=/dev/xvda1 --verbose -q", "d"]
        );
    }

    #[test]
    fn what_touches_the_host_is_never_separated() {
        for argument in [
            "--kernel=/x --output=/etc/passwd",
            "--kernel=/x --no-sandbox",
            "--kernel=/x --runas=0",
            "--ramdisk=/x --output-directory=/etc --kernel=/y",
            "--kernel=/x --isconfig",
            "--kernel=/x --outp=/etc/passwd",
        ] {
            assert_eq!(split_text(&[argument, "d"]), [argument, "d"]);
        }
    }

    #[test]
    fn kernel_arguments_keep_their_blanks_and_dashes() {
        for argument in ["--args=quiet --kernel=/x -q", "--args=--kernel=/a --kernel=/b"] {
            assert_eq!(split_text(&[argument]), [argument]);
        }
        assert_eq!(
            split_text(&["--args", "--kernel=/a --ramdisk=/b"]),
            ["--args", "--kernel=/a --ramdisk=/b"]
        );
        assert_eq!(split_text(&["--", "--kernel=/a --ramdisk=/b"]), ["--", "--kernel=/a --ramdisk=/b"]);
        assert_eq!(split_text(&["/images/a --b -q.img"]), ["/images/a --b -q.img"]);
    }

    #[test]
    fn empty_arguments_are_dropped_unless_they_are_values() {
        assert_eq!(split_text(&["", "-q", "", "--args", "", "d"]), ["-q", "--args", "", "d"]);
    }
}
