//! Pictures full of hostile text, opened in Debian's Chromium without any policy that would stop them: nothing runs,
//! nothing loads, and no text leaves its picture.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[path = "common/hostile.rs"]
mod hostile;

/// Stands before everything else: a call of what hostile text calls is written down.
const WATCH: &str = "<!doctype html><html><head><meta charset=utf-8><title>untouched</title>
<style>
@font-face { font-family: 'Perch Sans'; font-weight: 400; src: url('PerchSans-Regular.woff2') }
@font-face { font-family: 'Perch Sans'; font-weight: 600; src: url('PerchSans-SemiBold.woff2') }
svg { display: block }
</style>
<script>
const ran = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'fetch', 'eval']) {
  window[name] = (first) => ran.push(`${name}(${first})`);
}
addEventListener('error', ({ target }) => { if (target !== window) ran.push(`error of ${target.outerHTML}`); }, true);
</script></head><body>
";

/// Stands after everything else: looks, and writes what it sees into the page.
const LOOK: &str = "<pre id=report></pre><script>
addEventListener('load', () => document.fonts.ready.then(() => {
  const pictures = [...document.querySelectorAll('figure > svg')];
  const outside = [];
  let texts = 0;
  for (const svg of pictures) {
    const { width, height } = svg.viewBox.baseVal;
    for (const text of svg.querySelectorAll('text')) {
      texts += 1;
      const box = text.getBBox();
      // The picture's edge cuts a table's last row, where the viewer scrolls on.
      const below = getComputedStyle(svg).overflow === 'hidden' ? 32 : 3;
      if (box.x < -1 || box.x + box.width > width + 1 || box.y < -3 || box.y + box.height > height + below) {
        outside.push(`${svg.parentElement.id}: ${text.textContent.slice(0, 60)} ${box.x} ${box.y} ${box.width} ${box.height}`);
      }
    }
  }
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
    .filter((name) => !/^file:.*[/]PerchSans-(Regular|SemiBold)[.]woff2$/.test(name));
  const live = 'script, style, image, img, iframe, object, embed, use, foreignObject, a, animate, set, link, [href], [style]';
  const odd = [...document.querySelectorAll(live)].filter((element) => element.closest('figure'))
    .map((element) => element.outerHTML.slice(0, 80));
  const handlers = [...document.querySelectorAll('figure *')]
    .filter((element) => [...element.attributes].some(({ name }) => name.startsWith('on')))
    .map((element) => element.outerHTML.slice(0, 80));
  document.getElementById('report').textContent = JSON.stringify({
    title: document.title, ran, loaded, odd, handlers, outside, pictures: pictures.length, texts,
    font: document.fonts.check(\"12px 'Perch Sans'\"),
  });
}));
</script></body></html>
";

/// What Chromium saw of a page with these pictures.
fn look(pictures: &[(String, String)]) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    for font in ["PerchSans-Regular.woff2", "PerchSans-SemiBold.woff2"] {
        let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
        fs::copy(fonts.join(font), folder.path().join(font)).expect("the font");
    }
    let figures: String =
        pictures.iter().map(|(name, svg)| format!("<figure id=\"{name}\">{svg}</figure>\n")).collect();
    let page = folder.path().join("page.html");
    fs::write(&page, format!("{WATCH}{figures}{LOOK}")).expect("written");
    let browser = env::var("PERCH_TEST_BROWSER").unwrap_or_else(|_| "chromium".to_owned());
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"])
        .args(["--allow-file-access-from-files", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("Chromium starts");
    let seen = String::from_utf8_lossy(&output.stdout);
    let report = seen.rsplit_once("<pre id=\"report\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let report =
        report.map(|(report, _)| report).unwrap_or_else(|| panic!("a report: {}", &seen[..seen.len().min(500)]));
    let report = report.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    serde_json::from_str(&report).expect("a report")
}

#[test]
#[ignore = "needs the Chromium of `make test`"]
fn hostile_text_in_a_picture_neither_runs_nor_loads_nor_leaves_its_box() {
    let pictures = hostile::pictures();
    let report = look(&pictures);
    assert_eq!(report["title"], "untouched");
    for nothing in ["ran", "loaded", "odd", "handlers", "outside"] {
        assert_eq!(report[nothing], serde_json::json!([]), "{nothing}");
    }
    assert_eq!(report["font"], true, "measured in the typeface that is drawn");
    assert_eq!(report["pictures"], pictures.len());
    assert!(report["texts"].as_u64().expect("a number") > 500, "{report}");
}

/// So that the test above could fail.
#[test]
#[ignore = "needs the Chromium of `make test`"]
fn what_runs_or_loads_or_leaves_its_box_is_seen() {
    let svg = |content: &str| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"20\" viewBox=\"0 0 90 20\">{content}</svg>"
        )
    };
    let pictures = [
        ("runs", "<script>alert(1)</script>"),
        ("loads", "<image href=\"nowhere.png\" onerror=\"alert(2)\" width=\"9\" height=\"9\"/>"),
        ("leaves", "<text x=\"0\" y=\"15\" font-size=\"12\">Far longer than the picture is wide</text>"),
    ];
    let report = look(&pictures.map(|(name, content)| (name.to_owned(), svg(content))));
    assert!(report["ran"].to_string().contains("alert(1)"), "{report}");
    assert!(report["loaded"].to_string().contains("nowhere.png") || report["ran"].to_string().contains("nowhere.png"));
    assert_eq!(report["odd"].as_array().expect("a list").len(), 2, "{report}");
    assert_eq!(report["handlers"].as_array().expect("a list").len(), 1, "{report}");
    assert_eq!(report["outside"].as_array().expect("a list").len(), 1, "{report}");
}
