//! What each layer saw, whether it passed or failed: one file a layer.

pub(super) mod api;
pub(super) mod dns;
pub(super) mod proxy;
pub(super) mod tcp;
pub(super) mod tls;
