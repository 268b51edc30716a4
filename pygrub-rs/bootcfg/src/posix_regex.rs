//! Extended regular expressions (POSIX.1, "Regular Expressions"), for GRUB's `regexp`: over bytes, without a library's own
//! notation, and with a budget.
//!
//! The match is the leftmost, and of those the longest; what the groups are is decided from left to right, each as in
//! a search that prefers the left alternative and the longer repetition (GRUB's answers: tests/grub2/linux/linux.txt).
//! Expressions with backreferences are matched in another way, [`backtrack`]: they alone may take a time that is no multiple of
//! the text's length, which the budget ends.

mod backtrack;

use std::ops::Range;

/// Instructions of a compiled expression.
const MAX_PROGRAM: usize = 2_000;
const MAX_NESTING: usize = 40;
const MAX_GROUPS: usize = 32;
/// The largest number in an interval.
const MAX_REPEAT: usize = 255;

/// A set of bytes.
type Set = [u64; 4];

#[derive(Debug, Clone)]
enum Node {
    Empty,
    Set(Set),
    Begin,
    End,
    Group(usize, Box<Node>),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, usize, Option<usize>),
    /// What a group matched, once more.
    Same(usize),
}

#[derive(Debug)]
enum Instruction {
    Set(Set),
    Begin,
    End,
    /// The first is preferred.
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Same(usize),
    Match,
}

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Regex {
    program: Vec<Instruction>,
    slots: usize,
    /// Whether there is an [`Instruction::Same`].
    refers_back: bool,
}

/// Where each group matched; the first is the whole match.
pub(crate) type Groups = Vec<Option<Range<usize>>>;

fn has(set: &Set, byte: u8) -> bool {
    let word = set.get(usize::from(byte >> 6)).copied().unwrap_or(0);
    word & (1 << (byte & 63)) != 0
}

fn set_of(fits: impl Fn(u8) -> bool) -> Set {
    let mut set = [0; 4];
    for byte in 0..=u8::MAX {
        if let Some(word) = set.get_mut(usize::from(byte >> 6)).filter(|_| fits(byte)) {
            *word |= 1 << (byte & 63);
        }
    }
    set
}

impl Regex {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is none, or is too large.
    pub(crate) fn new(pattern: &[u8]) -> Result<Self, &'static str> {
        let mut parser = Parser { rest: pattern, groups: 1, depth: 0, closed: 0, refers_back: false };
        let node = parser.choice()?;
        if !parser.rest.is_empty() {
            return Err("a `)` without its `(`");
        }
        let mut program = vec![Instruction::Save(0)];
        compile(&node, &mut program)?;
        program.extend([Instruction::Save(1), Instruction::Match]);
        let slots = parser.groups.saturating_mul(2);
        Ok(Self { program, slots, refers_back: parser.refers_back })
    }

    /// The first and longest match. `steps` is asked for leave at each byte of the text, in proportion to the
    /// program.
    ///
    /// # Errors
    /// There was no leave.
    pub(crate) fn find<E>(
        &self,
        text: &[u8],
        mut steps: impl FnMut(usize) -> Result<(), E>,
    ) -> Result<Option<Groups>, E> {
        for start in 0..=text.len() {
            let found = match self.refers_back {
                true => backtrack::longest(self, text, start, &mut steps)?,
                false => self.longest(text, start, &mut steps)?,
            };
            if let Some(slots) = found {
                let group = |pair: &[Option<usize>]| match pair {
                    [Some(from), Some(to)] => Some(*from..*to),
                    _ => None,
                };
                return Ok(Some(slots.chunks_exact(2).map(group).collect()));
            }
        }
        Ok(None)
    }

    /// The longest match that begins there.
    fn longest<E>(
        &self,
        text: &[u8],
        start: usize,
        steps: &mut impl FnMut(usize) -> Result<(), E>,
    ) -> Result<Option<Slots>, E> {
        let mut best = None;
        let mut threads = Threads::new(self.program.len());
        threads.add(self, text, 0, start, vec![None; self.slots]);
        let mut at = start;
        while !threads.list.is_empty() {
            steps(self.program.len().div_ceil(4))?;
            let mut next = Threads::new(self.program.len());
            let mut matched = false;
            for (pc, slots) in std::mem::take(&mut threads.list) {
                match self.program.get(pc) {
                    Some(Instruction::Match) if !matched => {
                        matched = true;
                        best = Some(slots);
                    }
                    Some(Instruction::Set(set)) if text.get(at).is_some_and(|&byte| has(set, byte)) => {
                        next.add(self, text, pc.saturating_add(1), at.saturating_add(1), slots);
                    }
                    _ => {}
                }
            }
            threads = next;
            at = at.saturating_add(1);
        }
        Ok(best)
    }
}

type Slots = Vec<Option<usize>>;

