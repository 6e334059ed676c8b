//! What can happen to second factors.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Back, By, Operation, PasskeyMove, Person, Prefers, WEB, way};

/// How long a request to take second factors away waits.
const WAIT: i64 = 86_400;

/// Something with the second factor of a person.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum FactorMove {
    /// They set up an authenticator on the account page, in the place of the former one.
    Enrol(Person),
    /// They do without.
    Remove(Person),
    /// They make new recovery codes there.
    NewCodes(Person),
    /// The operator takes it away.
    Reset(Person),
    /// In a browser that nobody has used they say that they have lost it: a request begins, or waits, or takes it away.
    Lose(Person),
    /// Whenever they show it from now on, they keep the device or do not.
    Keep(Person, bool),
    /// They end on the account page that devices are kept.
    EndDevices(Person),
}

pub(super) fn factor_move() -> impl Strategy<Value = FactorMove> {
    prop_oneof![
        4 => (0..2usize).prop_map(FactorMove::Enrol),
        1 => (0..2usize).prop_map(FactorMove::Remove),
        2 => (0..2usize).prop_map(FactorMove::NewCodes),
        1 => (0..2usize).prop_map(FactorMove::Reset),
        2 => (0..2usize).prop_map(FactorMove::Lose),
        2 => (0..2usize, any::<bool>()).prop_map(|(person, keeps)| FactorMove::Keep(person, keeps)),
        1 => (0..2usize).prop_map(FactorMove::EndDevices),
    ]
}

/// In both browsers they come by a recovery code, and make new ones in one of them.
fn new_codes_after(person: Person, by: By) -> Vec<Operation> {
    use Operation as O;
    let come = || O::Begin { person, app: WEB, by };
    let proved = O::Authorize { person, app: WEB, anew: true, by: By::Password };
    vec![
        O::Passkey(PasskeyMove::Prefer(person, Prefers::Recovery)),
        proved.clone(),
        come(),
        O::OtherBrowser(person),
        proved,
        O::Factor(FactorMove::NewCodes(person)),
        O::OtherBrowser(person),
        come(),
    ]
}

/// Whoever has had an authenticator for longer makes new ones, and the account is taken back.
fn new_codes_before_undoing(person: Person) -> Vec<Operation> {
    use Operation as O;
    vec![
        O::Wait(WAIT + 1),
        O::Authorize { person, app: WEB, anew: true, by: By::Password },
        O::Factor(FactorMove::NewCodes(person)),
        O::ChangeAddress(person),
        O::Wait(30),
        O::Undo { undo: Back(0), finishes: true },
        // Others come with it.
        O::Factor(FactorMove::Enrol(person)),
    ]
}

/// What happens to one person who has just proved who they are, and sets up an authenticator: otherwise few would have one.
pub(super) fn with_a_factor() -> impl Strategy<Value = Vec<Operation>> {
    use Operation as O;
    let between = move |person: Person| {
        prop_oneof![
            6 => way().prop_map(move |by| vec![O::Authorize { person, app: WEB, anew: true, by }]),
            3 => way().prop_map(move |by| vec![O::OtherBrowser(person), O::Begin { person, app: WEB, by }]),
            3 => (0..90i64).prop_map(|seconds| vec![O::Wait(seconds)]),
            2 => any::<bool>().prop_map(move |ends_all| vec![O::ChangePassword { person, ends_all }]),
            1 => Just(vec![O::ChangeAddress(person)]),
            1 => Just(vec![O::Undo { undo: Back(0), finishes: true }]),
            1 => Just(vec![O::Ask(person), O::Show { ticket: Back(0), by_code: true, finishes: true }]),
            1 => Just(vec![O::SignOut(person)]),
            3 => way().prop_map(move |by| vec![O::SignOut(person), O::Begin { person, app: WEB, by }]),
            1 => Just(vec![O::EndSignIn(person)]),
            1 => Just(vec![O::Factor(FactorMove::EndDevices(person))]),
            2 => Just(vec![O::Factor(FactorMove::Enrol(person))]),
            1 => Just(vec![O::Factor(FactorMove::Remove(person))]),
            1 => Just(vec![O::Factor(FactorMove::NewCodes(person))]),
            1 => Just(vec![O::Wait(600), O::Factor(FactorMove::NewCodes(person))]),
            3 => way().prop_map(move |by| new_codes_after(person, by)),
            1 => Just(new_codes_before_undoing(person)),
            3 => Just(vec![O::Factor(FactorMove::Lose(person))]),
            2 => Just(vec![O::Factor(FactorMove::Lose(person)), O::Wait(WAIT), O::Factor(FactorMove::Lose(person))]),
        ]
    };
    (0..2usize, way(), any::<bool>()).prop_flat_map(move |(person, by, keeps)| {
        vec(between(person), 1..6).prop_map(move |between| {
            let mut all = vec![O::PersonOn(person), O::Return(person), O::AppOn(WEB)];
            all.push(O::Authorize { person, app: WEB, anew: true, by });
            all.push(O::Factor(FactorMove::Enrol(person)));
            all.push(O::Factor(FactorMove::Keep(person, keeps)));
            all.push(O::Wait(30));
            all.push(O::Authorize { person, app: WEB, anew: true, by });
            all.extend(between.concat());
            all.push(O::Begin { person, app: WEB, by });
            all
        })
    })
}
