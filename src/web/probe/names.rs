//! Every gauge of `/probe`, declared once: blackbox_exporter's under their names, and ours beside them.

use crate::metrics::Gauge;

macro_rules! gauges {
    ($($constant:ident, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        $(pub(super) const $constant: Gauge = Gauge { name: $name, help: $help, labels: &[$($label),*] };)*

        /// All of them.
        #[cfg(test)]
        pub(super) const ALL: &[Gauge] = &[$($constant,)*];
    };
}

gauges! {
    SUCCESS, "probe_success", [],
        "1 if every layer that the module asks for passed and every expectation held, else 0.";
    DURATION, "probe_duration_seconds", [],
        "How long the probe took in seconds, up to the last layer that the module asks for.";
    TIMEOUT, "probe_timeout_seconds", [],
        "How long the probe might take in seconds: what the target allows, or less where the scraper gives up before.";
    TIMED_OUT, "probe_timed_out", [],
        "1 if no result was there in time, so that nothing else is known, else 0.";
    AGE, "probe_result_age_seconds", [],
        "How long ago the result was found, in seconds: one that is young enough is answered again.";
    PATH, "probe_path_info", ["endpoint", "route", "family"],
        "The path that is answered for; always 1.";
    LAYER, "probe_layer_success", ["layer"],
        "1 if the layer passed, 0 if it failed; absent if it was not reached, or the path has no such layer.";
    FAILURE, "probe_failure_info", ["layer", "reason", "blame"],
        "What is wrong at the lowest layer that has something wrong, and who must act; absent where nothing is, always 1.";
    LOOKUP, "probe_dns_lookup_time_seconds", [],
        "How long the name lookup took in seconds; 0 for an address, absent where a proxy looks up the name.";
    IP, "probe_ip_protocol", [],
        "The version of IP that was used, 4 or 6; 0 if no address was found, absent where a proxy chooses it.";
    HASH, "probe_ip_addr_hash", [],
        "The FNV-1a hash (32 bits) of the address that was used, to see that it changes; 0 if none was found.";
    DNS_DURATION, "probe_dns_duration_seconds", ["phase"],
        "How long a phase of the lookup took in seconds: resolve is 0, as name servers are known by address; request is all the rest.";
    DNS_ANSWERS, "probe_dns_answer_rrs", [],
        "The number of records in the answer: the addresses, and the aliases on the way to them; absent where no name server replied.";
    DNS_SUCCEEDED, "probe_dns_query_succeeded", [],
        "1 if a reply came that could be read, whatever it says, else 0.";
    HTTP_DURATION, "probe_http_duration_seconds", ["phase"],
        "How long a phase took in seconds; 0 for one that was not reached or that the path does not have. Where the name was not found there is only resolve.";
    STATUS, "probe_http_status_code", [],
        "The status code of the response; 0 if there was none.";
    LENGTH, "probe_http_content_length", [],
        "The length of the body by what the response says; absent where it does not say.";
    BODY, "probe_http_uncompressed_body_length", [],
        "The length of the body as it was read, at most 1 MiB; absent without a response.";
    REDIRECTS, "probe_http_redirects", [],
        "1 if the response was a redirect, which is not followed, else 0.";
    SSL, "probe_http_ssl", [],
        "1 if the response came over TLS, else 0.";
    VERSION, "probe_http_version", [],
        "The version of HTTP of the response, 1.1 or 2; absent without a response.";
    MODIFIED, "probe_http_last_modified_timestamp_seconds", [],
        "When what was asked for was last changed, in Unix time, by what the response says; absent where it does not say.";
    REGEX, "probe_failed_due_to_regex", [],
        "1 if the probe failed because the body is not as the config expects it, else 0.";
    EXPIRY, "probe_ssl_earliest_cert_expiry", [],
        "When the first of the presented certificates expires, in Unix time, also where they did not verify.";
    CHAIN_EXPIRY, "probe_ssl_last_chain_expiry_timestamp_seconds", [],
        "When the verified chain expires, in Unix time; absent where it did not verify.";
    CHAIN, "probe_ssl_last_chain_info", ["fingerprint_sha256", "issuer", "subject", "subjectalternative", "serialnumber"],
        "The server certificate as presented, also where it did not verify; always 1.";
    TLS_VERSION, "probe_tls_version_info", ["version"],
        "The version of TLS that was agreed on; always 1.";
    TLS_CIPHER, "probe_tls_cipher_info", ["cipher"],
        "The cipher suite that was agreed on; always 1.";
}
