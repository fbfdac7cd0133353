//! The phrases of the told story and of what it is made of: headings, and what was seen, tried and found around the facts.
//!
//! Promises: each phrase has every language; all of its languages take the same values.

use super::{Language, Text, fill::fill, text};

macro_rules! phrases {
    ($($variant:ident, $en:literal, $zh:literal;)*) => {
        /// One phrase; `{name}` in it is a value to fill in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Phrase {
            $(#[doc = $en] $variant,)*
        }

        impl Phrase {
            /// Every phrase.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The phrase in every language.
            #[must_use]
            pub const fn text(self) -> Text {
                match self { $(Self::$variant => text($en, $zh),)* }
            }
        }
    };
}

phrases! {
    // What is around the program.
    Environment, "Environment", "环境";
    ThisProgram, "Program", "程序";
    Clock, "Clock", "时钟";
    ClockNow, "{clock}, as this machine has it", "{clock}（本机时间）";
    ProxyVariables, "Proxy", "代理";
    NoProxyVariables, "no proxy variable is set", "未设置任何代理变量";
    ProxyVariableHidden, "{name} is set, to something that is not fit to be shown", "已设置 {name}，但其值不宜显示";
    NameServers, "DNS", "DNS";
    NameServersOf, "{servers}, from {file}", "{servers}（来自 {file}）";
    SearchDomains, "search {domains}, ndots {ndots}", "搜索域 {domains}，ndots {ndots}";
    NoNameServers, "{file} names no server that can be asked: {problem}", "{file} 中没有可用的域名服务器：{problem}";
    TrustStore, "Trust", "证书库";
    Certificates, "{count} certificates in {places}", "{places} 中有 {count} 个证书";
    TrustedOnly, "Trusted for this target are only the certificates in {file}.", "此目标只信任 {file} 中的证书。";
    NoCertificates, "no certificates were found", "未找到任何证书";
    SetBy, "as the environment says: {variables}", "由环境变量决定：{variables}";
    TrustProblem, "cannot be read: {problem}", "无法读取：{problem}";
    WayOut, "Way out", "出口";
    WayOutBy, "{family} by {interface}", "{family} 经由 {interface}";
    WayOutVpn, "{family} by {interface}, which is a VPN by its name", "{family} 经由 {interface}（从名称看是 VPN）";
    NoWayOut, "there is no route to the internet", "没有通往互联网的路由";
    CurlGoes, "By the proxy variables, curl goes to this target through {proxy}.", "按代理变量，curl 经由 {proxy} 访问此目标。";
    CurlGoesDirect, "In spite of the proxy variables, curl goes straight to this target.", "尽管设置了代理变量，curl 仍直接访问此目标。";
    CurlFails, "By the proxy variables, curl gets nowhere: {problem}.", "按代理变量，curl 无法访问此目标：{problem}。";
    ClientDiffers, "Another client reads them differently: {client}", "其他客户端的读法不同：{client}";

    // Families.
    FamilyAny, "any family", "任意协议族";

    // Paths.
    Route, "Route {route}, {family}", "线路 {route}，{family}";
    RouteTo, "Route {route}, {family}, to {endpoint}", "线路 {route}，{family}，到 {endpoint}";
    NoPath, "There is no path to walk.", "没有可走的路径。";
    NotReached, "not reached", "未到达";
    NotPlanned, "not on this path", "此路径不经过";
    CanarySlow, "The canary itself was late by {late} in this journey; the times are those of the kernel.", "探针自身在此次探测中慢了 {late}；各项时间以内核为准。";
    WorkedAgain, "It worked when it was tried again, in attempt {attempt}.", "重试后成功（第 {attempt} 次尝试）。";
    OneAddress, "{address}, from {resolver} ({source})", "{address}，来自 {resolver}（{source}）";
    Addresses, "{count} addresses, from {resolver} ({source}): {addresses}", "{count} 个地址，来自 {resolver}（{source}）：{addresses}";
    HostsFile, "the hosts file", "hosts 文件";
    SpecialName, "a special name", "特殊名称";
    Nobody, "nobody answered", "无人应答";
    RoundTrip, "{address}, round trip {time}", "{address}，往返 {time}";
    AfterOthers, "{connected}, after others failed: {failed}", "{connected}，此前失败的地址：{failed}";
    TunnelThrough, "a tunnel through {proxy}", "经由 {proxy} 的隧道";
    CertificateOf, "{protocol}, the certificate is of {subject} from {issuer}, until {until}", "{protocol}，证书属于 {subject}，由 {issuer} 签发，有效期至 {until}";
    AnsweredStatus, "{call}: status {status}, {version}, answered by {who}", "{call}：状态码 {status}，{version}，应答者：{who}";
    AnsweredStatusOnly, "{call}: status {status}, {version}", "{call}：状态码 {status}，{version}";
    RequestId, "{answer}, request id {id}", "{answer}，请求编号 {id}";
    ByOrigin, "the API itself", "API 本身";
    ByEdge, "the provider's edge", "提供方的边缘节点";
    ByBetween, "something in between", "中间的某个设备";

    // Resolvers.
    Resolvers, "What the resolvers said", "各解析器的应答";
    ColumnResolver, "resolver", "解析器";
    ColumnType, "type", "类型";
    ColumnAnswer, "answer", "应答";
    ColumnTime, "time", "耗时";
    ColumnAddresses, "addresses", "地址";
    NoAnswer, "none", "无";

    // Experiments.
    TriedBeside, "What was tried beside", "追加实验";
    TellsNothing, "tells nothing: {why}", "没有结论：{why}";
    Said, "{who}: {what}", "{who}：{what}";
    Asked, "{resolver}, asked for {type}: {answer}", "向 {resolver} 查询 {type}：{answer}";
    ControlCalled, "the control {url}, {journeys}", "对照主机 {url}，{journeys}";
    RouteTried, "the route {route}, {journeys}", "线路 {route}，{journeys}";
    TriedAgain, "the same path again, {journeys}", "同一路径再试，{journeys}";
    FamilyTried, "the other family, {journeys}", "另一个地址族，{journeys}";
    Works, "works, in {time}", "正常，用时 {time}";
    FailsAt, "fails at {layer}: {reason}: {detail}", "在 {layer} 层失败：{reason}：{detail}";
    FailsAsWell, "fails as well ({reason})", "同样失败（{reason}）";
    NothingWalked, "there was no path to walk", "没有可走的路径";
    AnsweredInTls, "a TLS server answered", "有 TLS 服务器应答";
    AnsweredInTlsVersion, "a TLS server answered with {version}", "有 TLS 服务器以 {version} 应答";
    WithName, "with the server name {name}: {result}", "改用服务器名 {name}：{result}";
    WithSegments, "with segments of at most {bytes} bytes: {result}", "分段不超过 {bytes} 字节：{result}";
    WithClassicalKeys, "with classical key exchange only: {result}", "仅用传统密钥交换：{result}";
    WithHttp1, "over HTTP/1.1, {journeys}", "改用 HTTP/1.1，{journeys}";
    WithoutKey, "without a key, {journeys}", "不带密钥，{journeys}";
    PlainHttp, "plain HTTP is answered with status {status}", "明文 HTTP 得到状态码 {status}";
    PlainHttpWith, "{answer}, {name} {value}", "{answer}，{name} {value}";
    PlainOther, "what answers is not HTTP: {bytes}", "应答并非 HTTP：{bytes}";
    PlainNothing, "plain HTTP gets no answer: {words}", "明文 HTTP 没有应答：{words}";
    ClocksAgree, "the server's clock says {server}, as ours does", "服务器时钟为 {server}，与本机一致";
    ClockAhead, "the server's clock says {server}: ours is {difference} ahead", "服务器时钟为 {server}：本机快了 {difference}";
    ClockBehind, "the server's clock says {server}: ours is {difference} behind", "服务器时钟为 {server}：本机慢了 {difference}";
    IdleWorks, "a connection still works after {held} without a byte", "连接空闲 {held} 后仍可用";
    IdleFails, "after {held} without a byte a connection fails: {reason}: {detail}", "连接空闲 {held} 后失败：{reason}：{detail}";

    // The verdict.
    Findings, "Findings", "发现";
    Verdict, "Verdict: ", "结论：";
    StateOk, "works", "正常";
    StateDegraded, "degraded", "降级";
    StateDown, "down", "不可用";
    AllWorks, "Every path works from end to end.", "所有路径端到端正常。";
    AllWorksUpTo, "Every path works up to {layer}, which is as far as this target is walked.", "所有路径直到 {layer} 层均正常，此目标只检查到该层。";
    SomeWork, "It can be used, but not all is as it should be:", "可以使用，但并非一切正常：";
    WhoMustAct, "Who must act", "应由谁处理";
    WhatToDo, "What to do", "处理办法";
    NothingToDo, "Nothing.", "无需处理。";
    Evidence, "What speaks for it", "依据";
    RuledOut, "What was ruled out", "已排除";
    Overview, "All targets", "所有目标";

    // The report, beside the above.
    ReportTitle, "Diagnosis of {targets}", "{targets} 的诊断";
    ReportMade, "Made by api-canary {version} at {clock}.", "由 api-canary {version} 于 {clock} 生成。";
    ReportRedacted, "Internal addresses and names are replaced; each always by the same word.", "内部地址和名称已被替换；同一内容总是替换为同一个词。";
    Paths, "Paths", "路径";
    ColumnLayer, "layer", "层";
    ColumnState, "state", "状态";
    ColumnSeen, "what was seen", "所见";
    ColumnReason, "reason", "原因";
    ColumnExperiment, "experiment", "实验";
    ColumnResult, "result", "结果";
    Passed, "passed", "通过";
    Failed, "failed", "失败";
    CertificatesSeen, "Certificates", "证书";
    ColumnSubject, "subject", "主体";
    ColumnIssuer, "issuer", "签发者";
    ColumnValid, "valid", "有效期";
    ColumnNames, "names", "名称";
    ColumnFingerprint, "SHA-256", "SHA-256";

    // Progress.
    Walking, "walking all paths", "正在走所有路径";
    Trying, "trying beside: {experiment}", "正在实验：{experiment}";
    Holding, "keeping a connection idle for {held}", "保持连接空闲 {held}";
}

