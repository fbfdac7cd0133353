//! What resolvers say that the target does not ask.

use futures_util::future::join_all;
use tokio::time::Instant;

use super::scene::Scene;
use crate::outcome::{Family, FollowUp, RecordType, Trial};
use crate::probe::dns::{PreparedResolver, Question};
use crate::target::{Host, Resolver};

/// Asks each of them for the addresses of the family of the trouble, or for both where it has none.
pub(super) async fn other_resolvers(scene: &Scene<'_>) -> Vec<FollowUp> {
    let begun = Instant::now();
    let types: &[RecordType] = match scene.wanted.family {
        Family::Ipv4 => &[RecordType::A],
        Family::Ipv6 => &[RecordType::Aaaa],
        Family::Any => &[RecordType::A, RecordType::Aaaa],
    };
    let resolvers = scene.with.resolvers_beside(scene.target);
    let questions = resolvers.flat_map(|resolver| types.iter().map(move |kind| (resolver, *kind)));
    let made = join_all(questions.map(|(resolver, kind)| async move {
        // Boxed: a lookup over TLS is large.
        scene.told(begun, Box::pin(ask(scene, resolver, kind)).await)
    }));
    let made = made.await;
    if made.is_empty() {
        return vec![scene.told(begun, Err("there is no resolver that the target does not ask".to_owned()))];
    }
    made
}

async fn ask(scene: &Scene<'_>, resolver: &Resolver, record_type: RecordType) -> Result<Trial, String> {
    let Host::Name(name) = &scene.site.endpoint.host else {
        return Err(format!("{} is an address: there is nothing to ask", scene.site.endpoint.host));
    };
    let question = Question::new(name, record_type).map_err(|error| error.to_string())?;
    let prepared = PreparedResolver::new(resolver, &scene.with.system).map_err(|error| error.to_string())?;
    let _taken = scene.take(prepared.sockets()).await?;
    let asked = prepared.lookup(&question, &scene.site.expected_networks, scene.deadline).await;
    Ok(Trial::OtherResolver {
        resolver: std::sync::Arc::clone(&resolver.name),
        record_type,
        stage: asked.effective.stage,
    })
}
