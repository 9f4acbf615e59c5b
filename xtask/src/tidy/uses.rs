//! The paths that `use` brings in, written out one by one.

/// Each path of each `use` in code (as [`super::masked::Masked::code`] gives it), with the line of its `use`.
pub(crate) fn paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut statement: Option<(usize, String)> = None;
    for (at, line) in code.lines().enumerate() {
        if statement.is_none() {
            let start = line.trim_start();
            let start = start.strip_prefix("pub").map_or(start, |rest| match rest.split_once(')') {
                Some((_, after)) if rest.starts_with('(') => after.trim_start(),
                _ => rest.trim_start(),
            });
            if let Some(rest) = start.strip_prefix("use ") {
                statement = Some((at + 1, rest.to_owned()));
            }
        } else if let Some((_, text)) = &mut statement {
            text.push_str(line);
        }
        if let Some((begun, text)) = statement.take_if(|(_, text)| text.contains(';')) {
            let tree: String = text.split(';').next().unwrap_or_default().split_whitespace().collect();
            expand("", &tree, &mut |path| found.push((begun, path)));
        }
    }
    found
}

fn expand(before: &str, tree: &str, found: &mut impl FnMut(String)) {
    let Some((start, inner)) = tree.split_once('{') else {
        found(format!("{before}{tree}"));
        return;
    };
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let before = format!("{before}{start}");
    let (mut depth, mut begun) = (0i32, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&before, &inner[begun..at], found);
                begun = at + 1;
            }
            _ => {}
        }
    }
    if begun < inner.len() {
        expand(&before, &inner[begun..], found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_written_out() {
        let code = "use a::b;\npub(crate) use std::{\n    env, net::{IpAddr, TcpStream},\n    process as p,\n};\nlet x = 1;\n";
        let found = paths(code);
        let shown: Vec<_> = found.iter().map(|(line, path)| format!("{line} {path}")).collect();
        assert_eq!(
            shown,
            ["1 a::b", "2 std::env", "2 std::net::IpAddr", "2 std::net::TcpStream", "2 std::processasp"]
        );
    }
}
