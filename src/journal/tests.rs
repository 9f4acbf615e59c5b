use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nixi_core::journal::{Consent, Entry, RequestId, Verdict};
use proptest::prelude::*;

use super::file::JournalFile;

fn journal(folder: &Path) -> JournalFile {
    JournalFile::new(folder.to_owned(), Some("ann".to_owned()))
}

fn entry(request: u64) -> Entry {
    Entry::Decided { request: RequestId::new(request), verdict: Verdict::Agreed(Consent::Answered) }
}

/// A journal of so many lines.
fn written(lines: u64) -> (tempfile::TempDir, JournalFile) {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(folder.path());
    for number in 1..=lines {
        assert_eq!(journal.append(&entry(number)), Ok(RequestId::new(number)));
    }
    (folder, journal)
}

fn text(journal: &JournalFile) -> Vec<String> {
    fs::read_to_string(&journal.path).unwrap().lines().map(str::to_owned).collect()
}

fn put(journal: &JournalFile, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&journal.path, text).unwrap();
}

fn problems(journal: &JournalFile) -> Vec<String> {
    journal.verify().unwrap().problems
}

#[test]
fn what_is_written_is_read_and_fits_together() {
    let (folder, journal) = written(9);
    let lines = journal.lines().unwrap();
    assert_eq!(lines.len(), 9);
    assert_eq!((lines[4].number, &lines[4].entry), (RequestId::new(5), &entry(5)));
    assert_eq!(lines[4].by.as_deref(), Some("ann"));
    let verified = journal.verify().unwrap();
    assert_eq!((verified.lines, verified.problems.len(), verified.remarks.len()), (9, 0, 0));
    for name in ["journal.jsonl", "journal.head"] {
        assert_eq!(fs::metadata(folder.path().join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(folder.path()).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn an_empty_journal_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder.path().join("not/there/yet"));
    assert_eq!(journal.verify().unwrap().problems, [""; 0]);
    assert_eq!(journal.lines().unwrap(), []);
}

#[test]
fn a_changed_line_is_found() {
    for at in 0..4 {
        let (_folder, journal) = written(4);
        let mut lines = text(&journal);
        lines[at] = lines[at].replace("answered", "routine");
        put(&journal, &lines);
        let found = problems(&journal);
        assert_eq!(found.len(), 1, "line {}: {found:?}", at + 1);
        assert!(found[0].contains(&format!("line {}", at + 1)), "{found:?}");
    }
}

#[test]
fn a_missing_line_is_found() {
    for at in 0..4 {
        let (_folder, journal) = written(4);
        let mut lines = text(&journal);
        lines.remove(at);
        put(&journal, &lines);
        assert!(!problems(&journal).is_empty(), "line {}", at + 1);
    }
    let (_folder, journal) = written(4);
    put(&journal, &[]);
    assert_eq!(problems(&journal), ["the journal ends with line 0, and it had ended with line 4"]);
    fs::remove_file(&journal.path).unwrap();
    assert_eq!(problems(&journal), ["the journal ends with line 0, and it had ended with line 4"]);
}

#[test]
fn lines_in_another_order_are_found() {
    for at in 0..3 {
        let (_folder, journal) = written(4);
        let mut lines = text(&journal);
        lines.swap(at, at + 1);
        put(&journal, &lines);
        assert!(!problems(&journal).is_empty(), "lines {} and {}", at + 1, at + 2);
    }
}

#[test]
fn a_line_that_lost_its_end_is_found() {
    let (_folder, journal) = written(4);
    let all = fs::read(&journal.path).unwrap();
    for cut in 1..200 {
        fs::write(&journal.path, &all[..all.len() - cut]).unwrap();
        assert!(!problems(&journal).is_empty(), "{cut} bytes short");
    }
}

#[test]
fn a_journal_without_its_head_is_no_whole_one() {
    let (_folder, journal) = written(4);
    fs::remove_file(&journal.head.0).unwrap();
    assert!(problems(&journal)[0].contains("journal.head is missing"));
}

/// A crash while a line is written leaves a piece of it: it was never acknowledged, and goes with the next one.
#[test]
fn a_piece_of_a_line_that_was_never_acknowledged_goes() {
    let (_folder, journal) = written(3);
    let whole = fs::read(&journal.path).unwrap();
    fs::write(&journal.path, [&whole[..], b"{\"n\":4,\"pr"].concat()).unwrap();
    let verified = journal.verify().unwrap();
    assert_eq!((verified.problems.len(), verified.remarks.len()), (0, 1), "{verified:?}");
    assert_eq!(journal.lines().unwrap().len(), 3);
    assert_eq!(journal.append(&entry(4)), Ok(RequestId::new(4)));
    assert_eq!(problems(&journal), [""; 0]);
    assert_eq!(journal.lines().unwrap().len(), 4);
}

/// A crash between the line and its head leaves the head one line behind.
#[test]
fn a_head_that_is_one_line_behind_is_no_damage() {
    let (_folder, journal) = written(3);
    let head = fs::read(&journal.head.0).unwrap();
    journal.append(&entry(4)).unwrap();
    fs::write(&journal.head.0, head).unwrap();
    assert_eq!(problems(&journal), [""; 0]);
    assert_eq!(journal.append(&entry(5)), Ok(RequestId::new(5)));
    assert_eq!(problems(&journal), [""; 0]);

    // Crash after crash at the same point: the next one catches up before it goes on.
    let (_folder, journal) = written(1);
    for number in 2..6 {
        journal.append(&entry(number)).unwrap();
        let before = super::head::Head {
            number: number - 1,
            digest: super::head::digest(text(&journal)[usize::try_from(number).unwrap() - 2].as_bytes()),
        };
        journal.head.write(&before).unwrap();
    }
    assert_eq!(problems(&journal), [""; 0]);
}

/// Damage does not keep a person from their machines, and stays on record for good.
#[test]
fn damage_is_on_record_for_good() {
    let (_folder, journal) = written(4);
    let lines = text(&journal);
    put(&journal, &lines[..2]);
    assert_eq!(journal.append(&entry(9)), Ok(RequestId::new(5)), "no number is given twice");
    journal.append(&entry(9)).unwrap();
    let found = problems(&journal).join("\n");
    assert!(found.contains("lines 3 to 4 are missing"), "{found}");
    assert!(found.contains("line 5 says: the journal ended with line 2"), "{found}");

    let (_folder, journal) = written(4);
    let mut lines = text(&journal);
    lines[3] = lines[3].replace("answered", "routine");
    put(&journal, &lines);
    journal.append(&entry(5)).unwrap();
    assert!(problems(&journal).join("\n").contains("line 4 was changed"));
}

/// Whatever is unreadable, no number is given to two requests.
#[test]
fn no_number_is_given_twice() {
    let (_folder, journal) = written(4);
    let mut lines = text(&journal);
    lines[3] = "garbage".to_owned();
    put(&journal, &lines);
    fs::remove_file(&journal.head.0).unwrap();
    assert_eq!(journal.append(&entry(5)), Ok(RequestId::new(5)));
}

/// Whoever checks while others write sees no damage.
#[test]
fn it_is_checked_while_it_grows() {
    let (folder, journal) = written(1);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..60).all(|at| journal.append(&entry(at)).is_ok()));
        while !writer.is_finished() {
            let other = JournalFile::new(folder.path().to_owned(), None);
            assert_eq!(other.verify().unwrap().problems, [""; 0]);
        }
        assert!(writer.join().unwrap());
    });
}

