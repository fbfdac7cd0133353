//! Scenarios of the API. Streams are paid calls, which a diagnosis never makes: they are not among them.

use super::names::{KEYED, RIGHT_KEY, WRONG_KEY};
use super::scenario::{Scenario, at, degraded, down, host, scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    // H1
    scenario("H1 silence over HTTP/2 only", host!("http-h2-silent"), down("http2_broken", "api", "network")),
    scenario("H1 resets over HTTP/2 only", host!("http-h2-reset"), down("http2_broken", "api", "network")),
    scenario("no answer", host!("http-timeout"), down("http_timeout", "api", "provider")),
    scenario("reset after the request", host!("http-reset"), down("http_reset", "api", "network")),
    scenario("closed after the request", host!("http-eof"), down("http_reset", "api", "network")),
    scenario("no HTTP", host!("http-garbage"), down("http_protocol", "api", "network")),
    scenario("the body is cut", host!("http-cut-body"), down("http_reset", "api", "network")),
    scenario(
        "slow",
        host!("http-slow").keys("expected_networks: [], timeout: 4s, http: { expect: { max_latency: 1s } }"),
        degraded("http_slow", "api", "provider"),
    ),
    // R1, W1
    scenario("R1 the region is refused", host!("http-403-region"), down("region_blocked", "api", "provider")),
    scenario("W1 a challenge page", host!("http-403-challenge"), down("edge_challenge", "api", "provider")),
    // E2
    scenario("E2 520", host!("http-520"), down("edge_origin_unreachable", "api", "provider")),
    scenario("E2 522", host!("http-522-json"), down("edge_origin_unreachable", "api", "provider")),
    // G1
    scenario("G1 a login page", host!("portal"), down("not_the_api", "api", "network")),
    scenario("G1 a redirect to a login page", host!("http-302"), down("not_the_api", "api", "network")),
    scenario("G1 200 with nothing in it", host!("http-empty-200"), down("not_the_api", "api", "network")),
    scenario("200 with rubbish", host!("http-not-json"), down("unexpected_body", "api", "provider")),
    // A1, A2
    scenario(
        "A1 a wrong key",
        host!("api").keys(KEYED).environment(WRONG_KEY),
        down("auth_invalid", "api", "account"),
    ),
    scenario(
        "A1 every key is refused, calls without one are answered",
        host!("http-401-keyed").keys(KEYED).environment(RIGHT_KEY),
        down("auth_invalid", "api", "account"),
    ),
    scenario(
        "A1 every call is refused",
        host!("http-401").keys(KEYED).environment(RIGHT_KEY),
        down("auth_invalid", "api", "account"),
    ),
    scenario(
        "A2 the key may not do this",
        host!("http-403").keys(KEYED).environment(RIGHT_KEY),
        down("auth_forbidden", "api", "account"),
    ),
    scenario(
        "A2 the network restricts organizations",
        host!("http-403-tenant").keys(KEYED).environment(RIGHT_KEY),
        down("tenant_restricted", "api", "network"),
    ),
    // B1
    scenario(
        "B1 no credit",
        host!("http-400-credit").keys(KEYED).environment(RIGHT_KEY),
        down("billing", "api", "account"),
    ),
    scenario(
        "B1 a payment problem",
        host!("http-402").keys(KEYED).environment(RIGHT_KEY),
        down("billing", "api", "account"),
    ),
    scenario(
        "B1 the spend limit is reached",
        host!("http-400-spend").keys(KEYED).environment(RIGHT_KEY),
        down("spend_limit", "api", "account"),
    ),
    // L1, L2
    scenario(
        "L1 a rate limit with retry-after",
        host!("http-429").keys(KEYED).environment(RIGHT_KEY),
        down("rate_limited", "api", "account"),
    ),
    scenario(
        "L2 a rate limit until a date",
        host!("http-429-date").keys(KEYED).environment(RIGHT_KEY),
        down("rate_limited", "api", "account"),
    ),
    scenario(
        "L2 429 for money",
        host!("http-429-spend").keys(KEYED).environment(RIGHT_KEY),
        down("spend_limit", "api", "account"),
    ),
    // O1, E1
    scenario("O1 overloaded", host!("http-529"), down("provider_overloaded", "api", "provider")),
    scenario("E1 500", host!("http-500"), down("provider_error", "api", "provider")),
    scenario("E1 503 in plain text", host!("http-503-text"), down("provider_error", "api", "provider")),
    scenario("E1 504", host!("http-504"), down("provider_error", "api", "provider")),
    scenario("404", host!("http-404"), down("model_not_found", "api", "config")),
    scenario("413", host!("http-413"), down("request_rejected", "api", "config")),
];
