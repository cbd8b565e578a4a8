//! Pictures of organizations and people. The core fetches them, from wherever
//! Clerk says they are, and draws each one anew: a small square PNG, the only
//! thing that reaches the disk and the web view. So nobody who can upload a
//! picture can hand a file to either, and the web view asks no network.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage};
use perch_clerk::{ClerkError, Picture};
use perch_tenant::TenantId;
use sha2::{Digest, Sha256};

use crate::disk;

/// The sides of a picture in pixels: what a switcher shows, on a dense screen.
const SIDE: u32 = 96;

/// The longest side of a picture that is decoded at all.
const LONGEST_SIDE: u32 = 4_096;

/// The largest decoded picture, in bytes: the largest square of four bytes a pixel.
const LARGEST: u64 = LONGEST_SIDE as u64 * LONGEST_SIDE as u64 * 4;

/// The pictures that are here, one file a tenant.
pub(crate) struct Pictures {
    folder: PathBuf,
    http: reqwest::Client,
    places: Mutex<HashMap<TenantId, Arc<Place>>>,
    /// Held while a picture is drawn: the largest takes 200 MB for a moment.
    drawing: tokio::sync::Mutex<()>,
}

/// Where a tenant's picture stands, until the tenant signs out.
#[derive(Default)]
struct Place {
    /// Held while the picture is fetched.
    fetching: tokio::sync::Mutex<()>,
    /// Whether the tenant signed out. Held while a file is written, so that a
    /// fetch that is under way leaves nothing behind.
    removed: Mutex<bool>,
}

