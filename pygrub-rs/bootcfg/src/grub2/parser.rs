//! Tokens to a syntax tree (manual: "Shell-like scripting", "Grammar").
//!
//! GRUB reads a configuration in units: a line, and as many more as it takes to finish what the line began. A
//! unit is carried out before the next is read. A syntax error costs the unit as far as it was read: the rest of
//! the line is dropped and the next line begins a new unit, even inside what was meant to be a block.

use super::ast::{Block, Command, Part, Script, Simple, Statement};
use super::lexer::{Lexed, Lexer, Token, is_name};
use crate::budget::Budget;
use crate::limits::LimitName;
use std::cell::OnceCell;
use std::rc::Rc;

/// What a token costs in memory once it is in the tree, generously.
const BYTES_PER_TOKEN: usize = 128;

/// Why a unit was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ParseError {
    /// It is not GRUB's language.
    Syntax { line: u32, why: &'static str },
    /// A budget ran out.
    Limit { line: u32, limit: LimitName },
}

/// A unit that can be carried out.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) script: Script,
    /// What it took from the budget of bytes.
    pub(crate) cost: usize,
}

/// Reads units off a text.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    text: &'a [u8],
    lexer: Lexer<'a>,
    /// The token in hand and its line.
    token: Token,
    line: u32,
    cost: usize,
    /// Functions read so far in this unit: GRUB knows them even when the rest of the unit is wrong.
    functions: Vec<Statement>,
}

/// The commands whose block may stand on the next line. GRUB calls that an error and drops the entry; people write
/// it all the same, and mean an entry.
fn is_entry(name: &[u8]) -> bool {
    matches!(name, b"menuentry" | b"submenu")
}

