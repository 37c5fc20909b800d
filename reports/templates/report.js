(() => {
  "use strict";
  const table = document.querySelector("table.rows");
  const tools = document.querySelector(".filter");
  const head = table.tHead.rows[0];
  const groups = [...table.tBodies];
  const rows = [...table.querySelectorAll("tbody tr:not(.group)")];
  const said = document.createElement("output");

  const label = document.createElement("label");
  const find = document.createElement("input");
  find.type = "search";
  label.append(tools.dataset.find + " ", find);
  tools.append(label, said);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => texts.get(row).includes(word));
      shown += !row.hidden;
    }
    for (const group of groups) group.rows[0].hidden = words.length > 0 && [...group.rows].slice(1).every((row) => row.hidden);
    said.textContent = words.length ? `${shown} / ${rows.length}` : "";
  });

  const ranks = { v: tools.dataset.verdicts.split(" "), l: tools.dataset.levels.split("|") };
  const keys = {
    id: (row) => rows.indexOf(row),
    verdict: (row) => ranks.v.indexOf(row.classList[0]),
    level: (row) => ranks.l.indexOf(row.cells[3].textContent),
    time: (row) => -Number(row.cells[7].dataset.s || -1),
  };
  for (const cell of head.cells) {
    const key = keys[cell.dataset.sort];
    if (!key) continue;
    cell.dataset.name = cell.textContent; // a browser does not print a button again on the next sheet
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => {
      for (const other of head.cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", "ascending");
      const whole = cell.dataset.sort === "id";
      for (const group of groups) group.rows[0].classList.toggle("off", !whole);
      const sorted = [...rows].sort((one, other) => key(one) - key(other) || rows.indexOf(one) - rows.indexOf(other));
      for (const row of sorted) (whole ? homes.get(row) : groups[0]).append(row);
    });
  }
  const homes = new Map(rows.map((row) => [row, row.parentNode]));
})();
