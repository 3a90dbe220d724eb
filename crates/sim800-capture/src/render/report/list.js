
// A list of which only what is in sight is in the page, so that a hundred thousand rows are none too many.
const ROW = 24;
// Browsers end somewhere beyond this; what is longer is scrolled through in proportion.
const TALLEST = 8e6;

class List {
  constructor(id, fill, picked) {
    this.box = document.getElementById(id);
    this.all = this.box.querySelector(".all");
    this.fill = fill;
    this.picked = picked;
    this.items = [];
    this.selected = -1;
    this.box.addEventListener("scroll", () => this.paint());
    this.box.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.pick(Number(row.dataset.n));
    });
    this.box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
      if (step === undefined || !this.items.length) return;
      event.preventDefault();
      this.pick(Math.min(Math.max(this.selected + step, 0), this.items.length - 1));
    });
    new ResizeObserver(() => this.paint()).observe(this.box);
  }

  set(items) {
    this.items = items;
    this.selected = -1;
    this.all.style.height = `${Math.min(items.length * ROW, TALLEST)}px`;
    this.paint();
  }

  pick(n) {
    this.select(n);
    this.picked(this.items[n]);
  }

  select(n) {
    this.selected = n;
    if (n >= 0) {
      const rows = this.box.clientHeight / ROW;
      const first = this.first();
      if (n < first + 1 || n > first + rows - 2) this.scroll(n - rows / 2);
    }
    this.paint();
  }

  ratio() {
    const tall = this.items.length * ROW;
    const room = this.box.clientHeight;
    return tall <= TALLEST || tall <= room ? 1 : (tall - room) / (TALLEST - room);
  }

  first() { return (this.box.scrollTop * this.ratio()) / ROW; }

  scroll(row) { this.box.scrollTop = Math.max(0, row * ROW) / this.ratio(); }

  paint() {
    const top = this.box.scrollTop;
    const first = this.first();
    const start = Math.max(0, Math.floor(first) - 4);
    const stop = Math.min(this.items.length, Math.ceil(first + this.box.clientHeight / ROW) + 4);
    const rows = [];
    for (let n = start; n < stop; n++) {
      const row = this.fill(this.items[n]);
      row.classList.add("row");
      row.dataset.n = n;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", n === this.selected);
      row.style.top = `${top + (n - first) * ROW}px`;
      rows.push(row);
    }
    this.all.replaceChildren(...rows);
  }
}

function line(event) {
  const row = element("div", classes(event));
  row.title = event.meaning ?? "";
  row.append(
    element("span", "t", seconds(event.time)),
    element("span", "d", event.gap !== null && event.gap >= 0.001 ? `+${event.gap.toFixed(3)}` : ""),
    element("span", "a", arrow(event)),
    element("span", "x", text(event)),
    element("span", "m", event.meaning ?? ""),
  );
  return row;
}

const FILTERS = {
  HTTP: (event) => event.subject === "http",
  FTP: (event) => event.subject === "ftp",
  files: (event) => event.subject === "files",
  bearer: (event) => event.subject === "bearer",
  module: (event) => event.subject === "module",
  errors: (event) => event.bad,
  unsolicited: (event) => event.kind === "unsolicited",
  payload: (event) => event.payload !== null,
};

const lines = new List("list", line, (event) => choose(event, "list"));
{
  const search = document.getElementById("search");
  const on = new Set();
  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = events.filter((event) => {
      if (on.size && ![...on].some((name) => FILTERS[name](event))) return false;
      return !wanted || text(event).toLowerCase().includes(wanted) || (event.meaning ?? "").toLowerCase().includes(wanted);
    });
    lines.set(found);
    document.getElementById("count").textContent = `${bytes(found.length)} of ${bytes(events.length)} lines`;
    if (chosen) lines.select(found.indexOf(chosen));
  };
  for (const name of Object.keys(FILTERS)) {
    if (!events.some(FILTERS[name])) continue;
    const button = element("button", "", name);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      if (!on.delete(name)) on.add(name);
      button.setAttribute("aria-pressed", on.has(name));
      filter();
    });
    document.getElementById("filters").append(button);
  }
  search.addEventListener("input", filter);
  watchers.push((event, from) => {
    if (from !== "list") lines.select(lines.items.indexOf(event));
  });
  filter();
}
