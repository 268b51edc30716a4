//! A person at the boot loader's console: sees a screen, presses keys.

use crate::HANG;
use crate::libxl::Call;
use crate::run::{Outcome, Running};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;
use vt100::Parser;

/// A boot loader with its console.
#[derive(Debug)]
pub struct Console {
    running: Running,
    master: Option<File>,
    seen: Arc<Mutex<Seen>>,
    gone: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

struct Seen {
    terminal: Parser,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.terminal.screen().contents())
    }
}

impl Console {
    /// Starts the boot loader as libxl does, on a terminal that does not know its size; the person's has 80 columns and 24 rows.
    #[must_use]
    pub fn start(call: &Call) -> Self {
        Self::sized(call, 24, 80, false)
    }

    /// The same with a terminal of another size, which it knows where it is `told`.
    #[must_use]
    pub fn sized(call: &Call, rows: u16, columns: u16, told: bool) -> Self {
        let (running, master) = call.spawn_with_console();
        if told {
            resize(&master, rows, columns);
        }
        let terminal = Parser::new(rows, columns, 0);
        let seen = Arc::new(Mutex::new(Seen { terminal, bytes: Vec::new() }));
        let gone = Arc::new(AtomicBool::new(false));
        let hung_up = Arc::clone(&gone);
        let (mut source, target) = (master.try_clone().unwrap(), Arc::clone(&seen));
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while !hung_up.load(Ordering::Relaxed) {
                let patience = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
                if matches!(poll(&mut [PollFd::new(&source, PollFlags::IN)], Some(&patience)), Ok(0) | Err(_))
                {
                    continue;
                }
                // A pseudo-terminal whose last user has gone reads as an error.
                let Ok(count @ 1..) = source.read(&mut piece) else { break };
                let mut seen = target.lock().unwrap();
                seen.terminal.process(&piece[..count]);
                seen.bytes.extend_from_slice(&piece[..count]);
            }
        });
        Self { running, master: Some(master), seen, gone, reader: Some(reader) }
    }

    /// Another size.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.seen.lock().unwrap().terminal.screen_mut().set_size(rows, columns);
        resize(self.master.as_ref().unwrap(), rows, columns);
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) -> &Self {
        self.master.as_ref().unwrap().write_all(keys.as_bytes()).unwrap();
        self
    }

    /// What is to be seen.
    #[must_use]
    pub fn screen(&self) -> String {
        let contents = self.seen.lock().unwrap().terminal.screen().contents();
        contents.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// Every byte so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    /// The text in reverse video, without the blanks around it.
    #[must_use]
    pub fn highlighted(&self) -> String {
        let seen = self.seen.lock().unwrap();
        let screen = seen.terminal.screen();
        let (rows, columns) = screen.size();
        let cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
        let text: String = cells
            .filter(|cell| cell.inverse())
            .map(|cell| cell.contents().to_owned())
            .map(|text| if text.is_empty() { " ".to_owned() } else { text })
            .collect();
        text.trim().to_owned()
    }

    /// Waits until the screen is as wanted. Panics, with the screen, when it never is.
    #[track_caller]
    pub fn wait(&self, what: &str, is: impl Fn(&Self) -> bool) -> &Self {
        let begin = Instant::now();
        while !is(self) {
            assert!(begin.elapsed() < HANG, "never seen: {what}\n{}", self.screen());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        self
    }

    /// Waits until this text is to be seen.
    #[track_caller]
    pub fn see(&self, text: &str) -> &Self {
        self.wait(text, |console| console.screen().contains(text))
    }

    /// Waits until this is highlighted.
    #[track_caller]
    pub fn see_highlighted(&self, text: &str) -> &Self {
        self.wait(text, |console| console.highlighted().trim_start_matches('*').trim() == text)
    }

    /// Another program's doing while this one does not look.
    pub fn set_echo(&self, on: bool) {
        let master = self.master.as_ref().unwrap();
        let mut modes = tcgetattr(master).unwrap();
        modes.local_modes.set(LocalModes::ECHO, on);
        tcsetattr(master, OptionalActions::Now, &modes).unwrap();
    }

    /// Whether the terminal shows by itself what is typed.
    #[must_use]
    pub fn has_echo(&self) -> bool {
        tcgetattr(self.master.as_ref().unwrap()).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// The boot loader.
    #[must_use]
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// The terminal goes away.
    pub fn hang_up(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        // It holds the terminal, too.
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.master = None;
    }

    /// Waits for the end.
    #[must_use]
    pub fn finish(mut self) -> (Outcome, String) {
        let outcome = self.running.finish();
        drop(self.master.take());
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        let text = String::from_utf8_lossy(&self.seen.lock().unwrap().bytes).into_owned();
        (outcome, text)
    }
}

fn resize(master: &File, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).unwrap();
}
