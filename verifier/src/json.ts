// The canonical form of JSON: docs/reference/encoding.md. Numbers stay as they are written.

const DEPTH_MAX = 64;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SHORT: Record<string, string> = {
  '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t",
};
const ESCAPED: Record<string, string> = {
  '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
};

/** The canonical form of a text; throws when it is not JSON that can be committed to. */
export function canonical(text: string): string {
  const scan = new Scan(text);
  const value = scan.value(0);
  scan.space();
  if (scan.at !== text.length) throw new Error("something follows the value");
  return value;
}

function quote(text: string): string {
  let out = '"';
  for (const unit of text) {
    const code = unit.codePointAt(0)!;
    if (ESCAPED[unit] !== undefined) out += ESCAPED[unit];
    else if (code < 0x20) out += "\\u" + code.toString(16).padStart(4, "0");
    else out += unit;
  }
  return out + '"';
}

class Scan {
  at = 0;
  constructor(readonly text: string) {}

  space(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  private expect(literal: string): void {
    if (!this.text.startsWith(literal, this.at)) throw new Error(`${literal} is expected`);
    this.at += literal.length;
  }

  value(depth: number): string {
    this.space();
    const first = this.text[this.at];
    if (first === "{" || first === "[") {
      if (depth >= DEPTH_MAX) throw new Error("nested too deep");
      return first === "{" ? this.object(depth + 1) : this.array(depth + 1);
    }
    if (first === '"') return quote(this.string());
    for (const literal of ["true", "false", "null"]) {
      if (this.text.startsWith(literal, this.at)) {
        this.at += literal.length;
        return literal;
      }
    }
    NUMBER.lastIndex = this.at;
    const number = NUMBER.exec(this.text);
    if (number === null) throw new Error("no value");
    this.at += number[0].length;
    return number[0];
  }

  private array(depth: number): string {
    this.expect("[");
    const items: string[] = [];
    this.space();
    if (this.text[this.at] === "]") {
      this.at += 1;
      return "[]";
    }
    for (;;) {
      items.push(this.value(depth));
      this.space();
      if (this.text[this.at] === "]") break;
      this.expect(",");
    }
    this.at += 1;
    return `[${items.join(",")}]`;
  }

  private object(depth: number): string {
    this.expect("{");
    const members = new Map<string, string>();
    this.space();
    if (this.text[this.at] === "}") {
      this.at += 1;
      return "{}";
    }
    for (;;) {
      this.space();
      const name = this.string();
      if (members.has(name)) throw new Error("a name is there twice");
      this.space();
      this.expect(":");
      members.set(name, this.value(depth));
      this.space();
      if (this.text[this.at] === "}") break;
      this.expect(",");
    }
    this.at += 1;
    // RFC 8785 3.2.3: by UTF-16 code units, which is how JavaScript compares.
    const names = [...members.keys()].sort((a, b) => (a < b ? -1 : 1));
    return `{${names.map((name) => `${quote(name)}:${members.get(name)}`).join(",")}}`;
  }

  private string(): string {
    this.expect('"');
    let out = "";
    for (;;) {
      const letter = this.text[this.at];
      if (letter === undefined || letter < " ") throw new Error("a string is open");
      this.at += 1;
      if (letter === '"') break;
      out += letter === "\\" ? this.escape() : letter;
    }
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(out)) {
      throw new Error("half of a surrogate pair");
    }
    return out;
  }

  private escape(): string {
    const kind = this.text[this.at] ?? "";
    this.at += 1;
    if (kind !== "u") {
      const short = SHORT[kind];
      if (short === undefined) throw new Error("an unknown escape");
      return short;
    }
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-f]{4}$/.test(digits)) throw new Error("a \\u escape of another form");
    this.at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }
}
