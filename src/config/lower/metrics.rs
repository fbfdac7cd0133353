//! Which series there are.

use crate::config::Profile;
use crate::config::decode::Field;
use crate::config::problem::Checked;
use crate::config::raw::{RawMetrics, RawProfile};

/// The profile of the series.
pub(super) fn profile(field: Field<RawMetrics>) -> Checked<Profile> {
    let (raw, whole) = field.section();
    let profile = raw.profile.or(RawProfile::Full);
    whole?;
    Ok(match profile? {
        RawProfile::Full => Profile::Full,
        RawProfile::Lean => Profile::Lean,
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{Env, Profile, effective, load_text};

    fn load(metrics: &str, latency: &str) -> Result<crate::config::Config, String> {
        let slo = format!("slo: {{ objective: 99.5, latency: {latency} }}");
        let text =
            format!("{metrics}\ntargets: [{{ name: a, provider: http, url: https://a.example, {slo} }}]\n");
        load_text(&text, &Env::of::<&str, &str>([])).map_err(|problems| problems.to_string())
    }

    #[test]
    fn series_are_full_unless_they_are_to_be_lean() {
        for (given, expected) in [
            ("", Profile::Full),
            ("metrics: {}", Profile::Full),
            ("metrics: { profile: full }", Profile::Full),
            ("metrics: { profile: lean }", Profile::Lean),
        ] {
            let config = load(given, "2s").unwrap();
            assert_eq!(config.profile, expected, "{given}");
            let shown = effective(&config);
            let again = load_text(&shown, &Env::of::<&str, &str>([])).unwrap();
            assert_eq!(again, config, "{shown}");
        }
        for wrong in ["metrics: lean", "metrics: { profile: slim }", "metrics: { profil: lean }"] {
            assert!(load(wrong, "2s").unwrap_err().contains(": metrics"), "{wrong}");
        }
    }

    #[test]
    fn an_objective_of_latency_is_a_bound_that_the_profile_shows() {
        assert!(load("", "250ms").is_ok() && load("metrics: { profile: lean }", "100ms").is_ok());
        let problems = load("metrics: { profile: lean }", "250ms").unwrap_err();
        for said in [
            "targets[0].slo.latency: \"250ms\" is not a bound of `api_latency_seconds` with `metrics: { profile: lean }`",
            "100ms, 500ms, 1s, 2s, 5s",
        ] {
            assert!(problems.contains(said), "{said}: {problems}");
        }
        let other = load("metrics: { profile: slim }", "250ms").unwrap_err();
        assert!(!other.contains("slo.latency"), "what bounds there are is not known: {other}");
    }
}
