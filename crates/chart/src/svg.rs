//! A scene as SVG text: presentation attributes only, so that a strict content security policy has nothing to block,
//! and everything that came from data escaped, so that nothing of it is ever markup.

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

use crate::font;
use crate::palette::Paint;
use crate::scene::{Anchor, Item, Scene, Text, UNIT, Wedge};

/// The scene as one `<svg>` element with `title` for those who do not see it. The same scene gives the same bytes.
pub(crate) fn write(scene: &Scene, title: &str) -> String {
    // A point takes about a dozen bytes, any other item about a hundred.
    let mut out = Writer(Vec::with_capacity(512 + scene.points.len() * 12 + scene.items.len() * 100));
    let (width, height) = (scene.size.width, scene.size.height);
    out.raw(&format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="{}" font-weight="400" fill="none" stroke-linejoin="round" stroke-linecap="round">"#,
        font::FAMILY
    ));
    out.raw("<title>");
    out.text(title);
    out.raw("</title>");
    for item in &scene.items {
        match item {
            Item::Rect { area, fill } => {
                out.raw("<rect");
                out.length("x", area.left);
                out.length("y", area.top);
                out.length("width", area.width());
                out.length("height", area.height());
                out.paint("fill", *fill);
                out.raw("/>");
            }
            Item::Line { points, stroke, width, dash } => {
                out.raw("<polyline");
                out.points(&scene.points[points.clone()]);
                out.paint("stroke", *stroke);
                if *width != UNIT {
                    out.length("stroke-width", *width);
                }
                if let Some(pattern) = dash.pattern() {
                    out.raw(" stroke-dasharray=\"");
                    out.raw(pattern);
                    out.raw("\"");
                }
                out.raw("/>");
            }
            Item::Polygon { points, fill } => {
                out.raw("<polygon");
                out.points(&scene.points[points.clone()]);
                out.paint("fill", *fill);
                out.raw("/>");
            }
            Item::Dots { points, side, fill } => {
                out.raw("<path");
                out.squares(&scene.points[points.clone()], *side);
                out.paint("fill", *fill);
                out.raw("/>");
            }
            Item::Circle { center, radius, fill } => {
                out.raw("<circle");
                out.length("cx", center.0);
                out.length("cy", center.1);
                out.length("r", *radius);
                out.paint("fill", *fill);
                out.raw("/>");
            }
            Item::Wedge(wedge) => out.wedge(wedge),
            Item::Outline { rings, fill, stroke, width } => {
                out.raw("<path d=\"");
                rings.iter().for_each(|ring| out.ring(&scene.points[ring.clone()]));
                out.0.push(b'"');
                out.paint("fill", *fill);
                out.paint("stroke", *stroke);
                out.length("stroke-width", *width);
                out.raw("/>");
            }
            Item::Text(text) => out.label(text),
            // An inner picture shows nothing beyond its edges, and needs no name by which a clip would be referred to.
            Item::Clip(area) => {
                out.raw("<svg");
                out.length("x", area.left);
                out.length("y", area.top);
                out.length("width", area.width());
                out.length("height", area.height());
                out.raw(" viewBox=\"");
                for length in [area.left, area.top, area.width()] {
                    out.number(length);
                    out.0.push(b' ');
                }
                out.number(area.height());
                out.raw("\">");
            }
            Item::Unclip => out.raw("</svg>"),
        }
    }
    out.raw("</svg>");
    out.into_text()
}

/// One text as its element.
pub(crate) fn label(text: &Text) -> String {
    let mut out = Writer(Vec::new());
    out.label(text);
    out.into_text()
}

/// Plain text as XML has it.
pub(crate) fn escape(plain: &str) -> String {
    let mut out = Writer(Vec::new());
    out.text(plain);
    out.into_text()
}

/// Bytes, because a digit among them needs no look at what a character is.
struct Writer(Vec<u8>);

