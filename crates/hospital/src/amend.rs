//! Amending a record by JSON Patch (RFC 6902, FHIR R4 3.1.0.6) or JSON Merge Patch (RFC 7396).

use json_patch::{Patch, PatchOperation};
use serde_json::Value;
use store::{Guard, Method, StoreError};

use crate::admit::{Admitted, Made, check};
use crate::caller::Caller;
use crate::commit::ATTEMPTS_MAX;
use crate::draft::{self, RECORD_BYTES_MAX, Stamp};
use crate::error::HospitalError;
use crate::pairs::Pairs;
use crate::record::Record;
use crate::request::{Body, Conditions};
use crate::setup::Hospital;

/// Most operations in one patch.
const OPERATIONS_MAX: usize = 1_000;
/// Largest patch.
const PATCH_BYTES_MAX: usize = 1 << 20;

/// What a patch asks for.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// One operation after the other.
    Operations(Patch),
    /// Elements to replace; null removes one.
    Merge(Value),
}

/// Reads a patch document.
pub(crate) fn parse(body: Body) -> Result<Change, HospitalError> {
    let merge = matches!(body, Body::Merge(_));
    let value = match body {
        Body::Bytes(bytes) | Body::Merge(bytes) if bytes.len() > PATCH_BYTES_MAX => {
            return Err(HospitalError::request(
                "too-costly",
                format!("a patch may have {PATCH_BYTES_MAX} bytes"),
                "replace the whole resource instead",
            ));
        }
        other => crate::admit::parse(other)?,
    };
    if merge {
        return Ok(Change::Merge(value));
    }
    let patch: Patch = serde_json::from_value(value).map_err(|error| {
        let reason = error.to_string().chars().take(120).collect::<String>();
        HospitalError::request(
            "structure",
            format!("this is not a JSON Patch: {reason}"),
            "send an array of operations as RFC 6902 has them",
        )
    })?;
    if patch.0.len() > OPERATIONS_MAX {
        return Err(HospitalError::request(
            "too-costly",
            format!("a patch may have {OPERATIONS_MAX} operations"),
            "replace the whole resource instead",
        ));
    }
    Ok(Change::Operations(patch))
}

/// Applies a patch to the current version, within the bounds of a record.
pub(crate) fn applied(
    record: &Record,
    change: &Change,
    type_: &'static str,
) -> Result<Value, HospitalError> {
    let mut value: Value = serde_json::from_slice(&record.body).map_err(|error| {
        HospitalError::Internal(format!("a stored resource does not parse: {error}"))
    })?;
    match change {
        Change::Operations(patch) => operate(&mut value, patch)?,
        Change::Merge(patch) => json_patch::merge(&mut value, patch),
    }
    if value.get("id").and_then(Value::as_str) != Some(&record.id) {
        return Err(HospitalError::request(
            "business-rule",
            "a patch may not change the id of a resource",
            "leave `/id` alone",
        ));
    }
    draft::validated(&value, type_)?;
    Ok(value)
}

/// A `copy` can double the document: after each the size is looked at.
fn operate(value: &mut Value, patch: &Patch) -> Result<(), HospitalError> {
    for (index, operation) in patch.0.iter().enumerate() {
        json_patch::patch(value, std::slice::from_ref(operation))
            .map_err(|error| refused(index, operation, &error.kind.to_string()))?;
        if matches!(operation, PatchOperation::Copy(_)) && size_of(value, 0) > RECORD_BYTES_MAX {
            return Err(refused(
                index,
                operation,
                "the resource would become too large",
            ));
        }
    }
    Ok(())
}

fn refused(index: usize, operation: &PatchOperation, reason: &str) -> HospitalError {
    let failed_test = matches!(operation, PatchOperation::Test(_));
    HospitalError::request(
        if failed_test {
            "business-rule"
        } else {
            "value"
        },
        format!("operation {index} of the patch cannot be applied: {reason}"),
        "read the resource again and make the patch against it",
    )
}

/// About how many bytes a tree prints to; stops early past the bound.
fn size_of(value: &Value, so_far: usize) -> usize {
    if so_far > RECORD_BYTES_MAX {
        return so_far;
    }
    match value {
        Value::Array(items) => items
            .iter()
            .fold(so_far + 2, |sum, item| size_of(item, sum + 1)),
        Value::Object(fields) => fields.iter().fold(so_far + 2, |sum, (name, item)| {
            size_of(item, sum + name.len() + 4)
        }),
        Value::String(text) => so_far + text.len() + 2,
        _ => so_far + 8,
    }
}

impl Hospital {
    /// Amends a record.
    pub async fn amend(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
        body: Body,
        conditions: &Conditions,
    ) -> Result<Admitted, HospitalError> {
        let patch = self.0.cpu.run(move || parse(body)).await??;
        self.amend_guarded(caller, type_, id, &patch, conditions, &[])
            .await
    }

    /// Amends the one record that the condition fits.
    pub async fn amend_where(
        &self,
        caller: &Caller,
        type_: &'static str,
        pairs: &Pairs,
        body: Body,
        conditions: &Conditions,
    ) -> Result<Admitted, HospitalError> {
        let patch = self.0.cpu.run(move || parse(body)).await??;
        for _ in 0..ATTEMPTS_MAX {
            let matched = self.matched(caller, type_, pairs).await?;
            let Some(id) = matched.id else {
                return Err(HospitalError::Absent(format!(
                    "a {type_} that fits the condition"
                )));
            };
            let guards = [matched.guard];
            match self
                .amend_guarded(caller, type_, &id, &patch, conditions, &guards)
                .await
            {
                Err(HospitalError::Contended(_)) => {}
                other => return other,
            }
        }
        Err(HospitalError::Contended(format!(
            "{type_} of the condition"
        )))
    }

    async fn amend_guarded(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
        patch: &Change,
        conditions: &Conditions,
        guards: &[Guard],
    ) -> Result<Admitted, HospitalError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.before(caller, type_, id).await?;
            check(type_, id, before.as_ref(), conditions)?;
            let current = self.current_record_of(type_, id, before.clone()).await?;
            let patch = patch.clone();
            let value = self
                .0
                .cpu
                .run(move || applied(&current, &patch, type_))
                .await??;
            let Some(before) = before else {
                return Err(HospitalError::Absent(format!("{type_}/{id}")));
            };
            let stamp = Stamp::after(type_, &before, self.now_us(), Method::Patch);
            let (_, draft) = self.redrafted(value, stamp).await?;
            let record = draft.record();
            match self.store_drafts(vec![draft], guards).await? {
                Ok(()) => {
                    return Ok(Admitted {
                        record,
                        made: Made::Updated,
                        warnings: Vec::new(),
                    });
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HospitalError::Contended(format!("{type_}/{id}")))
    }
}
