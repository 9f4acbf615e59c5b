//! The file tree that all machines share: Debian, and the look-alike of NixOS over it.
//!
//! Both layers lie in the user's cache, each under the hash of what it is made from, and are made when they are
//! absent; so does the Docker Engine, between them where a machine [has it](Variant). Nothing in them is ever changed: a
//! machine writes into an overlay of its own.

mod layer;
mod mirror;
mod variant;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rustix::fs::{FlockOperation, flock};

use layer::Layer;
pub use variant::Variant;

/// How the tree is made; a part of its hash.
const DEBIAN: &str = include_str!("../../../recipe/debian.sh");
const DOCKER: &str = include_str!("../../../recipe/docker.sh");
const LOOK_ALIKE: &str = include_str!("../../../recipe/look-alike.sh");

/// What is told while a tree is built: the name of each step as it begins.
pub type Progress<'a> = &'a mut dyn FnMut(&str);

/// The tree of this checkout's recipe, present on this machine.
#[derive(Debug, Clone)]
pub struct BaseTree {
    debian: PathBuf,
    docker: Option<PathBuf>,
    look_alike: PathBuf,
}

impl BaseTree {
    /// The tree, if it was built before.
    ///
    /// # Errors
    /// If there is no place for a cache, or the recipe cannot be read.
    pub fn cached(variant: Variant) -> Result<Option<Self>> {
        Ok(Recipe::read()?.tree(variant))
    }

    /// The tree, if Debian need not be built: the look-alike takes some seconds, and the Docker Engine half a minute.
    ///
    /// # Errors
    /// As [`Self::bring`].
    pub(super) fn at_hand(variant: Variant) -> Result<Option<Self>> {
        match Recipe::read()?.debian.is_complete() {
            true => Self::bring(variant, &mut |_| ()).map(Some),
            false => Ok(None),
        }
    }

    /// The tree, built if it is absent; that takes about two minutes.
    ///
    /// # Errors
    /// If this user is not root, a program is missing, no mirror answers, or a step fails; the error names the log.
    pub fn bring(variant: Variant, progress: Progress<'_>) -> Result<Self> {
        let recipe = Recipe::read()?;
        if let Some(tree) = recipe.tree(variant) {
            return Ok(tree);
        }
        ensure!(rustix::process::geteuid().is_root(), "only root can build the machines' file tree");
        let lock = recipe.cache.join("lock");
        fs::create_dir_all(&recipe.cache).context("cannot make the cache's folder")?;
        // Two builds at once would only be slower; the second finds the work done.
        let lock =
            File::options().create(true).append(true).open(&lock).context("cannot open the cache's lock")?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            progress("another process builds it; waiting");
            flock(&lock, FlockOperation::LockExclusive).context("cannot lock the cache")?;
        }
        if !recipe.debian.is_complete() {
            let mirror = mirror::find(&recipe.cache)?;
            recipe.debian.build(DEBIAN, &[mirror.as_ref()], progress)?;
        }
        if variant == Variant::Docker && !recipe.docker.is_complete() {
            let mirror = mirror::find(&recipe.cache)?;
            recipe.docker.build(DOCKER, &[recipe.debian.tree().as_ref(), mirror.as_ref()], progress)?;
        }
        if !recipe.look_alike.is_complete() {
            recipe.look_alike.build_if(
                LOOK_ALIKE,
                &[recipe.debian.tree().as_ref(), look_alike_files().as_ref()],
                progress,
                // Its files are read from the checkout, where somebody may be at work.
                || Ok(Recipe::read()?.look_alike.hash().to_owned()),
            )?;
        }
        layer::forget_old(&recipe.cache);
        recipe.tree(variant).context("the tree that was just built is not there")
    }

    /// The layers of a machine as overlayfs wants them: the upper one first.
    pub(crate) fn lower(&self, variant: Variant) -> Result<String> {
        let docker = match variant {
            Variant::Plain => None,
            Variant::Docker => Some(self.docker.as_ref().context("the Docker Engine's layer is not built")?),
        };
        let layers = std::iter::once(&self.look_alike).chain(docker).chain([&self.debian]);
        let names: Vec<_> = layers.map(|layer| layer.display().to_string()).collect();
        Ok(names.join(":"))
    }

    /// What to do about a tree in which something is missing.
    pub(super) fn if_damaged(&self) -> String {
        let trees = std::iter::once(&self.look_alike).chain(&self.docker).chain([&self.debian]);
        let trees: Vec<_> = trees.map(|tree| tree.display().to_string()).collect();
        format!("their tree is damaged: `rm -rf {}`, and it is built again", trees.join(" "))
    }

    /// A file of the tree as a machine finds it before its first generation.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn read(&self, path: &str) -> Result<String> {
        let below = path.trim_start_matches('/');
        let found = [&self.look_alike, &self.debian]
            .into_iter()
            .map(|layer| layer.join(below))
            .find(|at| at.is_file());
        let found = found.with_context(|| format!("the base tree has no {path}"))?;
        fs::read_to_string(&found).with_context(|| format!("cannot read {}", found.display()))
    }
}

