//! Images for containers on machines, which reach no registry: busybox and a few lines of shell each.

use std::process::Stdio;

use anyhow::{Result, ensure};

use super::machine::Machine;

const IMPORT: &str = include_str!("import.sh");

/// An image that a machine can be given. All but the crasher end at once, with exit code 0, when they are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// A web server on port 8080, whose page is `nixi-lab web on HOSTNAME`; logs every request on standard error.
    WebServer,
    /// Says `asleep` and sleeps.
    Sleeper,
    /// Says `cannot go on` on standard error and ends with exit code 3.
    Crasher,
    /// Listens on port 5432 and keeps lines in its volume, /var/lib/data: `put TEXT` answers `stored`, or
    /// `cannot store` if the disk is full; `get` answers all lines in the order in which they came.
    Database,
    /// A database with a password, in the variable `POSTGRES_PASSWORD`: to whoever connects to port 5432, `login PASSWORD`
    /// answers `welcome` or `denied`. It declares the volume /var/lib/postgresql/data.
    Postgres,
    /// Logs in to the database at `DB_HOST` with `DB_PASSWORD` and serves a page on port 8080 that says so, with the value of
    /// `LEVEL`; ends with exit code 1 if it cannot.
    App,
}

impl Image {
    /// Its name and tag.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WebServer => "localhost/nixi-lab/web:1",
            Self::Sleeper => "localhost/nixi-lab/sleeper:1",
            Self::Crasher => "localhost/nixi-lab/crasher:1",
            Self::Database => "localhost/nixi-lab/database:1",
            Self::Postgres => "localhost/postgres:latest",
            Self::App => "localhost/my-app:latest",
        }
    }

    fn script(self) -> &'static str {
        match self {
            Self::WebServer => include_str!("web.sh"),
            Self::Sleeper => include_str!("sleeper.sh"),
            Self::Crasher => include_str!("crasher.sh"),
            Self::Database => include_str!("database.sh"),
            Self::Postgres => include_str!("postgres.sh"),
            Self::App => include_str!("app.sh"),
        }
    }

    /// Lines of a Containerfile.
    fn changes(self) -> &'static [&'static str] {
        match self {
            Self::WebServer => &["EXPOSE 8080"],
            Self::Sleeper | Self::Crasher => &[],
            Self::Database => &["EXPOSE 5432", "VOLUME /var/lib/data"],
            Self::Postgres => &["EXPOSE 5432", "VOLUME /var/lib/postgresql/data"],
            Self::App => &["EXPOSE 8080"],
        }
    }
}

impl Machine {
    /// Makes an image on the machine, for root's podman; nothing is fetched from anywhere.
    ///
    /// # Errors
    /// If the machine is off, has no podman, or has no room for it.
    pub fn import(&self, image: Image) -> Result<()> {
        self.import_by("podman import --quiet", image)
    }

    /// As [`Self::import`], for the Docker Engine.
    ///
    /// # Errors
    /// If the machine is off, its Docker Engine does not run, or it has no room for it.
    pub fn import_to_docker(&self, image: Image) -> Result<()> {
        self.import_by("docker import", image)
    }

    /// Runs a container of this name from an image that was imported, for root's podman.
    ///
    /// # Errors
    /// If the machine is off, does not have the image, or has such a container.
    pub fn run(&self, image: Image, name: &str) -> Result<()> {
        self.root(&format!("podman run --detach --name {name} {}", image.name())).map(drop)
    }

    fn import_by(&self, command: &str, image: Image) -> Result<()> {
        let mut import = self.shell(IMPORT)?;
        import.args(["import.sh", command, image.name(), image.script()]).args(image.changes());
        let output = import.stdout(Stdio::null()).output()?;
        ensure!(
            output.status.success(),
            "cannot import {} on {}: {}",
            image.name(),
            self.name(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(())
    }
}
