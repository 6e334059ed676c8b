//! What mails carry, and what hangs on it: tickets for a new password, other addresses and the ways back from them, passwords, and an account that
//! its address is taken from. A browser, an account and an address are numbers, as their person has had so many before.

use doorward::protocol::rejection::Rejection;

use super::Model;
use super::factors::{Factors, WAIT};
use super::proofs::{First, Proofs};
use super::showing::{Attempt, Lack, Proving};
use crate::model::operation::Person;

const RESET: i64 = 30 * 60;
const TO_FINISH: i64 = 15 * 60;
const UNDO: i64 = 7 * 86_400;

/// What concerns mail of one person.
#[derive(Clone, Copy, Default)]
pub(super) struct Post {
    /// The account that the person has now, and its address.
    pub(super) account: usize,
    address: usize,
    /// Whether it has no password.
    pub(super) lacks_password: bool,
    /// The browser in hand, and the one that was put aside, with its sign-in.
    pub(super) in_hand: usize,
    aside: (usize, Option<usize>),
    /// The last number that was given to a browser or an address.
    last: usize,
}

/// A ticket for a new password, whose mail was sent.
pub(super) struct Ticket {
    person: Person,
    account: usize,
    address: usize,
    expires: i64,
    /// Where it was asked for, and where it was shown.
    asked_in: usize,
    shown_in: Option<usize>,
    is_there: bool,
}

/// A way back to a former address.
pub(super) struct Undo {
    person: Person,
    account: usize,
    address: usize,
    expires: i64,
    is_there: bool,
}

impl Post {
    fn next(&mut self) -> usize {
        self.last += 1;
        self.last
    }

    /// Two browsers that nobody has used.
    pub(super) fn with_browsers(mut self) -> Self {
        (self.in_hand, self.aside) = (self.next(), (self.next(), None));
        self
    }
}

impl Model {
    /// Whether the account has a password.
    pub(in crate::model) fn has_password(&self, person: Person) -> bool {
        !self.post[person].lacks_password
    }

    /// Whose a ticket is.
    pub(in crate::model) fn person_of_ticket(&self, ticket: usize) -> Person {
        self.tickets[ticket].person
    }

    /// Whose a way back is.
    pub(in crate::model) fn person_of_undo(&self, undo: usize) -> Person {
        self.undos[undo].person
    }

    /// Whether the browser in hand is the one that asked.
    pub(in crate::model) fn has_asked(&self, ticket: usize) -> bool {
        let Ticket { person, asked_in, .. } = self.tickets[ticket];
        self.post[person].in_hand == asked_in
    }

    /// A person takes their other browser.
    pub(in crate::model) fn take_other_browser(&mut self, person: Person) {
        let post = &mut self.post[person];
        std::mem::swap(&mut post.in_hand, &mut post.aside.0);
        std::mem::swap(&mut self.browsers[person], &mut post.aside.1);
    }

    /// Asks for a new password: whether a mail comes. What was asked for before, and not shown yet, is worth nothing any more.
    pub(in crate::model) fn ask(&mut self, person: Person) -> bool {
        let Post { account, address, in_hand, .. } = self.post[person];
        let is_former = |one: &&mut Ticket| one.person == person && one.address == address && one.shown_in.is_none();
        self.tickets.iter_mut().filter(is_former).for_each(|one| one.is_there = false);
        if self.is_shut(person) {
            return false;
        }
        let expires = self.now + RESET;
        self.tickets.push(Ticket {
            person,
            account,
            address,
            expires,
            asked_in: in_hand,
            shown_in: None,
            is_there: true,
        });
        true
    }

    /// The link or the code of a ticket is shown, in the browser in hand.
    pub(in crate::model) fn show(&mut self, ticket: usize, by_code: bool) -> Result<(), Rejection> {
        let (now, ticket) = (self.now, &mut self.tickets[ticket]);
        let in_hand = self.post[ticket.person].in_hand;
        let refusal = match ticket.shown_in {
            _ if !ticket.is_there => Some(Rejection::UnknownTicket),
            _ if now >= ticket.expires => Some(Rejection::ExpiredTicket),
            Some(there) if there != in_hand => Some(Rejection::TicketOfAnotherBrowser),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(if by_code { Rejection::WrongCode } else { refusal });
        }
        if ticket.shown_in.is_none() {
            ticket.expires = ticket.expires.max(now + TO_FINISH);
        }
        ticket.shown_in = Some(in_hand);
        Ok(())
    }

    /// A new password is chosen with a ticket that was just shown: everything else ends.
    pub(in crate::model) fn choose(&mut self, ticket: usize) -> Result<(), Rejection> {
        let Ticket { person, account, .. } = self.tickets[ticket];
        if self.is_shut(person) || self.post[person].account != account {
            return Err(Rejection::UnknownTicket);
        }
        self.set_password(person)
    }

    /// A new password by a mail, after which everything else ends, and the browser in hand is signed in, with the second factor too where there is
    /// one.
    pub(in crate::model) fn set_password(&mut self, person: Person) -> Result<(), Rejection> {
        self.forget_tickets(person);
        self.end_all(person);
        self.post[person].lacks_password = false;
        let mut proofs = Proofs::of(First::Password, self.now);
        if self.has_factor(person) {
            proofs = proofs.with(self.show_factor(person, Lack::Any).1?, self.now);
        }
        self.sign_in((person, proofs), false);
        Ok(())
    }

