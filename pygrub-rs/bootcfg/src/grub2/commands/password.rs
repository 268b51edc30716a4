//! `password` and `password_pbkdf2` (manual: "Security").

use super::Call;
use crate::access::{Account, Secret};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;

/// Accounts kept: who has more than these has no guest's menu in mind.
const MAX_ACCOUNTS: usize = 256;

/// `password user text` and `password_pbkdf2 user hash`: the last one for a user counts.
pub(super) fn password(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let [user, text] = call.arguments else {
        machine.note("a password without a user, or with more than one text, is ignored");
        return Ok(status::BAD_ARGUMENT);
    };
    let secret = match call.name {
        b"password" => Secret::Plain(text.clone()),
        _ => Secret::grub_pbkdf2(text),
    };
    if let Secret::Unusable(why) = secret {
        machine.note(&format!("nobody can log in as `{}`: {why}", crate::text::shown(user)));
    }
    machine.budget.keep(user.len().saturating_add(secret.bytes()).saturating_add(size_of::<Account>()))?;
    machine.accounts.retain(|account| account.user != *user);
    if machine.accounts.len() >= MAX_ACCOUNTS {
        machine.note(&format!("more than {MAX_ACCOUNTS} accounts: `{}` has none", crate::text::shown(user)));
        return Ok(status::BAD_ARGUMENT);
    }
    machine.accounts.push(Account { user: user.clone(), secret });
    Ok(0)
}
