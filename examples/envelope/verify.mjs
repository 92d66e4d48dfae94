// Checks proof envelopes (see doc.go) in Node, with nothing but node:crypto.
//
// As a module: decodeJSON(text), decodeCBOR(bytes) and verify(envelope, claim), which throw an Error that says why. As a
// program it reads lines {"claim": {...}, "json": "<envelope>"} or {"claim": {...}, "cbor": "<hex>"} and answers each with a
// line {"ok": true} or {"ok": false, "error": "..."}. A claim has the fields kind, hash, domain, shape and root of the
// envelope that is wanted, and of a possession proof seed and set. Hashes: sha254, sha256, rfc6962-sha256.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const MAX_BYTES = 1 << 20;
const FIELDS = ['version', 'kind', 'hash', 'domain', 'shape', 'root', 'seed', 'set', 'index', 'leaf', 'path'];
const CLAIM = ['kind', 'hash', 'domain', 'shape', 'root', 'seed', 'set'];
const NODE = /^[0-9a-f]{64}$/;

function fail(why) { throw new Error(why); }

// ---- decoding

// decodeJSON reads the one JSON encoding of an envelope; white space between its parts is free.
export function decodeJSON(text) {
  if (text.length > MAX_BYTES) fail('too long');
  const e = check(JSON.parse(text));
  if (JSON.stringify(e) !== text.replace(/[ \t\r\n]+/g, '')) fail('not the one JSON encoding');
  return e;
}

// decodeCBOR reads the one CBOR encoding of an envelope.
export function decodeCBOR(bytes) {
  if (bytes.length > MAX_BYTES) fail('too long');
  const r = { b: bytes, at: 0 };
  const pairs = Number(head(r, 5));
  if (pairs !== 9 && pairs !== 11) fail(`a map of ${pairs} pairs`);
  const list = (read) => {
    const n = head(r, 4);
    if (n > BigInt(bytes.length - r.at)) fail('cut short');
    return Array.from({ length: Number(n) }, read);
  };
  const hex = () => take(r, head(r, 2)).toString('hex');
  const text = () => take(r, head(r, 3)).toString('latin1');
  const read = {
    version: () => Number(head(r, 0)), kind: text, hash: text, domain: text, shape: hex, root: hex, seed: hex, set: hex,
    index: () => list(() => String(head(r, 0))), leaf: () => list(hex), path: () => list(hex),
  };
  const e = {};
  FIELDS.forEach((name, key) => {
    if (pairs === 9 && (name === 'seed' || name === 'set')) return;
    if (head(r, 0) !== BigInt(key)) fail(`no key ${key}`);
    e[name] = read[name]();
  });
  if (r.at !== bytes.length) fail('bytes behind the envelope');
  return check(e);
}

// head reads the head of an item of a major type and returns its argument, which must have its shortest form.
function head(r, major) {
  const first = take(r, 1n)[0];
  const info = first & 31;
  if (first >> 5 !== major || info > 27) fail(`byte ${r.at - 1} is no item of type ${major}`);
  if (info < 24) return BigInt(info);
  const n = BigInt('0x' + take(r, BigInt(1 << (info - 24))).toString('hex'));
  if (n < [24n, 256n, 65536n, 4294967296n][info - 24]) fail('a number longer than it must be');
  return n;
}

function take(r, n) {
  if (n > BigInt(r.b.length - r.at)) fail('cut short');
  r.at += Number(n);
  return r.b.subarray(r.at - Number(n), r.at);
}

// check says whether e has the form of its kind.
function check(e) {
  if (e === null || typeof e !== 'object') fail('no object');
  const pdp = e.kind === 'pdp';
  const names = FIELDS.filter((name) => pdp || (name !== 'seed' && name !== 'set'));
  if (Object.keys(e).join() !== names.join()) fail('other fields');
  const is = (v, form) => typeof v === 'string' && form.test(v);
  const all = (v, form) => Array.isArray(v) && v.every((x) => is(x, form));
  if (e.version !== 1) fail('another version');
  if (!is(e.kind, /^(inclusion|multi|pdp)$/)) fail('kind');
  if (!is(e.domain, /^[a-z0-9/.-]{1,64}$/)) fail('domain');
  if (!is(e.root, NODE) || (pdp && !(is(e.seed, NODE) && is(e.set, NODE)))) fail('root, seed or set');
  if (!all(e.index, /^(0|[1-9][0-9]{0,19})$/) || !all(e.leaf, NODE) || !all(e.path, NODE)) fail('index, leaf or path');
  hasher(e.hash);
  const arity = shape(e.shape);
  const leaves = arity.reduce((n, a) => n * BigInt(a), 1n);
  const index = e.index.map(BigInt);
  if (index.length === 0 || e.leaf.length !== index.length) fail('leaves for other indexes');
  if (index.some((i) => i >= leaves)) fail('index beyond the tree');
  if (e.kind === 'inclusion' && index.length !== 1) fail('one leaf is wanted');
  if (e.kind === 'multi' && index.some((v, i) => i > 0 && v <= index[i - 1])) fail('indexes do not grow');
  if (pdp && (e.hash !== 'sha254' || arity.some((a) => a !== 2))) fail('possession is shown in binary trees of sha254');
  const siblings = arity.reduce((n, a) => n + a - 1, 0);
  const most = siblings * index.length;
  if (e.kind === 'multi' ? e.path.length > most : e.path.length !== most) fail('a path of another length');
  return e;
}

