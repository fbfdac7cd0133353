//! Who must act, and the names of the layers.

use super::{Language, text};
use crate::outcome::{Blame, Layer};

/// Who must act, in words.
#[must_use]
pub const fn blame(blame: Blame, language: Language) -> &'static str {
    match blame {
        Blame::Resolver => text("whoever runs the name servers", "域名服务器的管理者"),
        Blame::Network => {
            text("whoever runs the network between here and the provider", "从此处到提供方之间网络的管理者")
        }
        Blame::Proxy => text("whoever runs the proxy", "代理的管理者"),
        Blame::Provider => text("the provider", "API 提供方"),
        Blame::Account => text("whoever owns the account or key", "账户或密钥的所有者"),
        Blame::Config => text("whoever wrote the configuration", "编写配置的人"),
        Blame::Canary => text("whoever runs the canary", "探针所在机器的管理者"),
    }
    .told(language)
}

/// A layer's name.
#[must_use]
pub const fn layer(layer: Layer, language: Language) -> &'static str {
    match layer {
        Layer::Dns => text("DNS", "DNS"),
        Layer::Tcp => text("TCP", "TCP"),
        Layer::Proxy => text("Proxy", "代理"),
        Layer::Tls => text("TLS", "TLS"),
        Layer::Api => text("API", "API"),
    }
    .told(language)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_and_every_layer_has_a_name_of_its_own() {
        use Blame::{Account, Canary, Config, Network, Provider, Proxy, Resolver};
        for language in Language::ALL {
            let blames = [Resolver, Network, Proxy, Provider, Account, Config, Canary];
            let names: BTreeSet<_> = blames.iter().map(|who| blame(*who, language)).collect();
            assert_eq!(names.len(), blames.len());
            let layers: BTreeSet<_> = Layer::ALL.iter().map(|which| layer(*which, language)).collect();
            assert_eq!(layers.len(), Layer::ALL.len());
        }
    }
}
