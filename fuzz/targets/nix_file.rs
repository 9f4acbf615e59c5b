//! Files of a configuration, of any bytes: how they are edited, and that it can be taken back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nixi_tools::fuzzing::nix_file;

/// The first line is an element, and the name of a machine; the rest is the file.
fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let (element, file) = text.split_once('\n').unwrap_or(("pkgs.htop", &text));
    nix_file(file, "web", element);
});
