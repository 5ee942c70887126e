//! Reports of vulnerabilities, and the pages that operators write.

use super::{Door, Route, delete, get, post, put};
use crate::routes::{
    disclosure::{board, public},
    views as v,
};

pub(in crate::routes) fn rows() -> Vec<Route> {
    use Door::{Open, Operator};
    vec![
        get("/disclosure", public::program, Open, "How vulnerabilities are reported here").gives::<v::ReportProgram>(200),
        post("/disclosure/reports", public::report, Open, "Report a vulnerability")
            .takes::<v::NewReport>()
            .gives::<v::ReportReceipt>(201),
        // The token is in the body, and never in an address: those are logged, and told to others.
        post("/disclosure/status", public::follow, Open, "What became of a report")
            .takes::<v::ReportLink>()
            .gives::<v::FollowedReport>(200),
        post(
            "/disclosure/status/messages",
            public::say,
            Open,
            "Write about a report that one made",
        )
        .takes::<v::ReportMessage>()
        .gives::<v::FollowedReport>(200),
        post(
            "/disclosure/status/files",
            public::attach,
            Open,
            "Attach a file to a report that one made",
        )
        .takes_files()
        .gives::<v::ReportFile>(201),
        get("/disclosure/thanks", public::thanks, Open, "Who is thanked for a report").gives::<v::Thanks>(200),
        get("/pages/{page}", public::page, Open, "A page of whoever runs the installation").gives::<v::PublicPage>(200),
        get("/reports", board::list, Operator, "Reports of vulnerabilities").gives::<v::ReportBoard>(200),
        get("/reports/{report}", board::show, Operator, "A report").gives::<v::ReportSheet>(200),
        delete("/reports/{report}", board::remove, Operator, "Delete a report that is closed")
            .fresh()
            .empty(),
        post(
            "/reports/{report}/state",
            board::go,
            Operator,
            "Move a report on, and tell its reporter",
        )
        .takes::<v::ReportMove>()
        .gives::<v::ReportSheet>(200),
        post(
            "/reports/{report}/messages",
            board::note,
            Operator,
            "Write to a reporter, or note something for operators",
        )
        .takes::<v::ReportNote>()
        .gives::<v::ReportSheet>(200),
        get(
            "/reports/{report}/files/{file}",
            board::file,
            Operator,
            "A file of a report, to be saved",
        )
        .gives_file(),
        post("/reports/{report}/thanks", board::thank, Operator, "Thank a reporter in public").gives::<v::ReportSheet>(200),
        delete(
            "/reports/{report}/thanks",
            board::thank_no_more,
            Operator,
            "Thank a reporter in public no more",
        )
        .gives::<v::ReportSheet>(200),
        get("/texts/{page}", board::text, Operator, "A page's text, as it is written").gives::<v::PageText>(200),
        put("/texts/{page}", board::write, Operator, "Write a page anew")
            .takes::<v::PageTextBody>()
            .gives::<v::PageText>(200),
        delete(
            "/texts/{page}",
            board::set_back,
            Operator,
            "Set a page back to what came with the software",
        )
        .gives::<v::PageText>(200),
    ]
}
