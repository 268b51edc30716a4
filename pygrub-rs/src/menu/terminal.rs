//! The terminal: raw while this lives, as it was before afterwards, whichever way that ends.
//!
//! crossterm's own event reader is not used: on a terminal that vanishes it reads errors for ever, within a sequence that is cut in
//! two it blocks, and it asks /dev/tty. Here one `poll` waits for keys, signals and the time, and takes no processor time.

use super::keys::{Decoder, Key};
use super::look::Look;
use super::screen::{Screen, send};
use crate::exit::Failure;
use crate::signals::Held;
use crossterm::cursor::{MoveTo, Show};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use fsimage::protocol::MenuReport;
use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// How long an Escape waits for what would make it the beginning of another key.
pub(crate) const PATIENCE: Duration = Duration::from_millis(150);
/// What a terminal that does not know its size has: libxl's.
const USUAL: (u16, u16) = (80, 24);
/// No terminal is larger, whatever it says.
const LARGEST: (u16, u16) = (1000, 500);
/// Bytes written at once: in between, signals are seen.
const PIECE: usize = 512;

/// What comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Key(Key),
    /// The time has come.
    Timeout,
    /// Another size, or whoever drew over it: draw anew.
    Redraw,
}

/// Why there is no menu any more.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// The terminal has gone.
    Gone,
    /// A signal that ends the program.
    Signal(Signal),
    /// Ctrl-c: nothing is to be booted.
    Left,
    /// Another menu comes in the place of this one.
    Opens(Box<MenuReport>),
    /// Something else failed.
    Failed(Failure),
}

impl From<Failure> for Interruption {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<fsimage::Error> for Interruption {
    fn from(error: fsimage::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What has to be put back, for whoever comes first: the end, or a panic.
#[derive(Debug)]
struct Saved {
    modes: Termios,
    input: Arc<OwnedFd>,
    output: Arc<OwnedFd>,
    look: Look,
}

static SAVED: Mutex<Option<Saved>> = Mutex::new(None);

/// A terminal in raw mode.
#[derive(Debug)]
pub(crate) struct Terminal {
    input: Arc<OwnedFd>,
    output: Arc<OwnedFd>,
    look: Look,
    decoder: Decoder,
    shown: Option<Screen>,
    held: Option<Held>,
}

/// The time so long from now.
pub(crate) fn after(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).unwrap_or(now)
}

/// Whether a person could be at standard input and output.
pub(crate) fn is_there() -> bool {
    isatty(std::io::stdin()) && isatty(std::io::stdout())
}

impl Terminal {
    /// Standard input and output.
    pub(crate) fn standard() -> Result<Self, Failure> {
        let own = |fd: std::os::fd::BorrowedFd<'_>| {
            fd.try_clone_to_owned().map_err(|why| Failure::io("the terminal", &why))
        };
        Self::new(own(std::io::stdin().as_fd())?, own(std::io::stdout().as_fd())?, Look::of_environment())
    }

