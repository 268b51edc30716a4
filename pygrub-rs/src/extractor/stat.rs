//! `fsimage stat`.

use super::args::{Common, Status};
use super::file::{arrow, at, instant, letters, mode, target};
use super::output::Output;
use super::several::each;
use super::volume;
use crate::boot::volumes;
use crate::exit::{Failure, Result};
use fsimage::copy::Part;
use fsimage::protocol::{Extent, ExtentKind};
use fsimage::{FileType, Node, Session, escape};
use serde::Serialize;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// All that is known of a file.
#[derive(Debug, Serialize)]
struct Facts {
    path: String,
    volume: String,
    node: u64,
    r#type: &'static str,
    size: u64,
    /// Octal, four digits.
    mode: String,
    uid: u32,
    gid: u32,
    links: u32,
    /// Seconds since 1970.
    mtime: i64,
    mtime_nanoseconds: u32,
    /// The same as RFC 3339 has it, where a calendar has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data>,
}

/// Where a file's bytes lie.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Data {
    /// Not plain on the disk: compressed, inline, encrypted.
    NotPlain,
    Extents(Vec<Range>),
}

#[derive(Debug, Serialize)]
struct Range {
    /// Byte in the file.
    start: u64,
    length: u64,
    /// Byte on the disk; none for a hole.
    disk_offset: Option<u64>,
}

/// Tells all that is known of files.
pub(super) fn stat(session: &mut Session, paths: &[OsString], how: &Status, common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let address = escape(&volumes::address(session, volume)?);
    let mut output = Output::new();
    let outcome = each(paths, |path| {
        let path = path.as_bytes();
        let node = at(session, volume, path, how.dereference)?;
        let mut facts = facts(session, volume, path, &node, &address)?;
        if how.extents && node.file_type == FileType::Regular {
            facts.data =
                Some(data(session, volume, &node).map_err(|why| Failure::from(why).within(escape(path)))?);
        }
        match common.json {
            true => output.json(&facts),
            false => lines(&facts, &letters(&node)).iter().try_for_each(|line| output.line(line)),
        }
    });
    outcome.and(output.finish())
}

fn facts(session: &mut Session, volume: u32, path: &[u8], node: &Node, address: &str) -> Result<Facts> {
    let metadata = &node.metadata;
    Ok(Facts {
        path: escape(path),
        volume: address.to_owned(),
        node: node.node,
        r#type: node.file_type.text(),
        size: metadata.size,
        mode: mode(node),
        uid: metadata.uid,
        gid: metadata.gid,
        links: metadata.links,
        mtime: metadata.mtime_seconds,
        mtime_nanoseconds: metadata.mtime_nanoseconds,
        modified: instant(metadata.mtime_seconds, metadata.mtime_nanoseconds),
        target: target(session, volume, node)?,
        data: None,
    })
}

fn data(session: &mut Session, volume: u32, node: &Node) -> fsimage::Result<Data> {
    let mut ranges = Vec::new();
    let is_plain = session.extents(&Part::whole(volume, node), &mut |extent: &Extent| {
        let disk_offset = match extent.kind {
            ExtentKind::Data { physical, .. } => Some(physical),
            ExtentKind::Hole {} => None,
        };
        ranges.push(Range { start: extent.logical, length: extent.length, disk_offset });
    })?;
    Ok(if is_plain { Data::Extents(ranges) } else { Data::NotPlain })
}

fn lines(facts: &Facts, letters: &str) -> Vec<String> {
    let mut lines = vec![
        format!("  path: {}{}", facts.path, arrow(facts.target.as_deref())),
        format!(
            "  type: {}   size: {}   node: {}   volume: {}",
            facts.r#type, facts.size, facts.node, facts.volume
        ),
        format!(
            "  mode: {} {letters}   uid: {}   gid: {}   links: {}",
            facts.mode, facts.uid, facts.gid, facts.links
        ),
        format!("  modified: {}", facts.modified.clone().unwrap_or_else(|| format!("{} s", facts.mtime))),
    ];
    match &facts.data {
        None => {}
        Some(Data::NotPlain) => lines.push("  data: not plain on the disk".to_owned()),
        Some(Data::Extents(ranges)) => lines.extend(ranges.iter().map(|range| {
            let place = range
                .disk_offset
                .map_or("a hole".to_owned(), |offset| format!("on the disk at 0x{offset:x}"));
            format!("  data: {:>12} bytes at {:<12} {place}", range.length, format!("0x{:x}", range.start))
        })),
    }
    lines
}
