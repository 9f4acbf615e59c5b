//! Stub programs, with their state below the home of the machine they run on.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::Result;

/// Every ready-made stub: its name and its script.
pub(crate) const ALL: [(&str, &str); 4] = [
    ("podman", include_str!("../stubs/podman.sh")),
    ("systemctl", include_str!("../stubs/systemctl.sh")),
    ("journalctl", include_str!("../stubs/journalctl.sh")),
    ("sudo", include_str!("../stubs/sudo.sh")),
];

/// `containers/NAME`: state, image and exit code, a line each.
pub(crate) fn put_container(home: &Path, name: &str, image: &str, running: bool) -> Result<()> {
    let folder = home.join("containers");
    fs::create_dir_all(&folder)?;
    let state = if running { "running" } else { "exited" };
    fs::write(folder.join(name), format!("{state}\n{image}\n0\n"))?;
    Ok(())
}

/// `units/NAME`: the active state.
pub(crate) fn put_unit(home: &Path, name: &str, active: &str) -> Result<()> {
    let folder = home.join("units");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), format!("{active}\n"))?;
    Ok(())
}

/// `journal`: a JSON object a line. The words must not need escaping.
pub(crate) fn put_journal(home: &Path, unit: &str, message: &str) -> Result<()> {
    anyhow::ensure!(
        !format!("{unit}{message}").contains(['"', '\\', '\n']),
        "a stub journal line is plain text"
    );
    let mut journal = File::options().create(true).append(true).open(home.join("journal"))?;
    writeln!(
        journal,
        "{{\"__REALTIME_TIMESTAMP\":\"1764000000000000\",\"_HOSTNAME\":\"lab\",\"SYSLOG_IDENTIFIER\":\"{ident}\",\
         \"_SYSTEMD_UNIT\":\"{unit}\",\"PRIORITY\":\"6\",\"_PID\":\"42\",\"MESSAGE\":\"{message}\"}}",
        ident = unit.split('.').next().unwrap_or(unit),
    )?;
    Ok(())
}

/// The first line of a state file.
pub(crate) fn state(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()?.lines().next().map(str::to_owned)
}
