//! accessControlLocationRegion: circles and countries (TS-0003 annex F, TS-0004 clause 6.3.5.28).
//!
//! Distances are great circles on a sphere, by the haversine formula in the `libm` crate, so that they
//! are the same on every platform. Against the ellipsoid of WGS 84 they are wrong by at most 0.6 %.

/// The mean radius of the earth R1 = (2a + b) / 3 of WGS 84, in metres.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point on the earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// From degrees: latitude -90 to 90, longitude -180 to 180. `None` beyond.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        on_earth.then_some(Self { latitude, longitude })
    }

    /// The distance in metres, at most half the circumference of the earth.
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let half_sine = |from: f64, to: f64| libm::sin((to - from).to_radians() / 2.0);
        let cosine = |degrees: f64| libm::cos(degrees.to_radians());
        let north = half_sine(self.latitude, other.latitude);
        let east = half_sine(self.longitude, other.longitude);
        let square = north * north + cosine(self.latitude) * cosine(other.latitude) * east * east;
        2.0 * EARTH_RADIUS_M * libm::asin(libm::sqrt(square.min(1.0)))
    }
}

/// A country: the two letters of ISO 3166-1, upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads two upper-case letters, assigned or not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }
}

/// Where an originator is, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Location {
    /// Its coordinates.
    pub point: Option<Point>,
    /// Its country.
    pub country: Option<Country>,
}

/// A region: a circle or countries, never both.
#[derive(Clone, Debug, PartialEq)]
pub enum Region {
    /// accr: latitude, longitude, radius.
    Circle {
        /// The centre.
        centre: Point,
        /// The radius in metres, 0 or more.
        radius_m: f64,
    },
    /// accc
    Countries(Vec<Country>),
}

impl Region {
    /// A circle. `None` unless the radius is finite and at least 0.
    #[must_use]
    pub fn circle(centre: Point, radius_m: f64) -> Option<Self> {
        (radius_m.is_finite() && radius_m >= 0.0).then_some(Self::Circle { centre, radius_m })
    }

    /// Whether `location` lies in the region; `None` if it is not known well enough.
    #[must_use]
    pub fn contains(&self, location: Location) -> Option<bool> {
        match self {
            Self::Circle { centre, radius_m } => {
                location.point.map(|point| centre.distance_m(point) <= *radius_m)
            }
            Self::Countries(countries) => {
                location.country.map(|country| countries.contains(&country))
            }
        }
    }
}
