//! The page that the story is written on: width, indents, colours.
//!
//! Promises: no line is wider than the page, but for what cannot be broken; without colour there is no escape in it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::wrap::{columns, wrap};

/// The narrowest page; below it there would be no room beside the indents.
const NARROWEST: usize = 40;

/// The widest, for the sake of reading.
const WIDEST: usize = 120;

/// The least room for a text beside what leads it.
const LEAST_BESIDE: usize = 20;

/// How something stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Heading,
    Good,
    Bad,
    Warning,
    Dim,
}

impl Look {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Heading => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Dim => Style::new().dimmed(),
        }
    }
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    width: usize,
    colour: bool,
    out: String,
}

impl Page {
    pub(super) fn new(width: usize, colour: bool) -> Self {
        Self { width: width.clamp(NARROWEST, WIDEST), colour, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A heading, with a blank line before it.
    pub(super) fn heading(&mut self, indent: usize, text: &str) {
        self.blank();
        self.text(indent, text, Look::Heading);
    }

    /// A rule across the page.
    pub(super) fn rule(&mut self) {
        let rule = "─".repeat(self.width);
        self.paint(&rule, Look::Dim);
        self.out.push('\n');
    }

    /// A text as wide as the page.
    pub(super) fn text(&mut self, indent: usize, text: &str, look: Look) {
        self.hang(indent, &[], text, look);
    }

    /// One item of a list.
    pub(super) fn item(&mut self, indent: usize, text: &str) {
        self.hang(indent, &[("- ", Look::Plain)], text, Look::Plain);
    }

    /// A text behind others; its further lines stand below its first one.
    pub(super) fn hang(&mut self, indent: usize, leads: &[(&str, Look)], text: &str, look: Look) {
        let taken = indent + leads.iter().map(|(lead, _)| columns(lead)).sum::<usize>();
        // Too little room beside the leads: the text begins below them.
        let below = taken + LEAST_BESIDE > self.width;
        let at = if below { indent + 2 } else { taken };
        let lines = wrap(text, self.width.saturating_sub(at));
        self.spaces(indent);
        let alone = below || lines.is_empty();
        for (index, (lead, look)) in leads.iter().enumerate() {
            let last = index + 1 == leads.len();
            self.paint(if alone && last { lead.trim_end() } else { lead }, *look);
        }
        if alone {
            self.out.push('\n');
        }
        for (index, line) in lines.iter().enumerate() {
            if index > 0 || below {
                self.spaces(at);
            }
            self.paint(line, look);
            self.out.push('\n');
        }
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    fn paint(&mut self, text: &str, look: Look) {
        // Writing to a String cannot fail.
        let _ = if self.colour && look != Look::Plain {
            let style = look.style();
            write!(self.out, "{style}{text}{style:#}")
        } else {
            write!(self.out, "{text}")
        };
    }
}

/// A text with spaces behind it, up to so many columns.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// The same with the spaces before it.
pub(super) fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_lines_stand_below_the_first() {
        let mut page = Page::new(40, false);
        page.hang(2, &[("lead  ", Look::Good)], &"word ".repeat(12), Look::Plain);
        page.hang(2, &[("a lead that leaves no room", Look::Good)], "the text", Look::Plain);
        page.item(0, "第一项");
        let words = "word word word word word word\n";
        assert_eq!(
            page.finish(),
            format!("  lead  {words}        {words}  a lead that leaves no room\n    the text\n- 第一项\n")
        );
    }

    #[test]
    fn colours_are_there_only_where_asked_for() {
        let told = |colour| {
            let mut page = Page::new(40, colour);
            page.hang(0, &[("ok ", Look::Good)], "text", Look::Plain);
            page.finish()
        };
        assert_eq!(told(false), "ok text\n");
        assert_eq!(told(true), "\u{1b}[32mok \u{1b}[0mtext\n");
    }
}
