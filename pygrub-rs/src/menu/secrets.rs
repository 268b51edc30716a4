//! Whether a password fits, told in a time that does not depend on where it is wrong.

mod md5_crypt;

use fsimage::protocol::Secret;
use pbkdf2::pbkdf2_hmac;
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use sha1::Sha1;
use sha2::{Digest, Sha512};
use std::fmt;
use subtle::ConstantTimeEq;

/// Rounds of hashing that are worth waiting for: some seconds. grub-mkpasswd-pbkdf2's default is 10,000, crypt's 5,000.
const MAX_ROUNDS: u64 = 5_000_000;
/// Bytes that one round of PBKDF2 with SHA-512 makes; more bytes are more rounds.
const SHA512_BYTES: usize = 64;

/// A guest wants so many rounds of hashing for one password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDear(u64);

impl fmt::Display for TooDear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the password takes {} rounds to check, and at most {MAX_ROUNDS} are made", self.0)
    }
}

/// Whether this is the password.
///
/// # Errors
/// To find out would take too long.
pub(crate) fn fits(secret: &Secret, password: &[u8]) -> Result<bool, TooDear> {
    Ok(match secret {
        // Of their digests, so that not even the length is told.
        Secret::Plain { text } => same(&Sha512::digest(&text.0), &Sha512::digest(password)),
        Secret::Pbkdf2Sha512 { rounds, salt, hash } => {
            let blocks = u64::try_from(hash.0.len().div_ceil(SHA512_BYTES)).unwrap_or(u64::MAX);
            check(u64::from(*rounds).saturating_mul(blocks))?;
            let mut made = vec![0; hash.0.len()];
            pbkdf2_hmac::<Sha512>(password, &salt.0, *rounds, &mut made);
            // A hash without bytes would fit every password.
            !made.is_empty() && same(&made, &hash.0)
        }
        Secret::Md5Crypt { salt, hash } => same(&md5_crypt::digest(password, &salt.0), &hash.0),
        Secret::SaltedSha1 { salt, hash } => {
            same(&Sha1::new().chain_update(&salt.0).chain_update(password).finalize(), &hash.0)
        }
        Secret::Sha256Crypt { rounds, salt, hash } => {
            same(&sha256_crypt(password, &salt.0, parameters(*rounds)?), &hash.0)
        }
        Secret::Sha512Crypt { rounds, salt, hash } => {
            same(&sha512_crypt(password, &salt.0, parameters(*rounds)?), &hash.0)
        }
        Secret::Unusable { .. } => false,
    })
}

fn parameters(rounds: u32) -> Result<Params, TooDear> {
    check(rounds.into())?;
    Params::new(rounds).map_err(|_| TooDear(rounds.into()))
}

fn check(rounds: u64) -> Result<(), TooDear> {
    if rounds > MAX_ROUNDS { Err(TooDear(rounds)) } else { Ok(()) }
}

/// Bytes of different lengths are not the same; how long a hash is, is no secret.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests;
