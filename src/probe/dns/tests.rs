//! Lookups of real sockets on loopback that answer as told.

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, CNAME};
use hickory_resolver::proto::rr::{Name, RData, Record};

use super::*;

/// A server that answers over UDP alone, with what `fill` makes of the reply.
async fn server(fill: impl Fn(&mut Message) + Send + 'static) -> SocketAddr {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
            let asked = Message::from_vec(&buffer[..length]).unwrap();
            let mut reply = Message::response(asked.metadata.id, OpCode::Query);
            reply.add_query(asked.queries[0].clone());
            fill(&mut reply);
            socket.send_to(&reply.to_vec().unwrap(), client).await.unwrap();
        }
    });
    address
}

async fn ask(address: SocketAddr) -> Lookup {
    let kind = ResolverKind::Server { address, transport: Transport::Udp };
    let resolver = Resolver { name: "test".into(), kind };
    let question = Question::new("x.example", RecordType::A).unwrap();
    let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
    lookup(&resolver, &SystemResolver::default(), &question, &[], deadline).await
}

fn alias(reply: &mut Message) {
    let target = RData::CNAME(CNAME(Name::from_ascii("gone.example.net.").unwrap()));
    reply.add_answers([Record::from_rdata(Name::from_ascii("x.example.").unwrap(), 60, target)]);
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_names_the_name_that_is_missing() {
    for rcode in [ResponseCode::NXDomain, ResponseCode::NoError] {
        let address = server(move |reply| {
            reply.metadata.response_code = rcode;
            alias(reply);
        });
        let Stage::Failed { failure, evidence, .. } = ask(address.await).await.stage else { panic!() };
        let words = "gone.example.net, to which x.example leads (CNAME)";
        assert!(failure.detail.ends_with(words), "{}", failure.detail);
        assert_eq!(evidence.cnames, ["gone.example.net."]);
        assert_eq!(evidence.ttl, Some(Duration::from_secs(60)));
    }
}

#[tokio::test]
async fn a_truncated_reply_with_addresses_is_used_where_tcp_is_closed() {
    let address = server(|reply| {
        reply.metadata.truncation = true;
        let a = RData::A(A::new(192, 0, 2, 7));
        reply.add_answers([Record::from_rdata(Name::from_ascii("x.example.").unwrap(), 60, a)]);
    });
    let address = address.await;
    let Stage::Passed { evidence, .. } = ask(address).await.stage else { panic!() };
    assert_eq!(evidence.addresses, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    assert!(evidence.truncated);
    assert_eq!(evidence.unexpected, None, "nothing was expected");
    assert_eq!(evidence.source, AnswerSource::Server { address, transport: Transport::Udp });
}

#[tokio::test]
async fn a_truncated_reply_without_addresses_is_named_where_tcp_is_closed() {
    let address = server(|reply| {
        reply.metadata.truncation = true;
    });
    let Stage::Failed { failure, evidence, .. } = ask(address.await).await.stage else { panic!() };
    assert_eq!(failure.reason, Reason::DnsRefused);
    assert!(failure.detail.ends_with("after a truncated reply over udp"), "{}", failure.detail);
    assert!(evidence.truncated);
}
