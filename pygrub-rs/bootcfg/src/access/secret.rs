//! Passwords in the forms in which configurations keep them.

use super::crypt;

/// A password, or what it can be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// As it is typed.
    Plain(Vec<u8>),
    /// PBKDF2 with HMAC-SHA-512 (RFC 8018; GRUB's `grub.pbkdf2.sha512.…`).
    Pbkdf2Sha512 {
        /// Iterations, as the guest gives them: up to 2^32 - 1.
        rounds: u32,
        /// The salt.
        salt: Vec<u8>,
        /// The derived key; never empty.
        hash: Vec<u8>,
    },
    /// `$1$`: crypt(3)'s MD5 with 1000 rounds.
    Md5Crypt {
        /// At most 8 bytes.
        salt: Vec<u8>,
        /// The digest.
        hash: [u8; 16],
    },
    /// syslinux' `$4$`: SHA-1 of salt and password.
    SaltedSha1 {
        /// The salt.
        salt: Vec<u8>,
        /// The digest.
        hash: [u8; 20],
    },
    /// `$5$`: crypt(3)'s SHA-256.
    Sha256Crypt {
        /// 1000 to 999,999,999.
        rounds: u32,
        /// At most 16 bytes.
        salt: Vec<u8>,
        /// The digest.
        hash: [u8; 32],
    },
    /// `$6$`: crypt(3)'s SHA-512.
    Sha512Crypt {
        /// 1000 to 999,999,999.
        rounds: u32,
        /// At most 16 bytes.
        salt: Vec<u8>,
        /// The digest.
        hash: [u8; 64],
    },
    /// Damaged, or of a form not known here, by this reason: nothing opens it.
    Unusable(&'static str),
}

impl Secret {
    /// GRUB 2's `password_pbkdf2` (manual: "password_pbkdf2"): `grub.pbkdf2.sha512.ROUNDS.SALT.HASH`, the last two in
    /// hexadecimal.
    #[must_use]
    pub fn grub_pbkdf2(text: &[u8]) -> Self {
        let parsed = || {
            let mut parts = text.strip_prefix(b"grub.pbkdf2.sha512.")?.split(|&byte| byte == b'.');
            let rounds =
                std::str::from_utf8(parts.next()?).ok()?.parse().ok().filter(|rounds| *rounds > 0)?;
            let (salt, hash) = (hexadecimal(parts.next()?)?, hexadecimal(parts.next()?)?);
            (parts.next().is_none() && !hash.is_empty()).then_some((rounds, salt, hash))
        };
        match parsed() {
            Some((rounds, salt, hash)) => Self::Pbkdf2Sha512 { rounds, salt, hash },
            None => Self::Unusable("it is no grub.pbkdf2.sha512 hash"),
        }
    }

    /// A hash as crypt(3) writes it, `$1$…`, `$5$…` or `$6$…`, or syslinux' `$4$…`.
    #[must_use]
    pub fn crypt(text: &[u8]) -> Self {
        crypt::parse(text).unwrap_or(Self::Unusable("it is no hash of crypt's kinds 1, 5 or 6"))
    }

    /// syslinux and lilo tell by the text itself: what begins with `$` is a hash, all else is the password.
    #[must_use]
    pub fn crypt_or_plain(text: &[u8]) -> Self {
        match text.first() {
            Some(b'$') => Self::crypt(text),
            _ => Self::Plain(text.to_vec()),
        }
    }

    /// What keeping it costs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Pbkdf2Sha512 { salt, hash, .. } => salt.len().saturating_add(hash.len()),
            Self::Md5Crypt { salt, .. }
            | Self::SaltedSha1 { salt, .. }
            | Self::Sha256Crypt { salt, .. }
            | Self::Sha512Crypt { salt, .. } => salt.len(),
            Self::Unusable(_) => 0,
        }
    }
}

fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chunks(2)
        .map(|pair| match pair {
            [high, low] => digit(high)?.checked_mul(16)?.checked_add(digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grubs_hashes() {
        assert_eq!(
            Secret::grub_pbkdf2(b"grub.pbkdf2.sha512.10000.0aFF.00"),
            Secret::Pbkdf2Sha512 { rounds: 10000, salt: vec![0x0a, 0xff], hash: vec![0] }
        );
        for bad in [
            "grub.pbkdf2.sha512.10000.0AFF",
            "grub.pbkdf2.sha512.10000.0AFF.",
            "grub.pbkdf2.sha512.0.0A.00",
            "grub.pbkdf2.sha512.4294967296.0A.00",
            "grub.pbkdf2.sha512.1.A.00",
            "grub.pbkdf2.sha512.1.0G.00",
            "grub.pbkdf2.sha512.1.00.00.00",
            "grub.pbkdf2.sha256.1.00.00",
            "",
        ] {
            assert!(matches!(Secret::grub_pbkdf2(bad.as_bytes()), Secret::Unusable(_)), "{bad}");
        }
    }

    #[test]
    fn a_dollar_tells_a_hash_from_a_password() {
        assert_eq!(Secret::crypt_or_plain(b"secret"), Secret::Plain(b"secret".to_vec()));
        assert!(matches!(Secret::crypt_or_plain(b"$2y$10$abc"), Secret::Unusable(_)));
    }
}
