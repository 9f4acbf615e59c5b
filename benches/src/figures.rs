//! Medians, and ratios of what was measured side by side.

/// The value at a part of the sorted values: 0.5 is the median, an even number of values gives the mean of the middle
/// two.
pub(crate) fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = part.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (sorted.get(at.floor() as usize)?, sorted.get(at.ceil() as usize)?);
    Some(low + (high - low) * at.fract())
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// What one contender gave, with the round in which it did.
pub(crate) type Sample = (usize, f64);

/// The median of the ratios `ours : theirs` of those rounds in which both took part: whatever slowed the machine down
/// for a while, slowed both.
pub(crate) fn paired_ratio(ours: &[Sample], theirs: &[Sample]) -> Option<f64> {
    let of_round = |round: usize| ours.iter().find(|(of, _)| *of == round).map(|(_, value)| *value);
    let ratios: Vec<f64> = theirs
        .iter()
        .filter_map(|(round, theirs)| Some(of_round(*round)? / theirs))
        .filter(|ratio| ratio.is_finite())
        .collect();
    median(&ratios)
}

/// What one of them gave less what the other did, of those rounds in which both took part.
pub(crate) fn paired_differences(one: &[Sample], other: &[Sample]) -> Vec<Sample> {
    let of_round = |round: usize| one.iter().find(|(of, _)| *of == round).map(|(_, value)| *value);
    other.iter().filter_map(|(round, value)| Some((*round, of_round(*round)? - value))).collect()
}

/// The median of what was given, whatever the round.
pub(crate) fn median_of(samples: &[Sample]) -> Option<f64> {
    median(&samples.iter().map(|(_, value)| *value).collect::<Vec<_>>())
}

/// A number as a person reads it: three digits that count.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        let whole = format!("{value:.0}");
        let at = whole.len() - 3;
        format!("{},{}", &whole[..at], &whole[at..])
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_needs_no_order() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn quantiles_lie_between_the_ends() {
        let values = [10.0, 20.0, 30.0, 40.0, 50.0];
        assert_eq!(quantile(&values, 0.0), Some(10.0));
        assert_eq!(quantile(&values, 0.25), Some(20.0));
        assert_eq!(quantile(&values, 0.9), Some(46.0));
        assert_eq!(quantile(&values, 1.0), Some(50.0));
    }

    #[test]
    fn only_rounds_of_both_are_compared() {
        let ours = [(0, 1.0), (1, 2.0), (2, 9.0)];
        let theirs = [(0, 4.0), (1, 4.0), (7, 1.0)];
        assert_eq!(paired_ratio(&ours, &theirs), Some(0.375));
        assert_eq!(paired_ratio(&ours, &[(5, 1.0)]), None);
        assert_eq!(paired_ratio(&ours, &[(0, 0.0)]), None);
    }

    #[test]
    fn a_slow_spell_that_hits_both_changes_no_ratio() {
        let ours = [(0, 1.0), (1, 10.0), (2, 1.0)];
        let theirs = [(0, 2.0), (1, 20.0), (2, 2.0)];
        assert_eq!(paired_ratio(&ours, &theirs), Some(0.5));
    }

    #[test]
    fn differences_are_of_the_same_round() {
        let (one, other) = ([(0, 3.0), (1, 5.0), (2, 9.0)], [(0, 1.0), (1, 4.0), (7, 1.0)]);
        assert_eq!(paired_differences(&one, &other), [(0, 2.0), (1, 1.0)]);
        assert_eq!(median_of(&paired_differences(&one, &other)), Some(1.5));
        assert_eq!(median_of(&paired_differences(&one, &[(7, 1.0)])), None);
    }

    #[test]
    fn three_digits_are_shown() {
        assert_eq!(
            ["0.357", "8.01", "42.4", "742", "1,008"],
            [0.357, 8.01, 42.42, 742.3, 1008.4].map(short)[..]
        );
    }
}