#[test]
fn nothing_is_written_through_a_link() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("target");
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join("journal.jsonl")).unwrap();
    assert!(journal(folder.path()).append(&entry(1)).is_err());
    assert_eq!(fs::read_to_string(&target).unwrap(), "");
}

#[test]
fn several_write_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let journal = journal(folder.path());
                for number in 1..=20 {
                    journal.append(&entry(number)).unwrap();
                }
            });
        }
    });
    let verified = journal(folder.path()).verify().unwrap();
    assert_eq!((verified.lines, verified.problems.len()), (80, 0), "{verified:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One byte is another one, anywhere: it is found, and nothing panics.
    #[test]
    fn no_byte_can_be_another(at in 0usize..10_000, byte: u8) {
        let (_folder, journal) = written(3);
        let mut all = fs::read(&journal.path).unwrap();
        let at = at % all.len();
        prop_assume!(all[at] != byte);
        all[at] = byte;
        fs::write(&journal.path, all).unwrap();
        prop_assert!(!problems(&journal).is_empty());
    }

    /// Foreign bytes are no journal, and no reason to panic.
    #[test]
    fn foreign_bytes_are_survived(bytes: Vec<u8>) {
        let (_folder, journal) = written(1);
        fs::write(&journal.path, bytes).unwrap();
        let _ = (journal.lines(), journal.verify());
        prop_assert!(journal.append(&entry(2)).is_ok());
        prop_assert!(!problems(&journal).is_empty());
    }
}

