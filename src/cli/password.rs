use std::io::{BufRead as _, IsTerminal as _, stderr, stdin};
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::error::Error;
use crate::identity::hash_password;

/// What `cartotheque password` takes.
#[derive(Debug, Args)]
pub struct Password {
    /// The user's name.
    name: String,

    /// The user's roles, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    roles: Vec<String>,
}

/// Shorter passwords are refused.
const MIN_CHARACTERS: usize = 8;

impl Password {
    /// Reads a password from standard input, so that it stands in no history of commands and no
    /// list of processes, and prints the line for the file of passwords.
    pub fn run(self) -> Outcome {
        let fault = |message: &str| Error::Config {
            message: message.to_owned(),
        };
        let is_odd = |text: &str| text.is_empty() || text.contains([':', '\n', '\r']);
        if is_odd(&self.name) {
            return Err(fault("expected a name without a colon"));
        }
        if let Some(role) = self
            .roles
            .iter()
            .find(|role| is_odd(role) || role.contains(' '))
        {
            return Err(fault(&format!(
                "expected roles without spaces and colons, found {role:?}"
            )));
        }
        if stdin().is_terminal() && stderr().is_terminal() {
            eprint!("password of {}: ", self.name);
        }
        let mut line = String::new();
        stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|e| Error::io("standard input", &e))?;
        let password = line.trim_end_matches(['\n', '\r']);
        if password.chars().count() < MIN_CHARACTERS {
            return Err(fault(
                "expected a password of 8 characters or more on standard input",
            ));
        }
        say!(
            "{}:{}:{}",
            self.name,
            hash_password(password)?,
            self.roles.join(" ")
        );
        Ok(ExitCode::SUCCESS)
    }
}
