//! The control endpoint: choose faults, see what was asked.

use super::counts::Counts;
use super::fault::{Fault, names};
use super::host_faults::{Lasting, Settable, normal};
use super::http::Executor;
use super::record::{RecordedQuery, RecordedRequest, RecordedTunnel};
use super::world::World;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

const HELP: &str = "\
The control endpoint of a simulated LLM provider.

GET    /faults                 every fault, and what is set
PUT    /faults/{host}/{fault}  give a host a fault; with ?for=10s or ?requests=5 it ends by itself after
                               that time or after so many API requests that had it, whichever is first
DELETE /faults/{host}          make a host healthy again
GET    /requests               the newest requests that reached the API
GET    /dns                    the newest DNS queries
GET    /tunnels                the newest tunnels the proxy was asked for
GET    /counts                 how often each host was asked for at each layer since the start
GET    /ca.pem                 the root certificate to trust
GET    /intermediate.der       the intermediate certificate
";

type Shared = State<Arc<World>>;

pub(super) async fn serve(stream: TcpStream, router: Router) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let service = TowerToHyperService::new(router);
    auto::Builder::new(Executor)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(io::Error::other)
}

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/", get(async || HELP))
        .route("/faults", get(list_faults))
        .route("/faults/{host}", put(fault_missing).delete(clear_fault))
        .route("/faults/{host}/{fault}", put(set_fault))
        .route("/requests", get(requests))
        .route("/dns", get(dns_queries))
        .route("/tunnels", get(tunnels))
        .route("/counts", get(counts))
        .route("/ca.pem", get(ca_pem))
        .route("/intermediate.der", get(intermediate_der))
        .fallback(async || (StatusCode::NOT_FOUND, HELP))
        .layer(DefaultBodyLimit::max(super::accept::MAX_BODY))
        .with_state(world)
}

async fn list_faults(State(world): Shared) -> Json<Value> {
    let describe =
        |fault: &Fault| json!({"name": fault.name(), "layer": fault.layer(), "summary": fault.summary()});
    let faults: Vec<_> = Fault::ALL.iter().map(describe).collect();
    Json(
        json!({"domain": world.faults.domain(), "faults": faults, "set": all_set(&world), "ends": ends(&world)}),
    )
}

async fn set_fault(
    State(world): Shared,
    Path((host, fault)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let fault = match fault.parse::<Fault>() {
        Ok(fault) => fault,
        Err(unknown) => return (StatusCode::NOT_FOUND, format!("{unknown}\n")).into_response(),
    };
    let lasting = match lasting(fault, query.as_deref().unwrap_or_default()) {
        Ok(lasting) => lasting,
        Err(wrong) => return (StatusCode::BAD_REQUEST, format!("{wrong}\n")).into_response(),
    };
    match world.faults.settable(&host) {
        Settable::Yes => {
            world.faults.set(&host, fault, lasting);
            Json(json!({"set": all_set(&world), "ends": ends(&world)})).into_response()
        }
        Settable::Fixed(fixed) => {
            let message = format!("{host} is named after the fault {fixed} and always has it\n");
            (StatusCode::CONFLICT, message).into_response()
        }
        Settable::Foreign => (StatusCode::NOT_FOUND, foreign(&world, &host)).into_response(),
    }
}

/// Reads `for=10s&requests=5`.
fn lasting(fault: Fault, query: &str) -> Result<Lasting, String> {
    let mut lasting = Lasting::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("for", time) => {
                let read = time.parse::<jiff::SignedDuration>().ok();
                let read = read.and_then(|time| Duration::try_from(time).ok()).filter(|time| !time.is_zero());
                lasting.time = Some(
                    read.ok_or_else(|| format!("for={time} is no duration; write it like 10s or 1m30s"))?,
                );
            }
            ("requests", _) if fault.layer() != "api" => {
                return Err(format!(
                    "{fault} is below the API, where no request is counted: end it with for=10s"
                ));
            }
            ("requests", count) => {
                let read = count.parse().ok().filter(|count| *count > 0);
                lasting.requests =
                    Some(read.ok_or_else(|| format!("requests={count} is no number of requests from 1"))?);
            }
            (other, _) => {
                return Err(format!("`{other}` is unknown; what ends a fault is for=10s or requests=5"));
            }
        }
    }
    Ok(lasting)
}

