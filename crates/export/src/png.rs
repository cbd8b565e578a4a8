//! A picture as pixels.

use png::{BitDepth, ColorType, Compression, Encoder, Filter, PixelDimensions, Unit};
use resvg::tiny_skia::{Pixmap, Transform};

use crate::{ExportError, Fonts, Picture, svg, tree};

/// How many pixels a CSS pixel becomes, in each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// One.
    One,
    /// Two, for the dense displays of today.
    Two,
    /// Four, for print.
    Four,
}

impl Scale {
    /// The number.
    pub fn times(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

impl TryFrom<u32> for Scale {
    type Error = ExportError;

    fn try_from(times: u32) -> Result<Self, ExportError> {
        match times {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            4 => Ok(Self::Four),
            _ => Err(ExportError::Scale(times)),
        }
    }
}

/// Each takes four bytes while it is painted: a quarter of a gigabyte for all.
const MOST_MILLIONS: u64 = 64;

/// A CSS pixel is a 96th of an inch, which is 2.54 cm.
const PIXELS_A_METRE: f64 = 96.0 / 0.0254;

/// A picture as pixels, for a clipboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
    /// Four bytes each, row by row: red, green, blue, opaque.
    pub rgba: Vec<u8>,
}

/// The picture as pixels.
///
/// # Errors
///
/// A picture without extent, and one of more pixels than fit a quarter of a gigabyte.
pub fn pixels(picture: &Picture<'_>, scale: Scale) -> Result<Pixels, ExportError> {
    let painted = paint(picture, scale)?;
    Ok(Pixels { width: painted.width(), height: painted.height(), rgba: painted.take() })
}

/// The picture as a PNG file, which says how large it wants to be printed.
///
/// # Errors
///
/// What [`pixels`] says.
pub fn png(picture: &Picture<'_>, scale: Scale) -> Result<Vec<u8>, ExportError> {
    let painted = paint(picture, scale)?;
    encode(&painted, scale.times()).map_err(|error| ExportError::Unwritten(error.to_string()))
}

fn paint(picture: &Picture<'_>, scale: Scale) -> Result<Pixmap, ExportError> {
    let (size, times) = (picture.outer(), scale.times());
    if picture.size.width == 0 || picture.size.height == 0 {
        return Err(ExportError::Empty { width: picture.size.width, height: picture.size.height });
    }
    let (width, height) = (u64::from(size.width) * u64::from(times), u64::from(size.height) * u64::from(times));
    let too_large = ExportError::TooLarge { width, height, most: MOST_MILLIONS };
    if width.saturating_mul(height) > MOST_MILLIONS * 1_000_000 {
        return Err(too_large);
    }
    let tree = tree::read(&svg(picture, Fonts::Named))?;
    let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else { return Err(too_large) };
    let mut pixels = Pixmap::new(width, height).ok_or(too_large)?;
    resvg::render(&tree, Transform::from_scale(times as f32, times as f32), &mut pixels.as_mut());
    Ok(pixels)
}

/// Without the alpha of the pixels: the ground covers all of them.
fn encode(pixels: &Pixmap, times: u32) -> Result<Vec<u8>, png::EncodingError> {
    let opaque: Vec<u8> = pixels.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pixels.width(), pixels.height());
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    // Flat colours and straight lines repeat as they are: a filter makes the file half as large again.
    encoder.set_filter(Filter::NoFilter);
    let pixels_a_metre = (PIXELS_A_METRE * f64::from(times)).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: pixels_a_metre, yppu: pixels_a_metre, unit: Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&opaque)?;
    writer.finish()?;
    Ok(file)
}
