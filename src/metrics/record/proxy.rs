//! The tunnel's series.

use std::time::Duration;

use crate::metrics::Cells;
use crate::metrics::catalogue::Family;
use crate::outcome::ProxyEvidence;

pub(super) fn tunnel(cells: &mut Cells, evidence: Option<&ProxyEvidence>) {
    let phases = evidence.map(|evidence| evidence.phases).unwrap_or_default();
    for (phase, took) in [
        ("resolve", phases.resolve),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("tunnel", phases.tunnel),
    ] {
        cells.put(Family::ProbeProxyDuration, &[phase], took.as_ref().map(Duration::as_secs_f64));
    }
    let status = evidence.and_then(|evidence| evidence.status);
    cells.put(Family::ProbeProxyStatusCode, &[], status.map(f64::from));
}
