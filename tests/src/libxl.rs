//! Runs the boot loader as libxl does, to the last odd detail.

use crate::run::{Outcome, Running};
use crate::{Output, need_root};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Instant;
use tempfile::TempDir;

/// The descriptor of libxl's log file that leaks into the boot loader.
pub const STRAY: i32 = 14;
/// What that log file holds beforehand.
const LOG: &[u8] = b"libxl: debug: the log of somebody else\n";

/// One call of the boot loader.
#[derive(Debug)]
pub struct Call {
    program: PathBuf,
    /// Before the output options: `--kernel=` and so on.
    first: Vec<OsString>,
    /// Behind them: the configuration's `bootloader_args`.
    last: Vec<OsString>,
    disk: PathBuf,
    /// Where the results go.
    pub output: Output,
    log: TempDir,
}

impl Call {
    /// For this disk.
    #[must_use]
    pub fn new(program: &Path, disk: &Path) -> Self {
        need_root();
        let log = tempfile::tempdir().unwrap();
        std::fs::write(log.path().join("xl.log"), LOG).unwrap();
        Self {
            program: program.to_owned(),
            first: Vec::new(),
            last: Vec::new(),
            disk: disk.to_owned(),
            output: Output::new(),
            log,
        }
    }

    /// `--runas=UID --quiet`, as libxl gives them together.
    #[must_use]
    pub fn run_as(mut self, uid: u32) -> Self {
        self.first.extend([format!("--runas={uid}").into(), "--quiet".into()]);
        self
    }

    /// An argument before the output options.
    #[must_use]
    pub fn first(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.first.push(argument.as_ref().to_owned());
        self
    }

    /// One of `bootloader_args`.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.last.push(argument.as_ref().to_owned());
        self
    }

    /// Runs it to its end. What it says on its terminal is the outcome's standard output.
    #[must_use]
    pub fn finish(&self) -> Outcome {
        self.spawn().finish()
    }

    /// Starts it, and gives the terminal's other end to whoever types there.
    #[must_use]
    pub fn spawn_with_console(&self) -> (Running, File) {
        let (child, begin, master) = self.start();
        (Running::silent(child, begin, self.program.clone()), master)
    }

    /// Starts it.
    #[must_use]
    pub fn spawn(&self) -> Running {
        let (child, begin, master) = self.start();
        Running::wrap(child, begin, self.program.clone(), master)
    }

    fn start(&self) -> (Child, Instant, File) {
        reserve_stray();
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let slave = ioctl_tiocgptpeer(&master, flags).unwrap();
        let size = Winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        assert_eq!(tcgetwinsize(&slave).unwrap().ws_row, 0);

        let log = open(
            self.log.path().join("xl.log"),
            OFlags::WRONLY | OFlags::APPEND | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .unwrap();
        let log = fcntl_dupfd_cloexec(&log, STRAY + 1).unwrap();
        let (log_descriptor, slave_descriptor) = (log.as_raw_fd(), slave.as_raw_fd());

        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("TERM", "vt100")
            .args(&self.first)
            .arg(joined("--output=", &self.output.file()))
            .arg("--output-format=simple0")
            .arg(joined("--output-directory=", self.output.directory()))
            .args(&self.last)
            .arg(&self.disk)
            .stdin(stdio(&slave))
            .stdout(stdio(&slave))
            .stderr(stdio(&slave));
        // SAFETY: between fork and exec this closure makes system calls only: setsid, ioctl and dup2 are
        // async-signal-safe, and the descriptors stay open in the parent until spawn returns.
        unsafe {
            command.pre_exec(move || {
                if libc::setsid() < 0
                    || libc::ioctl(slave_descriptor, libc::TIOCSCTTY, 0) < 0
                    || libc::dup2(log_descriptor, STRAY) < 0
                {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let begin = Instant::now();
        let child = command.spawn().unwrap_or_else(|why| panic!("{}: {why}", self.program.display()));
        // libxl sets the terminal raw when the child runs already.
        let mut modes = tcgetattr(&master).unwrap();
        modes.make_raw();
        tcsetattr(&master, OptionalActions::Now, &modes).unwrap();
        drop(command);
        drop(slave);
        (child, begin, File::from(master))
    }

    /// Fails unless the log file whose descriptor leaked in holds what it held.
    #[track_caller]
    pub fn assert_log_unharmed(&self) {
        assert_eq!(std::fs::read(self.log.path().join("xl.log")).unwrap(), LOG);
    }

    /// The log file.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.log.path().join("xl.log")
    }
}

fn joined(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}

fn stdio(descriptor: &OwnedFd) -> Stdio {
    Stdio::from(descriptor.try_clone().unwrap())
}

/// Keeps the stray descriptor's number from meaning anything in this process: the standard library might else have its
/// own pipe there, in the child, on which ours is put.
fn reserve_stray() {
    static RESERVED: OnceLock<OwnedFd> = OnceLock::new();
    RESERVED.get_or_init(|| fcntl_dupfd_cloexec(File::open("/dev/null").unwrap(), STRAY).unwrap());
}