/// The layers that this checkout's recipe asks for, there or not.
struct Recipe {
    cache: PathBuf,
    debian: Layer,
    docker: Layer,
    look_alike: Layer,
}

impl Recipe {
    fn read() -> Result<Self> {
        let cache = cache()?;
        let debian = Layer::new(&cache, "debian", layer::hash([("debian.sh".as_ref(), DEBIAN.as_bytes())]));
        let docker = layer::hash([
            ("debian".as_ref(), debian.hash().as_bytes()),
            ("docker.sh".as_ref(), DOCKER.as_bytes()),
        ]);
        let docker = Layer::new(&cache, "docker", docker);
        let mut parts = vec![
            (PathBuf::from("debian"), debian.hash().as_bytes().to_vec()),
            (PathBuf::from("look-alike.sh"), LOOK_ALIKE.as_bytes().to_vec()),
        ];
        layer::files_below(&look_alike_files(), &look_alike_files(), &mut parts)?;
        let hash = layer::hash(parts.iter().map(|(path, bytes)| (path.as_path(), bytes.as_slice())));
        let look_alike = Layer::new(&cache, "nixos", hash);
        Ok(Self { cache, debian, docker, look_alike })
    }

    fn tree(&self, variant: Variant) -> Option<BaseTree> {
        let docker = (variant == Variant::Docker).then_some(&self.docker);
        let layers = [&self.debian, &self.look_alike].into_iter().chain(docker);
        if !layers.clone().all(Layer::is_complete) {
            return None;
        }
        layers.for_each(Layer::mark_used);
        Some(BaseTree {
            debian: self.debian.tree(),
            docker: docker.map(Layer::tree),
            look_alike: self.look_alike.tree(),
        })
    }
}

/// The look-alike's own files, in the checkout that this was built from.
fn look_alike_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("nixos")
}

/// Where trees outlive a checkout: below the user's cache.
fn cache() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .context("the lab needs a place for its cache: set HOME or XDG_CACHE_HOME")?;
    check_path(&cache.join("nixi/lab"))
}

/// Refuses what overlayfs would take for two folders, or for an option.
fn check_path(cache: &Path) -> Result<PathBuf> {
    let good = cache.to_str().is_some_and(|path| !path.contains([':', ',', '\\', '"', '\n']));
    ensure!(
        good,
        "overlayfs takes no cache with `:`, `,`, a quote or a backslash in its path, such as {}: set XDG_CACHE_HOME",
        cache.display()
    );
    Ok(cache.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_overlayfs_would_misread_is_refused_before_anything_is_built() {
        assert_eq!(check_path("/home/me/.cache".as_ref()).unwrap(), Path::new("/home/me/.cache"));
        for path in ["/a:b", "/a,upperdir=b", "/a\\b"] {
            let refused = check_path(path.as_ref()).unwrap_err().to_string();
            assert!(refused.contains(path) && refused.contains("XDG_CACHE_HOME"), "{refused}");
        }
    }
}
