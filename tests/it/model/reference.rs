//! The reference model: people, applications, sign-ins, grants, codes and tokens in memory, and the rules of the design (sections 4 and 6)
//! as short as they can be said. It knows nothing of hashes, transactions or tables; a thing is its place in a list. `standing.rs` says what
//! holds at a moment, `ending.rs` what ends, `upstream.rs` what a provider changes, `mail.rs` what hangs on passwords and addresses, `roles.rs` what
//! roles permit and tokens say, `keys.rs` what API keys are worth, `secrets.rs` which secret of an API signs, `sign_ins.rs`
//! who is signed in, `proofs.rs` what that rests on and is worth, `factors.rs` what guards an account beside the first proof, `passkeys.rs` those of them that
//! are two at once, `security_keys.rs` those that are keys and no more, `showing.rs` which of them is shown, `kept.rs` where none is, `authorize.rs` what is met on the way to a code and demanded there.

mod authorize;
mod ending;
mod factors;
mod kept;
mod keys;
mod mail;
mod passkeys;
mod proofs;
mod roles;
mod secrets;
mod security_keys;
mod showing;
mod sign_ins;
mod standing;
mod upstream;

use std::collections::BTreeMap;

use doorward::protocol::on_reuse::OnReuse;
use doorward::protocol::rejection::Rejection;

pub(super) use authorize::{Asked, Came, Met, Walk};
pub(super) use factors::{Changing, Losing};
pub(super) use keys::{Denied, MOST};
pub(super) use roles::{Outcome, Told};
pub(super) use security_keys::{KeyShown, Went};
pub(super) use showing::{Attempt, Proving, Shown};
pub(super) use standing::Introspector;

use factors::Factors;
use kept::Kept;
use keys::{Key, KeyToken};
use mail::{Post, Ticket, Undo};
use proofs::{Proofs, Worth};
use roles::{Roles, Said, Service};
use secrets::Secrets;
use security_keys::{Answered, Looked, Waiting};
use sign_ins::SignIn;

use super::operation::{App, Ask, Class, Make, Person, Prefers, Role, SPA};

const CODE: i64 = 60;
const ACCESS_TOKEN: i64 = 900;
const RETRY: i64 = 60;
const LOST_ANSWER: i64 = 86_400;
const REFRESH_IDLE: i64 = 30 * 86_400;
const REFRESH_ABSOLUTE: i64 = 90 * 86_400;
/// A use of a sign-in, by its browser or by a refresh of what is bound to it, is noted to the minute.
const NOTED_AFTER: i64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Issuer,
    Api,
    /// What the scopes say: the API that owns one of them, and the issuer.
    Both,
}

pub(super) struct Grant {
    person: Person,
    pub(super) app: App,
    sign_in: usize,
    /// Whether the person had come by their identity when it was given.
    by_identity: bool,
    /// What they had proved then.
    proofs: Proofs,
    /// What applications are told of the proofs that it came of, and the strongest class that those make true.
    worth: Worth,
    proved: Option<Class>,
    /// Which scopes of its API were granted.
    scopes: Scopes,
    created: i64,
    ended: bool,
}

struct Code {
    grant: usize,
    expires: i64,
    /// Whether its use was a success.
    used: Option<bool>,
}

#[derive(Clone, Copy)]
struct RefreshToken {
    grant: usize,
    expires: i64,
    replaced: Option<Replaced>,
    superseded: bool,
}

#[derive(Clone, Copy)]
struct Replaced {
    /// When the token was used first, and when its last answer was given.
    first: i64,
    at: i64,
    by: usize,
    access: usize,
    said: Said,
}

struct AccessToken {
    grant: usize,
    expires: i64,
    said: Said,
    /// The secret that signed it, if one did.
    secret: Option<usize>,
    /// The roles that it tells.
    roles: Vec<Role>,
    revoked: bool,
    /// The era of its application when it was given.
    era: u32,
}

/// Of the scopes of an application's API the one that nobody guards, and the one that roles may guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Scopes {
    open: bool,
    guarded: bool,
}

/// What a refresh gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The newest of all refresh and access tokens.
    New,
    /// The same, in place of what a lost answer gave.
    Instead,
    /// These two again; the access token to the letter, unless the application was switched off in between, or roles or the secret have changed.
    Again { refresh: usize, access: usize, to_the_letter: bool },
}