/// The places in the program that are reached at one place in the text, the preferred first.
struct Threads {
    list: Vec<(usize, Slots)>,
    seen: Vec<bool>,
}

impl Threads {
    fn new(size: usize) -> Self {
        Self { list: Vec::new(), seen: vec![false; size] }
    }

    /// A place, and all that are reached from it without a byte.
    fn add(&mut self, regex: &Regex, text: &[u8], pc: usize, at: usize, slots: Slots) {
        let mut pending = vec![(pc, slots)];
        while let Some((pc, mut slots)) = pending.pop() {
            match self.seen.get_mut(pc) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let next = pc.saturating_add(1);
            match regex.program.get(pc) {
                Some(Instruction::Jump(to)) => pending.push((*to, slots)),
                Some(Instruction::Split(first, second)) => {
                    pending.push((*second, slots.clone()));
                    pending.push((*first, slots));
                }
                Some(Instruction::Save(slot)) => {
                    if let Some(slot) = slots.get_mut(*slot) {
                        *slot = Some(at);
                    }
                    pending.push((next, slots));
                }
                Some(Instruction::Begin) if at == 0 => pending.push((next, slots)),
                Some(Instruction::End) if at == text.len() => pending.push((next, slots)),
                Some(Instruction::Set(_) | Instruction::Match) => self.list.push((pc, slots)),
                _ => {}
            }
        }
    }
}

struct Parser<'a> {
    rest: &'a [u8],
    groups: usize,
    depth: usize,
    /// A bit for each group that a backreference may name here: it is closed, and not in another branch of a choice.
    closed: u32,
    refers_back: bool,
}

impl Parser<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.rest.strip_prefix(&[byte]);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn choice(&mut self) -> Result<Node, &'static str> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_NESTING {
            return Err("too many `(` inside each other");
        }
        let before = self.closed;
        let mut branches = vec![self.sequence()?];
        let mut closed = self.closed;
        while self.eat(b'|') {
            self.closed = before;
            branches.push(self.sequence()?);
            closed |= self.closed;
        }
        self.closed = closed;
        self.depth = self.depth.saturating_sub(1);
        Ok(match branches.len() {
            1 => branches.remove(0),
            _ => Node::Choice(branches),
        })
    }

    fn sequence(&mut self) -> Result<Node, &'static str> {
        let mut nodes = Vec::new();
        while let Some(&byte) = self.rest.first() {
            if matches!(byte, b'|' | b')') {
                break;
            }
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, &'static str> {
        let mut times = 0_usize;
        loop {
            let (min, max) = match self.rest.first() {
                Some(b'*') => (0, None),
                Some(b'+') => (1, None),
                Some(b'?') => (0, Some(1)),
                Some(b'{') => (0, Some(0)),
                _ => return Ok(node),
            };
            times = times.saturating_add(1);
            if times > MAX_NESTING {
                return Err("too many repetitions of one thing");
            }
            let interval = self.eat(b'{');
            let (min, max) = if interval { self.interval()? } else { (min, max) };
            if !interval {
                self.rest = self.rest.get(1..).unwrap_or_default();
            }
            node = Node::Repeat(Box::new(node), min, max);
        }
    }

    /// Behind `{`: `n}`, `n,}`, `,m}` or `n,m}`.
    fn interval(&mut self) -> Result<(usize, Option<usize>), &'static str> {
        let min = self.number()?;
        let max = if self.eat(b',') { self.number()? } else { min };
        if !self.eat(b'}') || (min.is_none() && max.is_none()) {
            return Err("an interval that is none");
        }
        let min = min.unwrap_or(0);
        if max.is_some_and(|max| max < min) {
            return Err("an interval that ends before it begins");
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<Option<usize>, &'static str> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        if digits.is_empty() {
            return Ok(None);
        }
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        number.filter(|&number| number <= MAX_REPEAT).map(Some).ok_or("an interval that is too large")
    }

    fn atom(&mut self) -> Result<Node, &'static str> {
        let Some((&byte, rest)) = self.rest.split_first() else { return Ok(Node::Empty) };
        self.rest = rest;
        Ok(match byte {
            b'(' => {
                let group = self.groups;
                if group >= MAX_GROUPS {
                    return Err("too many groups");
                }
                self.groups = group.saturating_add(1);
                let inner = self.choice()?;
                if !self.eat(b')') {
                    return Err("a `(` without its `)`");
                }
                self.closed |= bit(group);
                Node::Group(group, Box::new(inner))
            }
            b'.' => Node::Set(set_of(|_| true)),
            b'^' => Node::Begin,
            b'$' => Node::End,
            b'[' => Node::Set(self.bracket()?),
            b'\\' => {
                let Some((&escaped, rest)) = self.rest.split_first() else { return Err("a `\\` at the end") };
                self.rest = rest;
                let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
                match escaped {
                    b'1'..=b'9' => {
                        let group = usize::from(escaped.saturating_sub(b'0'));
                        if self.closed & bit(group) == 0 {
                            return Err("a backreference to a group that is not closed before it");
                        }
                        self.refers_back = true;
                        Node::Same(group)
                    }
                    b'w' => Node::Set(set_of(is_word)),
                    b'W' => Node::Set(set_of(|byte| !is_word(byte))),
                    b's' => Node::Set(set_of(|byte| byte.is_ascii_whitespace())),
                    b'S' => Node::Set(set_of(|byte| !byte.is_ascii_whitespace())),
                    _ => Node::Set(set_of(|byte| byte == escaped)),
                }
            }
            _ => Node::Set(set_of(|other| other == byte)),
        })
    }

    /// Behind `[`. In a bracket a backslash is a backslash, and a `]` that comes first is a member.
    fn bracket(&mut self) -> Result<Set, &'static str> {
        const UNCLOSED: &str = "a `[` without its `]`";
        let negated = self.eat(b'^');
        let mut set = [0; 4];
        let mut first = true;
        loop {
            let (&low, rest) = self.rest.split_first().ok_or(UNCLOSED)?;
            if low == b']' && !first {
                self.rest = rest;
                break;
            }
            first = false;
            let added = if let Some(class) = self.rest.strip_prefix(b"[:") {
                let end = class.windows(2).position(|pair| pair == b":]").ok_or(UNCLOSED)?;
                let (name, rest) = class.split_at(end);
                self.rest = rest.get(2..).unwrap_or_default();
                class_set(name).ok_or("a class of characters that is none")?
            } else {
                self.rest = rest;
                let high = match rest {
                    [b'-', high, after @ ..] if *high != b']' => {
                        self.rest = after;
                        *high
                    }
                    _ => low,
                };
                if high < low {
                    return Err("a range that ends before it begins");
                }
                set_of(|byte| (low..=high).contains(&byte))
            };
            for (word, more) in set.iter_mut().zip(added) {
                *word |= more;
            }
        }
        Ok(if negated { set.map(|word| !word) } else { set })
    }
}

