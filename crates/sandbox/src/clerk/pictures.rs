//! Pictures of people and organizations: each a simple mark on a colour, made
//! from its owner's id, so that it is the same at every start.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::people::{organizations, people};

/// Cells of a mark a side; its right half mirrors its left.
const CELLS: usize = 5;
/// Pixels of a cell a side, and of the margin around all of them.
const CELL: usize = 16;
const MARGIN: usize = 8;
const SIDE: usize = CELLS * CELL + 2 * MARGIN;

/// Grounds that a light mark shows on.
const GROUNDS: [[u8; 3]; 6] =
    [[15, 107, 92], [163, 77, 29], [64, 84, 158], [122, 56, 112], [84, 107, 38], [140, 44, 54]];
const MARK: [u8; 3] = [244, 242, 238];

/// Where the picture of the person or organization with this id is.
pub(super) fn address(issuer: &str, id: &str) -> String {
    format!("{issuer}/pictures/{id}.png")
}

/// `GET /pictures/ID.png`. There is one for everybody, also for who uploaded
/// none: Clerk makes one up and tells so by `has_image`.
pub(super) async fn picture(Path(file): Path<String>) -> Response {
    let ids = people().iter().map(|person| person.id).chain(organizations().iter().map(|one| one.id));
    let Some(id) = ids.into_iter().find(|id| file.strip_suffix(".png") == Some(id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match mark(id) {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "image/png"),
                (header::CACHE_CONTROL, "public, max-age=3600"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, bytes).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the sandbox could not draw a picture");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The picture of an id, as a PNG.
fn mark(id: &str) -> Result<Vec<u8>, png::EncodingError> {
    let digest = Sha256::digest(id);
    let ground = GROUNDS[usize::from(digest[0]) % GROUNDS.len()];
    let filled = |column: usize, row: usize| digest[1 + row * CELLS + column.min(CELLS - 1 - column)] % 2 == 0;
    let cell = |pixel: usize| pixel.checked_sub(MARGIN).map(|inside| inside / CELL).filter(|cell| *cell < CELLS);
    let mut pixels = Vec::with_capacity(SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let on_mark = cell(x).zip(cell(y)).is_some_and(|(column, row)| filled(column, row));
            pixels.push(u8::from(on_mark));
        }
    }

    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, SIDE as u32, SIDE as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette([ground, MARK].concat());
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}