impl Phrase {
    /// The phrase in a language.
    #[must_use]
    pub const fn told(self, language: Language) -> &'static str {
        self.text().told(language)
    }

    /// The phrase in a language with its values put in. What is in a value is not looked at again.
    #[must_use]
    pub fn fill(self, language: Language, values: &[(&str, &str)]) -> String {
        fill(self.told(language), |name, _| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Phrases that are the same everywhere.
    const NAMES: [Phrase; 4] =
        [Phrase::NameServers, Phrase::ColumnFingerprint, Phrase::PlainHttpWith, Phrase::Said];

    fn values(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|part| part.split_once('}').expect("each { is closed").0).collect()
    }

    #[test]
    fn every_phrase_is_in_every_language_and_takes_the_same_values() {
        for phrase in Phrase::ALL {
            let Text { en, zh } = phrase.text();
            assert!(!en.is_empty() && en.is_ascii(), "{phrase:?}");
            let chinese = zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            let needed =
                !NAMES.contains(phrase) && *phrase != Phrase::PlainHttpWith && *phrase != Phrase::Said;
            assert_eq!(chinese, needed, "{phrase:?}: {zh}");
            assert_eq!(values(en), values(zh), "{phrase:?}");
        }
    }

    #[test]
    fn values_are_put_in_once() {
        let filled = Phrase::Said.fill(Language::English, &[("what", "{who}"), ("who", "a {what}")]);
        assert_eq!(filled, "a {what}: {who}");
        assert_eq!(Phrase::TellsNothing.fill(Language::Chinese, &[("why", "x")]), "没有结论：x");
    }
}
