//! What a registry of trials asks, out of a study: the data elements of ClinicalTrials.gov by the
//! mapping that is published with USDM 4, with what the registry would refuse or miss.

use serde_json::Value;

use super::study::read::{Node, number};
use super::timing::timing_of;
use crate::dataset::Number;
use crate::error::{Check, Issue};

/// Most gaps that are told.
const GAPS_MAX: usize = 200;

/// What is to be registered of a version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registration {
    /// The data elements, in the order of the registry's form.
    pub entries: Vec<RegistryEntry>,
    /// What the registry requires and the study does not say, or says too long.
    pub gaps: Vec<Issue>,
}

/// A data element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistryEntry {
    /// The part of the form.
    pub part: &'static str,
    /// The element.
    pub element: &'static str,
    /// Its value, in the words of the study.
    pub value: String,
}

struct Form {
    entries: Vec<RegistryEntry>,
    gaps: Check,
    part: &'static str,
}

impl Form {
    /// Takes a value over; a required one that is missing, or one that is too long, is a gap.
    fn put(&mut self, element: &'static str, value: String, rule: Rule, at: &str) {
        if value.trim().is_empty() {
            if rule.is_required {
                let reason = format!("{element} is required by the registry");
                self.gaps.refuse(at, reason);
            }
            return;
        }
        if value.chars().count() > rule.characters {
            let most = rule.characters;
            let reason = format!("{element} has more than the {most} characters of the registry");
            self.gaps.refuse(at, reason);
        }
        self.entries.push(RegistryEntry {
            part: self.part,
            element,
            value,
        });
    }
}

/// What the registry says of an element.
#[derive(Clone, Copy)]
struct Rule {
    is_required: bool,
    characters: usize,
}

const fn required(characters: usize) -> Rule {
    Rule {
        is_required: true,
        characters,
    }
}

const fn optional(characters: usize) -> Rule {
    Rule {
        is_required: false,
        characters,
    }
}

const ANY: usize = usize::MAX;

pub(super) fn registration(document: &Value, version: usize) -> Option<Registration> {
    let study = Node::new(document).get("study")?;
    let version = study.list("versions").into_iter().nth(version)?;
    let mut form = Form {
        entries: Vec::new(),
        gaps: Check::new(GAPS_MAX),
        part: "Study Identification",
    };
    identification(&version, &mut form);
    for design in version.list("studyDesigns") {
        form.part = "Study Design";
        structure(&version, &design, &mut form);
        form.part = "Arms, Groups and Interventions";
        groups(&version, &design, &mut form);
        form.part = "Outcome Measures";
        outcomes(&design, &mut form);
        form.part = "Eligibility";
        eligibility(&version, &design, &mut form);
    }
    Some(Registration {
        entries: form.entries,
        gaps: form.gaps.into_issues(),
    })
}

fn identification(version: &Node<'_>, form: &mut Form) {
    let titles = version.list("titles");
    let title = |decode: &str| {
        let found = titles.iter().find(|it| it.code("type").decode == decode);
        found.map(|it| it.text("text")).unwrap_or_default()
    };
    let organizations = version.list("organizations");
    let kind_and_name = |scope: &str| {
        let found = organizations.iter().find(|it| it.text("id") == scope);
        found
            .map(|it| (it.code("type").code, it.text("name")))
            .unwrap_or_default()
    };
    let mut sponsors = Vec::new();
    let mut others = Vec::new();
    for identifier in version.list("studyIdentifiers") {
        // C70793: clinical study sponsor. C93453: study registry.
        match kind_and_name(&identifier.text("scopeId")) {
            (kind, _) if kind == "C70793" => sponsors.push(identifier.text("text")),
            (_, name) => others.push(format!("{} ({name})", identifier.text("text"))),
        }
    }
    let at = |name: &str| format!("{}/{name}", version.at);
    let first = sponsors.into_iter().next().unwrap_or_default();
    let ids = at("studyIdentifiers");
    form.put(
        "Unique Protocol Identification Number",
        first,
        required(ANY),
        &ids,
    );
    let titles = at("titles");
    form.put(
        "Brief Title",
        title("Brief Study Title"),
        required(300),
        &titles,
    );
    form.put("Acronym", title("Study Acronym"), optional(14), &titles);
    form.put(
        "Official Title",
        title("Official Study Title"),
        required(600),
        &titles,
    );
    for other in others {
        form.put("Secondary ID", other, optional(ANY), &ids);
    }
}

