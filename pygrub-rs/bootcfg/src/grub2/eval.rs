//! The evaluator.

use super::ast::{Command, Script, Simple, Statement};
use super::commands::{self, Call};
use super::environment::Environment;
use super::expand;
use super::loaded::{Failed, Loaded};
use super::loops::Loops;
use super::menu::Item;
use super::parser::{ParseError, Parser};
use super::source::Source;
use super::status;
use crate::access::Account;
use crate::budget::{Budget, Mark, Stop};
use crate::discover::Candidate;
use crate::guest::{Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::notes::Notes;
use crate::text::shown;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How the commands after this one are affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Not at all.
    Next,
    /// So many loops end.
    Break(u32),
    /// The innermost loop, after so many less one have ended, goes on with its next turn.
    Continue(u32),
    /// The function ends.
    Return,
}

/// Printed text beyond this is dropped.
const MAX_OUTPUT: usize = 64 << 10;
/// What a person is told of the commands typed, at most.
const MAX_TYPED_NOTES: usize = 8;

type Functions = BTreeMap<Box<[u8]>, Rc<Script>>;
/// The arguments of a function, a menu entry or a submenu: `$1` and so on.
pub(crate) type Scope = Rc<Vec<Vec<u8>>>;

/// GRUB, as far as a configuration can tell.
pub(crate) struct Machine<'g> {
    pub(crate) guest: Option<&'g dyn Guest>,
    pub(crate) limits: &'g Limits,
    /// The volume of the first configuration file.
    pub(crate) home: VolumeId,
    pub(crate) budget: Budget,
    pub(crate) environment: Environment,
    pub(crate) notes: Notes,
    /// The entry with this number has these commands instead of its own, until it had its turn.
    pub(crate) edit: Option<(usize, Vec<u8>)>,
    /// What was noted of an edited entry's commands: whoever typed them is told, where they do not boot.
    pub(crate) typed_notes: Option<Vec<String>>,
    /// A person types: commands print what they have to say, notes among it.
    pub(crate) console: bool,
    /// The configuration whose menu a person wants to see.
    pub(crate) opens: Option<Candidate>,
    /// Users who can show who they are.
    pub(crate) accounts: Vec<Account>,
    /// What GRUB prints on its way to the default entry.
    pub(crate) output: Vec<u8>,
    /// The menu under construction.
    pub(crate) menu: Vec<Item>,
    /// Entries of all menus so far.
    pub(crate) entries: usize,
    /// What `boot` would start.
    pub(crate) loaded: Loaded,
    /// What stands against the entry being tried out.
    pub(crate) problems: Vec<String>,
    /// The first file that could not be loaded: what is wrong with an entry that loads nothing.
    pub(crate) failed: Option<Failed>,
    /// The first ramdisk that could not be loaded.
    pub(crate) failed_ramdisk: Option<String>,
    /// Files that are disks.
    pub(crate) loops: Loops,
    /// `$?`.
    pub(crate) status: u32,
    /// What a command wants to happen next.
    pub(crate) flow: Flow,
    pub(crate) file: Rc<str>,
    pub(crate) line: u32,
    /// How often a part of a syntax tree was kept for later.
    pub(crate) retained: u64,
    /// Whether the module `regexp` is loaded, which expands wildcards.
    pub(crate) expands_wildcards: bool,
    /// The Boot Loader Specification entries that are in a menu already, by id.
    pub(crate) bls_shown: Rc<BTreeSet<Vec<u8>>>,
    functions: Rc<Functions>,
    scopes: Vec<Scope>,
    /// Loops around the current command, within its function.
    turns: u32,
}

/// What [`Machine::restore`] goes back to.
pub(crate) struct Saved {
    checkpoints: usize,
    mark: Mark,
    functions: Rc<Functions>,
    expands_wildcards: bool,
    bls_shown: Rc<BTreeSet<Vec<u8>>>,
    loops: Loops,
    scopes: Vec<Scope>,
    turns: u32,
    file: Rc<str>,
}