    /// The operator sets the password anew: everything ends, and no former address leads back.
    pub(in crate::model) fn reset(&mut self, person: Person) {
        self.forget_tickets(person);
        self.undos_of(person).for_each(|one| one.is_there = false);
        self.end_all(person);
        self.post[person].lacks_password = false;
    }

    /// What dies with a password, or an address.
    pub(super) fn forget_tickets(&mut self, person: Person) {
        let account = self.post[person].account;
        let is_own = |one: &&mut Ticket| one.person == person && one.account == account;
        self.tickets.iter_mut().filter(is_own).for_each(|one| one.is_there = false);
    }

    /// Changes the password: nothing when there was nobody to; otherwise what they show to be signed in by it, who came by a word that stands in for no
    /// second factor any more.
    pub(in crate::model) fn change_password(&mut self, person: Person, ends_all: bool) -> Option<Vec<Attempt>> {
        if !self.comes(person) {
            return None;
        }
        self.forget_tickets(person);
        self.resets[person] = None;
        self.end_kept(person);
        self.upset(person);
        let lacks = self.hangs_on_a_word(person);
        let mut proofs = Proofs::of(First::Password, self.now).beside(self.proofs_in_hand(person));
        let lends = self.browsers[person].filter(|_| proofs.second().is_some());
        if ends_all {
            self.end_access(person);
        }
        let mut shown = Vec::new();
        if lacks {
            let (attempts, given) = self.show_factor(person, Lack::Any);
            shown = attempts;
            // What they were signed in by stays until then, unless all ends.
            let Ok(given) = given else { return Some(shown) };
            proofs = proofs.with(given, self.now);
        }
        self.sign_in((person, proofs), !ends_all);
        if let Some(lends) = lends {
            self.ends_with(person, lends);
        }
        Some(shown)
    }

    /// Whether a person who takes another address would have to sign in anew, and to show more than the password.
    pub(in crate::model) fn would_show_for_an_address(&self, person: Person) -> bool {
        self.hangs_on_a_word(person) && !self.is_fresh(self.proofs_in_hand(person).last())
    }

    /// Takes another address: whether the person had to sign in anew for it; nothing when there was nobody to.
    pub(in crate::model) fn change_address(&mut self, person: Person) -> Option<bool> {
        if !self.comes(person) {
            return None;
        }
        let proofs = self.proofs_in_hand(person);
        let is_asked = !self.is_fresh(proofs.last());
        if is_asked {
            self.sign_in((person, Proofs::of(First::Password, self.now).beside(proofs)), true);
        }
        self.forget_tickets(person);
        self.resets[person] = None;
        let Post { account, address, .. } = self.post[person];
        let last = self.undos_of(person).map(|one| one.expires).max();
        let expires = (self.now + UNDO).max(last.unwrap_or_default() + 1);
        self.undos.push(Undo { person, account, address, expires, is_there: true });
        self.post[person].address = self.post[person].next();
        Some(is_asked)
    }

    fn undos_of(&mut self, person: Person) -> impl Iterator<Item = &mut Undo> {
        let account = self.post[person].account;
        let is_own = move |one: &&mut Undo| one.person == person && one.account == account && one.is_there;
        self.undos.iter_mut().filter(is_own)
    }

    /// Takes the account back to a former address: it has no password then, and later ways back lead nowhere.
    pub(in crate::model) fn undo(&mut self, undo: usize) -> Result<(), Rejection> {
        let Undo { person, account, address, expires, is_there } = self.undos[undo];
        let is_own = !self.person_off[person] && self.post[person].account == account;
        if is_there && self.now >= expires {
            return Err(Rejection::ExpiredTicket);
        }
        if !is_there || !is_own {
            return Err(Rejection::UnknownTicket);
        }
        // Whoever took the account may have given it up as well.
        if self.leaving[person].is_some() && !self.come_back(person) {
            return Err(Rejection::UnknownTicket);
        }
        self.undos_of(person).filter(|one| one.expires >= expires).for_each(|one| one.is_there = false);
        self.forget_tickets(person);
        self.end_all(person);
        self.forget_factors_since(person, expires - UNDO - WAIT);
        (self.post[person].address, self.post[person].lacks_password) = (address, true);
        Ok(())
    }

    /// Somebody proves the address of an account that never did, by this session at the provider: whether they get it, with an account of their own.
    pub(in crate::model) fn take_over(&mut self, person: Person, session: usize) -> bool {
        if self.person_off[person] || !self.roles_of(person).is_empty() {
            return false;
        }
        // It is somebody else's account that was left.
        self.leaving[person] = None;
        self.end_all(person);
        self.allowed.retain(|(one, _), _| *one != person);
        let post = &mut self.post[person];
        (post.account, post.lacks_password) = (post.account + 1, false);
        *post = post.with_browsers();
        (self.browsers[person], self.factors[person]) = (None, Factors::default());
        (self.answered[person], self.looked[person]) = (None, None);
        self.come_by(person, Proving::Provider(session));
        self.sign_in((person, Proofs::of(First::Provider(session), self.now)), false);
        true
    }
}
