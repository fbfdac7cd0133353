//! The picture of a badge: a name and what is said of it, as wide as its text.

use unicode_width::UnicodeWidthChar as _;

use crate::web::escape;

/// What a badge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figure {
    /// What it is about, behind the name; empty where that goes without saying.
    pub(super) about: String,
    /// What is said.
    pub(super) text: String,
    /// How good that is.
    pub(super) tone: Tone,
}

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Poor,
    /// It does not work.
    Bad,
    /// Not known.
    Unknown,
}

/// The space at each side of a text.
const MARGIN: u32 = 6;

impl Tone {
    /// Its colour; white text on each has a contrast of more than 4.5.
    const fn colour(self) -> &'static str {
        match self {
            Self::Good => "#2e7d32",
            Self::Poor => "#946200",
            Self::Bad => "#c62828",
            Self::Unknown => "#616161",
        }
    }
}

/// How wide a text is at 11 pixels in the usual sans-serif typefaces, roughly: the text is fitted to it.
fn width(text: &str) -> u32 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | '\'' | '|' | '!' => 4,
        'f' | 'r' | 't' | '-' | ' ' | '(' | ')' => 5,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 10,
        c if c.width().unwrap_or_default() > 1 => 12,
        _ => 7,
    };
    text.chars().map(of).sum()
}

/// The badge of a target.
pub(super) fn svg(target: &str, figure: &Figure) -> String {
    let Figure { about, text, tone } = figure;
    let label = if about.is_empty() { target.to_owned() } else { format!("{target} {about}") };
    let (left, right) = (width(&label), width(text));
    let split = left + 2 * MARGIN;
    let (whole, begin) = (split + right + 2 * MARGIN, split + MARGIN);
    let (label, text, colour) = (escape(&label), escape(text), tone.colour());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" viewBox=\"0 0 {whole} 20\" \
         role=\"img\" aria-label=\"{label}: {text}\">\n\
         <title>{label}: {text}</title>\n\
         <rect width=\"{whole}\" height=\"20\" rx=\"3\" fill=\"{colour}\"/>\n\
         <path d=\"M3 0H{split}V20H3A3 3 0 0 1 0 17V3A3 3 0 0 1 3 0Z\" fill=\"#424242\"/>\n\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" aria-hidden=\"true\">\n\
         <text x=\"{MARGIN}\" y=\"14\" textLength=\"{left}\">{label}</text>\n\
         <text x=\"{begin}\" y=\"14\" textLength=\"{right}\">{text}</text>\n\
         </g>\n</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(text: &str) -> Figure {
        Figure { about: String::new(), text: text.to_owned(), tone: Tone::Good }
    }

    #[test]
    fn what_a_badge_says_is_text_whatever_it_holds() {
        let picture = svg("<a href=\"x\">&", &figure("</text><script>"));
        assert!(!picture.contains("<a") && !picture.contains("<script"));
        let read = roxmltree::Document::parse(&picture).unwrap();
        let root = read.root_element();
        assert_eq!(root.attribute("aria-label"), Some("<a href=\"x\">&: </text><script>"));
        let names: Vec<_> = root.descendants().filter(|node| node.is_element()).collect();
        assert_eq!(names.len(), 7);
        let title = names.iter().find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "title")));
        assert_eq!(title.unwrap().text(), root.attribute("aria-label"));
    }

    #[test]
    fn a_badge_is_as_wide_as_its_text() {
        let wide = |text: &str| {
            let picture = svg("claude", &figure(text));
            let read = roxmltree::Document::parse(&picture).unwrap();
            read.root_element().attribute("width").unwrap().parse::<u32>().unwrap()
        };
        assert!(wide("works") < wide("degraded") && wide("degraded") < wide("degraded for 3 hours"));
        assert!(wide("正常") > wide("ab"), "a Chinese character is wider than a letter");
    }

    #[test]
    fn white_text_can_be_read_on_every_colour() {
        let part = |colour: &str, at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        for colour in [Tone::Good, Tone::Poor, Tone::Bad, Tone::Unknown]
            .map(Tone::colour)
            .into_iter()
            .chain(["#424242"])
        {
            let luminance = 0.2126 * part(colour, 1) + 0.7152 * part(colour, 3) + 0.0722 * part(colour, 5);
            let contrast = 1.05 / (luminance + 0.05);
            assert!(contrast >= 4.5, "{colour}: {contrast:.2}");
        }
    }
}
