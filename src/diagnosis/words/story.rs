//! The short texts of a diagnosis that is told: headings, states, progress, the report.
//!
//! Promises: the same placeholders in every language.

use super::{Language, Text, fill::fill, text};

macro_rules! phrases {
    ($($variant:ident: $en:literal, $zh:literal;)*) => {
        /// A phrase of a diagnosis that is told.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Phrase {
            $(#[doc = concat!("`", $en, "`")] $variant,)*
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

impl Phrase {
    /// The phrase in a language, its placeholders as they stand.
    #[must_use]
    pub const fn told(self, language: Language) -> &'static str {
        self.text().told(language)
    }

    /// The phrase in a language, its placeholders filled by name.
    #[must_use]
    pub fn fill(self, language: Language, values: &[(&str, &str)]) -> String {
        fill(self.told(language), |name, _| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }
}

phrases! {
    // What is being done.
    Diagnosing: "diagnosing {target}", "正在诊断 {target}";
    WalkingAllPaths: "walking all paths", "正在走所有路径";
    FollowingUp: "following up: {experiment}", "追加实验：{experiment}";
    ReadingEnvironment: "reading the environment", "正在读取环境";
    Waiting: "waiting", "等待中";
    Done: "done", "完成";
    ReportWritten: "Report written to {file}", "报告已写入 {file}";

    // The environment.
    Environment: "Environment", "环境";
    ProxyVariables: "Proxy variables", "代理变量";
    NameServers: "Name servers", "域名服务器";
    NameServersOf: "{servers} (from {file})", "{servers}（来自 {file}）";
    SearchDomains: "Search domains", "搜索域";
    HostsFile: "Hosts file", "hosts 文件";
    HostsFileHas: "{host} is {addresses} by {file}", "{file} 将 {host} 指向 {addresses}";
    HostsFileSilent: "says nothing of {host}", "未提及 {host}";
    TrustStore: "Trust store", "信任库";
    TrustStoreOf: "{count} certificates of {place}", "{place} 中的 {count} 张证书";
    BundledRoots: "bundled Mozilla roots", "内置 Mozilla 根证书";
    MachineStore: "this machine's store", "本机信任库";
    Clock: "Clock", "时钟";
    ClockInStep: "in step with {host}", "与 {host} 一致";
    ClockAhead: "ahead of {host} by {time}", "比 {host} 快 {time}";
    ClockBehind: "behind {host} by {time}", "比 {host} 慢 {time}";
    Interface: "Way out", "出口";
    InterfaceOf: "{interface} ({address})", "{interface}（{address}）";
    OverFamily: "{what} over {family}", "经 {family}：{what}";
    NoWayOut: "no way out over {family}", "{family} 没有出口";
    Vantage: "Vantage", "观测点";
    Version: "Version", "版本";
    System: "System", "系统";
    Time: "Time", "时间";
    None: "none", "无";
    Set: "set", "已设置";
    NotSet: "not set", "未设置";
    Unknown: "unknown", "未知";
    Yes: "yes", "是";
    No: "no", "否";
    CouldNotBeRead: "could not be read: {why}", "无法读取：{why}";
    Redacted: "[redacted]", "[已隐去]";

    // The target and its paths.
    Target: "Target", "目标";
    TargetAt: "{target} at {url}", "{target}，位于 {url}";
    Endpoint: "Endpoint", "端点";
    Provider: "Provider", "提供方";
    Call: "Call", "调用";
    Key: "Key", "密钥";
    WithKey: "with a key", "带密钥";
    WithoutKey: "without a key", "不带密钥";
    Resolver: "Resolver", "解析器";
    Resolvers: "Resolvers", "解析器";
    Answers: "Answers", "答案";
    NoAddresses: "no addresses", "没有地址";
    ResolverAnswers: "{resolver} answers {answers}", "{resolver} 的答案：{answers}";
    Paths: "Paths", "路径";
    PathHeading: "route {route} over {family}", "线路 {route}，经 {family}";
    PathHeadingProxied: "route {route} (the proxy resolves the name)", "线路 {route}（由代理解析域名）";
    PathToEndpoint: "{path} to {endpoint}", "{path}，到 {endpoint}";
    Path: "Path", "路径";
    Route: "Route", "线路";
    Family: "Family", "地址族";
    Layer: "Layer", "层";
    State: "State", "状态";
    Reason: "Reason", "原因";
    Detail: "Detail", "详情";
    Passed: "passed", "通过";
    Failed: "failed", "失败";
    NotReached: "not reached", "未到达";
    NotPlanned: "not planned", "未安排";
    AfterSeconds: "after {n} s", "{n} 秒后";
    TookSeconds: "{n} s", "{n} 秒";
    TookMilliseconds: "{n} ms", "{n} 毫秒";
    TookInAll: "took {time} in all", "总共耗时 {time}";
    RoundTrip: "round trip {time}", "往返 {time}";
    ConnectedTo: "connected to {address}", "已连接到 {address}";
    Through: "through {proxy}", "经由 {proxy}";
    CertificateIssuedBy: "certificate issued by {issuer}, valid until {date}", "证书由 {issuer} 颁发，有效期至 {date}";
    TrustedBy: "trusted by {store}", "受{store}信任";
    NotTrustedBy: "not trusted by {store}", "不受{store}信任";
    StatusIn: "status {status} over {version}", "状态码 {status}，{version}";
    RequestId: "request id {id}", "请求 ID {id}";
    FirstTokenAfter: "first token after {time}", "首个 token 在 {time} 后";
    AndMore: "and {n} more", "另有 {n} 项";
    NoRun: "no path could be walked", "没有可走的路径";

    // What it comes to.
    Findings: "Findings", "发现的问题";
    NoFindings: "nothing to remark", "没有值得一提的问题";
    WhatWasTried: "What was tried to find out more", "为查明原因所做的尝试";
    NothingTried: "no experiment would have told more", "没有能提供更多信息的实验";
    TellsApart: "tells {one} from {other}", "用于区分“{one}”与“{other}”";
    CouldNotBeMade: "could not be made: {why}", "无法进行：{why}";
    RuledOut: "Ruled out", "已排除";
    Evidence: "Evidence", "证据";
    Verdict: "Verdict", "结论";
    Works: "works", "正常";
    WorksBut: "works, but", "可用，但有问题";
    DoesNotWork: "does not work", "不可用";
    Degraded: "degraded", "降级";
    SeenAt: "seen at {endpoint}, route {route} over {family}", "见于 {endpoint}，线路 {route}，经 {family}";
    WhoMustAct: "Who must act", "应由谁处理";
    WhatToDo: "What to do", "怎么办";
    Nobody: "nobody: nothing to do", "无需任何人处理";
    ReadMore: "More", "更多";
    ExitCode: "Exit code", "退出码";
    Summary: "Summary", "概要";
    SummaryOfTargets: "{n} of {m} targets work", "{m} 个目标中有 {n} 个正常";
    SummaryLine: "{target}: {state}", "{target}：{state}";

    // The report.
    ReportTitle: "Why calls to {target} fail", "对 {target} 的调用为何失败";
    ReportTitleWorks: "How calls to {target} are doing", "对 {target} 的调用状况";
    ReportTitleTargets: "Diagnosis of {n} targets", "{n} 个目标的诊断";
    GeneratedBy: "Generated by api-canary {version} at {time}", "由 api-canary {version} 于 {time} 生成";
    SecretsRedacted: "secrets are redacted", "密钥等机密已隐去";
    InternalAddressesRedacted: "internal addresses are redacted", "内部地址已隐去";
    InternalAddressesShown: "internal addresses are shown", "含有内部地址";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::fill::placeholders;
    use super::*;

    #[test]
    fn every_phrase_has_a_text_in_every_language() {
        for phrase in Phrase::ALL {
            for language in Language::ALL {
                let told = phrase.told(language);
                assert!(!told.is_empty() && told == told.trim(), "{phrase:?} in {language}: {told:?}");
                assert!(!told.chars().any(char::is_control), "{phrase:?} in {language}");
            }
            let bare = Phrase::fill(*phrase, Language::Chinese, &[]);
            assert!(
                bare.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) || is_bare(&bare),
                "{phrase:?}: {bare}"
            );
        }
    }

    /// Nothing but placeholders and punctuation.
    fn is_bare(text: &str) -> bool {
        let left = fill(text, |_, _| Some(String::new()));
        !left.chars().any(char::is_alphanumeric)
    }

    #[test]
    fn every_language_has_the_same_placeholders() {
        for phrase in Phrase::ALL {
            let [english, chinese] =
                Language::ALL.map(|language| placeholders(phrase.told(language)).collect::<BTreeSet<_>>());
            assert_eq!(english, chinese, "{phrase:?}");
        }
    }

    #[test]
    fn a_phrase_is_filled_by_name() {
        let values = [("m", "3"), ("n", "2"), ("unused", "x")];
        assert_eq!(Phrase::SummaryOfTargets.fill(Language::English, &values), "2 of 3 targets work");
        assert_eq!(Phrase::SummaryOfTargets.fill(Language::Chinese, &values), "3 个目标中有 2 个正常");
        assert_eq!(Phrase::AfterSeconds.fill(Language::English, &[]), "after {n} s");
    }
}