/// A group's bit, of which there are [`MAX_GROUPS`].
fn bit(group: usize) -> u32 {
    u32::try_from(group).ok().and_then(|group| 1_u32.checked_shl(group)).unwrap_or(0)
}

fn class_set(name: &[u8]) -> Option<Set> {
    let fits: fn(&u8) -> bool = match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    };
    Some(set_of(|byte| fits(&byte)))
}

/// Recursion is as deep as the expression is nested: at most [`MAX_NESTING`] groups of as many repetitions each, which
/// [`MAX_PROGRAM`] ends long before.
fn compile(node: &Node, program: &mut Vec<Instruction>) -> Result<(), &'static str> {
    if program.len() > MAX_PROGRAM {
        return Err("too large");
    }
    match node {
        Node::Empty => {}
        Node::Set(set) => program.push(Instruction::Set(*set)),
        Node::Begin => program.push(Instruction::Begin),
        Node::End => program.push(Instruction::End),
        Node::Same(group) => program.push(Instruction::Same(*group)),
        Node::Group(number, inner) => {
            program.push(Instruction::Save(number.saturating_mul(2)));
            compile(inner, program)?;
            program.push(Instruction::Save(number.saturating_mul(2).saturating_add(1)));
        }
        Node::Sequence(nodes) => {
            for node in nodes {
                compile(node, program)?;
            }
        }
        Node::Choice(branches) => {
            let mut ends = Vec::new();
            for (index, branch) in branches.iter().enumerate() {
                let last = index.saturating_add(1) == branches.len();
                let split = (!last).then(|| reserve(program));
                compile(branch, program)?;
                if let Some(split) = split {
                    ends.push(reserve(program));
                    let here = program.len();
                    fill(program, split, Instruction::Split(split.saturating_add(1), here));
                }
            }
            let end = program.len();
            for place in ends {
                fill(program, place, Instruction::Jump(end));
            }
        }
        Node::Repeat(inner, min, max) => {
            for _ in 0..*min {
                compile(inner, program)?;
            }
            match max {
                None => {
                    let split = reserve(program);
                    compile(inner, program)?;
                    program.push(Instruction::Jump(split));
                    let end = program.len();
                    fill(program, split, Instruction::Split(split.saturating_add(1), end));
                }
                Some(max) => {
                    let mut splits = Vec::new();
                    for _ in *min..*max {
                        splits.push(reserve(program));
                        compile(inner, program)?;
                    }
                    let end = program.len();
                    for split in splits {
                        fill(program, split, Instruction::Split(split.saturating_add(1), end));
                    }
                }
            }
        }
    }
    Ok(())
}

