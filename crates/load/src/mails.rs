//! What mails cost: asking for one at an address that has an account and at one that has none, in turn; the page of a link; and the mails that leave,
//! into a folder. What is asked for there is written before the answer and decided when it is sent, so that both addresses take the same: the figure
//! for that is the time of single answers, for whoever sees no more of a server.

use std::path::PathBuf;
use std::time::Duration;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::browser::Browser;
use crate::clock::Moment;
use crate::cores::Cores;
use crate::doorward::Doorward;
use crate::http::Connection;
use crate::installation::Installation;
use crate::operation::{Operation, get};
use crate::process::Watched;
use crate::progress::Progress;
use crate::report::{Report, Row};
use crate::round::{Cost, Spread, Workload};

/// How many addresses have an account: a mail is worth nothing once the next was asked for to the same.
const PEOPLE: usize = 64;
/// How many answers at each of the two kinds of addresses are timed, one at a time.
const SINGLE: usize = 400;
/// How many times the time for an address without an account one with an account may take, and the other way round.
const ALIKE: f64 = 1.1;
/// How many mails are sent.
const MAILS: usize = 2000;
/// How often is looked whether they are.
const LOOK: Duration = Duration::from_millis(20);
/// How long none comes when all are there, or the server has stopped sending.
const STILL: Duration = Duration::from_secs(5);

/// A page on which an address is typed.
struct Asking {
    name: &'static str,
    page: &'static str,
    button: &'static str,
    words: &'static str,
}

const ASKING: [Asking; 2] = [
    Asking { name: "recover", page: "/recover", button: "recover-submit", words: "asking for a new password" },
    Asking { name: "register", page: "/register", button: "register-submit", words: "asking to register" },
];

/// What is measured, and where.
struct Place<'a> {
    doorward: Doorward,
    watched: Watched,
    folder: PathBuf,
    arguments: &'a Arguments,
    progress: &'a Progress,
}

/// Measures.
///
/// # Errors
/// When the server fails, or answers as it should not.
pub async fn run(
    arguments: &Arguments,
    program: &std::path::Path,
    cores: Cores,
    progress: &Progress,
) -> Outcome<Report> {
    let (database, level) = (arguments.database.as_deref(), &arguments.log_level);
    let mut installation = Installation::new(program, cores, &arguments.folder(), database, level)?;
    let folder = installation.folder().join("mails");
    installation.set("DOORWARD__MAIL__FOLDER", &folder.display().to_string());
    installation.set("DOORWARD__LIMITS__MAIL_REQUESTS_PER_HOUR", "0");
    installation.set("DOORWARD__LIMITS__REGISTRATIONS_PER_HOUR", "0");
    for limit in ["MAILS_PER_HOUR", "MAILS_PER_DAY", "MAILS_PER_DAY_IN_ALL"] {
        installation.set(&format!("DOORWARD__LIMITS__{limit}"), "1000000");
    }
    let doorward = Doorward::register(installation, PEOPLE, progress)?;
    let link = doorward.installation.run(&["user", "reset-password", "person0@example.org", "--print"], "")?;
    let link = link["link"].as_str().ok_or("user reset-password printed no link")?.to_owned();
    let (server, _) = doorward.installation.start()?;
    let place = Place { doorward, watched: server.watched, folder, arguments, progress };
    let mut report = Report { about: Vec::new(), floors: Vec::new(), rows: Vec::new(), notes: Vec::new() };
    for asking in &ASKING {
        report.rows.extend(place.alike(asking).await?);
        report.rows.extend(place.in_turn(asking).await?);
    }
    report.rows.push(place.page(&link).await?);
    report.rows.extend(place.delivered().await?);
    server.stop()?;
    Ok(report)
}

