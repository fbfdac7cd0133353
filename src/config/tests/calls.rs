//! Keys of what is called, of trying again, and of the status page.

use super::*;
use crate::outcome::Connection;
use crate::provider::Price;
use crate::target::{Between, Budget, CallOptions, Jitter, RetryOptions};
use crate::units::Usd;

/// Lines of a target after [`GOOD`], and what is told about them.
const MISTAKES: &[(&str, &str)] = &[
    (
        "    api_key: {env: KEY}\n    call: {kind: message}",
        "5:11: targets[0].call.max_daily_cost_usd: missing: the call `message` costs money\n    help: say how much the target's calls may cost on one day, such as max_daily_cost_usd: 0.10",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: stream}",
        "5:11: targets[0].call.max_daily_cost_usd: missing: the call `stream` costs money\n    help: say how much the target's calls may cost on one day, such as max_daily_cost_usd: 0.10",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, model: claude-nobody-knows, max_daily_cost_usd: 1}",
        "5:11: targets[0].call.price: missing: what the model `claude-nobody-knows` of `anthropic` costs is not known here\n    help: give US dollars for a million tokens: price: { input: 1, output: 5 }",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, model: claude-nobody-knows}",
        "5:11: targets[0].call.price: missing: what the model `claude-nobody-knows` of `anthropic` costs is not known here\n    help: give US dollars for a million tokens: price: { input: 1, output: 5 }\nconfig.yml:5:11: targets[0].call.max_daily_cost_usd: missing: the call `message` costs money\n    help: say how much the target's calls may cost on one day, such as max_daily_cost_usd: 0.10",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 0.00001}",
        "5:47: targets[0].call.max_daily_cost_usd: one call of `claude-haiku-4-5` may cost 0.000037, which is more than 0.00001",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 0}",
        "5:47: targets[0].call.max_daily_cost_usd: one call of `claude-haiku-4-5` may cost 0.000037, which is more than 0.00",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 0.01, price: {input: 1000, output: 1000}}",
        "5:47: targets[0].call.max_daily_cost_usd: one call of `claude-haiku-4-5` may cost 0.033, which is more than 0.01",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: -1}",
        "5:47: targets[0].call.max_daily_cost_usd: \"-1\" is not an amount of US dollars: write it as a plain number such as 0.10 or 5",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 10 cents}",
        "5:47: targets[0].call.max_daily_cost_usd: \"10 cents\" is not an amount of US dollars: write it as a plain number such as 0.10 or 5",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: \"${KEY}\"}",
        "5:47: targets[0].call.max_daily_cost_usd: [from ${KEY}] is not an amount of US dollars: write it as a plain number such as 0.10 or 5",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 1, price: {input: 1}}",
        "5:57: targets[0].call.price.output: missing: a price is of both, input and output",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 1, price: {output: 1}}",
        "5:57: targets[0].call.price.input: missing: a price is of both, input and output",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 1, price: 5}",
        "5:57: targets[0].call.price: a single value, but a mapping with the keys `input`, `output` is wanted",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 1, price: {input: free, output: 1, cached: 0}}",
        "5:65: targets[0].call.price.input: \"free\" is not an amount of US dollars: write it as a plain number such as 0.10 or 5\nconfig.yml:5:82: targets[0].call.price.cached: unknown key \"cached\"\n    help: known here: `input`, `output`",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: message, max_daily_cost_usd: 0.05, price: {input: 1000, output: 1000}}",
        "5:47: targets[0].call.max_daily_cost_usd: one run may make 2 calls that cost 0.066 together, which is more than 0.05\n    help: allow more, or make fewer calls: a run makes one for each family, route, endpoint and attempt",
    ),
    (
        "    api_key: {env: KEY}\n    families: [ipv6]\n    retry: {max_attempts: 3}\n    endpoints: [https://a.example, https://b.example]\n    call: {kind: message, max_daily_cost_usd: 0.15, price: {input: 1000, output: 1000}}",
        "8:47: targets[0].call.max_daily_cost_usd: one run may make 6 calls that cost 0.198 together, which is more than 0.15\n    help: allow more, or make fewer calls: a run makes one for each family, route, endpoint and attempt",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: models, max_daily_cost_usd: 1}",
        "5:46: targets[0].call.max_daily_cost_usd: the call `models` costs nothing",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: models, price: {input: 1, output: 5}}",
        "5:33: targets[0].call.price: the call `models` costs nothing",
    ),
    (
        "    call: {max_daily_cost_usd: 1}",
        "4:32: targets[0].call.max_daily_cost_usd: the call `hello` costs nothing",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: models, model: claude-haiku-4-5}",
        "5:33: targets[0].call.model: the call `models` is made to no model",
    ),
    (
        "    call: {kind: hello, model: claude-haiku-4-5}",
        "4:32: targets[0].call.model: the call `hello` is made to no model",
    ),
    (
        "    call: {model: claude-haiku-4-5}",
        "4:19: targets[0].call.model: the call `hello` is made to no model",
    ),
    (
        "    call: {kind: mesage}",
        "4:18: targets[0].call.kind: the provider `anthropic` has no call \"mesage\": it has `hello`, `models`, `count_tokens`, `message`, `stream`\n    help: did you mean `message`?",
    ),
    (
        "    call: {kind: get}",
        "4:18: targets[0].call.kind: the provider `anthropic` has no call \"get\": it has `hello`, `models`, `count_tokens`, `message`, `stream`",
    ),
    (
        "    call: {kind: \"${KEY}\"}",
        "4:18: targets[0].call.kind: the provider `anthropic` has no call [from ${KEY}]: it has `hello`, `models`, `count_tokens`, `message`, `stream`",
    ),
    ("    call: {kind: [hello]}", "4:18: targets[0].call.kind: a list, but a single value is wanted"),
    (
        "    call: hello",
        "4:11: targets[0].call: a single value, but a mapping with keys such as `kind` is wanted",
    ),
    (
        "    call: {knd: hello}",
        "4:12: targets[0].call.knd: unknown key \"knd\"\n    help: did you mean `kind`? (known here: `kind`, `interval`, `model`, `max_daily_cost_usd`, `price`, `between`, `connection`)",
    ),
    (
        "    call: {kind: models}",
        "4:18: targets[0].call.kind: the call `models` needs a key\n    help: set api_key (an optional one that is missing is none), or call `hello`",
    ),
    (
        "    call: {kind: message, max_daily_cost_usd: 1}",
        "4:18: targets[0].call.kind: the call `message` needs a key\n    help: set api_key (an optional one that is missing is none), or call `hello`",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: count_tokens, model: ../v1/files}",
        "5:39: targets[0].call.model: \"../v1/files\" is not the name of a model: letters, digits and `._:/@-`",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: count_tokens, model: \"a b\"}",
        "5:39: targets[0].call.model: \"a b\" is not the name of a model: letters, digits and `._:/@-`",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: count_tokens, model: \"\"}",
        "5:39: targets[0].call.model: \"\" is not the name of a model: letters, digits and `._:/@-`",
    ),
    (
        "    api_key: {env: KEY}\n    call: {kind: count_tokens, model: \"${KEY} x\"}",
        "5:39: targets[0].call.model: [from ${KEY}] is not the name of a model: letters, digits and `._:/@-`",
    ),
    (
        "    interval: 30s\n    call: {interval: 10s}",
        "5:22: targets[0].call.interval: \"10s\" is not from 30s to 1d",
    ),
    ("    call: {interval: 2d}", "4:22: targets[0].call.interval: \"2d\" is not from 30s to 1d"),
    (
        "    call: {interval: soon}",
        "4:22: targets[0].call.interval: \"soon\" is not a duration: write it as Prometheus does, such as 15s, 1m30s or 250ms",
    ),
    (
        "    interval: 5x\n    call: {interval: 1s}",
        "4:15: targets[0].interval: \"5x\" is not a duration: write it as Prometheus does, such as 15s, 1m30s or 250ms",
    ),
    ("    call: {between: hello}", "4:21: targets[0].call.between: \"hello\" is none of `free`, `nothing`"),
    (
        "    call: {connection: pooled}",
        "4:24: targets[0].call.connection: \"pooled\" is none of `fresh`, `reused`",
    ),
    ("    retry: {max_attempts: 0}", "4:27: targets[0].retry.max_attempts: \"0\" is not from 1 to 5"),
    ("    retry: {max_attempts: 9}", "4:27: targets[0].retry.max_attempts: \"9\" is not from 1 to 5"),
    (
        "    retry: {max_attempts: many}",
        "4:27: targets[0].retry.max_attempts: \"many\" is not a whole number from 0 to 4294967295",
    ),
    (
        "    retry: {max_attempts: -1, base_delay: 0s, max_delay: 2d, jitter: half}",
        "4:27: targets[0].retry.max_attempts: \"-1\" is not a whole number from 0 to 4294967295\nconfig.yml:4:43: targets[0].retry.base_delay: \"0s\" is not from 1ms to 1d\nconfig.yml:4:58: targets[0].retry.max_delay: \"2d\" is not from 1ms to 1d\nconfig.yml:4:70: targets[0].retry.jitter: \"half\" is none of `full`, `none`",
    ),
    (
        "    retry: {attempts: 3}",
        "4:13: targets[0].retry.attempts: unknown key \"attempts\"\n    help: known here: `max_attempts`, `base_delay`, `max_delay`, `jitter`",
    ),
    (
        "    retry: 3",
        "4:12: targets[0].retry: a single value, but a mapping with the keys `max_attempts`, `base_delay`, `max_delay`, `jitter` is wanted",
    ),
    (
        "    retry: {base_delay: 10s, max_delay: 9s}",
        "4:25: targets[0].retry.base_delay: the first delay of 10s is longer than the longest of 9s",
    ),
    (
        "    retry: {base_delay: 1m}",
        "4:25: targets[0].retry.base_delay: the first delay of 1m is longer than the longest of 30s",
    ),
    (
        "    retry: {max_delay: 500ms}",
        "4:24: targets[0].retry.max_delay: the first delay of 1s is longer than the longest of 500ms",
    ),
    (
        "    status_page: {url: status.example.com}",
        "4:24: targets[0].status_page.url: \"status.example.com\" is not a URL: write it like https://api.example.com",
    ),
    (
        "    status_page: {url: \"ftp://status.example.com/\"}",
        "4:24: targets[0].status_page.url: the scheme \"ftp\" is not supported: use https or http",
    ),
    (
        "    status_page: {url: \"https://u:pw@status.example.com/\"}",
        "4:24: targets[0].status_page.url: the URL holds credentials: put a key under api_key instead",
    ),
    (
        "    status_page: {interval: 10s}",
        "4:29: targets[0].status_page.interval: \"10s\" is not from 1m to 1d",
    ),
    (
        "    status_page: {interval: 2d, component: [a]}",
        "4:29: targets[0].status_page.interval: \"2d\" is not from 1m to 1d\nconfig.yml:4:44: targets[0].status_page.component: a list, but a single value is wanted",
    ),
    (
        "    status_page: https://status.example.com/api/v2/summary.json",
        "4:18: targets[0].status_page: a single value, but a mapping with the keys `url`, `component`, `interval` is wanted",
    ),
    (
        "    status_page: {page: x}",
        "4:19: targets[0].status_page.page: unknown key \"page\"\n    help: known here: `url`, `component`, `interval`",
    ),
];

