//! A sheet for charts that are laid out by hand: shapes, and words whose places are known, so that a test
//! can see that none stand on each other.

mod font;

use std::fmt::Write as _;

pub(super) use font::{LEADING, balanced, cut, width, wrapped};

use super::words::tame;

/// The fonts, as a browser takes them.
const FONT: &str = "Inter, Helvetica, Arial, sans-serif";
/// Where the base line of letters lies below their middle, in units of their size.
const BASE: f64 = 0.36;
/// Letters reach so far above and below their middle, in units of their size.
const REACH: (f64, f64) = (0.45, 0.6);

/// Colours that pictures share. Protection is blue, an attack is red: everyone can tell these apart.
pub(super) mod ink {
    /// Words.
    pub(crate) const DARK: &str = "#0f172a";
    /// Less important words, and lines.
    pub(crate) const FAINT: &str = "#55637a";
    /// Thin lines.
    pub(crate) const HAIR: &str = "#cbd5e1";
    /// What an attacker does.
    pub(crate) const ATTACK: &str = "#b91c1c";
    /// What a mechanism does against it.
    pub(crate) const GUARD: &str = "#1d4ed8";
    /// What warns.
    pub(crate) const WARN: &str = "#9a5a00";
    /// The sheet.
    pub(crate) const PAPER: &str = "#ffffff";
}

/// A rectangle, in the picture's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    /// Left edge.
    pub(super) left: f64,
    /// Upper edge.
    pub(super) top: f64,
    /// Right edge.
    pub(super) right: f64,
    /// Lower edge.
    pub(super) bottom: f64,
}

/// Which end of words their `x` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Their start.
    Start,
    /// Their middle.
    Middle,
    /// Their end.
    End,
}

/// One line of words; `y` is their middle.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    text: String,
    x: f64,
    y: f64,
    size: f64,
    anchor: Anchor,
    is_bold: bool,
    /// Reads upwards; `x` is then the middle and `y` the end that the anchor names.
    is_turned: bool,
    colour: &'static str,
}

/// A line's look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    /// Its colour.
    pub(super) colour: &'static str,
    /// Its width.
    pub(super) width: f64,
    /// Lengths of dash and gap.
    pub(super) dash: Option<(f64, f64)>,
}

/// A sheet: shapes in their order, words above all of them.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    shapes: String,
    texts: Vec<Text>,
}

impl Rect {
    /// A rectangle by its corner and its size.
    pub(super) const fn at(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    pub(super) const fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) const fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Its middle.
    pub(super) const fn middle(&self) -> (f64, f64) {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    /// The two have an area in common.
    #[cfg(test)]
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let apart = self.right <= other.left || other.right <= self.left;
        !(apart || self.bottom <= other.top || other.bottom <= self.top)
    }
}

impl Text {
    /// Words that start at `x`.
    pub(super) fn new(text: &str, x: f64, y: f64, size: f64) -> Self {
        let text = tame(text, 600);
        let colour = ink::DARK;
        Self { text, x, y, size, anchor: Anchor::Start, is_bold: false, is_turned: false, colour }
    }

    pub(super) fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { is_bold: true, ..self }
    }

    pub(super) fn turned(self) -> Self {
        Self { is_turned: true, ..self }
    }

    pub(super) fn coloured(self, colour: &'static str) -> Self {
        Self { colour, ..self }
    }

    /// Where they are seen, rather too much than too little.
    pub(super) fn rect(&self) -> Rect {
        let width = width(&self.text, self.size, self.is_bold);
        let (above, below) = (REACH.0 * self.size, REACH.1 * self.size);
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        if self.is_turned {
            let bottom = self.y + before;
            Rect { left: self.x - above, top: bottom - width, right: self.x + below, bottom }
        } else {
            Rect::at(self.x - before, self.y - above, width, above + below)
        }
    }

    fn svg(&self) -> String {
        let (base, size) = (BASE * self.size, number(self.size));
        let anchor = match self.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if self.is_bold { " font-weight=\"bold\"" } else { "" };
        let (x, y) = (number(self.x), number(self.y));
        let place = if self.is_turned {
            let x = number(self.x + base);
            format!("transform=\"translate({x} {y}) rotate(-90)\"")
        } else {
            format!("x=\"{x}\" y=\"{}\"", number(self.y + base))
        };
        let (colour, text) = (self.colour, escaped(&self.text));
        format!(
            "<text {place} font-size=\"{size}\" text-anchor=\"{anchor}\"{weight} fill=\"{colour}\">{text}</text>\n"
        )
    }
}

