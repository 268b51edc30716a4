//! Several files on one command line: one that fails is told of, and the others' turn comes.

use crate::console::say;
use crate::exit::{Failure, Result};

/// Does the same with each of them. What fails is told of on standard error, unless nothing else was asked for, and all fails
/// at its end then.
pub(super) fn each<T>(things: &[T], mut work: impl FnMut(&T) -> Result<()>) -> Result<()> {
    let mut outcome = Ok(());
    for thing in things {
        match work(thing) {
            Ok(()) => {}
            Err(Failure::AlreadySaid) => outcome = Err(Failure::AlreadySaid),
            Err(failure) if things.len() > 1 && concerns_one_file(&failure) => {
                say(&format!("fsimage: error: {failure}"));
                outcome = Err(Failure::AlreadySaid);
            }
            Err(failure) => return Err(failure),
        }
    }
    outcome
}

/// Whether other files may fare better.
pub(super) fn concerns_one_file(failure: &Failure) -> bool {
    match failure {
        Failure::Fsimage(why) => !why.ends_session(),
        Failure::Failed(_) => true,
        Failure::Usage(_) | Failure::Stopped(_) | Failure::NobodyReads | Failure::AlreadySaid => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_keeps_no_other_from_its_turn() {
        let mut done = Vec::new();
        let mut work = |number: &u32| {
            done.push(*number);
            if *number == 1 { Err(Failure::Failed("one".to_owned())) } else { Ok(()) }
        };
        assert!(matches!(each(&[0, 1, 2], &mut work), Err(Failure::AlreadySaid)));
        // Alone, the failure says more than that all has been said.
        assert!(matches!(each(&[1], &mut work), Err(Failure::Failed(_))));
        assert_eq!(done, [0, 1, 2, 1]);
    }

    #[test]
    fn what_no_file_can_come_after_ends_it() {
        let mut turns = 0;
        let outcome = each(&[0, 1], |_| {
            turns += 1;
            Err(Failure::NobodyReads)
        });
        assert!(matches!(outcome, Err(Failure::NobodyReads)));
        assert_eq!(turns, 1);
    }
}
