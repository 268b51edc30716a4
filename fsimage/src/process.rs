//! The worker as a process: how it is started, and how it ended.

use crate::{Error, ErrorKind, Result, escape, locate};
use fsimage_protocol::{Channel, ChannelError};
use rustix::fd::OwnedFd;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Most bytes of last words that are kept.
const LAST_WORDS: usize = 4096;

/// How long a warden whose channel is closed may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked after meanwhile.
const PAUSE: Duration = Duration::from_micros(200);

/// Exit status of a worker that its own seccomp filter stopped; the number of the call is in the shared memory.
pub(crate) const FORBIDDEN_CALL: i32 = 159;

/// Exit status of a worker that used up its processor time.
const OUT_OF_TIME: i32 = 152;
/// Exit status of a worker that aborted.
const ABORTED: i32 = 134;

/// A running worker: the warden, whose one child is the inmate that holds the guest's disk.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    words: OwnedFd,
}

impl Process {
    /// Starts the worker and gives its end of the channel.
    ///
    /// Descriptors travel over the channel, so nothing has to be arranged between fork and exec: the standard
    /// library does it with `posix_spawn`, which a multi-threaded caller needs.
    pub(crate) fn start() -> Result<(Self, Channel)> {
        let program = locate::worker_program()?;
        let system = |errno| Error::os("starting the worker", errno);
        let (ours, theirs) = Channel::pair().map_err(|why| match why {
            ChannelError::System(errno) => system(errno),
            other => Error::io("starting the worker", other),
        })?;
        let (words, stderr) = pipe_with(PipeFlags::CLOEXEC).map_err(system)?;
        fcntl_setfl(&words, OFlags::NONBLOCK).map_err(system)?;
        let child = Command::new(&program)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::from(stderr))
            .spawn()
            .map_err(|why| Error::new(ErrorKind::Jail, format!("{}: {why}", program.display())))?;
        Ok((Self { child, words }, ours))
    }

    /// Waits for the worker's end and tells how it was: the sentence, the exit status, the last words. The caller has
    /// closed the channel, or the worker has: the warden ends its inmate then, and itself.
    pub(crate) fn end(&mut self) -> (String, Option<ExitStatus>, String) {
        let status = self.reap();
        (status.map_or_else(|| "gone".to_owned(), describe), status, self.last_words())
    }

    /// The worker's exit status; nothing when somebody else has taken it (a caller that ignores SIGCHLD).
    fn reap(&mut self) -> Option<ExitStatus> {
        let patience = Instant::now().checked_add(PATIENCE);
        loop {
            match self.child.try_wait() {
                Ok(None) if patience.is_some_and(|end| Instant::now() < end) => std::thread::sleep(PAUSE),
                Ok(None) => {
                    // Its inmate is tied to it and ends with it.
                    let _ = self.child.kill();
                    return self.child.wait().ok();
                }
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// The warden's process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn last_words(&self) -> String {
        let mut words = vec![0; LAST_WORDS];
        let mut length = 0;
        while let Some(space) = words.get_mut(length..).filter(|space| !space.is_empty()) {
            match rustix::io::read(&self.words, space) {
                Ok(count) if count > 0 => length = length.saturating_add(count),
                _ => break,
            }
        }
        words.truncate(length);
        let lines: Vec<String> =
            words.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(escape).collect();
        lines.join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.reap();
    }
}

/// How a worker ended, in words. The warden repeats its inmate's end: 128 + N stands for signal N.
fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(FORBIDDEN_CALL), _) => "it made a forbidden system call".to_owned(),
        (Some(OUT_OF_TIME), _) => "its processor time (cpu_seconds) is used up".to_owned(),
        (Some(ABORTED), _) => "it aborted (out of worker memory, or a bug)".to_owned(),
        (Some(code), _) if code > 128 => {
            format!("killed by signal {}", signal_name(code.saturating_sub(128)))
        }
        (Some(code), _) => format!("it exited with status {code}"),
        (None, Some(signal)) => format!("killed by signal {}", signal_name(signal)),
        (None, None) => "it ended".to_owned(),
    }
}

fn signal_name(number: i32) -> String {
    let name = match number {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        31 => "SIGSYS",
        _ => return number.to_string(),
    };
    format!("{number} ({name})")
}
