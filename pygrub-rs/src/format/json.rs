//! One JSON object on one line. Bytes that are not printable UTF-8 are escaped as `fsimage::escape` does it, and a
//! backslash is doubled, so that every value can be turned back into its bytes.

use super::{BootResult, Unrepresentable};
use fsimage::escape;
use serde::Serialize;

#[derive(Serialize)]
struct Object {
    kernel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ramdisk: Option<String>,
    args: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    guess: bool,
    volume: String,
    guest_kernel: String,
    guest_ramdisks: Vec<String>,
}

pub(super) fn render(result: &BootResult) -> Result<Vec<u8>, Unrepresentable> {
    let origin = &result.origin;
    let object = Object {
        kernel: escape(&result.kernel),
        ramdisk: result.ramdisk.as_deref().map(escape),
        args: escape(&result.args),
        title: origin.title.as_deref().map(escape),
        guess: origin.guess,
        volume: escape(&origin.volume),
        guest_kernel: escape(&origin.kernel),
        guest_ramdisks: origin.ramdisks.iter().map(|path| escape(path)).collect(),
    };
    let mut line = serde_json::to_vec(&object).map_err(|_| Unrepresentable::Json)?;
    line.push(b'\n');
    Ok(line)
}
