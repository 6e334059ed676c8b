//! What can happen to API keys, to the service that has some, and to an API that shares a secret with us.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{App, Back, DAY, Holder, OLD, Operation, Person, Role, WEB, back, holder, role};

/// Which scopes of its API a key is to have: the one that nobody guards, the one that roles may guard, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Scopes {
    Open,
    Guarded,
    Both,
}

/// What a trade asks for, or what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Trade {
    /// Nothing: all that the key may do.
    Whole,
    /// The scope that nobody guards.
    Open,
    /// The scope that roles may guard.
    Guarded,
    /// `scope=openid`, which no key has.
    Openid,
    /// The API of the other keys.
    Elsewhere,
    /// With a typing error in the key.
    Typo,
    /// With the name of the key, and another secret.
    Forged,
}

/// A key that is to be made.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Wish {
    pub(in crate::model) owner: Holder,
    /// The application whose API it is for: [`WEB`] or [`OLD`].
    pub(in crate::model) at: App,
    pub(in crate::model) scopes: Scopes,
    /// How long it lives; nothing: as long as the settings say.
    pub(in crate::model) lifetime: Option<i64>,
}

/// Something that happens. `by` is a person who acts, for themselves or for another; nothing: the operator.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum KeyMove {
    /// A key is made.
    Make { wish: Wish, by: Option<Person> },
    /// Another one takes its place, beside which it goes on for so many seconds.
    Rotate { key: Back, overlap: i64, by: Option<Person> },
    /// It is taken back.
    Revoke { key: Back, by: Option<Person> },
    /// Somebody has found it, or only its name.
    Report { key: Back, whole: bool },
    /// It is traded for an access token.
    Trade { key: Back, ask: Trade },
    /// The service is switched off, with the end of its keys, or in the database alone.
    ServiceOff { thorough: bool },
    /// Switched on again.
    ServiceOn,
    /// The API with the secret has the scope that nobody guards, or has it no more.
    HasScope(bool),
    /// That API gets another secret, which signs after so many seconds.
    Renew { overlap: i64 },
    /// The operator sets a person's password anew.
    Reset(Person),
}

/// What becomes of a key, and of who has it, between making it and trading it, with no more time than that takes.
pub(super) fn with_a_key() -> impl Strategy<Value = Vec<Operation>> {
    use Operation as O;
    // Seldom as many as one may have, and one more.
    let times = prop_oneof![9 => Just(1), 1 => Just(5)];
    (wish(), role(), times).prop_flat_map(move |(wish, role, times)| {
        vec((then(wish.owner, role), trade(), any::<bool>()), 1..6).prop_map(move |parts| {
            let mut all: Vec<Operation> = match wish.owner {
                Holder::Person(person) => vec![O::PersonOn(person), O::Return(person)],
                Holder::Service => vec![O::Key(KeyMove::ServiceOn)],
            };
            all.extend([O::MakeRole { permits: true }, O::ChangeRole { role, permits: true }]);
            all.extend([O::PutRole { role, to: wish.owner, has: true }, O::Key(KeyMove::HasScope(true))]);
            all.extend(vec![O::Key(KeyMove::Make { wish, by: None }); times]);
            for (change, ask, is_first) in parts {
                let trade = O::Key(KeyMove::Trade { key: Back(0), ask });
                all.extend(if is_first { [trade, change] } else { [change, trade] });
            }
            all
        })
    })
}

/// What happens to the newest key, or to its owner.
fn then(owner: Holder, role: Role) -> impl Strategy<Value = Operation> {
    use {KeyMove as K, Operation as O};
    let newest = Back(0);
    let of_owner = match owner {
        Holder::Person(person) => prop_oneof![
            2 => any::<bool>().prop_map(move |thorough| O::PersonOff { person, thorough }),
            2 => Just(O::PersonOn(person)),
            1 => Just(O::Leave(person)),
            1 => Just(O::Return(person)),
            1 => Just(O::EndAll(person)),
            1 => Just(O::Key(K::Reset(person))),
            2 => any::<bool>().prop_map(move |ends_all| O::ChangePassword { person, ends_all }),
            1 => Just(O::TakeOver { person, session: 0 }),
        ]
        .boxed(),
        Holder::Service => prop_oneof![
            1 => any::<bool>().prop_map(|thorough| O::Key(K::ServiceOff { thorough })),
            1 => Just(O::Key(K::ServiceOn)),
        ]
        .boxed(),
    };
    prop_oneof![
        4 => any::<bool>().prop_map(move |has| O::PutRole { role, to: owner, has }),
        2 => any::<bool>().prop_map(move |permits| O::ChangeRole { role, permits }),
        3 => any::<bool>().prop_map(|has| O::Key(K::HasScope(has))),
        2 => overlap().prop_map(|overlap| O::Key(K::Renew { overlap })),
        2 => overlap().prop_map(move |overlap| O::Key(K::Rotate { key: newest, overlap, by: None })),
        1 => Just(O::Key(K::Revoke { key: newest, by: None })),
        1 => any::<bool>().prop_map(move |whole| O::Key(K::Report { key: newest, whole })),
        2 => pause().prop_map(O::Wait),
        4 => of_owner,
    ]
}

/// Anything of this.
pub(super) fn key_move() -> impl Strategy<Value = KeyMove> {
    use KeyMove as K;
    prop_oneof![
        6 => (wish(), by()).prop_map(|(wish, by)| K::Make { wish, by }),
        3 => (back(), overlap(), by()).prop_map(|(key, overlap, by)| K::Rotate { key, overlap, by }),
        2 => (back(), by()).prop_map(|(key, by)| K::Revoke { key, by }),
        1 => (back(), any::<bool>()).prop_map(|(key, whole)| K::Report { key, whole }),
        8 => (back(), trade()).prop_map(|(key, ask)| K::Trade { key, ask }),
        1 => any::<bool>().prop_map(|thorough| K::ServiceOff { thorough }),
        3 => Just(K::ServiceOn),
        3 => any::<bool>().prop_map(K::HasScope),
        3 => overlap().prop_map(|overlap| K::Renew { overlap }),
        1 => (0..2usize).prop_map(K::Reset),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let scopes = prop_oneof![2 => Just(Scopes::Both), 1 => Just(Scopes::Guarded), 1 => Just(Scopes::Open)];
    let lifetime = prop_oneof![
        6 => Just(None),
        1 => Just(Some(60)),
        1 => Just(Some(900)),
        1 => Just(Some(DAY)),
        1 => Just(Some(365 * DAY)),
        1 => Just(Some(365 * DAY + 1)),
    ];
    (holder(), WEB..=OLD, scopes, lifetime).prop_map(|(owner, at, scopes, lifetime)| Wish {
        owner,
        at,
        scopes,
        lifetime,
    })
}

/// Mostly the operator.
fn by() -> impl Strategy<Value = Option<Person>> {
    prop_oneof![2 => Just(None), 1 => (0..2usize).prop_map(Some)]
}

fn trade() -> impl Strategy<Value = Trade> {
    prop_oneof![
        8 => Just(Trade::Whole),
        2 => Just(Trade::Open),
        2 => Just(Trade::Guarded),
        1 => Just(Trade::Openid),
        1 => Just(Trade::Elsewhere),
        1 => Just(Trade::Typo),
        1 => Just(Trade::Forged),
    ]
}

fn overlap() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(0), 2 => Just(60), 1 => Just(900), 1 => Just(DAY), 1 => Just(90 * DAY)]
}

fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![2 => 1..60i64, 2 => Just(60), 1 => Just(899), 1 => Just(900), 1 => Just(DAY)]
}
