//! GRUB's command line (manual: "Command-line interface").

use super::eval::Machine;
use super::loaded::Loaded;
use super::source::Source;
use super::{memdisk, outcome, run};
use crate::budget::Stop;
use crate::guest::Guest;
use crate::interact::{CommandEnd, Printed};
use crate::limits::Limits;
use crate::menu::{BootMenu, Loader};
use crate::text::shown;
use std::rc::Rc;

/// Carries out lines, each as a person typed it.
pub(crate) fn command_line(guest: &dyn Guest, menu: &BootMenu, lines: &[&[u8]], limits: &Limits) -> Printed {
    let mut machine = machine(guest, menu, limits);
    for line in lines {
        machine.output.clear();
        match type_line(&mut machine, line) {
            Ok(()) => {}
            Err(Stop::Boot) => {
                let mut entry = outcome::without_menu(&mut machine);
                entry.title = b"the command line".to_vec();
                return Printed { output: machine.output, end: CommandEnd::Boots(Box::new(entry)) };
            }
            Err(Stop::Leave("exit")) => return Printed { output: machine.output, end: CommandEnd::Leaves },
            Err(Stop::Leave(name)) => {
                machine.note(&format!("`{name}' ends nothing here; ESC leaves the command line"))
            }
            Err(Stop::Menu) if let Some(candidate) = machine.opens.take() => {
                return Printed { output: machine.output, end: CommandEnd::Opens(candidate) };
            }
            Err(Stop::Menu) => {
                machine.menu.clear();
                machine.note("no other menu can be opened from here");
            }
            Err(Stop::Limit(limit)) => {
                machine.note(&format!("the limit {limit} ({}) is exceeded", limits.value(limit)));
                break;
            }
        }
    }
    Printed { output: machine.output, end: CommandEnd::Waits }
}

/// GRUB as the configuration left it: with its variables and functions, and without what it loaded.
pub(super) fn machine<'g>(guest: &'g dyn Guest, menu: &BootMenu, limits: &'g Limits) -> Machine<'g> {
    let config = &menu.config;
    let mut machine = Machine::new(Some(guest), config.volume, limits);
    machine.file = Rc::from(shown(&config.path));
    let text = match menu.loader {
        Loader::Grub2 => memdisk::read(guest, config, limits.max_config_bytes).unwrap_or_default(),
        _ => Vec::new(),
    };
    let mark = machine.budget.mark();
    // Whatever ended it: what it did until then stays.
    let _stop = run(&mut machine, &text, config);
    machine.surface(mark);
    machine.menu.clear();
    machine.loaded = Loaded::default();
    machine.status = 0;
    machine.console = true;
    // A person's commands have steps of their own.
    machine.budget.exchange_steps(limits.max_steps);
    machine
}

/// Carries out one line.
pub(super) fn type_line(machine: &mut Machine<'_>, line: &[u8]) -> Result<(), Stop> {
    let mark = machine.budget.mark();
    machine.line = 1;
    machine.budget.keep(line.len())?;
    let result = machine.run_source(&Source::from_string(line, 1));
    machine.surface(mark);
    result.map(|_| ())
}
