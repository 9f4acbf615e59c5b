//! Text of the other side (banner, complaint, output) on its way to a person's terminal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_core::text::{clean, clean_line, excerpt, fit, width};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let line = clean_line(&text);
    assert!(!line.chars().any(char::is_control), "{line:?}");
    let page = clean(&text);
    assert!(!page.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{page:?}");
    assert_eq!(clean(&page), page, "clean is clean");
    assert_eq!(clean_line(&line), line, "clean is clean");
    assert!(!excerpt(&text).chars().any(char::is_control));
    let columns = bytes.len() % 90;
    assert!(width(&fit(&line, columns)) <= columns.max(1));
});
