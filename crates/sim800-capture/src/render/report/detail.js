
// The octets of the line that is chosen.
function dump(octets) {
  const rows = [];
  for (let at = 0; at < octets.length; at += 16) {
    const row = octets.slice(at, at + 16);
    const digits = [...row].map((octet) => octet.charCodeAt(0).toString(16).padStart(2, "0"));
    const left = digits.slice(0, 8).join(" ").padEnd(23);
    const right = digits.slice(8).join(" ").padEnd(23);
    rows.push(`${at.toString(16).padStart(6, "0")}  ${left}  ${right}  ${row.replace(/[^ -~]/g, ".")}`);
  }
  return rows.join("\n");
}

const asText = (octets) => octets.split("\n").map((row) => printable(row.replace(/\r$/, ""))).join("\n");

watchers.push((event) => {
  const detail = document.getElementById("detail");
  const { payload } = event;
  const octets = payload ? atob(payload.shown) : event.line;
  const table = element("table");
  const fact = (name, value, className) => {
    if (value === null || value === undefined || value === "") return;
    const row = element("tr");
    row.append(element("th", "", name), element("td", className, value));
    table.append(row);
  };
  fact("what", `${event.kind}, ${event.direction === 0 ? "to the module" : event.direction === 1 ? "from the module" : "beside the line"}`);
  fact("meaning", event.meaning, event.bad ? "bad" : "");
  fact("at", event.time === null ? null : `${event.time.toFixed(6)} s`);
  fact("bytes", event.direction === null ? null : bytes(event.octets));
  if (payload) {
    fact("command", payload.name);
    fact("announced", payload.announced === null ? null : bytes(payload.announced));
    fact("took", timed && payload.since !== null ? `${(event.at - event.since).toFixed(3)} s` : null);
    fact("SHA-256", payload.sum);
  }
  const parts = [element("p", event.bad ? "bad" : "", text(event)), table];
  if (octets) {
    const part = payload && octets.length < payload.received ? `, the first ${bytes(octets.length)} bytes` : "";
    parts.push(element("h3", "", `Text${part}`), element("pre", "text", asText(octets)));
    parts.push(element("h3", "", "Hexadecimal"), element("pre", "hex", dump(octets)));
  }
  detail.replaceChildren(...parts);
});
