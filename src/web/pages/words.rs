//! The words of the pages that are not in the catalogue of reasons.
//!
//! Promises: a word that lacks a language does not compile.

use crate::diagnosis::{Language, Text};

macro_rules! words {
    ($($variant:ident, $en:literal, $zh:literal;)*) => {
        /// One word or phrase.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::web) enum Word {
            $($variant,)*
        }

        impl Word {
            const fn text(self) -> Text {
                match self { $(Self::$variant => Text { en: $en, zh: $zh },)* }
            }
        }
    };
}

impl Word {
    /// The word in a language.
    pub(in crate::web) const fn told(self, language: Language) -> &'static str {
        self.text().told(language)
    }
}

words! {
    // The frame of every page.
    SkipToContent, "Skip to content", "跳到正文";
    Targets, "Targets", "目标";
    Reasons, "Reasons", "原因";
    Alerts, "Alerts", "告警";
    Metrics, "Metrics", "指标";
    OtherLanguage, "中文", "English";

    // The page of a target.
    AllTargets, "All targets", "所有目标";
    NoSuchTarget, "There is no target of this name.", "没有这个名称的目标。";
    WatchedElsewhere, "Another canary watches this target.", "此目标由另一个 canary 实例监测。";
    AskShard, "It belongs to shard {owner} of {count}, and this is shard {index}, counted from 0: ask the canary that runs with --shard.index={owner}.", "它属于第 {owner} 分片（共 {count} 个，从 0 计数），而此处是第 {index} 分片：请访问以 --shard.index={owner} 运行的实例。";
    ThisShard, "Shard {index} of {count}", "第 {index} 分片，共 {count} 个";
    CountedFromZero, "Shards are counted from 0; the others watch the other targets.", "分片从 0 计数；其余目标由其他分片监测。";
    StateUnknown, "not known yet", "尚不清楚";
    NotRunYet, "It was not walked yet: its first run is not over.", "尚未探测：第一次运行还没有结束。";
    NothingYet, "Nothing yet.", "暂无。";
    Reason, "Reason", "原因";
    SeenOn, "seen on", "出现在";
    Since, "Since", "开始于";
    LastRun, "Last run", "最近一次运行";
    ProviderSays, "The provider's status page", "提供方的状态页";
    ContextOnly, "context only, it changes no verdict", "仅供参考，不影响结论";
    PageUnknown, "not known: {}", "不清楚：{}";
    PageNotRead, "not read yet", "尚未读取";
    PageOperational, "operational", "运行正常";
    PageMaintenance, "under maintenance", "维护中";
    PageDegraded, "degraded performance", "性能下降";
    PagePartialOutage, "partial outage", "部分中断";
    PageMajorOutage, "major outage", "严重中断";
    PageMinor, "minor trouble", "轻微故障";
    PageMajor, "major trouble", "严重故障";
    PageCritical, "critical trouble", "重大故障";
    CopyReport, "Copy as report", "复制为报告";
    OpenReport, "Open the report", "打开报告";
    ReportCopied, "The report is in the clipboard.", "报告已复制到剪贴板。";
    ReportNotCopied, "It could not be copied: open the report and copy it there.", "无法复制：请打开报告后自行复制。";
    TimesInUtc, "All times are in UTC.", "所有时间均为 UTC。";
    LiveConnected, "● Live", "● 实时更新";
    LiveConnecting, "○ Connecting again …", "○ 正在重新连接……";
    LiveGone, "○ This target is watched no more.", "○ 此目标已不再被监测。";
    OnThisPage, "On this page", "本页内容";
    Evidence, "Evidence", "证据";
    NothingWrong, "Nothing is wrong, so nothing speaks for anything.", "一切正常，无需依据。";
    NoFollowUps, "None was made: they are made only after a failure that they could tell apart.", "没有做过：只有失败后能进一步区分原因时才会做。";
    TellsApart, "tells apart", "用于区分";
    From, "from", "与";
    LastHours, "The last hours", "最近几小时";
    LatencyMean, "mean time of a journey", "平均耗时";
    LatencySlowest, "slowest", "最慢";
    TroublesOnPath, "Troubles on this path", "此路径上的故障";
    JourneysFailed, "{} journeys, {} failed", "{} 次探测，{} 次失败";
    MeanAndSlowest, "a journey took {} on average, the slowest {}", "平均耗时 {}，最慢 {}";
    WhatWasTold, "What was told", "结论的变化";
    Lasted, "for {}", "持续 {}";
    LastsSince, "for {} so far", "至今 {}";
    PathsCompared, "Paths compared", "路径对比";
    Path, "path", "路径";
    Total, "all", "总计";
    Address, "address", "地址";
    RoundTrip, "round trip", "往返";
    Status, "status", "状态码";
    Preferred, "used", "使用中";
    RecentJourneys, "Recent journeys", "最近的探测";
    WhichJourneys, "Which journeys are shown", "显示哪些探测";
    AllJourneys, "All", "全部";
    OnlyFailed, "Only failed", "仅失败";
    AllPaths, "All paths", "所有路径";
    NoneFailed, "None of them failed.", "没有失败的探测。";
    LayerByLayer, "Layer by layer", "逐层查看";
    RequestId, "Request id", "请求编号";
    MoreJourneys, "More journeys", "更多探测";
    BesideLayers, "beside", "其他";
    BesideLayersMeans, "other attempts, other addresses, and what was tried from outside", "重试、其他地址以及外部检查";
    PhaseResolve, "name of the proxy", "解析代理名称";
    PhaseConnect, "connecting", "连接";
    PhaseTls, "TLS with the proxy", "与代理的 TLS";
    PhaseTunnel, "asking for the tunnel", "请求隧道";
    PhaseProcessing, "waiting for the answer", "等待应答";
    PhaseFirstToken, "first token", "首个词元";
    PhaseTransfer, "reading the answer", "读取应答";
    NobodyAsked, "No resolver was asked.", "没有询问任何解析器。";
    NameServer, "one name server", "单个域名服务器";
    NothingInCommon, "nothing in common with the others", "与其他应答毫无共同之处";
    Unexpected, "outside the expected networks", "不在预期网段内";
    OnlyHere, "only here", "仅此处";
    NotAsked, "not asked", "未询问";
    DnssecSecure, "DNSSEC: secure", "DNSSEC：已验证";
    DnssecInsecure, "DNSSEC: not signed", "DNSSEC：未签名";
    CertificatesAndTls, "TLS and certificates", "TLS 与证书";
    NoHandshake, "There was no TLS handshake in the last run.", "最近一次运行中没有 TLS 握手。";
    NoCertificate, "No certificate was presented.", "对方没有出示证书。";
    AllNames, "All names", "全部名称";
    UnreadableCertificates, "Certificates that cannot be read: {}", "无法读取的证书：{}";
    Yes, "yes", "是";
    No, "no", "否";
    NoStore, "it has no store that can be read", "没有可读取的证书库";
    TrustedByMozilla, "Trusted by Mozilla's roots", "受 Mozilla 根证书信任";
    TrustedByMachine, "Trusted by this machine", "受本机信任";
    AskedForNotSent, "asked for, none was sent", "对方要求，但未发送";
    ServerName, "Server name", "服务器名";
    TlsVersion, "Version", "版本";
    CipherSuite, "Cipher suite", "加密套件";
    KeyExchange, "Key exchange", "密钥交换";
    ClientCertificate, "Client certificate", "客户端证书";
    CheckPath, "Leads to a trusted root", "可追溯到受信任的根";
    CheckDates, "In its dates", "在有效期内";
    CheckName, "Is for this name", "名称相符";
    CheckRevocation, "Not revoked, as far as the server says", "未被吊销（以服务器所述为准）";
    ValidIn, "not valid yet, but in {}", "尚未生效，{} 后生效";
    ExpiredSince, "expired {} ago", "已过期 {}";
    Days, "{} days", "{} 天";
    TimeLeft, "{} left", "剩余 {}";
    RateLimits, "Rate limits and budget", "速率限制与预算";
    NoLimits, "The API has stated no limits.", "API 没有给出限制。";
    Limit, "limit", "限制";
    Left, "left", "剩余";
    LeftOfLimit, "left / limit", "剩余 / 上限";
    FullAgain, "full again", "恢复";
    Within, "in {}", "{} 后";
    ByNow, "by now", "已恢复";
    AskedToWait, "The API asked to wait for {}.", "API 要求等待 {}。";
    CalledAgainIn, "The configured call is made again in {}, at", "将在以下时间后再次调用：{}，时刻";
    BudgetLeft, "Left of the day's budget: {}", "当日预算剩余：{}";
    WaitsForInterval, "The last run did not make the configured call: it was made not long ago.", "最近一次运行没有进行所配置的调用：不久前刚调用过。";
    WaitsAsAsked, "The configured call waits because the API asked to wait.", "所配置的调用正在等待：API 要求等待。";
    WaitsSlowedDown, "The configured call is slowed down: it met limits again and again.", "所配置的调用已放慢：多次触及限制。";
    WaitsForBudget, "The configured call waits: it might cost more than is left of the day's budget.", "所配置的调用正在等待：费用可能超出当日剩余预算。";
    Settings, "Settings", "设置";
    Interval, "Interval", "间隔";
    Timeout, "Timeout", "超时";
    Call, "Call", "调用";
    CallInterval, "At most one call in", "调用的最短间隔";
    DailyBudget, "Daily budget", "每日预算";
    Routes, "Routes", "线路";
    Families, "Families", "地址族";
    FamiliesAnswered, "those that DNS answers", "以 DNS 应答为准";
    Addresses, "Addresses", "地址";
    AddressesFirst, "the first that connects", "第一个能连接的";
    AddressesAll, "all", "全部";
    Resolvers, "Resolvers", "解析器";
    Attempts, "Attempts", "尝试次数";
    ReusedConnection, "on a connection that is kept", "使用保持的连接";

    // The first page.
    Reload, "reload", "重新加载";
    AsOf, "As of {at}", "截至 {at}";
    Find, "Find", "查找";
    FindHint, "name, provider, reason …", "名称、提供方、原因……";
    Filter, "Filter", "筛选";
    States, "States", "状态";
    NothingFound, "No target matches.", "没有匹配的目标。";
    NoTargets, "There are no targets.", "没有目标。";
    AllWork, "All {all} targets work", "全部 {all} 个目标正常";
    SomeDegraded, "{n} of {all} targets degraded", "{all} 个目标中有 {n} 个降级";
    SomeDown, "{n} of {all} targets down", "{all} 个目标中有 {n} 个故障";
    SomeUnknown, "{n} of {all} targets not known yet", "{all} 个目标中有 {n} 个尚未得知";
    TitleDown, "{n} down", "{n} 个故障";
    TitleDegraded, "{n} degraded", "{n} 个降级";
    Down, "Down", "故障";
    Degraded, "Degraded", "降级";
    Unknown, "Unknown", "未知";
    Works, "Works", "正常";
    NotKnownYet, "Nothing is known yet: the first run is not over.", "尚无结果：首次探测还没有结束。";
    MustAct, "Who must act", "应由谁处理";
    WhatToDo, "What to do", "处理办法";
    CardSince, "since", "始于";
    CardLastRun, "last run", "上次探测";
    Recovering, "The last run worked; a few more have to before it is told as working.", "最近一次探测成功；再成功几次后才会报告为正常。";
    CallsAgain, "The API is called again from {at} on.", "将在 {at} 之后再次调用 API。";
    CardProviderSays, "The provider's status page: {words}", "提供方的状态页：{words}";
    NotReached, "not reached", "未到达";
    NotPlanned, "not used", "未使用";
    NotDue, "not due", "未到调用时间";
    BarWorked, "{from}–{to} UTC: 0 of {runs} runs failed", "{from}–{to} UTC：{runs} 次探测，均成功";
    BarDegraded, "{from}–{to} UTC: 0 of {runs} runs failed, degraded: {reason}", "{from}–{to} UTC：{runs} 次探测，降级：{reason}";
    BarFailed, "{from}–{to} UTC: {failed} of {runs} runs failed, {layer}: {reason}", "{from}–{to} UTC：{runs} 次探测中 {failed} 次失败，{layer}：{reason}";
    CardNoneFailed, "0 of {runs} runs failed in the last {span}", "最近 {span} 内探测 {runs} 次，无失败";
    SomeFailed, "{failed} of {runs} runs failed in the last {span}, mostly {layer}: {reason}", "最近 {span} 内 {runs} 次探测中 {failed} 次失败，主要是 {layer}：{reason}";
    LatencyOf, "median {median}, {least} to {most}", "中位数 {median}，{least} 至 {most}";
    Median, "median {median}", "中位数 {median}";
    DaysLeft, "certificate: {days} days left", "证书剩余 {days} 天";
    CardTimeLeft, "certificate: {time} left", "证书剩余 {time}";
    HasExpired, "certificate expired {time} ago", "证书已过期 {time}";
    LimitLeft, "{remaining} of {limit} left", "剩余 {remaining}，共 {limit}";
    LimitLeftOnly, "{remaining} left", "剩余 {remaining}";
    LimitReset, "full in {time}", "{time} 后恢复";
    Paths, "Paths ({n})", "路径（{n}）";
    Details, "Details", "详情";
    Endpoint, "Endpoint", "端点";
    Route, "Route", "路由";
    Family, "Family", "地址族";
    Result, "Result", "结果";
    Took, "Time", "用时";
    CardPreferred, "preferred", "首选";
    AnyFamily, "any", "任意";
    MorePaths, "The target's page has all {n} paths.", "全部 {n} 条路径见目标页。";
    Live, "Live", "实时";
    Connecting, "Connecting …", "正在连接……";
    NotLive, "Not live", "非实时";
    Stale, "last update {age}", "上次更新：{age}";
    Polling, "last update {age}, asks every {seconds} s", "上次更新：{age}，每 {seconds} 秒查询一次";
    Became, "{name}: {verdict}", "{name}：{verdict}";
}
