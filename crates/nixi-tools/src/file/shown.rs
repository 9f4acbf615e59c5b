//! Names of files as text. They are bytes without `/` and NUL, and nothing else is certain.

use nixi_core::text::reveal;

/// The name with `\`, and what does not show or is not UTF-8, escaped as in C and Rust: `a\\b`, `a\nb`, `\u{202e}`, `\xff`. Two
/// names never look alike.
pub(super) fn shown(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                c if reveal(c.encode_utf8(&mut [0; 4])).len() != c.len_utf8() => {
                    out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
                }
                c => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The bytes of a name, read back off its text.
    fn bytes(text: &str) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), text);
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            if c != '\\' {
                out.extend(c.to_string().bytes());
                continue;
            }
            let (kind, after) = rest.split_at(1);
            rest = after;
            match kind {
                "n" => out.push(b'\n'),
                "t" => out.push(b'\t'),
                "\\" => out.push(b'\\'),
                "x" => {
                    out.push(u8::from_str_radix(&rest[..2], 16).unwrap());
                    rest = &rest[2..];
                }
                "u" => {
                    let (number, after) = rest[1..].split_once('}').unwrap();
                    let c = char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap();
                    out.extend(c.to_string().bytes());
                    rest = after;
                }
                other => panic!("{other}"),
            }
        }
        out
    }

    #[test]
    fn odd_names_are_kept() {
        let name = b"a b\\c\nd\xff\x1b[2J\xe2\x80\xae\xc3\xa9";
        assert_eq!(shown(name), "a b\\\\c\\nd\\xff\\u{1b}[2J\\u{202e}é");
    }

    proptest! {
        #[test]
        fn no_two_names_look_alike(name in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = shown(&name);
            prop_assert_eq!(bytes(&text), name);
            prop_assert_eq!(nixi_core::text::clean_line(&text), text);
        }
    }
}
