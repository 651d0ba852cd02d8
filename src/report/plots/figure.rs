//! A picture as data: what to show, without a word about how it looks.

use super::axis::Axis;

/// A picture: panels above each other that share one horizontal axis.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// The finding.
    pub(super) title: String,
    /// Setting, seed and digest.
    pub(super) subtitle: String,
    /// The horizontal axis.
    pub(super) x: Axis,
    /// What the horizontal axis shows.
    pub(super) caption: String,
    /// Moments to mark through all panels.
    pub(super) marks: Vec<Moment>,
    /// From top to bottom.
    pub(super) panels: Vec<Panel>,
}

/// A place on the horizontal axis that is marked through all panels.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// Where.
    pub(super) at: f64,
    /// What, in a few words.
    pub(super) label: String,
    /// It must not be passed; else something happens there.
    pub(super) is_limit: bool,
}

/// One panel.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// What the vertical axis shows.
    pub(super) title: String,
    /// Its share of the height.
    pub(super) weight: f64,
    /// The vertical axis.
    pub(super) y: Axis,
    /// From back to front.
    pub(super) shapes: Vec<Shape>,
    /// Words beside the shapes.
    pub(super) labels: Vec<Label>,
}

/// Something to draw, in the units of the axes.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// The area between a line and another.
    Area {
        /// The upper line.
        upper: Vec<(f64, f64)>,
        /// The lower line.
        lower: Vec<(f64, f64)>,
        /// Its colour.
        colour: Colour,
        /// How much it covers what is behind it, 0 to 1.
        opacity: f64,
    },
    /// A line.
    Line {
        /// Its points.
        points: Vec<(f64, f64)>,
        /// Its colour.
        colour: Colour,
    },
    /// A level that must not be passed, dashed across the panel.
    Limit(f64),
    /// A thin line from a point down to the horizontal axis.
    Drop((f64, f64)),
    /// A point.
    Dot((f64, f64), Colour),
}

/// Words beside a shape.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// The point that it belongs to; without a horizontal place it stands in the right margin.
    pub(super) x: Option<f64>,
    /// Its level on the vertical axis.
    pub(super) y: f64,
    /// The words.
    pub(super) text: String,
    /// The colour of what it names.
    pub(super) colour: Colour,
}

/// The colours of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// What is there anyway.
    Grey,
    /// The first of series.
    Blue,
    /// The second.
    Green,
    /// The third, and trouble.
    Orange,
    /// What goes with the second.
    Pale,
    /// A limit.
    Red,
}

impl Label {
    /// In the right margin, at level `y`.
    pub(super) fn margin(y: f64, text: String, colour: Colour) -> Self {
        Self { x: None, y, text, colour }
    }
}
