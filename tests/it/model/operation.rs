//! What can happen in a history; to API keys, in `keys.rs`, to second factors, in `factors.rs`, `passkeys.rs` and `security_keys.rs`, and to what is demanded of them, in
//! `demands.rs`.

mod demands;
mod factors;
mod keys;
mod passkeys;
mod security_keys;

use proptest::collection::vec;
use proptest::prelude::*;

/// One of the two people.
pub(super) type Person = usize;
/// One of the three applications: [`SPA`], [`WEB`] or [`OLD`].
pub(super) type App = usize;
/// The single-page app: what it is granted is bound to the sign-in, and is for an API first.
pub(super) const SPA: App = 0;
/// The application that keeps a secret.
pub(super) const WEB: App = 1;
/// One that keeps a secret too, whose API verifies nothing but HS256.
pub(super) const OLD: App = 2;

pub(super) use demands::{Class, DemandMove};
pub(super) use factors::FactorMove;
pub(super) use keys::{KeyMove, Scopes, Trade, Wish};
pub(super) use passkeys::{Make, PasskeyMove, Prefers, While};
pub(super) use security_keys::{On, SecurityKeyMove, Wrongly};

/// A role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Comes and goes.
    Clerk,
    /// Always there, and the provider's to give as well.
    Maker,
}

/// Who has roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Person(Person),
    /// The client that acts for itself.
    Service,
}

/// A session at the provider: one of [`WORDS`].
pub(super) type Session = usize;

/// The class that the provider's word counts as in each session there, if it counts as one.
pub(super) const WORDS: [Option<Class>; 6] =
    [None, None, Some(Class::Password), Some(Class::Both), Some(Class::Passkey), Some(Class::Hardware)];

/// By what somebody signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum By {
    #[default]
    Password,
    /// At the provider, in one of the sessions there.
    Provider(Session),
    /// A passkey, of all that the account has had; with the password where it never had one, or is not asked for one.
    Passkey(Back),
}

/// One of the things there are so far, counted back from the newest, and round again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Back(u8);

impl Back {
    /// Which of `count`.
    pub(super) fn of(self, count: usize) -> Option<usize> {
        (count > 0).then(|| count - 1 - usize::from(self.0) % count)
    }
}