/// Nothing that was acknowledged is taken away because its end is not what it was.
#[test]
fn a_line_that_has_lost_its_end_is_kept() {
    let (_folder, journal) = written(3);
    let before = text(&journal);
    let ends: [fn(String) -> String; 2] =
        [|text| text.trim_end().to_owned(), |text| text.replace('\n', "\r")];
    for damaged in ends {
        fs::write(&journal.path, damaged(before.join("\n"))).unwrap();
        journal.append(&entry(4)).unwrap();
        let after = fs::read_to_string(&journal.path).unwrap();
        assert!(before.iter().all(|line| after.contains(line)), "{after}");
        assert_eq!(journal.lines().unwrap().last().unwrap().entry, entry(4));
    }
}

/// Not even where one line is left, and nothing beside it.
#[test]
fn a_journal_cut_to_its_first_line_is_not_whole() {
    let (folder, journal) = written(3);
    let first = text(&journal).remove(0);
    put(&journal, &[first]);
    fs::remove_file(folder.path().join("journal.head")).unwrap();
    assert!(!problems(&journal).is_empty());
    journal.append(&entry(4)).unwrap();
    assert!(!problems(&journal).is_empty(), "it stays on record");
}

/// No number stops what comes after it.
#[test]
fn a_number_that_cannot_be_is_damage() {
    let (folder, journal) = written(1);
    let line = text(&journal)[0].replace("\"n\":1,", &format!("\"n\":{},", u64::MAX));
    put(&journal, &[line]);
    assert!(journal.append(&entry(2)).is_ok());
    fs::write(folder.path().join("journal.head"), format!("{} {}\n", u64::MAX, "a".repeat(64))).unwrap();
    assert!(journal.append(&entry(3)).is_ok());
    assert!(!problems(&journal).is_empty());
}

/// What lies there in place of the journal is not followed, not waited for and not read without end.
#[test]
fn only_a_file_of_ones_own_is_a_journal() {
    let (folder, journal) = written(1);
    let pipe = |path: &Path| {
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
    };
    let elsewhere = folder.path().join("elsewhere");
    fs::copy(&journal.path, &elsewhere).unwrap();
    for link in [None, Some(Path::new("/dev/zero")), Some(elsewhere.as_path())] {
        fs::remove_file(&journal.path).unwrap();
        match link {
            None => pipe(&journal.path),
            Some(to) => std::os::unix::fs::symlink(to, &journal.path).unwrap(),
        }
        let why = journal.lines().unwrap_err();
        assert!(why.contains("no regular file") || why.contains("symbolic links"), "{why}");
        assert!(journal.verify().is_err() && journal.append(&entry(2)).is_err());
    }
    let head = folder.path().join("journal.head");
    fs::remove_file(&journal.path).unwrap();
    fs::remove_file(&head).unwrap();
    pipe(&head);
    assert!(journal.append(&entry(1)).is_err());
}
