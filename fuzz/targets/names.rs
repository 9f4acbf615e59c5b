//! Lists of names as a person or a model writes them, and the words that are not quite names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_core::names::{expand, fold};
use nixi_core::nearest::nearest;
use nixi_core::{Hop, NodeName};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(words) = expand(&text) {
        assert!(words.len() <= 10_000);
        // Names that were written out are folded to words that stand for the same names.
        let names: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| word.parse::<NodeName>().is_ok()).collect();
        if !names.is_empty() {
            let mut read = expand(&fold(names.iter().copied())).expect("what was folded is read");
            let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            read.sort();
            names.sort();
            names.dedup();
            assert_eq!(read, names);
        }
    }
    assert!(nearest(&text, ["web-server", "db-server", "monitoring"]).len() <= 3);
    if let Ok(hops) = Hop::list(&text) {
        for hop in hops {
            assert_eq!(hop.to_string().parse(), Ok(hop));
        }
    }
});
