//! The hello and its answers: what rustls reads of the one, and written ones of servers for the other.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

const RECORD_1_0: &[u8] = &[22, 3, 1];

fn name() -> ServerName<'static> {
    ServerName::try_from("api.example").unwrap()
}

/// What comes of a server that answers with these bytes and then ends the connection, or says no more.
async fn answered(bytes: &[u8], min: MinTls, ends: bool) -> Older {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let bytes = bytes.to_vec();
    tokio::spawn(async move {
        let mut hello = [0; 64];
        theirs.read_exact(&mut hello).await.unwrap();
        assert_eq!(&hello[..3], RECORD_1_0);
        theirs.write_all(&bytes).await.unwrap();
        if !ends {
            std::future::pending::<()>().await;
        }
    });
    refuses_older(ours, min, &name(), Deadline::after(Instant::now(), Duration::from_secs(1))).await
}

fn hello_of(version: u8) -> Vec<u8> {
    [&[22, 3, version, 0, 80, 2, 0, 0, 76, 3, version][..], &[7; 74]].concat()
}

#[tokio::test(start_paused = true)]
async fn the_table_of_answers() {
    use MinTls::{V12, V13};
    let accepted = |text: &str| Older::Accepted(text.to_owned());
    assert_eq!(answered(&hello_of(2), V12, true).await, accepted("TLS 1.1"));
    assert_eq!(answered(&hello_of(1), V12, true).await, accepted("TLS 1.0"));
    assert_eq!(answered(&hello_of(0), V12, true).await, accepted("SSL 3.0"));
    assert_eq!(answered(&hello_of(3), V13, true).await, accepted("TLS 1.2"));
    let warned = [&[21, 3, 2, 0, 2, 1, 112][..], &hello_of(2)].concat();
    assert_eq!(answered(&warned, V12, false).await, accepted("TLS 1.1"), "a warning is no answer");
    let refused = |text: &str| Older::Refused(format!("TLS 1.1 and older offered: {text}"));
    assert_eq!(answered(&[21, 3, 1, 0, 2, 2, 70], V12, false).await, refused("alert ProtocolVersion"));
    assert_eq!(answered(&[21, 3, 1, 0, 2, 1, 0], V12, false).await, refused("alert CloseNotify"));
    for ended in [&b""[..], &[22, 3, 1, 0], &[21, 3, 1, 0, 2]] {
        assert!(matches!(answered(ended, V12, true).await, Older::Refused(_)), "{ended:?}");
    }
    for unclear in [
        &b""[..],
        b"HTTP/1.1 400 Bad Request\r\n",
        &hello_of(3),
        &[22, 3, 1, 0, 80, 11, 0, 0, 76, 3, 1],
        &[21, 3, 1, 0, 1, 2],
        &[21, 3, 1, 0, 2, 1, 112].repeat(WARNINGS),
    ] {
        let older = answered(unclear, V12, false).await;
        assert!(matches!(older, Older::Unknown(_)), "{unclear:?}: {older:?}");
    }
}

#[test]
fn only_an_accepted_version_is_a_finding() {
    let accepted = Older::Accepted("TLS 1.1".to_owned());
    let finding = accepted.finding("api.example", MinTls::V12).unwrap();
    assert_eq!(finding.0.reason, Reason::TlsOldVersionAccepted);
    assert_eq!(finding.0.detail, "api.example accepts TLS 1.1; nothing older than TLS 1.2 should be");
    for other in [Older::Refused(String::new()), Older::Unknown(String::new())] {
        assert_eq!(other.finding("api.example", MinTls::V12), None);
    }
}

