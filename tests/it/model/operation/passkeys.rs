//! What can happen to passkeys.

use proptest::collection::vec;
use proptest::prelude::*;

use super::demands::class;
use super::{
    Back, By, Class, DemandMove, FactorMove, Holder, Operation, Person, Role, WEB, Wrongly, back, security_keys, way,
};

/// What a person shows first, and sets up first, where they can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Prefers {
    /// The code of their authenticator.
    Code,
    Passkey,
    /// The same, and one that will not do first where hardware must keep it.
    Lesser,
    /// A recovery code, as whoever has lost the others.
    Recovery,
    /// A security key, after this.
    Key(Option<Wrongly>),
}

/// On what a person makes a new passkey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model) enum Make {
    /// A phone, which copies it to others.
    #[default]
    Phone,
    /// A security key.
    Key,
    /// A phone for which its maker vouches.
    VouchedPhone,
    /// A security key for which its maker vouches.
    VouchedKey,
}

/// What holds while a passkey is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum While {
    /// Nothing.
    Anyhow,
    /// The role that the provider gives as well demands this.
    Demanded(Class),
    /// The person has no account at the provider.
    Alone,
}

/// Something with the passkeys of a person.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum PasskeyMove {
    /// They add one on the account page.
    Add(Person, Make),
    /// From now on they take this first where they get one on the way.
    Take(Person, Make),
    /// They take one of theirs away there.
    Remove { person: Person, which: Back, when: While },
    /// From now on they show this first.
    Prefer(Person, Prefers),
}

fn prefers() -> impl Strategy<Value = Prefers> {
    prop_oneof![
        2 => Just(Prefers::Code),
        2 => Just(Prefers::Passkey),
        1 => Just(Prefers::Lesser),
        1 => Just(Prefers::Recovery),
        1 => security_keys::prefers(),
    ]
}

fn make() -> impl Strategy<Value = Make> {
    prop_oneof![
        2 => Just(Make::Phone),
        1 => Just(Make::Key),
        1 => Just(Make::VouchedPhone),
        3 => Just(Make::VouchedKey),
    ]
}

fn removal(person: Person) -> impl Strategy<Value = PasskeyMove> {
    let when = prop_oneof![
        4 => Just(While::Anyhow),
        2 => class().prop_map(While::Demanded),
        1 => Just(While::Alone),
    ];
    (back(), when).prop_map(move |(which, when)| PasskeyMove::Remove { person, which, when })
}

pub(super) fn passkey_move() -> impl Strategy<Value = PasskeyMove> {
    prop_oneof![
        3 => (0..2usize, make()).prop_map(|(person, make)| PasskeyMove::Add(person, make)),
        1 => (0..2usize, make()).prop_map(|(person, make)| PasskeyMove::Take(person, make)),
        2 => (0..2usize).prop_flat_map(removal),
        2 => (0..2usize, prefers()).prop_map(|(person, prefers)| PasskeyMove::Prefer(person, prefers)),
    ]
}

