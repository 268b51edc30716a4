//! The hashes of crypt(3), as text to bytes (crypt(5); Drepper, "Unix crypt using SHA-256 and SHA-512"; syslinux' sha1pass).

use super::Secret;

/// The longest salts that crypt looks at.
const MAX_MD5_SALT: usize = 8;
const MAX_SHA_SALT: usize = 16;
/// syslinux sets no bound of its own.
const MAX_SHA1_SALT: usize = 64;
/// Without `rounds=`, and where `rounds=` is out of bounds (Drepper).
const DEFAULT_ROUNDS: u32 = 5000;
const MIN_ROUNDS: u32 = 1000;
const MAX_ROUNDS: u32 = 999_999_999;

pub(super) fn parse(text: &[u8]) -> Option<Secret> {
    let mut fields = text.strip_prefix(b"$")?.split(|&byte| byte == b'$').peekable();
    let kind = fields.next()?;
    let rounds = match fields.peek().and_then(|field| field.strip_prefix(b"rounds=")) {
        Some(number) if matches!(kind, b"5" | b"6") => {
            fields.next();
            let number: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
            u32::try_from(number).unwrap_or(MAX_ROUNDS).clamp(MIN_ROUNDS, MAX_ROUNDS)
        }
        _ => DEFAULT_ROUNDS,
    };
    let (salt, hash) = (fields.next()?, fields.next()?);
    let cut = |longest: usize| salt.get(..longest).unwrap_or(salt).to_vec();
    // sha1pass ends its line with a `$`.
    if fields.next().is_some_and(|rest| kind != b"4" || !rest.is_empty()) {
        return None;
    }
    Some(match kind {
        b"1" => Secret::Md5Crypt { salt: cut(MAX_MD5_SALT), hash: ordered(hash, &MD5_ORDER)? },
        b"4" if salt.len() <= MAX_SHA1_SALT => {
            Secret::SaltedSha1 { salt: salt.to_vec(), hash: base64(hash)? }
        }
        b"5" => Secret::Sha256Crypt { rounds, salt: cut(MAX_SHA_SALT), hash: ordered(hash, &SHA256_ORDER)? },
        b"6" => Secret::Sha512Crypt { rounds, salt: cut(MAX_SHA_SALT), hash: ordered(hash, &SHA512_ORDER)? },
        _ => return None,
    })
}

/// The places of the digest's bytes in the order in which crypt writes them: the least significant six bits of each three
/// bytes first.
const MD5_ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
const SHA256_ORDER: [usize; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29,
    19, 9, 30, 31,
];
const SHA512_ORDER: [usize; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8, 50, 51,
    30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58, 37, 38, 17, 59,
    60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];

/// crypt's base 64, least significant digit first, each byte put in its place.
fn ordered<const LENGTH: usize>(text: &[u8], order: &[usize; LENGTH]) -> Option<[u8; LENGTH]> {
    let mut hash = [0; LENGTH];
    let mut places = order.iter();
    for group in text.chunks(4) {
        let mut value = 0_u32;
        for &character in group.iter().rev() {
            value = value.checked_mul(64)?.checked_add(crypt_digit(character)?)?;
        }
        // Four characters are three bytes, three are two, two are one.
        for byte in value.to_le_bytes().into_iter().take(group.len().checked_sub(1)?) {
            *hash.get_mut(*places.next()?)? = byte;
        }
    }
    places.next().is_none().then_some(hash)
}

fn crypt_digit(character: u8) -> Option<u32> {
    digit(character, b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}

/// The usual base 64, padding optional (RFC 4648).
fn base64(text: &[u8]) -> Option<[u8; 20]> {
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let mut bytes = Vec::new();
    for group in text.chunks(4) {
        let mut value = 0_u32;
        for place in 0..4 {
            let digit = match group.get(place) {
                Some(&character) => {
                    digit(character, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")?
                }
                None => 0,
            };
            value = value.checked_mul(64)?.checked_add(digit)?;
        }
        let count = group.len().checked_sub(1)?;
        bytes.extend(value.to_be_bytes().into_iter().skip(1).take(count));
        if bytes.len() > 20 {
            return None;
        }
    }
    bytes.try_into().ok()
}

fn digit(character: u8, alphabet: &[u8; 64]) -> Option<u32> {
    alphabet.iter().position(|&other| other == character).and_then(|place| u32::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What digest a crypt text stands for is told by whoever computes it: the trusted side's tests check passwords against
    /// what `openssl passwd` made. Here: each place is filled once, and texts of other lengths are refused.
    #[test]
    fn every_byte_has_its_place() {
        for order in [&MD5_ORDER[..], &SHA256_ORDER, &SHA512_ORDER] {
            let mut sorted = order.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..order.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn lengths_and_fields_are_checked() {
        assert!(parse(b"$1$salt$0123456789012345678901").is_some());
        for bad in [
            "$1$salt$012345678901234567890",
            "$1$salt$01234567890123456789012",
            "$1$salt$012345678901234567890!",
            "$1$salt",
            "$1$salt$0123456789012345678901$",
            "$5$rounds=x$salt$0123456789012345678901234567890123456789012",
            "$7$salt$hash",
            "1$salt$hash",
            "$",
            "",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn rounds_are_those_that_crypt_takes() {
        let rounds = |text: &str| {
            let hash = "0123456789012345678901234567890123456789012";
            match parse(format!("$5${text}salt${hash}").as_bytes()).unwrap() {
                Secret::Sha256Crypt { rounds, .. } => rounds,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(rounds(""), 5000);
        assert_eq!(rounds("rounds=7$"), 1000);
        assert_eq!(rounds("rounds=123456$"), 123_456);
        assert_eq!(rounds("rounds=18446744073709551615$"), 999_999_999);
    }

    #[test]
    fn a_salt_is_cut_as_crypt_cuts_it() {
        let Some(Secret::Md5Crypt { salt, .. }) = parse(b"$1$123456789$0123456789012345678901") else {
            panic!()
        };
        assert_eq!(salt, b"12345678");
    }

    /// `printf saltpassword | openssl dgst -sha1 -binary | base64`, with and without the `$` that sha1pass puts at the end.
    #[test]
    fn sha1pass() {
        for text in ["$4$salt$WbPo1jfPl+2+I4TPWct0U9/jB4k=", "$4$salt$WbPo1jfPl+2+I4TPWct0U9/jB4k$"] {
            let Some(Secret::SaltedSha1 { salt, hash }) = parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(salt, b"salt");
            assert_eq!((hash[0], hash[1], hash[18], hash[19]), (0x59, 0xb3, 0x07, 0x89));
        }
        assert_eq!(parse(b"$4$salt$WbPo"), None);
    }
}