async fn fault_missing() -> (StatusCode, String) {
    (
        StatusCode::NOT_FOUND,
        format!("say which: PUT /faults/{{host}}/{{fault}}; the faults are: {}\n", names()),
    )
}

async fn clear_fault(State(world): Shared, Path(host): Path<String>) -> Response {
    match world.faults.settable(&host) {
        Settable::Foreign => return (StatusCode::NOT_FOUND, foreign(&world, &host)).into_response(),
        Settable::Fixed(_) | Settable::Yes => {}
    }
    if world.faults.clear(&host) {
        return Json(json!({"set": all_set(&world)})).into_response();
    }
    let set = world.faults.all_set();
    let set: Vec<_> = set.keys().map(String::as_str).collect();
    let others = if set.is_empty() { "no host".to_owned() } else { set.join(", ") };
    let message = format!("no fault is set for {}; one is set for: {others}\n", normal(&host));
    (StatusCode::NOT_FOUND, message).into_response()
}

async fn requests(State(world): Shared) -> Json<Vec<RecordedRequest>> {
    Json(world.requests.entries())
}

async fn dns_queries(State(world): Shared) -> Json<Vec<RecordedQuery>> {
    Json(world.queries.entries())
}

async fn tunnels(State(world): Shared) -> Json<Vec<RecordedTunnel>> {
    Json(world.tunnels.entries())
}

async fn counts(State(world): Shared) -> Json<Counts> {
    Json(world.counter.counts())
}

async fn ca_pem(State(world): Shared) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], world.tls.ca_pem().to_owned())
}

async fn intermediate_der(State(world): Shared) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/pkix-cert")], world.tls.intermediate_der().to_vec())
}

fn all_set(world: &World) -> Value {
    world.faults.all_set().into_iter().map(|(host, set)| (host, Value::from(set.fault.name()))).collect()
}

/// What is left of the faults that end by themselves, by host.
fn ends(world: &World) -> Value {
    let set = world.faults.all_set().into_iter();
    let ends = set.filter_map(|(host, set)| {
        let (seconds, requests) = (set.time_left().map(|time| time.as_secs_f64()), set.requests_left());
        let bounded = seconds.is_some() || requests.is_some();
        bounded.then(|| (host, json!({"seconds": seconds, "requests": requests})))
    });
    ends.collect()
}

fn foreign(world: &World, host: &str) -> String {
    format!(
        "{host} is not simulated: the hosts are {0} and every name below it, such as api.{0}\n",
        world.faults.domain()
    )
}

#[cfg(test)]
mod tests {
    use super::super::Simulator;
    use super::super::fault::Fault;
    use super::super::test_client::{Answered, PATIENCE, ask, exchange, get, request, start};
    use hickory_resolver::proto::rr::RecordType;
    use http::{Method, Version};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    async fn control(simulator: &Simulator, method: Method, path: &str) -> Answered {
        let address = simulator.control_address();
        let stream = TcpStream::connect(address).await.unwrap();
        let request = request(method, "http", &address.to_string(), path, &[], "");
        exchange(stream, Version::HTTP_11, request).await.unwrap()
    }

    #[tokio::test]
    async fn faults_are_listed_set_and_cleared() {
        let simulator = start().await;
        let list = control(&simulator, Method::GET, "/faults").await.json();
        assert_eq!(list["faults"].as_array().unwrap().len(), Fault::ALL.len());
        assert_eq!(list["faults"][0]["layer"], "dns");

        let set = control(&simulator, Method::PUT, "/faults/API.sim.test/http-429").await;
        assert_eq!((set.status.as_u16(), &set.json()["set"]["api.sim.test"]), (200, &"http-429".into()));
        assert_eq!(get(&simulator, "api.sim.test", "/ok", &[]).await.unwrap().status, 429);

        assert_eq!(control(&simulator, Method::DELETE, "/faults/api.sim.test").await.status, 200);
        assert_eq!(get(&simulator, "api.sim.test", "/ok", &[]).await.unwrap().status, 200);
        assert_eq!(control(&simulator, Method::DELETE, "/faults/api.sim.test").await.status, 404);
    }

