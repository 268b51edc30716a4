//! Text to tokens (manual: "Shell-like scripting", "Words" and "Quoting").

use super::ast::{Part, Word};

/// One token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Newline,
    Semicolon,
    Open,
    Close,
    Word(Lexed),
    /// A character GRUB gives no meaning: `&`, `|`, `<`, `>`, a lone `$`, an unclosed quote.
    Invalid,
    /// The text ends.
    End,
}

/// A word and what it could be besides.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lexed {
    pub(crate) word: Word,
    /// The word as written when nothing in it was quoted, escaped or variable: only such a word can be a
    /// reserved word or a name.
    pub(crate) plain: bool,
}

impl Lexed {
    /// The text of a plain word.
    pub(crate) fn plain_text(&self) -> Option<&[u8]> {
        match (&*self.word, self.plain) {
            ([Part::Text(text)], true) => Some(text),
            _ => None,
        }
    }
}

/// Reads tokens off a text, one at a time.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    starts: &'a [(usize, u32)],
    position: usize,
    line: u32,
    token_start: usize,
    token_line: u32,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8], starts: &'a [(usize, u32)]) -> Self {
        let mut lexer = Self { text, starts, position: 0, line: 1, token_start: 0, token_line: 1 };
        lexer.renumber();
        lexer
    }

    /// Where the last token started.
    pub(crate) fn token_start(&self) -> usize {
        self.token_start
    }

    /// Where the last token ended.
    pub(crate) fn behind_token(&self) -> usize {
        self.position
    }

    /// The number of the line the last token started on.
    pub(crate) fn token_line(&self) -> u32 {
        self.token_line
    }

    /// Drops the rest of the current line, as GRUB does after an error on it.
    pub(crate) fn skip_line(&mut self) {
        while let Some(byte) = self.bump() {
            if byte == b'\n' {
                break;
            }
        }
    }

    /// Whether the next token that is not a newline is `{`.
    pub(crate) fn opens_next(&self) -> bool {
        let mut ahead = Lexer { ..*self };
        loop {
            ahead.skip_blanks();
            match ahead.peek() {
                Some(b'\n') => drop(ahead.bump()),
                next => return next == Some(b'{'),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        // OK to saturate: the position is at most the text's length.
        self.position = self.position.saturating_add(1);
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
            self.renumber();
        }
        Some(byte)
    }

    /// Lines that were left out of the text make the number jump.
    fn renumber(&mut self) {
        while let Some((&(start, number), rest)) = self.starts.split_first() {
            if start > self.position {
                break;
            }
            self.line = number;
            self.starts = rest;
        }
    }

    pub(crate) fn next(&mut self) -> Token {
        self.skip_blanks();
        self.token_start = self.position;
        self.token_line = self.line;
        let Some(byte) = self.peek() else {
            return Token::End;
        };
        let single = match byte {
            b'\n' => Token::Newline,
            b';' => Token::Semicolon,
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'&' | b'|' | b'<' | b'>' => Token::Invalid,
            _ => return self.word(),
        };
        self.bump();
        if single == Token::Semicolon && self.peek() == Some(b';') {
            self.bump();
            return Token::Invalid;
        }
        single
    }

    /// Blanks and a comment. A backslash does not continue a comment; elsewhere at the end of a line it is part of
    /// a word, even where nothing else is.
    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' => drop(self.bump()),
                b'#' => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.bump();
                    }
                }
                _ => break,
            }
        }
    }

    fn word(&mut self) -> Token {
        let mut parts = Vec::new();
        let mut text = Vec::new();
        let mut plain = true;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'{' | b'}' | b'&' | b'|' | b'<' | b'>' => break,
                b'\\' => {
                    plain = false;
                    // Red Hat's GRUB passes `\xHH` on as it is, and their installers rely on it
                    // (`LABEL=CentOS\x207\x20x86_64`); other GRUBs drop the backslash, which nobody relies on.
                    if self.is_hexadecimal_escape() {
                        text.push(byte);
                    }
                    self.bump();
                    match self.bump() {
                        Some(b'\n') => {}
                        // It stands for itself alone.
                        Some(escaped @ (b'*' | b'?')) => {
                            flush(&mut parts, &mut text);
                            parts.push(Part::Quoted(Box::new([escaped])));
                        }
                        Some(escaped) => text.push(escaped),
                        None => return Token::Invalid,
                    }
                }
                b'\'' => {
                    plain = false;
                    flush(&mut parts, &mut text);
                    self.bump();
                    match self.until_quote() {
                        Some(quoted) => parts.push(Part::Quoted(quoted)),
                        None => return Token::Invalid,
                    }
                }
                b'"' => {
                    plain = false;
                    flush(&mut parts, &mut text);
                    self.bump();
                    if self.double_quoted(&mut parts).is_none() {
                        return Token::Invalid;
                    }
                }
                b'$' => {
                    plain = false;
                    flush(&mut parts, &mut text);
                    self.bump();
                    // `$"…"` is a string to translate; there is no translation here.
                    if self.peek() == Some(b'"') {
                        continue;
                    }
                    match self.variable() {
                        Some(name) => parts.push(Part::Variable(name)),
                        None => return Token::Invalid,
                    }
                }
                _ => {
                    text.push(byte);
                    self.bump();
                }
            }
        }
        // `[[` and `]]` are reserved, and nothing begins with them.
        if plain && matches!(text.as_slice(), b"[[" | b"]]") {
            return Token::Invalid;
        }
        flush(&mut parts, &mut text);
        Token::Word(Lexed { word: parts.into_boxed_slice(), plain })
    }

    fn is_hexadecimal_escape(&self) -> bool {
        let rest = self.text.get(self.position..).unwrap_or_default();
        matches!(rest, [b'\\', b'x', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    }

    /// After `'`: everything up to the next one.
    fn until_quote(&mut self) -> Option<Box<[u8]>> {
        let mut text = Vec::new();
        loop {
            match self.bump()? {
                b'\'' => return Some(text.into_boxed_slice()),
                byte => text.push(byte),
            }
        }
    }

    /// After `"`: up to the next one. A backslash escapes `$`, `"`, `\` and a line's end; before anything else it
    /// stands for itself.
    fn double_quoted(&mut self, parts: &mut Vec<Part>) -> Option<()> {
        let mut text = Vec::new();
        let mut empty = true;
        loop {
            match self.bump()? {
                b'"' => {
                    if empty || !text.is_empty() {
                        parts.push(Part::Quoted(text.into_boxed_slice()));
                    }
                    return Some(());
                }
                b'\\' => match self.bump()? {
                    b'\n' => {}
                    byte @ (b'$' | b'"' | b'\\') => text.push(byte),
                    byte => text.extend([b'\\', byte]),
                },
                b'$' => {
                    if !text.is_empty() {
                        parts.push(Part::Quoted(std::mem::take(&mut text).into_boxed_slice()));
                    }
                    empty = false;
                    parts.push(Part::QuotedVariable(self.variable()?));
                }
                byte => text.push(byte),
            }
        }
    }

    /// After `$`: a name, a number or one of `?#*@`, in braces or not.
    fn variable(&mut self) -> Option<Box<[u8]>> {
        let braced = self.peek() == Some(b'{');
        if braced {
            self.bump();
        }
        let name = self.variable_name()?;
        if braced && self.bump()? != b'}' {
            return None;
        }
        Some(name)
    }

    fn variable_name(&mut self) -> Option<Box<[u8]>> {
        let first = self.peek()?;
        let continues: fn(u8) -> bool = match first {
            b'?' | b'#' | b'*' | b'@' => |_| false,
            b'0'..=b'9' => |byte| byte.is_ascii_digit(),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => is_name_byte,
            _ => return None,
        };
        let mut name = vec![first];
        self.bump();
        while let Some(byte) = self.peek().filter(|&byte| continues(byte)) {
            name.push(byte);
            self.bump();
        }
        Some(name.into_boxed_slice())
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Whether a plain word can name a function or a loop's variable.
pub(crate) fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(|byte| !byte.is_ascii_digit()) && word.iter().copied().all(is_name_byte)
}

fn flush(parts: &mut Vec<Part>, text: &mut Vec<u8>) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text).into_boxed_slice()));
    }
}
