//! Every knob: a flag, an environment variable, or a line of `hutong.toml`, in that order.
//!
//! Each floor owns its options; this file only collects them and reads the file. What the file
//! says becomes the default of the flag with the same name, so `--help` shows it and every value
//! is checked in one place.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Command, CommandFactory, FromArgMatches};

use crate::{
    access, cli::Cli, database, error::Error, graphql::guard, http, package::bundled, query,
    telemetry,
};

/// Every option there is.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Config {
    /// A file of options: `listen = "0.0.0.0:8000"`, one line each, named like the flags
    #[arg(long, env = "HUTONG_CONFIG", value_name = "FILE", global = true)]
    #[arg(default_value = DEFAULT_FILE)]
    pub config: PathBuf,
    /// What the program tells of itself.
    #[command(flatten)]
    pub telemetry: telemetry::Options,
    /// Where the data are kept.
    #[command(flatten)]
    pub database: database::Options,
    /// What they begin with.
    #[command(flatten)]
    pub bundled: bundled::Options,
    /// Who is let in.
    #[command(flatten)]
    pub access: access::Options,
    /// How the server listens, and what it takes.
    #[command(flatten)]
    pub http: http::Options,
    /// How much a request may ask for.
    #[command(flatten)]
    pub guard: guard::Options,
    /// How much may go on.
    #[command(flatten)]
    pub live: http::live::Options,
    /// How large pages may be.
    #[command(flatten)]
    pub limits: query::Limits,
}

/// The file that is read when none is named; it need not exist.
const DEFAULT_FILE: &str = "hutong.toml";

/// Parses a command line with what the file says as defaults. Prints help or a usage error and
/// ends the process where clap does.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let without_file = Cli::command().ignore_errors(true).get_matches_from(&arguments);
    let path = without_file.get_one::<PathBuf>("config").cloned();
    let path = path.unwrap_or_else(|| DEFAULT_FILE.into());
    let command = match std::fs::read_to_string(&path) {
        Ok(text) => with_file(Cli::command(), &text)
            .map_err(|why| Error::input(format!("{}: {why}", path.display())))?,
        Err(why)
            if why.kind() == std::io::ErrorKind::NotFound && path.as_os_str() == DEFAULT_FILE =>
        {
            Cli::command()
        }
        Err(why) => return Err(Error::input(format!("cannot read {}: {why}", path.display()))),
    };
    let matches = command.get_matches_from(&arguments);
    Cli::from_arg_matches(&matches).map_err(Error::input)
}

/// The command with the file's values as defaults.
fn with_file(mut command: Command, text: &str) -> Result<Command, String> {
    let table: toml::Table =
        text.parse().map_err(|why: toml::de::Error| why.to_string().trim().replace('\n', " "))?;
    for (name, value) in table {
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            _ => return Err(format!("{name} must be a text, a whole number, true or false")),
        };
        let known: Vec<&str> = command
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .filter(|long| *long != "config")
            .collect();
        let argument = command
            .get_arguments()
            .find(|argument| argument.get_long() == Some(&name) && known.contains(&name.as_str()));
        let id = argument
            .map(|argument| argument.get_id().clone())
            .ok_or_else(|| format!("there is no option {name}; there are {}", known.join(", ")))?;
        command = command.mut_arg(id, |argument| argument.default_value(value));
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(file: &str, arguments: &[&str]) -> Result<String, String> {
        let command = with_file(Cli::command(), file)?;
        let matches = command.try_get_matches_from(arguments).map_err(|why| why.to_string())?;
        let cli = Cli::from_arg_matches(&matches).map_err(|why| why.to_string())?;
        Ok(cli.config.http.listen)
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_the_default() {
        assert_eq!(listen("", &["hutong"]).unwrap(), "127.0.0.1:8000");
        assert_eq!(listen("listen = 'a:1'", &["hutong"]).unwrap(), "a:1");
        assert_eq!(listen("listen = 'a:1'", &["hutong", "migrate"]).unwrap(), "a:1");
        let both = ["hutong", "serve", "--listen", "b:2"];
        assert_eq!(listen("listen = 'a:1'", &both).unwrap(), "b:2");
    }

    #[test]
    fn a_wrong_file_is_refused_by_name() {
        let unknown = listen("lissten = 'a:1'", &["hutong"]).unwrap_err();
        assert!(unknown.starts_with("there is no option lissten; there are log, log-format, "));
        let shape = listen("listen = ['a:1']", &["hutong"]).unwrap_err();
        assert_eq!(shape, "listen must be a text, a whole number, true or false");
        assert!(listen("listen", &["hutong"]).is_err());
        let range = listen("page-max = 0", &["hutong"]).unwrap_err();
        assert!(range.contains("'0'") && range.contains("--page-max"), "{range}");
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
