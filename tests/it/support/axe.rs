//! axe-core, the accessibility checker: fetched by npm once, in this version and no other, and run within a page.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use doorward::secret::{base64url, sha256};
use serde_json::Value;

use super::Chromium;

const VERSION: &str = "4.14.1";
/// The SHA-256 of its `axe.min.js`.
const HASH: &str = "KTSJmUUM3yhJqOcLeRL8LahahJ2jnA0NU5T1HUqe2Vw";

/// Everything that axe can say, target sizes too (WCAG 2.2 §2.5.8), in a line per finding.
const RUN: &str = r"
const done = arguments[arguments.length - 1];
const told = (node) => `${node.target.join(' ')}: ${node.failureSummary}`;
axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })
  .then(({ violations }) => done(violations.map(({ id, nodes }) => `${id}: ${nodes.map(told).join('; ')}`)), (error) => done([`axe failed: ${error}`]));
";

/// What of the page has moved since it was first drawn, a line per move: how far, what, from where to where.
const SHIFT: &str = r"
const done = arguments[arguments.length - 1];
const moves = [];
const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
const what = (node) => node ? `${node.nodeName} ${node.id || node.className || node.textContent?.trim().slice(0, 30)}` : 'something';
const told = ({ node, previousRect, currentRect }) => `${what(node)}: ${place(previousRect)} -> ${place(currentRect)}`;
new PerformanceObserver((list) => list.getEntries().forEach(({ value, sources }) => { moves.push(`${value} ${sources.map(told).join(', ')}`); }))
  .observe({ type: 'layout-shift', buffered: true });
requestAnimationFrame(() => requestAnimationFrame(() => done(moves)));
";

/// What axe complains about on the page that the browser shows.
pub async fn complaints(browser: &Chromium) -> Vec<String> {
    browser.page.execute(source(), vec![]).await.unwrap();
    lines(browser.page.execute_async(RUN, vec![]).await.unwrap())
}

/// What of the page moved while it came.
pub async fn moves(browser: &Chromium) -> Vec<String> {
    lines(browser.page.execute_async(SHIFT, vec![]).await.unwrap())
}

fn lines(found: Value) -> Vec<String> {
    serde_json::from_value(found).unwrap()
}

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("target/axe-{VERSION}.js"));
        if !kept.exists() {
            fetch(&kept);
        }
        let source = std::fs::read_to_string(&kept).unwrap();
        assert_eq!(base64url(&sha256(source.as_bytes())), HASH, "{} is not axe-core {VERSION}", kept.display());
        source
    })
}

/// Has npm fetch the package into a folder that is gone afterwards, and keeps its one file.
fn fetch(kept: &Path) {
    let folder = tempfile::tempdir_in(kept.parent().unwrap()).unwrap();
    let package = format!("axe-core@{VERSION}");
    let arguments = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix"];
    let output = Command::new("npm").args(arguments).arg(folder.path()).arg(&package).output();
    let output = output.expect("npm cannot be run: install npm (`tests/run --only install` does)");
    assert!(output.status.success(), "npm does not fetch {package}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(folder.path().join("node_modules/axe-core/axe.min.js"), kept).unwrap();
}