/// What a refresh asks for beside a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Nothing: all that was granted.
    Whole,
    /// `scope=openid`.
    Openid,
    /// `scope=email`.
    Email,
    /// `scope=openid` and the scope of the API that roles may guard.
    Guarded,
    /// `scope=openid profile`, of which `profile` was not granted.
    Wider,
    /// `resource=` the issuer.
    Issuer,
    /// `resource=` the API, which was granted to the single-page app alone.
    Api,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// A person goes through an authorization request; `anew` is `prompt=login`.
    Authorize { person: Person, app: App, anew: bool, by: By },
    /// The same, and the code is redeemed at once.
    Begin { person: Person, app: App, by: By },
    /// A code is redeemed, for the first time or again; by the other application, or with a wrong verifier.
    Redeem { code: Back, by_other: bool, wrong_verifier: bool },
    /// The newest token of a grant is used.
    Refresh { grant: Back, ask: Ask },
    /// The newest token of a grant is used, the answer is lost, and after a while the same is asked again, some times.
    Lose { grant: Back, ask: Ask, again: Vec<(i64, Ask)> },
    /// Any refresh token is used, most of which were replaced before.
    Present { token: Back, by_other: bool, ask: Ask },
    /// Any refresh token is revoked.
    RevokeRefreshToken { token: Back, by_other: bool },
    /// Any access token is revoked.
    RevokeAccessToken { token: Back, by_other: bool },
    /// A person signs out.
    SignOut(Person),
    /// The operator ends the sign-in of a person's browser.
    EndSignIn(Person),
    /// The operator ends all of a person's sign-ins and grants.
    EndAll(Person),
    /// A person withdraws what an application was allowed.
    Withdraw { person: Person, app: App },
    /// The provider says that a session there has ended.
    LogoutUpstream { person: Person, session: Session },
    /// A person's account at the provider is unlinked, and linked again.
    Unlink(Person),
    /// The provider says from now on that a person has the role, or that they do not.
    RoleUpstream { person: Person, has: bool },
    /// An account is switched off, with the end of all that is open, or in the database alone.
    PersonOff { person: Person, thorough: bool },
    /// Switched on again.
    PersonOn(Person),
    /// An application is switched off.
    AppOff(App),
    /// Switched on again.
    AppOn(App),
    /// A person takes the other of their two browsers.
    OtherBrowser(Person),
    /// A person asks for a new password, in the browser in hand.
    Ask(Person),
    /// The link of a mail is opened in the browser in hand, or its code is typed where it was asked for; and a new password is chosen, or not.
    Show { ticket: Back, by_code: bool, finishes: bool },
    /// A person changes the password on the account page; what else is signed in ends, or goes on.
    ChangePassword { person: Person, ends_all: bool },
    /// A person takes another address.
    ChangeAddress(Person),
    /// The way back from it is taken; a new password is chosen then, or not.
    Undo { undo: Back, finishes: bool },
    /// An account is given up, with a week to come back.
    Leave(Person),
    /// It is taken back.
    Return(Person),
    /// Somebody proves the address of an account, which never did, to its authority, by this session there.
    TakeOver { person: Person, session: Session },
    /// The role that comes and goes is made, and permits what roles may guard, or nothing.
    MakeRole { permits: bool },
    /// What a role permits is changed.
    ChangeRole { role: Role, permits: bool },
    /// The role that comes and goes is deleted, unless somebody or something uses it.
    DeleteRole,
    /// The API of the second application demands that role for its scope, or no more.
    Demand(bool),
    /// A role is given to somebody, or taken from them.
    PutRole { role: Role, to: Holder, has: bool },
    /// The service asks for a token for the API of an application that keeps a secret: by the name of the guarded scope, or for all that it may have.
    Credentials { at: App, named: bool },
    /// Something with an API key, with the service, or with the API that shares a secret.
    Key(KeyMove),
    /// Something with the second factor of a person.
    Factor(FactorMove),
    /// Something with the passkeys of a person.
    Passkey(PasskeyMove),
    /// Something with the security keys of a person.
    SecurityKey(SecurityKeyMove),
    /// Something with what is demanded.
    Demanded(DemandMove),
    /// So many seconds pass.
    Wait(i64),
}

/// A history, of 40 steps on the average.
pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let one = operation().prop_map(|operation| vec![operation]);
    vec(prop_oneof![28 => one, 2 => with_a_mail(), 1 => with_a_role(), 2 => keys::with_a_key(), 2 => factors::with_a_factor(), 2 => demands::with_a_demand(), 3 => passkeys::with_a_passkey(), 3 => security_keys::with_a_security_key()], 0..=60)
        .prop_map(|parts| parts.concat())
}

/// What happens to one person between asking for a mail, or for another address, and using it, with no more time than that takes: otherwise few would still hold.
fn with_a_mail() -> impl Strategy<Value = Vec<Operation>> {
    use Operation as O;
    let newest = Back(0);
    let between = move |person: Person| {
        prop_oneof![
            3 => any::<bool>().prop_map(move |ends_all| vec![O::ChangePassword { person, ends_all }]),
            2 => Just(vec![O::Ask(person)]),
            2 => Just(vec![O::ChangeAddress(person)]),
            2 => Just(vec![O::OtherBrowser(person)]),
            1 => Just(vec![O::Leave(person), O::Return(person)]),
            1 => Just(vec![O::TakeOver { person, session: 0 }]),
            1 => Just(vec![O::Show { ticket: newest, by_code: false, finishes: true }]),
        ]
    };
    (0..2usize, any::<bool>()).prop_flat_map(move |(person, undoes)| {
        let end = (any::<u8>().prop_map(|at| Back(at % 3)), any::<bool>(), any::<bool>());
        (vec(between(person), 1..4), end).prop_map(move |(between, (which, by_code, finishes))| {
            let mut all = vec![O::PersonOn(person), O::Return(person), O::Begin { person, app: WEB, by: By::Password }];
            all.push(if undoes { O::ChangeAddress(person) } else { O::Ask(person) });
            all.extend(between.concat());
            all.push(if undoes {
                O::Undo { undo: which, finishes }
            } else {
                O::Show { ticket: which, by_code, finishes }
            });
            all
        })
    })
}

