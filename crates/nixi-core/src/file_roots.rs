//! The folders of a node that file actions may reach.

use std::fmt;
use std::sync::Arc;

use crate::command::FilePath;

/// The folders below which files of a node are read and written: `/srv`, and those of the configuration.
///
/// They hold real paths only: what leads into one by way of a link has to be resolved first, and a root that is a link
/// itself holds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRoots(Arc<[String]>);

impl FileRoots {
    /// The folder that is always among them.
    pub const ALWAYS: &'static str = "/srv";

    /// `/srv`, and these.
    #[must_use]
    pub fn with(configured: &[FilePath]) -> Self {
        let configured = configured.iter().map(FilePath::as_str);
        Self(std::iter::once(Self::ALWAYS).chain(configured).map(str::to_owned).collect())
    }

    /// Whether a real path is one of them, or below one.
    #[must_use]
    pub fn hold(&self, real: &FilePath) -> bool {
        self.0.iter().any(|root| real.as_str() == root || is_below(root, real))
    }

    /// Whether a real path is below one of them.
    #[must_use]
    pub fn hold_below(&self, real: &FilePath) -> bool {
        self.0.iter().any(|root| is_below(root, real))
    }
}

fn is_below(root: &str, real: &FilePath) -> bool {
    real.as_str().strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

/// `/srv, /data`
impl fmt::Display for FileRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_folders_count() {
        let path = |word: &str| word.parse::<FilePath>().unwrap();
        let roots = FileRoots::with(&[path("/data/www")]);
        assert_eq!(roots.to_string(), "/srv, /data/www");
        for inside in ["/srv/a", "/srv/a/b c", "/data/www/x"] {
            assert!(roots.hold(&path(inside)) && roots.hold_below(&path(inside)), "{inside}");
        }
        for outside in ["/srvx", "/srv2/a", "/data", "/data/wwwx/a", "/etc/srv/a"] {
            assert!(!roots.hold(&path(outside)) && !roots.hold_below(&path(outside)), "{outside}");
        }
        assert!(roots.hold(&path("/srv")) && !roots.hold_below(&path("/srv")));
    }
}
