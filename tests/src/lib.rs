//! Acceptance tests across the crates: what they have in common.
//!
//! The tests in `tests/` run the real programs, from a folder of their own ([`Stage`]), on real guests ([`guest`]), and
//! look at what comes out with other people's tools and with the toolstacks' own rules ([`toolstack`]). Nothing is ever
//! skipped: a tool that is missing is a failure that names the Debian package.
//!
//! The parser lints are off in this crate: what makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

pub mod console;
pub mod folder;
pub mod guest;
pub mod layout;
pub mod library;
pub mod libxl;
pub mod mount;
pub mod output;
pub mod processes;
pub mod run;
mod scene;
mod stage;
mod tmux;
pub mod tools;
pub mod toolstack;
pub mod ufs;

pub use console::Console;
pub use guest::{Guest, Tree};
pub use library::Library;
pub use output::Output;
pub use run::{Outcome, Run, Running};
pub use scene::Scene;
pub use stage::{Stage, built};
pub use tmux::Tmux;
pub use tools::{need, need_root};

use std::time::{Duration, Instant};

/// How long anything may take that ought to be quick: no measure, only a guard against hangs.
pub const HANG: Duration = Duration::from_secs(60);

/// Asks until the answer is there. Panics with `what` when it does not come in `limit`.
pub fn poll_until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
