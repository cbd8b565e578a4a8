//! One colour from little to much, for what a colour measures: a country, a cell.
//!
//! The steps are even in OKLab's lightness and of one hue, so that more always looks like more, in grey print and to
//! any eye. Between two steps the colours are mixed with nothing but sums and products, which are the same on every
//! machine.

use crate::palette::Paint;

/// From the least to the greatest value.
#[derive(Debug)]
pub(crate) struct Ramp {
    pub(crate) steps: [Paint; 9],
}

impl Ramp {
    /// The colour of a share from 0 to 1 of the way.
    pub(crate) fn at(&self, share: f64) -> Paint {
        let last = self.steps.len() - 1;
        let place = if share.is_finite() { share.clamp(0.0, 1.0) * last as f64 } else { 0.0 };
        let step = (place.floor() as usize).min(last - 1);
        let (from, to) = (self.steps[step].rgb, self.steps[step + 1].rgb);
        let part = place - step as f64;
        let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * part).round() as u8;
        Paint { rgb: (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2)), alpha: 1.0 }
    }
}

/// Black or white, whichever can be read upon the colour: one of them always contrasts by 4.5 : 1.
pub(crate) fn ink_upon(paint: Paint) -> Paint {
    let luminance = paint.luminance();
    let (black, white) = ((luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05));
    let rgb = if black >= white { (0, 0, 0) } else { (255, 255, 255) };
    Paint { rgb, alpha: 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Theme;
    use crate::palette::Palette;

    #[test]
    fn more_is_darker_upon_white_and_brighter_upon_black() {
        for (theme, sign) in [(Theme::Light, -1.0), (Theme::Dark, 1.0)] {
            for ramp in [&Palette::of(theme).ramp, &Palette::of(theme).warm] {
                let lights: Vec<f64> = (0..=100).map(|part| ramp.at(f64::from(part) / 100.0).luminance()).collect();
                assert!(lights.windows(2).all(|pair| (pair[1] - pair[0]) * sign > 0.0), "{theme:?}: {lights:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_text_upon_any_colour_can_be_read(rgb in any::<(u8, u8, u8)>()) {
            let paint = Paint { rgb, alpha: 1.0 };
            let (a, b) = (paint.luminance(), ink_upon(paint).luminance());
            prop_assert!((a.max(b) + 0.05) / (a.min(b) + 0.05) >= 4.5);
        }

        #[test]
        fn any_share_has_a_colour(bits in any::<u64>()) {
            let ramp = &Palette::of(Theme::Light).ramp;
            let share = f64::from_bits(bits);
            let ends = [ramp.steps[0], ramp.steps[8]];
            let color = ramp.at(share);
            prop_assert!((0.0..1.0).contains(&share) || ends.contains(&color));
        }
    }
}
