//! A certificate authority made with `openssl`: a root, an issuing one below it, and leaves with any dates.
//!
//! `openssl x509` also reads the certificates back: an independent second opinion on what the canary says of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{Timestamp, ToSpan as _};

use super::process::{program, put};

/// The name every leaf is for, with all names below it.
pub(crate) const NAME: &str = "peers.test";

/// The files of a certificate: the chain as a server presents it, and its key.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

/// What `openssl x509` says of a certificate.
#[derive(Debug, PartialEq)]
pub(crate) struct Facts {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial: String,
    pub(crate) fingerprint_sha256: String,
    pub(crate) alternative: String,
    pub(crate) not_after: Timestamp,
}

/// The authority, in a directory of its own.
pub(crate) struct Authority {
    directory: PathBuf,
}

impl Authority {
    pub(crate) fn new(directory: &Path) -> Self {
        let directory = directory.join("authority");
        std::fs::create_dir(&directory).unwrap();
        let authority = Self { directory };
        // A name with characters that must be escaped, and a serial whose first bit is set.
        put(&authority.directory, "serial", "F00D00000000000000000000000000C5\n");
        put(&authority.directory, "index.txt", "");
        put(
            &authority.directory,
            "ca.cnf",
            "[ca]\ndefault_ca=made\n[made]\ndir=.\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n\
             default_md=sha256\npolicy=policy\nunique_subject=no\n\
             [policy]\ncommonName=supplied\norganizationName=optional\ncountryName=optional\n\
             [issuing]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
             [leaf]\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n\
             extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:peers.test,DNS:*.peers.test\n",
        );
        authority.key("root");
        authority.openssl(&[
            "req",
            "-x509",
            "-new",
            "-key",
            "root.key",
            "-sha256",
            "-days",
            "3650",
            "-subj",
            "/C=DE/O=Peers/CN=Peers Root",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
            "-out",
            "root.pem",
        ]);
        // It is older than any leaf.
        let from = Timestamp::now() - (24 * 400).hours();
        authority.sign("issuing", "root", "issuing", "/C=DE/O=Peers/CN=Peers Issuing", from, 1000);
        authority
    }

    /// The file of the only certificate to trust.
    pub(crate) fn root(&self) -> PathBuf {
        self.directory.join("root.pem")
    }

    /// A leaf valid from a day ago for so many days from now, or one that has expired, for a negative number.
    pub(crate) fn leaf(&self, name: &str, days: i64) -> Certificate {
        let from = Timestamp::now() - (24 * (1 + 2 * days.abs())).hours();
        self.sign(name, "issuing", "leaf", &format!("/C=DE/O=Peers, Inc. \\+ Co/CN={NAME}"), from, days);
        let file = |file: &str| std::fs::read_to_string(self.directory.join(file)).unwrap();
        let chain = file(&format!("{name}.pem")) + &file("issuing.pem");
        let chain = put(&self.directory, &format!("{name}-chain.pem"), &chain);
        Certificate { chain, key: self.directory.join(format!("{name}.key")) }
    }

    fn key(&self, name: &str) {
        let file = format!("{name}.key");
        self.openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &file]);
    }

    fn sign(&self, name: &str, by: &str, extensions: &str, subject: &str, from: Timestamp, days: i64) {
        self.key(name);
        let file = |ending: &str| format!("{name}.{ending}");
        let (key, request, certificate) = (file("key"), file("csr"), file("pem"));
        self.openssl(&["req", "-new", "-key", &key, "-subj", subject, "-out", &request]);
        let until = Timestamp::now() + (24 * days).hours();
        // Only `openssl ca` of OpenSSL 3.0 makes certificates whose time is over.
        let date = |time: Timestamp| time.strftime("%Y%m%d%H%M%SZ").to_string();
        self.openssl(&[
            "ca",
            "-batch",
            "-config",
            "ca.cnf",
            "-extensions",
            extensions,
            "-cert",
            &format!("{by}.pem"),
            "-keyfile",
            &format!("{by}.key"),
            "-in",
            &request,
            "-out",
            &certificate,
            "-startdate",
            &date(from),
            "-enddate",
            &date(until),
            "-notext",
            "-preserveDN",
        ]);
    }

    fn openssl(&self, arguments: &[&str]) {
        said(program("openssl").current_dir(&self.directory).args(arguments));
    }
}

impl Certificate {
    /// The leaf as `openssl x509` reads it.
    pub(crate) fn facts(&self) -> Facts {
        let field = |question: &[&str]| {
            let mut command = program("openssl");
            command.args(["x509", "-noout", "-nameopt", "RFC2253", "-dateopt", "iso_8601", "-in"]);
            said(command.arg(&self.chain).args(question))
        };
        let value = |question: &[&str]| field(question).split_once('=').unwrap().1.trim().to_owned();
        let names = field(&["-ext", "subjectAltName"]);
        let names =
            names.lines().nth(1).unwrap().split(',').map(|name| name.trim().trim_start_matches("DNS:"));
        Facts {
            subject: value(&["-subject"]),
            issuer: value(&["-issuer"]),
            serial: value(&["-serial"]).to_lowercase(),
            fingerprint_sha256: value(&["-fingerprint", "-sha256"]).replace(':', "").to_lowercase(),
            alternative: names.collect::<Vec<_>>().join(","),
            not_after: value(&["-enddate"]).parse().unwrap(),
        }
    }
}

/// The output of a command that must succeed.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