pub(super) struct Model {
    pub(super) now: i64,
    on_reuse: OnReuse,
    person_off: [bool; 2],
    /// Until when the person may come back, who has left the account.
    leaving: [Option<i64>; 2],
    /// Whether the provider gives them the role, and whether it did when they last came by it.
    role_there: [bool; 2],
    role_here: [bool; 2],
    app_off: [bool; 3],
    /// What each demands of whoever goes there.
    app_demands: [Option<Class>; 3],
    /// How often each was switched off.
    eras: [u32; 3],
    /// The sign-in that each person's browser has, which may have ended.
    browsers: [Option<usize>; 2],
    /// What each was allowed, and which scopes of its API are in it.
    allowed: BTreeMap<(Person, App), Scopes>,
    sign_ins: Vec<SignIn>,
    pub(super) grants: Vec<Grant>,
    codes: Vec<Code>,
    refresh_tokens: Vec<RefreshToken>,
    access_tokens: Vec<AccessToken>,
    roles: Roles,
    service: Service,
    secrets: Secrets,
    keys: Vec<Key>,
    key_tokens: Vec<KeyToken>,
    post: [Post; 2],
    factors: [Factors; 2],
    /// What each shows first when there is more than one.
    prefers: [Prefers; 2],
    /// On what each makes a passkey first where they get one on the way.
    takes: [Make; 2],
    /// From when on a request to take them away can be used.
    resets: [Option<i64>; 2],
    /// The browsers that each keeps, and whether they choose that when they are asked.
    kept: [Vec<Kept>; 2],
    habits: [bool; 2],
    /// The last answer of a security key of each, a page that asks for a new one, and a password that waits for one.
    answered: [Option<Answered>; 2],
    looked: [Option<Looked>; 2],
    waiting: [Option<Waiting>; 2],
    /// How often of each it has ended what waits for a second factor.
    upsets: [usize; 2],
    tickets: Vec<Ticket>,
    undos: Vec<Undo>,
}

impl Model {
    pub(super) fn new(now: i64, on_reuse: OnReuse) -> Self {
        Self {
            now,
            on_reuse,
            person_off: [false; 2],
            leaving: [None; 2],
            role_there: [false; 2],
            role_here: [false; 2],
            app_off: [false; 3],
            app_demands: [None; 3],
            eras: [0; 3],
            browsers: [None; 2],
            allowed: BTreeMap::new(),
            sign_ins: Vec::new(),
            grants: Vec::new(),
            codes: Vec::new(),
            refresh_tokens: Vec::new(),
            access_tokens: Vec::new(),
            roles: Roles::default(),
            service: Service::default(),
            secrets: Secrets::first(now),
            keys: Vec::new(),
            key_tokens: Vec::new(),
            post: [Post::default().with_browsers(); 2],
            factors: [Factors::default(), Factors::default()],
            prefers: [Prefers::Code; 2],
            takes: [Make::default(); 2],
            resets: [None; 2],
            kept: [Vec::new(), Vec::new()],
            habits: [false; 2],
            answered: [None; 2],
            looked: [None; 2],
            waiting: [None; 2],
            upsets: [0; 2],
            tickets: Vec::new(),
            undos: Vec::new(),
        }
    }

    fn holds(&self, grant: usize) -> bool {
        let Grant { person, app, sign_in, ended, .. } = self.grants[grant];
        !ended && !self.is_shut(person) && !self.app_off[app] && (app != SPA || self.lives(sign_in))
    }

    /// Whether what an access token was given for holds.
    fn access_holds(&self, token: &AccessToken) -> bool {
        self.holds(token.grant)
            && token.era == self.eras[self.grants[token.grant].app]
            && self.secrets.takes(token.secret)
    }

    fn is_on(&self, app: App) -> Result<(), Rejection> {
        if self.app_off[app] { Err(Rejection::ClientSwitchedOff) } else { Ok(()) }
    }

