//! What the benchmarks share. Figures are compared within one run: rounds of everything that is compared take turns, so that
//! whatever else the machine does meets all of it alike.
#![allow(dead_code)]

pub mod client;
pub mod corpus;
pub mod figures;
pub mod people;
pub mod server;
pub mod site;

/// A whole number from the environment, for a shorter or longer run.
pub fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Says what a table below was measured on.
pub fn print_heading(bench: &str) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let store = match (std::env::var("PERNOEX_TEST_POSTGRES"), std::env::var("PERNOEX_TEST_REDIS")) {
        (Ok(_), Ok(_)) => "PostgreSQL and Redis",
        (Ok(_), Err(_)) => "PostgreSQL",
        _ => "the embedded store",
    };
    let profile = if cfg!(debug_assertions) { ", DEBUG BUILD" } else { "" };
    println!("\n{bench}: {cores} cores for server and client together, {store}{profile}");
}
