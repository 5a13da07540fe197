// The JSON door, as the portal passes it on: the same bodies, under the session of the page.

// What is open to all is asked where it is.
const DOOR = "/portal/api";
const OPEN = "/ledger/";
const ANSWER_BYTES_MAX = 4 << 20;

/** A refusal, with what the door said about it. */
export class Refused extends Error {
  constructor(readonly status: number, readonly said: string) {
    super(`${status} ${said}`);
  }
}

async function ask(method: string, path: string, patient: string, body?: unknown): Promise<any> {
  const headers: Record<string, string> = {
    accept: "application/fhir+json, application/json", "acting-for": patient,
  };
  if (body !== undefined) {
    const fhir = path.startsWith("/fhir/");
    headers["content-type"] = fhir ? "application/fhir+json" : "application/json";
    const token = document.querySelector<HTMLMetaElement>('meta[name="salus-form"]');
    headers["x-salus-form"] = token?.content ?? "";
  }
  const sent = body === undefined ? null : JSON.stringify(body);
  const address = path.startsWith(OPEN) ? path : DOOR + path;
  const response = await fetch(address, { method, headers, body: sent, cache: "no-store" });
  const text = await response.text();
  if (text.length > ANSWER_BYTES_MAX) throw new Error("the answer is too long");
  let answer: any = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // What is no JSON has nothing to say; its status has.
  }
  if (!response.ok) throw new Refused(response.status, said(answer));
  return answer;
}

/** What an OperationOutcome, or another error, says about itself. */
function said(answer: any): string {
  const issue = answer?.issue?.[0];
  const text = issue?.details?.text ?? issue?.diagnostics ?? answer?.error_description ?? "";
  return String(text).slice(0, 500);
}

export const get = (path: string, patient: string) => ask("GET", path, patient);

export const post = (path: string, patient: string, body: unknown) =>
  ask("POST", path, patient, body);

/** An operation with Parameters; the answer's parameters by name. */
export async function operation(
  path: string, patient: string, parameter: unknown[],
): Promise<(name: string) => any> {
  const answer = await post(path, patient, { resourceType: "Parameters", parameter });
  const list: any[] = Array.isArray(answer?.parameter) ? answer.parameter : [];
  return (name) => list.find((it) => it?.name === name);
}
