//! crypt(3)'s MD5, `$1$` (P.-H. Kamp's for FreeBSD, as in crypt(5)).
//!
//! Our own forty lines: the crates that have it bring a generation of hash functions with them that nobody keeps any more.

use md5::{Digest, Md5};

const ROUNDS: u32 = 1000;
const MAGIC: &[u8] = b"$1$";

/// The digest of a password.
pub(super) fn digest(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut outer = Md5::new().chain_update(password).chain_update(MAGIC).chain_update(salt);
    for part in inner.iter().cycle().take(password.len()) {
        outer.update([*part]);
    }
    // For each bit of the length, a NUL where it is set and else the password's first byte.
    let mut length = password.len();
    while length > 0 {
        let first = password.get(..1).unwrap_or_default();
        outer.update(if length & 1 == 1 { &[0] } else { first });
        length >>= 1;
    }
    let mut digest: [u8; 16] = outer.finalize().into();
    for round in 0..ROUNDS {
        let mut next = Md5::new();
        let odd = round % 2 == 1;
        next.update(if odd { password } else { &digest });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if odd { &digest } else { password });
        digest = next.finalize().into();
    }
    digest
}