impl<'g> Machine<'g> {
    pub(crate) fn new(guest: Option<&'g dyn Guest>, home: VolumeId, limits: &'g Limits) -> Self {
        Self {
            guest,
            limits,
            home,
            budget: Budget::new(limits),
            environment: Environment::default(),
            notes: Notes::new(limits.max_notes),
            edit: None,
            typed_notes: None,
            console: false,
            opens: None,
            accounts: Vec::new(),
            output: Vec::new(),
            menu: Vec::new(),
            entries: 0,
            loaded: Loaded::default(),
            problems: Vec::new(),
            failed: None,
            failed_ramdisk: None,
            loops: Loops::default(),
            status: 0,
            flow: Flow::Next,
            file: Rc::from(""),
            line: 0,
            retained: 0,
            functions: Rc::default(),
            expands_wildcards: false,
            bls_shown: Rc::default(),
            scopes: Vec::new(),
            turns: 0,
        }
    }

    /// What a person needs to find the place.
    pub(crate) fn note(&mut self, what: &str) {
        if self.console {
            self.print(b"error: ");
            self.print(what.as_bytes());
            self.print(b".\n");
            return;
        }
        let (file, line) = (Rc::clone(&self.file), self.line);
        if let Some(notes) = self.typed_notes.as_mut().filter(|notes| notes.len() < MAX_TYPED_NOTES) {
            let colon = if file.is_empty() { "line " } else { ":" };
            notes.push(format!("{file}{colon}{line}: {what}"));
        }
        self.notes.add(|| format!("{file}:{line}: {what}"));
    }

    /// Prints; beyond [`MAX_OUTPUT`] nothing more.
    pub(crate) fn print(&mut self, text: &[u8]) {
        let room = MAX_OUTPUT.saturating_sub(self.output.len());
        self.output.extend(text.get(..room).unwrap_or(text));
    }

    /// The names of the functions that the configuration defined.
    pub(crate) fn function_names(&self) -> impl Iterator<Item = &[u8]> {
        self.functions.keys().map(|name| &**name)
    }

    /// Out of all functions, loops and files, wherever the evaluation stopped; variables and functions stay.
    pub(crate) fn surface(&mut self, mark: Mark) {
        self.budget.restore_depth(mark);
        self.scopes.clear();
        self.turns = 0;
        self.flow = Flow::Next;
    }

    /// A state to come back to with [`Machine::restore`]: an entry is tried out and leaves no trace but its result.
    pub(crate) fn save(&mut self) -> Saved {
        let checkpoints = self.environment.checkpoints();
        self.environment.checkpoint();
        Saved {
            checkpoints,
            mark: self.budget.mark(),
            functions: Rc::clone(&self.functions),
            expands_wildcards: self.expands_wildcards,
            bls_shown: Rc::clone(&self.bls_shown),
            loops: self.loops.clone(),
            scopes: std::mem::take(&mut self.scopes),
            turns: std::mem::take(&mut self.turns),
            file: Rc::clone(&self.file),
        }
    }

    pub(crate) fn restore(&mut self, saved: Saved) {
        while self.environment.checkpoints() > saved.checkpoints {
            self.environment.rollback(&mut self.budget);
        }
        self.budget.restore(saved.mark);
        self.functions = saved.functions;
        self.bls_shown = saved.bls_shown;
        self.expands_wildcards = saved.expands_wildcards;
        self.loops = saved.loops;
        self.scopes = saved.scopes;
        self.turns = saved.turns;
        self.file = saved.file;
        self.flow = Flow::Next;
    }