/// What happens to one person who has just proved who they are, and adds a passkey.
pub(super) fn with_a_passkey() -> impl Strategy<Value = Vec<Operation>> {
    use Operation as O;
    let newest = By::Passkey(Back(0));
    let between = move |person: Person| {
        let go = move |by: By, insists, of_role| DemandMove::Go { person, app: WEB, anew: false, by, insists, of_role };
        let maybe = || prop_oneof![1 => Just(None), 1 => class().prop_map(Some)];
        prop_oneof![
            4 => way().prop_map(move |by| vec![O::Authorize { person, app: WEB, anew: true, by }]),
            3 => way().prop_map(move |by| vec![O::OtherBrowser(person), O::Begin { person, app: WEB, by }]),
            3 => Just(vec![O::SignOut(person), O::Begin { person, app: WEB, by: newest }]),
            4 => (way(), maybe(), maybe()).prop_map(move |(by, insists, of_role)| vec![O::Demanded(go(by, insists, of_role))]),
            3 => (0..700i64).prop_map(|seconds| vec![O::Wait(seconds)]),
            3 => make().prop_map(move |make| vec![O::Passkey(PasskeyMove::Add(person, make))]),
            1 => make().prop_map(move |make| vec![O::Passkey(PasskeyMove::Take(person, make))]),
            // What hardware has proved stays beside a lesser one.
            3 => (make(), way(), maybe(), maybe()).prop_map(move |(make, by, insists, of_role)| vec![
                O::Passkey(PasskeyMove::Add(person, Make::VouchedKey)),
                O::Wait(1),
                O::Passkey(PasskeyMove::Add(person, make)),
                O::Demanded(go(by, insists, of_role)),
            ]),
            4 => removal(person).prop_map(|removal| vec![O::Passkey(removal)]),
            1 => make().prop_map(move |make| vec![O::Wait(600), O::Passkey(PasskeyMove::Add(person, make))]),
            1 => removal(person).prop_map(|removal| vec![O::Wait(600), O::Passkey(removal)]),
            4 => (way(), removal(person)).prop_map(move |(by, removal)| vec![
                O::Authorize { person, app: WEB, anew: true, by: newest },
                O::OtherBrowser(person),
                O::Authorize { person, app: WEB, anew: true, by: newest },
                O::Passkey(removal),
                O::OtherBrowser(person),
                O::Begin { person, app: WEB, by },
            ]),
            1 => class().prop_map(move |class| vec![
                O::PutRole { role: Role::Maker, to: Holder::Person(person), has: true },
                O::Passkey(PasskeyMove::Remove { person, which: Back(0), when: While::Demanded(class) }),
            ]),
            // The one that hardware keeps, where that is demanded and lesser ones are beside it.
            2 => Just(vec![
                O::PutRole { role: Role::Maker, to: Holder::Person(person), has: true },
                O::Passkey(PasskeyMove::Add(person, Make::Phone)),
                O::Wait(1),
                O::Passkey(PasskeyMove::Add(person, Make::VouchedKey)),
                O::Passkey(PasskeyMove::Remove { person, which: Back(0), when: While::Demanded(Class::Hardware) }),
            ]),
            2 => prefers().prop_map(move |prefers| vec![O::Passkey(PasskeyMove::Prefer(person, prefers))]),
            1 => Just(vec![O::Factor(FactorMove::Enrol(person))]),
            1 => Just(vec![O::Factor(FactorMove::Remove(person))]),
            1 => Just(vec![O::Factor(FactorMove::NewCodes(person))]),
            1 => Just(vec![O::PutRole { role: Role::Maker, to: Holder::Person(person), has: true }]),
            1 => any::<bool>().prop_map(move |ends_all| vec![O::ChangePassword { person, ends_all }]),
            1 => Just(vec![O::ChangeAddress(person)]),
            1 => Just(vec![O::Undo { undo: Back(0), finishes: true }]),
            // An account without a password, and the passkey is what is left.
            1 => Just(vec![
                O::ChangeAddress(person),
                O::Undo { undo: Back(0), finishes: false },
                O::Begin { person, app: WEB, by: newest },
                O::Passkey(PasskeyMove::Remove { person, which: Back(0), when: While::Alone }),
            ]),
            1 => Just(vec![O::Factor(FactorMove::Lose(person)), O::Wait(90_000), O::Factor(FactorMove::Lose(person))]),
        ]
    };
    (0..2usize, way(), (prefers(), make()), any::<bool>()).prop_flat_map(move |(person, by, (prefers, make), keeps)| {
        vec(between(person), 1..7).prop_map(move |between| {
            let mut all = vec![O::PersonOn(person), O::Return(person), O::AppOn(WEB)];
            all.push(O::Authorize { person, app: WEB, anew: true, by });
            all.push(O::Passkey(PasskeyMove::Prefer(person, prefers)));
            all.push(O::Factor(FactorMove::Keep(person, keeps)));
            all.push(O::Passkey(PasskeyMove::Add(person, make)));
            all.push(O::Wait(1));
            all.push(O::OtherBrowser(person));
            all.push(O::Begin { person, app: WEB, by: newest });
            all.extend(between.concat());
            all.push(O::Begin { person, app: WEB, by });
            all
        })
    })
}
