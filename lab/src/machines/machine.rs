//! One machine of a lab.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use super::base::{BaseTree, Variant};
use super::neighbours;
use super::world::{World, done};
use crate::keys::{Key, KeyKind};

const DISK: &str = include_str!("../../world/disk.sh");
const NETWORK: &str = include_str!("../../world/network.sh");
const GENERATION: &str = include_str!("../../world/generation.sh");
const HOST_KEY: &str = include_str!("../../world/host-key.sh");

/// Where the look-alike keeps what a new machine's configuration is made from.
const TEMPLATES: &str = "/usr/lib/nixi-lab";
const CONFIGURATION: &str = "/etc/nixos/configuration.nix";
/// Its host keys, as NixOS makes them: no ECDSA.
const HOST_KEYS: [(KeyKind, &str); 2] =
    [(KeyKind::Ed25519, "/etc/ssh/ssh_host_ed25519_key"), (KeyKind::Rsa, "/etc/ssh/ssh_host_rsa_key")];

/// What a machine shall be.
#[derive(Debug, Clone)]
pub struct MachineSpec {
    pub(super) name: String,
    pub(super) variant: Variant,
    configuration: Option<String>,
    options: String,
}

impl MachineSpec {
    /// A machine with this host name and the lab's own configuration.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), variant: Variant::Plain, configuration: None, options: String::new() }
    }

    /// Debian's Docker Engine in its file tree, so that `virtualisation.docker.enable = true;` can be built; it is built
    /// nowhere else. The layer is brought when the first lab asks for it.
    #[must_use]
    pub fn with_docker(mut self) -> Self {
        self.variant = Variant::Docker;
        self
    }

    /// Lines that go before the last brace of its configuration.nix, such as `services.openssh.enable = false;`.
    #[must_use]
    pub fn options(mut self, lines: &str) -> Self {
        self.options.push_str(lines);
        self.options.push('\n');
        self
    }

    /// A configuration.nix of its own, in which `@hostName@`, `@user@` and `@key@` are filled in.
    #[must_use]
    pub fn configuration(mut self, text: &str) -> Self {
        self.configuration = Some(text.to_owned());
        self
    }

    fn render(&self, template: &str, user: &str, key: &str) -> Result<String> {
        let text = self.configuration.as_deref().unwrap_or(template);
        let text = text.replace("@hostName@", &self.name).replace("@user@", user).replace("@key@", key);
        if self.options.is_empty() {
            return Ok(text);
        }
        let (before, after) = text.rsplit_once('}').context("the configuration has no closing brace")?;
        Ok(format!("{before}\n{}}}{after}", self.options))
    }
}

/// A machine, on or off. Others may hold it too; it ends with its lab.
#[derive(Debug, Clone)]
pub struct Machine {
    world: Arc<World>,
    spec: MachineSpec,
    /// Its place in the lab, counted from 0.
    number: u8,
    user: String,
    identity: PathBuf,
}

impl Machine {
    /// Puts a machine into the world, with its first generation built, switched off.
    pub(super) fn install(
        world: &Arc<World>,
        spec: MachineSpec,
        number: u8,
        user: &str,
        identity: &Key,
        tree: &BaseTree,
    ) -> Result<Self> {
        let identity_path = identity.path().to_owned();
        let machine =
            Self { world: Arc::clone(world), spec, number, user: user.to_owned(), identity: identity_path };
        machine.install_system(tree)?;
        Ok(machine)
    }

    /// Gives it a new disk with its first generation built, while it is off.
    pub(super) fn install_system(&self, tree: &BaseTree) -> Result<()> {
        self.fill_disk(tree).with_context(|| {
            format!("cannot install {} (if no machine can be, {})", self.name(), tree.if_damaged())
        })
    }

    fn fill_disk(&self, tree: &BaseTree) -> Result<()> {
        self.disk_script("new", &[&tree.lower(self.variant())?])?;
        let template = tree.read(&format!("{TEMPLATES}/configuration.nix"))?;
        let key = Key::at(self.identity.clone()).public()?;
        self.write(CONFIGURATION, &self.spec.render(&template, &self.user, &key)?)?;
        let hardware = tree.read(&format!("{TEMPLATES}/hardware-configuration.nix"))?;
        let hardware = neighbours::known_in(&hardware, &self.world, self.name())?;
        self.write("/etc/nixos/hardware-configuration.nix", &hardware)?;
        self.make_host_keys()?;
        self.world.script("generation.sh", GENERATION, &[self.name()])
    }

