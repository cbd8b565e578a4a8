//! Pictures as files, looked at as their readers look at them: pixel by pixel, page by page.

use perch_chart::{Drawing, Input, Kind, Size, Spec, Theme, draw};
use perch_export::{
    ExportError, Fonts, Group, Head, Layout, Picture, Report, Scale, Span, Tile, pdf, picture_pdf, png, svg,
};
use perch_tinybird::decode;

const SIZE: Size = Size { width: 400, height: 240 };

fn drawing(names: &[&str], kind: Kind, theme: Theme) -> Drawing {
    let rows: Vec<String> =
        names.iter().map(|name| format!("{{\"name\": {}, \"hits\": 5}}", json_text(name))).collect();
    let answer = format!(
        "{{\"meta\": [{{\"name\": \"name\", \"type\": \"String\"}}, {{\"name\": \"hits\", \"type\": \"UInt64\"}}], \
         \"data\": [{}], \"rows\": {}}}",
        rows.join(","),
        rows.len()
    );
    let table = decode(answer.as_bytes()).expect("an answer").table;
    draw(&Input::from(&table), &Spec::new(kind), SIZE, theme).expect("drawn")
}

fn json_text(text: &str) -> String {
    serde_json::to_string(text).expect("JSON")
}

struct Pixels {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Pixels {
    fn read(file: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
        let mut rgb = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut rgb).expect("a frame");
        assert_eq!(frame.color_type, png::ColorType::Rgb);
        Self { width: frame.width as usize, height: frame.height as usize, rgb }
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let start = (y * self.width + x) * 3;
        [self.rgb[start], self.rgb[start + 1], self.rgb[start + 2]]
    }

    /// How many pixels differ from the ground.
    fn painted(&self) -> usize {
        let ground = self.at(0, 0);
        self.rgb.chunks_exact(3).filter(|pixel| **pixel != ground).count()
    }
}

#[test]
fn a_png_is_as_large_as_was_asked_and_shows_bars_on_the_ground() {
    for (theme, ground) in [(Theme::Light, [0xff, 0xff, 0xff]), (Theme::Dark, [0x15, 0x18, 0x1d])] {
        let drawing = drawing(&["a", "b"], Kind::Column, theme);
        for (scale, times) in [(Scale::One, 1), (Scale::Two, 2), (Scale::Four, 4)] {
            let picture = Picture { drawing: &drawing, size: SIZE, theme, title: None };
            let pixels = Pixels::read(&png(&picture, scale).expect("a PNG"));
            assert_eq!((pixels.width, pixels.height), (400 * times, 240 * times));
            for (x, y) in [(0, 0), (400 * times - 1, 240 * times - 1)] {
                assert_eq!(pixels.at(x, y), ground);
            }
            let Some(perch_chart::Shape::Rect(bar)) = drawing.marks.marks.first().map(|mark| mark.shape.clone()) else {
                panic!("a bar")
            };
            let inside = pixels.at(
                ((bar.x + bar.width / 2.0) * times as f32) as usize,
                ((bar.y + bar.height / 2.0) * times as f32) as usize,
            );
            let accent = &drawing.marks.marks[0].entries[0].color;
            assert_eq!(format!("#{:02x}{:02x}{:02x}", inside[0], inside[1], inside[2]), accent.as_str());
        }
    }
}

#[test]
fn a_title_stands_above_the_picture_with_a_margin_around() {
    let drawing = drawing(&["a"], Kind::BarList, Theme::Light);
    let bare = Picture { drawing: &drawing, size: SIZE, theme: Theme::Light, title: None };
    let titled = Picture { title: Some("Top pages"), ..bare };
    let (bare, titled) = [bare, titled].map(|picture| Pixels::read(&png(&picture, Scale::One).expect("a PNG"))).into();
    assert_eq!((titled.width, titled.height), (432, 300));
    let strip = &titled.rgb[..44 * titled.width * 3];
    assert!(strip.iter().any(|byte| *byte < 0x40), "ink in the strip of the title");
    assert!(titled.painted() > bare.painted());
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    let made = || {
        let drawing = drawing(&["a", "ß", "漢字"], Kind::BarList, Theme::Dark);
        let picture = Picture { drawing: &drawing, size: SIZE, theme: Theme::Dark, title: Some("Twice") };
        (
            svg(&picture, Fonts::Embedded),
            png(&picture, Scale::Two).expect("a PNG"),
            picture_pdf(&picture).expect("a PDF"),
        )
    };
    assert!(made() == made());
}

