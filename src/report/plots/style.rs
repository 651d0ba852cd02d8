//! How pictures look. The only file that knows the plotting library: it corrects its letter spacing,
//! legends and tick labels, and draws in tenths of a unit, since the library knows whole pixels only.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Axis;
use super::figure::{Colour, Figure, Panel, Shape};
use super::layout::{Frame, Layout, Words};
use crate::report::drawing::Anchor;
use crate::report::error::FolderError;

/// Width and height of a picture, in its units.
pub(super) const SIZE: (f64, f64) = (900.0, 620.0);
/// The library's pixels in a unit.
const FINE: f64 = 10.0;
const FONT: &str = "Inter, Helvetica, Arial, sans-serif";

const GRID: RGBColor = RGBColor(0xe5, 0xe7, 0xeb);
const AXIS: RGBColor = RGBColor(0x94, 0xa3, 0xb8);
const MARK: RGBColor = RGBColor(0x64, 0x74, 0x8b);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Failed<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

impl Colour {
    const fn rgb(self) -> RGBColor {
        match self {
            Self::Grey => RGBColor(0xb8, 0xc4, 0xd6),
            Self::Blue => RGBColor(0x2f, 0x6b, 0xb5),
            Self::Green => RGBColor(0x3f, 0xa7, 0x8f),
            Self::Orange => RGBColor(0xe0, 0x7b, 0x39),
            Self::Pale => RGBColor(0xa9, 0xd8, 0xcb),
            Self::Red => RGBColor(0xb9, 0x1c, 0x1c),
        }
    }

    /// Dark enough for letters.
    const fn ink(self) -> RGBColor {
        match self {
            Self::Grey => RGBColor(0x64, 0x74, 0x8b),
            Self::Green => RGBColor(0x2b, 0x80, 0x6c),
            Self::Orange => RGBColor(0xc2, 0x5f, 0x1e),
            Self::Pale => RGBColor(0x6b, 0x9e, 0x91),
            _ => self.rgb(),
        }
    }
}

/// `figure` as SVG.
pub(super) fn svg(name: &str, figure: &Figure) -> Result<String, FolderError> {
    let mut out = String::new();
    let size = (pixels(SIZE.0).unsigned_abs(), pixels(SIZE.1).unsigned_abs());
    {
        let root = SVGBackend::with_string(&mut out, size).into_drawing_area();
        draw(&root, figure)
            .and_then(|()| root.present())
            .map_err(|e| FolderError::Picture { name: name.to_owned(), why: e.to_string() })?;
    }
    let fine = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    Ok(out.replacen(&fine, &format!("width=\"{}\" height=\"{}\"", SIZE.0, SIZE.1), 1))
}

fn draw<'a>(root: &Area<'a>, figure: &Figure) -> Result<(), Failed<'a>> {
    root.fill(&WHITE)?;
    let layout = Layout::of(figure);
    for (panel, frame) in figure.panels.iter().zip(&layout.frames) {
        self::panel(root, panel, frame, figure)?;
    }
    for words in &layout.words {
        let colour = words.colour.map_or_else(|| grey(words.faint), Colour::ink);
        text(root, words, colour)?;
    }
    Ok(())
}

const fn grey(faint: bool) -> RGBColor {
    if faint { RGBColor(0x64, 0x74, 0x8b) } else { RGBColor(0x0f, 0x17, 0x2a) }
}

/// Grid, marks, shapes and the horizontal axis of one panel.
fn panel<'a>(
    root: &Area<'a>,
    panel: &Panel,
    frame: &Frame,
    figure: &Figure,
) -> Result<(), Failed<'a>> {
    let (x, y) = (&figure.x, &panel.y);
    let corner = (pixels(frame.plot.left), pixels(frame.plot.top));
    let place =
        root.clone().shrink(corner, (pixels(frame.plot.width()), pixels(frame.plot.height())));
    let mut chart = ChartBuilder::on(&place).build_cartesian_2d(x.from..x.to, y.from..y.to)?;
    let across = |level: f64| vec![(x.from, level), (x.to, level)];
    for (level, _) in &y.ticks {
        chart.draw_series(LineSeries::new(across(*level), stroke(GRID, 1.0)))?;
    }
    for mark in figure.marks.iter().filter(|mark| x.holds(mark.at)) {
        let line = [(mark.at, y.from), (mark.at, y.to)].into_iter();
        let (dash, gap) = (pixels(4.0), pixels(3.0));
        let look = if mark.is_limit { limit() } else { stroke(MARK, 1.0) };
        chart.draw_series(DashedLineSeries::new(line, dash, gap, look))?;
    }
    for shape in &panel.shapes {
        match shape {
            Shape::Area { upper, lower, colour, opacity } => {
                let outline: Vec<_> =
                    upper.iter().chain(lower.iter().rev()).map(|p| within(*p, x, y)).collect();
                let fill = colour.rgb().mix(*opacity).filled();
                chart.draw_series(std::iter::once(Polygon::new(outline, fill)))?;
            }
            Shape::Line { points, colour } => {
                let points = points.iter().map(|p| within(*p, x, y));
                chart.draw_series(LineSeries::new(points, stroke(colour.rgb(), 2.0)))?;
            }
            Shape::Limit(level) if y.holds(*level) => {
                let line = across(*level).into_iter();
                chart.draw_series(DashedLineSeries::new(
                    line,
                    pixels(7.0),
                    pixels(4.0),
                    limit(),
                ))?;
            }
            Shape::Limit(_) => {}
            Shape::Drop(at) => {
                let at = within(*at, x, y);
                let line = vec![at, (at.0, y.from)];
                chart.draw_series(LineSeries::new(line, stroke(AXIS, 0.8)))?;
            }
            Shape::Dot(at, colour) => {
                let dot = Circle::new(within(*at, x, y), pixels(4.0), colour.rgb().filled());
                chart.draw_series(std::iter::once(dot))?;
            }
        }
    }
    chart.draw_series(LineSeries::new(across(y.from), stroke(AXIS, 1.0)))?;
    Ok(())
}

fn text<'a>(root: &Area<'a>, words: &Words, colour: RGBColor) -> Result<(), Failed<'a>> {
    let weight = if words.bold { FontStyle::Bold } else { FontStyle::Normal };
    // The backend divides by 1.24 what it is given.
    let font = (FONT, words.size * FINE * 1.24).into_font().style(weight);
    let side = match words.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let style = TextStyle::from(font).color(&colour).pos(Pos::new(side, VPos::Center));
    root.draw_text(&words.text, &style, (pixels(words.x), pixels(words.y)))
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle::from(&colour).stroke_width(pixels(width).unsigned_abs())
}

/// The look of what must not be passed.
fn limit() -> ShapeStyle {
    stroke(Colour::Red.rgb(), 1.5)
}

/// `point`, moved to the edge if it lies outside.
fn within(point: (f64, f64), x: &Axis, y: &Axis) -> (f64, f64) {
    let inside =
        |v: f64, axis: &Axis| if v.is_nan() { axis.from } else { v.clamp(axis.from, axis.to) };
    (inside(point.0, x), inside(point.1, y))
}

/// Units as the library's pixels.
#[expect(clippy::cast_possible_truncation, reason = "float to integer casts saturate")]
fn pixels(units: f64) -> i32 {
    (units * FINE).round() as i32
}
