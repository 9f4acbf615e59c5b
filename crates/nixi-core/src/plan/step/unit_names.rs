//! The names in a list of units.

/// The units that [`crate::catalog::guard::failed_units`] printed.
pub(super) fn unit_names(printed: &[u8]) -> Vec<String> {
    let printed = String::from_utf8_lossy(printed);
    printed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}
