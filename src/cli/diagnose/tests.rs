//! What is read from the command line and the environment.

use clap::Parser as _;

use super::*;
use crate::cli::{Cli, Command};

fn parsed(line: &str) -> Result<DiagnoseArgs, String> {
    let cli = Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
    match cli.command {
        Some(Command::Diagnose(arguments)) => Ok(*arguments),
        other => panic!("{other:?}"),
    }
}

#[test]
fn flags_are_read() {
    let line = "c diagnose claude a.test --json --redact --report r.md --lang zh --resolver udp://8.8.8.8 \
        --resolver https://1.1.1.1 --control example.com --timeout 3s --idle-hold 1m30s --color never";
    let arguments = parsed(line).unwrap();
    assert_eq!(arguments.targets, ["claude", "a.test"]);
    assert!(arguments.json && arguments.redact && !arguments.no_follow_ups);
    assert_eq!(arguments.lang, Some(Language::Chinese));
    let names: Vec<&str> = arguments.resolvers.iter().map(|resolver| &*resolver.name).collect();
    assert_eq!(names, ["udp://8.8.8.8", "https://1.1.1.1"]);
    assert_eq!(arguments.controls[0].shown(), "https://example.com/");
    assert_eq!(arguments.timeout, Some(Duration::from_secs(3)));
    assert_eq!(arguments.idle_hold, Some(Duration::from_secs(90)));
    assert_eq!(arguments.color, Colour::Never);
}

#[test]
fn wrong_flags_are_told() {
    for (flags, told) in [
        ("--lang fr", "use en or zh"),
        ("--resolver 8.8.8.8", "is not the address of a resolver"),
        ("--control ftp://x.test", "the scheme \"ftp\" is not supported"),
        ("--timeout 3", "is not a duration"),
        ("--color sometimes", "possible values: auto, always, never"),
        ("--idle-hold 1m --no-follow-ups", "cannot be used with"),
    ] {
        let error = parsed(&format!("c diagnose {flags}")).unwrap_err();
        assert!(error.contains(told), "{flags}: {error}");
    }
}

fn prepared(line: &str, env: &[(&str, &str)]) -> Prepared {
    let cli = Cli::try_parse_from(line.split(' ')).unwrap();
    let Some(Command::Diagnose(arguments)) = &cli.command else { panic!() };
    prepare(&cli.flags, arguments, &Env::of(env.iter().copied())).unwrap()
}

#[test]
fn comparisons_are_those_of_flags_and_config_and_defaults_where_there_is_neither() {
    let names = |prepared: &Prepared| -> Vec<String> {
        let resolvers = prepared.beside.resolvers.iter().map(|resolver| resolver.name.to_string());
        let controls = prepared.beside.controls.iter().map(Endpoint::shown);
        resolvers
            .chain(controls)
            .chain(prepared.beside.routes.iter().map(|route| route.name.to_string()))
            .collect()
    };
    let default = prepared("c diagnose", &[]);
    assert_eq!(default.targets.len(), 1);
    assert_eq!(names(&default), ["https://1.1.1.1/dns-query", "udp://8.8.8.8:53", "https://example.com/"]);
    let flags =
        prepared("c diagnose --resolver udp://9.9.9.9 --control a.test", &[("https_proxy", "http://p.test")]);
    assert_eq!(names(&flags), ["udp://9.9.9.9", "https://a.test/", "env"]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.yml");
    std::fs::write(
        &file,
        "resolvers: { own: { address: 'udp://10.0.0.1' } }\ntargets: [{ name: a, provider: anthropic }]\n",
    )
    .unwrap();
    let file = prepared(&format!("c --config.file={} diagnose", file.display()), &[]);
    assert_eq!(names(&file), ["own"], "a config that names no control wants none");
}

#[test]
fn the_language_is_that_of_the_locale() {
    for (env, expected) in [
        (&[][..], Language::English),
        (&[("LANG", "zh_CN.UTF-8")], Language::Chinese),
        (&[("LANG", "zh_CN.UTF-8"), ("LC_MESSAGES", "en_GB.UTF-8")], Language::English),
        (&[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "zh_TW.UTF-8")], Language::Chinese),
        (&[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")], Language::English),
        (&[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")], Language::Chinese),
    ] {
        assert_eq!(language(&Env::of(env.iter().copied())), expected, "{env:?}");
    }
}

#[test]
fn colours_are_for_terminals_and_those_who_want_them() {
    for (when, env, terminal, expected) in [
        (Colour::Auto, &[][..], true, true),
        (Colour::Auto, &[], false, false),
        (Colour::Auto, &[("NO_COLOR", "1")], true, false),
        (Colour::Auto, &[("NO_COLOR", "")], true, true),
        (Colour::Auto, &[("TERM", "dumb")], true, false),
        (Colour::Always, &[("NO_COLOR", "1")], false, true),
        (Colour::Never, &[], true, false),
    ] {
        let env_of = Env::of(env.iter().copied());
        assert_eq!(colours(when, &env_of, terminal), expected, "{when:?} {env:?} {terminal}");
    }
}
