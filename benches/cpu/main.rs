//! What a fresh probe costs: the whole program beside the least work that does the same, and beside blackbox_exporter.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/place.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod place;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod process;
#[path = "../shared/servers.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod servers;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};

use place::Place;
use servers::{Nginx, Pki};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let place = Place::new(directory.path(), local)?;
    let pki = Pki::new(directory.path())?;
    let nginx = Nginx::start(&place, local, &pki, directory.path(), "", false)?;
    let _unbound = servers::unbound(&place, local, local, directory.path())?;
    let blackbox = servers::blackbox(&place, local, "modules: {tcp: {prober: tcp}}", directory.path())?;
    println!("{:?} {:?}", nginx.served(&place)?, blackbox.holds()?);
    println!(
        "{}",
        place.run(
            "curl",
            &[
                "-s",
                "--cacert",
                &pki.root_file.display().to_string(),
                "-w",
                "%{http_version} %{time_total}",
                "https://t1.bench.test:8443/v1/models"
            ]
        )?
    );
    Ok(())
}
