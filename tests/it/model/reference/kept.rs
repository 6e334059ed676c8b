//! Devices that are kept: a browser in which a second factor was shown lends it for thirty days, with the time at which it was shown, until anything by which
//! the account is guarded changes, all of it ends, or its sign-in is ended by hand.

use super::Model;
use super::factors::OPEN_FOR;
use super::proofs::Given;
use crate::model::operation::Person;

const KEPT: i64 = 30 * 86_400;
/// With so many wrong codes it is kept no more.
const MOST_WRONG: usize = 5;

/// A browser that its person keeps.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// Which of theirs.
    browser: usize,
    shown: i64,
    /// What it was.
    lends: Given,
    wrong: usize,
    /// The newest sign-in there.
    sign_in: Option<usize>,
}

impl Model {
    /// From now on a person chooses it whenever they are asked, or does not.
    pub(in crate::model) fn keep_devices(&mut self, person: Person, keeps: bool) {
        self.habits[person] = keeps;
    }

    /// Whether they do.
    pub(in crate::model) fn keeps_devices(&self, person: Person) -> bool {
        self.habits[person]
    }

    /// What the browser in hand lends to a request, if it does, and when that was shown: never to one that wants everything anew, nor while somebody says that the
    /// factors are lost.
    pub(super) fn lent(&self, person: Person, anew: bool) -> Option<(Given, i64)> {
        let in_hand = self.post[person].in_hand;
        if self.resets[person].is_some_and(|opens| self.now < opens + OPEN_FOR) {
            return None;
        }
        let kept = self.kept[person].iter().find(|kept| kept.browser == in_hand && !anew)?;
        (self.now < kept.shown + KEPT).then_some((kept.lends, kept.shown))
    }

    fn in_hand(&mut self, person: Person) -> Option<&mut Kept> {
        let in_hand = self.post[person].in_hand;
        self.kept[person].iter_mut().find(|kept| kept.browser == in_hand)
    }

    /// So many wrong codes are shown in the browser in hand.
    pub(super) fn show_wrong(&mut self, person: Person, count: usize) {
        if let Some(kept) = self.in_hand(person) {
            kept.wrong += count;
        }
        self.kept[person].retain(|kept| kept.wrong < MOST_WRONG);
    }

    /// A right one, with the box ticked if that is their habit; a passkey or a security key has none.
    pub(super) fn keep_device(&mut self, person: Person, lends: Given) {
        let browser = self.post[person].in_hand;
        if self.habits[person] && matches!(lends, Given::Code | Given::Recovery) {
            self.kept[person].retain(|kept| kept.browser != browser);
            self.kept[person].push(Kept { browser, shown: self.now, lends, wrong: 0, sign_in: None });
        }
    }

    /// The browser in hand has this sign-in.
    pub(super) fn note_sign_in(&mut self, person: Person, sign_in: usize) {
        if let Some(kept) = self.in_hand(person) {
            kept.sign_in = Some(sign_in);
        }
    }

    /// The sign-in of the browser in hand is ended by hand.
    pub(in crate::model) fn end_device(&mut self, person: Person) {
        let sign_in = self.browsers[person];
        self.kept[person].retain(|kept| kept.sign_in != sign_in);
    }

    /// The person ends on their account page that devices are kept, one after the other: how many; nothing when nobody is signed in.
    pub(in crate::model) fn end_devices(&mut self, person: Person) -> Option<usize> {
        if !self.comes(person) {
            return None;
        }
        let now = self.now;
        let holds = |kept: &Kept| now < kept.shown + KEPT;
        let count = self.kept[person].iter().filter(|kept| holds(kept)).count();
        self.kept[person].retain(|kept| !holds(kept));
        Some(count)
    }

    /// None is kept any more.
    pub(super) fn end_kept(&mut self, person: Person) {
        self.kept[person].clear();
    }
}
