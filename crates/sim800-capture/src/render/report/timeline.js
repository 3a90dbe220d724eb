
// The part of the capture that the timeline and the goodput show.
const view = { from: 0, to: end };
const canvases = [];

function show(from, to) {
  const width = Math.min(Math.max(to - from, end / 2e6), end);
  view.from = Math.min(Math.max(from, 0), end - width);
  view.to = view.from + width;
  draw();
}

function zoom(factor, at = (view.from + view.to) / 2) {
  show(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

function draw() {
  for (const paint of canvases) paint();
  const unit = timed ? " s" : "";
  const digits = timed ? 3 : 0;
  document.getElementById("range").textContent = `${view.from.toFixed(digits)} to ${view.to.toFixed(digits)}${unit}`;
}

// A canvas whose pixels are those of the screen.
function surface(id) {
  const canvas = document.getElementById(id);
  const ratio = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { canvas, pen, width, height };
}

const LEFT = 112;
const LANES = [
  { name: "to the module", top: 10 },
  { name: "from the module", top: 44 },
  { name: "waits", top: 78 },
];
const HIGH = 24;

const place = (time, width) => LEFT + ((time - view.from) / (view.to - view.from)) * (width - LEFT);

// The first event that is not before a time.
function firstFrom(time) {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle].at < time) low = middle + 1; else high = middle;
  }
  return low;
}

function axis(pen, width, top) {
  const span = view.to - view.from;
  let step = 10 ** Math.floor(Math.log10(span / 5));
  const most = Math.max(2, (width - LEFT) / 80);
  step *= [1, 2, 5, 10, 20].find((times) => span / (step * times) <= most) ?? 50;
  pen.fillStyle = color("dim");
  pen.strokeStyle = color("line");
  pen.font = "11px system-ui, sans-serif";
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  for (let tick = Math.ceil(view.from / step) * step; tick <= view.to; tick += step) {
    const x = place(tick, width);
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, top);
    pen.stroke();
    pen.textAlign = x > width - 24 ? "right" : "center";
    pen.fillText(tick.toFixed(Math.min(digits, 6)) + (timed ? " s" : ""), Math.min(x, width), top + 14);
  }
  pen.textAlign = "left";
}

canvases.push(function timeline() {
  const { pen, width } = surface("timeline");
  const bottom = 108;
  axis(pen, width, bottom);
  pen.font = "12px system-ui, sans-serif";
  for (const lane of LANES) {
    pen.fillStyle = color("dim");
    pen.fillText(lane.name, 0, lane.top + 16);
    pen.fillStyle = color("line");
    pen.fillRect(LEFT, lane.top + HIGH, width - LEFT, 1);
  }
  pen.save();
  pen.beginPath();
  pen.rect(LEFT, 0, width - LEFT, bottom);
  pen.clip();
  pen.fillStyle = color("wait");
  for (const wait of waits) {
    if (wait.to < view.from || wait.from > view.to) continue;
    const from = place(wait.from, width);
    pen.fillRect(from, LANES[2].top, Math.max(1, place(wait.to, width) - from), HIGH);
  }
  const colors = { sent: color("sent"), received: color("received"), payload: color("payload"), bad: color("error") };
  // Of what shares a pixel, one is drawn; errors are drawn last, so that none hides.
  for (const pass of [false, true]) {
    const painted = [-1, -1];
    for (let n = Math.max(0, firstFrom(view.from) - 1); n < events.length; n++) {
      const event = events[n];
      if (event.since > view.to) { if (event.at > view.to) break; continue; }
      if (event.bad !== pass) continue;
      const lane = event.direction === 0 ? 0 : 1;
      const from = place(event.since, width);
      const wide = Math.max(event.bad ? 3 : 1.5, place(event.at, width) - from);
      if (from + wide < painted[lane] + 0.5) continue;
      painted[lane] = from + wide;
      pen.fillStyle = event.bad ? colors.bad : event.payload ? colors.payload : lane === 0 ? colors.sent : colors.received;
      if (event.direction === null) pen.fillRect(from, 4, 2, bottom - 8);
      else pen.fillRect(from, LANES[lane].top, wide, HIGH);
    }
  }
  if (chosen) {
    pen.strokeStyle = color("ink");
    pen.lineWidth = 1;
    const x = Math.round(place(chosen.at, width)) + 0.5;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, bottom);
    pen.stroke();
  }
  pen.restore();
});