#[test]
fn a_mistake_in_the_call_of_a_target_is_told_with_place_path_and_help() {
    for (lines, told) in MISTAKES {
        assert_eq!(problems_of_target(lines), format!("config.yml:{told}"), "{lines}");
    }
}

#[test]
fn no_mistake_shows_what_came_from_the_environment() {
    for (lines, _) in MISTAKES {
        assert!(!problems_of_target(lines).contains(SECRET), "{lines}");
    }
}

#[test]
fn what_is_not_said_of_a_call_is_what_the_provider_has() {
    for (lines, kind) in [
        ("", CallKind::Hello),
        ("    call:", CallKind::Hello),
        ("    call: {kind: }", CallKind::Hello),
        ("    api_key: {env: KEY}", CallKind::Models),
        ("    api_key: {env: KEY}\n    call: {kind: hello}", CallKind::Hello),
    ] {
        let target = target(lines);
        assert_eq!(target.call, CallOptions::free(kind, target.interval), "{lines}");
        assert_eq!(target.retry, RetryOptions::default(), "{lines}");
    }
    let counted = target("    api_key: {env: KEY}\n    call: {kind: count_tokens}");
    assert!(counted.call.model.is_some() && counted.call.budget.is_none(), "{counted:?}");
}

#[test]
fn a_call_is_made_as_it_is_written() {
    let target = target(
        "    api_key: {env: KEY}\n    interval: 30s\n    families: [ipv4]\n    call: {kind: message, interval: 1h, model: claude-x, max_daily_cost_usd: 0.033, price: {input: 1000, output: 1000}, between: nothing, connection: reused}\n    retry: {max_attempts: 5, base_delay: 50ms, max_delay: 50ms, jitter: none}\n    status_page: {url: \"https://status.example/summary.json\", component: abc, interval: 1m}",
    );
    let token = Usd::per_token(1_000_000);
    assert_eq!(
        target.call,
        CallOptions {
            kind: CallKind::Message,
            interval: Duration::from_secs(3600),
            model: Some("claude-x".into()),
            budget: Some(Budget {
                daily: Usd::parse("0.033").unwrap(),
                price: Price { input: token, output: token },
            }),
            connection: Connection::Reused,
            between: Between::Nothing,
        }
    );
    let delay = Duration::from_millis(50);
    let retry = RetryOptions { max_attempts: 5, base_delay: delay, max_delay: delay, jitter: Jitter::None };
    assert_eq!(target.retry, retry);
    let page = target.status_page.clone().unwrap();
    assert_eq!(page.urls, ["https://status.example/summary.json"]);
    assert_eq!((page.component.as_deref(), page.interval), (Some("abc"), Duration::from_secs(60)));
    assert_eq!(target.most_of_run(), Usd::parse("0.033").unwrap(), "a kept connection is not tried again");
}

#[test]
fn no_status_page_is_read_where_the_config_says_so_or_the_host_is_not_the_providers_own() {
    assert!(target("").status_page.is_some());
    assert!(target("    status_page: {url: \"\"}").status_page.is_none());
    assert!(target("    url: https://gateway.example.com").status_page.is_none());
}
