//! Operational Data Model 1.3.2 and 2.0.
