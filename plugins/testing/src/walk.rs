//! A filesystem walked whole.

use fsimage_sdk::{DirCursor, FileSystem, FileType, Metadata, NodeId};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Every path below the root, without its leading slash and with its bytes as [`slice::escape_ascii`] shows them.
pub type Paths = BTreeMap<String, (NodeId, Metadata)>;

/// Names, nodes and types of a directory in its own order, three entries a call: cursors are tested by the way.
#[must_use]
pub fn list(fs: &dyn FileSystem, directory: NodeId) -> Vec<(Vec<u8>, NodeId, FileType)> {
    let mut entries = Vec::new();
    let mut cursor = DirCursor(0);
    loop {
        let mut next = None;
        fs.read_dir(directory, cursor, &mut |entry| {
            entries.push((entry.name.to_vec(), entry.node, entry.file_type));
            next = Some(entry.next);
            if entries.len() % 3 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        match next {
            Some(next) if entries.len() % 3 == 0 => cursor = next,
            _ => return entries,
        }
    }
}

/// Everything below the root. Each entry is also looked up by its name, and its type held against its node's.
pub fn walk(fs: &dyn FileSystem) -> Paths {
    let mut found = BTreeMap::new();
    let mut pending = vec![(String::new(), fs.root().unwrap())];
    while let Some((path, directory)) = pending.pop() {
        for (name, node, file_type) in list(fs, directory) {
            let shown = name.escape_ascii().to_string();
            let child = if path.is_empty() { shown } else { format!("{path}/{shown}") };
            let metadata = fs.metadata(node).unwrap_or_else(|e| panic!("{child}: {e}"));
            assert!(
                file_type == metadata.file_type || file_type == FileType::Unknown,
                "{child}: {file_type:?}"
            );
            assert_eq!(
                fs.lookup(directory, &name).unwrap_or_else(|e| panic!("{child}: {e}")),
                node,
                "{child}"
            );
            if metadata.file_type == FileType::Directory {
                pending.push((child.clone(), node));
            }
            assert!(found.insert(child.clone(), (node, metadata)).is_none(), "{child}: twice");
        }
    }
    found
}

/// The node of a path, no link followed.
#[must_use]
pub fn find(fs: &dyn FileSystem, path: &str) -> NodeId {
    path.split('/').filter(|name| !name.is_empty()).fold(fs.root().unwrap(), |directory, name| {
        fs.lookup(directory, name.as_bytes()).unwrap_or_else(|e| panic!("{path}: {e}"))
    })
}
