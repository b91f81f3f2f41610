"""Writes the pages of docs/ and the tables of README.md that are generated from registries and results.

Run it as `python docs/generate.py` (`make docs`). With `--check` it writes nothing and exits with 1 if a file is stale.
"""

import re
import sys
from pathlib import Path

from registry_pages import loss_page, losses_page, losses_table, scores_page, settings_page
from results_tables import (
    answer_text,
    before_after_table,
    benchmark_table,
    choices_table,
    chosen_table,
    equal_time_text,
    found_table,
    levers_text,
    optimisers_table,
    promises_table,
    rates_table,
    reached_text,
    rounding_table,
    speed_table,
    study_text,
    summary_table,
    tried_table,
    tune_table,
)

from rnngan_cli.losses import VARIANTS
from rnngan_cli.sweeps.catalogue import describe_loss

ROOT = Path(__file__).resolve().parent.parent


PARTS = {
    "promises": promises_table,
    "rounding": rounding_table,
    "rates": rates_table,
    "power": found_table,
    "choices": choices_table,
    "chosen": chosen_table,
    "tried": tried_table,
    "before-after": before_after_table,
    "levers": levers_text,
    "equal-time": equal_time_text,
    "reached": reached_text,
    "losses": losses_table,
    "answer": answer_text,
    "study": study_text,
    "summary": summary_table,
    "benchmark": benchmark_table,
    "tune": tune_table,
    "optimisers": optimisers_table,
    "speed": speed_table,
}
PAGES = {
    "README.md": ("summary", "losses", "speed"),
    "docs/study.md": ("study",),
    "docs/benchmark.md": ("answer", "benchmark"),
    "docs/studies.md": ("tune", "optimisers"),
    "docs/promises.md": ("promises",),
    "docs/evaluation.md": ("rounding", "rates", "power"),
    "docs/choosing.md": ("choices", "chosen", "tried"),
    "docs/training.md": ("before-after",),
    "docs/learnt.md": ("levers", "equal-time", "reached"),
}
"""Pages written by hand, with the names of their generated parts."""


def filled(page: str) -> str:
    """The text of a page with its generated parts replaced by current ones.

    Raises:
        SystemExit: the page lacks the markers of a part.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    for name in PAGES[page]:
        begin, end = f"<!-- {name}: written by docs/generate.py -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{page} has no part `{begin}` ... `{end}`")
        part = f"{begin}\n\n{PARTS[name]()}\n\n{end}"
        text = pattern.sub(lambda _, part=part: part, text)
    return text


def pages() -> dict[Path, str]:
    """The current text of every generated file, by path."""
    losses = map(describe_loss, VARIANTS.values())
    return {
        **{ROOT / page: filled(page) for page in PAGES},
        **{ROOT / "docs" / "losses" / f"{facts.name}.md": loss_page(facts) for facts in losses},
        ROOT / "docs" / "losses.md": losses_page(),
        ROOT / "docs" / "scores.md": scores_page(),
        ROOT / "docs" / "settings.md": settings_page(),
    }


def main() -> int:
    """Writes the files, or with `--check` only reports by the exit code whether any is stale."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        return int(bool(stale))
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
