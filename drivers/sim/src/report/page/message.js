/* ---- one message ---- */

/** The frame of a packet that is about a message. */
function frameAbout(fact, message) {
  for (let f = frameStart[fact]; f < frameStart[fact + 1]; f++) if (R.m[f] === message) return f;
  return frameStart[fact];
}

function lookAtMessage(number, go) {
  view.message = number;
  view.node = -1;
  const i = place.get(number);
  if (go && i !== undefined && (view.now < M.at[i] || view.now > M.ends[i])) view.now = Math.max(D.begin, M.at[i]);
  showTab('detail');
  messageDetail(number);
  drawRows();
  draw();
}

function messageDetail(number) {
  const i = place.get(number), box = $('detail');
  if (i === undefined) return box.replaceChildren(make('p', 'dim', `Nothing is known of message ${number}.`));
  const facts = journeys.get(number) ?? [];
  const head = [make('h2', '', `Message ${number}`), facts.length ? summary(i, facts) : make('p', 'dim', 'Its facts were not kept.')];
  const MOST = 400;
  const seen = facts.slice(0, MOST);
  const lines = seen.map((fact) => line(fact, ...sentence(fact, number)));
  const more = facts.length > MOST ? [make('p', 'dim', `${facts.length - MOST} more facts are not shown.`)] : [];
  box.replaceChildren(...wrongsAbout(number), ...head, make('h3', '', 'Between nodes'), chart(seen, number, i),
    make('h3', '', 'Step by step'), ...lines, ...more);
}

function wrongsAbout(number) {
  return D.wrong.filter((wrong) => wrong.message === number).map((wrong) => wrongBox(wrong));
}

function wrongBox(wrong) {
  const box = make('div', 'wrong', make('b', 'bad', wrong.what), ` ${wrong.at_s === null ? '' : wrong.at_s.toFixed(3) + ' s'}${wrong.node === null ? '' : ', node ' + wrong.node}: ${wrong.detail}`);
  box.addEventListener('click', () => {
    if (wrong.at_s !== null) setTime(wrong.at_s * 1e6);
    if (wrong.message !== null) lookAtMessage(wrong.message, false);
    else if (wrong.node !== null) lookAtNode(wrong.node);
  });
  return box;
}

function summary(i, facts) {
  const attempts = new Set(), seals = new Set();
  let lost = 0;
  for (const fact of facts) {
    if (F.k[fact] === LOST) lost++;
    for (let f = frameStart[fact]; f < frameStart[fact + 1]; f++) {
      if (R.m[f] !== M.number[i] || ![0, 2].includes(R.k[f])) continue;
      attempts.add(R.e[f] + '/' + R.attempt[f]);
      seals.add(R.e[f]);
    }
  }
  const list = make('dl', '');
  const row = (name, ...value) => list.append(make('dt', '', name), make('dd', '', ...value));
  row('way', nodeLink(M.from[i]), ' → ', nodeLink(M.to[i]), M.direct[i] ? ' (direct)' : '');
  row('accepted', seconds(M.at[i]));
  row('delivered', M.delivered[i] < 0 ? 'never' : `${seconds(M.delivered[i])}, after ${((M.delivered[i] - M.at[i]) / 1000).toFixed(1)} ms`);
  row('proven', M.proven[i] < 0 ? 'never' : `${seconds(M.proven[i])}, after ${((M.proven[i] - M.at[i]) / 1000).toFixed(1)} ms`);
  row('fate', make('span', FATE_CLASS[M.fate[i]], W.fates[M.fate[i]]), `; its sender was last told "${W.states[M.state[i]]}"`);
  row('effort', `${attempts.size} attempts in ${seals.size} envelopes, ${lost} packets lost`);
  row('content', `${M.len[i]} bytes, ${M.traffic[M.class[i]] ?? ''}`);
  return list;
}

function nodeLink(node) {
  const a = make('a', '', String(node));
  a.addEventListener('click', (event) => {
    event.stopPropagation();
    lookAtNode(node);
  });
  return a;
}

/** A fact in words, as it concerns a message, and whether it is bad. */
function sentence(i, message) {
  const node = F.n[i], a = F.a[i], b = F.b[i];
  switch (F.k[i]) {
    case ARRIVED: {
      const why = notUsed(i);
      return [`${what(i, message)} ${a} → ${node}, ${(b / 1000).toFixed(1)} ms${why < 0 ? '' : ', not used: ' + W.drops[why]}`, why >= 0 ? 'warn' : ''];
    }
    case LOST: return [`${what(i, message)} ${node} → ${a} lost: ${W.lost[b]}`, 'bad'];
    case SENT: return [`node ${node} sends message ${a} to ${b}`, ''];
    case SEALED: return [`node ${node} seals message ${a} again`, 'warn'];
    case DELIVERED: return [`node ${node} gets message ${a} over ${b}`, 'passed'];
    case TOLD: return [`node ${node} is told of message ${a}: ${W.states[b]}`, b === 6 ? 'bad' : ''];
    case DROPPED: return [`node ${node} does not use it: ${W.drops[a]}`, 'warn'];
    case LINK: return [`node ${node}: the link to ${a} is ${b ? 'up' : 'down'}`, b ? '' : 'warn'];
    case LIFE: return [`node ${node} ${a ? 'starts' : 'is gone'}`, a ? '' : 'bad'];
    default: return [`node ${node} stands still until ${a / 1000} s`, 'warn'];
  }
}

