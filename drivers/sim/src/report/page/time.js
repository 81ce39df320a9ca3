/* ---- time ---- */

const time = $('time');
const EDGE = 8;
const xOf = (us, width) => EDGE + ((us - D.begin) / Math.max(1, D.end - D.begin)) * (width - 2 * EDGE);

/** How many packets arrived in each part of the run: the hills behind the slider. */
const HILLS = 400;
const hills = new Float64Array(HILLS);
for (let i = 0; i < FACTS; i++) {
  if (F.k[i] === ARRIVED) hills[Math.min(HILLS - 1, Math.floor(((at[i] - D.begin) / Math.max(1, D.end - D.begin)) * HILLS))]++;
}
const highest = hills.reduce((a, b) => Math.max(a, b), 1);

function drawTime() {
  const { pen, width, height } = sized(time);
  const ground = height - 12;
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = colours.link;
  const wide = (width - 2 * EDGE) / HILLS;
  hills.forEach((count, i) => {
    const high = (count / highest) * (ground - 6);
    pen.fillRect(EDGE + i * wide, ground - high, Math.max(1, wide), high);
  });
  pen.fillStyle = colours.rule;
  pen.fillRect(EDGE, ground, width - 2 * EDGE, 1);
  D.deeds.at.forEach((us) => {
    if (us < D.begin) return;
    pen.fillStyle = colours.warn;
    pen.fillRect(xOf(us, width), ground + 1, 1, 6);
  });
  pen.fillStyle = colours.bad;
  for (const wrong of D.wrong) {
    if (wrong.at_s === null) continue;
    const x = xOf(wrong.at_s * 1e6, width);
    pen.beginPath();
    pen.moveTo(x, ground);
    pen.lineTo(x - 5, height);
    pen.lineTo(x + 5, height);
    pen.fill();
    pen.fillRect(x - 0.5, 0, 1, ground);
  }
  journeySpan(pen, width, ground);
  pen.fillStyle = colours.accent;
  const x = xOf(view.now, width);
  pen.fillRect(x - 1, 0, 2, height);
  dot(pen, x, ground, 4);
  pen.fill();
}

function journeySpan(pen, width, ground) {
  const i = place.get(view.message);
  if (i === undefined) return;
  const end = M.proven[i] >= 0 ? M.proven[i] : M.ends[i];
  const x = xOf(Math.max(M.at[i], D.begin), width);
  pen.fillStyle = colours.accent;
  pen.globalAlpha = 0.25;
  pen.fillRect(x, 0, Math.max(2, xOf(end, width) - x), ground);
  pen.globalAlpha = 1;
}

function scrub(event) {
  const box = time.getBoundingClientRect();
  const part = (event.clientX - box.left - EDGE) / (box.width - 2 * EDGE);
  setTime(D.begin + part * (D.end - D.begin));
}
let scrubbing = false;
time.addEventListener('pointerdown', (event) => {
  scrubbing = true;
  time.setPointerCapture(event.pointerId);
  scrub(event);
});
time.addEventListener('pointermove', (event) => scrubbing && scrub(event));
time.addEventListener('pointerup', () => (scrubbing = false));

function setTime(us) {
  view.now = Math.min(D.end, Math.max(D.begin, us));
  draw();
}

const SPEEDS = [0.01, 0.1, 0.5, 1, 5, 20, 60];
for (const speed of SPEEDS) $('speed').append(new Option(`${speed}×`, String(speed), speed === 1, speed === 1));
$('speed').addEventListener('change', (event) => (view.speed = Number(event.target.value)));
$('play').addEventListener('click', () => play(!view.playing));

let lastFrame = 0;
function play(on) {
  view.playing = on;
  $('play').textContent = on ? 'Pause' : 'Play';
  if (on && view.now >= D.end) view.now = D.begin;
  lastFrame = 0;
  draw();
}

let asked = false;
function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(frame);
}

function frame(ms) {
  asked = false;
  if (view.playing) {
    if (lastFrame) view.now = Math.min(D.end, view.now + (ms - lastFrame) * 1000 * view.speed);
    lastFrame = ms;
    if (view.now >= D.end) play(false);
  }
  goTo(view.now);
  drawMap();
  drawTime();
  $('clock').textContent = seconds(view.now);
  markNow();
  if (view.playing) draw();
}
