//! Which families of a target are walked: pure.
//!
//! Where the config does not say, the families that DNS answers are walked. A family that DNS says does not exist
//! (NODATA while the other family has addresses) has no path; a lookup that failed in another way says nothing about
//! the family, so the paths known so far fail with the reason of DNS, and without any known yet both do.

use crate::outcome::{Family, Reason};

/// What the lookup for one family came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// It was not asked for.
    NotAsked,
    /// It has addresses.
    Addresses,
    /// The lookup failed.
    Failed(Reason),
}

/// What becomes of a family in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Its path was or is walked; a failed lookup is a failed journey.
    Walk,
    /// It has no path, and had none.
    None,
    /// It has no path any more.
    Retire,
}

/// The families a target is known to have.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    ipv4: bool,
    ipv6: bool,
}

impl Known {
    /// Decides for both families, and remembers.
    pub(super) fn decide(&mut self, ipv4: Looked, ipv6: Looked) -> [(Family, Decision); 2] {
        let before = *self;
        let decide = |own: Looked, other: Looked, known: bool, other_known: bool| match own {
            Looked::NotAsked => Decision::None,
            Looked::Addresses => Decision::Walk,
            Looked::Failed(Reason::DnsNodata) if other == Looked::Addresses => {
                if known {
                    Decision::Retire
                } else {
                    Decision::None
                }
            }
            // The other family answers, this one's lookup broke: it may well exist.
            Looked::Failed(_) if other == Looked::Addresses => Decision::Walk,
            Looked::Failed(_) if known || !other_known => Decision::Walk,
            Looked::Failed(_) => Decision::None,
        };
        let decisions = [
            (Family::Ipv4, decide(ipv4, ipv6, before.ipv4, before.ipv6)),
            (Family::Ipv6, decide(ipv6, ipv4, before.ipv6, before.ipv4)),
        ];
        for (family, decision) in decisions {
            let known = match family {
                Family::Ipv6 => &mut self.ipv6,
                Family::Ipv4 | Family::Any => &mut self.ipv4,
            };
            match decision {
                Decision::Walk => *known = true,
                Decision::Retire => *known = false,
                Decision::None => {}
            }
        }
        decisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{None as Nothing, Retire, Walk};
    use Looked::{Addresses, Failed};

    fn run(known: &mut Known, ipv4: Looked, ipv6: Looked) -> [Decision; 2] {
        known.decide(ipv4, ipv6).map(|(_, decision)| decision)
    }

    const NODATA: Looked = Failed(Reason::DnsNodata);
    const TIMEOUT: Looked = Failed(Reason::DnsTimeout);

    #[test]
    fn what_dns_answers_is_walked() {
        let mut known = Known::default();
        assert_eq!(run(&mut known, Addresses, NODATA), [Walk, Nothing]);
        assert_eq!(run(&mut known, Addresses, Addresses), [Walk, Walk]);
        assert_eq!(run(&mut known, Addresses, NODATA), [Walk, Retire]);
        assert_eq!(run(&mut known, NODATA, Addresses), [Retire, Walk]);
    }

    #[test]
    fn a_lookup_that_breaks_fails_the_paths_that_are_known() {
        let mut known = Known::default();
        assert_eq!(run(&mut known, Addresses, NODATA), [Walk, Nothing]);
        assert_eq!(run(&mut known, TIMEOUT, TIMEOUT), [Walk, Nothing]);
        assert_eq!(run(&mut known, NODATA, NODATA), [Walk, Nothing]);
    }

    #[test]
    fn from_the_start_without_any_answer_both_fail() {
        assert_eq!(run(&mut Known::default(), TIMEOUT, TIMEOUT), [Walk, Walk]);
    }

    #[test]
    fn a_broken_lookup_beside_an_answer_is_a_failing_path() {
        assert_eq!(run(&mut Known::default(), Addresses, TIMEOUT), [Walk, Walk]);
    }
}
