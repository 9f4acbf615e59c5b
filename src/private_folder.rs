//! Folders that are this user's alone.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// Makes the folder where it is missing, and closes it to others.
///
/// # Errors
/// When it cannot be made, or something else lies there: a link, or a folder of another user.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let about = std::fs::symlink_metadata(folder)?;
    if !about.is_dir() || about.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it is no directory of this user's"));
    }
    if about.mode() & 0o077 != 0 {
        File::open(folder)?.set_permissions(PermissionsExt::from_mode(0o700))?;
    }
    Ok(())
}
