//! Codes are facts (LOINC, SNOMED CT, RxNorm, CVX, UCUM); the selection is ours.

/// A code of a code system with its display.
pub(crate) type Code = (&'static str, &'static str);

pub(crate) const LOINC: &str = "http://loinc.org";
pub(crate) const SNOMED: &str = "http://snomed.info/sct";
pub(crate) const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
pub(crate) const CVX: &str = "http://hl7.org/fhir/sid/cvx";
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";

/// Something that is measured: values are in tenths of the unit.
pub(crate) struct Measure {
    pub(crate) code: Code,
    pub(crate) unit: &'static str,
    pub(crate) low_tenths: i64,
    pub(crate) high_tenths: i64,
}

const fn measure(code: Code, unit: &'static str, low_tenths: i64, high_tenths: i64) -> Measure {
    Measure {
        code,
        unit,
        low_tenths,
        high_tenths,
    }
}

pub(crate) const HEIGHT: Measure = measure(("8302-2", "Body height"), "cm", 450, 2000);
pub(crate) const WEIGHT: Measure = measure(("29463-7", "Body weight"), "kg", 30, 1400);
pub(crate) const BODY_MASS_INDEX: Measure = measure(
    ("39156-5", "Body mass index (BMI) [Ratio]"),
    "kg/m2",
    180,
    300,
);
pub(crate) const HEART_RATE: Measure = measure(("8867-4", "Heart rate"), "/min", 560, 960);
pub(crate) const TEMPERATURE: Measure = measure(("8310-5", "Body temperature"), "Cel", 362, 372);
pub(crate) const OXYGEN: Measure = measure(
    ("2708-6", "Oxygen saturation in Arterial blood"),
    "%",
    950,
    1000,
);
pub(crate) const PRESSURE_PANEL: Code =
    ("85354-9", "Blood pressure panel with all children optional");
pub(crate) const SYSTOLIC: Code = ("8480-6", "Systolic blood pressure");
pub(crate) const DIASTOLIC: Code = ("8462-4", "Diastolic blood pressure");

pub(crate) const GLUCOSE: Measure = measure(
    ("2339-0", "Glucose [Mass/volume] in Blood"),
    "mg/dL",
    720,
    1060,
);
pub(crate) const HBA1C: Measure = measure(
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
    "%",
    47,
    57,
);
pub(crate) const CREATININE: Measure = measure(
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
    "mg/dL",
    6,
    12,
);
pub(crate) const HEMOGLOBIN: Measure = measure(
    ("718-7", "Hemoglobin [Mass/volume] in Blood"),
    "g/dL",
    121,
    168,
);
pub(crate) const LEUKOCYTES: Measure = measure(
    (
        "6690-2",
        "Leukocytes [#/volume] in Blood by Automated count",
    ),
    "10*3/uL",
    42,
    106,
);
pub(crate) const PLATELETS: Measure = measure(
    ("777-3", "Platelets [#/volume] in Blood by Automated count"),
    "10*3/uL",
    1500,
    4000,
);
pub(crate) const CHOLESTEROL: Measure = measure(
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"),
    "mg/dL",
    1400,
    2300,
);
pub(crate) const LDL: Measure = measure(
    (
        "13457-7",
        "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation",
    ),
    "mg/dL",
    600,
    1500,
);
pub(crate) const HDL: Measure = measure(
    (
        "2085-9",
        "Cholesterol in HDL [Mass/volume] in Serum or Plasma",
    ),
    "mg/dL",
    380,
    750,
);
pub(crate) const TSH: Measure = measure(
    ("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"),
    "m[IU]/L",
    5,
    42,
);

/// A group of laboratory values that are drawn and reported together.
pub(crate) struct Panel {
    pub(crate) code: Code,
    pub(crate) parts: &'static [Measure],
}

pub(crate) const BLOOD_COUNT: Panel = Panel {
    code: ("58410-2", "CBC panel - Blood by Automated count"),
    parts: &[HEMOGLOBIN, LEUKOCYTES, PLATELETS],
};
pub(crate) const LIPIDS: Panel = Panel {
    code: ("57698-3", "Lipid panel with direct LDL - Serum or Plasma"),
    parts: &[CHOLESTEROL, LDL, HDL],
};
pub(crate) const METABOLIC: Panel = Panel {
    code: ("51990-0", "Basic metabolic panel - Blood"),
    parts: &[GLUCOSE, CREATININE],
};
pub(crate) const DIABETES_CONTROL: Panel = Panel {
    code: ("55399-0", "Diabetes tracking panel"),
    parts: &[HBA1C, GLUCOSE],
};
pub(crate) const THYROID: Panel = Panel {
    code: ("24348-5", "Free T4 and TSH panel - Serum or Plasma"),
    parts: &[TSH],
};

