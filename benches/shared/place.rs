//! Where a program of a bench runs: a network of its own with a resolver file of its own, and a CPU.
//!
//! A network namespace lives as long as the process that holds it, which ends with this value and with this process, so
//! that nothing is left behind. Making one takes root (CAP_SYS_ADMIN).

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The CPU of whoever probes, and that of everybody else.
pub(crate) const PROBER: usize = 1;
pub(crate) const OTHERS: usize = 0;

/// A network, loopback included, and who is asked for names there.
pub(crate) struct Place {
    holder: Child,
}

impl Place {
    /// A network with loopback only, whose programs ask this name server; `directory` is for its resolver file.
    pub(crate) fn new(directory: &Path, name_server: IpAddr) -> Result<Self> {
        let mut servers = tempfile::Builder::new().prefix("resolv").tempfile_in(directory)?;
        writeln!(servers, "nameserver {name_server}\noptions ndots:1 timeout:2")?;
        let (_, servers) = servers.keep()?;
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "sh", "-ec"]);
        command.arg("mount --bind \"$1\" /etc/resolv.conf; ip link set lo up; echo made; exec cat");
        command.arg("sh").arg(&servers);
        let mut holder =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take().ok_or("it has no output")?).read_line(&mut line)?;
        let mut place = Self { holder };
        if line != "made\n" {
            let mut error = String::new();
            place.holder.stderr.take().ok_or("it has no errors")?.read_to_string(&mut error)?;
            return Err(format!("a network of its own takes root (CAP_SYS_ADMIN): {error}").into());
        }
        // So that thousands of connections in a row find ports and places in the queues.
        for (name, value) in [
            ("net/ipv4/ip_local_port_range", "10000 65000"),
            ("net/ipv4/tcp_tw_reuse", "1"),
            ("net/core/somaxconn", "8192"),
            ("net/ipv4/tcp_max_syn_backlog", "8192"),
        ] {
            place.run("sh", &["-c", &format!("echo {value} >/proc/sys/{name}")])?;
        }
        Ok(place)
    }

    /// The process whose namespaces are the place's.
    pub(crate) fn process(&self) -> u32 {
        self.holder.id()
    }

    /// A program that will run there on this CPU; its process is the program itself.
    pub(crate) fn command(&self, cpu: usize, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.holder.id())).args(["--net", "--mount", "--"]);
        command.args(["taskset", "--cpu-list", &cpu.to_string()]).arg(found(program.as_ref()));
        command
    }

    /// Runs a program there, which must succeed; what it printed.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self.command(OTHERS, program).args(arguments).output()?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{program} {arguments:?}: {error}").into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Servers are in /usr/sbin, which is not on the path of every user.
fn found(program: &OsStr) -> std::path::PathBuf {
    let sbin = Path::new("/usr/sbin").join(program);
    if fs::exists(&sbin).unwrap_or(false) { sbin } else { program.into() }
}
