//! What can happen to security keys.

use proptest::collection::vec;
use proptest::prelude::*;

use super::demands::class;
use super::{
    Back, By, Class, DemandMove, FactorMove, Holder, Make, Operation, PasskeyMove, Person, Prefers, Role, WEB, back,
    way,
};

/// On what a person makes a new security key. Whatever it can do, it is none but that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum On {
    /// A key that knows a touch and no more.
    Touch,
    /// A phone, which checks its person, finds keys without being told which, and copies them to others.
    Phone,
    /// A key that could be a passkey, for which its maker vouches.
    Vouched,
}

/// What a person shows by mistake before their security key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Wrongly {
    /// That of the other person.
    Others,
    /// One that was taken away.
    Removed,
    /// A passkey of theirs, in its place.
    Passkey,
    /// The last answer once more.
    Again,
}

/// Something with the security keys of a person.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) enum SecurityKeyMove {
    /// They add one on the account page.
    Add(Person, On),
    /// They open the page that asks for a new one,
    Look(Person),
    /// and bring the answer later.
    Bring(Person, On),
    /// They take one of theirs away, perhaps while the role that the provider gives as well demands this.
    Remove { person: Person, which: Back, demanded: Option<Class> },
    /// They show one on the sign-in page, in the place of a passkey.
    Alone(Person, Back),
    /// In a browser that nobody has used they give the password, and are asked for a second factor;
    Begin(Person),
    /// and show it later.
    End(Person),
}

fn on() -> impl Strategy<Value = On> {
    prop_oneof![2 => Just(On::Touch), 1 => Just(On::Phone), 1 => Just(On::Vouched)]
}

pub(super) fn prefers() -> impl Strategy<Value = Prefers> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Wrongly::Others)),
        1 => Just(Some(Wrongly::Removed)),
        1 => Just(Some(Wrongly::Passkey)),
        1 => Just(Some(Wrongly::Again)),
    ]
    .prop_map(Prefers::Key)
}

fn removal(person: Person) -> impl Strategy<Value = SecurityKeyMove> {
    let demanded = prop_oneof![3 => Just(None), 1 => class().prop_map(Some)];
    (back(), demanded).prop_map(move |(which, demanded)| SecurityKeyMove::Remove { person, which, demanded })
}

pub(super) fn security_key_move() -> impl Strategy<Value = SecurityKeyMove> {
    use SecurityKeyMove as M;
    prop_oneof![
        3 => (0..2usize, on()).prop_map(|(person, on)| M::Add(person, on)),
        1 => (0..2usize).prop_map(M::Look),
        1 => (0..2usize, on()).prop_map(|(person, on)| M::Bring(person, on)),
        2 => (0..2usize).prop_flat_map(removal),
        1 => (0..2usize, back()).prop_map(|(person, which)| M::Alone(person, which)),
        1 => (0..2usize).prop_map(M::Begin),
        1 => (0..2usize).prop_map(M::End),
    ]
}

/// What is tried between a password that waits for its second factor and that.
fn meanwhile(person: Person) -> impl Strategy<Value = Vec<Operation>> {
    use Operation as O;
    prop_oneof![
        2 => Just(Vec::new()),
        1 => (0..700i64).prop_map(|seconds| vec![O::Wait(seconds)]),
        1 => Just(vec![O::Wait(600)]),
        2 => any::<bool>().prop_map(move |ends_all| vec![O::ChangePassword { person, ends_all }]),
        2 => removal(person).prop_map(|removal| vec![O::SecurityKey(removal)]),
        1 => on().prop_map(move |on| vec![O::SecurityKey(SecurityKeyMove::Add(person, on))]),
        1 => Just(vec![O::Factor(FactorMove::Enrol(person))]),
        2 => Just(vec![O::Factor(FactorMove::NewCodes(person))]),
        1 => Just(vec![O::Factor(FactorMove::Reset(person))]),
        1 => Just(vec![O::Factor(FactorMove::Lose(person))]),
        1 => Just(vec![O::Passkey(PasskeyMove::Add(person, Make::Phone))]),
        1 => Just(vec![O::EndAll(person)]),
        1 => Just(vec![O::SignOut(person)]),
        1 => Just(vec![O::PersonOff { person, thorough: false }]),
        1 => Just(vec![O::PersonOff { person, thorough: false }, O::PersonOn(person)]),
    ]
}

