//! What a dataset says about one of its variables.

/// The logical type of a variable. Dataset-JSON 1.1, column metadata.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DataType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A decimal, exchanged as text.
    Decimal,
    /// A number.
    Float,
    /// A number.
    Double,
    /// True or false.
    Boolean,
    /// An ISO 8601 date and time.
    Datetime,
    /// An ISO 8601 date.
    Date,
    /// An ISO 8601 time.
    Time,
    /// A URI.
    Uri,
}

impl DataType {
    const ALL: [(Self, &'static str); 10] = [
        (Self::String, "string"),
        (Self::Integer, "integer"),
        (Self::Decimal, "decimal"),
        (Self::Float, "float"),
        (Self::Double, "double"),
        (Self::Boolean, "boolean"),
        (Self::Datetime, "datetime"),
        (Self::Date, "date"),
        (Self::Time, "time"),
        (Self::Uri, "URI"),
    ];

    /// The type by its word.
    pub fn of(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == word);
        found.map(|(data_type, _)| *data_type)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(known, _)| *known == self);
        found.map_or("", |(_, word)| *word)
    }
}

/// As what a receiver should keep a value that is exchanged as text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TargetDataType {
    /// A date, time or datetime as a number.
    Integer,
    /// A decimal.
    Decimal,
}

impl TargetDataType {
    /// The type by its word.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "integer" => Some(Self::Integer),
            "decimal" => Some(Self::Decimal),
            _ => None,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
        }
    }
}

/// A variable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Column {
    /// Its id, in the dataset and in a Define-XML.
    pub item_oid: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub label: String,
    /// Its logical type.
    pub data_type: DataType,
    /// As what a receiver should keep it, when that differs.
    pub target_data_type: Option<TargetDataType>,
    /// Planned number of characters.
    pub length: Option<u32>,
    /// The SAS format by which a number is shown.
    pub display_format: Option<String>,
    /// Its place in the key of the dataset.
    pub key_sequence: Option<u32>,
}

impl Column {
    /// Whether its values are kept as numbers by SAS.
    pub fn is_numeric(&self) -> bool {
        match self.data_type {
            DataType::Integer
            | DataType::Float
            | DataType::Double
            | DataType::Decimal
            | DataType::Boolean => true,
            DataType::String | DataType::Uri => false,
            DataType::Datetime | DataType::Date | DataType::Time => {
                self.target_data_type == Some(TargetDataType::Integer)
            }
        }
    }
}
