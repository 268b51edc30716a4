//! `cargo xtask test` and `cargo xtask abi`.

use crate::packages;
use crate::shell::{Result, cargo, finish};

/// Installs, builds, tests. Words given go to `cargo test`.
pub(crate) fn run(words: &[String]) -> Result {
    packages::ensure()?;
    // The acceptance tests run the programs and plugins, which `cargo test` alone does not build.
    finish(&mut cargo(&["build", "--workspace"]))?;
    finish(cargo(&["test", "--workspace", "--no-fail-fast"]).args(words))
}

/// Writes the baselines of both ABIs anew.
pub(crate) fn bless_abi(_: &[String]) -> Result {
    finish(cargo(&["test", "-p", "fsimage-abi", "-p", "fsimage-capi"]).env("FSIMAGE_BLESS", "1"))
}
