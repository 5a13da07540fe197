//! The policy of an organisation and its jurisdiction, in Cedar: permit-only, any error a refusal.
