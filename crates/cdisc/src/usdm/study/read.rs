//! The view out of a document that was judged before: what is required is there.

use serde_json::Value;

use super::{
    Amendment, Arm, Change, Code, Dated, Design, DesignKind, Endpoint, Epoch, Estimand, Identifier,
    Level, Objective, Population, Study, StudyVersion, Title,
};
use crate::error::Check;

/// A value and its place.
pub(in crate::usdm) struct Node<'a> {
    pub(in crate::usdm) value: &'a Value,
    pub(in crate::usdm) at: String,
}

impl<'a> Node<'a> {
    pub(in crate::usdm) fn new(value: &'a Value) -> Self {
        let at = String::new();
        Self { value, at }
    }

    pub(in crate::usdm) fn get(&self, name: &str) -> Option<Node<'a>> {
        let value = self.value.get(name)?;
        let at = format!("{}/{name}", self.at);
        (!value.is_null()).then_some(Node { value, at })
    }

    pub(in crate::usdm) fn text(&self, name: &str) -> String {
        self.optional(name).unwrap_or_default()
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.value.get(name)?.as_str().map(str::to_owned)
    }

    pub(in crate::usdm) fn list(&self, name: &str) -> Vec<Node<'a>> {
        let items = self.value.get(name).and_then(Value::as_array);
        let items = items.into_iter().flatten().enumerate();
        items
            .map(|(place, value)| Node {
                value,
                at: format!("{}/{name}/{place}", self.at),
            })
            .collect()
    }

    pub(in crate::usdm) fn code(&self, name: &str) -> Code {
        self.get(name).map_or_else(Code::default, |code| Code {
            code: code.text("code"),
            decode: code.text("decode"),
        })
    }

    /// The standard code behind an alias.
    pub(in crate::usdm) fn alias(&self, name: &str) -> Option<Code> {
        self.get(name).map(|alias| alias.code("standardCode"))
    }
}

pub(super) fn study(document: &Node<'_>, check: &mut Check, warnings: &mut Check) -> Study {
    let empty = Value::Null;
    let study = document.get("study").unwrap_or_else(|| Node::new(&empty));
    let versions: Vec<StudyVersion> = study
        .list("versions")
        .iter()
        .map(|it| version(it, check, warnings))
        .collect();
    if versions.is_empty() {
        check.refuse(
            "/study/versions",
            "is empty: a study has a version at least",
        );
    }
    Study {
        id: study.optional("id"),
        name: study.text("name"),
        label: study.text("label"),
        description: study.text("description"),
        usdm_version: document.text("usdmVersion"),
        versions,
    }
}

fn version(node: &Node<'_>, check: &mut Check, warnings: &mut Check) -> StudyVersion {
    let organizations = node.list("organizations");
    let identifier = |it: &Node<'_>| {
        let scope = it.text("scopeId");
        let scope = organizations
            .iter()
            .find(|organization| organization.text("id") == scope);
        Identifier {
            text: it.text("text"),
            scope: scope.map(|it| it.text("name")).unwrap_or_default(),
            scope_kind: scope.map(|it| it.code("type")).unwrap_or_default(),
        }
    };
    let amendments = node.list("amendments");
    let read = |it: &Node<'_>| amendment(it, warnings);
    let amendments = amendments.iter().map(read).collect();
    let designs = node.list("studyDesigns");
    let titles = node.list("titles");
    StudyVersion {
        id: node.text("id"),
        identifier: node.text("versionIdentifier"),
        rationale: node.text("rationale"),
        titles: titles.iter().map(title).collect(),
        identifiers: node
            .list("studyIdentifiers")
            .iter()
            .map(identifier)
            .collect(),
        dates: node.list("dateValues").iter().map(dated).collect(),
        amendments,
        designs: designs
            .iter()
            .map(|it| design(it, check, warnings))
            .collect(),
    }
}

fn title(node: &Node<'_>) -> Title {
    Title {
        kind: node.code("type"),
        text: node.text("text"),
    }
}

fn dated(node: &Node<'_>) -> Dated {
    Dated {
        name: node.text("name"),
        kind: node.code("type"),
        date: node.text("dateValue"),
    }
}

