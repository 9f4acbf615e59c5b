//! A folder of the node that a container sees.

use std::fmt;
use std::str::FromStr;

use nixi_core::command::{ContainerName, FilePath};
use serde::{Deserialize, Serialize};

/// `data:/var/lib/x`: a folder below `/srv/NAME` of the node, and where the container sees it; with `:ro` behind it, the
/// container may not write there. No other folder of a node can be given to a container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Volume {
    /// Below the container's own folder, or absolute.
    source: String,
    inside: FilePath,
    access: Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    ReadWrite,
    ReadOnly,
}

impl Volume {
    /// The folder on the node of the container of this name.
    ///
    /// # Errors
    /// Why it is none, in a sentence.
    pub(super) fn folder(&self, of: &ContainerName) -> Result<FilePath, String> {
        let own = format!("/srv/{of}");
        let path =
            if self.source.starts_with('/') { self.source.clone() } else { format!("{own}/{}", self.source) };
        let path: FilePath = path.parse().map_err(|why| format!("{why}"))?;
        let is_below =
            path.as_str().strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match is_below {
            true => Ok(path),
            false => {
                Err(format!("{path} is not below {own}: a container keeps its data there and nowhere else"))
            }
        }
    }

    /// Whether it lies below a folder that the other volume lets a container write to.
    pub(super) fn is_below(&self, other: &Self, of: &ContainerName) -> bool {
        let (Ok(own), Ok(above)) = (self.folder(of), other.folder(of)) else { return false };
        let is_below = own.as_str().strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/'));
        match other.access {
            Access::ReadWrite => is_below,
            Access::ReadOnly => false,
        }
    }

    /// As the runtimes take it, with this folder.
    pub(super) fn word(&self, folder: &FilePath) -> String {
        let end = match self.access {
            Access::ReadWrite => "",
            Access::ReadOnly => ":ro",
        };
        format!("{folder}:{}{end}", self.inside)
    }

    /// Where the container sees it.
    pub(super) fn inside(&self) -> &str {
        self.inside.as_str()
    }
}

impl FromStr for Volume {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let bad = |why: &str| {
            format!("{word:?} is no volume: {why}; write it as data:/var/lib/x or data:/var/lib/x:ro")
        };
        let (rest, access) = match word.strip_suffix(":ro") {
            Some(rest) => (rest, Access::ReadOnly),
            None => (word.strip_suffix(":rw").unwrap_or(word), Access::ReadWrite),
        };
        let (source, inside) = rest.split_once(':').ok_or_else(|| bad("it names one folder, not two"))?;
        let is_plain = |text: &str| !text.is_empty() && !text.contains([':', ',']);
        if !is_plain(source) || !is_plain(inside) {
            return Err(bad("a folder is empty, or has a colon or comma in it"));
        }
        let inside: FilePath =
            inside.parse().map_err(|_| bad("the folder in the container is no absolute path"))?;
        Ok(Self { source: source.to_owned(), inside, access })
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.inside)?;
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => f.write_str(":ro"),
        }
    }
}

impl TryFrom<String> for Volume {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        word.parse()
    }
}

impl From<Volume> for String {
    fn from(volume: Volume) -> Self {
        volume.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folder(word: &str) -> Result<String, String> {
        let name = "db".parse().unwrap();
        let volume = word.parse::<Volume>()?;
        Ok(volume.word(&volume.folder(&name)?))
    }

    #[test]
    fn data_is_kept_below_the_container_s_own_folder() {
        assert_eq!(folder("data:/var/lib/x").unwrap(), "/srv/db/data:/var/lib/x");
        assert_eq!(folder("a/b:/x:ro").unwrap(), "/srv/db/a/b:/x:ro");
        assert_eq!(folder("/srv/db:/x").unwrap(), "/srv/db:/x");
        assert_eq!(folder("/srv/db/c:/x:rw").unwrap(), "/srv/db/c:/x");
        for bad in [
            "data",
            "data:x",
            ":/x",
            "data:",
            "../etc:/x",
            "a/../../b:/x",
            "/etc:/x",
            "/srv/dbx:/x",
            "/srv:/x",
            "/srv/other/a:/x",
            "a:/x:z",
            "a,b:/x",
            "./a:/x",
            "a:/x/../y",
            "/:/x",
            "a//b:/x",
            "",
        ] {
            assert!(folder(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_volume_below_one_that_can_be_written_is_told() {
        let is_below = |word: &str, other: &str| {
            let volume = |word: &str| word.parse::<Volume>().unwrap();
            volume(word).is_below(&volume(other), &"db".parse().unwrap())
        };
        assert!(is_below("data/sub:/y", "data:/x") && is_below("data/a/b:/y:ro", "/srv/db/data:/x"));
        assert!(is_below("data:/y", "/srv/db:/x"));
        for (word, other) in [
            ("data:/y", "data:/x"),
            ("data:/y", "data/sub:/x"),
            ("data2:/y", "data:/x"),
            ("data/sub:/y", "data:/x:ro"),
        ] {
            assert!(!is_below(word, other), "{word} {other}");
        }
    }

    proptest! {
        #[test]
        fn nothing_leads_out_of_it(word in "\\PC*|[./a-z]{0,12}:/[a-z/.]{0,8}(:ro)?|/srv/[a-z./]{0,9}:/x") {
            if let Ok(volume) = word.parse::<Volume>() {
                prop_assert_eq!(&volume.to_string().parse::<Volume>().unwrap(), &volume);
                if let Ok(folder) = volume.folder(&"db".parse().unwrap()) {
                    prop_assert!(folder.as_str() == "/srv/db" || folder.as_str().starts_with("/srv/db/"));
                    prop_assert!(!folder.as_str().contains("/../"));
                }
            }
        }
    }
}