/// From a system font or as a box, which differs from machine to machine; never nothing.
#[test]
fn what_perch_sans_does_not_hold_is_seen() {
    let paint = |name: &str| {
        let drawing = drawing(&[name], Kind::BarList, Theme::Light);
        let picture = Picture { drawing: &drawing, size: SIZE, theme: Theme::Light, title: None };
        Pixels::read(&png(&picture, Scale::One).expect("a PNG"))
    };
    let nothing = paint("\u{200d}");
    let ink = |name: &str| {
        let pairs = paint(name).rgb.into_iter().zip(&nothing.rgb);
        pairs.filter(|(byte, before)| byte != *before).count() / 3
    };
    for name in ["漢", "ש", "م", "😀", "क", "\u{10ffff}"] {
        assert!(ink(name) > 20, "{name}: {}", ink(name));
    }
    // The letters around it stay letters.
    assert!(ink("nn漢") > ink("nn") + 20);
    assert!(ink("漢漢") > ink("漢") + 20, "each has its own");
}

#[test]
fn more_pixels_than_memory_should_hold_are_refused_in_a_sentence() {
    let drawing = drawing(&["a"], Kind::BarList, Theme::Light);
    let size = Size { width: 10_000, height: 10_000 };
    let picture = Picture { drawing: &drawing, size, theme: Theme::Light, title: None };
    let error = png(&picture, Scale::Four).expect_err("too large");
    assert_eq!(error.code(), "too-large");
    assert_eq!(error.to_string(), "a PNG of 40000 by 40000 pixels has more than 64 million of them");
    let largest = Size { width: u32::MAX, height: u32::MAX };
    for title in [None, Some("title")] {
        let error = png(&Picture { size: largest, title, ..picture }, Scale::Four).expect_err("too large");
        assert_eq!(error.code(), "too-large");
    }
    let empty = png(&Picture { size: Size { width: 0, height: 5 }, ..picture }, Scale::One).expect_err("empty");
    assert_eq!(empty.code(), "no-size");
    assert_eq!(Scale::try_from(3), Err(ExportError::Scale(3)));
}

#[test]
fn an_svg_stands_alone() {
    let drawing = drawing(&["a", "b"], Kind::BarList, Theme::Dark);
    let picture = Picture { drawing: &drawing, size: SIZE, theme: Theme::Dark, title: Some("A & B") };
    let named = svg(&picture, Fonts::Named);
    let document = roxmltree::Document::parse(&named).expect("well-formed");
    let root = document.root_element();
    assert_eq!((root.attribute("width"), root.attribute("height")), (Some("432"), Some("300")));
    assert!(root.attribute("font-family").is_some_and(|family| family.starts_with("Perch Sans,")));
    let ground = root.children().find(|node| node.has_tag_name("rect")).expect("a ground");
    assert_eq!(ground.attribute("fill"), Some("#15181d"));
    assert!(document.descendants().any(|node| node.has_tag_name("text") && node.text() == Some("A & B")));

    let embedded = svg(&picture, Fonts::Embedded);
    assert!(roxmltree::Document::parse(&embedded).is_ok());
    assert!(embedded.contains("@font-face") && embedded.len() > named.len() + 50_000);
    assert!(
        !embedded.contains("http://") || embedded.matches("http").count() == embedded.matches("xmlns=\"http").count()
    );
}

const HOSTILE: [&str; 6] = [
    "</text></svg><script>alert(1)</script>",
    "<image href=\"/etc/passwd\"/>",
    "]]>&bogus;<!--",
    "\u{0}\u{1}\u{fffe}\u{202e}\u{1b}[31m",
    "<style>@import url(http://127.0.0.1/x)</style>",
    "%PDF-1.7 endobj ) ] >> stream",
];

