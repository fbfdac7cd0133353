//! `/assets/`: the style sheet, the script and the icon of the pages.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};

use super::guarded;
use crate::web::not_found;

/// The files, by name.
const ASSETS: [(&str, &str, &str); 5] = [
    ("page.css", "text/css; charset=utf-8", include_str!("../assets/page.css")),
    ("target.css", "text/css; charset=utf-8", include_str!("../assets/target.css")),
    ("target.js", "text/javascript; charset=utf-8", include_str!("../assets/target.js")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("../assets/page.js")),
    ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
];

pub(in crate::web) async fn asset(Path(wanted): Path<String>) -> Response {
    match ASSETS.iter().find(|(name, _, _)| *name == wanted) {
        Some((_, kind, text)) => (guarded(kind), *text).into_response(),
        None => not_found().into_response(),
    }
}

/// The icon where browsers look for one that no page names, such as beside a text.
pub(in crate::web) async fn icon() -> Response {
    asset(Path("icon.svg".to_owned())).await
}
