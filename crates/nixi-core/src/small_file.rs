//! Small files that a person named, read without trust in what they are: no pipe is waited for, no device is read, and
//! nothing is read without end.

use std::fs::{File, FileType, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};

/// A regular file as it was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct SmallFile {
    /// All of it. No copy of it was left behind while it was read.
    pub bytes: Vec<u8>,
    /// Of the very file that was read.
    pub about: Metadata,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It is not there.
    #[error("there is no such file")]
    Missing,
    /// It is something else; the words tell what.
    #[error("it is {0}, not a regular file")]
    Special(&'static str),
    /// It is longer than so many bytes.
    #[error("it is longer than {}", size(*.0))]
    TooLong(u64),
    /// The system refused.
    #[error("{0}")]
    Failed(io::Error),
}

/// Reads a regular file of at most so many bytes, by way of symbolic links if it has to. Blocks no longer than a disk does.
///
/// # Errors
/// When it is missing, no regular file, longer, or cannot be read.
pub fn read(path: &Path, most: u64) -> Result<SmallFile, Unread> {
    // Looked at before it is opened, since that alone does something to some devices; and after, since it may be another.
    regular(&std::fs::metadata(path).map_err(failed)?, most)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty()).map_err(|error| failed(error.into()))?);
    let about = file.metadata().map_err(failed)?;
    let length = regular(&about, most)?;
    // One more, so that the end is seen without more room.
    let mut bytes = Vec::with_capacity(usize::try_from(length.saturating_add(1)).unwrap_or(0));
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(Unread::TooLong(most));
    }
    Ok(SmallFile { bytes, about })
}

/// The length of a regular file that is not too long by what the system says. (Some, as those of /proc, it calls empty.)
fn regular(about: &Metadata, most: u64) -> Result<u64, Unread> {
    if !about.is_file() {
        return Err(Unread::Special(kind(about.file_type())));
    }
    if about.len() > most { Err(Unread::TooLong(most)) } else { Ok(about.len()) }
}

fn kind(kind: FileType) -> &'static str {
    match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something special",
    }
}

fn failed(error: io::Error) -> Unread {
    if error.kind() == ErrorKind::NotFound { Unread::Missing } else { Unread::Failed(error) }
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * KIB;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType as Kind, mknodat};

    use super::*;

    fn why(path: &Path) -> String {
        read(path, 64).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_regular_file_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
        mknodat(CWD, &pipe, Kind::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let _listens = UnixListener::bind(&socket).unwrap();
        assert_eq!(why(&pipe), "it is a named pipe, not a regular file");
        assert_eq!(why(&socket), "it is a socket, not a regular file");
        assert_eq!(why(folder.path()), "it is a directory, not a regular file");
        for device in ["/dev/zero", "/dev/null", "/dev/tty"] {
            assert_eq!(why(Path::new(device)), "it is a device, not a regular file");
        }
        let link = folder.path().join("link");
        symlink(&pipe, &link).unwrap();
        assert_eq!(why(&link), "it is a named pipe, not a regular file");
        assert_eq!(why(&folder.path().join("none")), "there is no such file");
    }

    #[test]
    fn a_file_is_read_whole_or_not_at_all_also_behind_links() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink(&file, &link).unwrap();
        for (length, fits) in [(0, true), (63, true), (64, true), (65, false), (1000, false)] {
            std::fs::write(&file, vec![b'x'; length]).unwrap();
            match read(&link, 64) {
                Ok(read) => assert!(fits && read.bytes.len() == length && read.about.is_file(), "{length}"),
                Err(error) => {
                    assert!(!fits, "{length}");
                    assert_eq!(error.to_string(), "it is longer than 64 bytes");
                }
            }
        }
    }

    #[test]
    fn a_huge_file_is_not_begun_and_one_without_a_length_is_read_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let huge = folder.path().join("huge");
        File::create(&huge).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(read(&huge, 4 << 20), Err(Unread::TooLong(_))));
        let endless = Path::new("/proc/self/smaps");
        assert_eq!(std::fs::metadata(endless).unwrap().len(), 0);
        assert!(matches!(read(endless, 64), Err(Unread::TooLong(64))));
        assert!(!read(endless, 64 << 20).unwrap().bytes.is_empty());
    }

    #[test]
    fn a_secret_is_read_into_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, vec![b'x'; 5000]).unwrap();
        assert_eq!(read(&file, 1 << 20).unwrap().bytes.capacity(), 5001);
    }

    #[test]
    fn sizes_are_told_as_people_write_them() {
        assert_eq!([size(4 << 20), size(64 << 10), size(1000)], ["4 MiB", "64 KiB", "1000 bytes"]);
    }
}
