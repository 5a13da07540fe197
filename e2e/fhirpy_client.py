"""fhirpy (PyPI) against a running demo: DEMO names its demo.json."""

import json
import os
import sys
import time
import unittest

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import AuthorizationError, OperationOutcome, ResourceNotFound

SYSTEM = "https://salus.example/e2e"
JSON_PATCH = {"Content-Type": "application/json-patch+json"}


def demo():
    with open(os.environ["DEMO"], encoding="utf-8") as file:
        return json.load(file)


class Fhirpy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hospital = demo()["organisations"][0]
        users = cls.hospital["users"]
        token = next(user["token"] for user in users if user["role"] == "clinician")
        cls.authorization = f"Bearer {token}"
        cls.client = SyncFHIRClient(cls.hospital["fhir"], authorization=cls.authorization)
        cls.mark = f"fhirpy-{os.getpid()}-{time.time_ns()}"
        cls.patient = cls.client.resource(
            "Patient",
            identifier=[{"system": SYSTEM, "value": cls.mark}],
            name=[{"family": "Py", "given": ["Grace"]}],
            gender="female",
            birthDate="1971-05-05",
        )
        cls.patient.save()

    def test_a_stranger_gets_nothing(self):
        stranger = SyncFHIRClient(self.hospital["fhir"])
        with self.assertRaises((AuthorizationError, OperationOutcome)):
            stranger.resources("Patient").fetch()

    def test_what_was_saved_is_read_back(self):
        read = self.client.reference("Patient", self.patient.id).to_resource()
        self.assertEqual(read.serialize(), self.patient.serialize())

    def test_it_is_found_by_identifier(self):
        found = self.client.resources("Patient").search(identifier=f"{SYSTEM}|{self.mark}")
        self.assertEqual([patient.id for patient in found.fetch()], [self.patient.id])
        self.assertEqual(found.first().id, self.patient.id)

    def test_saving_again_makes_a_version(self):
        made = self.client.resource("Patient", name=[{"family": "Twice"}])
        made.save()
        self.assertEqual(made["meta"]["versionId"], "1")
        made["active"] = True
        made.save()
        self.assertEqual(made["meta"]["versionId"], "2")

    def test_a_json_patch_changes_one_element(self):
        patcher = SyncFHIRClient(
            self.hospital["fhir"], authorization=self.authorization, extra_headers=JSON_PATCH
        )
        made = self.client.resource("Patient", gender="female", birthDate="1971-05-05")
        made.save()
        operations = [{"op": "replace", "path": "/birthDate", "value": "1971-05-06"}]
        patched = patcher.execute(f"Patient/{made.id}", "patch", data=operations)
        self.assertEqual(patched["birthDate"], "1971-05-06")
        self.assertEqual(patched["gender"], "female")

    def test_pages_miss_nothing(self):
        wanted = {self.observation(60 + beats).id for beats in range(7)}
        search = self.client.resources("Observation").search(
            subject=f"Patient/{self.patient.id}", _sort="_lastUpdated"
        )
        found = [observation.id for observation in search.limit(3)]
        self.assertEqual(len(found), 7)
        self.assertEqual(set(found), wanted)
        self.assertEqual(search.count(), 7)

    def test_what_is_wrong_is_refused(self):
        with self.assertRaises(OperationOutcome) as refused:
            self.client.resource("Patient", birthDate="yesterday").save()
        self.assertIn("Patient.birthDate", str(refused.exception))

    def test_a_deleted_resource_is_gone(self):
        made = self.client.resource("Patient", name=[{"family": "Gone"}])
        made.save()
        made.delete()
        with self.assertRaises((ResourceNotFound, OperationOutcome)):
            self.client.reference("Patient", made.id).to_resource()

    def observation(self, beats):
        made = self.client.resource(
            "Observation",
            status="final",
            code={"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            subject=self.patient.to_reference(),
            effectiveDateTime="2026-11-01T10:00:00Z",
            valueQuantity={"value": beats, "unit": "/min"},
        )
        made.save()
        return made


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    outcome = program.result
    failed = len(outcome.failures) + len(outcome.errors)
    # The line that `cargo xtask test` counts.
    print(f"test result: {outcome.testsRun - failed} passed; {failed} failed;", flush=True)
    sys.exit(1 if failed else 0)
