//! Asking Prometheus as Grafana does, and what comes back.

use serde_json::Value;

use crate::dashboards::board::{Query, list, text};
use crate::dashboards::variables::Variables;
use crate::exposition::Labels;
use crate::prometheus::server::Prometheus;
use crate::promql::seconds;

/// The range that is looked at, in seconds, and the time between two points of it, as Grafana computes it for the last hour
/// on an ordinary screen.
const RANGE: f64 = 3600.0;
const STEP: f64 = 5.0;

/// How many points are asked for: the tests have no longer past.
const POINTS: f64 = 4.0;

/// What came back.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    /// The labels of those series that have a value that is a number.
    pub(super) series: Vec<Labels>,
}

impl Shown {
    pub(super) fn something(&self) -> bool {
        !self.series.is_empty()
    }
}

/// What Prometheus answers to a query with these variables.
pub(super) async fn ask(
    prometheus: &Prometheus,
    query: Query<'_>,
    variables: &Variables,
) -> Result<Shown, String> {
    let configured = query.json["interval"].as_str();
    let variables = variables.clone().with_time(RANGE, STEP, configured);
    let asked = variables.fill(query.text()).map_err(|unknown| format!("unknown variables {unknown:?}"))?;
    let now = jiff::Timestamp::now().as_second();
    let instant = query.json["instant"].as_bool() == Some(true);
    let ranged = query.json["range"].as_bool().unwrap_or(!instant);
    let mut shown = Shown::default();
    if instant {
        let answer = prometheus.answer("query", &[("query", &asked), ("time", &now.to_string())]).await;
        shown.take(&answer).map_err(|error| format!("{error}: {asked}"))?;
    }
    if ranged || !instant {
        let step = configured.and_then(seconds).unwrap_or_default().max(STEP);
        // The last point is now, so that a long step does not end before anything was scraped.
        let start =
            jiff::Timestamp::from_second(now).unwrap() - jiff::SignedDuration::from_secs_f64(step * POINTS);
        let parameters = [
            ("query", asked.as_str()),
            ("start", &start.as_second().to_string()),
            ("end", &now.to_string()),
            ("step", &step.to_string()),
        ];
        let answer = prometheus.answer("query_range", &parameters).await;
        shown.take(&answer).map_err(|error| format!("{error}: {asked}"))?;
    }
    Ok(shown)
}

impl Shown {
    fn take(&mut self, answer: &Value) -> Result<(), String> {
        if text(answer, "status") != "success" {
            return Err(answer.to_string());
        }
        let data = &answer["data"];
        let number = |pair: &Value| {
            let value = pair[1].as_str().and_then(|text| text.parse::<f64>().ok());
            value.is_some_and(|value| !value.is_nan())
        };
        if text(data, "resultType") == "scalar" {
            self.series.extend(number(&data["result"]).then(Labels::new));
            return Ok(());
        }
        for series in list(&data["result"]) {
            let labels = series["metric"].as_object().into_iter().flatten();
            let labels = labels.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
            if list(&series["values"]).chain(series.get("value")).any(number) {
                self.series.push(labels.collect());
            }
        }
        Ok(())
    }
}