/// What happens to one person who has just proved who they are, and adds a security key.
pub(super) fn with_a_security_key() -> impl Strategy<Value = Vec<Operation>> {
    use Operation as O;
    use SecurityKeyMove as M;
    let between = move |person: Person| {
        let again = move |by| O::Authorize { person, app: WEB, anew: true, by };
        let maybe = || prop_oneof![1 => Just(None), 1 => class().prop_map(Some)];
        prop_oneof![
            4 => way().prop_map(move |by| vec![again(by)]),
            3 => way().prop_map(move |by| vec![O::OtherBrowser(person), O::Begin { person, app: WEB, by }]),
            3 => (way(), maybe(), maybe()).prop_map(move |(by, insists, of_role)| vec![
                O::Demanded(DemandMove::Go { person, app: WEB, anew: false, by, insists, of_role })
            ]),
            3 => (0..700i64).prop_map(|seconds| vec![O::Wait(seconds)]),
            3 => on().prop_map(move |on| vec![O::SecurityKey(M::Add(person, on))]),
            2 => prefers().prop_map(move |prefers| vec![O::Passkey(PasskeyMove::Prefer(person, prefers))]),
            3 => removal(person).prop_map(|removal| vec![O::SecurityKey(removal)]),
            1 => removal(person).prop_map(|removal| vec![O::Wait(600), O::SecurityKey(removal)]),
            1 => on().prop_map(move |on| vec![O::Wait(600), O::SecurityKey(M::Add(person, on))]),
            // By the same key in both browsers, of which one takes it away.
            4 => removal(person).prop_map(move |removal| vec![
                again(By::Password),
                O::OtherBrowser(person),
                O::Begin { person, app: WEB, by: By::Password },
                again(By::Password),
                O::SecurityKey(removal),
                O::OtherBrowser(person),
                O::Begin { person, app: WEB, by: By::Password },
            ]),
            // The last one, where a role demands two factors.
            2 => class().prop_map(move |class| vec![
                O::PutRole { role: Role::Maker, to: Holder::Person(person), has: true },
                O::SecurityKey(M::Remove { person, which: Back(0), demanded: Some(class) }),
            ]),
            3 => meanwhile(person).prop_map(move |meanwhile| {
                let begun = vec![again(By::Password), O::SecurityKey(M::Begin(person))];
                [begun, meanwhile, vec![O::SecurityKey(M::End(person))]].concat()
            }),
            // Of two keys one goes while a password waits for the newer.
            3 => (on(), removal(person)).prop_map(move |(on, removal)| vec![
                again(By::Password),
                O::SecurityKey(M::Add(person, on)),
                O::SecurityKey(M::Begin(person)),
                O::SecurityKey(removal),
                O::SecurityKey(M::End(person)),
            ]),
            // From where somebody was signed in a while ago, with a page that was opened then.
            3 => (on(), 0..900i64, any::<bool>()).prop_map(move |(on, seconds, anew)| {
                let begun = vec![again(By::Password), O::SecurityKey(M::Look(person)), O::Wait(seconds)];
                let proved = if anew { vec![again(By::Password)] } else { Vec::new() };
                [begun, proved, vec![O::SecurityKey(M::Bring(person, on))]].concat()
            }),
            1 => back().prop_map(move |which| vec![O::SecurityKey(M::Alone(person, which))]),
            1 => Just(vec![O::Passkey(PasskeyMove::Add(person, Make::Phone))]),
            1 => Just(vec![O::Factor(FactorMove::Enrol(person))]),
            1 => Just(vec![O::Factor(FactorMove::Remove(person))]),
            1 => Just(vec![O::Factor(FactorMove::NewCodes(person))]),
            1 => Just(vec![O::Factor(FactorMove::Reset(person))]),
            1 => any::<bool>().prop_map(move |ends_all| vec![O::ChangePassword { person, ends_all }]),
            1 => Just(vec![O::ChangeAddress(person), O::SecurityKey(M::Add(person, On::Touch)), O::Undo { undo: Back(0), finishes: true }]),
            1 => Just(vec![O::Ask(person), O::Show { ticket: Back(0), by_code: false, finishes: true }]),
            1 => Just(vec![O::Factor(FactorMove::Lose(person)), O::Wait(90_000), O::Factor(FactorMove::Lose(person))]),
        ]
    };
    (0..2usize, on(), prefers()).prop_flat_map(move |(person, on, prefers)| {
        vec(between(person), 1..6).prop_map(move |between| {
            let mut all = vec![O::PersonOn(person), O::Return(person), O::AppOn(WEB)];
            all.push(O::Authorize { person, app: WEB, anew: true, by: By::Password });
            all.push(O::SecurityKey(M::Add(person, on)));
            all.push(O::Passkey(PasskeyMove::Prefer(person, prefers)));
            all.push(O::OtherBrowser(person));
            all.push(O::Begin { person, app: WEB, by: By::Password });
            all.extend(between.concat());
            all.push(O::Begin { person, app: WEB, by: By::Password });
            all
        })
    })
}
