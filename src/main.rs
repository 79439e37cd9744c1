//! The program: one command line, run to its end.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match hutong::cli::run(std::env::args_os()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hutong: {}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}
