//! The control endpoint: choose faults, see what was asked.

use super::fault::{Fault, names};
use super::host_faults::{Settable, normal};
use super::http::Executor;
use super::record::{RecordedQuery, RecordedRequest, RecordedTunnel};
use super::world::World;
use axum::extract::{DefaultBodyLimit, Path, State};
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
use tokio::net::TcpStream;

const HELP: &str = "\
The control endpoint of a simulated LLM provider.

GET    /faults                 every fault, and what is set
PUT    /faults/{host}/{fault}  give a host a fault
DELETE /faults/{host}          make a host healthy again
GET    /requests               the newest requests that reached the API
GET    /dns                    the newest DNS queries
GET    /tunnels                the newest tunnels the proxy was asked for
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
    Json(json!({"domain": world.faults.domain(), "faults": faults, "set": all_set(&world)}))
}

async fn set_fault(State(world): Shared, Path((host, fault)): Path<(String, String)>) -> Response {
    let fault = match fault.parse::<Fault>() {
        Ok(fault) => fault,
        Err(unknown) => return (StatusCode::NOT_FOUND, format!("{unknown}\n")).into_response(),
    };
    match world.faults.settable(&host) {
        Settable::Yes => {
            world.faults.set(&host, fault);
            Json(json!({"set": all_set(&world)})).into_response()
        }
        Settable::Fixed(fixed) => {
            let message = format!("{host} is named after the fault {fixed} and always has it\n");
            (StatusCode::CONFLICT, message).into_response()
        }
        Settable::Foreign => (StatusCode::NOT_FOUND, foreign(&world, &host)).into_response(),
    }
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

async fn ca_pem(State(world): Shared) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], world.tls.ca_pem().to_owned())
}

async fn intermediate_der(State(world): Shared) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/pkix-cert")], world.tls.intermediate_der().to_vec())
}

fn all_set(world: &World) -> Value {
    world.faults.all_set().into_iter().map(|(host, fault)| (host, Value::from(fault.name()))).collect()
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
    use super::super::test_client::{Answered, ask, exchange, get, request, start};
    use hickory_resolver::proto::rr::RecordType;
    use http::{Method, Version};
    use tokio::net::TcpStream;

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
    async fn unknown_names_are_answered_with_what_exists() {
        let simulator = start().await;
        for (method, path, status, exists) in [
            (Method::PUT, "/faults/api.sim.test/http-999", 404, "http-529"),
            (Method::PUT, "/faults/api.example/http-500", 404, "api.sim.test"),
            (Method::PUT, "/faults/api.sim.test", 404, "http-529"),
            (Method::PUT, "/faults/tls-eof.sim.test/http-500", 409, "always has it"),
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
