//! What a page quotes stands in the file that it names, word for word: ```` ```js tests/clients/api-express.mjs ````.

use super::{blocks, pages};
use crate::sources::text;

#[test]
fn every_snippet_of_a_page_stands_in_its_file() {
    let mut seen = 0;
    for (path, page) in pages() {
        for block in blocks(&page) {
            let Some(file) = block.info.split(' ').nth(1).filter(|file| file.contains('/')) else { continue };
            assert!(text(file).contains(block.text.trim_end()), "{path}, line {}: that is not in {file}", block.line);
            seen += 1;
        }
    }
    assert!(seen > 4, "the snippets were not found");
}
