//! Central statistical monitoring of trials: pure functions that say which site stands out, and why.