fn is_interventional(design: &Node<'_>) -> bool {
    design.text("instanceType") == "InterventionalStudyDesign"
}

fn structure(version: &Node<'_>, design: &Node<'_>, form: &mut Form) {
    let at = |name: &str| format!("{}/{name}", design.at);
    let decode = |name: &str| design.code(name).decode;
    form.put(
        "Study Type",
        decode("studyType"),
        required(ANY),
        &at("studyType"),
    );
    let model = (decode("model"), at("model"));
    if is_interventional(design) {
        form.put(
            "Interventional Study Model",
            model.0,
            required(ANY),
            &model.1,
        );
        interventional(version, design, form);
    } else {
        form.put(
            "Observational Study Model",
            model.0,
            required(ANY),
            &model.1,
        );
        let time = decode("timePerspective");
        form.put(
            "Time Perspective",
            time,
            required(ANY),
            &at("timePerspective"),
        );
    }
    let population = design.get("population");
    let planned = population
        .as_ref()
        .and_then(|it| number(it, "plannedEnrollmentNumber"));
    let planned = planned.map(|it| plain(&it)).unwrap_or_default();
    let place = at("population/plannedEnrollmentNumber");
    form.put("Enrollment", planned, required(ANY), &place);
}

fn interventional(version: &Node<'_>, design: &Node<'_>, form: &mut Form) {
    let at = |name: &str| format!("{}/{name}", design.at);
    let purposes: Vec<String> = decodes(&design.list("subTypes"));
    form.put(
        "Primary Purpose",
        purposes.join("; "),
        required(ANY),
        &at("subTypes"),
    );
    let phase = design.alias("studyPhase").unwrap_or_default().decode;
    form.put("Study Phase", phase, required(ANY), &at("studyPhase"));
    let arms = design.list("arms").len();
    form.put(
        "Number of Arms",
        arms.to_string(),
        required(ANY),
        &at("arms"),
    );
    let roles = version.list("roles");
    let is_masked = |role: &&Node<'_>| {
        let masking = role.get("masking");
        masking.is_some_and(|it| it.value["isMasked"] == true)
    };
    let masked = roles.iter().filter(is_masked);
    let masked: Vec<String> = masked.map(|role| role.code("code").decode).collect();
    let schema = design.alias("blindingSchema").unwrap_or_default().decode;
    let masking = if masked.is_empty() {
        schema
    } else {
        masked.join("; ")
    };
    form.put("Masking", masking, required(ANY), &at("blindingSchema"));
    // C46079: randomized.
    let characteristics = design.list("characteristics");
    let is_random = characteristics.iter().any(|it| it.text("code") == "C46079");
    let allocation = match (is_random, arms) {
        (true, _) => "Randomized",
        (false, 0 | 1) => "N/A (not applicable)",
        (false, _) => "",
    };
    form.put(
        "Allocation",
        allocation.into(),
        required(ANY),
        &at("characteristics"),
    );
}

fn decodes(codes: &[Node<'_>]) -> Vec<String> {
    codes.iter().map(|code| code.text("decode")).collect()
}

fn groups(version: &Node<'_>, design: &Node<'_>, form: &mut Form) {
    let label = |node: &Node<'_>| {
        let label = node.text("label");
        if label.trim().is_empty() {
            node.text("name")
        } else {
            label
        }
    };
    if is_interventional(design) {
        for arm in design.list("arms") {
            form.put("Arm Title", label(&arm), required(100), &arm.at);
            form.put("Arm Type", arm.code("type").decode, required(ANY), &arm.at);
            form.put(
                "Arm Description",
                arm.text("description"),
                optional(999),
                &arm.at,
            );
        }
    } else if let Some(population) = design.get("population") {
        for cohort in population.list("cohorts") {
            form.put(
                "Group/Cohort Label",
                label(&cohort),
                required(100),
                &cohort.at,
            );
            let description = cohort.text("description");
            form.put(
                "Group/Cohort Description",
                description,
                optional(999),
                &cohort.at,
            );
        }
    }
    for intervention in version.list("studyInterventions") {
        let kind = intervention.code("type").decode;
        form.put("Intervention Type", kind, required(ANY), &intervention.at);
        form.put(
            "Intervention Name",
            label(&intervention),
            required(200),
            &intervention.at,
        );
        let description = intervention.text("description");
        form.put(
            "Intervention Description",
            description,
            required(1000),
            &intervention.at,
        );
    }
}

