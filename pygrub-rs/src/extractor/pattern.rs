//! Patterns of shells and of find(1): `*`, `?`, `[…]`, on names that may not be UTF-8.
//!
//! As fnmatch(3) has them without flags, which is what find(1) asks for: a slash and a leading dot are characters like any
//! other, a backslash takes the next one's meaning away. A character is one of UTF-8, or a byte that is in none.

/// A pattern, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    is_caseless: bool,
}

#[derive(Debug, Clone)]
enum Part {
    /// Any number of characters.
    Star,
    One(Class),
}

/// Which characters are meant.
#[derive(Debug, Clone)]
enum Class {
    Any,
    Exactly(Character),
    Set { members: Vec<Member>, is_negated: bool },
}

#[derive(Debug, Clone)]
enum Member {
    /// From the first to the last, both included.
    Range(Character, Character),
    Kind(fn(char) -> bool),
}

/// A character of UTF-8, or behind all of them a byte that is in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Character {
    Text(char),
    Byte(u8),
}

impl Character {
    fn text(self) -> Option<char> {
        match self {
            Self::Text(character) => Some(character),
            Self::Byte(_) => None,
        }
    }

    /// Itself and, if case does not matter, its other cases.
    fn cases(self, is_caseless: bool) -> [Self; 3] {
        let other = |change: &dyn Fn(char) -> Option<char>| {
            self.text().filter(|_| is_caseless).and_then(change).map_or(self, Self::Text)
        };
        // Where a case has more than one character (ß, SS) it is another text.
        let lower = other(&|text| Some(text.to_lowercase()).filter(|all| all.len() == 1)?.next());
        let upper = other(&|text| Some(text.to_uppercase()).filter(|all| all.len() == 1)?.next());
        [self, lower, upper]
    }
}

fn characters(bytes: &[u8]) -> Vec<Character> {
    let of_chunk = |chunk: std::str::Utf8Chunk<'_>| -> Vec<Character> {
        let text = chunk.valid().chars().map(Character::Text);
        text.chain(chunk.invalid().iter().copied().map(Character::Byte)).collect()
    };
    bytes.utf8_chunks().flat_map(of_chunk).collect()
}

impl Pattern {
    /// A pattern as it is typed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.chars();
        let mut parts = Vec::new();
        while let Some(character) = rest.next() {
            parts.push(match character {
                '*' => Part::Star,
                '?' => Part::One(Class::Any),
                '[' => match set(rest.as_str()) {
                    Some((class, behind)) => {
                        rest = behind.chars();
                        Part::One(class)
                    }
                    // A bracket that nothing closes is one.
                    None => Part::One(Class::Exactly(Character::Text('['))),
                },
                '\\' => {
                    let next =
                        rest.next().ok_or("it ends with a backslash, behind which a character has to be")?;
                    Part::One(Class::Exactly(Character::Text(next)))
                }
                other => Part::One(Class::Exactly(Character::Text(other))),
            });
        }
        Ok(Self { parts, is_caseless: false })
    }

    /// The same without regard to case.
    ///
    /// # Errors
    /// As [`Pattern::parse`].
    pub(super) fn parse_caseless(text: &str) -> Result<Self, String> {
        Ok(Self { is_caseless: true, ..Self::parse(text)? })
    }

    /// Whether all of `bytes` is as the pattern says. In time of their product at worst: only the last star is tried again.
    pub(super) fn matches(&self, bytes: &[u8]) -> bool {
        let text = characters(bytes);
        let (mut part, mut place) = (0_usize, 0_usize);
        // The part behind the last star, and where that star ends for now.
        let mut star: Option<(usize, usize)> = None;
        loop {
            match (self.parts.get(part), text.get(place)) {
                (None, None) => return true,
                (Some(Part::Star), _) => {
                    part = part.saturating_add(1);
                    star = Some((part, place));
                    continue;
                }
                (Some(Part::One(class)), Some(character)) if class.has(*character, self.is_caseless) => {
                    (part, place) = (part.saturating_add(1), place.saturating_add(1));
                    continue;
                }
                _ => {}
            }
            // The star takes a character more.
            let Some((behind, end)) = star.filter(|(_, end)| *end < text.len()) else { return false };
            let end = end.saturating_add(1);
            (part, place, star) = (behind, end, Some((behind, end)));
        }
    }
}

impl Class {
    fn has(&self, character: Character, is_caseless: bool) -> bool {
        let cases = character.cases(is_caseless);
        match self {
            Self::Any => true,
            Self::Exactly(wanted) => wanted.cases(is_caseless).iter().any(|wanted| cases.contains(wanted)),
            Self::Set { members, is_negated } => {
                cases.iter().any(|case| members.iter().any(|member| member.has(*case))) != *is_negated
            }
        }
    }
}

impl Member {
    fn has(&self, character: Character) -> bool {
        match self {
            Self::Range(first, last) => (*first..=*last).contains(&character),
            Self::Kind(is) => character.text().is_some_and(is),
        }
    }
}

