use std::io::{Write as _, stdout};

/// Writes a line to standard output, for the person or program that called. One that has gone away meanwhile is no
/// failure.
pub(super) fn say(line: &str) {
    let mut out = stdout().lock();
    let _reader_gone = writeln!(out, "{line}").and_then(|()| out.flush());
}