fn outcomes(design: &Node<'_>, form: &mut Form) {
    let objectives = design.list("objectives");
    let endpoints: Vec<Node<'_>> = objectives
        .iter()
        .flat_map(|objective| objective.list("endpoints"))
        .collect();
    for (code, element, frame) in [
        (
            "C94496",
            "Primary Outcome Measure",
            "Primary Outcome Time Frame",
        ),
        (
            "C139173",
            "Secondary Outcome Measure",
            "Secondary Outcome Time Frame",
        ),
        (
            "C170559",
            "Other Pre-specified Outcome Measure",
            "Other Outcome Time Frame",
        ),
    ] {
        for endpoint in endpoints.iter().filter(|it| it.code("level").code == code) {
            let text = endpoint.text("text");
            let timing = timing_of(&text);
            form.put(element, text, required(254), &endpoint.at);
            // USDM 4 has no element for it: what the text names beside a number is taken.
            form.put(frame, timing, required(254), &endpoint.at);
        }
    }
}

fn eligibility(version: &Node<'_>, design: &Node<'_>, form: &mut Form) {
    let Some(population) = design.get("population") else {
        return;
    };
    let at = |name: &str| format!("{}/{name}", population.at);
    let sexes = decodes(&population.list("plannedSex"));
    form.put("Sex", sexes.join("; "), required(ANY), &at("plannedSex"));
    let cohorts = population.list("cohorts");
    let ages = |end: &str| {
        let of_all = std::iter::once(&population).chain(&cohorts);
        let ages: Vec<String> = of_all.filter_map(|it| age(it, end)).collect();
        ages.join("; ")
    };
    form.put(
        "Minimum Age",
        ages("minValue"),
        required(ANY),
        &at("plannedAge"),
    );
    form.put(
        "Maximum Age",
        ages("maxValue"),
        required(ANY),
        &at("plannedAge"),
    );
    let healthy = population.value["includesHealthySubjects"] == true;
    let healthy = if healthy { "Yes" } else { "No" };
    let place = at("includesHealthySubjects");
    form.put(
        "Accepts Healthy Volunteers",
        healthy.into(),
        required(ANY),
        &place,
    );
    let items = version.list("eligibilityCriterionItems");
    for criterion in design.list("eligibilityCriteria") {
        let id = criterion.text("criterionItemId");
        let item = items.iter().find(|item| item.text("id") == id);
        let text = item.map(|it| it.text("text")).unwrap_or_default();
        let category = criterion.code("category").decode;
        let value = if text.is_empty() {
            text
        } else {
            format!("{category}: {text}")
        };
        form.put("Eligibility Criterion", value, required(ANY), &criterion.at);
    }
    if !is_interventional(design) {
        let description = population.text("description");
        form.put(
            "Study Population Description",
            description,
            required(1000),
            &at("description"),
        );
        let method = design.code("samplingMethod").decode;
        let place = format!("{}/samplingMethod", design.at);
        form.put("Sampling Method", method, required(ANY), &place);
    }
}

/// One end of a planned age, with its unit.
fn age(population: &Node<'_>, end: &str) -> Option<String> {
    let quantity = population.get("plannedAge")?.get(end)?;
    let value = quantity
        .value
        .get("value")
        .filter(|value| value.is_number())?;
    let unit = quantity.alias("unit").unwrap_or_default().decode;
    Some(
        format!("{} {unit}", plain(&value.to_string()))
            .trim_end()
            .to_owned(),
    )
}

/// `300.0` as the registry wants it.
fn plain(lexeme: &str) -> String {
    Number::new(lexeme).map_or_else(|| lexeme.to_owned(), |number| number.canonical())
}
