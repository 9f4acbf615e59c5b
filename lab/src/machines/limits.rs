//! What the kernel, which all machines share, allows them together.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use anyhow::{Result, ensure};

const INSTANCES: &str = "fs.inotify.max_user_instances";
/// A machine's systemd and message bus hold so many instances of inotify(7), all of them root's.
const EACH: usize = 4;

/// Refuses more machines than can boot, which would hang without a word.
pub(super) fn check(machines: usize) -> Result<()> {
    let path = format!("/proc/sys/{}", INSTANCES.replace('.', "/"));
    let limit = fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
    room(machines, held(), limit.unwrap_or(usize::MAX))
}

fn room(machines: usize, held: usize, limit: usize) -> Result<()> {
    let wanted = machines * EACH;
    ensure!(
        held + wanted <= limit,
        "so many machines ({machines}) need {wanted} inotify instances, and of {limit} root has {held} already: \
         take some labs down, ask for fewer, or raise {INSTANCES} by sysctl(8)"
    );
    Ok(())
}

/// How many are root's now. A machine's bus has given up root's rights, but not his account.
fn held() -> usize {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let is_roots = |path: &std::path::PathBuf| {
        fs::metadata(path).is_ok_and(|meta| meta.uid() == 0)
            || fs::read_to_string(path.join("cgroup")).is_ok_and(|group| group.contains("/nixi-lab"))
    };
    let descriptors = processes
        .filter(|path| path.join("fd").is_dir() && is_roots(path))
        .filter_map(|path| fs::read_dir(path.join("fd")).ok());
    let links = descriptors.flatten().flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    links.filter(|link| link.as_os_str() == "anon_inode:inotify").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_machines_than_the_kernel_allows_are_refused_with_the_name_of_its_limit() {
        room(32, 0, 128).unwrap();
        room(20, 48, 128).unwrap();
        let refused = room(20, 49, 128).unwrap_err().to_string();
        assert!(refused.contains("need 80") && refused.contains("of 128 root has 49"), "{refused}");
        assert!(refused.contains(INSTANCES), "{refused}");
        room(200, 9_999, usize::MAX).unwrap();
    }
}
