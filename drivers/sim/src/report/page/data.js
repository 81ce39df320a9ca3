'use strict';
// The page of one run. Facts are columns: k says what a, b and c are.
//   0 arrived  a from    b microseconds under way   c bytes
//   1 lost     a to      b reason
//   2 sent     a message b to
//   3 sealed again   a message
//   4 delivered      a message   b over whom
//   5 told           a message   b state
//   6 not used       a reason; about the fact before it
//   7 link     a peer    b up
//   8 life     a up
//   9 stands still   a until, in milliseconds
const ARRIVED = 0, LOST = 1, SENT = 2, SEALED = 3, DELIVERED = 4, TOLD = 5, DROPPED = 6, LINK = 7, LIFE = 8, STILL = 9;

const $ = (id) => document.getElementById(id);
const D = JSON.parse($('data').textContent);
const F = D.facts, R = D.frames, M = D.messages, N = D.nodes, W = D.words;
const NODES = N.x.length, FACTS = F.k.length;

/* ---- what is read from the data once ---- */

const at = sums(F.t);
const frameStart = framesOfFacts();
const place = new Map(M.number.map((number, i) => [number, i]));
const journeys = factsOfMessages();
const deedsOfNodes = factsOfNodes();
const stateFacts = indexes((i) => F.k[i] >= LINK);
const longest = F.k.reduce((most, k, i) => (k === ARRIVED ? Math.max(most, F.b[i]) : most), 0);

function sums(differences) {
  let sum = 0;
  return differences.map((d) => (sum += d));
}

/** Where the frames of each fact begin; the one after the last ends them all. */
function framesOfFacts() {
  const start = new Uint32Array(FACTS + 1);
  let fact = 0;
  for (const step of R.f) {
    fact += step;
    start[fact + 1]++;
  }
  for (let i = 0; i < FACTS; i++) start[i + 1] += start[i];
  return start;
}

function indexes(of) {
  const all = [];
  for (let i = 0; i < FACTS; i++) if (of(i)) all.push(i);
  return all;
}

function factsOfMessages() {
  const all = new Map();
  const add = (message, fact) => {
    if (!message) return;
    const list = all.get(message);
    if (!list) all.set(message, [fact]);
    else if (list[list.length - 1] !== fact) list.push(fact);
  };
  for (let i = 0; i < FACTS; i++) {
    for (let f = frameStart[i]; f < frameStart[i + 1]; f++) add(R.m[f], i);
    if (F.k[i] >= SENT && F.k[i] <= TOLD) add(F.a[i], i);
  }
  return all;
}

function factsOfNodes() {
  const all = Array.from({ length: NODES }, () => []);
  for (let i = 0; i < FACTS; i++) all[F.n[i]]?.push(i);
  return all;
}

/** The first place of a sorted list whose value is more than `value`. */
function after(list, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] > value) high = middle; else low = middle + 1;
  }
  return low;
}

/** Why a node did not use what arrived with this fact; -1: it did. */
function notUsed(fact) {
  const next = fact + 1;
  return F.k[next] === DROPPED && F.n[next] === F.n[fact] && F.t[next] === 0 ? F.a[next] : -1;
}

/* ---- colours: of kinds of frames, of states ---- */

const KINDS = [
  ['SEAL', '#d08a2e'], ['DATA', '#2f80c2'], ['ACK', '#3f9a5a'], ['RESP', '#8a63c0'],
  ['NACK', '#c8473d'], ['control', '#8b949b'],
];
const KIND_OF = [0, 3, 1, 2, 4, 5, 5, 5, 5, 5, 5, 5, 5];
const colourOf = (frame) => KINDS[KIND_OF[frame] ?? 5][1];
/** What a packet shows as: the first of its frames that is more than control, if any. */
function kindOf(fact) {
  let kind = 5;
  for (let f = frameStart[fact]; f < frameStart[fact + 1]; f++) kind = Math.min(kind, KIND_OF[R.k[f]]);
  return kind;
}
const FATE_CLASS = ['passed', 'warn', 'bad', 'dim'];
let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['paper', 'panel', 'rule', 'ink', 'dim', 'accent', 'bad', 'good', 'warn', 'node', 'link', 'half']) {
    colours[name] = style.getPropertyValue('--' + name).trim();
  }
}

/* ---- how the world stood at a moment ---- */

const world = { up: new Uint8Array(NODES), still: new Float64Array(NODES), adverse: new Uint8Array(NODES), links: new Map(), fact: 0, deed: 0, now: -1 };
const pair = (a, b) => (a < b ? a * NODES + b : b * NODES + a);

function begin() {
  world.up.fill(0);
  world.still.fill(0);
  world.adverse.fill(0);
  world.links.clear();
  for (const node of D.before.up) world.up[node] = 1;
  for (const [node, until] of D.before.still) world.still[node] = until;
  for (const [a, b, count] of D.before.links) for (let i = 0; i < count; i++) link(a, b, 1);
  world.fact = 0;
  world.deed = 0;
}

/** An end of a link at `a` comes up (1) or goes down (-1). Both ends of a pair are counted apart. */
function link(a, b, step) {
  const key = pair(a, b);
  const ends = world.links.get(key) ?? [0, 0];
  const side = a < b ? 0 : 1;
  ends[side] = Math.max(0, ends[side] + step);
  if (ends[0] + ends[1] > 0) world.links.set(key, ends); else world.links.delete(key);
}

function goTo(time) {
  if (time < world.now || world.now < 0) begin();
  world.now = time;
  for (; world.fact < stateFacts.length && at[stateFacts[world.fact]] <= time; world.fact++) {
    const i = stateFacts[world.fact], node = F.n[i];
    if (F.k[i] === LINK) link(node, F.a[i], F.b[i] ? 1 : -1);
    else if (F.k[i] === STILL) world.still[node] = F.a[i] * 1000;
    else if (F.a[i]) world.up[node] = 1;
    else goneNode(node);
  }
  for (; world.deed < D.deeds.at.length && D.deeds.at[world.deed] <= time; world.deed++) {
    const node = D.deeds.node[world.deed], kind = D.deeds.kind[world.deed];
    if (kind === 'turn') world.adverse[node] = 1;
    else if (kind === 'honest') world.adverse[node] = 0;
    else if (kind === 'calm') world.adverse.fill(0);
  }
}

/** A node that crashes takes its own ends with it; its peers still believe in theirs. */
function goneNode(node) {
  world.up[node] = 0;
  world.still[node] = 0;
  for (const [key, ends] of world.links) {
    const a = Math.floor(key / NODES), b = key % NODES;
    if (a === node) ends[0] = 0;
    if (b === node) ends[1] = 0;
    if (ends[0] + ends[1] === 0) world.links.delete(key);
  }
}

const stateOf = (node) =>
  !world.up[node] ? 'down' : world.adverse[node] ? 'adversary' : world.still[node] > world.now ? 'suspended' : 'up';

/* ---- what is looked at ---- */

const view = { now: D.begin, playing: false, speed: 1, message: 0, node: -1, zoom: 1, dx: 0, dy: 0, tab: 'messages' };

function seconds(us) {
  return (us / 1e6).toFixed(us < 1e8 ? 4 : 3) + ' s';
}
