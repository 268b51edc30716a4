//! Patterns as `loader.conf` has them: `*`, `?` and `[…]`, in ASCII letters of either case.

/// Whether all of the text fits the pattern. At most (pattern × text) steps: only the last `*` is ever tried again.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix(b"*") {
            pattern = rest;
            star = Some((rest, text));
            continue;
        }
        let Some((&byte, after)) = text.split_first() else { return pattern.is_empty() };
        if let Some(rest) = one(pattern, byte) {
            (pattern, text) = (rest, after);
            continue;
        }
        // The last star takes one byte more.
        let Some((behind, from)) = star else { return false };
        let from = from.get(1..).unwrap_or_default();
        star = Some((behind, from));
        (pattern, text) = (behind, from);
    }
}

/// The pattern behind its first element, when that fits the byte.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let (&first, rest) = pattern.split_first()?;
    match first {
        b'?' => Some(rest),
        b'[' => match bracket(rest, byte) {
            Some((fits, rest)) => fits.then_some(rest),
            // Without its end it is a character.
            None => (byte == b'[').then_some(rest),
        },
        b'\\' => rest
            .split_first()
            .filter(|(escaped, _)| escaped.eq_ignore_ascii_case(&byte))
            .map(|(_, rest)| rest),
        _ => first.eq_ignore_ascii_case(&byte).then_some(rest),
    }
}

/// Behind `[`: whether the byte is in the set, and the pattern behind its `]`.
fn bracket(set: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let byte = byte.to_ascii_lowercase();
    let mut fits = false;
    let mut rest = set;
    // A `]` that comes first is a member.
    while let Some((&low, after)) = rest.split_first() {
        if low == b']' && rest.len() != set.len() {
            return Some((fits, after));
        }
        rest = after;
        let low = low.to_ascii_lowercase();
        match after {
            [b'-', high, after @ ..] if *high != b']' => {
                fits |= (low..=high.to_ascii_lowercase()).contains(&byte);
                rest = after;
            }
            _ => fits |= low == byte,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        // From loader.conf(5) and fnmatch(3).
        let yes = [
            "*|",
            "a*|a",
            "a*c|abbc",
            "*-fallback.conf|arch-fallback.conf",
            "A?C|abc",
            "[a-c]x|bx",
            "[]x]|]",
        ];
        let no = ["|a", "a|", "a*c|abd", "?|", "[a-c]|d", "arch|arch.conf", "a\\*|ab"];
        let of = |case: &str| {
            let (pattern, text) = case.split_once('|').unwrap();
            matches(pattern.as_bytes(), text.as_bytes())
        };
        assert!(yes.iter().all(|case| of(case)), "{yes:?}");
        assert!(!no.iter().any(|case| of(case)), "{no:?}");
    }

    #[test]
    fn a_hostile_pattern_ends() {
        assert!(!matches(&b"*a".repeat(2_000), &b"a".repeat(1_999)));
    }
}
