/* ---- the map ---- */

const map = $('map'), tip = $('tip');

function sized(canvas) {
  const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width: box.width, height: box.height };
}

function projection(width, height) {
  const scale = (Math.min(width, height - 24) / 10000) * view.zoom;
  const left = width / 2 - 5000 * scale + view.dx, top = (height - 24) / 2 - 5000 * scale + view.dy;
  return { x: (node) => left + N.x[node] * scale, y: (node) => top + N.y[node] * scale };
}

function drawMap() {
  const { pen, width, height } = sized(map);
  const p = projection(width, height);
  pen.clearRect(0, 0, width, height);
  drawLinks(pen, p);
  drawJourney(pen, p);
  drawPackets(pen, p);
  drawNodes(pen, p);
}

function drawLinks(pen, p) {
  for (const whole of [false, true]) {
    pen.beginPath();
    for (const [key, ends] of world.links) {
      if ((ends[0] > 0 && ends[1] > 0) !== whole) continue;
      const a = Math.floor(key / NODES), b = key % NODES;
      pen.moveTo(p.x(a), p.y(a));
      pen.lineTo(p.x(b), p.y(b));
    }
    pen.strokeStyle = whole ? colours.link : colours.half;
    pen.globalAlpha = world.links.size > 1500 ? 0.45 : 1;
    pen.lineWidth = 1;
    pen.setLineDash(whole ? [] : [3, 3]);
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

/** The hops of the message that is looked at, as far as they have been. */
function drawJourney(pen, p) {
  if (!view.message) return;
  for (const i of journeys.get(view.message) ?? []) {
    if (at[i] > view.now) break;
    if (F.k[i] !== ARRIVED && F.k[i] !== LOST) continue;
    const [from, to] = F.k[i] === ARRIVED ? [F.a[i], F.n[i]] : [F.n[i], F.a[i]];
    const frame = frameAbout(i, view.message);
    const lost = F.k[i] === LOST;
    pen.strokeStyle = lost ? colours.bad : colourOf(R.k[frame]);
    pen.lineWidth = KIND_OF[R.k[frame]] === 5 ? 1 : 2.5;
    pen.setLineDash(lost ? [5, 4] : []);
    const bend = KIND_OF[R.k[frame]] === 5 ? 0.06 : 0.12;
    curve(pen, p.x(from), p.y(from), p.x(to), p.y(to), bend);
  }
  pen.setLineDash([]);
}

/** A line bent to its left, so that the way there and the way back lie apart. */
function curve(pen, x0, y0, x1, y1, bend) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.quadraticCurveTo((x0 + x1) / 2 + (y1 - y0) * bend, (y0 + y1) / 2 - (x1 - x0) * bend, x1, y1);
  pen.stroke();
}

/** Packets that were under way in the last moment: the faster time goes, the longer that is. */
function drawPackets(pen, p) {
  const span = Math.min(view.speed * 50000, 2e6);
  const since = view.now - span;
  const last = after(at, view.now + longest);
  let drawn = 0;
  for (let i = after(at, since - 1); i < last && drawn < 4000; i++) {
    if (F.k[i] !== ARRIVED) continue;
    const left = at[i] - F.b[i];
    if (left > view.now) continue;
    const how = (time) => Math.min(1, Math.max(0, (time - left) / Math.max(1, F.b[i])));
    const from = F.a[i], to = F.n[i], tail = how(since), head = how(view.now);
    const x = (part) => p.x(from) + (p.x(to) - p.x(from)) * part;
    const y = (part) => p.y(from) + (p.y(to) - p.y(from)) * part;
    const colour = KINDS[kindOf(i)][1];
    pen.strokeStyle = pen.fillStyle = colour;
    if (head - tail > 0.02) {
      pen.globalAlpha = 0.35;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(x(tail), y(tail));
      pen.lineTo(x(head), y(head));
      pen.stroke();
      pen.globalAlpha = 1;
    }
    dot(pen, x(head), y(head), 3.2);
    pen.fill();
    drawn++;
  }
}

function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
}