    /// Every unit of a text, each carried out before the next is read; mistakes are noted and passed over.
    pub(crate) fn run_source(&mut self, source: &Source) -> Result<Flow, Stop> {
        let mut parser = Parser::new(source.text(), source.starts());
        while let Some(unit) = parser.next_unit(&mut self.budget) {
            match unit {
                Ok(unit) => {
                    let retained = self.retained;
                    let flow = self.run(&unit.script)?;
                    // Functions and entries hold on to the tree; nothing else does.
                    if retained == self.retained {
                        self.budget.release(unit.cost);
                    }
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Err(ParseError::Syntax { line, why }) => {
                    self.line = line;
                    let is_typed = self.typed_notes.is_some() && self.file.is_empty();
                    match is_typed && self.problems.len() < MAX_TYPED_NOTES {
                        // Whoever typed it can mend it; the rest of the entry is not what was meant.
                        true => self.problems.push(format!("line {line}: syntax error: {why}")),
                        false => self.note(&format!("syntax error: {why}; ignored up to this line")),
                    }
                    for function in parser.take_functions() {
                        self.statement(&function)?;
                    }
                }
                Err(ParseError::Limit { line, limit }) => {
                    self.line = line;
                    return Err(limit.into());
                }
            }
        }
        Ok(Flow::Next)
    }

    /// Commands in sequence.
    pub(crate) fn run(&mut self, script: &Script) -> Result<Flow, Stop> {
        for statement in &script.statements {
            let flow = self.statement(statement)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Flow, Stop> {
        self.line = statement.line;
        self.budget.step()?;
        match &statement.command {
            Command::Simple(simple) => self.simple(simple),
            Command::Function { name, body } => self.define(name, body),
            compound => {
                self.budget.enter()?;
                let flow = self.compound(compound)?;
                self.budget.leave();
                Ok(flow)
            }
        }
    }

    fn define(&mut self, name: &[u8], body: &Rc<Script>) -> Result<Flow, Stop> {
        if Rc::strong_count(&self.functions) > 1 {
            self.budget.steps_for(self.functions.len())?;
        }
        self.retained = self.retained.saturating_add(1);
        Rc::make_mut(&mut self.functions).insert(name.into(), Rc::clone(body));
        self.status = 0;
        Ok(Flow::Next)
    }

    fn compound(&mut self, command: &Command) -> Result<Flow, Stop> {
        match command {
            Command::If { branches, otherwise } => {
                for (condition, body) in branches {
                    let flow = self.run(condition)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                    if self.status == 0 {
                        return self.run(body);
                    }
                }
                if let Some(body) = otherwise {
                    return self.run(body);
                }
                self.status = 0;
                Ok(Flow::Next)
            }
            Command::For { name, words, body } => {
                let words = expand::arguments(self, words)?;
                let cost = expand::cost(&words);
                self.budget.keep(cost)?;
                self.status = 0;
                let flow = self.turns(words.into_iter(), |machine, word| {
                    machine.environment.set(name, &word, &mut machine.budget)?;
                    machine.run(body)
                });
                self.budget.release(cost);
                flow
            }
            Command::While { until, condition, body } => self.turns(std::iter::repeat(()), |machine, ()| {
                let flow = machine.run(condition)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
                if (machine.status == 0) == *until {
                    return Ok(Flow::Break(1));
                }
                machine.run(body)
            }),
            Command::Simple(simple) => self.simple(simple),
            Command::Function { name, body } => self.define(name, body),
        }
    }

    /// The turns of a loop.
    fn turns<T>(
        &mut self,
        over: impl Iterator<Item = T>,
        mut turn: impl FnMut(&mut Self, T) -> Result<Flow, Stop>,
    ) -> Result<Flow, Stop> {
        self.turns = self.turns.saturating_add(1);
        let mut result = Flow::Next;
        for item in over {
            self.budget.step()?;
            match turn(self, item)? {
                Flow::Next | Flow::Continue(0 | 1) => {}
                Flow::Break(0 | 1) => break,
                Flow::Break(levels) => {
                    result = Flow::Break(levels.saturating_sub(1));
                    break;
                }
                Flow::Continue(levels) => {
                    result = Flow::Continue(levels.saturating_sub(1));
                    break;
                }
                Flow::Return => {
                    result = Flow::Return;
                    break;
                }
            }
        }
        self.turns = self.turns.saturating_sub(1);
        Ok(result)
    }

    fn simple(&mut self, simple: &Simple) -> Result<Flow, Stop> {
        let mut words = expand::arguments(self, &simple.words)?;
        if let Some(block) = &simple.block {
            self.budget.moved(block.raw.len())?;
            words.push(block.raw.to_vec());
        }
        let invert = words.first().is_some_and(|word| word == b"!");
        if invert {
            words.remove(0);
        }
        let Some((name, arguments)) = words.split_first() else {
            self.status = if invert { status::BAD_ARGUMENT } else { 0 };
            return Ok(Flow::Next);
        };
        let typed = if self.console { commands::find_typed(name) } else { None };
        let status = if let Some(handler) = typed.or_else(|| commands::find(name)) {
            handler(self, &Call { name, arguments, block: simple.block.as_ref() })?
        } else if let Some(body) = self.functions.get(&**name).cloned() {
            words.remove(0);
            self.call(&body, Rc::new(words))?
        } else {
            return self.assignment(name);
        };
        self.status = match (invert, status) {
            (false, status) => status,
            (true, 0) => status::TEST_FAILURE,
            (true, _) => 0,
        };
        Ok(std::mem::replace(&mut self.flow, Flow::Next))
    }

    /// Not a command, not a function: an assignment, or nothing GRUB knows. Both count as success, and `!` changes
    /// nothing (grub-emu: `if nosuch; then echo T; fi` prints T).
    fn assignment(&mut self, word: &[u8]) -> Result<Flow, Stop> {
        self.status = 0;
        match word.iter().position(|&byte| byte == b'=') {
            Some(at) => {
                let (name, value) = word.split_at(at);
                let value = value.get(1..).unwrap_or_default();
                self.environment.set(name, value, &mut self.budget)?;
            }
            None if self.console => {
                self.note(&format!("can't find command `{}'; `help' lists them", shown(word)));
                self.status = status::INVALID_COMMAND;
            }
            None => self.note(&format!("unknown command `{}` ignored", shown(word))),
        }
        Ok(Flow::Next)
    }

    /// A function, the body of an entry or of a submenu, with arguments of its own.
    pub(crate) fn call(&mut self, body: &Script, arguments: Scope) -> Result<u32, Stop> {
        self.budget.enter()?;
        let cost = expand::cost(&arguments);
        self.budget.keep(cost)?;
        self.scopes.push(arguments);
        let turns = std::mem::take(&mut self.turns);
        self.run(body)?;
        self.turns = turns;
        self.scopes.pop();
        self.budget.release(cost);
        self.budget.leave();
        Ok(self.status)
    }

    /// A text, in a scope of its own.
    pub(crate) fn call_source(&mut self, source: &Source, arguments: Scope) -> Result<(), Stop> {
        self.budget.enter()?;
        self.scopes.push(arguments);
        self.run_source(source)?;
        self.scopes.pop();
        self.budget.leave();
        Ok(())
    }

    /// Loops around the current command, within its function.
    pub(crate) fn turns_around(&self) -> u32 {
        self.turns
    }

    /// Whether there is a function to return from.
    pub(crate) fn scope(&mut self) -> Option<&mut Scope> {
        self.scopes.last_mut()
    }

    /// `$1` and so on.
    pub(crate) fn positional(&self) -> Scope {
        self.scopes.last().cloned().unwrap_or_default()
    }

    /// The value of `$name`, empty when there is none.
    pub(crate) fn variable(&mut self, name: &[u8]) -> Result<Vec<u8>, LimitName> {
        let value = match name {
            b"?" => self.status.to_string().into_bytes(),
            // Outside functions it is empty, not 0.
            b"#" if self.scopes.is_empty() => Vec::new(),
            b"#" => self.positional().len().to_string().into_bytes(),
            b"*" | b"@" => {
                let positional = self.positional();
                let total = positional.iter().fold(0, |sum: usize, word| sum.saturating_add(word.len()));
                self.budget.check_value(total.saturating_add(positional.len()))?;
                positional.join(&b' ')
            }
            _ if name.first().is_some_and(u8::is_ascii_digit) => {
                let index = std::str::from_utf8(name).ok().and_then(|digits| digits.parse::<usize>().ok());
                let positional = self.positional();
                index
                    .and_then(|index| index.checked_sub(1))
                    .and_then(|index| positional.get(index).cloned())
                    .unwrap_or_default()
            }
            _ => self.environment.get(name).unwrap_or_default().to_vec(),
        };
        self.budget.moved(value.len())?;
        Ok(value)
    }
}