fn amendment(node: &Node<'_>, warnings: &mut Check) -> Amendment {
    let primary = node.get("primaryReason");
    let secondary = node.list("secondaryReasons");
    let reasons = primary.iter().chain(&secondary);
    let mut reason = |it: &Node<'_>| {
        let code = it.code("code").decode;
        match it
            .optional("otherReason")
            .filter(|other| !other.trim().is_empty())
        {
            Some(other) if code == "Other" => other,
            Some(other) => format!("{code}: {other}"),
            None => {
                if code == "Other" {
                    let at = format!("{}/otherReason", it.at);
                    warnings.refuse(at, "is needed where the reason is Other");
                }
                code
            }
        }
    };
    let change = |it: &Node<'_>| Change {
        summary: it.text("summary"),
        rationale: it.text("rationale"),
    };
    Amendment {
        id: node.text("id"),
        number: node.text("number"),
        name: node.text("name"),
        summary: node.text("summary"),
        reasons: reasons.map(&mut reason).collect(),
        previous: node.optional("previousId"),
        dates: node.list("dateValues").iter().map(dated).collect(),
        changes: node.list("changes").iter().map(change).collect(),
    }
}

fn design(node: &Node<'_>, check: &mut Check, warnings: &mut Check) -> Design {
    let objectives = node.list("objectives");
    let objectives: Vec<Objective> = objectives.iter().map(|it| objective(it, check)).collect();
    let is_primary = |endpoint: &Endpoint| endpoint.level == Level::Primary;
    if !objectives
        .iter()
        .flat_map(|it| &it.endpoints)
        .any(is_primary)
    {
        let at = format!("{}/objectives", node.at);
        warnings.refuse(at, "has no primary endpoint");
    }
    let is_interventional = node.text("instanceType") == "InterventionalStudyDesign";
    let arm = |it: &Node<'_>| Arm {
        id: it.text("id"),
        name: it.text("name"),
        kind: it.code("type"),
        description: it.text("description"),
    };
    let epoch = |it: &Node<'_>| Epoch {
        id: it.text("id"),
        name: it.text("name"),
        kind: it.code("type"),
    };
    let populations = node.list("analysisPopulations");
    let estimand = |it: &Node<'_>| {
        let id = it.text("analysisPopulationId");
        let population = populations
            .iter()
            .find(|population| population.text("id") == id);
        Estimand {
            id: it.text("id"),
            endpoint_id: it.text("variableOfInterestId"),
            summary: it.text("populationSummary"),
            population: population.map(|it| it.text("text")).unwrap_or_default(),
        }
    };
    Design {
        id: node.text("id"),
        name: node.text("name"),
        kind: if is_interventional {
            DesignKind::Interventional
        } else {
            DesignKind::Observational
        },
        phase: node.alias("studyPhase"),
        blinding: node.alias("blindingSchema"),
        arms: node.list("arms").iter().map(arm).collect(),
        epochs: node.list("epochs").iter().map(epoch).collect(),
        objectives,
        population: node
            .get("population")
            .map(|it| population(&it))
            .unwrap_or_default(),
        estimands: node.list("estimands").iter().map(estimand).collect(),
    }
}

fn objective(node: &Node<'_>, check: &mut Check) -> Objective {
    let level = level(node, check);
    let mut endpoint = |it: &Node<'_>| Endpoint {
        id: it.text("id"),
        name: it.text("name"),
        text: it.text("text"),
        level: self::level(it, check),
        purpose: it.text("purpose"),
        description: it.text("description"),
    };
    Objective {
        id: node.text("id"),
        name: node.text("name"),
        text: node.text("text"),
        level,
        endpoints: node.list("endpoints").iter().map(&mut endpoint).collect(),
    }
}

/// The codes of the CDISC terminology for objectives and endpoints.
fn level(node: &Node<'_>, check: &mut Check) -> Level {
    match node.code("level").code.as_str() {
        "C85826" | "C94496" => Level::Primary,
        "C85827" | "C139173" => Level::Secondary,
        "C163559" | "C170559" => Level::Exploratory,
        _ => {
            let at = format!("{}/level/code", node.at);
            check.refuse(
                at,
                "is no code for primary, secondary or exploratory: C85826, C85827 or C163559 of \
                 an objective, C94496, C139173 or C170559 of an endpoint",
            );
            Level::Exploratory
        }
    }
}

fn population(node: &Node<'_>) -> Population {
    Population {
        name: node.text("name"),
        description: node.text("description"),
        includes_healthy: node.value["includesHealthySubjects"] == Value::Bool(true),
        planned_enrolment: number(node, "plannedEnrollmentNumber"),
        planned_completion: number(node, "plannedCompletionNumber"),
        criteria: node.list("criterionIds").len(),
    }
}

/// A Quantity's value, or the larger end of a Range.
pub(in crate::usdm) fn number(node: &Node<'_>, name: &str) -> Option<String> {
    let node = node.get(name)?;
    let quantity = node.get("maxValue").unwrap_or(node);
    let value = quantity.value.get("value")?;
    value.is_number().then(|| value.to_string())
}
