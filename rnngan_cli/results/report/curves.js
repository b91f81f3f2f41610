// Loss curves: the mean and the range over seeds, or every seed.

const checked = () => names.filter((name) => get("curve-losses").querySelector(`[value="${CSS.escape(name)}"]`)?.checked);

function histories(place, loss) {
  return facts.runs.filter((run) => run.place === place && run.loss === loss && run.history);
}

function smoothed(values, width) {
  // The mean over the last rows up to each row; values that are not finite are ignored.
  if (!width) return values;
  return values.map((value, end) => {
    const kept = values.slice(Math.max(0, end - width), end + 1).filter((one) => one !== null);
    return value === null || !kept.length ? null : kept.reduce((sum, one) => sum + one, 0) / kept.length;
  });
}

function band(runs, term, width) {
  // For each step: mean, minimum and maximum over the seeds that have reached it.
  const found = new Map();
  for (const run of runs) {
    const values = smoothed(run.history.terms[term] || [], width);
    values.forEach((value, row) => {
      if (value === null) return;
      const step = run.history.step[row];
      if (!found.has(step)) found.set(step, []);
      found.get(step).push(value);
    });
  }
  const steps = [...found.keys()].sort((one, other) => one - other);
  const each = steps.map((step) => found.get(step));
  return {
    steps,
    mean: each.map((values) => values.reduce((sum, one) => sum + one, 0) / values.length),
    low: each.map((values) => Math.min(...values)),
    high: each.map((values) => Math.max(...values)),
  };
}

// Limits of an axis that are robust to a few distant values, as in the pictures of `rnngan plot`.
function limits(values) {
  const sorted = values.filter((value) => value !== null).sort((one, other) => one - other);
  if (!sorted.length) return undefined;
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const span = at(0.95) - at(0.05);
  const low = Math.max(sorted[0], at(0.05) - span);
  const high = Math.min(sorted.at(-1), at(0.95) + span);
  const room = 0.06 * (high - low || 1);
  return [low - room, high + room];
}

function showCurves() {
  const [place, term] = [get("curve-place").value, get("curve-term").value];
  const width = Number(get("curve-smooth").value);
  get("curve-smooth-rows").textContent = width ? `${width + 1} rows` : "no rows";
  const traces = [];
  const rows = [];
  for (const loss of checked()) {
    const runs = histories(place, loss).filter((run) => run.history.terms[term]);
    if (!runs.length) continue;
    const colour = shade(facts.losses[loss].colour);
    const { steps, mean, low, high } = band(runs, term, width);
    const dash = facts.losses[loss].dash;
    const about = { name: plain(loss), legendgroup: loss, line: { color: colour, width: 2, dash } };
    if (get("curve-seeds").checked) {
      for (const run of runs) {
        traces.push({ ...about, x: run.history.step, y: smoothed(run.history.terms[term], width), mode: "lines",
          line: { color: colour, width: 1, dash },
          hovertemplate: `${plain(loss)}, seed ${run.seed}<br>step %{x}: %{y:.4g}<extra></extra>` });
      }
    } else {
      traces.push({ x: [...steps, ...steps.slice().reverse()], y: [...high, ...low.slice().reverse()], fill: "toself",
        fillcolor: faded(colour, 0.18), line: { width: 0 }, mode: "lines", hoverinfo: "skip", legendgroup: loss });
      traces.push({ ...about, x: steps, y: mean, mode: "lines", customdata: low.map((one, row) => [one, high[row]]),
        hovertemplate: `${plain(loss)}<br>step %{x}: %{y:.4g}, from %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>` });
    }
    for (const run of runs.filter((one) => one.state === "diverged")) {
      const last = run.history.terms[term].findLastIndex((value) => value !== null);
      traces.push({ x: [run.history.step[last]], y: [run.history.terms[term][last]], mode: "markers",
        marker: { symbol: "x", size: 10, color: colour },
        hovertemplate: `${plain(loss)}, seed ${run.seed} diverged at step ${run.step}<extra></extra>` });
    }
    const end = steps.length - 1;
    rows.push([loss, runs.length, number(mean[end]), number(low[end]), number(high[end]), steps[end] ?? "-"]);
  }
  const every = Math.max(1, ...facts.runs.filter((run) => run.place === place && run.history).map((run) => run.history.every));
  const scale = get("curve-log").checked ? "log" : "linear";
  const values = traces.flatMap((trace) => trace.y);
  const range = get("curve-far").checked || scale === "log" ? undefined : limits(values);
  const cut = range && values.some((value) => value !== null && (value < range[0] || value > range[1]));
  get("curve-title").textContent = `${place}: ${term}.`;
  get("curve-note").textContent = [
    every > 1 ? `One recorded row in ${every} is drawn, the last one always.` : "",
    cut ? "Some values lie outside the axis: tick “far values too” to see them." : "",
  ].join(" ");
  table(get("curve-table"), ["loss", "seeds", "mean", "lowest", "highest", "step"], rows);
  return () => draw(get("curve-chart"), traces,
    { xaxis: { title: { text: "updates of the generator" } }, yaxis: { type: scale, range, title: { text: plain(term) } } },
    `${term} against updates of the generator, ${place}; ${rows.length} losses, their last values are in the table below`);
}

function table(place, heads, rows) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  for (const word of heads) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = word;
    head.append(cell);
  }
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((word) => { line.insertCell().textContent = word; });
  }
  place.replaceChildren(made);
}

function curveControls() {
  const place = get("curve-place").value;
  const here = facts.runs.filter((run) => run.place === place && run.history);
  fill(get("curve-term"), unique(here.flatMap((run) => Object.keys(run.history.terms))));
  const box = get("curve-losses");
  const off = [...box.querySelectorAll("input:not(:checked)")].map((one) => one.value);
  box.querySelectorAll("label").forEach((one) => one.remove());
  for (const loss of names.filter((name) => here.some((run) => run.loss === name))) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const dot = document.createElement("span");
    Object.assign(input, { type: "checkbox", value: loss, checked: !off.includes(loss) });
    dot.className = "dot";
    dot.style.setProperty("--colour", facts.losses[loss].colour);
    dot.style.marginLeft = ".3em";
    label.append(input, dot, loss);
    box.append(label);
  }
}
