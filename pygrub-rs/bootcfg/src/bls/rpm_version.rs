//! Versions in order, as RPM compares them and GRUB's `blscfg` orders its entries by.
//!
//! Basis: rpm's manual, `rpm-version(7)`, and Fedora's blscfg, which has no `^`. An entry's name is taken for a package's:
//! `NAME-VERSION-RELEASE`.

use std::cmp::Ordering;

/// Which of two entry names is the newer: by name, then version, then release.
pub(crate) fn compare_names(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    compare(a.name, b.name)
        .then_with(|| compare(a.version, b.version))
        .then_with(|| compare(a.release, b.release))
}

/// The parts of a package's name; those that are missing are empty.
struct Parts<'a> {
    name: &'a [u8],
    version: &'a [u8],
    release: &'a [u8],
}

impl<'a> Parts<'a> {
    /// At the last hyphen and the one before it. With a single hyphen there is no release.
    fn of(text: &'a [u8]) -> Self {
        let Some((rest, last)) = split_last(text) else {
            return Self { name: text, version: b"", release: b"" };
        };
        match split_last(rest) {
            Some((name, version)) => Self { name, version, release: last },
            None => Self { name: rest, version: last, release: b"" },
        }
    }
}

fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let hyphen = text.iter().rposition(|&byte| byte == b'-')?;
    let (before, after) = text.split_at(hyphen);
    Some((before, after.get(1..).unwrap_or_default()))
}

/// Which of two versions is the newer: runs of digits and of letters one after the other, whatever parts them. A run of
/// digits is newer than one of letters, `~` is older than the end, and more is newer than less.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        (a, b) = (without_separators(a), without_separators(b));
        match (a.strip_prefix(b"~"), b.strip_prefix(b"~")) {
            (Some(rest_of_a), Some(rest_of_b)) => {
                (a, b) = (rest_of_a, rest_of_b);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        let Some(first) = a.first().filter(|_| !b.is_empty()) else {
            return (!a.is_empty()).cmp(&!b.is_empty());
        };
        let digits = first.is_ascii_digit();
        let kind: fn(&u8) -> bool = if digits { u8::is_ascii_digit } else { u8::is_ascii_alphabetic };
        let (left, rest_of_a) = a.split_at(run(a, kind));
        let (right, rest_of_b) = b.split_at(run(b, kind));
        let order = match (right.is_empty(), digits) {
            (true, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, true) => number_order(left, right),
            (false, false) => left.cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_of_a, rest_of_b);
    }
}

fn without_separators(text: &[u8]) -> &[u8] {
    let separator = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'~';
    text.get(run(text, separator)..).unwrap_or_default()
}

/// How many bytes at the beginning are of this kind.
fn run(text: &[u8], kind: fn(&u8) -> bool) -> usize {
    text.iter().position(|byte| !kind(byte)).unwrap_or(text.len())
}

fn number_order(a: &[u8], b: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| -> usize { run(digits, |byte| *byte == b'0') };
    let (a, b) = (a.get(significant(a)..).unwrap_or_default(), b.get(significant(b)..).unwrap_or_default());
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What rpm itself says (`rpm --eval '%{lua:print(rpm.vercmp("A","B"))}'`, rpm 4.18): tests/bls/rpm.txt, recorded by
    /// tests/bls/rpm.sh.
    const RECORD: &str = include_str!("../../tests/bls/rpm.txt");

    #[test]
    fn as_rpm_says() {
        let mut count = 0;
        for line in RECORD.lines() {
            let [a, b, order] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
            let order = order.parse::<i32>().unwrap().cmp(&0);
            assert_eq!(compare(a.as_bytes(), b.as_bytes()), order, "{a:?} {b:?}");
            assert_eq!(compare(b.as_bytes(), a.as_bytes()), order.reverse(), "{b:?} {a:?}");
            count += 1;
        }
        assert!(count > 100, "{count} pairs");
    }

    #[test]
    fn names_are_packages() {
        let newer = |a: &str, b: &str| compare_names(a.as_bytes(), b.as_bytes()) == Ordering::Greater;
        let id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
        // By version, then release: 6.10 is newer than 6.9, whatever the characters say.
        assert!(newer(&format!("{id}-6.10.3-200.fc40.x86_64"), &format!("{id}-6.9.12-200.fc40.x86_64")));
        assert!(newer(&format!("{id}-6.9.12-201.fc40.x86_64"), &format!("{id}-6.9.12-200.fc40.x86_64")));
        // The rescue entry has its version where the others have one.
        assert!(newer(&format!("{id}-6.9.12-200.fc40.x86_64"), &format!("{id}-0-rescue")));
        assert!(newer("ostree-2", "ostree-1"));
        assert_eq!(compare_names(b"a", b"a"), Ordering::Equal);
    }
}
