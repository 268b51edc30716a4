//! Against what `openssl passwd` and others make of the same passwords.

use super::*;
use fsimage::protocol::{Bytes, Hash};
use std::process::Command;

/// As the worker types it: bootcfg does not belong to this side, but its tests may.
fn typed(secret: &bootcfg::Secret) -> Secret {
    use bootcfg::Secret as Read;
    match secret {
        Read::Plain(text) => Secret::Plain { text: Bytes(text.clone()) },
        Read::Pbkdf2Sha512 { rounds, salt, hash } => {
            Secret::Pbkdf2Sha512 { rounds: *rounds, salt: Bytes(salt.clone()), hash: Bytes(hash.clone()) }
        }
        Read::Md5Crypt { salt, hash } => Secret::Md5Crypt { salt: Bytes(salt.clone()), hash: Hash(*hash) },
        Read::SaltedSha1 { salt, hash } => {
            Secret::SaltedSha1 { salt: Bytes(salt.clone()), hash: Hash(*hash) }
        }
        Read::Sha256Crypt { rounds, salt, hash } => {
            Secret::Sha256Crypt { rounds: *rounds, salt: Bytes(salt.clone()), hash: Hash(*hash) }
        }
        Read::Sha512Crypt { rounds, salt, hash } => {
            Secret::Sha512Crypt { rounds: *rounds, salt: Bytes(salt.clone()), hash: Hash(*hash) }
        }
        Read::Unusable(_) => Secret::Unusable {},
    }
}

fn assert_fits(secret: &bootcfg::Secret, password: &[u8]) {
    let secret = typed(secret);
    assert_eq!(fits(&secret, password), Ok(true), "{secret:?}");
    let mut others = vec![[password, b"x"].concat(), password.to_ascii_uppercase()];
    others.push(password.get(1..).unwrap_or(b"x").to_vec());
    for other in others.iter().filter(|other| *other != password) {
        assert_eq!(fits(&secret, other), Ok(false), "{secret:?}");
    }
}

const PASSWORDS: [&str; 5] =
    ["", "a", "secret", "correct horse battery staple, and more than 64 bytes of it altogether", "pässword"];

#[test]
fn openssls_hashes() {
    for kind in ["-1", "-5", "-6"] {
        for salt in ["x", "saltsalt", "0123456789abcdef"] {
            // openssl makes no SHA hash of no password.
            for password in PASSWORDS.into_iter().filter(|password| !password.is_empty()) {
                let made = Command::new("openssl").args(["passwd", kind, "-salt", salt, password]).output();
                let made = made.expect("openssl is missing: install Debian's package openssl");
                assert!(made.status.success(), "{made:?}");
                let text = made.stdout.trim_ascii();
                assert_fits(&bootcfg::Secret::crypt(text), password.as_bytes());
            }
        }
    }
}

/// Rounds that openssl does not make: `perl -e 'print crypt("Hello world!", q($5$rounds=1234$saltstring))'`, with libxcrypt.
#[test]
fn crypts_rounds() {
    for text in [
        "$5$rounds=1234$saltstring$QVqYzw88BkqNN50UcLgdwR5i/24PGjaSp/227BCDq9/",
        "$6$rounds=1234$saltstring$8h0FlxNvmjnRv8J0iCmC51DtFVb14XsnVi2dZviM0Lcu.BhV7BeKhLTUX.zM/tQC6e/BCuM.W23BDIdlD0Tqv/",
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
    ] {
        assert_fits(&bootcfg::Secret::crypt(text.as_bytes()), b"Hello world!");
    }
}

/// Python's hashlib is another implementation of PBKDF2.
#[test]
fn pythons_pbkdf2() {
    for (rounds, length) in [(1, 64), (1000, 64), (10, 20), (10, 130)] {
        for password in PASSWORDS {
            let script = format!(
                "import hashlib;print(hashlib.pbkdf2_hmac('sha512','{password}'.encode(),b'NaCl',{rounds},{length}).hex())"
            );
            let made = Command::new("python3").args(["-c", &script]).output();
            let made = made.expect("python3 is missing: install Debian's package python3");
            assert!(made.status.success(), "{made:?}");
            let hash = String::from_utf8(made.stdout).unwrap().trim().to_uppercase();
            let text = format!("grub.pbkdf2.sha512.{rounds}.4E61436C.{hash}");
            assert_fits(&bootcfg::Secret::grub_pbkdf2(text.as_bytes()), password.as_bytes());
        }
    }
}

#[test]
fn plain_and_syslinux() {
    for password in PASSWORDS {
        assert_fits(&bootcfg::Secret::Plain(password.as_bytes().to_vec()), password.as_bytes());
    }
    // printf saltpassword | openssl dgst -sha1 -binary | base64
    assert_fits(&bootcfg::Secret::crypt(b"$4$salt$WbPo1jfPl+2+I4TPWct0U9/jB4k=$"), b"password");
}

#[test]
fn what_is_damaged_opens_to_nothing() {
    assert_eq!(fits(&Secret::Unusable {}, b""), Ok(false));
    let empty = Secret::Pbkdf2Sha512 { rounds: 1, salt: Bytes(Vec::new()), hash: Bytes(Vec::new()) };
    assert_eq!(fits(&empty, b""), Ok(false));
}

#[test]
fn nobody_waits_for_a_hostile_number_of_rounds() {
    let pbkdf2 = |rounds, length| Secret::Pbkdf2Sha512 {
        rounds,
        salt: Bytes(Vec::new()),
        hash: Bytes(vec![0; length]),
    };
    assert_eq!(fits(&pbkdf2(u32::MAX, 64), b""), Err(TooDear(0xffff_ffff)));
    assert_eq!(fits(&pbkdf2(5_000_000, 65), b""), Err(TooDear(10_000_000)));
    let crypt = Secret::Sha512Crypt { rounds: 999_999_999, salt: Bytes(Vec::new()), hash: Hash([0; 64]) };
    assert_eq!(fits(&crypt, b""), Err(TooDear(999_999_999)));
    // The worker says 1000 at least; whatever else it says is refused and not a panic.
    let crypt = Secret::Sha256Crypt { rounds: 0, salt: Bytes(Vec::new()), hash: Hash([0; 32]) };
    assert!(fits(&crypt, b"").is_err());
}