impl Place<'_> {
    /// The forms of a browser on this page, one for each of these addresses.
    async fn forms(&self, asking: &Asking, addresses: impl Iterator<Item = String>) -> Outcome<Vec<Vec<u8>>> {
        let addresses: Vec<String> = addresses.collect();
        Browser::new(self.doorward.address()).filled(asking.page, asking.button, ("email", &addresses)).await
    }

    /// What so many connections do, who ask for addresses of their own: with an account or without.
    async fn workload(&self, asking: &Asking, has_account: bool) -> Outcome<Workload> {
        let connections = self.arguments.connections.min(PEOPLE);
        let each = PEOPLE / connections;
        let mut operations = Vec::new();
        for number in 0..connections {
            let addresses = (0..each).map(|at| address(number * each + at, has_account));
            operations.push(Operation::Forms { requests: self.forms(asking, addresses).await?, next: 0 });
        }
        Ok(Workload::new(self.doorward.address(), operations))
    }

    /// The time of single answers, with an account and without, one after the other.
    async fn alike(&self, asking: &Asking) -> Outcome<Vec<Row>> {
        let with = self.forms(asking, (0..PEOPLE).map(|at| address(at, true))).await?;
        let without = self.forms(asking, (0..PEOPLE).map(|at| address(at, false))).await?;
        let mut connection = Connection::new(self.doorward.address());
        let mut taken = [Vec::new(), Vec::new()];
        for at in 0..2 * SINGLE {
            // Which of them comes first is changed each time.
            let which = (at + at / 2) % 2;
            let request = &[&with, &without][which][at / 2 % PEOPLE];
            let began = Moment::now();
            let answer = connection.exchange(request).await?;
            let time = began.elapsed();
            if answer.status != 303 {
                return Err(answer.unexpected("a redirect"));
            }
            taken[which].push(time.as_secs_f64() * 1e6);
            self.progress.step(asking.words, at + 1, 2 * SINGLE);
        }
        let [with, without] = taken.map(|times| Spread::of(times).median);
        let row = |kind: &str, value: f64, other: f64| {
            let ratio = Spread { median: value / other, low: value / other, high: value / other };
            let (name, title) = (format!("{}-{kind}-answer", asking.name), format!("{}, {kind}: answer", asking.words));
            let row = Row::plain(&name, &title, value, "µs", Some(ALIKE));
            Row { ratio: Some(ratio), of: Some("the other"), ..row }.judged()
        };
        Ok(vec![row("known", with, without), row("unknown", without, with)])
    }

    /// What the server takes for them, what leaves meanwhile included, in rounds in turn.
    async fn in_turn(&self, asking: &Asking) -> Outcome<Vec<Row>> {
        let (mut with, mut without) = (self.workload(asking, true).await?, self.workload(asking, false).await?);
        let rounds = self.arguments.rounds()?;
        let mut turns: Vec<(Cost, Cost)> = Vec::new();
        for round in 0..rounds.count {
            self.progress.step(asking.words, round as usize, rounds.count as usize);
            self.doorward.installation.empty_log()?;
            let known = with.measure(Some(self.watched), rounds.length).await?;
            turns.push((known, without.measure(Some(self.watched), rounds.length).await?));
        }
        let row = |kind: &str, which: fn(&(Cost, Cost)) -> (&Cost, &Cost)| {
            let of = |figure: fn(&Cost) -> f64| Spread::of(turns.iter().map(|turn| figure(which(turn).0))).median;
            let (name, title) = (format!("{}-{kind}", asking.name), format!("{}, {kind}", asking.words));
            let ratio = turns.iter().map(|turn| which(turn).0.micros() / which(turn).1.micros());
            Row {
                ratio: Some(Spread::of(ratio)),
                of: Some("the other"),
                per_second: Some(of(Cost::per_second)),
                ..Row::plain(&name, &title, of(Cost::micros), "µs", None)
            }
        };
        Ok(vec![row("known", |(known, other)| (known, other)), row("unknown", |(other, unknown)| (unknown, other))])
    }

    /// The page of a link that was sent.
    async fn page(&self, link: &str) -> Outcome<Row> {
        let path = link.find("/mail?").map(|at| &link[at..]).ok_or("the link leads elsewhere")?;
        let request = get(&self.doorward.address().to_string(), path, "");
        let operation = Operation::Same { request, has: "id=\"confirm\"" };
        let mut workload = Workload::new(self.doorward.address(), vec![operation; self.arguments.connections]);
        let rounds = self.arguments.rounds()?;
        let mut costs = Vec::new();
        for round in 0..rounds.count {
            self.progress.step("the page of a link", round as usize, rounds.count as usize);
            self.doorward.installation.empty_log()?;
            costs.push(workload.measure(Some(self.watched), rounds.length).await?);
        }
        let of = |figure: fn(&Cost) -> f64| Spread::of(costs.iter().map(figure)).median;
        let row = Row::plain("mail-page", "the page of a link", of(Cost::micros), "µs", None);
        Ok(Row { per_second: Some(of(Cost::per_second)), ..row })
    }

    /// How fast mails leave, asked for at addresses that were never asked for, and what one takes of the server once all are asked for.
    async fn delivered(&self) -> Outcome<Vec<Row>> {
        self.last_mail().await?;
        let before = self.mails();
        let forms = self.forms(&ASKING[1], (0..MAILS).map(|at| format!("mailed{at}@example.net"))).await?;
        let mut connection = Connection::new(self.doorward.address());
        let began = Moment::now();
        for (at, form) in forms.iter().enumerate() {
            connection.exchange(form).await?;
            self.progress.step("mails asked for", at + 1, MAILS);
        }
        let (waiting, cpu) = (MAILS.saturating_sub(self.mails() - before), self.watched.cpu()?);
        let ago = self.last_mail().await?;
        let wall = began.elapsed().saturating_sub(ago);
        let sent = self.mails() - before;
        let title = "mails that left, from the first question to the last mail";
        let mut rows = vec![Row::plain("mail-rate", title, sent as f64 / wall.as_secs_f64(), "/s", None)];
        if waiting > 0 {
            let micros = self.watched.cpu()?.saturating_sub(cpu).as_secs_f64() * 1e6 / waiting as f64;
            rows.push(Row::plain("mail-delivery", "a mail that leaves", micros, "µs", None));
        }
        Ok(rows)
    }

    /// Waits until no mail has left for a while; how long that is ago.
    async fn last_mail(&self) -> Outcome<Duration> {
        let (mut count, mut last) = (self.mails(), Moment::now());
        while last.elapsed() < STILL {
            tokio::time::sleep(LOOK).await;
            let now = self.mails();
            if now != count {
                (count, last) = (now, Moment::now());
            }
        }
        Ok(last.elapsed())
    }

    /// How many mails have left so far.
    fn mails(&self) -> usize {
        std::fs::read_dir(&self.folder).map(Iterator::count).unwrap_or_default()
    }
}

/// An address with an account, or one without, which is as long.
fn address(number: usize, has_account: bool) -> String {
    format!("{}{number}@example.org", if has_account { "person" } else { "nobody" })
}
