"use strict";

// What the page was given. Nothing of it becomes markup: all text goes through textContent.
const given = (id) => JSON.parse(document.getElementById(id).textContent);
const sums = given("sums");
const bins = given("bins");

const events = [];
const waits = [];
for (const row of given("events")) {
  if (row[0] === "wait") {
    waits.push({ from: row[1], to: row[2], command: row[3], meaning: row[4] });
    continue;
  }
  const [time, direction, kind, subject, bad, octets, line, meaning, payload] = row;
  events.push({
    place: events.length, time, direction, kind, subject, bad: bad === 1, octets, line, meaning,
    payload: payload && {
      announced: payload[0], received: payload[1], sum: payload[2], name: payload[3], shown: payload[4], since: payload[5],
    },
  });
}

// Without any times, lines are as far apart as each other.
const timed = events.some((event) => event.time !== null);
{
  let last = 0;
  let before = null;
  for (const event of events) {
    last = timed ? (event.time ?? last) : event.place;
    event.at = last;
    event.since = timed && event.payload && event.payload.since !== null ? event.payload.since : last;
    event.gap = event.time !== null && before !== null ? event.time - before : null;
    before = event.time ?? before;
  }
}
const end = Math.max(1e-6, events.length ? events[events.length - 1].at : 0, ...waits.slice(-1).map((wait) => wait.to));

// Octets that a terminal would obey are shown as escapes, as the program shows them.
function printable(octets) {
  return octets.replace(/[^ -~]/g, (octet) => {
    const named = { "\r": "\\r", "\n": "\\n", "\t": "\\t" }[octet];
    return named ?? "\\x" + octet.charCodeAt(0).toString(16).padStart(2, "0");
  });
}

const text = (event) => {
  if (event.payload) {
    const { announced, received } = event.payload;
    const of = announced !== null && announced !== received ? ` of ${announced}` : "";
    return `${received}${of} bytes of payload`;
  }
  if (event.kind === "overlong") return `${event.octets} bytes`;
  return printable(event.line.replace(/^[\r\n]+|[\r\n]+$/g, ""));
};

const arrow = (event) => {
  if (event.direction === 0) return "→";
  if (event.direction === 1) return "←";
  return { retry: "↻", remark: "·" }[event.kind] ?? "?";
};

const classes = (event) =>
  [event.direction === 0 ? "sent" : event.direction === 1 ? "received" : "", event.payload ? "payload" : "",
    event.bad ? "bad" : ""].filter(Boolean).join(" ");

const seconds = (time) => (time === null ? "" : time.toFixed(3));
const bytes = (count) => count.toLocaleString("en");

function element(name, className, content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

// Whoever wants to know which line is chosen.
const watchers = [];
let chosen = null;
function choose(event, from) {
  chosen = event;
  for (const watcher of watchers) watcher(event, from);
}

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
