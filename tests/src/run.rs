//! Programs, run to their end or held.

use crate::HANG;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A program about to run.
#[derive(Debug)]
pub struct Run {
    command: Command,
    shown: PathBuf,
    limit: Duration,
}

/// A running program. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    begin: Instant,
    limit: Duration,
    shown: PathBuf,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

/// How it ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status; none when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
    /// From start to end.
    pub elapsed: Duration,
}

impl Run {
    /// A program with an empty environment and nothing on standard input.
    #[must_use]
    pub fn new(program: &Path) -> Self {
        let mut command = Command::new(program);
        command.env_clear().current_dir("/").stdin(Stdio::null());
        Self { command, shown: program.to_owned(), limit: HANG }
    }

    /// One argument more.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// `NAME=VALUE` as one argument.
    #[must_use]
    pub fn option(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let mut argument = OsString::from(format!("{name}="));
        argument.push(value);
        self.arg(argument)
    }

    /// Arguments more.
    #[must_use]
    pub fn args<T: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.command.args(arguments);
        self
    }

    /// An environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// As another user, in that user's group only.
    #[must_use]
    pub fn user(mut self, uid: u32) -> Self {
        self.command.uid(uid).gid(uid);
        self
    }

    /// The time after which it is taken for hanging.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// What it writes on standard output goes there and not into the outcome.
    #[must_use]
    pub fn stdout_to(mut self, target: impl Into<Stdio>) -> Self {
        self.command.stdout(target);
        self
    }

    /// What it reads on standard input.
    #[must_use]
    pub fn stdin_from(mut self, source: impl Into<Stdio>) -> Self {
        self.command.stdin(source);
        self
    }

    /// Starts it.
    #[must_use]
    pub fn spawn(mut self) -> Running {
        self.command.stderr(Stdio::piped());
        // An explicit target was set before; the standard library has no way to ask.
        self.start(false)
    }

    fn start(mut self, capture: bool) -> Running {
        if capture {
            self.command.stdout(Stdio::piped());
        }
        let begin = Instant::now();
        let mut child = self.command.spawn().unwrap_or_else(|why| panic!("{}: {why}", self.shown.display()));
        let stdout = child.stdout.take().map(drain);
        let stderr = child.stderr.take().map(drain);
        Running { child, begin, limit: self.limit, shown: self.shown, stdout, stderr }
    }

    /// Runs it to its end.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        self.command.stderr(Stdio::piped());
        self.start(true).finish()
    }
}

fn drain(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pseudo-terminal whose last user has gone reads as an error.
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

impl Running {
    /// Wraps a child that somebody else started, and reads its output from `stream`.
    pub(crate) fn wrap(
        child: Child,
        begin: Instant,
        shown: PathBuf,
        stream: impl Read + Send + 'static,
    ) -> Self {
        Self { child, begin, limit: HANG, shown, stdout: Some(drain(stream)), stderr: None }
    }

    /// The same, where somebody else reads its output.
    pub(crate) fn silent(child: Child, begin: Instant, shown: PathBuf) -> Self {
        Self { child, begin, limit: HANG, shown, stdout: None, stderr: None }
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for its end; true when it came in time.
    pub fn wait(&mut self, patience: Duration) -> bool {
        let descriptor: OwnedFd = pidfd_open(self.pid(), PidfdFlags::empty()).unwrap();
        let end = Instant::now() + patience;
        loop {
            let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).unwrap();
            match poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&left)) {
                Err(rustix::io::Errno::INTR) => {}
                other => return other.unwrap() > 0,
            }
        }
    }

    /// Once it has ended: the most memory, in KiB, that it or any process below it had resident. This process's own is
    /// counted too, because the standard library starts programs from within it.
    #[must_use]
    pub fn peak_kib(&self) -> u64 {
        // SAFETY: all-zero values of these C structures are valid.
        let (mut status, mut usage): (libc::siginfo_t, libc::rusage) = unsafe { std::mem::zeroed() };
        let pid = self.pid().as_raw_nonzero().get();
        // SAFETY: waitid fills the two structures; with WNOWAIT the process stays to be waited for.
        let result = unsafe {
            let flags = libc::WEXITED | libc::WNOWAIT;
            libc::syscall(libc::SYS_waitid, libc::P_PID, pid, &raw mut status, flags, &raw mut usage)
        };
        assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
        usage.ru_maxrss as u64
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        // It may have ended; it cannot have been waited for by anybody else, so the number is still its own.
        let _ = rustix::process::kill_process(self.pid(), signal);
    }

    /// Waits for its end. Panics when it hangs.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        if !self.wait(self.limit.saturating_sub(self.begin.elapsed())) {
            let _ = self.child.kill();
            panic!("{} hangs: not done in {:?}", self.shown.display(), self.limit);
        }
        let status = self.child.wait().unwrap();
        let elapsed = self.begin.elapsed();
        let join =
            |thread: Option<JoinHandle<Vec<u8>>>| thread.map(|t| t.join().unwrap()).unwrap_or_default();
        Outcome {
            code: status.code(),
            signal: status.signal(),
            stdout: join(self.stdout.take()),
            stderr: String::from_utf8_lossy(&join(self.stderr.take())).into_owned(),
            elapsed,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Outcome {
    /// Fails unless it ended with success.
    #[track_caller]
    pub fn assert_success(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Fails unless it ended with status 1 and an error that holds `text`.
    #[track_caller]
    pub fn assert_failure(&self, text: &str) -> &Self {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert!(self.stderr.contains(text), "no \"{text}\" in: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// Standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }
}
