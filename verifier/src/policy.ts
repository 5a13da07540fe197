// Trust files (C2SP tlog-policy) and verifier keys (C2SP signed-note).

import { base64, concat, decode, encode, equal, hex, sha256 } from "./bytes.ts";

const COUNT_MAX = 1024;
export const LOG = 1;
export const WITNESS = 4;

export interface Key {
  name: string;
  type: number;
  key: Uint8Array;
  id: string;
}

/** The key id of a name and a key, in hexadecimal. */
function keyId(name: string, type: number, key: Uint8Array): string {
  return hex(sha256(concat(encode(name), Uint8Array.of(10, type), key))).slice(0, 8);
}

export function isKeyName(name: string): boolean {
  return name !== "" && !/[\s\u0000-\u001f\u007f-\u009f+]/u.test(name);
}

function parseKey(text: string, wanted: number): Key {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  if (first < 0 || second < 0) throw new Error("a key has three parts");
  const name = text.slice(0, first);
  const material = base64(text.slice(second + 1));
  if (!isKeyName(name) || material === null || material.length !== 33) {
    throw new Error("not a verifier key");
  }
  const type = material[0]!;
  const key = material.slice(1);
  const id = keyId(name, type, key);
  if (type !== wanted || id !== text.slice(first + 1, second)) {
    throw new Error("a key of another type, or with another id");
  }
  return { name, type, key, id };
}

type Member = { witness: number } | { group: number };

export class Policy {
  logs: Key[] = [];
  witnesses: Key[] = [];
  private groups: { threshold: number; members: Member[] }[] = [];
  private quorum: Member | null = null;

  static parse(file: Uint8Array): Policy {
    if (file.length > 1 << 20) throw new Error("longer than 1 MiB");
    const text = decode(file);
    if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no newline");
    const policy = new Policy();
    const names = new Map<string, { member: Member; taken: boolean }>();
    let decided = false;
    const find = (name: string) => {
      const found = names.get(name);
      if (found === undefined) throw new Error(`${name} is not defined above`);
      return found;
    };
    const define = (name: string, member: Member) => {
      if (name === "none" || names.has(name)) throw new Error(`${name} is defined already`);
      names.set(name, { member, taken: false });
    };
    for (const line of text.split("\n")) {
      if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) throw new Error("a control character");
      const items = line.split(/[ \t]+/).filter((item) => item !== "");
      const [keyword, name = "", ...rest] = items;
      if (keyword === undefined || keyword.startsWith("#")) continue;
      if (keyword === "log" && items.length >= 2 && items.length <= 3) {
        policy.add(policy.logs, parseKey(name, LOG));
      } else if (keyword === "witness" && items.length >= 3 && items.length <= 4) {
        policy.add(policy.witnesses, parseKey(rest[0]!, WITNESS));
        define(name, { witness: policy.witnesses.length - 1 });
      } else if (keyword === "group" && items.length >= 3) {
        const members = rest.slice(1).map((member) => {
          const found = find(member);
          if (found.taken) throw new Error(`${member} is in a group already`);
          found.taken = true;
          return found.member;
        });
        const threshold = thresholdOf(rest[0]!, members.length);
        if (policy.groups.length >= COUNT_MAX) throw new Error("too many groups");
        policy.groups.push({ threshold, members });
        define(name, { group: policy.groups.length - 1 });
      } else if (keyword === "quorum" && items.length === 2 && !decided) {
        decided = true;
        policy.quorum = name === "none" ? null : find(name).member;
      } else {
        throw new Error(`no line of a policy: ${keyword}`);
      }
    }
    if (!decided) throw new Error("there is no quorum line");
    return policy;
  }

  private add(keys: Key[], key: Key): void {
    if (keys.length >= COUNT_MAX) throw new Error("too many keys");
    if (keys.some((other) => equal(other.key, key.key))) throw new Error("the same key twice");
    keys.push(key);
  }

  isQuorum(cosigned: (key: Key) => boolean): boolean {
    const met: boolean[] = [];
    const holds = (member: Member) =>
      "group" in member ? met[member.group]! : cosigned(this.witnesses[member.witness]!);
    for (const group of this.groups) {
      met.push(group.members.filter(holds).length >= group.threshold);
    }
    return this.quorum === null || holds(this.quorum);
  }
}

function thresholdOf(text: string, count: number): number {
  const threshold = text === "all" ? count : text === "any" ? 1 : Number(text);
  if (text !== "all" && text !== "any" && !/^[1-9][0-9]{0,8}$/.test(text)) {
    throw new Error("the threshold is no number");
  }
  if (threshold < 1 || threshold > count) throw new Error("the threshold does not fit");
  return threshold;
}
