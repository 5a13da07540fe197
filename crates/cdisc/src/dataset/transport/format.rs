//! SAS formats: a name, a width, decimals; and what they say about a number.

use crate::dataset::DataType;

/// A format as the description of a variable has it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Format {
    pub(super) name: String,
    pub(super) width: u16,
    pub(super) decimals: u16,
}

impl Format {
    /// Reads `E8601DA.`, `DATE9.`, `8.2`, `$CHAR20.`.
    pub(super) fn of(text: &str) -> Self {
        let (front, decimals) = text.split_once('.').unwrap_or((text, ""));
        // A name may have digits, but does not end with one.
        let end = front
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + 1);
        let (name, width) = front.split_at(end);
        Self {
            name: name.to_owned(),
            width: width.parse().unwrap_or(0),
            decimals: decimals.parse().unwrap_or(0),
        }
    }

    /// The text, when there is a format.
    pub(super) fn text(&self) -> Option<String> {
        let part = |number: u16| match number {
            0 => String::new(),
            number => number.to_string(),
        };
        let is_there = !self.name.is_empty() || self.width > 0;
        is_there.then(|| format!("{}{}.{}", self.name, part(self.width), part(self.decimals)))
    }

    /// What a number with this format is.
    pub(super) fn data_type(&self) -> DataType {
        match self.name.to_ascii_uppercase().as_str() {
            "DATE" | "E8601DA" | "B8601DA" | "IS8601DA" | "YYMMDD" | "MMDDYY" | "DDMMYY"
            | "YYMMDDN" | "YYMMDDD" | "YYMMDDS" | "WORDDATE" | "WEEKDATE" => DataType::Date,
            "DATETIME" | "E8601DT" | "B8601DT" | "IS8601DT" | "DATEAMPM" => DataType::Datetime,
            "TIME" | "E8601TM" | "B8601TM" | "IS8601TM" | "TOD" | "HHMM" => DataType::Time,
            _ => DataType::Double,
        }
    }

    /// The format of a date or time that has none.
    pub(super) fn usual(data_type: DataType) -> Self {
        let name = match data_type {
            DataType::Date => "E8601DA",
            DataType::Datetime => "E8601DT",
            DataType::Time => "E8601TM",
            _ => "",
        };
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_read_and_written_the_same() {
        for (text, name, width, decimals) in [
            ("8.2", "", 8, 2),
            ("E8601DA.", "E8601DA", 0, 0),
            ("E8601DT20.3", "E8601DT", 20, 3),
            ("DATE9.", "DATE", 9, 0),
            ("$CHAR20.", "$CHAR", 20, 0),
        ] {
            let format = Format::of(text);
            assert_eq!(
                (format.name.as_str(), format.width, format.decimals),
                (name, width, decimals)
            );
            assert_eq!(format.text().as_deref(), Some(text));
        }
        assert_eq!(Format::of("").text(), None);
        assert_eq!(Format::of("BEST12").text().as_deref(), Some("BEST12."));
    }
}