/// What becomes of a role and of who has it between a request and the refreshes that follow, with no more time than that takes.
fn with_a_role() -> impl Strategy<Value = Vec<Operation>> {
    use Operation as O;
    let then = |person: Person| {
        let whom = prop_oneof![2 => Just(Holder::Person(person)), 1 => Just(Holder::Service)];
        prop_oneof![
            4 => (role(), whom, any::<bool>()).prop_map(|(role, to, has)| O::PutRole { role, to, has }),
            2 => (role(), any::<bool>()).prop_map(|(role, permits)| O::ChangeRole { role, permits }),
            1 => any::<bool>().prop_map(O::Demand),
            1 => Just(O::DeleteRole),
        ]
    };
    (0..2usize, app(), role(), any::<bool>()).prop_flat_map(move |(person, app, role, has)| {
        let asks = prop_oneof![2 => Just(Ask::Whole), 1 => Just(Ask::Guarded)];
        vec((then(person), asks, any::<bool>(), any::<bool>()), 1..5).prop_map(move |parts| {
            let mut all = vec![O::PersonOn(person), O::Return(person), O::AppOn(app), O::MakeRole { permits: true }];
            all.push(O::ChangeRole { role, permits: true });
            all.push(O::PutRole { role, to: Holder::Person(person), has });
            all.push(O::Begin { person, app, by: By::Password });
            for (change, ask, is_lost, named) in parts {
                let refresh = O::Refresh { grant: Back(0), ask };
                // Or the answer of before the change is lost, and asked for again.
                let again = O::Present { token: Back(1), by_other: false, ask };
                all.extend(if is_lost {
                    [refresh, change, again]
                } else {
                    [change, refresh, O::Credentials { at: if app == OLD { OLD } else { WEB }, named }]
                });
            }
            all
        })
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation as O;
    let which = || 0..2usize;
    // Shrinks to the usual.
    let seldom = || prop_oneof![7 => Just(false), 1 => Just(true)];
    prop_oneof![
        12 => (which(), app(), way()).prop_map(|(person, app, by)| O::Begin { person, app, by }),
        4 => (which(), app(), any::<bool>(), way())
            .prop_map(|(person, app, anew, by)| O::Authorize { person, app, anew, by }),
        4 => (back(), seldom(), seldom())
            .prop_map(|(code, by_other, wrong_verifier)| O::Redeem { code, by_other, wrong_verifier }),
        16 => (back(), ask()).prop_map(|(grant, ask)| O::Refresh { grant, ask }),
        10 => (back(), ask(), vec((pause(), again()), 1..4)).prop_map(|(grant, ask, times)| {
            let again = times.into_iter().map(|(pause, again)| (pause, again.unwrap_or(ask))).collect();
            O::Lose { grant, ask, again }
        }),
        6 => (back(), seldom(), ask()).prop_map(|(token, by_other, ask)| O::Present { token, by_other, ask }),
        2 => (back(), seldom()).prop_map(|(token, by_other)| O::RevokeRefreshToken { token, by_other }),
        3 => (back(), seldom()).prop_map(|(token, by_other)| O::RevokeAccessToken { token, by_other }),
        2 => which().prop_map(O::SignOut),
        1 => which().prop_map(O::EndSignIn),
        1 => which().prop_map(O::EndAll),
        2 => (which(), app()).prop_map(|(person, app)| O::Withdraw { person, app }),
        3 => (which(), session()).prop_map(|(person, session)| O::LogoutUpstream { person, session }),
        2 => which().prop_map(O::Unlink),
        2 => (which(), any::<bool>()).prop_map(|(person, has)| O::RoleUpstream { person, has }),
        2 => (which(), any::<bool>()).prop_map(|(person, thorough)| O::PersonOff { person, thorough }),
        4 => which().prop_map(O::PersonOn),
        1 => app().prop_map(O::AppOff),
        3 => app().prop_map(O::AppOn),
        3 => which().prop_map(O::OtherBrowser),
        6 => which().prop_map(O::Ask),
        7 => (back(), any::<bool>(), any::<bool>())
            .prop_map(|(ticket, by_code, finishes)| O::Show { ticket, by_code, finishes }),
        4 => (which(), any::<bool>()).prop_map(|(person, ends_all)| O::ChangePassword { person, ends_all }),
        4 => which().prop_map(O::ChangeAddress),
        3 => (back(), any::<bool>()).prop_map(|(undo, finishes)| O::Undo { undo, finishes }),
        1 => which().prop_map(O::Leave),
        3 => which().prop_map(O::Return),
        2 => (which(), which()).prop_map(|(person, session)| O::TakeOver { person, session }),
        2 => any::<bool>().prop_map(|permits| O::MakeRole { permits }),
        2 => (role(), any::<bool>()).prop_map(|(role, permits)| O::ChangeRole { role, permits }),
        2 => Just(O::DeleteRole),
        2 => any::<bool>().prop_map(O::Demand),
        6 => (role(), holder(), any::<bool>()).prop_map(|(role, to, has)| O::PutRole { role, to, has }),
        4 => (WEB..=OLD, any::<bool>()).prop_map(|(at, named)| O::Credentials { at, named }),
        26 => keys::key_move().prop_map(O::Key),
        6 => factors::factor_move().prop_map(O::Factor),
        5 => passkeys::passkey_move().prop_map(O::Passkey),
        3 => security_keys::security_key_move().prop_map(O::SecurityKey),
        8 => demands::demand_move().prop_map(O::Demanded),
        9 => wait().prop_map(O::Wait),
    ]
}

fn way() -> impl Strategy<Value = By> {
    prop_oneof![3 => Just(By::Password), 3 => session().prop_map(By::Provider), 2 => back().prop_map(By::Passkey)]
}

/// More often than not one in which its word counts as nothing.
fn session() -> impl Strategy<Value = Session> {
    prop_oneof![3 => 0..2usize, 2 => 2..WORDS.len()]
}

fn app() -> impl Strategy<Value = App> {
    SPA..=OLD
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![2 => Just(Role::Clerk), 1 => Just(Role::Maker)]
}

fn holder() -> impl Strategy<Value = Holder> {
    prop_oneof![2 => (0..2usize).prop_map(Holder::Person), 1 => Just(Holder::Service)]
}

fn back() -> impl Strategy<Value = Back> {
    prop_oneof![3 => 0..3u8, 1 => any::<u8>()].prop_map(Back)
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        8 => Just(Ask::Whole),
        1 => Just(Ask::Openid),
        1 => Just(Ask::Email),
        2 => Just(Ask::Guarded),
        1 => Just(Ask::Wider),
        3 => Just(Ask::Issuer),
        1 => Just(Ask::Api),
    ]
}

fn again() -> impl Strategy<Value = Option<Ask>> {
    prop_oneof![5 => Just(None), 1 => ask().prop_map(Some)]
}

fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![6 => Just(0), 2 => 1..59i64, 1 => Just(59), 2 => Just(60), 2 => 61..1000i64, 1 => 1000..DAY, 1 => Just(DAY - 1), 1 => Just(DAY)]
}

const DAY: i64 = 86_400;

/// From seconds to weeks, around every limit.
fn wait() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 1..61i64,
        2 => 61..3600i64,
        1 => Just(899),
        1 => Just(900),
        2 => 3600..DAY,
        1 => Just(DAY - 1),
        1 => Just(DAY),
        2 => DAY..30 * DAY,
        1 => Just(30 * DAY - 1),
        1 => Just(30 * DAY),
        1 => 30 * DAY..91 * DAY,
    ]
}
