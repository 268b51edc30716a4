//! Label and UUID as blkid prints them.

use crate::joliet;
use crate::volume_descriptor::DescriptorSet;
use fsimage_sdk::Result;

/// "Volume Modification Date and Time", BP 831, before "Volume Creation Date and Time", BP 814.
const DATES: [usize; 2] = [830, 813];

/// The volume identifier. A Joliet one is richer in characters and holds half as many: where both agree, the plain
/// one's rest follows.
pub(crate) fn label(set: &DescriptorSet) -> Result<Vec<u8>> {
    let plain = set.primary.as_ref().map(|primary| primary.identifier()).transpose()?.unwrap_or_default();
    let Some(supplementary) = &set.joliet else { return Ok(trimmed(plain)) };
    let joliet = joliet::text(supplementary.identifier()?);
    let joined = merge(plain, &joliet).unwrap_or_else(|| joliet.into_bytes());
    Ok(trimmed(&joined))
}

/// The Joliet name and what the plain one has beyond it, unless they are different names.
fn merge(plain: &[u8], joliet: &str) -> Option<Vec<u8>> {
    let mut rest = plain.iter();
    for (character, byte) in joliet.chars().zip(&mut rest) {
        // A plain name has `_` for what it cannot write.
        if u32::from(character) != u32::from(*byte) && *byte != b'_' {
            return None;
        }
    }
    Some([joliet.as_bytes(), rest.as_slice()].concat())
}

/// Without the padding at its end.
fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.split(|&b| b == 0).next().unwrap_or_default();
    bytes.trim_ascii_end().to_vec()
}

/// The date of modification, else of creation, as `YYYY-MM-DD-HH-MM-SS-CC`.
pub(crate) fn uuid(set: &DescriptorSet) -> Result<String> {
    let fields = set.main()?.fields();
    for offset in DATES {
        let digits = fields.slice(offset, 16)?;
        let unset = digits.iter().all(|&b| b == b'0') || !digits.iter().all(u8::is_ascii_digit);
        if unset {
            continue;
        }
        let mut text = String::with_capacity(22);
        for (index, &digit) in digits.iter().enumerate() {
            if index >= 4 && index % 2 == 0 {
                text.push('-');
            }
            text.push(char::from(digit));
        }
        return Ok(text);
    }
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn labels_as_blkid_joins_them() {
        assert_eq!(merge(b"DEBIAN LIVE 13 AMD64", "DEBIAN LIVE 13 A").unwrap(), b"DEBIAN LIVE 13 AMD64");
        assert_eq!(merge(b"_BER", "ÜBER").unwrap(), "ÜBER".as_bytes());
        assert_eq!(merge(b"CDROM", "Holidays"), None);
    }
}
