//! Which of several canaries watches a target.
//!
//! Promises: a target has exactly one owner, which follows from its name and the number of shards alone; it is the one that
//! Prometheus' relabelling with `action: hashmod` computes from that name, so that whoever splits scrapes or alerts by it
//! splits as we do.

use std::fmt;
use std::str::FromStr;

use md5::{Digest as _, Md5};

/// One of so many canaries that share the targets of one config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// The place of a canary among the shards, as it is given: counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ordinal(u32);

/// Why there is no such shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// There are to be none.
    #[error("0 shards would watch nothing: there is at least 1")]
    NoShards,
    /// The index is too high.
    #[error("there is no shard {index} of {count}: they are counted from 0, so the last one is {last}", last = .count - 1)]
    TooHigh {
        /// The index.
        index: u32,
        /// How many there are.
        count: u32,
    },
}

/// Why a text is no [`Ordinal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "neither a number counted from 0, such as 1, nor a name that ends in one, such as api-canary-1, as the pods of a \
     StatefulSet have it"
)]
pub struct OrdinalError;

/// `hashmod` of Prometheus' relabelling: the last eight bytes of the MD5 of a text, modulo. There is no 0th part of a
/// thing: of a modulus of 0 the result is 0.
#[must_use]
pub fn hashmod(text: &str, modulus: u64) -> u64 {
    let digest: [u8; 16] = Md5::digest(text).into();
    // A shift drops the first eight, as it does in Prometheus.
    let sum = digest.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    sum.checked_rem(modulus).unwrap_or_default()
}

// === impl Shard ===

impl Shard {
    /// The shard of this place among so many.
    ///
    /// # Errors
    /// If there is none.
    pub const fn try_new(Ordinal(index): Ordinal, count: u32) -> Result<Self, ShardError> {
        match count {
            0 => Err(ShardError::NoShards),
            _ if index >= count => Err(ShardError::TooHigh { index, count }),
            _ => Ok(Self { index, count }),
        }
    }

    /// Its place, counted from 0.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// The place of the shard that watches the target of this name.
    #[must_use]
    pub fn owner(self, target: &str) -> u32 {
        // Below the count, which fits.
        u32::try_from(hashmod(target, u64::from(self.count))).unwrap_or_default()
    }

    /// Whether it is this one.
    #[must_use]
    pub fn has(self, target: &str) -> bool {
        self.owner(target) == self.index
    }
}

impl fmt::Display for Shard {
    /// As in `1 of 4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.index, self.count)
    }
}

// === impl Ordinal ===

impl FromStr for Ordinal {
    type Err = OrdinalError;

    fn from_str(text: &str) -> Result<Self, OrdinalError> {
        let number = match text.rsplit_once('-') {
            // What stands before the dash is a name: -1 is a number, and none that there is.
            Some((name, number)) if !name.is_empty() => number,
            Some(_) => return Err(OrdinalError),
            None => text,
        };
        // The parser would take a sign.
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse().ok().filter(|_| digits).map(Self).ok_or(OrdinalError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shard(index: u32, count: u32) -> Shard {
        Shard::try_new(Ordinal(index), count).unwrap()
    }

    #[test]
    fn the_owner_is_the_one_that_prometheus_computes() {
        // Of Debian's Prometheus 2.42, for these names and moduli.
        for (name, of) in [
            ("claude", [0, 0, 2, 0, 2, 940, 3_839_379_170]),
            ("openai", [0, 1, 2, 1, 0, 125, 2_913_708_995]),
            ("a", [0, 1, 1, 1, 2, 697, 2_604_318_787]),
            ("target-7", [0, 0, 2, 0, 0, 640, 2_706_031_910]),
            ("own gateway", [0, 0, 1, 2, 1, 930, 3_513_341_155]),
            ("模型", [0, 1, 0, 3, 6, 655, 647_629_215]),
            ("https://api.anthropic.com/v1?x=%20", [0, 1, 2, 1, 6, 985, 3_775_960_865]),
            ("a;b", [0, 0, 2, 2, 2, 74, 2_428_815_614]),
            (&"Z".repeat(300), [0, 0, 1, 2, 5, 714, 4_139_402_359]),
        ] {
            let found = [1, 2, 3, 4, 7, 1000, u32::MAX].map(|modulus| hashmod(name, u64::from(modulus)));
            assert_eq!(found, of, "{name}");
        }
    }

    #[test]
    fn an_index_is_a_number_or_the_end_of_a_name() {
        for (text, expected) in [
            ("0", Some(0)),
            ("3", Some(3)),
            ("api-canary-3", Some(3)),
            ("canary-10", Some(10)),
            ("a.b-c-007", Some(7)),
            ("canary--2", Some(2)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("canary-4294967296", None),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("canary-+1", None),
            ("canary-", None),
            ("canary", None),
            ("canary3", None),
            ("$(POD_NAME)", None),
            ("1.0", None),
            (" 1", None),
            ("canary-1-", None),
            ("canary-1-a", None),
            ("canary-٣", None),
        ] {
            assert_eq!(text.parse().ok(), expected.map(Ordinal), "{text:?}");
        }
    }

    #[test]
    fn there_is_no_shard_beyond_the_last_one() {
        assert_eq!(shard(3, 4).to_string(), "3 of 4");
        for (index, count, words) in [
            (4, 4, "there is no shard 4 of 4: they are counted from 0, so the last one is 3"),
            (1, 1, "there is no shard 1 of 1: they are counted from 0, so the last one is 0"),
            (0, 0, "0 shards would watch nothing: there is at least 1"),
        ] {
            assert_eq!(Shard::try_new(Ordinal(index), count).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn many_names_are_spread_evenly() {
        let names: Vec<String> = (0..10_000).map(|number| format!("target-{number}")).collect();
        for index in 0..4 {
            let has = names.iter().filter(|name| shard(index, 4).has(name)).count();
            // Five deviations of a fair draw.
            assert!((2_280..=2_720).contains(&has), "{index}: {has}");
        }
    }

    proptest! {
        #[test]
        fn all_shards_together_have_each_target_once(names: Vec<String>, count in 1_u32..64) {
            for name in names {
                let owners: Vec<u32> = (0..count).filter(|index| shard(*index, count).has(&name)).collect();
                prop_assert_eq!(owners, vec![shard(0, count).owner(&name)]);
            }
        }

        #[test]
        fn a_shard_among_any_number_has_what_it_owns(name: String, index: u32, count: u32) {
            match Shard::try_new(Ordinal(index), count) {
                Ok(shard) => {
                    prop_assert!(shard.owner(&name) < count);
                    prop_assert_eq!(u64::from(shard.owner(&name)), hashmod(&name, count.into()));
                }
                Err(_) => prop_assert!(index >= count),
            }
        }

        #[test]
        fn any_text_is_an_index_or_refused(text: String) {
            if let Ok(Ordinal(index)) = text.parse() {
                let digits = text.rsplit('-').next().unwrap().trim_start_matches('0');
                prop_assert_eq!(digits, if index == 0 { String::new() } else { index.to_string() });
            }
        }
    }
}
