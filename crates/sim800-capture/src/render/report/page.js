
// Facts, and the summary's tables.
{
  const facts = document.getElementById("facts");
  const fact = (name, value, bad) => {
    const box = element("div", bad ? "bad" : "");
    box.append(element("dt", "", name), element("dd", "", value));
    facts.append(box);
  };
  if (timed) fact("time", `${end.toFixed(3)} s`);
  fact("commands", bytes(sums.commands));
  fact("to the module", `${bytes(sums.sent)} bytes`);
  fact("from the module", `${bytes(sums.received)} bytes`);
  fact("payload", `${bytes(sums.sent_payload + sums.received_payload)} bytes`);
  fact("errors", bytes(sums.errors), sums.errors > 0);
  fact("retries", bytes(sums.retries.length), sums.retries.length > 0);
  if (sums.rate) fact("rate", `${sums.rate_is_estimated ? "at least " : ""}${bytes(sums.rate)} bit/s`);
  if (sums.rate) {
    document.getElementById("ceiling").textContent =
      `dashed: what the line carries at ${bytes(sums.rate)} bit/s${sums.rate_is_estimated ? ", the slowest rate that explains what was seen" : ""}`;
  }

  const tables = document.getElementById("tables");
  const table = (name, heads, rows) => {
    if (!rows.length) return;
    const made = element("table");
    const head = element("tr");
    for (const [label, number] of heads) head.append(element("th", number ? "n" : "", label));
    made.append(head);
    for (const { cells, bad, time } of rows) {
      const row = element("tr", bad ? "bad" : "");
      cells.forEach((cell, n) => row.append(element("td", heads[n][1] ? "n" : "", cell)));
      row.addEventListener("click", () => {
        const event = time === null ? null : events[Math.min(firstFrom(time), events.length - 1)];
        if (event) choose(event, "summary");
      });
      made.append(row);
    }
    const box = element("div", "tables");
    box.append(element("h3", "", name), made);
    tables.append(box);
  };
  const rate = (transfer) => {
    const octets = transfer.sent + transfer.received;
    return transfer.seconds ? `${bytes(Math.round(octets / transfer.seconds))} bytes/s` : "";
  };
  const share = (part) => (part === null ? "" : `${Math.round(part * 100)} %`);
  table("Transfers", [["at", true], ["took", true], ["bytes", true], ["rate", true], ["of the line", true], ["retries", true], ["what"], ["how it ended"]],
    sums.transfers.map((transfer) => ({
      time: transfer.t, bad: transfer.error,
      cells: [seconds(transfer.t), seconds(transfer.seconds), bytes(transfer.sent + transfer.received), rate(transfer), share(transfer.share),
        transfer.retries ? String(transfer.retries) : "", transfer.what, transfer.outcome ?? ""],
    })));
  table("Waits of a second and more", [["at", true], ["took", true], ["command"], ["meaning"]],
    sums.waits.map((wait) => ({ time: wait.t, cells: [seconds(wait.t), seconds(wait.seconds), wait.command, wait.meaning ?? ""] })));
  const incidents = (list) => list.map((incident) => ({ time: incident.t, bad: true, cells: [seconds(incident.t), incident.text] }));
  table("Retries", [["at", true], ["why"]], incidents(sums.retries));
  table("Restarts of the module", [["at", true], ["when"]], incidents(sums.restarts));
  if (!tables.children.length) tables.append(element("p", "hint", "No transfers, no long waits, no retries and no restarts."));
}

new ResizeObserver(draw).observe(document.getElementById("timeline"));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
