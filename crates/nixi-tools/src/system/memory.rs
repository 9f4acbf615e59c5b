//! proc_meminfo(5).

use schemars::JsonSchema;
use serde::Serialize;

/// Main memory and swap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Memory {
    /// Main memory in bytes.
    pub total_bytes: u64,
    /// What programs can have without swapping, in bytes.
    pub available_bytes: u64,
    /// Swap in bytes; 0 where there is none.
    pub swap_total_bytes: u64,
    /// Free swap in bytes.
    pub swap_free_bytes: u64,
}

impl Memory {
    /// Bytes that are not available.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(self.available_bytes)
    }
}

pub(crate) fn memory(text: &str) -> Result<Memory, String> {
    let field = |name: &str| -> Result<Option<u64>, String> {
        let Some(value) = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')) else {
            return Ok(None);
        };
        let kib: Option<u64> = value.trim().strip_suffix(" kB").and_then(|number| number.trim().parse().ok());
        kib.and_then(|kib| kib.checked_mul(1024))
            .map(Some)
            .ok_or_else(|| format!("{name} is not a number of kB"))
    };
    let needed = |name: &str| field(name)?.ok_or_else(|| format!("{name} is missing"));
    // Kernels before 3.14 have no MemAvailable; what is free is less than what is available, so nothing is promised.
    let available = match field("MemAvailable")? {
        Some(bytes) => bytes,
        None => needed("MemFree")?,
    };
    Ok(Memory {
        total_bytes: needed("MemTotal")?,
        available_bytes: available,
        swap_total_bytes: field("SwapTotal")?.unwrap_or(0),
        swap_free_bytes: field("SwapFree")?.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_recorded_answer() {
        let text = "MemTotal:       24684084 kB\nMemFree:        24173668 kB\nMemAvailable:   24268704 kB\n\
                    SwapCached:            0 kB\nSwapTotal:       2097148 kB\nSwapFree:        2097148 kB\n";
        let memory = memory(text).unwrap();
        assert_eq!(memory.total_bytes, 24_684_084 * 1024);
        assert_eq!(memory.used_bytes(), (24_684_084 - 24_268_704) * 1024);
        assert_eq!(memory.swap_free_bytes, 2_097_148 * 1024);
    }

    #[test]
    fn what_is_no_meminfo() {
        for text in [
            "",
            "MemTotal: 1 kB\n",
            "MemTotal: x kB\nMemFree: 1 kB\n",
            "MemTotal: 18446744073709551615 kB\nMemFree: 1 kB",
        ] {
            assert!(memory(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((MemTotal|MemFree|SwapTotal):? *[0-9]{0,22}( kB)?\n){0,5}") {
            let _ = memory(&text);
        }
    }
}