/// A place for an instruction that is known later.
fn reserve(program: &mut Vec<Instruction>) -> usize {
    program.push(Instruction::Match);
    program.len().saturating_sub(1)
}

fn fill(program: &mut [Instruction], place: usize, instruction: Instruction) {
    if let Some(reserved) = program.get_mut(place) {
        *reserved = instruction;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct TooLong;

    fn group(pattern: &str, text: &str, number: usize) -> Option<String> {
        let found = Regex::new(pattern.as_bytes()).unwrap().find(text.as_bytes(), |_| Ok::<(), TooLong>(()));
        let range = found.unwrap()?.get(number).cloned().flatten()?;
        Some(text[range].to_owned())
    }

    /// The answers of GRUB's own engine, from tests/grub2/linux/linux.txt, and POSIX' own examples.
    #[test]
    fn matches() {
        let cases: [(&str, &str, usize, Option<&str>); 22] = [
            ("x|xy|xyz", "wxyz", 0, Some("xyz")),
            ("(a|ab)(c|bcd)(d*)", "abcd", 1, Some("a")),
            ("(a|ab)(c|bcd)(d*)", "abcd", 2, Some("bcd")),
            ("(a|ab)(c|bcd)(d*)", "abcd", 3, Some("")),
            ("([[:digit:]]{2,3})", "a12345", 1, Some("123")),
            ("([^]x]+)", "]x]ab]", 1, Some("ab")),
            ("(a\\.b)", "axb a.b", 1, Some("a.b")),
            ("(a)|b", "b", 1, None),
            ("(a*)*", "aab", 1, Some("aa")),
            ("(a|b)*", "aab", 1, Some("b")),
            ("([a-c]+)", "xxabcd", 1, Some("abc")),
            ("^(.*)/([^/]*)$", "/boot/grub/x", 1, Some("/boot/grub")),
            ("^(.*)/([^/]*)$", "/boot/grub/x", 2, Some("x")),
            ("^b", "abc", 0, None),
            ("b*", "abbb", 0, Some("")),
            ("b+", "abbb", 0, Some("bbb")),
            ("(\\w+)", "+ab_c-", 1, Some("ab_c")),
            ("", "abc", 0, Some("")),
            ("a{0}b", "ab", 0, Some("b")),
            ("(ab){2}", "ababab", 0, Some("abab")),
            ("a||b", "b", 0, Some("b")),
            ("[\\]", "a\\", 0, Some("\\")),
        ];
        for (pattern, text, number, expected) in cases {
            assert_eq!(group(pattern, text, number).as_deref(), expected, "{pattern} {text} {number}");
        }
    }

    #[test]
    fn what_is_no_expression() {
        for pattern in ["(", ")", "[", "(a", "[a", "a{2,1}", "a{", "a{1000}", "\\", "[[:x:]]", "[b-a]"] {
            assert!(Regex::new(pattern.as_bytes()).is_err(), "{pattern}");
        }
        for pattern in ["\\1(.)", "(a)|b\\1", "(a\\1)", "(a)\\2"] {
            assert!(Regex::new(pattern.as_bytes()).is_err(), "{pattern}");
        }
    }

    /// As glibc's sed, whose engine GRUB has; tests/grub2/linux/linux.txt has more.
    #[test]
    fn backreferences() {
        let cases = [
            ("(.)\\1", "abccd", 1, Some("c")),
            ("(a|ab)(c|bcd)\\1", "abcda", 0, Some("abcda")),
            ("((a)|b)\\1(c|\\1)*", "xbbbbc", 0, Some("bbbbc")),
            ("(a)*\\1", "b", 0, None),
        ];
        for (pattern, text, number, expected) in cases {
            assert_eq!(group(pattern, text, number).as_deref(), expected, "{pattern} {text} {number}");
        }
    }

    #[test]
    fn hostile_expressions_are_bounded() {
        assert!(Regex::new(&b"(".repeat(100_000)).is_err());
        assert!(Regex::new(&b"*".repeat(100_000)).is_err());
        assert_eq!(Regex::new(b"((((a{255}){255}){255}){255})").unwrap_err(), "too large");
        let regex = Regex::new(b"(a*)*(a*)*(a|aa)*b").unwrap();
        let mut left = 10_000_usize;
        let steps = |count: usize| {
            left = left.checked_sub(count).ok_or(TooLong)?;
            Ok(())
        };
        assert_eq!(regex.find(&b"a".repeat(10_000), steps), Err(TooLong));
        let regex = Regex::new(b"(a*)(a*)(a*)(a*)\\1\\2\\3\\4b").unwrap();
        let mut left = 100_000_usize;
        let steps = |count: usize| {
            left = left.checked_sub(count).ok_or(TooLong)?;
            Ok(())
        };
        assert_eq!(regex.find(&b"a".repeat(10_000), steps), Err(TooLong));
    }
}
