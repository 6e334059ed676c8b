//! A provider that takes every connection and never answers: what local sign-in and its page take beside one, and beside none. Two servers of
//! the same program on two fresh databases are asked in turn, while others press the provider's button on the first all the time.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::browser::Browser;
use crate::clock::Moment;
use crate::cores::Cores;
use crate::doorward::{Doorward, PASSWORD};
use crate::installation::Installation;
use crate::progress::Progress;
use crate::report::{Report, Row};
use crate::round::Spread;
use crate::storm::percentile;

/// How many sign in at each server.
const SIGN_INS: usize = 200;
/// How many press the provider's button meanwhile.
const PRESSING: usize = 4;
/// How long each of them pauses: it is the waiting that is measured, and no load.
const PAUSE: Duration = Duration::from_millis(100);
/// How many times as long a sign-in may take beside the provider, at the 99th percentile.
const SLOWER: f64 = 1.2;

/// What was measured at one server, in milliseconds.
#[derive(Default)]
struct Taken {
    pages: Vec<f64>,
    sign_ins: Vec<f64>,
}

/// Measures.
///
/// # Errors
/// When a server fails, or answers anything but a page and a sign-in.
pub async fn run(arguments: &Arguments, program: &Path, cores: Cores, progress: &Progress) -> Outcome<Report> {
    let hole = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let provider = hole.local_addr()?;
    let holding = hold(hole);
    let make = |with_provider: bool| -> Outcome<Doorward> {
        let (folder, level) = (arguments.folder(), &arguments.log_level);
        let mut installation = Installation::new(program, cores, &folder, None, level)?;
        installation.set("DOORWARD__SERVER__TRUSTED_PROXIES", "127.0.0.1");
        if with_provider {
            installation.set("DOORWARD__UPSTREAM__HOLE__KIND", "oidc");
            installation.set("DOORWARD__UPSTREAM__HOLE__ISSUER", &format!("http://{provider}"));
            installation.set("DOORWARD__UPSTREAM__HOLE__CLIENT_ID", "load");
            installation.set("DOORWARD__UPSTREAM__HOLE__CLIENT_SECRET", "load");
            installation.set("DOORWARD__OUTGOING__ALLOW", &provider.to_string());
        }
        Doorward::register(installation, 1, progress)
    };
    let (beside, alone) = (make(true)?, make(false)?);
    let (first, second) = (beside.installation.start()?, alone.installation.start()?);
    let local = tokio::task::LocalSet::new();
    let measured = local
        .run_until(async {
            let pressing: Vec<_> =
                (0..PRESSING).map(|number| tokio::task::spawn_local(press(beside.address(), number))).collect();
            let (mut with, mut without) = (Taken::default(), Taken::default());
            for number in 0..SIGN_INS {
                measure(&beside, number, &mut with).await?;
                measure(&alone, number, &mut without).await?;
                progress.step("sign-ins", number + 1, SIGN_INS);
            }
            let mut pressed = 0;
            for one in pressing {
                one.abort();
                pressed += usize::from(one.await.is_err_and(|error| error.is_cancelled()));
            }
            if pressed < PRESSING {
                return Err("pressing the provider's button failed".into());
            }
            Ok::<_, crate::Problem>((with, without))
        })
        .await;
    let (mut with, mut without) = measured?;
    holding.abort();
    first.0.stop()?;
    second.0.stop()?;
    Ok(report(&mut with, &mut without))
}

/// Takes every connection, and answers nothing.
fn hold(hole: TcpListener) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = hole.accept().await {
            held.push(connection);
        }
    })
}

/// Presses the provider's button again and again.
async fn press(address: std::net::SocketAddr, number: usize) -> Outcome<()> {
    let mut browser = Browser::from(address, &format!("198.19.0.{}", number + 1));
    loop {
        browser.press("/login", "upstream-hole").await?;
        tokio::time::sleep(PAUSE).await;
    }
}

/// One person opens the page and signs in, from a network of their own.
async fn measure(doorward: &Doorward, number: usize, taken: &mut Taken) -> Outcome<()> {
    let mut browser = Browser::from(doorward.address(), &format!("198.18.{}.{}", number / 250, number % 250 + 1));
    let began = Moment::now();
    browser.ready_to_sign_in().await?;
    taken.pages.push(began.elapsed().as_secs_f64() * 1000.0);
    let began = Moment::now();
    let email = doorward.emails().first().ok_or("there is nobody to sign in")?;
    let (status, _) = browser.sign_in(email, PASSWORD).await?;
    taken.sign_ins.push(began.elapsed().as_secs_f64() * 1000.0);
    if status == 303 { Ok(()) } else { Err(format!("a sign-in was answered with {status}").into()) }
}

fn report(with: &mut Taken, without: &mut Taken) -> Report {
    for values in [&mut with.pages, &mut with.sign_ins, &mut without.pages, &mut without.sign_ins] {
        values.sort_by(f64::total_cmp);
    }
    let [page, sign_in] = [(&with.pages, &without.pages), (&with.sign_ins, &without.sign_ins)]
        .map(|(with, without)| (percentile(with, 99), percentile(without, 99)));
    let rows = vec![
        row("hole-sign-in", "a sign-in, 99th percentile, beside a black hole", sign_in),
        row("hole-page", "its page, 99th percentile, beside a black hole", page),
    ];
    let medians = format!(
        "medians: a sign-in {:.2} ms beside it, {:.2} ms without; the page {:.2} and {:.2} ms",
        percentile(&with.sign_ins, 50),
        percentile(&without.sign_ins, 50),
        percentile(&with.pages, 50),
        percentile(&without.pages, 50)
    );
    Report { about: Vec::new(), floors: Vec::new(), rows, notes: vec![medians] }
}

/// What something takes beside the provider, and how many times that without.
fn row(name: &str, title: &str, (with, without): (f64, f64)) -> Row {
    let times = with / without;
    let ratio = Some(Spread { median: times, low: times, high: times });
    Row { ratio, of: Some("x"), ..Row::plain(name, title, with, "ms", Some(SLOWER)) }.judged()
}
