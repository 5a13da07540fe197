//! Datasets: Dataset-JSON 1.1 (JSON, NDJSON, compressed) and SAS transport files version 5.