    /// Does to its disk what `disk.sh` does for this word.
    pub(super) fn disk_script(&self, verb: &str, rest: &[&str]) -> Result<()> {
        self.world.script("disk.sh", DISK, &[&[verb, self.name()], rest].concat())
    }

    /// Does to its place in the network what `network.sh` does for this word.
    pub(super) fn network(&self, verb: &str) -> Result<()> {
        let (number, address) = (self.number.to_string(), format!("{}/24", self.address()));
        let gateway = self.world.gateway().to_string();
        self.world.script("network.sh", NETWORK, &[verb, self.name(), &number, &address, &gateway])
    }

    /// One that runs already, of a lab that was found.
    pub(super) fn found(world: &Arc<World>, name: &str, number: u8, user: &str, identity: PathBuf) -> Self {
        Self {
            world: Arc::clone(world),
            spec: MachineSpec::new(name),
            number,
            user: user.to_owned(),
            identity,
        }
    }

    pub(super) fn variant(&self) -> Variant {
        self.spec.variant
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// The bridge's port that it is plugged into.
    pub(super) fn port(&self) -> String {
        format!("port{}", self.number)
    }

    /// Its disk, as the world sees it.
    pub(super) fn disk(&self) -> String {
        format!("/run/machines/{}/root", self.name())
    }

    /// Makes its host keys, in place of those that it had. On its own disk, so that they end with it.
    pub(super) fn make_host_keys(&self) -> Result<()> {
        for (kind, path) in HOST_KEYS {
            let mut keygen = self.on_disk(HOST_KEY)?;
            keygen.args([path, &format!("root@{}", self.name())]).args(kind.keygen_args());
            done(&mut keygen, &format!("ssh-keygen for {}", self.name()))?;
        }
        Ok(())
    }

    /// Its name in the lab, and its host name to begin with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.world.machine_address(self.number)
    }

    /// The login user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The private key that opens it.
    #[must_use]
    pub fn identity(&self) -> &Path {
        &self.identity
    }

    /// The public host key of a type, as type and base64.
    ///
    /// # Errors
    /// If it has no key of that type.
    pub fn public_host_key(&self, kind: KeyKind) -> Result<String> {
        let path = HOST_KEYS.iter().find(|(other, _)| *other == kind).map(|(_, path)| *path);
        let path = path.with_context(|| format!("lab machines have no {kind:?} key"))?;
        let text = self.read(&format!("{path}.pub"))?;
        let words: Vec<_> = text.split_whitespace().take(2).collect();
        Ok(words.join(" "))
    }

    /// The line by which known_hosts knows it, with its Ed25519 key.
    ///
    /// # Errors
    /// If the key is gone.
    pub fn known_hosts_line(&self) -> Result<String> {
        Ok(format!("{} {}", self.address(), self.public_host_key(KeyKind::Ed25519)?))
    }

    /// The `[[nodes]]` table of a Nixi configuration that names it.
    #[must_use]
    pub fn node(&self, mode: &str) -> String {
        format!(
            "[[nodes]]\nname = \"{}\"\nhost = \"{}\"\nuser = \"{}\"\nmode = \"{mode}\"\nidentity = \"{}\"\n\n",
            self.name(),
            self.address(),
            self.user,
            self.identity.display()
        )
    }

    /// What its console showed so far.
    #[must_use]
    pub fn console(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.console_path()).unwrap_or_default()).into_owned()
    }

    pub(super) fn console_path(&self) -> PathBuf {
        self.world.folder().join(format!("{}.console", self.name()))
    }

    pub(super) fn console_log(&self) -> Result<File> {
        let path = self.console_path();
        File::options()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_filled_in() {
        let template = "{ ... }: {\n  networking.hostName = \"@hostName@\";\n  # @user@ @key@\n}\n";
        let spec = MachineSpec::new("web").options("a.b = true;").options("c = { };");
        let text = spec.render(template, "nixi", "ssh-ed25519 AAAA").unwrap();
        assert_eq!(
            text,
            "{ ... }: {\n  networking.hostName = \"web\";\n  # nixi ssh-ed25519 AAAA\n\na.b = true;\nc = { };\n}\n"
        );
        assert_eq!(MachineSpec::new("x").configuration("@hostName@").render(template, "", "").unwrap(), "x");
    }
}
