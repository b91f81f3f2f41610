// Shared by all parts of the script: the facts in the page, its elements, and the format of text and numbers.

const facts = JSON.parse(document.getElementById("facts").textContent);
const get = (id) => document.getElementById(id);
const root = document.documentElement;
const names = Object.keys(facts.losses);
const unique = (values) => [...new Set(values)];
const places = unique(facts.runs.map((run) => run.place));

// Escapes text of the data, because Plotly interprets markup.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function fill(select, values, words = (value) => value) {
  const before = select.value;
  select.replaceChildren(...values.map((value) => new Option(words(value), value)));
  if (values.map(String).includes(before)) select.value = before;
  select.closest("label").hidden = values.length === 0;
}

function number(value) {
  if (value === null || value === undefined) return "-";
  return Math.abs(value) >= 1000 || (value && Math.abs(value) < 0.001) ? value.toPrecision(3) : value.toFixed(3);
}
