//! Files that the operator names: read within a bound, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Longest file that is read, in bytes: what the control API takes as a world, too.
const MOST: u64 = 64 * 1024 * 1024;

/// A file as text, without the byte-order mark that some editors put in front.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    let failed = |error| format!("cannot read {}: {error}", file.display());
    let mut bytes = Vec::new();
    // Asked for one byte more, so that a device that never ends is found out.
    File::open(file).map_err(failed)?.take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST {
        return Err(format!("cannot read {}: it is longer than {} MiB", file.display(), MOST >> 20));
    }
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        format!("cannot read {}: byte {at} is not UTF-8: save the file as UTF-8", file.display())
    })
}

/// Writes a file whole or not at all: beside it first, then renamed. What is no regular file, such as a pipe or
/// `/dev/stdout`, is written to: a rename would put a file in its place. A link is followed for the same reason.
pub(crate) fn write_whole(file: &Path, text: &str) -> Result<(), String> {
    let failed = |error| format!("cannot write {}: {error}", file.display());
    if is_special(file) {
        let opened = File::options().write(true).open(file);
        return opened.and_then(|mut opened| opened.write_all(text.as_bytes())).map_err(failed);
    }
    let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let beside = beside(&target);
    let written = write_out(&beside, text).and_then(|()| fs::rename(&beside, &target));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}

/// Writes a file whole or not at all, which nobody but its owner may read, from the first byte on.
pub(crate) fn write_secret(file: &Path, text: &str) -> Result<(), String> {
    let beside = beside(file);
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|opened| put(opened, text)).and_then(|()| fs::rename(&beside, file));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        format!("cannot write {}: {error}", file.display())
    })
}

fn write_out(file: &Path, text: &str) -> io::Result<()> {
    put(File::create(file)?, text)
}

/// On the disk when this returns: a rename must not come before what it puts in place.
fn put(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A place that cannot be written is found out now, not when there is something to lose.
pub(crate) fn can_be_written_to(file: &Path) -> Result<(), String> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !directory.is_dir() {
        return Err(format!("cannot write {}: there is no directory {}", file.display(), directory.display()));
    }
    if file.is_dir() {
        return Err(format!("cannot write {}: it is a directory", file.display()));
    }
    if is_special(file) {
        return Ok(());
    }
    let beside = beside(&fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()));
    let tried = fs::write(&beside, "").and_then(|()| fs::remove_file(&beside));
    tried.map_err(|error| format!("cannot write {}: {error}", file.display()))
}

fn is_special(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}", std::process::id()))
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