#[test]
fn hostile_words_are_words_in_every_format() {
    let long = "W".repeat(5_000);
    for words in HOSTILE.into_iter().chain([long.as_str()]) {
        let drawing = drawing(&[words], Kind::BarList, Theme::Light);
        let picture = Picture { drawing: &drawing, size: SIZE, theme: Theme::Light, title: Some(words) };
        for fonts in [Fonts::Named, Fonts::Embedded] {
            let file = svg(&picture, fonts);
            let document = roxmltree::Document::parse(&file).expect("well-formed");
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                let name = node.tag_name().name();
                assert!(!["script", "image", "use", "a", "foreignObject"].contains(&name), "{words}: {name}");
                assert!(name != "style" || fonts == Fonts::Embedded);
            }
        }
        assert!(Pixels::read(&png(&picture, Scale::One).expect("a PNG")).painted() > 0);
        let file = picture_pdf(&picture).expect("a PDF");
        let document = lopdf::Document::load_mem(&file).expect("a PDF");
        for object in document.objects.values() {
            let told = format!("{object:?}");
            assert!(
                !told.contains("JavaScript") && !told.contains("/URI") && !told.contains("Launch"),
                "{words}: {told}"
            );
        }
    }
}

const HEAD: Head<'static> = Head {
    title: "Website traffic",
    description: Some("How people find the shop"),
    about: "Acme · 14 – 20 Nov 2026",
    chosen: "",
    made: "Made on 21 Nov 2026, 18:40",
};

/// Without tabs and sections.
fn flat(tiles: &[Span]) -> Layout {
    Layout::of(HEAD.height(), &[Group { tiles: tiles.to_vec(), ..Group::default() }])
}

