# Pages of clinician.
