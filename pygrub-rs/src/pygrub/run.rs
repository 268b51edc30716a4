//! One run, from the options to the files on the host.

use super::args::Options;
use super::limits::{self, Limits};
use super::target::Target;
use super::{config, deliver, list};
use crate::boot::{self, Choice, volumes};
use crate::console::say;
use crate::exit::{Failure, Result};
use crate::menu;
use fsimage::protocol::Layout;
use fsimage::{Disk, Session};

/// Does what the options ask for.
pub(super) fn run(options: &Options) -> Result<()> {
    let limits = limits::resolve(options)?;
    let session_options = session_options(options, &limits)?;
    if options.no_sandbox {
        say(
            "pygrub-rs: WARNING: --no-sandbox: the guest's disk is read WITHOUT A JAIL; a hostile disk may take over \
             this host",
        );
    }
    // First of all, while this process has every right it was started with: only root enters libxl's directory.
    let target = Target::open(options)?;
    let disk = Disk::open(&options.image)?;
    let mut session = Session::open(vec![disk], &session_options)?;
    if options.isconfig {
        return config::tell(&mut session, options);
    }
    let only = match &options.partition {
        Some(wanted) => Some(volumes::number(&mut session, wanted)?),
        None => None,
    };
    if options.debug {
        volumes::explain(&mut session, options.voice())?;
    }
    if options.list_entries {
        return list::print(&mut session, options, only);
    }
    let choice = choose(&mut session, options, only, limits.files)?;
    deliver::deliver(&mut session, &choice, target, options, limits.files)
}

fn choose(
    session: &mut Session,
    options: &Options,
    only: Option<u32>,
    limits: boot::Limits,
) -> Result<Choice> {
    let (wanted, voice) = (options.wanted(), options.voice());
    if let Some(kernel) = &wanted.kernel {
        return boot::without_config(session, kernel, &wanted, only);
    }
    let found = boot::menu(session, voice, only)?;
    if options.quiet || !menu::is_there() {
        let (index, entry) = boot::entry(session, &found, &wanted, voice)?;
        if !options.quiet {
            let title = fsimage::escape(&entry.title.0);
            say(&format!(
                "pygrub-rs: no terminal, so no menu: booting \"{title}\" (-q does so without a word)"
            ));
        }
        return boot::from_entry((Some(index), entry), &found, &wanted, voice);
    }
    let settings = menu::Settings { timeout: options.timeout };
    let arguments = |own: &[u8]| boot::join_arguments(own, options.args.as_deref());
    let choice = menu::choose(session, &found, settings, arguments, |session, picked| {
        let mut choice = boot::from_entry((None, picked.entry), &found, &wanted, voice)?;
        if let Some(arguments) = picked.arguments {
            choice.args = boot::join_arguments(&arguments, None);
        }
        // What is missing or too large is told at the menu, where another choice can be made.
        deliver::check(session, &choice, options, limits)?;
        Ok(choice)
    })?;
    let title = choice.title.as_deref().map(fsimage::escape).unwrap_or_default();
    say(&format!("Booting `{title}'"));
    Ok(choice)
}

fn session_options(options: &Options, limits: &Limits) -> Result<fsimage::Options> {
    let mut session = fsimage::Options {
        sandbox: !options.no_sandbox,
        layout: match (options.isconfig, options.offset) {
            (true, _) => Layout::Text {},
            (false, Some(start)) => Layout::Offset { start },
            (false, None) => Layout::Scan {},
        },
        ..options.worker.options()
    };
    if let Some(memory) = limits.worker_memory {
        session.limits.memory = memory;
    }
    if let Some(user) = options.runas {
        session.run_as = user;
        check_user(user)?;
    }
    Ok(session)
}

/// Whether the worker can become this user, asked before anything is opened.
fn check_user(user: u32) -> Result<()> {
    let own = rustix::process::geteuid().as_raw();
    match (own, user) {
        (_, 0) => Err(Failure::Usage(
            "--runas=0: the worker may not run as root; name an unprivileged user, such as 65534".to_owned(),
        )),
        (0, _) => Ok(()),
        (own, user) if own == user => Ok(()),
        (own, user) => Err(Failure::Usage(format!(
            "--runas={user}: user {own} cannot become user {user}, only root can"
        ))),
    }
}
