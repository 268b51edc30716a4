//! The syntax tree.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// One piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Text outside quotes, escapes resolved.
    Text(Box<[u8]>),
    /// Text inside quotes; even an empty one makes a word.
    Quoted(Box<[u8]>),
    /// `$name` or `${name}` outside quotes: its value is split into words.
    Variable(Box<[u8]>),
    /// The same inside double quotes: its value stays one piece.
    QuotedVariable(Box<[u8]>),
}

/// A word before expansion; it may become no word, one, or several.
pub(crate) type Word = Box<[Part]>;

/// Commands in sequence.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) statements: Vec<Statement>,
}

impl Script {
    /// A script that carries out a string.
    pub(crate) fn of_string(text: &[u8], line: u32) -> Self {
        let word = |text: &[u8]| -> Word { Box::new([Part::Quoted(text.into())]) };
        let simple = Simple { words: vec![word(b"eval"), word(text)], block: None };
        Self { statements: vec![Statement { line, command: Command::Simple(simple) }] }
    }
}

/// A command and where it stands.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) line: u32,
    pub(crate) command: Command,
}

/// What a statement does.
#[derive(Debug)]
pub(crate) enum Command {
    /// `word word … { block }`.
    Simple(Simple),
    /// `if`, with every `elif` as a further branch.
    If { branches: Vec<(Script, Script)>, otherwise: Option<Script> },
    /// `for name in words`.
    For { name: Box<[u8]>, words: Vec<Word>, body: Script },
    /// `while`, or with `until` the opposite.
    While { until: bool, condition: Script, body: Script },
    /// `function name`; GRUB defines it when it reads it.
    Function { name: Box<[u8]>, body: Rc<Script> },
}

/// A simple command.
#[derive(Debug)]
pub(crate) struct Simple {
    pub(crate) words: Vec<Word>,
    pub(crate) block: Option<Block>,
}

/// `{ … }` as a command's last argument.
#[derive(Debug)]
pub(crate) struct Block {
    /// As written, braces included: this is what a command sees that takes no block.
    pub(crate) raw: Rc<[u8]>,
    pub(crate) script: Rc<Script>,
    /// What is between the braces, made when somebody first asks for it and shared from then on.
    pub(crate) inside: OnceCell<Arc<[u8]>>,
}

impl Block {
    /// The commands between the braces, without the blank lines around them.
    pub(crate) fn source(&self) -> Arc<[u8]> {
        let inside = || self.raw.strip_prefix(b"{")?.strip_suffix(b"}");
        Arc::clone(self.inside.get_or_init(|| Arc::from(without_blank_lines(inside().unwrap_or(&self.raw)))))
    }
}

fn without_blank_lines(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    // The first line keeps its indentation, as the others do.
    let start = text.get(..blank).and_then(|lead| lead.iter().rposition(|&byte| byte == b'\n'));
    text.get(start.map_or(0, |newline| newline.saturating_add(1))..).unwrap_or_default()
}