fn report<'a>(tiles: &'a [Tile<'a>]) -> Report<'a> {
    Report { head: HEAD, made_at: "2026-11-21T18:40:00Z".parse().expect("a time"), theme: Theme::Light, tiles }
}

/// What a page says. Each letter is placed by itself, so what separates them is not told.
fn words(document: &lopdf::Document, page: u32) -> String {
    document.extract_text(&[page]).expect("text").split_whitespace().collect()
}

#[test]
fn a_dashboard_becomes_pages_that_can_be_read_and_searched() {
    let spans = [Span { columns: 6, rows: 5 }; 7];
    let layout = flat(&spans);
    let drawings: Vec<Drawing> =
        (0..7).map(|tile| drawing(&[&format!("name{tile}")], Kind::BarList, Theme::Light)).collect();
    let titles: Vec<String> = (0..7).map(|tile| format!("Tile {tile}")).collect();
    let mut tiles: Vec<Tile<'_>> =
        drawings.iter().zip(&titles).map(|(drawing, title)| Tile { title, drawing: Ok(drawing) }).collect();
    tiles[3].drawing = Err("Nothing was ever answered.");
    let file = pdf(&report(&tiles), &layout).expect("a PDF");
    assert!(file == pdf(&report(&tiles), &layout).expect("a PDF"), "the same bytes twice");

    let document = lopdf::Document::load_mem(&file).expect("a PDF");
    assert_eq!(document.get_pages().len(), layout.pages());
    assert!(layout.pages() > 1);
    let first = words(&document, 1);
    for said in
        ["Websitetraffic", "Howpeoplefindtheshop", "Acme·14–20Nov2026", "Madeon21Nov2026,18:40", "Tile0", "name0"]
    {
        assert!(first.contains(said), "{said} in {first}");
    }
    let all: String = (1..=layout.pages() as u32).map(|page| words(&document, page)).collect();
    for tile in 0..7 {
        assert!(all.contains(&format!("Tile{tile}")));
        assert_eq!(all.contains(&format!("name{tile}")), tile != 3);
    }
    assert!(all.contains("Nothingwaseveranswered."));
}

/// The words of each heading, with its depth, in the order in which they are read.
fn headings(document: &lopdf::Document) -> Vec<(String, String)> {
    let title = |dictionary: &lopdf::Dictionary| {
        let kind = dictionary.get(b"S").ok()?.as_name().ok()?;
        let words = lopdf::decode_text_string(dictionary.get(b"T").ok()?).ok()?;
        kind.starts_with(b"H").then(|| (String::from_utf8_lossy(kind).into_owned(), words))
    };
    document.objects.values().filter_map(|object| title(object.as_dict().ok()?)).collect()
}

#[test]
fn all_tabs_and_sections_are_printed_with_their_names_above_their_tiles() {
    let drawing = drawing(&["a"], Kind::BarList, Theme::Light);
    let titles = ["Visits", "Trend", "Sites", "Campaigns"];
    let tiles = titles.map(|title| Tile { title, drawing: Ok(&drawing) });
    let group = |tab: Option<&str>, section: Option<&str>| Group {
        tab: tab.map(str::to_owned),
        section: section.map(str::to_owned),
        tiles: vec![Span { columns: 12, rows: 4 }],
    };
    let groups = [
        group(None, None),
        group(Some("Traffic"), None),
        group(Some("Sources"), Some("Online")),
        group(None, Some("Mail & more")),
    ];
    let layout = Layout::of(HEAD.height(), &groups);
    let file = pdf(&report(&tiles), &layout).expect("a PDF");
    let document = lopdf::Document::load_mem(&file).expect("a PDF");
    let all: String = (1..=layout.pages() as u32).map(|page| words(&document, page)).collect();
    let order = ["Visits", "Traffic", "Trend", "Sources", "Online", "Sites", "Mail&more", "Campaigns"];
    // A picture says no word of these; the last page's foot says the title once more.
    let places = order.map(|name| all.find(name).unwrap_or_else(|| panic!("{name} in {all}")));
    assert!(places.is_sorted(), "{places:?} in {all}");
    let mut told = headings(&document);
    told.sort();
    let wanted = [
        ("H1", "Website traffic"),
        ("H2", "Sources"),
        ("H2", "Traffic"),
        ("H2", "Visits"),
        ("H3", "Mail & more"),
        ("H3", "Online"),
        ("H3", "Trend"),
        ("H4", "Campaigns"),
        ("H4", "Sites"),
    ];
    assert_eq!(told, wanted.map(|(level, words)| (level.to_owned(), words.to_owned())));
}

#[test]
fn what_was_chosen_stands_at_the_top_in_as_many_lines_as_it_needs() {
    let countries: Vec<String> = (1..=60).map(|number| format!("Country{number}")).collect();
    let chosen = format!("Country: {} · Device: Phone", countries.join(", "));
    let head = Head { chosen: &chosen, ..HEAD };
    assert!(head.height() > HEAD.height() + 60.0, "{} lines' worth", head.height() - HEAD.height());
    let drawing = drawing(&["a"], Kind::Donut, Theme::Light);
    let tiles = [Tile { title: "Shares", drawing: Ok(&drawing) }];
    let layout = Layout::of(head.height(), &[Group { tiles: vec![Span { columns: 6, rows: 4 }], ..Group::default() }]);
    let file = pdf(&Report { head, ..report(&tiles) }, &layout).expect("a PDF");
    let document = lopdf::Document::load_mem(&file).expect("a PDF");
    let first = words(&document, 1);
    for said in ["Country1,", "Country60·Device:Phone", "Acme·14–20Nov2026", "Madeon21Nov2026,18:40", "Shares"] {
        assert!(first.contains(said), "{said} in {first}");
    }
    let endless = Head { chosen: &chosen.repeat(50), ..HEAD };
    assert!(endless.height() < 300.0, "the tiles keep their room: {}", endless.height());
}

#[test]
fn each_picture_on_a_page_has_its_words() {
    let drawing = drawing(&["a"], Kind::Donut, Theme::Light);
    let tiles = [Tile { title: "Shares", drawing: Ok(&drawing) }];
    let file = pdf(&report(&tiles), &flat(&[Span { columns: 6, rows: 4 }])).expect("a PDF");
    let document = lopdf::Document::load_mem(&file).expect("a PDF");
    let alternatives: Vec<String> = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok()?.get(b"Alt").ok())
        .filter_map(|words| lopdf::decode_text_string(words).ok())
        .collect();
    assert_eq!(alternatives, [drawing.summary]);
}

#[test]
fn a_dashboard_without_tiles_is_a_page_with_its_title() {
    let file = pdf(&report(&[]), &flat(&[])).expect("a PDF");
    let document = lopdf::Document::load_mem(&file).expect("a PDF");
    assert_eq!(document.get_pages().len(), 1);
    assert!(words(&document, 1).contains("Websitetraffic"));
}
