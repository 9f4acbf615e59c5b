//! What the programs of a node print, of any bytes: what is read of it, and what is told of what cannot be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_core::text::width;
use nixi_tools::LeftOut;
use nixi_tools::fuzzing::{KINDS, journal, log, nix_output, read};

/// What is left out is told on one line, which is not long and which no terminal obeys.
fn is_short(left_out: &[LeftOut]) {
    for odd in left_out {
        assert!(width(&odd.what) <= 60 && width(&odd.why) <= 200, "{odd:?}");
        assert!(!format!("{}{}", odd.what, odd.why).chars().any(char::is_control), "{odd:?}");
    }
}

/// The first byte chooses the program, the second one what is special to it; the rest is its answer.
fuzz_target!(|input: &[u8]| {
    let [kind, special, answer @ ..] = input else { return };
    match kind % (KINDS + 3) {
        kind if kind < KINDS => {
            if let Ok(told) = read(kind, &String::from_utf8_lossy(answer)) {
                is_short(&told.left_out);
            }
        }
        kind if kind == KINDS => {
            let half = answer.iter().position(|byte| *byte == b'|').unwrap_or(answer.len());
            let [stdout, stderr] = [&answer[..half], &answer[half..]].map(String::from_utf8_lossy);
            let _ = log(&stdout, &stderr);
        }
        kind if kind == KINDS + 1 => {
            // How it is cut on its way makes no difference, and never are there more entries than were asked for.
            let limit = u32::from(special % 8) + 1;
            let whole = journal(limit, [answer]).expect("a limit");
            let pieces = answer.chunks(usize::from(special / 8) + 1);
            assert_eq!(journal(limit, pieces).as_ref(), Some(&whole));
            assert!(whole.entries.len() <= limit as usize);
            is_short(&whole.left_out);
            let _ = whole.to_string();
        }
        _ => {
            // How it is cut makes no difference here either, and nothing that is told is more than a line.
            let (whole, _) = nix_output([answer]);
            let (said, told) = nix_output(answer.chunks(usize::from(*special) + 1));
            assert_eq!(said, whole);
            assert!(told.iter().flat_map(|told| told.chars()).all(|c| !c.is_control()), "{told:?}");
        }
    }
});
