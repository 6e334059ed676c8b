//! What is demanded of how somebody signs in.

use proptest::prelude::*;

use super::{App, By, Person, WEB, app, way};

/// A context class of ours, the weaker first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::model) enum Class {
    Password,
    /// Two factors.
    Both,
    /// What cannot be phished.
    Passkey,
    /// The same, by a key that hardware protects.
    Hardware,
}

/// Something with what is demanded.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum DemandMove {
    /// An application demands a class of whoever goes there, or nothing.
    App { app: App, class: Option<Class> },
    /// A person goes through an authorization request that insists on a class, or while the role that the provider gives as well demands one: from
    /// where they are signed in, this is a step up.
    Go { person: Person, app: App, anew: bool, by: By, insists: Option<Class>, of_role: Option<Class> },
}

pub(super) fn class() -> impl Strategy<Value = Class> {
    prop_oneof![
        1 => Just(Class::Password),
        2 => Just(Class::Both),
        2 => Just(Class::Passkey),
        2 => Just(Class::Hardware),
    ]
}

fn maybe() -> impl Strategy<Value = Option<Class>> {
    prop_oneof![1 => Just(None), 1 => class().prop_map(Some)]
}

fn go(person: Person, app: App) -> impl Strategy<Value = DemandMove> {
    let anew = prop_oneof![3 => Just(false), 1 => Just(true)];
    (anew, way(), maybe(), maybe()).prop_map(move |(anew, by, insists, of_role)| DemandMove::Go {
        person,
        app,
        anew,
        by,
        insists,
        of_role,
    })
}

pub(super) fn demand_move() -> impl Strategy<Value = DemandMove> {
    prop_oneof![
        1 => (app(), class()).prop_map(|(app, class)| DemandMove::App { app, class: Some(class) }),
        2 => app().prop_map(|app| DemandMove::App { app, class: None }),
        6 => (0..2usize, app()).prop_flat_map(|(person, app)| go(person, app)),
    ]
}

/// What happens to one person between signing in by some way and stepping up.
pub(super) fn with_a_demand() -> impl Strategy<Value = Vec<super::Operation>> {
    use super::{Back, FactorMove, Holder, Operation as O, Role};
    let between = move |person: Person| {
        prop_oneof![
            4 => go(person, WEB).prop_map(|go| vec![O::Demanded(go)]),
            2 => (0..700i64).prop_map(|seconds| vec![O::Wait(seconds)]),
            2 => class().prop_map(|class| vec![O::Demanded(DemandMove::App { app: WEB, class: Some(class) })]),
            1 => Just(vec![O::OtherBrowser(person)]),
            1 => Just(vec![O::Factor(FactorMove::Enrol(person))]),
            1 => Just(vec![O::Factor(FactorMove::Reset(person))]),
            1 => any::<bool>().prop_map(move |has| {
                vec![O::PutRole { role: Role::Maker, to: Holder::Person(person), has }]
            }),
            1 => any::<bool>().prop_map(move |has| vec![O::RoleUpstream { person, has }]),
            1 => Just(vec![O::Refresh { grant: Back(0), ask: super::Ask::Whole }]),
        ]
    };
    (0..2usize, way()).prop_flat_map(move |(person, by)| {
        proptest::collection::vec(between(person), 1..6).prop_map(move |between| {
            let mut all = vec![O::PersonOn(person), O::Return(person), O::AppOn(WEB)];
            all.push(O::Begin { person, app: WEB, by });
            all.extend(between.concat());
            all.push(O::Begin { person, app: WEB, by: By::Password });
            all.push(O::Demanded(DemandMove::App { app: WEB, class: None }));
            all
        })
    })
}