impl Writer {
    /// What was written, all of it texts and digits.
    fn into_text(self) -> String {
        String::from_utf8(self.0).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    fn raw(&mut self, markup: &str) {
        self.0.extend_from_slice(markup.as_bytes());
    }

    /// Text as text: XML 1.0 §2.4. What is not allowed even so was taken out by [`crate::text::clean`].
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
            self.raw(&rest[..at]);
            self.raw(match rest.as_bytes()[at] {
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'&' => "&amp;",
                b'"' => "&quot;",
                _ => "&#39;",
            });
            rest = &rest[at + 1..];
        }
        self.raw(rest);
    }

    /// Units as CSS pixels: `1234` is `123.4`.
    fn number(&mut self, units: i32) {
        if let Some(Length { text, length }) = usize::try_from(units).ok().and_then(|units| LENGTHS.get(units)) {
            // All of it and then its end back: so the compiler copies a word, and calls nobody.
            let end = self.0.len() + usize::from(*length);
            self.0.extend_from_slice(text);
            return self.0.truncate(end);
        }
        if units < 0 {
            self.0.push(b'-');
        }
        let units = units.unsigned_abs();
        self.integer(units / UNIT as u32);
        if !units.is_multiple_of(UNIT as u32) {
            self.0.extend([b'.', digit(units % UNIT as u32)]);
        }
    }

    fn integer(&mut self, value: u32) {
        // From the last digit on; a `u32` has ten at most.
        let mut digits = [0; 10];
        let (mut start, mut rest) = (digits.len(), value);
        loop {
            start -= 1;
            digits[start] = digit(rest % 10);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[start..]);
    }

    /// Two numbers and the comma between them.
    fn place(&mut self, (x, y): (i32, i32)) {
        self.number(x);
        self.0.push(b',');
        self.number(y);
    }

    fn length(&mut self, name: &str, units: i32) {
        self.0.push(b' ');
        self.raw(name);
        self.raw("=\"");
        self.number(units);
        self.0.push(b'"');
    }

    fn paint(&mut self, name: &str, paint: Paint) {
        self.0.push(b' ');
        self.raw(name);
        self.raw("=\"");
        self.raw(&paint.to_hex());
        self.0.push(b'"');
        if paint.alpha < 1.0 {
            self.raw(&format!(" {name}-opacity=\"{:.2}\"", paint.alpha));
        }
    }

    fn points(&mut self, points: &[(i32, i32)]) {
        self.raw(" points=\"");
        let mut last = None;
        for &point in points {
            // Rounded to a tenth of a pixel, neighbours of a long line often meet.
            if last == Some(point) && points.len() > 2 {
                continue;
            }
            if last.is_some() {
                self.0.push(b' ');
            }
            self.place(point);
            last = Some(point);
        }
        self.0.push(b'"');
    }

    /// A closed line in steps, which are shorter than places.
    fn ring(&mut self, points: &[(i32, i32)]) {
        let mut last = None;
        for &(x, y) in points {
            match last {
                None => self.point(b'M', (x, y)),
                Some(place) if place == (x, y) => continue,
                Some((from_x, from_y)) => self.point(b'l', (x - from_x, y - from_y)),
            }
            last = Some((x, y));
        }
        self.0.push(b'Z');
    }

    fn squares(&mut self, corners: &[(i32, i32)], side: i32) {
        self.raw(" d=\"");
        for corner in corners {
            self.0.push(b'M');
            self.place(*corner);
            for (letter, length) in [(b'h', side), (b'v', side), (b'h', -side)] {
                self.0.push(letter);
                self.number(length);
            }
            self.0.push(b'z');
        }
        self.0.push(b'"');
    }

    fn label(&mut self, text: &Text) {
        self.raw("<text");
        self.length("x", text.x);
        self.length("y", text.baseline);
        self.length("font-size", text.size);
        if text.weight != font::Weight::Regular {
            self.raw(&format!(" font-weight=\"{}\"", text.weight.number()));
        }
        if text.italic {
            self.raw(" font-style=\"italic\"");
        }
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.raw(" text-anchor=\"middle\""),
            Anchor::End => self.raw(" text-anchor=\"end\""),
        }
        self.paint("fill", text.fill);
        self.0.push(b'>');
        if let Some(full) = &text.full {
            self.raw("<title>");
            self.text(full);
            self.raw("</title>");
        }
        self.text(&text.text);
        self.raw("</text>");
    }

    /// SVG has no arc that ends where it starts, so a whole ring is two halves.
    fn wedge(&mut self, wedge: &Wedge) {
        self.raw("<path d=\"");
        if wedge.end - wedge.start >= TAU - 1e-6 {
            for (radius, sweep) in [(wedge.outer, 1), (wedge.inner, 0)].into_iter().filter(|(radius, _)| *radius > 0) {
                let half = wedge.start + PI;
                self.point(b'M', at(wedge, radius, wedge.start));
                self.arc(radius, false, sweep, at(wedge, radius, half));
                self.arc(radius, false, sweep, at(wedge, radius, wedge.start));
                self.0.push(b'Z');
            }
        } else {
            let large = wedge.end - wedge.start > PI;
            self.point(b'M', at(wedge, wedge.outer, wedge.start));
            self.arc(wedge.outer, large, 1, at(wedge, wedge.outer, wedge.end));
            self.point(b'L', at(wedge, wedge.inner, wedge.end));
            if wedge.inner > 0 {
                self.arc(wedge.inner, large, 0, at(wedge, wedge.inner, wedge.start));
            }
            self.0.push(b'Z');
        }
        self.0.push(b'"');
        self.paint("fill", wedge.fill);
        self.raw("/>");
    }

    fn point(&mut self, command: u8, (x, y): (i32, i32)) {
        self.0.push(command);
        self.place((x, y));
    }

    fn arc(&mut self, radius: i32, large: bool, sweep: u8, end: (i32, i32)) {
        self.point(b'A', (radius, radius));
        self.raw(if large { " 0 1 " } else { " 0 0 " });
        self.integer(sweep.into());
        self.point(b' ', end);
    }
}

