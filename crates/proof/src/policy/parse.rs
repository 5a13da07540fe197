//! The reader of policy files.

use std::collections::BTreeMap;

use super::{Group, Member, POLICY_BYTES_MAX, Policy, PolicyError};
use crate::note::{Algorithm, Vkey};

/// The most logs, witnesses or groups of one policy.
const COUNT_MAX: usize = 1024;

pub(super) fn parse(file: &[u8]) -> Result<Policy, PolicyError> {
    if file.len() > POLICY_BYTES_MAX {
        return Err(fault(0, "the file is longer than 1 MiB"));
    }
    if !file.is_empty() && !file.ends_with(b"\n") {
        return Err(fault(0, "the last line has no newline"));
    }
    let mut parser = Parser::default();
    for (index, line) in file.split(|byte| *byte == b'\n').enumerate() {
        parser.line(line).map_err(|reason| PolicyError {
            line: index + 1,
            reason,
        })?;
    }
    if parser.decided {
        Ok(parser.policy)
    } else {
        Err(fault(0, "there is no quorum line"))
    }
}

fn fault(line: usize, reason: &str) -> PolicyError {
    PolicyError {
        line,
        reason: reason.to_owned(),
    }
}

#[derive(Default)]
struct Parser {
    policy: Policy,
    /// What each name stands for, and whether a group has it as a member already.
    names: BTreeMap<Vec<u8>, (Member, bool)>,
    /// Whether the quorum line was there.
    decided: bool,
}

impl Parser {
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        // Character set: tab, newline, 0x20-0x7E and 0x80-0xFF.
        if line
            .iter()
            .any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f)
        {
            return Err("a control character".to_owned());
        }
        let is_space = |byte: &u8| *byte == b' ' || *byte == b'\t';
        let items: Vec<&[u8]> = line
            .split(is_space)
            .filter(|item| !item.is_empty())
            .collect();
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey] | [b"log", vkey, _] => self.log(vkey),
            [b"witness", name, vkey] | [b"witness", name, vkey, _] => self.witness(name, vkey),
            [b"group", name, threshold, members @ ..] => self.group(name, threshold, members),
            [b"quorum", name] => self.quorum(name),
            [keyword, ..] => Err(format!(
                "no line of a policy: `{}`",
                String::from_utf8_lossy(keyword)
            )),
        }
    }

    fn log(&mut self, vkey: &[u8]) -> Result<(), String> {
        add_key(&mut self.policy.logs, vkey, Algorithm::Ed25519)
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8]) -> Result<(), String> {
        add_key(&mut self.policy.witnesses, vkey, Algorithm::Cosignature)?;
        self.define(name, Member::Witness(self.policy.witnesses.len() - 1))
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), String> {
        if self.policy.groups.len() >= COUNT_MAX {
            return Err("too many groups".to_owned());
        }
        let threshold = match threshold {
            b"all" => names.len(),
            b"any" => 1,
            digits => decimal(digits).ok_or("the threshold is no number")?,
        };
        if threshold < 1 || threshold > names.len() {
            return Err("the threshold is not between 1 and the number of members".to_owned());
        }
        let members = names
            .iter()
            .map(|it| self.take(it))
            .collect::<Result<_, _>>()?;
        self.policy.groups.push(Group { threshold, members });
        self.define(name, Member::Group(self.policy.groups.len() - 1))
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), String> {
        if std::mem::replace(&mut self.decided, true) {
            return Err("a second quorum line".to_owned());
        }
        self.policy.quorum = match name {
            b"none" => None,
            _ => Some(self.names.get(name).ok_or_else(|| undefined(name))?.0),
        };
        Ok(())
    }

    fn define(&mut self, name: &[u8], member: Member) -> Result<(), String> {
        if name == b"none" || self.names.contains_key(name) {
            return Err(format!(
                "`{}` is defined already",
                String::from_utf8_lossy(name)
            ));
        }
        self.names.insert(name.to_vec(), (member, false));
        Ok(())
    }

    /// A name as a member of a group: each only once, in all groups.
    fn take(&mut self, name: &[u8]) -> Result<Member, String> {
        let (member, taken) = self.names.get_mut(name).ok_or_else(|| undefined(name))?;
        if std::mem::replace(taken, true) {
            let name = String::from_utf8_lossy(name);
            return Err(format!("`{name}` is a member of a group already"));
        }
        Ok(*member)
    }
}

fn undefined(name: &[u8]) -> String {
    format!("`{}` is not defined above", String::from_utf8_lossy(name))
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok()?;
    usize::try_from(crate::checkpoint::decimal(text)?).ok()
}

fn add_key(keys: &mut Vec<Vkey>, vkey: &[u8], algorithm: Algorithm) -> Result<(), String> {
    let text = std::str::from_utf8(vkey).map_err(|_| "the key is not UTF-8")?;
    let vkey: Vkey = text.parse().map_err(|error| format!("{error}"))?;
    if vkey.algorithm() != algorithm {
        return Err(format!(
            "a key of type 0x{:02x} is needed here",
            algorithm.identifier()
        ));
    }
    if keys.iter().any(|it| it.key() == vkey.key()) {
        return Err("the same public key a second time".to_owned());
    }
    if keys.len() >= COUNT_MAX {
        return Err("too many keys".to_owned());
    }
    keys.push(vkey);
    Ok(())
}