function radius(node) {
  const base = NODES > 800 ? 2 : NODES > 200 ? 3.2 : 5;
  return (N.relays[node] && N.relays.some((r) => !r) ? base * 1.5 : base) * Math.min(2, Math.sqrt(view.zoom));
}

function drawNodes(pen, p) {
  for (let node = 0; node < NODES; node++) {
    const state = stateOf(node);
    dot(pen, p.x(node), p.y(node), radius(node));
    pen.fillStyle = state === 'down' ? colours.paper : state === 'adversary' ? colours.bad : state === 'suspended' ? colours.warn : colours.node;
    pen.strokeStyle = state === 'down' ? colours.dim : colours.paper;
    pen.lineWidth = 1.2;
    pen.fill();
    pen.stroke();
  }
  for (const [node, colour] of marked()) {
    dot(pen, p.x(node), p.y(node), radius(node) + 4);
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.stroke();
  }
  labels(pen, p);
}

/** Nodes with a ring around them: the two ends of the message, the node that is looked at. */
function marked() {
  const all = [];
  const i = place.get(view.message);
  if (i !== undefined) all.push([M.from[i], colours.accent], [M.to[i], colours.accent]);
  if (view.node >= 0) all.push([view.node, colours.ink]);
  return all;
}

function labels(pen, p) {
  pen.fillStyle = colours.ink;
  pen.font = '11px system-ui, sans-serif';
  const all = NODES <= 60 ? Array.from({ length: NODES }, (_, node) => node) : marked().map(([node]) => node);
  for (const node of all) pen.fillText(String(node), p.x(node) + radius(node) + 5, p.y(node) - 5);
}

function nodeAt(event) {
  const box = map.getBoundingClientRect();
  const p = projection(box.width, box.height);
  const x = event.clientX - box.left, y = event.clientY - box.top;
  let best = -1, least = 12 * 12;
  for (let node = 0; node < NODES; node++) {
    const distance = (p.x(node) - x) ** 2 + (p.y(node) - y) ** 2;
    if (distance < least) [best, least] = [node, distance];
  }
  return best;
}

let drag = null;
map.addEventListener('pointerdown', (event) => {
  drag = { x: event.clientX, y: event.clientY, dx: view.dx, dy: view.dy, moved: false };
  map.setPointerCapture(event.pointerId);
});
map.addEventListener('pointermove', (event) => {
  if (drag) {
    drag.moved ||= Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) > 4;
    view.dx = drag.dx + event.clientX - drag.x;
    view.dy = drag.dy + event.clientY - drag.y;
    return draw();
  }
  const node = nodeAt(event), box = map.getBoundingClientRect();
  tip.hidden = node < 0;
  if (node >= 0) {
    tip.textContent = `node ${node} · ${D.classes[N.class[node]]}${N.relays[node] ? ' · relay' : ''} · ${stateOf(node)}`;
    tip.style.left = Math.min(event.clientX - box.left + 12, box.width - 180) + 'px';
    tip.style.top = event.clientY - box.top + 12 + 'px';
  }
});
map.addEventListener('pointerup', (event) => {
  const clicked = drag && !drag.moved;
  drag = null;
  const node = clicked ? nodeAt(event) : -1;
  if (node >= 0) lookAtNode(node);
});
map.addEventListener('wheel', (event) => {
  event.preventDefault();
  const box = map.getBoundingClientRect(), factor = Math.exp(-event.deltaY / 400);
  const zoom = Math.min(40, Math.max(0.5, view.zoom * factor)), by = zoom / view.zoom;
  const x = event.clientX - box.left - box.width / 2, y = event.clientY - box.top - (box.height - 24) / 2;
  view.dx = x - (x - view.dx) * by;
  view.dy = y - (y - view.dy) * by;
  view.zoom = zoom;
  draw();
}, { passive: false });
map.addEventListener('dblclick', () => {
  Object.assign(view, { zoom: 1, dx: 0, dy: 0 });
  draw();
});