/// A number as text.
struct Length {
    text: [u8; 8],
    length: u8,
}

/// Every tenth of a pixel below a thousand. A picture has thousands of numbers, and most of them are among these.
static LENGTHS: LazyLock<Vec<Length>> = LazyLock::new(|| {
    let written = |units: i32| {
        let mut text = (units / UNIT).to_string();
        if units % UNIT > 0 {
            text.push_str(&format!(".{}", units % UNIT));
        }
        let mut bytes = [0; 8];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Length { text: bytes, length: text.len() as u8 }
    };
    (0..1_000 * UNIT).map(written).collect()
});

fn at(wedge: &Wedge, radius: i32, angle: f64) -> (i32, i32) {
    let radius = f64::from(radius);
    let (x, y) = (radius * angle.sin(), -radius * angle.cos());
    (wedge.center.0 + x.round() as i32, wedge.center.1 + y.round() as i32)
}

/// `value` is below ten.
fn digit(value: u32) -> u8 {
    b'0' + value as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_written_as_pixels_with_no_more_digits_than_needed() {
        let cases = [
            (0, "0"),
            (5, "0.5"),
            (-5, "-0.5"),
            (1230, "123"),
            (-1234, "-123.4"),
            (9_999, "999.9"),
            (10_000, "1000"),
            (20_000, "2000"),
            (20_001, "2000.1"),
        ];
        for (units, text) in cases {
            let mut out = Writer(Vec::new());
            out.number(units);
            assert_eq!(out.into_text(), text);
        }
    }

    #[test]
    fn markup_in_a_text_is_text() {
        let mut out = Writer(Vec::new());
        out.text("<b a='1' b=\"2\">&amp;é</b>");
        assert_eq!(out.into_text(), "&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;amp;é&lt;/b&gt;");
    }
}
