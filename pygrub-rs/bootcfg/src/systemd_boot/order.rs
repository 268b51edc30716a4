//! The order of the menu and the titles in it (UAPI.1, "Sorting").

use super::entry::Entry;
use crate::bls::version;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The best first. Entries are put in one by one, so that no order of versions, consistent or not, can do harm.
pub(super) fn sorted(entries: Vec<Entry>) -> Vec<Entry> {
    let mut sorted: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let place = sorted.partition_point(|other| compare(other, &entry) != Ordering::Greater);
        sorted.insert(place, entry);
    }
    sorted
}

/// Entries without attempts left come last, those with a sort key before those without; then by sort key, machine, version
/// and name, the newest first.
fn compare(a: &Entry, b: &Entry) -> Ordering {
    let exhausted = |entry: &Entry| entry.tries.is_some_and(|(left, _)| left == 0);
    let keyed = || match (&a.sort_key, &b.sort_key) {
        (Some(of_a), Some(of_b)) => of_a
            .cmp(of_b)
            .then_with(|| a.machine_id.cmp(&b.machine_id))
            .then_with(|| version::compare(or_empty(&b.version), or_empty(&a.version))),
        (of_a, of_b) => of_b.is_some().cmp(&of_a.is_some()),
    };
    let counted = || match (a.tries, b.tries) {
        (Some((left_of_a, done_of_a)), Some((left_of_b, done_of_b))) => {
            left_of_b.cmp(&left_of_a).then(done_of_a.cmp(&done_of_b))
        }
        _ => Ordering::Equal,
    };
    exhausted(a)
        .cmp(&exhausted(b))
        .then_with(keyed)
        .then_with(|| version::compare(&b.file_id, &a.file_id))
        .then_with(|| a.profile.cmp(&b.profile))
        .then_with(counted)
}

fn or_empty(text: &Option<Vec<u8>>) -> &[u8] {
    text.as_deref().unwrap_or_default()
}

/// Titles that tell the entries apart: those that are the same get the version, then the machine's id, then the entry's.
pub(super) fn titles(entries: &[Entry]) -> Vec<Vec<u8>> {
    let mut titles: Vec<Vec<u8>> =
        entries.iter().map(|entry| entry.title.clone().unwrap_or_else(|| entry.id.clone())).collect();
    type Addition = fn(&Entry) -> Option<&[u8]>;
    let additions: [Addition; 3] = [
        |entry| entry.version.as_deref(),
        |entry| entry.machine_id.as_deref().map(|id| id.get(..8).unwrap_or(id)),
        |entry| Some(&entry.id),
    ];
    for addition in additions {
        let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
        for title in &titles {
            let count = counts.entry(title).or_default();
            *count = count.saturating_add(1);
        }
        let repeated: Vec<bool> =
            titles.iter().map(|title| counts.get(title.as_slice()).is_some_and(|&count| count > 1)).collect();
        for ((title, entry), repeated) in titles.iter_mut().zip(entries).zip(repeated) {
            if let Some(addition) = addition(entry).filter(|_| repeated) {
                title.extend([b" (", addition, b")"].concat());
            }
        }
    }
    titles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, sort_key: &str, version: &str) -> Entry {
        let text = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        Entry {
            id: id.into(),
            file_id: id.into(),
            title: Some(b"Linux".to_vec()),
            sort_key: text(sort_key),
            version: text(version),
            ..Entry::default()
        }
    }

    fn ids(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| std::str::from_utf8(&entry.id).unwrap()).collect()
    }

    #[test]
    fn keyed_entries_come_first_and_newest_first() {
        let mut tried = entry("tried.conf", "a", "9");
        tried.tries = Some((0, 3));
        let entries = vec![
            entry("6.9.conf", "", ""),
            tried,
            entry("b.conf", "fedora", "6.9.1"),
            entry("6.10.conf", "", ""),
            entry("a.conf", "fedora", "6.10.1"),
            entry("z.conf", "debian", "1"),
        ];
        assert_eq!(
            ids(&sorted(entries)),
            ["z.conf", "a.conf", "b.conf", "6.10.conf", "6.9.conf", "tried.conf"]
        );
    }

    #[test]
    fn equal_titles_are_told_apart() {
        let mut third = entry("c.conf", "", "2");
        third.title = Some(b"Other".to_vec());
        let entries = [entry("a.conf", "", "1"), entry("b.conf", "", "1"), third];
        let titles = titles(&entries);
        assert_eq!(titles, [&b"Linux (1) (a.conf)"[..], b"Linux (1) (b.conf)", b"Other"]);
    }
}