impl Stroke {
    /// A solid line.
    pub(super) const fn solid(colour: &'static str, width: f64) -> Self {
        Self { colour, width, dash: None }
    }

    /// The same, dashed.
    pub(super) const fn dashed(self, dash: f64, gap: f64) -> Self {
        Self { dash: Some((dash, gap)), ..self }
    }

    fn svg(&self) -> String {
        let dash = self
            .dash
            .map(|(dash, gap)| format!(" stroke-dasharray=\"{} {}\"", number(dash), number(gap)));
        let (colour, width) = (self.colour, number(self.width));
        format!("stroke=\"{colour}\" stroke-width=\"{width}\"{}", dash.unwrap_or_default())
    }
}

impl Canvas {
    /// A rectangle with rounded corners.
    pub(super) fn rect(&mut self, rect: Rect, radius: f64, fill: &str, stroke: Option<Stroke>) {
        let stroke = stroke.map(|stroke| format!(" {}", stroke.svg())).unwrap_or_default();
        let [x, y, width, height, radius] =
            [rect.left, rect.top, rect.width(), rect.height(), radius].map(number);
        let _ = writeln!(
            self.shapes,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" fill=\"{fill}\"{stroke}/>"
        );
    }

    /// A line through all points.
    pub(super) fn line(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        let (points, stroke) = (joined(points), stroke.svg());
        let _ = writeln!(
            self.shapes,
            "<polyline points=\"{points}\" fill=\"none\" stroke-linejoin=\"round\" {stroke}/>"
        );
    }

    /// A filled polygon.
    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        let _ = writeln!(self.shapes, "<polygon points=\"{}\" fill=\"{fill}\"/>", joined(points));
    }

    /// A filled circle.
    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, fill: &str) {
        let [x, y, radius] = [x, y, radius].map(number);
        let _ =
            writeln!(self.shapes, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\"/>");
    }

    /// Words.
    pub(super) fn text(&mut self, text: Text) {
        if !text.text.trim().is_empty() {
            self.texts.push(text);
        }
    }

    /// Words with a piece of empty sheet behind them, for where lines run.
    pub(super) fn text_on_plate(&mut self, text: Text) {
        let rect = text.rect();
        let plate = Rect { left: rect.left - 3.0, right: rect.right + 3.0, ..rect };
        self.rect(plate, 2.0, ink::PAPER, None);
        self.text(text);
    }

    /// Lines of words below each other, the first at `y`; answers where a next one would be.
    pub(super) fn lines(&mut self, lines: &[String], first: &Text) -> f64 {
        let mut y = first.y;
        for line in lines {
            self.text(Text { text: line.clone(), y, ..first.clone() });
            y += first.size * LEADING;
        }
        y
    }

    /// The words, to look at their places.
    #[cfg(test)]
    pub(super) fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// The picture. `title` is what a reader who cannot see it hears.
    pub(super) fn svg(&self, (width, height): (f64, f64), title: &str) -> String {
        let [width, height] = [width, height].map(number);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" font-family=\"{FONT}\">\n<title>{}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
            escaped(&tame(title, 600)),
            ink::PAPER
        );
        out.push_str(&self.shapes);
        out.extend(self.texts.iter().map(Text::svg));
        out.push_str("</svg>\n");
        out
    }
}

/// No two texts overlap and none leaves the sheet; the first two that do, else.
#[cfg(test)]
pub(super) fn collision(canvas: &Canvas, (width, height): (f64, f64)) -> Option<String> {
    let sheet = Rect::at(0.0, 0.0, width, height);
    let rects: Vec<(&Text, Rect)> = canvas.texts().iter().map(|text| (text, text.rect())).collect();
    for (i, (text, rect)) in rects.iter().enumerate() {
        let inside = rect.left >= sheet.left && rect.right <= sheet.right;
        if !inside || rect.top < sheet.top || rect.bottom > sheet.bottom {
            return Some(format!(
                "{:?} at {rect:?} leaves the sheet of {width} x {height}",
                text.text
            ));
        }
        if let Some((other, at)) = rects[i + 1..].iter().find(|(_, other)| rect.overlaps(other)) {
            return Some(format!("{:?} at {rect:?} and {:?} at {at:?}", text.text, other.text));
        }
    }
    None
}

/// How many there are, as a length.
pub(super) fn many(n: usize) -> f64 {
    u32::try_from(n).map_or_else(|_| f64::from(u32::MAX), f64::from)
}

fn joined(points: &[(f64, f64)]) -> String {
    let points = points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y)));
    points.collect::<Vec<String>>().join(" ")
}

/// A coordinate with a tenth of a unit.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Text as XML and HTML take it, between tags and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
