//! Lookups of real sockets on loopback that answer as told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::CNAME;
use hickory_resolver::proto::rr::{Name, RData, Record};

use super::scripted::{
    addresses, ask, ask_for, code, each, extended, failed, passed, reply, resolver, silence, udp, udp_and_tcp,
};
use super::*;
use crate::target::{Server, Validation};

async fn ask_udp(address: SocketAddr) -> Lookup {
    ask(Server::at(Transport::Udp, address)).await
}

fn cname(from: &str, to: &str) -> Record {
    let target = RData::CNAME(CNAME(Name::from_ascii(to).unwrap()));
    Record::from_rdata(Name::from_ascii(from).unwrap(), 60, target)
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_names_the_name_that_is_missing() {
    for rcode in [ResponseCode::NXDomain, ResponseCode::NoError] {
        let address = udp(each(move |asked| {
            let mut reply = reply(asked);
            reply.metadata.response_code = rcode;
            reply.add_answer(cname("x.example.", "gone.example.net."));
            reply
        }));
        let lookup = ask_udp(address.await).await;
        let (failure, evidence) = failed(&lookup);
        let words = "gone.example.net, to which x.example leads (CNAME)";
        assert!(failure.detail.ends_with(words), "{}", failure.detail);
        assert_eq!(evidence.cnames, ["gone.example.net."]);
        assert_eq!(evidence.ttl, Some(Duration::from_secs(60)));
    }
}

#[tokio::test]
async fn aliases_in_a_circle_are_malformed() {
    let address = udp(each(|asked| {
        let mut reply = reply(asked);
        reply.add_answers([cname("x.example.", "y.example."), cname("y.example.", "x.example.")]);
        reply
    }));
    let lookup = ask_udp(address.await).await;
    let (failure, _) = failed(&lookup);
    assert_eq!(failure.reason, Reason::DnsMalformed);
    assert!(failure.detail.contains("circle"), "{}", failure.detail);
}

#[tokio::test]
async fn strangers_replies_are_passed_over_and_named_when_nothing_better_comes() {
    let other_id = |asked: &Message| {
        let mut stray = reply(asked);
        stray.metadata.id = asked.metadata.id.wrapping_add(1);
        stray
    };
    let other_question = |asked: &Message| {
        let mut stray = reply(asked);
        stray.queries[0].set_name(Name::from_ascii("other.example.").unwrap());
        stray
    };
    let answers = addresses(&["192.0.2.1"]);
    let address = udp(Arc::new(move |asked: &Message| {
        [vec![other_id(asked), other_question(asked)], answers(asked)].concat()
    }));
    assert_eq!(passed(&ask_udp(address.await).await).queries, 1);
    for (script, what) in [(each(other_id), "another id"), (each(other_question), "another question")] {
        let server = resolver(Server::at(Transport::Udp, udp(script).await), Validation::Off);
        let time = Duration::from_millis(300);
        let lookup = ask_for("x.example", &server, SystemResolver::default(), time).await;
        let (failure, _) = failed(&lookup);
        assert_eq!(failure.reason, Reason::DnsMalformed);
        assert!(failure.detail.contains(&format!("only replies to {what}")), "{}", failure.detail);
    }
}

#[tokio::test]
async fn a_truncated_reply_is_asked_for_again_over_tcp() {
    let truncated = each(|asked| {
        let mut reply = reply(asked);
        reply.metadata.truncation = true;
        reply
    });
    let address = udp_and_tcp(truncated, addresses(&["192.0.2.7", "192.0.2.8"])).await;
    let lookup = ask_udp(address).await;
    let evidence = passed(&lookup);
    assert_eq!((evidence.addresses.len(), evidence.truncated, evidence.queries), (2, true, 2));
    assert_eq!(evidence.source, AnswerSource::Server { address, transport: Transport::Tcp });
}

#[tokio::test]
async fn a_truncated_reply_with_addresses_is_used_where_tcp_is_closed() {
    let answers = addresses(&["192.0.2.7"]);
    let address = udp(each(move |asked| {
        let mut reply = answers(asked).remove(0);
        reply.metadata.truncation = true;
        reply
    }));
    let address = address.await;
    let lookup = ask_udp(address).await;
    let evidence = passed(&lookup);
    assert_eq!(evidence.addresses, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    assert!(evidence.truncated);
    assert_eq!(evidence.unexpected, None, "nothing was expected");
    assert_eq!(evidence.source, AnswerSource::Server { address, transport: Transport::Udp });
}

#[tokio::test]
async fn a_truncated_reply_without_addresses_is_named_where_tcp_is_closed() {
    let address = udp(each(|asked| {
        let mut reply = reply(asked);
        reply.metadata.truncation = true;
        reply
    }));
    let lookup = ask_udp(address.await).await;
    let (failure, evidence) = failed(&lookup);
    assert_eq!(failure.reason, Reason::DnsRefused);
    assert!(failure.detail.ends_with("after a truncated reply over udp"), "{}", failure.detail);
    assert!(evidence.truncated);
}

#[tokio::test]
async fn a_server_that_does_not_know_edns_is_asked_again_without_it() {
    for rcode in [ResponseCode::FormErr, ResponseCode::NotImp, ResponseCode::BADVERS] {
        let answers = addresses(&["192.0.2.1"]);
        let script = each(move |asked| {
            let Some(edns) = &asked.edns else { return answers(asked).remove(0) };
            assert_eq!((edns.max_payload(), edns.flags().dnssec_ok), (1232, false));
            let mut reply = reply(asked);
            reply.metadata.response_code = rcode;
            if rcode != ResponseCode::BADVERS {
                reply.edns = None;
            }
            reply
        });
        let address = udp_and_tcp(Arc::clone(&script), script).await;
        for transport in [Transport::Udp, Transport::Tcp] {
            let lookup = ask(Server::at(transport, address)).await;
            let evidence = passed(&lookup);
            assert_eq!(evidence.queries, 2, "{rcode} over {transport}");
            assert_eq!(evidence.rcode.as_deref(), Some("NOERROR"));
        }
    }
    let lookup = ask_udp(udp(code(ResponseCode::FormErr)).await).await;
    let (failure, evidence) = failed(&lookup);
    assert_eq!((failure.reason, evidence.queries), (Reason::DnsServfail, 2), "it says so either way");
}

#[tokio::test]
async fn the_last_try_is_without_edns_for_boxes_that_drop_it() {
    let (answers, with_edns) = (addresses(&["192.0.2.1"]), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&with_edns);
    let address = udp(Arc::new(move |asked: &Message| match asked.edns {
        None => answers(asked),
        Some(_) => {
            counted.fetch_add(1, Ordering::Relaxed);
            Vec::new()
        }
    }));
    assert_eq!(passed(&ask_udp(address.await).await).queries, 3);
    assert_eq!(with_edns.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_a_server_says_beyond_the_response_code_is_told() {
    for (rcode, reason) in [
        (ResponseCode::Refused, Reason::DnsRefused),
        (ResponseCode::NXDomain, Reason::DnsNxdomain),
        (ResponseCode::ServFail, Reason::DnsServfail),
        (ResponseCode::NoError, Reason::DnsNodata),
    ] {
        let address = udp(each(move |asked| {
            let mut reply = reply(asked);
            reply.metadata.response_code = rcode;
            extended(reply, 15, "by\tpolicy")
        }));
        let lookup = ask_udp(address.await).await;
        let (failure, evidence) = failed(&lookup);
        assert_eq!(failure.reason, reason);
        assert!(failure.detail.contains("(extended error 15 Blocked: by.policy)"), "{}", failure.detail);
        assert!(!evidence.rcode.as_ref().unwrap().contains("extended"), "the rcode is the rcode alone");
    }
    let answers = addresses(&["0.0.0.0"]);
    let address = udp(each(move |asked| extended(answers(asked).remove(0), 17, "")));
    let lookup = ask_udp(address.await).await;
    let finding = &lookup.findings[0].0;
    assert_eq!(finding.reason, Reason::DnsSinkholed);
    assert!(finding.detail.ends_with("(extended error 17 Filtered)"), "{}", finding.detail);
}

#[tokio::test]
async fn a_server_that_hangs_up_over_tcp_refuses() {
    let address = udp_and_tcp(silence(), silence()).await;
    let lookup = ask(Server::at(Transport::Tcp, address)).await;
    let (failure, _) = failed(&lookup);
    assert_eq!(failure.reason, Reason::DnsRefused);
    assert!(failure.detail.ends_with("closed without a reply"), "{}", failure.detail);
}
