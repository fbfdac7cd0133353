//! The hosts that are called after a failure, to tell trouble here from trouble there.

use super::Context;
use crate::config::decode::Field;
use crate::config::problem::{Checked, Reported};
use crate::target::Endpoint;

/// The controls of a config, in its order; none where it does not say.
pub(super) fn controls(field: Field<Vec<Field<String>>>, context: &Context<'_>) -> Checked<Vec<Endpoint>> {
    let Some((list, _)) = field.checked()? else { return Ok(Vec::new()) };
    let mut controls: Vec<Endpoint> = Vec::new();
    let mut whole = Ok(());
    for item in list {
        match item.checked().and_then(|given| {
            let (url, place) = given.ok_or(Reported)?;
            let parsed = Endpoint::parse(&url)
                .map_err(|error| context.refuse(&place, &url, "the URL of a control", &error))?;
            let control = Endpoint { confidential: place.from_env.is_some(), ..parsed };
            if controls.iter().any(|other| other.shown() == control.shown()) {
                let message = format!("{} stands here more than once", place.show(&url));
                return Err(context.report.add(&place, message));
            }
            Ok(control)
        }) {
            Ok(control) => controls.push(control),
            Err(reported) => whole = Err(reported),
        }
    }
    whole.map(|()| controls)
}
