//! CommonMark as a list of blocks, each a run of styled texts: what a text tile says, before it has a place.
//!
//! Nothing of it is ever markup again: HTML in it is text, and a picture is its description.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::link::address;

/// A piece that stands by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    pub(crate) role: Role,
    /// How many lists it is in.
    pub(crate) depth: usize,
    /// How many quotes it is in.
    pub(crate) quotes: usize,
    /// What stands before the first line of a list's item.
    pub(crate) marker: Option<String>,
    pub(crate) spans: Vec<Span>,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Paragraph,
    /// From 1, the greatest, to 6.
    Heading(u8),
    /// Lines that stay as they are.
    Code,
    /// A line across.
    Rule,
}

/// Text in one style. A line end in it is a line end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// How a span looks, and where it leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) code: bool,
    pub(crate) link: Option<String>,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    Parser::new(text).for_each(|event| reader.take(event));
    reader.end();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    open: Option<Block>,
    bold: usize,
    italic: usize,
    links: Vec<Option<String>>,
    /// The next number of each list that is open; `None` for one of bullets.
    lists: Vec<Option<u64>>,
    quotes: usize,
    marker: Option<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.finish(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.say(&text, false),
            Event::Code(text) => self.say(&text, true),
            Event::SoftBreak => self.say(" ", false),
            Event::HardBreak => self.say("\n", false),
            Event::Rule => {
                self.begin(Role::Rule);
                self.end();
            }
            // Extensions that the parser was not asked for.
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin(Role::Paragraph),
            Tag::Heading { level, .. } => self.begin(Role::Heading(level as u8)),
            Tag::CodeBlock(_) => self.begin(Role::Code),
            Tag::BlockQuote(_) => {
                self.end();
                self.quotes += 1;
            }
            Tag::List(first) => {
                self.end();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{}.", *number - 1)
                    }
                    _ => "•".into(),
                });
            }
            Tag::Strong => self.bold += 1,
            Tag::Emphasis => self.italic += 1,
            Tag::Link { dest_url, .. } => self.links.push(address(&dest_url)),
            _ => {}
        }
    }

    fn finish(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock | TagEnd::Heading(_) | TagEnd::CodeBlock => self.end(),
            TagEnd::BlockQuote(_) => {
                self.end();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::List(_) => {
                self.end();
                self.lists.pop();
            }
            TagEnd::Item => {
                // An item without a word is an item still.
                if self.marker.is_some() {
                    self.begin(Role::Paragraph);
                }
                self.end();
            }
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Link => {
                self.links.pop();
            }
            _ => {}
        }
    }

    fn begin(&mut self, role: Role) {
        self.end();
        let marker = self.marker.take();
        self.open = Some(Block { role, depth: self.lists.len(), quotes: self.quotes, marker, spans: Vec::new() });
    }

    fn end(&mut self) {
        self.blocks.extend(self.open.take());
    }

    /// The words of a list's item need not be in a paragraph.
    fn say(&mut self, text: &str, code: bool) {
        if self.open.is_none() {
            self.begin(Role::Paragraph);
        }
        let link = self.links.last().cloned().flatten();
        let style = Style { bold: self.bold > 0, italic: self.italic > 0, code, link };
        let Some(block) = &mut self.open else { return };
        match block.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ => block.spans.push(Span { text: text.to_owned(), style }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> Vec<(Role, String)> {
        let words = |block: &Block| block.spans.iter().map(|span| span.text.as_str()).collect();
        read(text).iter().map(|block| (block.role, words(block))).collect()
    }

    #[test]
    fn blocks_stand_in_the_order_of_the_text() {
        let text = "# Title\n\nOne\ntwo  \nthree\n\n---\n\n```\nlet x;\n```\n";
        let expected = [
            (Role::Heading(1), "Title".to_owned()),
            (Role::Paragraph, "One two\nthree".to_owned()),
            (Role::Rule, String::new()),
            (Role::Code, "let x;\n".to_owned()),
        ];
        assert_eq!(said(text), expected);
    }

    #[test]
    fn items_have_their_bullets_and_numbers_and_depths() {
        let blocks = read("- a\n  1. b\n  2. c\n- d\n\n> quoted");
        let found: Vec<(Option<&str>, usize, usize)> =
            blocks.iter().map(|block| (block.marker.as_deref(), block.depth, block.quotes)).collect();
        let expected = [(Some("•"), 1, 0), (Some("1."), 2, 0), (Some("2."), 2, 0), (Some("•"), 1, 0), (None, 0, 1)];
        assert_eq!(found, expected);
    }

    #[test]
    fn styles_begin_and_end_with_their_words() {
        let blocks = read("plain **bold _both_** `code` [there](https://example.com)");
        let of = |word: &str| {
            let spans = blocks.iter().flat_map(|block| &block.spans);
            spans.into_iter().find(|span| span.text.trim() == word).map(|span| span.style.clone()).expect(word)
        };
        assert_eq!(of("plain"), Style::default());
        assert_eq!(of("bold"), Style { bold: true, ..Style::default() });
        assert_eq!(of("both"), Style { bold: true, italic: true, ..Style::default() });
        assert!(of("code").code);
        assert_eq!(of("there").link.as_deref(), Some("https://example.com/"));
    }

    #[test]
    fn html_is_text_and_a_script_is_no_link() {
        let text =
            "a <b>c</b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![a cat](https://e.example/c.png)";
        let words: String = said(text).into_iter().map(|(_, words)| words + "|").collect();
        assert_eq!(words, "a <b>c</b>|<script>alert(1)</script>\n|x a cat|");
        assert!(read(text).iter().flat_map(|block| &block.spans).all(|span| span.style.link.is_none()));
    }

    proptest! {
        #[test]
        fn no_word_is_lost(words in prop::collection::vec("[a-z]{1,8}", 1..30), bold in 0_usize..30) {
            let marked = words.iter().enumerate();
            let marked: Vec<String> =
                marked.map(|(index, word)| if index == bold { format!("**{word}**") } else { word.clone() }).collect();
            let found: String = said(&marked.join(" ")).into_iter().map(|(_, words)| words).collect();
            prop_assert_eq!(found, words.join(" "));
        }
    }
}