    #[tokio::test]
    async fn a_fault_ends_by_itself_after_a_time_or_so_many_requests() {
        let simulator = start().await;
        let status = async || get(&simulator, "api.sim.test", "/ok", &[]).await.unwrap().status.as_u16();
        let set = control(&simulator, Method::PUT, "/faults/api.sim.test/http-429?requests=2").await.json();
        assert_eq!(set["ends"]["api.sim.test"]["requests"], 2);
        assert_eq!([status().await, status().await, status().await], [429, 429, 200]);

        let set = control(&simulator, Method::PUT, "/faults/api.sim.test/http-529?for=1h&requests=9").await;
        let left = set.json()["ends"]["api.sim.test"]["seconds"].as_f64().unwrap();
        assert!(left > 3500.0 && left <= 3600.0, "{left}");
        assert_eq!(status().await, 529);
        control(&simulator, Method::PUT, "/faults/api.sim.test/http-529?for=1ms").await;
        timeout(PATIENCE, async { while status().await != 200 {} }).await.unwrap();
        assert_eq!(control(&simulator, Method::GET, "/faults").await.json()["set"], serde_json::json!({}));
    }

    #[tokio::test]
    async fn unknown_names_are_answered_with_what_exists() {
        let simulator = start().await;
        for (method, path, status, exists) in [
            (Method::PUT, "/faults/api.sim.test/http-999", 404, "http-529"),
            (Method::PUT, "/faults/api.example/http-500", 404, "api.sim.test"),
            (Method::PUT, "/faults/api.sim.test", 404, "http-529"),
            (Method::PUT, "/faults/tls-eof.sim.test/http-500", 409, "always has it"),
            (Method::PUT, "/faults/api.sim.test/http-500?for=soon", 400, "10s"),
            (Method::PUT, "/faults/api.sim.test/http-500?requests=0", 400, "from 1"),
            (Method::PUT, "/faults/api.sim.test/tls-eof?requests=1", 400, "for=10s"),
            (Method::PUT, "/faults/api.sim.test/http-500?until=now", 400, "requests=5"),
            (Method::PUT, "/faults/http-429.openai.sim.test/http-500", 409, "always has it"),
            (Method::DELETE, "/faults/api.example", 404, "api.sim.test"),
            (Method::GET, "/nothing", 404, "/faults"),
        ] {
            let answer = control(&simulator, method, path).await;
            let text = String::from_utf8(answer.body.to_vec()).unwrap();
            assert!(answer.status == status && text.contains(exists), "{path}: {} {text}", answer.status);
        }
    }

    #[tokio::test]
    async fn what_was_asked_can_be_read_back() {
        let simulator = start().await;
        ask(&simulator, "api.sim.test.", RecordType::A).await;
        get(&simulator, "api.sim.test", "/ok?x=1", &[]).await.unwrap();
        let queries = control(&simulator, Method::GET, "/dns").await.json();
        assert_eq!((&queries[0]["name"], &queries[0]["record_type"]), (&"api.sim.test".into(), &"A".into()));
        let requests = control(&simulator, Method::GET, "/requests").await.json();
        assert_eq!((&requests[0]["path"], &requests[0]["keyed"]), (&"/ok".into(), &false.into()));
        assert_eq!(control(&simulator, Method::GET, "/ca.pem").await.body, simulator.ca_pem());
        assert!(control(&simulator, Method::GET, "/intermediate.der").await.body.starts_with(&[0x30]));
        assert!(control(&simulator, Method::GET, "/").await.body.starts_with(b"The control endpoint"));
    }
}
