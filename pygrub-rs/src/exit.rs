//! How a run ends: the one place where failures become messages and exit statuses.

use crate::console::say;
use std::io;
use std::process::ExitCode;
use thiserror::Error;

/// The result of everything here.
pub type Result<T, E = Failure> = core::result::Result<T, E>;

/// Why a run failed. Everything in it has been escaped: it can be printed as it is.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The guest or the host stands in the way; the sentence tells the next step where there is one.
    #[error("{0}")]
    Failed(String),
    /// A limit that ends the whole run was reached.
    #[error("{0}")]
    Stopped(String),
    /// The library's error.
    #[error(transparent)]
    Fsimage(#[from] fsimage::Error),
    /// The reader of standard output has gone. That is its right.
    #[error("nobody reads standard output any more")]
    NobodyReads,
    /// Every message has been said already.
    #[error("not everything could be done")]
    AlreadySaid,
}

impl Failure {
    /// A failure of the host's input or output.
    pub fn io(what: impl core::fmt::Display, why: &io::Error) -> Self {
        Self::Failed(format!("{what}: {why}"))
    }

    /// The same, seen from further out.
    #[must_use]
    pub fn within(self, what: impl core::fmt::Display) -> Self {
        match self {
            Self::Failed(message) => Self::Failed(format!("{what}: {message}")),
            Self::Fsimage(error) => Self::Fsimage(error.within(what)),
            other => other,
        }
    }

    /// What the worker wrote to its standard error before it died.
    #[must_use]
    pub fn last_words(&self) -> Option<&str> {
        match self {
            Self::Fsimage(error) => error.last_words(),
            _ => None,
        }
    }
}

/// Ends `pygrub-rs`. As pygrub does, every failure exits with 1.
///
/// xapi looks for `RuntimeError: ` on standard error and shows all that follows it, so that line comes last.
#[must_use]
pub fn pygrub(result: Result<()>, debug: bool) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    say(&format!("pygrub-rs: error: {failure}"));
    if matches!(failure, Failure::Usage(_)) {
        say("Usage: pygrub-rs [OPTIONS] IMAGE");
    }
    say_last_words("pygrub-rs", &failure, debug);
    let message = failure.to_string();
    say(&format!("RuntimeError: {}", message.lines().next().unwrap_or_default()));
    ExitCode::FAILURE
}

/// Ends `fsimage`: 0 done, 1 failed, 2 wrong usage.
#[must_use]
pub fn extractor(result: Result<()>, debug: bool) -> ExitCode {
    match result {
        Ok(()) | Err(Failure::NobodyReads) => ExitCode::SUCCESS,
        Err(Failure::AlreadySaid) => ExitCode::FAILURE,
        Err(failure) => {
            say(&format!("fsimage: error: {failure}"));
            say_last_words("fsimage", &failure, debug);
            match failure {
                Failure::Usage(_) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn say_last_words(program: &str, failure: &Failure, debug: bool) {
    match failure.last_words() {
        Some(words) if debug => say(&format!("{program}: the worker's last words:\n{words}")),
        Some(_) => say(&format!("{program}: --debug shows the worker's last words")),
        None => {}
    }
}
