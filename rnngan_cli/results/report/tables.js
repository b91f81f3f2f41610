// Tables: sorted by a column, filtered by data set, cell and score.

// Sorting: a button in every column heading.

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sorter";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[place].dataset.sort ?? row.cells[place].textContent.trim();
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => {
        const [first, second] = [key(one), key(other)];
        if (first === "" || second === "") return (first === "") - (second === ""); // empty cells come last
        const numbers = [Number(first), Number(second)];
        const order = numbers.some(Number.isNaN) ? first.localeCompare(second) : numbers[0] - numbers[1];
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}

// Filters of the tables

function filter() {
  const [dataset, cell, score] = ["filter-dataset", "filter-cell", "filter-score"].map((id) => get(id).value);
  let hidden = 0;
  for (const one of document.querySelectorAll("[data-dataset]")) {
    one.hidden = (dataset && one.dataset.dataset !== dataset) || (cell && one.dataset.cell !== cell);
    hidden += one.hidden && one.matches(".run");
  }
  for (const one of document.querySelectorAll("[data-score]")) {
    const main = !one.classList.contains("second");
    one.hidden = !(score === "all" || one.dataset.score === score || (score === "main" && main));
  }
  get("filtered").textContent = hidden ? `${hidden} of ${facts.runs.length} runs hidden` : "";
}
