//! What targets choose by name: the resolvers and routes of a config, and those that are always there.

use super::Context;
use super::target::is_name;
use crate::config::decode::{Field, Pairs};
use crate::config::near::did_you_mean;
use crate::config::problem::{Checked, Place, Reported};

/// What is named.
#[derive(Debug)]
pub(super) struct Kind {
    /// One of them in words.
    pub(super) one: &'static str,
    /// The top-level key they stand under.
    pub(super) section: &'static str,
    /// The names that are always there, and why each cannot be taken; the first one is the default.
    pub(super) builtin: &'static [(&'static str, &'static str)],
}

/// All of one kind by name, also those that cannot be used, so that naming one is not a second problem.
#[derive(Debug, Clone)]
pub(super) struct Named<T> {
    kind: &'static Kind,
    given: Vec<(String, Checked<T>)>,
    whole: Checked<()>,
}

impl<T: Clone> Named<T> {
    /// Those that a config declares; `lower` makes one of its name, the name's place, and what stands behind it.
    pub(super) fn declared<R>(
        field: Field<Pairs<R>>,
        kind: &'static Kind,
        context: &Context<'_>,
        lower: impl Fn(&str, &Place, Field<R>) -> Checked<T>,
    ) -> Self {
        let (Pairs(pairs), mut whole) = field.section();
        let mut given = Vec::new();
        for (name, raw) in pairs {
            match name.checked() {
                Ok(Some((name, place))) => {
                    let usable = usable_name(&name, &place, kind, context);
                    let lowered = lower(&name, &place, raw);
                    given.push((name, usable.and(lowered)));
                }
                Ok(None) | Err(Reported) => whole = Err(Reported),
            }
        }
        Self { kind, given, whole }
    }

    /// All that the config declares, if all can be used.
    pub(super) fn usable(self) -> Checked<Vec<T>> {
        self.whole?;
        self.given.into_iter().map(|(_, lowered)| lowered).collect()
    }

    /// Those that a target chooses, in its order; `None` where it does not say.
    pub(super) fn chosen(
        &self,
        field: Field<Vec<Field<String>>>,
        context: &Context<'_>,
        builtin: impl Fn(&str) -> Option<T>,
    ) -> Checked<Option<Vec<T>>> {
        let Some((names, list)) = field.checked()? else { return Ok(None) };
        if names.is_empty() {
            let default = self.kind.builtin.first().map_or("", |(name, _)| name);
            let message = format!("an empty list: leave the key out for `[{default}]`");
            return Err(context.report.add(&list, message));
        }
        let mut seen: Vec<String> = Vec::new();
        let mut chosen: Vec<Checked<T>> = Vec::new();
        for name in names {
            chosen.push(name.checked().and_then(|given| {
                let (name, place) = given.ok_or(Reported)?;
                if seen.contains(&name) {
                    let message = format!("{} stands here more than once", place.show(&name));
                    return Err(context.report.add(&place, message));
                }
                let found = builtin(&name).map_or_else(|| self.of_name(&name, &place, context), Ok);
                seen.push(name);
                found
            }));
        }
        chosen.into_iter().collect::<Checked<Vec<T>>>().map(Some)
    }

    fn of_name(&self, name: &str, place: &Place, context: &Context<'_>) -> Checked<T> {
        if let Some((_, lowered)) = self.given.iter().find(|(known, _)| known == name) {
            return lowered.clone();
        }
        self.whole?;
        let Kind { one, section, builtin } = self.kind;
        let builtin = builtin.iter().map(|(name, _)| *name);
        let known: Vec<&str> =
            self.given.iter().map(|(known, _)| known.as_str()).chain(builtin.clone()).collect();
        let near = if place.from_env.is_none() { did_you_mean(name, &known) } else { None };
        let help = near.unwrap_or_else(|| {
            let builtin = builtin.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
            format!("declare it under the top-level `{section}`, or use {builtin}")
        });
        Err(context.report.add_with_help(place, format!("no {one} is named {}", place.show(name)), help))
    }
}

fn usable_name(name: &str, place: &Place, kind: &Kind, context: &Context<'_>) -> Checked<()> {
    if let Some((_, why)) = kind.builtin.iter().find(|(builtin, _)| *builtin == name) {
        return Err(context.report.add(place, format!("`{name}` {why}: choose another name")));
    }
    if is_name(name) {
        return Ok(());
    }
    let message = "not a name: 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit";
    Err(context.report.add(place, message))
}
