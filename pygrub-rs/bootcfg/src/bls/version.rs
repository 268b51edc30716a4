//! Versions in order, as the UAPI group specifies it
//! ([UAPI.10](https://uapi-group.org/specifications/specs/version_format_specification/)).

use std::cmp::Ordering;

/// Which of two versions is the newer, that is the greater.
///
/// Bytes that have no place in a version are passed over. `~` makes a version older than the same without it, `-`, `^`
/// and `.` come in that order before anything else, numbers are compared as numbers and are newer than letters, letters
/// by their code, capitals first.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        a = without(a, |byte| !is_version_byte(byte));
        b = without(b, |byte| !is_version_byte(byte));
        if let Some(order) = separator(&mut a, &mut b, b'~') {
            return order;
        }
        // A longer one is newer, but for what `~` begins.
        if a.is_empty() || b.is_empty() {
            return a.len().min(1).cmp(&b.len().min(1));
        }
        for byte in [b'-', b'^', b'.'] {
            if let Some(order) = separator(&mut a, &mut b, byte) {
                return order;
            }
        }
        let numbers = starts_with_digit(a) || starts_with_digit(b);
        let kind: fn(&u8) -> bool = if numbers { u8::is_ascii_digit } else { u8::is_ascii_alphabetic };
        let (left, right) = (take(&mut a, kind), take(&mut b, kind));
        let order = if numbers { number_order(left, right) } else { left.cmp(right) };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Where one of them has the separator, the other is newer; where both have it, it is passed over.
fn separator(a: &mut &[u8], b: &mut &[u8], byte: u8) -> Option<Ordering> {
    match (a.strip_prefix(&[byte]), b.strip_prefix(&[byte])) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(rest_of_a), Some(rest_of_b)) => {
            (*a, *b) = (rest_of_a, rest_of_b);
            None
        }
    }
}

/// Of two runs of digits; one that is missing is the older.
fn number_order(a: &[u8], b: &[u8]) -> Ordering {
    let significant = |digits| without(digits, |byte| byte == b'0');
    let missing = b.is_empty().cmp(&a.is_empty());
    let (a, b) = (significant(a), significant(b));
    missing.then(a.len().cmp(&b.len())).then_with(|| a.cmp(b))
}

fn is_version_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"~-^.".contains(&byte)
}

fn starts_with_digit(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
}

/// What is left after these bytes at the beginning.
fn without(text: &[u8], dropped: impl Fn(u8) -> bool) -> &[u8] {
    let kept = text.iter().position(|&byte| !dropped(byte)).unwrap_or(text.len());
    text.get(kept..).unwrap_or_default()
}

/// The bytes of this kind at the beginning, which are taken away.
fn take<'a>(text: &mut &'a [u8], kind: fn(&u8) -> bool) -> &'a [u8] {
    let end = text.iter().position(|byte| !kind(byte)).unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Ascending, from the specification's examples and systemd's `systemd-analyze compare-versions`.
    const ASCENDING: [&str; 25] = [
        "",
        "~",
        "~~",
        "~a",
        "a~",
        "A",
        "B",
        "a",
        "abc",
        "abcde",
        "abc.5",
        "00",
        "1",
        "11~rc2",
        "11",
        "11-2",
        "11^2",
        "11.1",
        "11a",
        "122.1",
        "123~rc1-1",
        "123",
        "123-a",
        "123-a.1",
        "5000000000000000000000000000000000000000",
    ];

    const MORE: [&str; 16] = [
        "123.a-1",
        "123a",
        "123a.1",
        "6.1.0-56-amd64",
        "6.1.0-9-amd64",
        "6.10.0-0.rc1.fc41.x86_64",
        "6.10.0-1.fc41.x86_64",
        "1^",
        "1^20160101~git1",
        "1_2",
        "1+2",
        "12",
        "0001",
        "1.",
        "1-",
        "a1",
    ];

    /// systemd itself: its exit status is 0 for equal, 11 for greater, 12 for less.
    fn systemds(a: &str, b: &str) -> Ordering {
        let run = Command::new("systemd-analyze").args(["compare-versions", a, b]).output();
        let run =
            run.unwrap_or_else(|why| panic!("systemd-analyze: {why}; install it: apt-get install systemd"));
        match run.status.code() {
            Some(0) => Ordering::Equal,
            Some(11) => Ordering::Greater,
            Some(12) => Ordering::Less,
            other => panic!("compare-versions {a:?} {b:?}: {other:?}"),
        }
    }

    #[test]
    fn as_systemd_says() {
        let all: Vec<&str> = ASCENDING.into_iter().chain(MORE).collect();
        for (index, a) in all.iter().enumerate() {
            // Every pair would take a minute of process starts; neighbours at several distances do.
            for b in [1, 2, 7, 17].iter().filter_map(|step| all.get(index + step)) {
                assert_eq!(compare(a.as_bytes(), b.as_bytes()), systemds(a, b), "{a:?} {b:?}");
                assert_eq!(
                    compare(b.as_bytes(), a.as_bytes()),
                    compare(a.as_bytes(), b.as_bytes()).reverse()
                );
            }
        }
    }

    #[test]
    fn odd_bytes_are_passed_over() {
        assert_eq!(compare(b"1\xff2", b"1+2"), Ordering::Equal);
        assert_eq!(compare(b"\0", b""), Ordering::Equal);
    }
}
