//! Boot counting: `NAME+LEFT-DONE.conf` and `NAME+LEFT-DONE.efi` (UAPI.1, "Boot counting").

/// A file's name without its counter, and the counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The name with its suffix and without the counter.
    pub(crate) name: Vec<u8>,
    /// Attempts left and attempts made; `None` for a file that is not counted.
    pub(crate) tries: Option<(u32, u32)>,
}

/// Reads the counter in front of a suffix (`.conf`, `.efi`, of any case). A `+` that begins no counter is part of the
/// name.
pub(crate) fn parse(file_name: &[u8], suffix: &[u8]) -> Counted {
    let plain = Counted { name: file_name.to_vec(), tries: None };
    let Some(plus) = file_name.iter().rposition(|&byte| byte == b'+') else { return plain };
    let (before, counter) = file_name.split_at(plus);
    let Some((left, rest)) = number(counter.get(1..).unwrap_or_default()) else { return plain };
    let (done, rest) = match rest.strip_prefix(b"-") {
        Some(rest) => match number(rest) {
            Some((done, rest)) => (done, rest),
            None => return plain,
        },
        None => (0, rest),
    };
    if !rest.eq_ignore_ascii_case(suffix) {
        return plain;
    }
    Counted { name: [before, rest].concat(), tries: Some((left, done)) }
}

/// A decimal number of at most 31 bits, and what follows it.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let value: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (value <= i32::MAX.unsigned_abs()).then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_taken_off() {
        type Case = (&'static str, &'static str, Option<(u32, u32)>);
        let cases: [Case; 9] = [
            // The specification's own examples.
            ("foobar+3.conf", "foobar.conf", Some((3, 0))),
            ("foobar+2-1.conf", "foobar.conf", Some((2, 1))),
            ("foobar+0-3.CONF", "foobar.CONF", Some((0, 3))),
            ("foobar.conf", "foobar.conf", None),
            // The last `+` counts.
            ("a+1.2+4.conf", "a+1.2.conf", Some((4, 0))),
            ("linux+git.conf", "linux+git.conf", None),
            ("a+1-.conf", "a+1-.conf", None),
            ("a+1x.conf", "a+1x.conf", None),
            ("a+99999999999.conf", "a+99999999999.conf", None),
        ];
        for (file, name, tries) in cases {
            let expected = Counted { name: name.into(), tries };
            assert_eq!(parse(file.as_bytes(), b".conf"), expected, "{file}");
        }
    }
}