/** What is in a packet; only what is about a message, if one is given. */
function what(i, message) {
  const texts = [];
  for (let f = frameStart[i]; f < frameStart[i + 1]; f++) {
    if (message && R.m[f] !== message) continue;
    let text = W.frames[R.k[f]];
    if (!message && R.m[f]) text += ' #' + R.m[f];
    if (R.k[f] === 0 || R.k[f] === 2) {
      if (R.attempt[f]) text += ` attempt ${R.attempt[f] + 1}`;
      if (R.e[f]) text += ` envelope ${R.e[f] + 1}`;
    }
    if (!texts.includes(text)) texts.push(text);
  }
  return texts.length ? texts.join(' + ') : 'handshake';
}

function line(i, text, tone) {
  const row = make('div', 'line', make('time', '', (at[i] / 1e6).toFixed(4)), make('span', tone, text));
  row.dataset.at = at[i];
  row.addEventListener('click', () => setTime(at[i]));
  return row;
}

/** Marks what has just happened in the list that is open. */
function markNow() {
  if (view.tab === 'messages') return;
  let last = null;
  for (const row of $(view.tab).querySelectorAll('.line')) {
    row.classList.remove('now');
    if (Number(row.dataset.at) <= view.now) last = row;
  }
  last?.classList.add('now');
}

/* ---- the sequence chart of a message ---- */

// A name, not an address: nothing is fetched from it.
const SVG = 'http' + '://www.w3.org/2000/svg';
function draws(tag, attributes, ...inner) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inner);
  return element;
}

function chart(facts, message, i) {
  const hops = facts.filter((fact) => F.k[fact] === ARRIVED || F.k[fact] === LOST).slice(0, 120);
  const lanes = [M.from[i]];
  const lane = (node) => !lanes.includes(node) && node !== M.to[i] && lanes.push(node);
  hops.forEach((fact) => [F.n[fact], F.a[fact]].forEach(lane));
  lanes.push(M.to[i]);
  const width = Math.max(370, 40 + lanes.length * 56), step = 18, top = 26;
  const x = (node) => 30 + (lanes.indexOf(node) + 0.5) * ((width - 40) / lanes.length);
  const height = top + hops.length * step + 14;
  const svg = draws('svg', { width, height, role: 'img', 'aria-label': 'sequence of hops' });
  for (const node of lanes) {
    svg.append(draws('line', { x1: x(node), x2: x(node), y1: top - 6, y2: height, stroke: colours.rule }));
    svg.append(draws('text', { x: x(node), y: 12, 'text-anchor': 'middle' }, String(node)));
  }
  hops.forEach((fact, row) => svg.append(arrow(fact, message, x, top + row * step + 4)));
  const box = make('div', '', svg);
  box.style.overflowX = 'auto';
  return box;
}

function arrow(fact, message, x, y) {
  const lost = F.k[fact] === LOST;
  const [from, to] = lost ? [F.n[fact], F.a[fact]] : [F.a[fact], F.n[fact]];
  const frame = frameAbout(fact, message), colour = lost ? colours.bad : colourOf(R.k[frame]);
  const x0 = x(from), x1 = lost ? (x(from) + x(to)) / 2 : x(to), side = Math.sign(x1 - x0) || 1;
  const group = draws('g', { style: 'cursor:pointer' });
  group.append(draws('title', {}, `${(at[fact] / 1e6).toFixed(4)} s ${sentence(fact, message)[0]}`));
  group.append(draws('line', { x1: x0, y1: y, x2: x1, y2: y + 8, stroke: colour, 'stroke-width': 1.6, 'stroke-dasharray': lost ? '4 3' : 'none' }));
  const tipPath = lost ? `M${x1 - 4} ${y + 4}l8 8m0 -8l-8 8` : `M${x1} ${y + 8}l${-6 * side} -5m${6 * side} 5l${-6 * side} 3`;
  group.append(draws('path', { d: tipPath, stroke: colour, 'stroke-width': 1.6, fill: 'none' }));
  const label = W.frames[R.k[frame]] + (R.attempt[frame] ? ' ' + (R.attempt[frame] + 1) : '') + (notUsed(fact) >= 0 && !lost ? ' ✕' : '');
  group.append(draws('text', { x: (x0 + x1) / 2, y: y + 1, 'text-anchor': 'middle', style: `fill:${colour};font-size:10px` }, label));
  group.addEventListener('click', () => setTime(at[fact]));
  return group;
}
