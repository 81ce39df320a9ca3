/* ---- one node ---- */

function lookAtNode(node) {
  view.node = node;
  view.message = 0;
  showTab('detail');
  goTo(view.now);
  nodeDetail(node);
  drawRows();
  draw();
}

function nodeDetail(node) {
  // Why a packet was not used stands with its arrival.
  const verdict = (i) => F.k[i] === DROPPED && F.k[i - 1] === ARRIVED && notUsed(i - 1) >= 0;
  const facts = deedsOfNodes[node], list = make('dl', '');
  const row = (name, ...value) => list.append(make('dt', '', name), make('dd', '', ...value));
  const counts = [0, 0, 0, 0, 0];
  for (const i of facts) if (F.k[i] <= DELIVERED) counts[F.k[i]]++;
  const drops = new Map();
  for (const i of facts) if (F.k[i] === DROPPED) drops.set(F.a[i], (drops.get(F.a[i]) ?? 0) + 1);
  row('class', D.classes[N.class[node]] + (N.relays[node] ? ', a relay' : ''));
  row('state', `${stateOf(node)} at ${seconds(view.now)}`);
  row('packets', `${counts[0]} arrived, ${counts[1]} of its own lost`);
  row('messages', `${counts[2]} sent, ${counts[4]} delivered`);
  if (drops.size) row('not used', [...drops].map(([why, count]) => `${W.drops[why]} ${count}`).join(', '));
  const own = make('a', '', 'its messages');
  own.addEventListener('click', () => {
    $('search').value = `node:${node}`;
    filterMessages();
    showTab('messages');
  });
  const MOST = 500, told = facts.filter((i) => !verdict(i));
  const first = Math.max(0, Math.min(after(told.map((i) => at[i]), view.now) - MOST / 2, told.length - MOST));
  const lines = told.slice(first, first + MOST).map((i) => line(i, ...sentence(i, 0)));
  const note = told.length > MOST ? make('p', 'dim', `${MOST} of ${told.length} facts, around the moment shown.`) : '';
  $('detail').replaceChildren(make('h2', '', `Node ${node}`), list, make('p', '', own), make('h3', '', 'What happened there'), note, ...lines);
}

/* ---- external events ---- */

function fillEvents() {
  const MOST = 2000;
  const lines = D.deeds.at.slice(0, MOST).map((us, i) => {
    const row = make('div', 'line', make('time', '', (us / 1e6).toFixed(3)), make('span', '', D.deeds.text[i]));
    row.dataset.at = us;
    row.addEventListener('click', () => setTime(us));
    return row;
  });
  const none = D.deeds.at.length ? [] : [make('p', 'dim', 'Nothing was done to this run beside sending.')];
  if (D.deeds.at.length > MOST) none.push(make('p', 'dim', `${D.deeds.at.length - MOST} more are on the slider only.`));
  $('events').replaceChildren(...D.wrong.map(wrongBox), ...lines, ...none);
}

/* ---- the frame around it all ---- */

function showTab(name) {
  view.tab = name;
  for (const button of document.querySelectorAll('nav button')) button.classList.toggle('on', button.dataset.tab === name);
  for (const id of ['messages', 'events', 'detail']) $(id).hidden = id !== name;
  if (name === 'messages') drawRows();
}
for (const button of document.querySelectorAll('nav button')) button.addEventListener('click', () => showTab(button.dataset.tab));

/** The moment of the next thing that happens, or of the last one. */
function step(direction) {
  const i = after(at, view.now + (direction > 0 ? 0 : -1));
  setTime(direction > 0 ? at[i] ?? D.end : at[i - 1] ?? D.begin);
}

document.addEventListener('keydown', (event) => {
  if (['INPUT', 'SELECT'].includes(event.target.tagName)) return;
  const jump = (event.shiftKey ? 10 : 1) * view.speed * 1e6 * 0.1;
  switch (event.key) {
    case ' ': play(!view.playing); break;
    case 'ArrowRight': setTime(view.now + jump); break;
    case 'ArrowLeft': setTime(view.now - jump); break;
    case 'ArrowDown': step(1); break;
    case 'ArrowUp': step(-1); break;
    case 'Home': setTime(D.begin); break;
    case 'End': setTime(D.end); break;
    case 'Escape': lookAtNothing(); break;
    default: return;
  }
  event.preventDefault();
});

function lookAtNothing() {
  view.message = 0;
  view.node = -1;
  $('detail').replaceChildren(make('p', 'dim', 'Choose a message in the list or a node on the map. Space plays, the arrows left and right move in time, up and down go from fact to fact.'));
  drawRows();
  draw();
}

function introduce() {
  $('name').textContent = `${D.name} · seed ${D.seed}`;
  $('about').textContent = D.about;
  const verdict = $('verdict');
  verdict.textContent = D.verdict;
  verdict.classList.add(D.verdict === 'passed' ? 'passed' : 'bad');
  const early = D.dropped ? `, the last ${FACTS} facts (${D.dropped} earlier ones were not kept)` : `, ${FACTS} facts`;
  $('facts').textContent = `${NODES} nodes, ${D.suite}, hash ${D.hash}${early}`;
  $('facts').title = $('facts').textContent;
  for (const [name, colour] of KINDS) {
    const sample = make('i', '');
    sample.style.background = colour;
    $('legend').append(make('span', '', sample, name));
  }
}

readColours();
introduce();
fillEvents();
filterMessages();
lookAtNothing();
const wrong = D.wrong[0];
if (wrong) {
  if (wrong.at_s !== null) view.now = Math.min(D.end, wrong.at_s * 1e6);
  if (wrong.message !== null && place.has(wrong.message)) lookAtMessage(wrong.message, false);
  else if (wrong.node !== null && wrong.node < NODES) lookAtNode(wrong.node);
  else showTab('events');
}
window.addEventListener('resize', () => {
  drawRows();
  draw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  readColours();
  draw();
});
draw();
