//! What a hand does to a picture: pressing, dragging, pressing twice, keys.
//! Places are shares of a picture's width and height.

use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use serde_json::json;

use super::app::{App, chart_of};

/// A place in a picture.
pub type Share = (f64, f64);

impl App {
    /// Presses a place in a tile's picture.
    pub async fn press_at(&self, tile: &str, at: Share) {
        let hand = self.hand_at(tile, at).await;
        self.act(press(hand)).await;
    }

    /// Presses a place twice.
    pub async fn press_twice_at(&self, tile: &str, at: Share) {
        let hand = self.hand_at(tile, at).await;
        self.act(press(press(hand))).await;
    }

    /// Presses a place, and goes to another with the button held.
    pub async fn hold(&self, tile: &str, from: Share, to: Share) {
        let (middle, end) = (self.place(tile, between(from, to)).await, self.place(tile, to).await);
        let hand = self.hand_at(tile, from).await.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
        self.act(hand.then(move_to(middle)).then(move_to(end))).await;
    }

    /// Lets the button go.
    pub async fn let_go(&self) {
        self.act(MouseActions::new("mouse".to_owned()).then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })).await;
    }

    /// Drags from a place of one element to a place of another, given by their selectors.
    pub async fn drag(&self, from: (&str, Share), to: (&str, Share)) {
        self.place_in(from.0, from.1).await;
        // Both as the window is scrolled now.
        let (from, to) = (self.seen_place(from.0, from.1).await, self.seen_place(to.0, to.1).await);
        let hand = MouseActions::new("mouse".to_owned()).then(move_to(from));
        let hand = hand.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
        self.act(hand.then(move_to(between(from, to))).then(move_to(to))).await;
    }

    /// Types keys while a tile's picture has the keyboard.
    pub async fn keys(&self, tile: &str, keys: &str) {
        self.focus(tile).await.send_keys(keys).await.expect("the picture takes keys");
    }

    /// How many elements of this name are in a tile.
    pub async fn count(&self, tile: &str, test_id: &str) -> u64 {
        let count = "return document.querySelectorAll(
             `[data-testid=\"tile-${arguments[0]}\"] [data-testid=\"${arguments[1]}\"]`).length;";
        self.script(count, vec![json!(tile), json!(test_id)]).await.as_u64().expect("a number")
    }

    /// Clicks what has this name in a tile.
    pub async fn click_in(&self, tile: &str, test_id: &str) {
        self.click_css(&format!("[data-testid=\"tile-{tile}\"] [data-testid=\"{test_id}\"]")).await;
    }

    /// Opens a tile's menu and clicks an item of it.
    pub async fn choose_in_menu(&self, tile: &str, item: &str) {
        self.click_in(tile, "tile-menu").await;
        self.click_in(tile, item).await;
    }

    async fn hand_at(&self, tile: &str, at: Share) -> MouseActions {
        MouseActions::new("mouse".to_owned()).then(move_to(self.place(tile, at).await))
    }

    /// A place of a tile's picture in the window.
    pub async fn place(&self, tile: &str, at: Share) -> (f64, f64) {
        self.place_in(&chart_of(tile), at).await
    }

    /// A place of an element, scrolled into the window.
    async fn place_in(&self, selector: &str, at: Share) -> (f64, f64) {
        let scroll = "document.querySelector(arguments[0]).scrollIntoView({ block: 'nearest' });";
        self.script(scroll, vec![json!(selector)]).await;
        self.seen_place(selector, at).await
    }

    /// A place of an element where it stands.
    async fn seen_place(&self, selector: &str, (x, y): Share) -> (f64, f64) {
        let sides = "const box = document.querySelector(arguments[0]).getBoundingClientRect();
             return [box.left, box.top, box.width, box.height];";
        let sides = self.script(sides, vec![json!(selector)]).await;
        let [left, top, width, height]: [f64; 4] = serde_json::from_value(sides).expect("a box");
        (left + width * x, top + height * y)
    }

    async fn act(&self, hand: MouseActions) {
        self.window().perform_actions(hand).await.expect("the hand moves");
    }
}

fn press(hand: MouseActions) -> MouseActions {
    hand.then(PointerAction::Down { button: MOUSE_BUTTON_LEFT }).then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })
}

fn move_to((x, y): (f64, f64)) -> PointerAction {
    PointerAction::MoveTo { duration: None, x, y }
}

fn between(a: Share, b: Share) -> Share {
    (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1))
}
