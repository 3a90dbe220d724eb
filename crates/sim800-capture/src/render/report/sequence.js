
// Procedures: lines about the same thing, one after another. What the module says unasked is of that which it is about.
const TITLES = { http: "HTTP", ftp: "FTP", files: "Files of the module", bearer: "Bearer", module: "Module", other: "Other commands" };
// A diagram of more is no picture any more.
const MOST = 300;

const procedures = [];
{
  let open = null;
  for (const event of events) {
    if (event.kind === "echo" && event.direction === 1 && open?.hasCommands) continue;
    const begins = event.kind === "command" || event.kind === "echo";
    // An HTTP session begins with its first command; parameters of the next request begin another procedure.
    const isNext = begins && open && (open.subject !== event.subject || /\+(HTTPINIT|SAPBR=[01]|FTPGET=1|FTPPUT=1)/i.test(event.line) && open.isOver);
    if (!open || isNext) {
      open = { subject: event.subject, events: [], bad: 0, octets: 0, hasCommands: false, isOver: false };
      procedures.push(open);
    }
    open.hasCommands ||= event.kind === "command";
    open.isOver ||= event.kind === "unsolicited" && event.subject === open.subject || /\+(HTTPTERM|FTPQUIT)/i.test(event.line);
    open.events.push(event);
    open.bad += event.bad ? 1 : 0;
    open.octets += event.payload ? event.payload.received : 0;
  }
}

const isWord = /^(GET|POST|HEAD|DELETE)/;
function title(procedure) {
  const word = procedure.events.find((event) => event.kind === "unsolicited" && isWord.test(event.meaning ?? ""));
  const method = word ? ` ${word.meaning.split(",")[0]}` : "";
  return `${TITLES[procedure.subject] ?? procedure.subject}${method}`;
}

function procedureRow(procedure) {
  const row = element("div", procedure.bad ? "bad" : "");
  row.append(
    element("span", "t", seconds(procedure.events[0].time)),
    element("span", "x", title(procedure)),
    element("span", "n", `${bytes(procedure.events.length)} lines${procedure.octets ? `, ${bytes(procedure.octets)} bytes` : ""}`),
  );
  return row;
}

const SVG = "http://www.w3.org/2000/svg";
function shape(name, attributes, content) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== undefined) made.textContent = content;
  return made;
}

function shorten(content, room) {
  const most = Math.floor(room / 7.3);
  return content.length > most ? `${content.slice(0, Math.max(1, most - 1))}…` : content;
}

let drawn = null;
function sequence(procedure) {
  drawn = procedure;
  const box = document.getElementById("sequence");
  const width = Math.max(260, box.clientWidth - 4);
  const shown = procedure.events.slice(0, MOST);
  const left = 78;
  const right = width - 56;
  const parts = [];
  let y = 54;
  let before = null;
  for (const event of shown) {
    const gap = event.time !== null && before !== null ? event.since - before : 0;
    // A wait takes room, so that it is seen.
    if (gap >= 0.2) {
      const high = Math.min(48, 12 + 8 * Math.log2(1 + gap * 5));
      parts.push(shape("rect", { x: left, y: y - 14, width: right - left, height: high, class: "gap" }));
      parts.push(shape("text", { x: (left + right) / 2, y: y - 14 + high / 2 + 4, "text-anchor": "middle", class: "dim" }, `${gap.toFixed(1)} s`));
      y += high + 4;
    }
    before = event.time ?? before;
    const kind = event.bad ? "bad" : event.payload ? "payload" : event.direction === 0 ? "sent" : "received";
    if (event.direction === null) {
      parts.push(shape("text", { x: (left + right) / 2, y, "text-anchor": "middle", class: event.bad ? "bad" : "dim" }, shorten(`${arrow(event)} ${text(event)}`, right - left)));
    } else {
      const [from, to] = event.direction === 0 ? [left, right] : [right, left];
      const tip = to > from ? -7 : 7;
      parts.push(shape("line", { x1: from, y1: y, x2: to, y2: y, class: kind }));
      parts.push(shape("path", { d: `M${to} ${y} l${tip} -4 v8 z`, class: kind }));
      parts.push(shape("text", { x: (left + right) / 2, y: y - 5, "text-anchor": "middle", class: event.bad ? "bad" : "" }, shorten(text(event), right - left - 20)));
    }
    parts.push(shape("text", { x: left - 8, y: y + 4, "text-anchor": "end", class: "dim" }, seconds(event.time)));
    const hit = shape("rect", { x: 0, y: y - 18, width, height: 24, class: "hit" });
    hit.append(shape("title", {}, event.meaning ?? ""));
    hit.addEventListener("click", () => choose(event, "sequence"));
    parts.push(hit);
    y += 28;
  }
  if (procedure.events.length > MOST) {
    parts.push(shape("text", { x: (left + right) / 2, y, "text-anchor": "middle", class: "dim" }, `${bytes(procedure.events.length - MOST)} more lines are in the list above`));
    y += 24;
  }
  const picture = shape("svg", { width, height: y, role: "img" });
  picture.append(shape("title", {}, title(procedure)));
  for (const [x, name] of [[left, "DTE"], [right, "DCE"]]) {
    picture.append(shape("line", { x1: x, y1: 26, x2: x, y2: y - 8, class: "life" }));
    picture.append(shape("text", { x, y: 18, "text-anchor": "middle", class: "name" }, name));
  }
  picture.append(...parts);
  box.replaceChildren(picture);
}

{
  let wide = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (drawn && contentRect.width !== wide) sequence(drawn);
    wide = contentRect.width;
  }).observe(document.getElementById("sequence"));
}

const diagrams = new List("procedure-list", procedureRow, sequence);
diagrams.set(procedures);
document.getElementById("procedure-count").textContent = `${bytes(procedures.length)}`;
if (procedures.length) {
  // One in which something is moved is worth seeing first.
  diagrams.pick(Math.max(0, procedures.findIndex((procedure) => procedure.octets > 0)));
}
