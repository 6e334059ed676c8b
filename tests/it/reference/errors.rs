//! `errors.md`: every rejection.

use doorward::protocol::rejection::{Audience, Rejection};

use super::{code, head, row};

pub fn page() -> String {
    let mut page = "# Errors\n\nWhat a refusal says: `error` is the code, `error_description` the words, to which the parameter or the scope at \
                    fault may be added. The rule is the name that stands in the log line of the request and nowhere in the answer. The \
                    status is that of an answer that is not a redirect.\n\n\
                    What the server itself cannot do is `server_error`: 503 with `Retry-After` when it passes, such as a database that \
                    does not answer, else 500.\n"
        .to_owned();
    for audience in Audience::ALL {
        let (who, shown) = audience.words();
        let columns = ["error", "status", "words", "rule", "source"];
        page.push_str(&format!("\n## {who}\n\nShown as: {shown}.\n\n{}", head(&columns)));
        for rejection in Rejection::ALL.iter().filter(|rejection| rejection.audience() == audience) {
            page.push_str(&row(&[
                code(rejection.code().as_str()),
                rejection.status().to_string(),
                rejection.description().to_owned(),
                code(rejection.reason()),
                rejection.source().to_owned(),
            ]));
        }
    }
    page
}
