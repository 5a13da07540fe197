// Pages with the elements of a device, as a server renders them; words are the names of messages.

const REASONS = ["form", "ledger", "organisation", "patient", "delegation", "past", "ahead", "act",
  "consent", "custodial", "recipients", "hours", "grants", "not-accepted", "unusable", "period",
  "typo", "length", "count", "mixed", "twice", "wrong", "sealed", "short", "differ", "cancelled",
  "other-seed", "elsewhere", "no-key"];
const words = (names) => names.map((it) => `<span hidden data-say="${it}">${it}</span>`).join("");
const common = words(["busy", "failed", "recovered", ...REASONS.map((it) => `reason-${it}`)])
  + '<span hidden data-say="reason-refused">refused: {detail}</span>'
  + '<p data-part="message"></p>';
const passphrases = `<form data-passphrase="new" hidden><input type="password" name="one">
    <input type="password" name="two"><button>Keep</button></form>
  <form data-passphrase="open" hidden><input type="password" name="one"><button>Open</button>
    <button type="reset">Not now</button></form>`;

export function devicePage(patient, attributes = "") {
  return `<salus-device data-patient="${patient}" data-name="Test" ${attributes}>${common}
    ${passphrases}
    <section data-step="none" hidden><button data-act="make">Make keys</button>
      <form data-act="recover"><textarea name="share"></textarea><textarea name="share"></textarea>
        <button>Bring back</button></form></section>
    <section data-step="unfinished" hidden><button data-act="make">Go on</button></section>
    <section data-step="elsewhere" hidden><form data-act="recover"><textarea name="share"></textarea>
      <textarea name="share"></textarea><button>Bring back</button></form></section>
    <section data-step="backup" hidden><div data-part="cards"></div>
      <button data-act="done">I have them</button></section>
    <section data-step="enrolled" hidden><button data-act="shares">Show cards</button>
      <button data-act="forget">Forget</button></section>
    <template data-part="card"><article><b data-share="number"></b> <i data-share="set"></i>
      <code data-share="text"></code></article></template></salus-device>`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

export function signPage(id, attributes) {
  const given = Object.entries(attributes).map(([name, value]) => `data-${name}="${escaped(value)}"`);
  return `<salus-sign id="${id}" ${given.join(" ")}>${common}${passphrases}
    <section data-step="no-key" hidden>no key here</section>
    <section data-step="ask" hidden><button data-act="prepare">Prepare</button></section>
    <section data-step="review" hidden><dl><dt>To</dt><dd data-proven="recipients"></dd>
      <dt>From</dt><dd data-proven="from"></dd><dt>Until</dt><dd data-proven="until"></dd></dl>
      <ul data-part="rules"></ul><button data-act="sign">Sign</button>
      <button data-act="cancel">Do not</button></section>
    <section data-step="done" hidden><b data-proven="code"></b><b data-proven="consent"></b>
      <b data-proven="grant"></b></section>
    ${words(["rule-permit-some", "rule-permit-all", "rule-deny-some", "except-deny-some"])}
    </salus-sign>`;
}

/** Waits until an element has one of these states, or says why it went wrong. */
export async function state(there, selector, wanted) {
  await there.waitForFunction(([where, state]) => {
    const one = document.querySelector(where);
    if (one.getAttribute("aria-busy") === "true") return false;
    return one.getAttribute("state") === state || one.hasAttribute("reason");
  }, [selector, wanted], { timeout: 120_000 });
  const [found, reason, message] = await there.$eval(selector, (one) => [
    one.getAttribute("state"), one.getAttribute("reason"),
    one.querySelector("[data-part=message]").textContent,
  ]);
  return found === wanted ? found : `${found}: ${reason} (${message})`;
}
