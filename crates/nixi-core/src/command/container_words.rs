//! Operands of containers: images and variables.

use crate::word::checked_word;

use super::{ContainerId, ContainerName};

checked_word! {
    /// The name of a container image: `postgres:16`, `ghcr.io/app/web@sha256:…`, or the id of one.
    ImageName, "an image", |word| match word.as_bytes() {
        [] => Err("it is empty"),
        bytes if bytes.len() > 255 => Err("it is longer than 255 characters"),
        [first, ..] if !first.is_ascii_alphanumeric() => Err("it does not start with a letter or digit"),
        bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._-/:@".contains(b)) => Ok(()),
        _ => Err("use letters, digits, and `._-/:@`"),
    }
}

impl ImageName {
    /// Without its tag and digest.
    #[must_use]
    pub fn repository(&self) -> &str {
        let name = self.as_str().split_once('@').map_or(self.as_str(), |(name, _)| name);
        // A colon before the last slash stands before the port of a registry.
        match name.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => repository,
            Some(_) | None => name,
        }
    }

    /// The last word of the repository: `postgres`.
    #[must_use]
    pub fn base(&self) -> &str {
        self.repository().rsplit('/').next().unwrap_or_default()
    }

    /// Whether it may mean another image tomorrow: it has no tag, or `latest`, and no digest.
    #[must_use]
    pub fn is_latest(&self) -> bool {
        let tag = self.as_str().strip_prefix(self.repository()).unwrap_or_default();
        !self.is_id() && matches!(tag, "" | ":latest")
    }

    /// Whether it is the id of an image, and no name: 64 hexadecimal digits, perhaps with `sha256:` before them.
    #[must_use]
    pub fn is_id(&self) -> bool {
        let digits = self.as_str().strip_prefix("sha256:").unwrap_or(self.as_str());
        digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())
    }

    /// Whether it names its registry: `docker.io/library/postgres`, `localhost/web`.
    #[must_use]
    pub fn has_registry(&self) -> bool {
        let first = self.repository().split_once('/').map(|(first, _)| first);
        first.is_some_and(|first| first == "localhost" || first.contains(['.', ':']))
    }
}

checked_word! {
    /// The name of an environment variable: letters, digits and `_`, no digit first, at most 128 characters.
    EnvName, "the name of a variable", |word| match word.as_bytes() {
        [] => Err("it is empty"),
        bytes if bytes.len() > 128 => Err("it is longer than 128 characters"),
        [first, ..] if first.is_ascii_digit() => Err("it starts with a digit"),
        bytes if bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') => Ok(()),
        _ => Err("use letters, digits and `_`"),
    }
}

/// An id stands where a name may.
impl From<&ContainerId> for ContainerName {
    fn from(id: &ContainerId) -> Self {
        Self::of_id(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_taken_apart_at_its_tag() {
        let id = "a".repeat(64);
        for (word, repository, base, latest, registry) in [
            ("postgres", "postgres", "postgres", true, false),
            ("postgres:16", "postgres", "postgres", false, false),
            ("library/postgres:latest", "library/postgres", "postgres", true, false),
            ("localhost:5000/app", "localhost:5000/app", "app", true, true),
            ("localhost/nixi-lab/web:1", "localhost/nixi-lab/web", "web", false, true),
            ("ghcr.io/a/b@sha256:0f", "ghcr.io/a/b", "b", false, true),
        ] {
            let image: ImageName = word.parse().unwrap();
            assert_eq!((image.repository(), image.base()), (repository, base), "{word}");
            assert_eq!((image.is_latest(), image.has_registry()), (latest, registry), "{word}");
        }
        for id in [id.clone(), format!("sha256:{id}")] {
            let image: ImageName = id.parse().unwrap();
            assert!(image.is_id() && !image.is_latest());
        }
        for bad in ["", "-x", "a b", "a;b", "$x"] {
            assert!(bad.parse::<ImageName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn variables_are_named_as_shells_name_them() {
        for good in ["DB_HOST", "_x", "path1"] {
            assert!(good.parse::<EnvName>().is_ok(), "{good}");
        }
        for bad in ["", "1A", "A-B", "A=B", "A B", "Ä"] {
            assert!(bad.parse::<EnvName>().is_err(), "{bad}");
        }
    }
}
