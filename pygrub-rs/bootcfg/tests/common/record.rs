//! Records of what another loader did with a configuration: `=== CASE`, and in it `--- PART` with its lines.

use std::collections::BTreeMap;

/// One configuration, and what came of it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) parts: BTreeMap<&'static str, String>,
}

/// All of a record.
pub(crate) fn cases(record: &'static str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut part = "";
    for line in record.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name, parts: BTreeMap::new() });
        } else if let (Some(name), Some(case)) = (line.strip_prefix("--- "), cases.last_mut()) {
            part = name;
            case.parts.insert(part, String::new());
        } else if let Some(text) = cases.last_mut().and_then(|case| case.parts.get_mut(part)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    cases
}