const RESERVED: [&[u8]; 15] = [
    b"case",
    b"do",
    b"done",
    b"elif",
    b"else",
    b"esac",
    b"fi",
    b"for",
    b"function",
    b"if",
    b"in",
    b"select",
    b"then",
    b"until",
    b"while",
];

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a [u8], starts: &'a [(usize, u32)]) -> Self {
        Self {
            text,
            lexer: Lexer::new(text, starts),
            token: Token::Newline,
            line: 1,
            cost: 0,
            functions: Vec::new(),
        }
    }

    /// The next unit; `None` at the end. After a syntax error the next call goes on behind it.
    pub(crate) fn next_unit(&mut self, budget: &mut Budget) -> Option<Result<Unit, ParseError>> {
        self.cost = 0;
        let mark = budget.mark();
        let result = self.unit(budget).transpose()?;
        if result.is_err() {
            budget.restore(mark);
        }
        if matches!(result, Err(ParseError::Syntax { .. })) && self.token != Token::Newline {
            self.lexer.skip_line();
        }
        Some(result.map(|script| Unit { script, cost: self.cost }))
    }

    /// Functions that were read whole in a unit that turned out to be wrong later on.
    pub(crate) fn take_functions(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.functions)
    }

    fn unit(&mut self, budget: &mut Budget) -> Result<Option<Script>, ParseError> {
        self.functions.clear();
        self.advance(budget)?;
        while self.token == Token::Newline {
            self.advance(budget)?;
        }
        if self.token == Token::End {
            return Ok(None);
        }
        let mut script = Script::default();
        loop {
            let line = self.line;
            let command = match self.reserved() {
                Some(b"function") => self.function(budget)?,
                _ => self.command(budget)?,
            };
            script.statements.push(Statement { line, command });
            match self.token {
                // The newline stays in hand; the next unit starts behind it.
                Token::Newline | Token::End => return Ok(Some(script)),
                Token::Semicolon => self.advance(budget)?,
                _ => {
                    self.keep_functions(script);
                    return Err(self.syntax("a newline or `;` was expected"));
                }
            }
            if matches!(self.token, Token::Newline | Token::End) {
                return Ok(Some(script));
            }
        }
    }

    fn keep_functions(&mut self, script: Script) {
        let functions = script.statements.into_iter();
        self.functions.extend(functions.filter(|s| matches!(s.command, Command::Function { .. })));
    }

    fn advance(&mut self, budget: &mut Budget) -> Result<(), ParseError> {
        self.token = self.lexer.next();
        self.line = self.lexer.token_line();
        let limit = |limit| ParseError::Limit { line: self.line, limit };
        if !matches!(self.token, Token::Newline | Token::End) {
            budget.keep(BYTES_PER_TOKEN).map_err(limit)?;
            self.cost = self.cost.saturating_add(BYTES_PER_TOKEN);
        }
        Ok(())
    }

    fn syntax(&self, why: &'static str) -> ParseError {
        let why = match self.token {
            Token::End => "the file ends inside a command",
            Token::Invalid => "a character, variable or quotation GRUB does not understand",
            _ => why,
        };
        ParseError::Syntax { line: self.line, why }
    }

    /// The reserved word in hand, if it is one.
    fn reserved(&self) -> Option<&'static [u8]> {
        let Token::Word(lexed) = &self.token else {
            return None;
        };
        let text = lexed.plain_text()?;
        RESERVED.iter().copied().find(|&word| word == text)
    }

    fn expect(
        &mut self,
        word: &'static [u8],
        why: &'static str,
        budget: &mut Budget,
    ) -> Result<(), ParseError> {
        if self.reserved() != Some(word) {
            return Err(self.syntax(why));
        }
        self.advance(budget)
    }

    /// One delimiter and any newlines after it.
    fn delimiters(&mut self, budget: &mut Budget) -> Result<(), ParseError> {
        if !matches!(self.token, Token::Newline | Token::Semicolon) {
            return Err(self.syntax("a newline or `;` was expected"));
        }
        self.advance(budget)?;
        self.newlines(budget)
    }

    fn newlines(&mut self, budget: &mut Budget) -> Result<(), ParseError> {
        while self.token == Token::Newline {
            self.advance(budget)?;
        }
        Ok(())
    }

    fn take_word(&mut self, budget: &mut Budget) -> Result<Option<Lexed>, ParseError> {
        if !matches!(self.token, Token::Word(_)) {
            return Ok(None);
        }
        let token = std::mem::replace(&mut self.token, Token::Newline);
        self.advance(budget)?;
        match token {
            Token::Word(lexed) => Ok(Some(lexed)),
            _ => Ok(None),
        }
    }

    fn name(&mut self, budget: &mut Budget) -> Result<Box<[u8]>, ParseError> {
        let text = match &self.token {
            Token::Word(lexed) if self.reserved().is_none() => {
                lexed.plain_text().filter(|text| is_name(text))
            }
            _ => None,
        };
        let Some(name) = text.map(Box::from) else {
            return Err(self.syntax("a name was expected"));
        };
        self.advance(budget)?;
        Ok(name)
    }

    /// Commands up to a word or brace that ends them, with at least one delimiter after the last one when
    /// `closed` says so.
    fn commands(&mut self, delimited: bool, budget: &mut Budget) -> Result<Script, ParseError> {
        let limit = |line| move |limit| ParseError::Limit { line, limit };
        budget.enter().map_err(limit(self.line))?;
        self.newlines(budget)?;
        let mut script = Script::default();
        loop {
            let line = self.line;
            let command = self.command(budget)?;
            script.statements.push(Statement { line, command });
            if !delimited && self.token == Token::Close {
                break;
            }
            self.delimiters(budget)?;
            if self.token == Token::Close || self.ends_commands() {
                break;
            }
        }
        budget.leave();
        Ok(script)
    }

    fn ends_commands(&self) -> bool {
        matches!(self.reserved(), Some(b"then" | b"elif" | b"else" | b"fi" | b"do" | b"done"))
    }

    fn command(&mut self, budget: &mut Budget) -> Result<Command, ParseError> {
        match self.reserved() {
            Some(b"if") => self.if_command(budget),
            Some(b"for") => self.for_command(budget),
            Some(b"while") => self.while_command(false, budget),
            Some(b"until") => self.while_command(true, budget),
            Some(b"function") => Err(self.syntax("a function can only be defined outside everything else")),
            Some(_) => Err(self.syntax("a reserved word stands where a command was expected")),
            None => self.simple(budget).map(Command::Simple),
        }
    }

    fn simple(&mut self, budget: &mut Budget) -> Result<Simple, ParseError> {
        let Some(first) = self.take_word(budget)? else {
            return Err(self.syntax("a command was expected"));
        };
        let mut words = vec![first.word];
        while let Some(lexed) = self.take_word(budget)? {
            words.push(lexed.word);
        }
        let entry = matches!(words.first().map(|word| &**word), Some([Part::Text(name)]) if is_entry(name));
        if entry && self.token == Token::Newline && self.lexer.opens_next() {
            self.newlines(budget)?;
        }
        let block = if self.token == Token::Open { Some(self.block(budget)?) } else { None };
        Ok(Simple { words, block })
    }

    fn block(&mut self, budget: &mut Budget) -> Result<Block, ParseError> {
        let from = self.lexer.token_start();
        self.advance(budget)?;
        let script = self.commands(false, budget)?;
        if self.token != Token::Close {
            return Err(self.syntax("`}` was expected"));
        }
        let raw = self.text.get(from..self.lexer.behind_token()).unwrap_or_default();
        budget.keep(raw.len()).map_err(|limit| ParseError::Limit { line: self.line, limit })?;
        self.cost = self.cost.saturating_add(raw.len());
        let block = Block { raw: raw.into(), script: Rc::new(script), inside: OnceCell::new() };
        self.advance(budget)?;
        Ok(block)
    }

    fn if_command(&mut self, budget: &mut Budget) -> Result<Command, ParseError> {
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            // On `if` or `elif`.
            self.advance(budget)?;
            let condition = self.commands(true, budget)?;
            self.expect(b"then", "`then` was expected", budget)?;
            let body = self.commands(true, budget)?;
            branches.push((condition, body));
            match self.reserved() {
                Some(b"elif") => continue,
                Some(b"else") => {
                    self.advance(budget)?;
                    otherwise = Some(self.commands(true, budget)?);
                }
                _ => {}
            }
            self.expect(b"fi", "`fi` was expected", budget)?;
            return Ok(Command::If { branches, otherwise });
        }
    }

    fn for_command(&mut self, budget: &mut Budget) -> Result<Command, ParseError> {
        self.advance(budget)?;
        let name = self.name(budget)?;
        self.expect(b"in", "`in` was expected", budget)?;
        let mut words = Vec::new();
        while let Some(lexed) = self.take_word(budget)? {
            words.push(lexed.word);
        }
        self.delimiters(budget)?;
        let body = self.loop_body(budget)?;
        Ok(Command::For { name, words, body })
    }

    fn while_command(&mut self, until: bool, budget: &mut Budget) -> Result<Command, ParseError> {
        self.advance(budget)?;
        let condition = self.commands(true, budget)?;
        let body = self.loop_body(budget)?;
        Ok(Command::While { until, condition, body })
    }

    fn loop_body(&mut self, budget: &mut Budget) -> Result<Script, ParseError> {
        self.expect(b"do", "`do` was expected", budget)?;
        let body = self.commands(true, budget)?;
        self.expect(b"done", "`done` was expected", budget)?;
        Ok(body)
    }

    fn function(&mut self, budget: &mut Budget) -> Result<Command, ParseError> {
        self.advance(budget)?;
        let name = self.name(budget)?;
        self.newlines(budget)?;
        if self.token != Token::Open {
            return Err(self.syntax("`{` was expected"));
        }
        self.advance(budget)?;
        let body = self.commands(true, budget)?;
        if self.token != Token::Close {
            return Err(self.syntax("`}` was expected"));
        }
        self.advance(budget)?;
        Ok(Command::Function { name, body: Rc::new(body) })
    }
}