// shape returns the arities from the leaves upward (merkle.Shape.AppendShape).
function shape(text) {
  if (typeof text !== 'string' || !/^([0-9a-f]{2})+$/.test(text)) fail('shape');
  const b = Buffer.from(text, 'hex');
  const arity = [];
  if (b[0] === 0 || b.length !== 2 + 3 * b[0]) fail('shape');
  for (let i = 0, last = 0; i < b[0]; i++) {
    const a = b.readUInt16LE(1 + 3 * i);
    const levels = b[3 + 3 * i];
    if (levels === 0 || a === last || a < 2 || a > 1024 || arity.length + levels > 56) fail('shape');
    for (let k = 0; k < levels; k++) arity.push(a);
    last = a;
  }
  const base = b[b.length - 1];
  if (base < 1 || base > arity.length || arity.reduce((n, a) => n * BigInt(a), 1n) > 1n << 56n) fail('shape');
  return arity;
}

// ---- verification

// verify throws unless e shows the claim.
export function verify(e, claim) {
  check(e);
  for (const name of CLAIM) if (e[name] !== claim[name]) fail(`another ${name}`);
  const parent = hasher(e.hash);
  const arity = shape(e.shape);
  const nodes = (list) => list.map((text) => Buffer.from(text, 'hex'));
  const [index, leaf, path] = [e.index.map(BigInt), nodes(e.leaf), nodes(e.path)];
  if (e.hash === 'sha254' && [...leaf, ...path].some((n) => n[31] & 0xc0)) fail('no node of sha254');
  const roots = [];
  if (e.kind === 'multi') {
    roots.push(climb(parent, arity, index, leaf, path));
  } else {
    const each = path.length / index.length;
    index.forEach((at, i) => {
      if (e.kind === 'pdp' && at !== challenged(e, i, 1n << BigInt(arity.length))) fail(`challenge ${i} asks for another leaf`);
      roots.push(climb(parent, arity, [at], [leaf[i]], path.slice(i * each, (i + 1) * each)));
    });
  }
  if (roots.some((root) => root.toString('hex') !== e.root)) fail('leads to another root');
}

// climb computes the root from several leaves and the siblings that cannot be computed; it wants all of these used.
function climb(parent, arity, index, row, path) {
  let used = 0;
  for (const a of arity) {
    const above = [];
    const next = [];
    for (let i = 0; i < row.length;) {
      const group = index[i] / BigInt(a);
      const children = [];
      for (let k = 0; k < a; k++) {
        if (i < row.length && index[i] === group * BigInt(a) + BigInt(k)) children.push(row[i++]);
        else children.push(path[used++] ?? fail('a node is missing'));
      }
      next.push(parent(children));
      above.push(group);
    }
    [index, row] = [above, next];
  }
  if (used !== path.length) fail('too many nodes');
  return row[0];
}

function hasher(name) {
  const sha256 = (parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
  switch (name) {
    case 'sha256': return sha256;
    case 'rfc6962-sha256': return (parts) => sha256([Buffer.from([1]), ...parts]);
    case 'sha254': return (parts) => { const d = sha256(parts); d[31] &= 0x3f; return d; };
  }
  return fail('a hash that is not known here');
}

// challenged returns the leaf that challenge i of a possession proof asks for: keccak256(seed || set || uint64 i) mod leaves.
function challenged(e, i, leaves) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(i));
  return BigInt('0x' + keccak256(Buffer.concat([Buffer.from(e.seed + e.set, 'hex'), counter])).toString('hex')) % leaves;
}

// keccak256 of up to 135 bytes: Keccak as Ethereum has it, with padding 0x01, which node:crypto lacks.
function keccak256(message) {
  const block = Buffer.alloc(136);
  message.copy(block);
  block[message.length] ^= 1;
  block[135] ^= 0x80;
  const s = new Array(25).fill(0n);
  for (let i = 0; i < 17; i++) s[i] = block.readBigUInt64LE(8 * i);
  const rotate = (v, n) => BigInt.asUintN(64, (v << n) | (v >> (64n - n)));
  for (let round = 0, lfsr = 1; round < 24; round++) {
    const c = [0, 1, 2, 3, 4].map((x) => s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20]);
    for (let i = 0; i < 25; i++) s[i] ^= c[(i + 4) % 5] ^ rotate(c[(i + 1) % 5], 1n);
    let [x, y, lane] = [1, 0, s[1]];
    for (let t = 0; t < 24; t++) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      [s[x + 5 * y], lane] = [rotate(lane, BigInt(((t + 1) * (t + 2) / 2) % 64)), s[x + 5 * y]];
    }
    for (y = 0; y < 25; y += 5) {
      const r = s.slice(y, y + 5);
      for (x = 0; x < 5; x++) s[y + x] = r[x] ^ (BigInt.asUintN(64, ~r[(x + 1) % 5]) & r[(x + 2) % 5]);
    }
    for (let j = 0; j < 7; j++) {
      if (lfsr & 1) s[0] ^= 1n << ((1n << BigInt(j)) - 1n);
      lfsr = lfsr & 0x80 ? ((lfsr << 1) ^ 0x171) : lfsr << 1;
    }
  }
  const out = Buffer.alloc(32);
  for (let i = 0; i < 4; i++) out.writeBigUInt64LE(s[i], 8 * i);
  return out;
}

// ---- program

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const { claim, json, cbor } = JSON.parse(line);
      verify(json === undefined ? decodeCBOR(Buffer.from(cbor, 'hex')) : decodeJSON(json), claim);
      console.log('{"ok":true}');
    } catch (err) {
      console.log(JSON.stringify({ ok: false, error: err.message }));
    }
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
