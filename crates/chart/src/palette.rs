//! The colours of a picture, light and dark.
//!
//! The eight series colours were chosen by search: each contrasts with the ground by 3 : 1 at least (WCAG 2.2, 1.4.11),
//! and no two come closer than 0.07 in OKLab, for eyes with or without colour blindness (Machado 2009).
//! Texts contrast by 4.5 : 1 at least. Tests below hold all of it.

use plotters::style::Color;
use plotters_backend::BackendColor;

use crate::ramp::Ramp;
use crate::{Hex, Theme};

/// A colour, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Paint {
    pub(crate) rgb: (u8, u8, u8),
    pub(crate) alpha: f64,
}

impl Paint {
    const fn hex(rgb: u32) -> Self {
        Self { rgb: ((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8), alpha: 1.0 }
    }

    /// The same colour, less of it.
    pub(crate) fn faint(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// How bright it is, from 0 to 1 (WCAG 2.2, relative luminance).
    pub(crate) fn luminance(self) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let (red, green, blue) = self.rgb;
        channel(red) * 0.2126 + channel(green) * 0.7152 + channel(blue) * 0.0722
    }

    /// As `#rrggbb`.
    pub(crate) fn to_hex(self) -> Hex {
        Hex::of(self.rgb)
    }
}

impl Color for Paint {
    fn to_backend_color(&self) -> BackendColor {
        BackendColor { alpha: self.alpha, rgb: self.rgb }
    }
}

/// What a picture is painted with.
pub(crate) struct Palette {
    /// What the picture is laid upon; the picture itself is clear.
    pub(crate) ground: Paint,
    /// Values and names.
    pub(crate) ink: Paint,
    /// Axis labels, and what comes second.
    pub(crate) muted: Paint,
    /// The line that bars stand on.
    pub(crate) axis: Paint,
    /// Lines to read by.
    pub(crate) grid: Paint,
    /// The previous period, "Other", and series beyond the eighth.
    pub(crate) ghost: Paint,
    pub(crate) good: Paint,
    pub(crate) bad: Paint,
    /// The first is the accent.
    pub(crate) series: [Paint; 8],
    /// For what a colour measures.
    pub(crate) ramp: Ramp,
    /// The same for what lies below zero.
    pub(crate) warm: Ramp,
}

const LIGHT: Palette = Palette {
    ground: Paint::hex(0xffffff),
    ink: Paint::hex(0x1b1f24),
    muted: Paint::hex(0x5c6570),
    axis: Paint::hex(0x8a929c),
    grid: Paint::hex(0xe6e8eb),
    ghost: Paint::hex(0x8b939d),
    good: Paint::hex(0x18794e),
    bad: Paint::hex(0xb42318),
    series: [
        Paint::hex(0x2563c4),
        Paint::hex(0xaf5e33),
        Paint::hex(0x0ba291),
        Paint::hex(0x890071),
        Paint::hex(0xb88a19),
        Paint::hex(0x9b77c9),
        Paint::hex(0xac1541),
        Paint::hex(0x245601),
    ],
    ramp: Ramp {
        steps: [
            Paint::hex(0xd7eafe),
            Paint::hex(0xabd4ff),
            Paint::hex(0x82bcfc),
            Paint::hex(0x64a3ef),
            Paint::hex(0x4c8adb),
            Paint::hex(0x3b72c2),
            Paint::hex(0x2f5ba5),
            Paint::hex(0x274683),
            Paint::hex(0x20335e),
        ],
    },
    warm: Ramp {
        steps: [
            Paint::hex(0xfbe2d3),
            Paint::hex(0xf8c3a3),
            Paint::hex(0xf0a374),
            Paint::hex(0xdf874e),
            Paint::hex(0xc96d2d),
            Paint::hex(0xb0570d),
            Paint::hex(0x924400),
            Paint::hex(0x743400),
            Paint::hex(0x542704),
        ],
    },
};

const DARK: Palette = Palette {
    ground: Paint::hex(0x15181d),
    ink: Paint::hex(0xe9ecf0),
    muted: Paint::hex(0xa0a8b3),
    axis: Paint::hex(0x6b747f),
    grid: Paint::hex(0x2a2f37),
    ghost: Paint::hex(0x7a838f),
    good: Paint::hex(0x4cc38a),
    bad: Paint::hex(0xff8b7b),
    series: [
        Paint::hex(0x6ea8fe),
        Paint::hex(0xe06f00),
        Paint::hex(0x3edfd8),
        Paint::hex(0xbe80ab),
        Paint::hex(0xc6b77a),
        Paint::hex(0x865cd0),
        Paint::hex(0xbf4158),
        Paint::hex(0xb1f08a),
    ],
    ramp: Ramp {
        steps: [
            Paint::hex(0x283550),
            Paint::hex(0x2e4876),
            Paint::hex(0x325d9b),
            Paint::hex(0x3774bd),
            Paint::hex(0x408dda),
            Paint::hex(0x50a6f1),
            Paint::hex(0x71bfff),
            Paint::hex(0xa2d7fe),
            Paint::hex(0xd2ecfe),
        ],
    },
    warm: Ramp {
        steps: [
            Paint::hex(0x4a2e1c),
            Paint::hex(0x6c3a18),
            Paint::hex(0x8d4815),
            Paint::hex(0xad591a),
            Paint::hex(0xca6e2d),
            Paint::hex(0xe28547),
            Paint::hex(0xf4a16d),
            Paint::hex(0xf9c2a1),
            Paint::hex(0xfde2d2),
        ],
    },
};

impl Palette {
    pub(crate) fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    /// The colour of the series of this rank; beyond the eighth there is none left.
    pub(crate) fn series(&self, rank: usize) -> Paint {
        self.series.get(rank).copied().unwrap_or(self.ghost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Vector = [f64; 3];

    fn linear(paint: Paint) -> Vector {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let (red, green, blue) = paint.rgb;
        [channel(red), channel(green), channel(blue)]
    }

    fn dot(a: Vector, b: Vector) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    fn contrast(a: Paint, b: Paint) -> f64 {
        let (a, b) = (a.luminance() + 0.05, b.luminance() + 0.05);
        a.max(b) / a.min(b)
    }

    fn oklab(rgb: Vector) -> Vector {
        let rgb = rgb.map(|channel| channel.clamp(0.0, 1.0));
        let cone = [
            dot(rgb, [0.4122214708, 0.5363325363, 0.0514459929]).cbrt(),
            dot(rgb, [0.2119034982, 0.6806995451, 0.1073969566]).cbrt(),
            dot(rgb, [0.0883024619, 0.2817188376, 0.6299787005]).cbrt(),
        ];
        [
            dot(cone, [0.2104542553, 0.7936177850, -0.0040720468]),
            dot(cone, [1.9779984951, -2.4285922050, 0.4505937099]),
            dot(cone, [0.0259040371, 0.7827717662, -0.8086757660]),
        ]
    }

    /// Nobody, protanopia, deuteranopia, tritanopia: Machado, Oliveira and Fernandes, 2009, at full severity.
    const EYES: [[Vector; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];

    #[test]
    fn no_eye_takes_one_series_for_another() {
        for palette in [&LIGHT, &DARK] {
            for eye in EYES {
                let seen = palette.series.map(|paint| oklab(eye.map(|row| dot(row, linear(paint)))));
                for (index, a) in seen.iter().enumerate() {
                    for b in &seen[..index] {
                        let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                        assert!(distance > 0.07, "{distance} between {a:?} and {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_series_stands_out_from_the_ground() {
        for palette in [&LIGHT, &DARK] {
            for paint in palette.series.iter().chain([&palette.ghost, &palette.axis]) {
                assert!(contrast(*paint, palette.ground) >= 3.0, "{}", paint.to_hex());
            }
        }
    }

    #[test]
    fn every_text_can_be_read() {
        for palette in [&LIGHT, &DARK] {
            for paint in [palette.ink, palette.muted, palette.good, palette.bad] {
                assert!(contrast(paint, palette.ground) >= 4.5, "{}", paint.to_hex());
            }
        }
    }
}