/// Why there is no picture. Never told to the viewer, who sees initials instead.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    /// It did not come.
    #[error(transparent)]
    Fetch(#[from] ClerkError),
    /// Neither PNG nor JPEG, WebP or GIF, whatever it was called.
    #[error("this is no picture of a kind that Perch shows")]
    UnknownKind,
    /// It cannot be decoded, or is too large to be.
    #[error("the picture cannot be drawn: {0}")]
    Undrawable(#[from] ImageError),
    /// It cannot be kept.
    #[error("the picture cannot be kept: {0}")]
    Disk(#[from] io::Error),
}

impl Pictures {
    /// The pictures in `folder`, which is made when the first one comes.
    pub(crate) fn new(folder: PathBuf, http: reqwest::Client) -> Self {
        Self { folder, http, places: Mutex::default(), drawing: tokio::sync::Mutex::default() }
    }

    /// Makes `picture` the tenant's: fetches and draws it, and removes the one
    /// before. Does nothing where it is here already, and leaves nothing where
    /// the tenant is removed meanwhile.
    ///
    /// # Errors
    /// When it did not come, or is not what it says, or the disk does not take
    /// it. The one before stays.
    pub(crate) async fn fetch(&self, tenant: &TenantId, picture: &Picture) -> Result<(), PictureError> {
        let place = self.places().entry(tenant.clone()).or_default().clone();
        let _fetching = place.fetching.lock().await;
        if self.path(tenant, picture).is_some() {
            return Ok(());
        }
        let bytes = picture.fetch(&self.http).await?;
        let _drawing = self.drawing.lock().await;
        let (folder, tenant, name) = (self.folder.clone(), tenant.clone(), name(tenant, picture));
        let place = place.clone();
        let drawn = tokio::task::spawn_blocking(move || {
            let png = draw(&bytes)?;
            let removed = place.removed.lock().unwrap_or_else(PoisonError::into_inner);
            if !*removed {
                disk::write_whole(&file(&folder, &name), &png)?;
                remove_files(&folder, |other| other != name && is_of(&tenant, other))?;
            }
            Ok(())
        });
        // A decoder that panics is one more that cannot draw it.
        drawn.await.unwrap_or_else(|error| Err(io::Error::other(error).into()))
    }

    /// The path of the tenant's picture for [`Pictures::read`], when the one at
    /// this very address is here.
    pub(crate) fn path(&self, tenant: &TenantId, picture: &Picture) -> Option<String> {
        let name = name(tenant, picture);
        file(&self.folder, &name).is_file().then_some(name)
    }

    /// The PNG at a path that the web view asks for. `None` for every other
    /// text: the web view reads no other file.
    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        if !is_name(path) {
            return None;
        }
        fs::read(file(&self.folder, path)).ok()
    }

    /// Removes the tenant's pictures, and what a crash left half written.
    pub(crate) fn remove(&self, tenant: &TenantId) -> io::Result<()> {
        let place = self.places().remove(tenant);
        let mut removed = place.as_ref().map(|place| place.removed.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(removed) = &mut removed {
            **removed = true;
        }
        remove_files(&self.folder, |name| is_of(tenant, name) || !is_name(name))
    }

    fn places(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `TENANT-VERSION`. The version is of the address: another picture has
/// another, and neither the disk nor the web view learns it.
fn name(tenant: &TenantId, picture: &Picture) -> String {
    let version: String = Sha256::digest(picture.address())[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{tenant}-{version}")
}

/// Whether this is what [`name`] makes, and so no path to anywhere else.
fn is_name(name: &str) -> bool {
    let is_version = |text: &str| text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    name.split_once('-')
        .is_some_and(|(tenant, version)| TenantId::try_from(tenant.to_owned()).is_ok() && is_version(version))
}

fn is_of(tenant: &TenantId, name: &str) -> bool {
    is_name(name) && name.starts_with(tenant.as_str())
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.png"))
}

/// Removes the files whose names, without `.png`, are chosen.
fn remove_files(folder: &Path, chosen: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if chosen(name.strip_suffix(".png").unwrap_or(&name)) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Draws a picture anew: its middle square, upright, scaled to [`SIDE`], as a
/// PNG that has its pixels and nothing else. Of a moving picture the first frame.
fn draw(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let picture = decode(bytes)?;
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let square = picture.crop_imm(left, top, side, side).into_rgba8();
    let small = scale(square);
    let mut png = Vec::new();
    small.write_with_encoder(PngEncoder::new(&mut png))?;
    Ok(png)
}

/// Decodes what its first bytes say it is, within the limits.
fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    let format = match image::guess_format(bytes) {
        // Named, because another crate in the same build may bring other formats.
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif)) => format,
        _ => return Err(PictureError::UnknownKind),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(LARGEST);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Scales to [`SIDE`]. Each colour counts as much as it is seen: what hides in
/// the transparent part of a logo does not darken its edge.
fn scale(mut square: RgbaImage) -> RgbaImage {
    for pixel in square.pixels_mut() {
        let [colour @ .., alpha] = &mut pixel.0;
        colour.iter_mut().for_each(|value| *value = ((u16::from(*value) * u16::from(*alpha) + 127) / 255) as u8);
    }
    // A filter that does not overshoot: an overshoot of alpha is cut off, and the colour's would show.
    let mut small = imageops::resize(&square, SIDE, SIDE, FilterType::Triangle);
    for pixel in small.pixels_mut() {
        let [colour @ .., alpha] = &mut pixel.0;
        let whole = |value: u8| (u16::from(value) * 255).checked_div(u16::from(*alpha)).unwrap_or(0).min(255) as u8;
        colour.iter_mut().for_each(|value| *value = whole(*value));
    }
    small
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::extract::Request;
    use axum::http::header;
    use axum::middleware::{self, Next};
    use axum::response::Redirect;
    use axum::routing::get;
    use image::codecs::gif::GifEncoder;
    use image::codecs::jpeg::JpegEncoder;
    use image::error::LimitError;
    use image::{Frame, ImageEncoder, Rgba};
    use perch_tenant::Origin;
    use proptest::prelude::*;
    use tempfile::TempDir;
    use tokio::sync::Notify;

    use super::*;

    const RED: Rgba<u8> = Rgba([220, 30, 30, 255]);
    const GREEN: Rgba<u8> = Rgba([30, 180, 60, 255]);
    const BLUE: Rgba<u8> = Rgba([30, 60, 200, 255]);
    const CLEAR: Rgba<u8> = Rgba([0, 0, 0, 0]);
    /// As clear, but somebody left a colour in it.
    const HIDDEN: Rgba<u8> = Rgba([255, 0, 255, 0]);

    /// A server with pictures, and where they are kept.
    struct World {
        folder: TempDir,
        pictures: Arc<Pictures>,
        origin: Origin,
        asked: Arc<AtomicUsize>,
    }

    impl World {
        async fn new(routes: Router) -> Self {
            let asked = Arc::<AtomicUsize>::default();
            let counted = asked.clone();
            let routes = routes.layer(middleware::from_fn(move |request: Request, next: Next| {
                counted.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            }));
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            tokio::spawn(async move { axum::serve(listener, routes).await });
            let folder = tempfile::tempdir().expect("a folder");
            let http = perch_clerk::http_client().expect("a client");
            let pictures = Arc::new(Pictures::new(folder.path().join("pictures"), http));
            let origin = Origin::parse(&format!("http://{address}")).expect("an origin");
            Self { folder, pictures, origin, asked }
        }

        /// Answers the same, whatever is asked for.
        async fn serving(content_type: &'static str, bytes: Vec<u8>) -> Self {
            let answer = ([(header::CONTENT_TYPE, content_type)], bytes);
            Self::new(Router::new().route("/{*path}", get(move || std::future::ready(answer)))).await
        }

        fn picture(&self, path: &str) -> Picture {
            let address = self.origin.join(path);
            Picture::parse_kept(address.as_str(), &self.origin).expect("a picture's address")
        }

        /// Fetches `path` for the tenant and answers with what the web view gets.
        async fn drawn(&self, path: &str) -> RgbaImage {
            self.pictures.fetch(&tenant('a'), &self.picture(path)).await.expect("fetched");
            let path = self.pictures.path(&tenant('a'), &self.picture(path)).expect("here");
            pixels(&self.pictures.read(&path).expect("readable"))
        }

        fn files(&self) -> Vec<String> {
            let entries = fs::read_dir(self.folder.path().join("pictures")).into_iter().flatten();
            let mut names: Vec<_> =
                entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
            names.sort();
            names
        }
    }

    fn tenant(digit: char) -> TenantId {
        TenantId::try_from(digit.to_string().repeat(32)).expect("a tenant's id")
    }

    /// A picture whose pixels `colour` chooses by their places.
    fn painted(width: u32, height: u32, colour: impl Fn(u32, u32) -> Rgba<u8>) -> RgbaImage {
        RgbaImage::from_fn(width, height, colour)
    }

    fn plain(colour: Rgba<u8>) -> RgbaImage {
        painted(40, 40, |_, _| colour)
    }

    fn encoded(picture: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::from(picture.clone());
        let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture };
        picture.write_to(&mut bytes, format).expect("encoded");
        bytes.into_inner()
    }

    fn png(picture: &RgbaImage) -> Vec<u8> {
        encoded(picture, ImageFormat::Png)
    }

    /// A PNG that says no more than how large it is: 16 bits of red, green,
    /// blue and alpha a pixel.
    fn header_alone(width: u32, height: u32) -> Vec<u8> {
        let mut chunk = b"IHDR".to_vec();
        chunk.extend(width.to_be_bytes());
        chunk.extend(height.to_be_bytes());
        chunk.extend([16, 6, 0, 0, 0]);
        let sum = !chunk.iter().fold(!0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
        });
        let chunks: [&[u8]; 5] =
            [b"\x89PNG\r\n\x1a\n\0\0\0\x0d", &chunk, &sum.to_be_bytes(), b"\0\0\0\0IDAT", &[0x35, 0xaf, 0x06, 0x1e]];
        chunks.concat()
    }

    /// The pixels of one of our own PNGs, which has them and nothing else.
    fn pixels(png: &[u8]) -> RgbaImage {
        assert_eq!(chunks(png), ["IHDR", "IDAT", "IEND"]);
        let picture = image::load_from_memory_with_format(png, ImageFormat::Png).expect("a PNG").into_rgba8();
        assert_eq!(picture.dimensions(), (96, 96));
        picture
    }

    /// The names of a PNG's chunks, to its last byte (PNG §5.3).
    fn chunks(png: &[u8]) -> Vec<&str> {
        let mut rest = png.strip_prefix(b"\x89PNG\r\n\x1a\n").expect("a PNG");
        let mut names = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            names.push(std::str::from_utf8(&after[..4]).expect("a name"));
            rest = &after[u32::from_be_bytes(*length) as usize + 8..];
        }
        assert!(rest.is_empty());
        names
    }

    /// Whether two colours look the same: JPEG does not keep them to the bit.
    fn same(a: &Rgba<u8>, b: &Rgba<u8>) -> bool {
        a.0.iter().zip(b.0).all(|(a, b)| a.abs_diff(b) <= 6)
    }

    fn error(bytes: &[u8]) -> PictureError {
        draw(bytes).expect_err("refused")
    }

    fn is_beyond_limits(error: &PictureError) -> bool {
        matches!(error, PictureError::Undrawable(ImageError::Limits(LimitError { .. })))
    }

    #[tokio::test]
    async fn each_kind_of_picture_becomes_a_small_png_of_our_own() {
        for (format, content_type) in [
            (ImageFormat::Png, "image/png"),
            (ImageFormat::Jpeg, "image/jpeg"),
            (ImageFormat::WebP, "image/webp"),
            (ImageFormat::Gif, "image/gif"),
        ] {
            let world = World::serving(content_type, encoded(&plain(GREEN), format)).await;
            let drawn = world.drawn("/acme").await;
            assert!(drawn.pixels().all(|pixel| same(pixel, &GREEN)), "{format:?}");
        }
    }

    #[tokio::test]
    async fn what_is_hidden_behind_a_picture_does_not_reach_the_disk() {
        let mut bytes = png(&plain(GREEN));
        bytes.extend(b"<script>alert(1)</script>");
        let world = World::serving("image/png", bytes).await;
        assert!(world.drawn("/acme").await.pixels().all(|pixel| *pixel == GREEN));
    }

    #[test]
    fn of_a_moving_picture_the_first_frame_is_drawn() {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        encoder.encode_frames([RED, BLUE].map(|colour| Frame::new(plain(colour)))).expect("encoded");
        drop(encoder);
        assert!(pixels(&draw(&bytes).expect("drawn")).pixels().all(|pixel| same(pixel, &RED)));
    }

    #[test]
    fn of_a_tall_or_wide_picture_the_middle_is_drawn() {
        let third = |place: u32| [RED, GREEN, BLUE][place as usize / 50];
        for picture in [painted(50, 150, |_, y| third(y)), painted(150, 50, |x, _| third(x))] {
            let drawn = pixels(&draw(&png(&picture)).expect("drawn"));
            assert!(drawn.pixels().all(|pixel| *pixel == GREEN));
        }
    }

    #[test]
    fn a_photograph_that_was_taken_sideways_is_drawn_upright() {
        // Exif 2.32 §4.6.4: orientation 6, "the 0th row is the visual right-hand side".
        let exif = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let sideways = DynamicImage::from(painted(64, 64, |x, _| if x < 32 { RED } else { BLUE })).into_rgb8();
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        encoder.set_exif_metadata(exif.to_vec()).expect("taken");
        encoder.encode_image(&sideways).expect("encoded");
        let drawn = pixels(&draw(&bytes).expect("drawn"));
        assert!(same(drawn.get_pixel(48, 10), &RED) && same(drawn.get_pixel(48, 85), &BLUE));
    }

    #[test]
    fn what_is_transparent_lends_its_colour_to_no_edge() {
        let logo = painted(200, 200, |x, _| if x < 101 { GREEN } else { HIDDEN });
        let drawn = pixels(&draw(&png(&logo)).expect("drawn"));
        assert_eq!((drawn.get_pixel(10, 48), drawn.get_pixel(90, 48)), (&GREEN, &CLEAR));
        let seen = drawn.pixels().filter(|pixel| pixel.0[3] > 64);
        assert!(seen.clone().any(|pixel| pixel.0[3] < 192), "there is an edge");
        assert!(seen.cloned().all(|Rgba([red, green, blue, _])| same(&Rgba([red, green, blue, 255]), &GREEN)));
    }

    #[test]
    fn a_picture_that_is_large_only_when_unpacked_is_refused_before_it_is() {
        assert!(is_beyond_limits(&error(&header_alone(30_000, 30_000))));
        assert!(is_beyond_limits(&error(&header_alone(4_096, 4_096))), "128 MB");
        assert!(!is_beyond_limits(&error(&header_alone(40, 40))), "it only has no pixels");
    }

    #[test]
    fn no_side_is_longer_than_the_limit() {
        let strip = |length| painted(length, 1, |_, _| GREEN);
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
            assert!(draw(&encoded(&strip(LONGEST_SIDE), format)).is_ok(), "{format:?}");
            assert!(is_beyond_limits(&error(&encoded(&strip(LONGEST_SIDE + 1), format))), "{format:?}");
        }
    }

    #[test]
    fn a_picture_without_any_pixel_is_refused() {
        let empty = b"GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\0\0\0\0\0\x02\x02\x44\x01\0;";
        for bytes in [&empty[..], &header_alone(0, 40)] {
            assert!(matches!(error(bytes), PictureError::Undrawable(_)));
        }
    }

    #[tokio::test]
    async fn markup_and_other_files_that_are_called_pictures_are_refused() {
        for bytes in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"[..],
            b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<!doctype html><script>alert(1)</script>",
            // TIFF and BMP: another crate in the same build may read them.
            b"II\x2a\0\x08\0\0\0",
            b"BM\x3a\0\0\0\0\0\0\0",
            b"",
        ] {
            let world = World::serving("image/png", bytes.to_vec()).await;
            let error = world.pictures.fetch(&tenant('a'), &world.picture("/acme")).await.expect_err("refused");
            assert!(matches!(error, PictureError::UnknownKind), "{error:?}");
            assert_eq!(world.files(), [""; 0]);
        }
    }

    #[tokio::test]
    async fn a_file_that_is_cut_off_is_refused() {
        let whole = png(&painted(64, 64, |x, y| Rgba([(x * 3) as u8, (y * 3) as u8, 0, 255])));
        let world = World::serving("image/png", whole[..whole.len() / 2].to_vec()).await;
        let error = world.pictures.fetch(&tenant('a'), &world.picture("/acme")).await.expect_err("refused");
        assert!(matches!(error, PictureError::Undrawable(_)), "{error:?}");
        assert_eq!(world.files(), [""; 0]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_drawn_whole_or_refused(
            format in prop::sample::select(vec![ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = encoded(&painted(24, 16, |x, y| Rgba([(x * 10) as u8, (y * 10) as u8, 90, 255])), format);
            for (place, value) in changes {
                *place.get_mut(&mut bytes) = value;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
            if let Ok(png) = draw(&bytes) {
                pixels(&png);
            }
        }

        #[test]
        fn no_text_but_a_pictures_own_name_reads_a_file(text in "(\\.\\./|/)?[0-9a-f]{31,33}[-_.]?[0-9a-fA-F]{7,9}(\\.png|/\\.\\.)?") {
            let parts = text.split_once('-').map(|(tenant, version)| (tenant.len(), version.len()));
            let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
            prop_assert_eq!(is_name(&text), plain && parts == Some((32, 8)));
        }
    }

    #[tokio::test]
    async fn an_address_that_leads_elsewhere_is_not_followed() {
        let elsewhere = ([(header::CONTENT_TYPE, "image/png")], png(&plain(GREEN)));
        let routes = Router::new()
            .route("/acme", get(|| std::future::ready(Redirect::temporary("/elsewhere"))))
            .route("/elsewhere", get(move || std::future::ready(elsewhere)));
        let world = World::new(routes).await;
        let error = world.pictures.fetch(&tenant('a'), &world.picture("/acme")).await.expect_err("refused");
        assert!(matches!(error, PictureError::Fetch(ClerkError::Redirected { .. })), "{error:?}");
        assert_eq!((world.asked.load(Ordering::SeqCst), world.files()), (1, Vec::new()));
    }

    #[tokio::test]
    async fn a_picture_that_is_here_is_not_fetched_again() {
        let world = World::serving("image/png", png(&plain(GREEN))).await;
        let (tenant, picture) = (tenant('a'), world.picture("/acme"));
        assert_eq!(world.pictures.path(&tenant, &picture), None);
        let (first, second) =
            tokio::join!(world.pictures.fetch(&tenant, &picture), world.pictures.fetch(&tenant, &picture));
        first.and(second).expect("fetched");
        world.pictures.fetch(&tenant, &picture).await.expect("here");
        assert_eq!(world.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_new_picture_takes_the_place_of_the_one_before() {
        let world = World::serving("image/png", png(&plain(GREEN))).await;
        let (before, after) = (world.picture("/before"), world.picture("/after"));
        world.pictures.fetch(&tenant('a'), &before).await.expect("fetched");
        world.pictures.fetch(&tenant('b'), &before).await.expect("fetched");
        assert_eq!(world.pictures.path(&tenant('a'), &after), None, "it is another picture");
        world.pictures.fetch(&tenant('a'), &after).await.expect("fetched");
        let path = world.pictures.path(&tenant('a'), &after).expect("here");
        assert_eq!(world.pictures.path(&tenant('a'), &before), None);
        let other = world.pictures.path(&tenant('b'), &before).expect("another tenant's stays");
        assert_eq!(world.files(), [format!("{path}.png"), format!("{other}.png")]);
    }

    #[tokio::test]
    async fn a_picture_that_does_not_come_leaves_the_one_before() {
        let before = ([(header::CONTENT_TYPE, "image/png")], png(&plain(GREEN)));
        let world = World::new(Router::new().route("/before", get(move || std::future::ready(before)))).await;
        let picture = world.picture("/before");
        world.pictures.fetch(&tenant('a'), &picture).await.expect("fetched");
        world.pictures.fetch(&tenant('a'), &world.picture("/gone")).await.expect_err("not there");
        assert!(world.pictures.path(&tenant('a'), &picture).is_some());
    }

    #[tokio::test]
    async fn where_the_disk_takes_no_file_there_is_no_picture() {
        let world = World::serving("image/png", png(&plain(GREEN))).await;
        fs::write(world.folder.path().join("pictures"), "a file where the folder should be").expect("written");
        let picture = world.picture("/acme");
        let error = world.pictures.fetch(&tenant('a'), &picture).await.expect_err("not kept");
        assert!(matches!(error, PictureError::Disk(_)), "{error:?}");
        assert_eq!(world.pictures.path(&tenant('a'), &picture), None);
    }

    #[tokio::test]
    async fn the_web_view_reads_no_file_but_a_picture() {
        let world = World::serving("image/png", png(&plain(GREEN))).await;
        world.drawn("/acme").await;
        let name = world.files().remove(0);
        let name = name.trim_end_matches(".png");
        fs::write(world.folder.path().join("accounts.png"), "secret").expect("written");
        fs::write(world.folder.path().join("pictures/accounts.png"), "secret").expect("written");
        for path in [
            "",
            "accounts",
            "../accounts",
            "..",
            "/etc/passwd",
            &format!("{name}.png"),
            &format!("./{name}"),
            &format!("../pictures/{name}"),
            &format!("{name}/../accounts"),
            &format!("{name}\0"),
            &name.to_uppercase(),
            &format!("{}-00000000", tenant('b')),
        ] {
            assert_eq!(world.pictures.read(path), None, "{path}");
        }
        assert!(world.pictures.read(name).is_some());
    }

    #[tokio::test]
    async fn sign_out_removes_the_tenants_pictures_and_nobody_elses() {
        let world = World::serving("image/png", png(&plain(GREEN))).await;
        let picture = world.picture("/acme");
        for digit in ['a', 'b'] {
            world.pictures.fetch(&tenant(digit), &picture).await.expect("fetched");
        }
        let folder = world.folder.path().join("pictures");
        fs::write(folder.join(format!("{}-00000000.png", tenant('a'))), "older").expect("written");
        fs::write(folder.join(".tmpXq3K9a"), "half").expect("written");
        world.pictures.remove(&tenant('a')).expect("removed");
        let other = world.pictures.path(&tenant('b'), &picture).expect("stays");
        assert_eq!(world.files(), [format!("{other}.png")]);
        world.pictures.fetch(&tenant('a'), &picture).await.expect("signed in again");
        assert!(world.pictures.path(&tenant('a'), &picture).is_some());
    }

    #[tokio::test]
    async fn sign_out_where_there_never_was_a_picture_is_fine() {
        let world = World::new(Router::new()).await;
        world.pictures.remove(&tenant('a')).expect("nothing to remove");
    }

    #[tokio::test]
    async fn a_picture_that_comes_after_the_sign_out_leaves_nothing() {
        let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (asked.clone(), answer.clone());
        let slow = get(move || async move {
            tell.notify_one();
            wait.notified().await;
            ([(header::CONTENT_TYPE, "image/png")], png(&plain(GREEN)))
        });
        let world = World::new(Router::new().route("/acme", slow)).await;
        let (pictures, picture) = (world.pictures.clone(), world.picture("/acme"));
        let fetching = tokio::spawn(async move { pictures.fetch(&tenant('a'), &picture).await });
        asked.notified().await;
        world.pictures.remove(&tenant('a')).expect("removed");
        answer.notify_one();
        fetching.await.expect("no panic").expect("fetched in vain");
        assert_eq!(world.files(), [""; 0]);
    }
}
