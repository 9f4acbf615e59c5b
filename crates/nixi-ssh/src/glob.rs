//! Patterns with `*` and `?`, as ssh compares them: byte by byte.

/// Whether the pattern fits the whole name: `*` is any run of bytes, `?` any one byte. `same` tells which bytes are alike.
pub(crate) fn glob(pattern: &[u8], name: &[u8], same: fn(u8, u8) -> bool) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(&b) if b == b'?' || same(b, name[n]) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                // Let the last star take one byte more.
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (p, n) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

/// Every byte for itself.
pub(crate) fn exactly(a: u8, b: u8) -> bool {
    a == b
}

/// Letters of ASCII in either case.
pub(crate) fn either_case(a: u8, b: u8) -> bool {
    a.eq_ignore_ascii_case(&b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], name) => name.is_empty(),
            ([b'*', rest @ ..], name) => (0..=name.len()).any(|skip| naive(rest, &name[skip..])),
            ([p, rest @ ..], [n, others @ ..]) => (*p == b'?' || p == n) && naive(rest, others),
            (_, []) => false,
        }
    }

    proptest! {
        #[test]
        fn glob_is_what_it_says(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            prop_assert_eq!(
                glob(pattern.as_bytes(), name.as_bytes(), exactly),
                naive(pattern.as_bytes(), name.as_bytes())
            );
        }
    }
}
