//! What a unit of ours writes down of itself.

/// What a unit runs before its command, to write down that it begins: into `here`, which must not be there yet, and into
/// `kept`, if the disk takes it. Records in these folders that are older than 30 days go.
pub(crate) fn begin_record(here: &str, kept: &str, folders: [&str; 2]) -> String {
    let (folders, keep) = (folders.join(" "), keep_record(here, kept));
    in_unit(&format!(
        "mkdir -p {folders} || true && find {folders} -type f -mtime +30 -delete || true && \
         set -C && echo begun >{here} && {keep}"
    ))
}

/// What a unit runs after its command, whatever ended it, to write down how it ended.
pub(crate) fn end_record(here: &str, kept: &str) -> String {
    let keep = keep_record(here, kept);
    // The last may be ended for taking too long: then all is written, and only output may be missing.
    in_unit(&format!(
        "env | grep -e ^SERVICE_RESULT= -e ^EXIT_ >>{here} && echo ended >>{here} && {keep} && journalctl --sync"
    ))
}

fn keep_record(here: &str, kept: &str) -> String {
    format!("(cp {here} {kept} && sync {kept} || true)")
}

/// A script as a line of a unit (systemd.service(5), "COMMAND LINES"). It is one of the two above, made of plain words: a
/// quote, a backslash, `$` or `%` in it would be read by systemd, and after a daemon-reload systemd 252 reads `$` and
/// `;` wrongly in its own notes of the unit.
fn in_unit(script: &str) -> String {
    format!("/bin/sh -c \"{script}\"")
}