canvases.push(function goodput() {
  const { pen, width, height } = surface("goodput");
  const bottom = height - 20;
  axis(pen, width, bottom);
  const rates = bins.octets.map((octets) => octets / bins.width);
  const ceiling = sums.rate ? sums.rate / 10 : null;
  const most = Math.max(1, ...rates, ceiling ?? 0) * 1.1;
  pen.save();
  pen.beginPath();
  pen.rect(LEFT, 0, width - LEFT, bottom);
  pen.clip();
  pen.fillStyle = color("payload");
  rates.forEach((rate, n) => {
    const from = place(n * bins.width, width);
    const wide = place((n + 1) * bins.width, width) - from;
    const high = (rate / most) * bottom;
    if (rate > 0) pen.fillRect(from, bottom - high, Math.max(1, wide - 0.5), high);
  });
  if (ceiling) {
    pen.strokeStyle = color("error");
    pen.setLineDash([6, 4]);
    pen.beginPath();
    pen.moveTo(LEFT, bottom - (ceiling / most) * bottom);
    pen.lineTo(width, bottom - (ceiling / most) * bottom);
    pen.stroke();
    pen.setLineDash([]);
  }
  pen.restore();
  pen.fillStyle = color("dim");
  pen.font = "12px system-ui, sans-serif";
  const unit = most > 2048 ? [1024, "KiB/s"] : [1, "bytes/s"];
  pen.fillText(`${(most / unit[0]).toFixed(0)} ${unit[1]}`, 0, 12);
  pen.fillText("0", 0, bottom);
  if (!timed) pen.fillText("The capture has no times.", LEFT + 8, 20);
});

// The event that is nearest to a place on the screen, on the lane there.
function nearest(x, y, width) {
  const lane = y < LANES[1].top - 4 ? 0 : y < LANES[2].top - 4 ? 1 : null;
  if (lane === null) return null;
  const time = view.from + ((x - LEFT) / (width - LEFT)) * (view.to - view.from);
  let best = null;
  let least = Infinity;
  const start = firstFrom(time);
  for (const step of [-1, 1]) {
    for (let n = step < 0 ? start - 1 : start, looked = 0; n >= 0 && n < events.length && looked < 400; n += step, looked++) {
      const event = events[n];
      if ((event.direction === 0 ? 0 : 1) !== lane) continue;
      const distance = time < event.since ? event.since - time : time > event.at ? time - event.at : 0;
      if (distance < least || (distance === least && event.bad)) { best = event; least = distance; }
    }
  }
  return best;
}

{
  const canvas = document.getElementById("timeline");
  let drag = null;
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top, width: box.width };
  };
  const timeAt = ({ x, width }) => view.from + ((x - LEFT) / (width - LEFT)) * (view.to - view.from);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(where(event)));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    drag = { ...where(event), from: view.from, to: view.to, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = where(event);
    if (!drag) return;
    if (Math.abs(now.x - drag.x) > 3) drag.moved = true;
    const shift = ((drag.x - now.x) / (now.width - LEFT)) * (drag.to - drag.from);
    if (drag.moved) show(drag.from + shift, drag.to + shift);
  });
  canvas.addEventListener("pointerup", (event) => {
    const now = where(event);
    if (drag && !drag.moved) {
      const found = nearest(now.x, now.y, now.width);
      if (found) choose(found, "timeline");
    }
    drag = null;
  });
  const move = (part) => show(view.from + (view.to - view.from) * part, view.to + (view.to - view.from) * part);
  const keys = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), ArrowLeft: () => move(-0.25),
    ArrowRight: () => move(0.25), 0: () => show(0, end) };
  canvas.addEventListener("keydown", (event) => {
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  const buttons = { "zoom-in": "+", "zoom-out": "-", earlier: "ArrowLeft", later: "ArrowRight", whole: "0" };
  for (const [id, key] of Object.entries(buttons)) document.getElementById(id).addEventListener("click", keys[key]);
  watchers.push((event, from) => {
    if (from !== "timeline" && (event.at < view.from || event.at > view.to)) {
      const half = (view.to - view.from) / 2;
      show(event.at - half, event.at + half);
    } else {
      draw();
    }
  });
}
