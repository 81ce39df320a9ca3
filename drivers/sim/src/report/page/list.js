/* ---- the list of messages: only the rows in sight are there ---- */

const ROW = 24;
let shown = [];

function filterMessages() {
  const words = $('search').value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fate = $('fate').value;
  shown = [];
  for (let i = 0; i < M.number.length; i++) {
    if (fate !== '' && M.fate[i] !== Number(fate)) continue;
    if (words.every((word) => matches(i, word))) shown.push(i);
  }
  $('count').textContent = `${shown.length} of ${M.number.length} messages`;
  $('rows').style.height = shown.length * ROW + 'px';
  drawRows();
}

function matches(i, word) {
  const [key, value] = word.includes(':') ? word.split(':') : ['', word];
  const is = (n) => String(n) === value;
  switch (key) {
    case 'from': return is(M.from[i]);
    case 'to': return is(M.to[i]);
    case 'node': return is(M.from[i]) || is(M.to[i]);
    case '': return is(M.number[i]) || W.fates[M.fate[i]].includes(value) || W.states[M.state[i]].includes(value)
      || (M.traffic[M.class[i]] ?? '').toLowerCase().includes(value);
    default: return false;
  }
}

function drawRows() {
  const list = $('list'), first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
  const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / ROW) + 10);
  const rows = [];
  for (let r = first; r < last; r++) {
    const i = shown[r];
    const row = make('div', 'row' + (M.number[i] === view.message ? ' on' : ''),
      make('span', 'dim', '#' + M.number[i]),
      make('span', '', `${M.from[i]} → ${M.to[i]}`),
      make('span', 'dim', (M.at[i] / 1e6).toFixed(2) + ' s'),
      make('span', FATE_CLASS[M.fate[i]], W.fates[M.fate[i]] + took(i)));
    row.style.top = r * ROW + 'px';
    row.addEventListener('click', () => lookAtMessage(M.number[i], true));
    rows.push(row);
  }
  $('rows').replaceChildren(...rows);
}

function took(i) {
  const end = M.proven[i] >= 0 ? M.proven[i] : M.delivered[i];
  return end >= 0 ? ` ${((end - M.at[i]) / 1000).toFixed(0)} ms` : '';
}

function make(tag, name, ...inner) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...inner);
  return element;
}

W.fates.forEach((fate, i) => $('fate').append(new Option(fate, String(i))));
$('search').addEventListener('input', filterMessages);
$('fate').addEventListener('change', filterMessages);
$('list').addEventListener('scroll', drawRows);
