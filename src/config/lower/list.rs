//! A list of targets on its own: targets as the config has them, and groups as Prometheus' file_sd has them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize as _;

use super::{Context, Shared, target};
use crate::config::decode::{Decoder, Field};
use crate::config::json::too_many;
use crate::config::list::Listed;
use crate::config::node::{Node, Value};
use crate::config::of_url;
use crate::config::problem::{Checked, Place, Reported};
use crate::config::raw::{RawGroup, RawLabels, RawTarget};

/// The targets of a list, at most so many.
pub(in crate::config) fn list(
    tree: &Node,
    most: usize,
    shared: &Shared,
    context: &Context<'_>,
) -> Checked<Vec<Listed>> {
    let items = match &tree.value {
        Value::Sequence(items) => items,
        Value::Refused => return Err(Reported),
        Value::Scalar(_) | Value::Mapping(_) => {
            let help = "write the targets themselves, without a key above them: - name: ...";
            return Err(context.report.add_with_help(&whole(tree), "not a list of targets", help));
        }
    };
    let mut raws = Vec::new();
    let mut all = Ok(());
    for (index, item) in items.iter().enumerate() {
        if let Err(reported) = raw(item, index, &mut raws, context) {
            all = Err(reported);
        }
    }
    if raws.len() > most {
        return Err(too_many(raws.len(), most, &whole(tree), context.report));
    }
    let mut names = HashMap::new();
    let lowered: Vec<_> = raws
        .into_iter()
        .map(|(raw, place)| target::lower(raw, &place, &mut names, shared, context))
        .collect();
    all?;
    listed(lowered.into_iter().collect::<Checked<Vec<_>>>()?, &names)
}

/// Targets with the places of their names.
pub(super) fn listed(
    lowered: Vec<(crate::target::Target, Option<crate::target::Slo>)>,
    names: &HashMap<String, Place>,
) -> Checked<Vec<Listed>> {
    let listed = |(target, slo): (crate::target::Target, _)| {
        let place = names.get(&*target.name).cloned().ok_or(Reported)?;
        Ok(Listed { target: Arc::new(target), slo, place })
    };
    lowered.into_iter().map(listed).collect()
}

fn whole(tree: &Node) -> Place {
    Place { position: tree.position, path: String::new(), from_env: None }
}

/// What one item of the list is, as targets.
fn raw(item: &Node, index: usize, raws: &mut Vec<(RawTarget, Place)>, context: &Context<'_>) -> Checked<()> {
    let decoder = Decoder::item(item, index, context.report);
    if is_group(item) {
        let field = Field::<RawGroup>::deserialize(decoder).map_err(|_| Reported)?;
        let (group, place) = field.checked()?.ok_or(Reported)?;
        return targets(group, &place, raws, context);
    }
    let field = Field::<RawTarget>::deserialize(decoder).map_err(|_| Reported)?;
    raws.push(field.checked()?.ok_or(Reported)?);
    Ok(())
}

/// Only a group has a key `targets`.
fn is_group(item: &Node) -> bool {
    match &item.value {
        Value::Mapping(entries) => entries.iter().any(|(key, _)| key.text == "targets"),
        Value::Scalar(_) | Value::Sequence(_) | Value::Refused => false,
    }
}

/// A group as the targets it stands for.
fn targets(
    group: RawGroup,
    place: &Place,
    raws: &mut Vec<(RawTarget, Place)>,
    context: &Context<'_>,
) -> Checked<()> {
    let (labels, whole) = group.labels.section();
    let urls = group.targets.checked()?.map(|(urls, _)| urls).unwrap_or_default();
    let RawLabels { name, provider, interval, timeout } = labels;
    let (name, provider) = (name.checked(), provider.checked());
    let (interval, timeout) = (interval.checked(), timeout.checked());
    let mut all = whole;
    if let Ok(Some((_, at))) = &name
        && urls.len() != 1
    {
        let message = format!("a name is that of one target, and this group has {}", urls.len());
        let help = "leave it out, so that each is named by its host, or write a group for each";
        all = Err(context.report.add_with_help(at, message, help));
    }
    for url in urls {
        let target = url.checked().and_then(|url| {
            let (text, at) = url.ok_or(Reported)?;
            let endpoint = of_url::endpoint_of(&text)
                .map_err(|error| context.refuse(&at, &text, "the URL of a target", &error))?;
            let (dialect, own) = of_url::dialect(&endpoint);
            let (provider, url) = match provider.clone()? {
                Some(given) => (given, endpoint.to_string()),
                None => ((dialect, at.clone()), own),
            };
            let name = name.clone()?.unwrap_or_else(|| (of_url::name(&endpoint), at.clone()));
            Ok(RawTarget {
                name: field(Some(name)),
                provider: field(Some(provider)),
                url: field(Some((url, at))),
                interval: field(interval.clone()?),
                timeout: field(timeout.clone()?),
                ..RawTarget::default()
            })
        });
        match target {
            Ok(target) => raws.push((target, place.clone())),
            Err(reported) => all = Err(reported),
        }
    }
    all
}

fn field<T>(given: Option<(T, Place)>) -> Field<T> {
    given.map_or(Field::Absent, |(value, place)| Field::Given(value, place))
}
