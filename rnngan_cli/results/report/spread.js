// The scores of single runs.

// A loss with its settings on the lines below.
const label = (loss) => plain(loss).replaceAll(" ", "<br>");

function showSpread() {
  const [place, score] = [get("spread-place").value, get("spread-score").value];
  const about = facts.scores[score];
  const here = names.filter((name) => facts.runs.some((run) => run.place === place && run.loss === name));
  const traces = here.map((loss) => {
    const runs = facts.runs.filter((run) => run.place === place && run.loss === loss && run.state === "done" && run.scores[score] !== null);
    return { x: runs.map((run) => run.scores[score]), y: runs.map(() => label(loss)), mode: "markers",
      customdata: runs.map((run) => run.seed), marker: { color: shade(facts.losses[loss].colour), size: 9, opacity: 0.75 },
      hovertemplate: `${plain(loss)}, seed %{customdata}: %{x:.4g}<extra></extra>` };
  });
  get("spread-chart").style.height = `${120 + here.length * (here.some((loss) => loss.includes(" ")) ? 56 : 30)}px`;
  get("spread-caption").textContent = `A point is a finished run of ${place}. ${about.title}: ${about.definition}; ${about.better} is better.`;
  return () => draw(get("spread-chart"), traces,
    { yaxis: { type: "category", categoryorder: "array", categoryarray: here.map(label).reverse() } },
    `${about.title} of every run by loss, ${place}`);
}
