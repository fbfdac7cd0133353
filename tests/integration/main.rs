//! The integration tests: the real binary, real peers, and the simulated provider, on loopback and in network
//! namespaces.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod api;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod compose;
#[cfg(test)]
mod config_errors;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod diagnose;
#[cfg(test)]
mod diagnosis;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod endpoints;
#[cfg(test)]
mod exposition;
#[cfg(test)]
mod exposition_format;
#[cfg(test)]
mod false_alarms;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod history;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod image;
#[cfg(test)]
mod incidents;
#[cfg(test)]
mod inquiries;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod live_page;
#[cfg(test)]
mod misfit;
#[cfg(test)]
mod mixin;
#[cfg(test)]
mod namespaces;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod ordinary;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod probe_endpoint;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod promql;
#[cfg(test)]
mod proxy_variables;
#[cfg(test)]
mod python;
#[cfg(test)]
mod resolvers;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod reused;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod scheduling;
#[cfg(test)]
mod sdk_check;
#[cfg(test)]
mod sdk_clients;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod series;
#[cfg(test)]
mod shards;
#[cfg(test)]
mod status;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod target_pages;
#[cfg(test)]
mod top_layers;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod vantages;
#[cfg(test)]
mod workspace;