#[test]
fn rustls_reads_the_hello_as_it_is_meant() {
    let hello = client_hello(Version::TLS_1_2, &name(), [5; 32]);
    let mut acceptor = rustls::server::Acceptor::default();
    acceptor.read_tls(&mut hello.as_slice()).unwrap();
    let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().unwrap();
    let read = accepted.client_hello();
    assert_eq!(read.server_name(), Some("api.example"));
    assert_eq!(read.cipher_suites().len(), GCM.len() + CBC.len());
    assert_eq!(read.signature_schemes().len(), SIGNATURES.len());
    assert_eq!(read.named_groups().unwrap().len(), GROUPS.len());
    // What is older than TLS 1.2 has no signature algorithms, and an address is no name.
    let old = client_hello(Version::TLS_1_1, &ServerName::try_from("192.0.2.1").unwrap(), [5; 32]);
    assert!(old.len() < hello.len() - SIGNATURES.len() * 2 - "api.example".len());
    assert_eq!(old[9..11], [3, 2]);
}

/// A real server at a socket in the file system, so that no port has to be found; it ends with this value.
struct Real {
    child: std::process::Child,
    socket: std::path::PathBuf,
}

impl Real {
    fn start(mut command: std::process::Command, socket: std::path::PathBuf) -> Self {
        use std::process::Stdio;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?}: {error}")), socket }
    }

    async fn asked(&mut self, min: MinTls) -> Older {
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(30));
        let stream = loop {
            if let Ok(stream) = tokio::net::UnixStream::connect(&self.socket).await {
                break stream;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended");
            assert!(Instant::now() < deadline.at(), "it does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        refuses_older(stream, min, &name(), deadline).await
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn real_servers_are_told_apart_by_what_they_take() {
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["api.example".to_owned()]).unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let (certificate, key) =
        (file("c.pem", &made.cert.pem()), file("k.pem", &made.signing_key.serialize_pem()));
    let (certificate, key) = (certificate.display(), key.display());
    let openssl = |name: &str, how: &[&str]| {
        let socket = directory.path().join(name);
        let mut command = std::process::Command::new("openssl");
        command.args(["s_server", "-quiet", "-unix"]).arg(&socket);
        command.arg("-cert").arg(certificate.to_string()).arg("-key").arg(key.to_string()).args(how);
        Real::start(command, socket)
    };
    let nginx = |name: &str, protocols: &str| {
        let socket = directory.path().join(format!("{name}.socket"));
        let config = format!(
            "daemon off; master_process off; pid {name}.pid; error_log stderr;\nevents {{ }}\nhttp {{ access_log off;\n\
             client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n\
             server {{ listen unix:{} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};\n\
             ssl_protocols {protocols}; ssl_ciphers ALL:@SECLEVEL=0; }} }}",
            socket.display()
        );
        let config = file(&format!("{name}.conf"), &config);
        // It is not on the search path of a plain user.
        let found = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
            .into_iter()
            .find(|path| std::path::Path::new(path).is_file());
        let mut command = std::process::Command::new(found.unwrap_or("nginx"));
        command.args(["-e", "stderr", "-p"]).arg(directory.path()).arg("-c").arg(config);
        Real::start(command, socket)
    };
    const ALL: &str = "ALL:@SECLEVEL=0";
    for (mut server, min, accepted) in [
        (openssl("only-1.0", &["-tls1", "-cipher", ALL]), MinTls::V12, Some("TLS 1.0")),
        (openssl("only-1.1", &["-tls1_1", "-cipher", ALL]), MinTls::V12, Some("TLS 1.1")),
        (openssl("only-1.2", &["-tls1_2"]), MinTls::V12, None),
        (openssl("1.2-too-old", &["-tls1_2"]), MinTls::V13, Some("TLS 1.2")),
        (openssl("only-1.3", &["-tls1_3"]), MinTls::V13, None),
        (nginx("from-1.0", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"), MinTls::V12, Some("TLS 1.1")),
        (nginx("from-1.2", "TLSv1.2 TLSv1.3"), MinTls::V12, None),
        (nginx("only-1.3-n", "TLSv1.3"), MinTls::V13, None),
    ] {
        let older = server.asked(min).await;
        let expected = match accepted {
            Some(version) => older == Older::Accepted(version.to_owned()),
            None => matches!(&older, Older::Refused(words) if words.contains("alert ProtocolVersion")),
        };
        assert!(expected, "{:?}: {older:?}", server.socket);
    }
}