/// What stands behind a `[`: the set, and what comes behind its `]`; nothing where there is none.
fn set(text: &str) -> Option<(Class, &str)> {
    let after = text.strip_prefix(['!', '^']);
    let mut rest = after.unwrap_or(text).chars();
    let mut members = Vec::new();
    loop {
        let here = rest.as_str();
        let character = match rest.next()? {
            // As the first of all it is a member.
            ']' if !members.is_empty() => {
                return Some((Class::Set { members, is_negated: after.is_some() }, rest.as_str()));
            }
            '[' => match kind(here) {
                Some((member, behind)) => {
                    members.push(member);
                    rest = behind.chars();
                    continue;
                }
                None => '[',
            },
            '\\' => rest.next()?,
            other => other,
        };
        let mut ahead = rest.clone();
        let last = match (ahead.next(), ahead.next()) {
            // As the last of all a dash is a member.
            (Some('-'), Some(last)) if last != ']' => {
                let last = if last == '\\' { ahead.next()? } else { last };
                rest = ahead;
                last
            }
            _ => character,
        };
        members.push(Member::Range(Character::Text(character), Character::Text(last)));
    }
}

/// `[:alpha:]` and its kind.
fn kind(text: &str) -> Option<(Member, &str)> {
    let (name, behind) = text.strip_prefix("[:")?.split_once(":]")?;
    let is: fn(char) -> bool = match name {
        "alnum" => char::is_alphanumeric,
        "alpha" => char::is_alphabetic,
        "blank" => |character| matches!(character, ' ' | '\t'),
        "cntrl" => char::is_control,
        "digit" => |character| character.is_ascii_digit(),
        "graph" => |character| !character.is_control() && !character.is_whitespace(),
        "lower" => char::is_lowercase,
        "print" => |character| !character.is_control(),
        "punct" => {
            |character| !character.is_control() && !character.is_whitespace() && !character.is_alphanumeric()
        }
        "space" => char::is_whitespace,
        "upper" => char::is_uppercase,
        "xdigit" => |character| character.is_ascii_hexdigit(),
        _ => return None,
    };
    Some((Member::Kind(is), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&[u8]], no: &[&[u8]]) {
        let parsed = Pattern::parse(pattern).unwrap();
        for text in yes {
            assert!(parsed.matches(text), "{pattern}: {}", text.escape_ascii());
        }
        for text in no {
            assert!(!parsed.matches(text), "{pattern}: {}", text.escape_ascii());
        }
    }

    #[test]
    fn stars_and_question_marks() {
        check("vmlinuz*", &[b"vmlinuz", b"vmlinuz-6.1"], &[b"vmlinu", b"a vmlinuz"]);
        check("*a*b*", &[b"ab", b"xaxbx", b"a/b", b"\xffab"], &[b"ba", b""]);
        check("/boot/*.cfg", &[b"/boot/grub/grub.cfg", b"/boot/.cfg"], &[b"/boot/grub"]);
        check("**", &[b"", b"x"], &[]);
        check("k?se", &["käse".as_bytes(), b"kase", b"k\xffse"], &[b"kse", b"kaase"]);
        check("", &[b""], &[b"x"]);
        check("{a,b}", &[b"{a,b}"], &[b"a"]);
    }

    #[test]
    fn sets() {
        check("[a-c]x", &[b"ax", b"cx"], &[b"dx", b"x", b"-x"]);
        check("[!a-c]", &[b"d", b"\xff", "ä".as_bytes()], &[b"a", b""]);
        check("[^]]", &[b"a"], &[b"]"]);
        check("[]-]", &[b"]", b"-"], &[b"a"]);
        check("[a\\]b]", &[b"]", b"b"], &[b"\\"]);
        check("[[:digit:]x]", &[b"7", b"x"], &[b"y", b":"]);
        check("[[:nonsense:]]", &[b":]", b"s]"], &[b"a"]);
        check("[ä-ü]", &["ö".as_bytes()], &[b"o", b"\xc3"]);
        check("[", &[b"["], &[b"a"]);
        check("[a", &[b"[a"], &[b"a"]);
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        check("\\*\\?\\[", &[b"*?["], &[b"abc"]);
        check("a\\\\b", &[b"a\\b"], &[b"ab"]);
        assert!(Pattern::parse("a\\").is_err());
    }

    #[test]
    fn case_may_not_matter() {
        let matches =
            |pattern: &str, text: &str| Pattern::parse_caseless(pattern).unwrap().matches(text.as_bytes());
        assert!(
            matches("KÄSE", "käse")
                && matches("käse", "KÄSE")
                && matches("[A-C]", "b")
                && matches("[a-c]", "B")
        );
        assert!(!matches("a", "b") && !matches("ss", "ß"));
    }

    /// What would take a matcher that tries every star again until the end of days.
    #[test]
    fn many_stars_end() {
        let pattern = Pattern::parse(&"*a".repeat(100)).unwrap();
        assert!(
            !pattern.matches(&[b'a'; 99]) && !pattern.matches(&[b"a".repeat(4000), b"b".to_vec()].concat())
        );
    }
}