    pub(super) fn redeem(&mut self, code: usize, by: App, wrong_verifier: bool) -> Result<(), Rejection> {
        self.is_on(by)?;
        let Code { grant, expires, used } = self.codes[code];
        if self.grants[grant].app != by {
            return Err(Rejection::ForeignCode);
        }
        match used {
            Some(true) if wrong_verifier || self.now >= expires => return Err(Rejection::BurntCode),
            Some(true) => {
                self.grants[grant].ended = true;
                return Err(Rejection::ReplayedCode);
            }
            Some(false) => return Err(Rejection::BurntCode),
            None => self.codes[code].used = Some(false),
        }
        if self.now >= expires {
            return Err(Rejection::ExpiredCode);
        }
        if wrong_verifier {
            return Err(Rejection::WrongVerifier);
        }
        if !self.holds(grant) {
            return Err(Rejection::EndedGrant);
        }
        self.codes[code].used = Some(true);
        let said = self.said(grant, Ask::Whole).unwrap();
        self.give(grant, said);
        Ok(())
    }

    /// A new refresh and a new access token.
    fn give(&mut self, grant: usize, said: Said) {
        let expires = (self.now + REFRESH_IDLE).min(self.grants[grant].created + REFRESH_ABSOLUTE);
        let era = self.eras[self.grants[grant].app];
        self.refresh_tokens.push(RefreshToken { grant, expires, replaced: None, superseded: false });
        let roles = self.roles_of(self.grants[grant].person);
        let (expires, secret) = (self.now + ACCESS_TOKEN, self.signed_by(self.grants[grant].app, said));
        self.access_tokens.push(AccessToken { grant, expires, said, secret, roles, revoked: false, era });
    }

    pub(super) fn refresh(&mut self, token: usize, by: App, ask: Ask) -> Result<Given, Rejection> {
        self.is_on(by)?;
        let RefreshToken { grant, expires, replaced, superseded } = self.refresh_tokens[token];
        if self.grants[grant].app != by {
            return Err(Rejection::ForeignRefreshToken);
        }
        if !self.holds(grant) {
            return Err(Rejection::EndedGrant);
        }
        if superseded {
            return self.reused(grant);
        }
        let Some(replaced) = replaced else {
            if self.now >= expires {
                return Err(Rejection::ExpiredRefreshToken);
            }
            self.answer(token, self.now, self.said(grant, ask)?);
            return Ok(Given::New);
        };
        let successor = self.refresh_tokens[replaced.by];
        if successor.replaced.is_some() {
            return self.reused(grant);
        }
        if self.now < replaced.at + RETRY {
            // Of what was said then nothing that is not permitted now; and what has come since makes it another question.
            let said = self.left_of(grant, replaced.said);
            if self.said(grant, ask)? != said {
                return Err(Rejection::ChangedRetry);
            }
            let (era, roles) = (self.eras[by], self.roles_of(self.grants[grant].person));
            let secret = self.signed_by(by, said);
            let token = &mut self.access_tokens[replaced.access];
            let to_the_letter = (token.era, token.said, token.secret, &token.roles) == (era, said, secret, &roles);
            (token.era, token.said, token.secret, token.roles) = (era, said, secret, roles);
            return Ok(Given::Again { refresh: replaced.by, access: replaced.access, to_the_letter });
        }
        if self.now >= successor.expires {
            return Err(Rejection::ExpiredRefreshToken);
        }
        if self.now >= replaced.first + LOST_ANSWER {
            self.grants[grant].ended = true;
            return Err(Rejection::LateRefreshToken);
        }
        let said = self.said(grant, ask)?;
        self.refresh_tokens[replaced.by].superseded = true;
        self.access_tokens[replaced.access].revoked = true;
        self.answer(token, replaced.first, said);
        Ok(Given::Instead)
    }

    /// Answers a token that was first used then with a new pair.
    fn answer(&mut self, token: usize, first: i64, said: Said) {
        let grant = self.refresh_tokens[token].grant;
        let Grant { app, sign_in, .. } = self.grants[grant];
        if app == SPA && self.now >= self.sign_ins[sign_in].used + NOTED_AFTER {
            self.sign_ins[sign_in].used = self.now;
        }
        self.give(grant, said);
        let (by, access) = (self.refresh_tokens.len() - 1, self.access_tokens.len() - 1);
        self.refresh_tokens[token].replaced = Some(Replaced { first, at: self.now, by, access, said });
    }

    /// Two parties hold copies.
    fn reused(&mut self, grant: usize) -> Result<Given, Rejection> {
        match self.on_reuse {
            OnReuse::User => self.end_access(self.grants[grant].person),
            OnReuse::Grant => self.grants[grant].ended = true,
        }
        Err(Rejection::ReusedRefreshToken)
    }
}
