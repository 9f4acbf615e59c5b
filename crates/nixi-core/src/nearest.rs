//! The nearest of the words that would have been right.

/// No name is nearly as long, and far longer words would be long to compare.
const LONGEST: usize = 200;

/// At most three of the candidates that a person may have meant, the nearest first; none if all are far.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if word.len() > LONGEST {
        return Vec::new();
    }
    let word = word.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (score(&word, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

fn score(word: &str, candidate: &str) -> f64 {
    // One slip of the finger is near, however short the word.
    let slip = strsim::osa_distance(word, candidate) == 1 && word.len() > 1;
    let whole = strsim::jaro_winkler(word, candidate).max(if slip { 0.9 } else { 0.0 });
    // `list` is near `container.list`, and `containr` near it as well.
    let part = candidate
        .split(['.', '-', '_'])
        .map(|part| strsim::jaro_winkler(word, part) * 0.95)
        .fold(0.0, f64::max);
    whole.max(part)
}

/// `did you mean "a", "b" or "c"?`, or nothing if no candidate is near.
#[must_use]
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near: Vec<String> = nearest(word, candidates).into_iter().map(|near| format!("{near:?}")).collect();
    let (last, rest) = near.split_last()?;
    Some(match rest {
        [] => format!("did you mean {last}?"),
        rest => format!("did you mean {} or {last}?", rest.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_near_and_far_is_not() {
        let actions = ["container.list", "container.logs", "service.list", "clock.now"];
        assert_eq!(nearest("container.lst", actions)[0], "container.list");
        assert_eq!(nearest("wbe", ["db", "web"]), ["web"]);
        assert_eq!(nearest("zzz", actions), Vec::<&str>::new());
        assert_eq!(did_you_mean("web-srver", ["web-server"]).unwrap(), "did you mean \"web-server\"?");
    }
}