/// A condition, when it begins, and what it brings along.
pub(crate) struct Illness {
    pub(crate) code: Code,
    pub(crate) age_min: i64,
    pub(crate) age_max: i64,
    /// Chance to have it at some time, per thousand.
    pub(crate) per_thousand: i64,
    /// How long it lasts; none for the rest of life.
    pub(crate) days: Option<i64>,
    pub(crate) visits_per_year: i64,
    pub(crate) medication: Option<(Code, &'static str)>,
    pub(crate) panel: Option<&'static Panel>,
    pub(crate) procedure: Option<Code>,
}

const CHRONIC: Illness = Illness {
    code: ("", ""),
    age_min: 0,
    age_max: 90,
    per_thousand: 0,
    days: None,
    visits_per_year: 1,
    medication: None,
    panel: None,
    procedure: None,
};

pub(crate) const HYPERTENSION: &str = "38341003";
pub(crate) const DIABETES: &str = "44054006";

pub(crate) const ILLNESSES: &[Illness] = &[
    Illness {
        code: (
            HYPERTENSION,
            "Hypertensive disorder, systemic arterial (disorder)",
        ),
        age_min: 35,
        age_max: 70,
        per_thousand: 380,
        visits_per_year: 2,
        medication: Some((
            ("314076", "lisinopril 10 MG Oral Tablet"),
            "One tablet each morning",
        )),
        panel: Some(&METABOLIC),
        ..CHRONIC
    },
    Illness {
        code: (DIABETES, "Diabetes mellitus type 2 (disorder)"),
        age_min: 38,
        age_max: 72,
        per_thousand: 170,
        visits_per_year: 4,
        medication: Some((
            (
                "860975",
                "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet",
            ),
            "One tablet with the evening meal",
        )),
        panel: Some(&DIABETES_CONTROL),
        ..CHRONIC
    },
    Illness {
        code: ("55822004", "Hyperlipidemia (disorder)"),
        age_min: 32,
        age_max: 70,
        per_thousand: 300,
        medication: Some((
            ("617310", "atorvastatin 20 MG Oral Tablet"),
            "One tablet in the evening",
        )),
        panel: Some(&LIPIDS),
        ..CHRONIC
    },
    Illness {
        code: ("195967001", "Asthma (disorder)"),
        age_min: 4,
        age_max: 40,
        per_thousand: 110,
        medication: Some((
            (
                "2123111",
                "NDA020503 200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
            ),
            "Two puffs when short of breath",
        )),
        procedure: Some(("127783003", "Spirometry (procedure)")),
        ..CHRONIC
    },
    Illness {
        code: ("40930008", "Hypothyroidism (disorder)"),
        age_min: 25,
        age_max: 65,
        per_thousand: 70,
        medication: Some((
            ("966222", "levothyroxine sodium 0.075 MG Oral Tablet"),
            "One tablet before breakfast",
        )),
        panel: Some(&THYROID),
        ..CHRONIC
    },
    Illness {
        code: ("195662009", "Acute viral pharyngitis (disorder)"),
        age_min: 3,
        age_max: 80,
        per_thousand: 600,
        days: Some(9),
        ..CHRONIC
    },
    Illness {
        code: ("10509002", "Acute bronchitis (disorder)"),
        age_min: 5,
        age_max: 80,
        per_thousand: 450,
        days: Some(14),
        medication: Some((
            ("313782", "acetaminophen 325 MG Oral Tablet"),
            "One tablet every six hours as needed",
        )),
        ..CHRONIC
    },
    Illness {
        code: ("283371005", "Laceration of forearm (disorder)"),
        age_min: 6,
        age_max: 60,
        per_thousand: 220,
        days: Some(21),
        procedure: Some(("288086009", "Suture open wound (procedure)")),
        ..CHRONIC
    },
    Illness {
        code: ("239873007", "Osteoarthritis of knee (disorder)"),
        age_min: 48,
        age_max: 80,
        per_thousand: 210,
        medication: Some((
            ("849574", "naproxen sodium 220 MG Oral Tablet"),
            "One tablet twice a day with food",
        )),
        procedure: Some(("74016001", "Radiography of knee (procedure)")),
        ..CHRONIC
    },
    Illness {
        code: ("74400008", "Appendicitis (disorder)"),
        age_min: 8,
        age_max: 50,
        per_thousand: 60,
        days: Some(30),
        panel: Some(&BLOOD_COUNT),
        procedure: Some(("80146002", "Excision of appendix (procedure)")),
        ..CHRONIC
    },
];

/// Substances, the category of FHIR and how often, per thousand.
pub(crate) const ALLERGIES: &[(Code, &str, i64)] = &[
    (
        ("91936005", "Allergy to penicillin (finding)"),
        "medication",
        80,
    ),
    (("91935009", "Allergy to peanut (finding)"), "food", 40),
    (
        ("418689008", "Allergy to grass pollen (finding)"),
        "environment",
        160,
    ),
    (("300916003", "Latex allergy (finding)"), "environment", 25),
];

/// Vaccines and the ages in years at which they are given.
pub(crate) const VACCINES: &[(Code, &[i64])] = &[
    (("08", "Hep B, adolescent or pediatric"), &[0]),
    (("20", "DTaP"), &[1, 4]),
    (("03", "MMR"), &[1, 5]),
    (("21", "varicella"), &[1, 5]),
    (("115", "Tdap"), &[11, 25, 35, 45, 55, 65]),
    (("187", "zoster recombinant"), &[50]),
    (("33", "pneumococcal polysaccharide PPV23"), &[66]),
];

pub(crate) const INFLUENZA: Code = ("140", "Influenza, seasonal, injectable, preservative free");