    fn new(input: OwnedFd, output: OwnedFd, look: Look) -> Result<Self, Failure> {
        let failed = |errno: Errno| Failure::io("the terminal", &errno.into());
        let held = Held::at_terminal()?;
        let modes = tcgetattr(&input).map_err(failed)?;
        let terminal = Self {
            input: Arc::new(input),
            output: Arc::new(output),
            look,
            decoder: Decoder::default(),
            shown: None,
            held: Some(held),
        };
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                previous(panic);
            }));
        });
        let (input, output) = (Arc::clone(&terminal.input), Arc::clone(&terminal.output));
        *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Saved { modes, input, output, look });
        terminal.set_raw().map_err(failed)?;
        if look.modern {
            let mut out = String::new();
            send(&EnterAlternateScreen, &mut out);
            write_all(&terminal.output, out.as_bytes());
        }
        Ok(terminal)
    }

    fn set_raw(&self) -> Result<(), Errno> {
        let mut modes = tcgetattr(&*self.input)?;
        modes.make_raw();
        tcsetattr(&*self.input, OptionalActions::Now, &modes)
    }

    pub(crate) fn look(&self) -> Look {
        self.look
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> (u16, u16) {
        let told = tcgetwinsize(&*self.output).map_or((0, 0), |size| (size.ws_col, size.ws_row));
        let known = |told: u16, usual: u16, largest: u16| if told == 0 { usual } else { told.min(largest) };
        (known(told.0, USUAL.0, LARGEST.0), known(told.1, USUAL.1, LARGEST.1))
    }

    /// An empty screen of the terminal's size.
    pub(crate) fn screen(&self) -> Screen {
        let (width, height) = self.size();
        Screen::new(width, height)
    }

    /// Shows a screen.
    pub(crate) fn show(&mut self, screen: Screen) -> Result<(), Interruption> {
        let sequences = screen.sequences(self.shown.as_ref(), self.look);
        for piece in sequences.as_bytes().chunks(PIECE) {
            self.write(piece)?;
        }
        self.shown = Some(screen);
        Ok(())
    }

    /// The next time, everything is drawn.
    pub(crate) fn forget(&mut self) {
        self.shown = None;
    }

    fn write(&self, mut bytes: &[u8]) -> Result<(), Interruption> {
        while !bytes.is_empty() {
            let mut ready = [PollFd::new(&*self.output, PollFlags::OUT)].to_vec();
            if let Some(held) = &self.held {
                ready.push(PollFd::new(held, PollFlags::IN));
            }
            rustix::io::retry_on_intr(|| poll(&mut ready, None)).map_err(|_| Interruption::Gone)?;
            if ready.get(1).is_some_and(|signals| !signals.revents().is_empty()) {
                self.signals()?;
            }
            match rustix::io::write(&*self.output, bytes) {
                Ok(0) => return Err(Interruption::Gone),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return Err(Interruption::Gone),
            }
        }
        Ok(())
    }

    /// Signals that have arrived: an error for one that ends the program, true for one that asks for a redraw.
    fn signals(&self) -> Result<bool, Interruption> {
        let mut redraw = false;
        while let Some(signal) = self.held.as_ref().map_or(Ok(None), Held::arrived)? {
            match signal {
                Signal::SIGWINCH => redraw = true,
                Signal::SIGCONT => {
                    // Whoever stopped us has put the terminal back as it was.
                    self.set_raw().map_err(|_| Interruption::Gone)?;
                    redraw = true;
                }
                Signal::SIGHUP => return Err(Interruption::Gone),
                other => return Err(Interruption::Signal(other)),
            }
        }
        Ok(redraw)
    }

    /// Waits for whatever comes first, until then.
    pub(crate) fn wait(&mut self, until: Option<Instant>) -> Result<Event, Interruption> {
        let mut patience = self.decoder.is_waiting().then(|| after(PATIENCE));
        loop {
            if let Some(key) = self.decoder.next(false) {
                return Ok(Event::Key(key));
            }
            let end = [until, patience].into_iter().flatten().min();
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            let mut ready = [PollFd::new(&*self.input, PollFlags::IN)].to_vec();
            if let Some(held) = &self.held {
                ready.push(PollFd::new(held, PollFlags::IN));
            }
            match poll(&mut ready, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return Err(Interruption::Gone),
            }
            let happened = |place: usize| ready.get(place).map_or(PollFlags::empty(), PollFd::revents);
            let (keys, signals) = (happened(0), happened(1));
            if !signals.is_empty() && self.signals()? {
                self.forget();
                return Ok(Event::Redraw);
            }
            if keys.contains(PollFlags::IN) {
                self.read()?;
                patience = self.decoder.is_waiting().then(|| after(PATIENCE));
                continue;
            }
            if !keys.is_empty() {
                return Err(Interruption::Gone);
            }
            let now = Instant::now();
            if patience.is_some_and(|patience| now >= patience) {
                if let Some(key) = self.decoder.next(true) {
                    return Ok(Event::Key(key));
                }
                patience = None;
            }
            if until.is_some_and(|until| now >= until) {
                return Ok(Event::Timeout);
            }
        }
    }

    fn read(&mut self) -> Result<(), Interruption> {
        let mut bytes = [0; 256];
        match rustix::io::read(&*self.input, &mut bytes) {
            Ok(0) => Err(Interruption::Gone),
            Ok(count) => {
                self.decoder.feed(bytes.get(..count).unwrap_or_default());
                Ok(())
            }
            Err(Errno::INTR | Errno::AGAIN) => Ok(()),
            Err(_) => Err(Interruption::Gone),
        }
    }

    /// The terminal as it was; then the end that the interruption wants.
    pub(crate) fn end(mut self, interruption: Interruption) -> Failure {
        restore();
        let held = self.held.take();
        match (interruption, held) {
            (Interruption::Signal(signal), Some(held)) => held.die(signal),
            (Interruption::Signal(signal), None) => Failure::Failed(format!("stopped by {signal}")),
            (Interruption::Gone, _) => Failure::Failed("the terminal has gone; nothing is booted".to_owned()),
            (Interruption::Left, _) => Failure::Failed("left with Ctrl-c; nothing is booted".to_owned()),
            (Interruption::Opens(_), _) => Failure::Failed("another menu; nothing is booted".to_owned()),
            (Interruption::Failed(failure), _) => failure,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
        if let Some(held) = self.held.take() {
            held.release();
        }
    }
}

/// Puts the terminal back as it was, if that is still to be done.
fn restore() {
    let Some(saved) = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let mut out = String::new();
    send(&SetAttribute(Attribute::Reset), &mut out);
    if saved.look.modern {
        send(&Show, &mut out);
        send(&LeaveAlternateScreen, &mut out);
    } else {
        send(&Clear(ClearType::All), &mut out);
        send(&MoveTo(0, 0), &mut out);
    }
    write_all(&saved.output, out.as_bytes());
    let _ = tcsetattr(&*saved.input, OptionalActions::Now, &saved.modes);
}

/// Writes what it can without waiting for long: nobody may be there any more.
fn write_all(output: &OwnedFd, mut bytes: &[u8]) {
    let patience = Timespec { tv_sec: 1, tv_nsec: 0 };
    while !bytes.is_empty() {
        let mut ready = [PollFd::new(output, PollFlags::OUT)];
        match poll(&mut ready, Some(&patience)) {
            Ok(1..) => {}
            Err(Errno::INTR) => continue,
            _ => return,
        }
        match rustix::io::write(output, bytes) {
            Ok(count) if count > 0 => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
    use rustix::termios::LocalModes;

    /// A person's end, and the terminal that thinks it is one.
    fn pseudo_terminal() -> (OwnedFd, OwnedFd) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let person = openpt(flags).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let terminal = ioctl_tiocgptpeer(&person, flags).unwrap();
        (person, terminal)
    }

    #[test]
    fn a_panic_puts_the_terminal_back() {
        let (person, terminal) = pseudo_terminal();
        let modes = |side: &OwnedFd| tcgetattr(side).unwrap().local_modes;
        let before = modes(&person);
        assert!(before.contains(LocalModes::ECHO | LocalModes::ICANON));
        let look = Look { modern: false, unicode: false };
        let raw = Terminal::new(terminal.try_clone().unwrap(), terminal, look).unwrap();
        assert_eq!(raw.size(), USUAL);
        assert!(!modes(&person).intersects(LocalModes::ECHO | LocalModes::ICANON));
        // Nothing is dropped yet: it is the panic that does it, before its message.
        let panicked = std::panic::catch_unwind(|| panic!("on purpose"));
        assert!(panicked.is_err());
        assert_eq!(modes(&person), before);
        let mut bytes = [0; 64];
        let count = rustix::io::read(&person, &mut bytes).unwrap();
        assert_eq!(&bytes[..count], b"\x1b[0m\x1b[2J\x1b[1;1H");
        drop(raw);
    }
}
