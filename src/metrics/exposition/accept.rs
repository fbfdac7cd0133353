//! Reading an `Accept` header.
//!
//! Promises: whatever the header holds, the answer is one of the two formats; OpenMetrics only for who names it.

use super::Format;

/// One media range of an `Accept` header.
struct Range<'a> {
    kind: &'a str,
    parameters: &'a str,
}

impl<'a> Range<'a> {
    fn new(text: &'a str) -> Self {
        let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
        Self { kind: kind.trim(), parameters }
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters.split(';').find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
        })
    }

    /// Its weight, 1 where it says none or nothing sensible.
    fn quality(&self) -> f64 {
        let stated = self.parameter("q").and_then(|text| text.parse::<f64>().ok());
        stated.filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(1.0)
    }

    fn version_is(&self, version: &str) -> bool {
        self.parameter("version").is_none_or(|stated| stated == version)
    }

    /// How closely it names a format: the more, the closer; `None` where it does not.
    fn names(&self, format: Format) -> Option<u8> {
        match format {
            Format::OpenMetrics100 => {
                (self.is("application/openmetrics-text") && self.version_is("1.0.0")).then_some(2)
            }
            Format::Text004 if self.is("text/plain") => self.version_is("0.0.4").then_some(2),
            Format::Text004 if self.is("text/*") => Some(1),
            Format::Text004 => self.is("*/*").then_some(0),
        }
    }
}

/// The weight of a format and its place in the header, by the range that names it most closely.
fn wish(ranges: &[Range<'_>], format: Format) -> Option<(f64, usize)> {
    let named = ranges.iter().enumerate().filter_map(|(at, range)| Some((range.names(format)?, at)));
    let (_, at) = named.max_by_key(|(closeness, at)| (*closeness, usize::MAX - at))?;
    ranges.get(at).map(|range| (range.quality(), at)).filter(|(quality, _)| *quality > 0.0)
}

pub(super) fn negotiate(accept: &str) -> Format {
    let ranges: Vec<_> = accept.split(',').map(Range::new).collect();
    let Some((open, open_at)) = wish(&ranges, Format::OpenMetrics100) else { return Format::Text004 };
    match wish(&ranges, Format::Text004) {
        Some((text, text_at)) if text > open || (text >= open && text_at < open_at) => Format::Text004,
        Some(_) | None => Format::OpenMetrics100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,\
        application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
        text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    const PROMETHEUS_3_PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
        encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
        text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    #[test]
    fn scrapers_get_what_they_ask_for() {
        for (accept, expected) in [
            (PROMETHEUS_2, Format::OpenMetrics100),
            (PROMETHEUS_3, Format::OpenMetrics100),
            (PROMETHEUS_3_PROTOBUF, Format::OpenMetrics100),
            (BROWSER, Format::Text004),
            ("", Format::Text004),
            ("*/*", Format::Text004),
            ("text/*", Format::Text004),
            ("text/plain", Format::Text004),
            ("text/plain;version=0.0.4;q=0.3,*/*;q=0.1", Format::Text004),
            ("application/openmetrics-text", Format::OpenMetrics100),
            ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", Format::OpenMetrics100),
            ("application/openmetrics-text;version=\"1.0.0\"", Format::OpenMetrics100),
            ("application/openmetrics-text;version=0.0.1", Format::Text004),
            ("application/openmetrics-text;version=2.0.0", Format::Text004),
            ("application/openmetrics-text;q=0,*/*", Format::Text004),
            ("application/openmetrics-text;q=0.2,text/plain;q=0.8", Format::Text004),
            ("text/plain,application/openmetrics-text", Format::Text004),
            ("application/openmetrics-text,text/plain", Format::OpenMetrics100),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.1,*/*", Format::OpenMetrics100),
            ("application/json", Format::Text004),
            (";;,=,q=", Format::Text004),
        ] {
            assert_eq!(Format::negotiate(accept), expected, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_answered(accept in ".*") {
            let _ = Format::negotiate(&accept);
        }
    }
}
