"""What a sweep shows: the arithmetic of its ETA, plain lines, and bars on a recorded terminal."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from rnngan_cli.cli.display import Bars, Plain, Silent, describe_progress, display_for, opening
from rnngan_cli.cli.voice import Voice
from rnngan_cli.config import AttemptEnd, RunConfig, RunState
from rnngan_cli.store import RunFolder
from rnngan_cli.sweeps.cost import COMPILE_SECONDS
from rnngan_cli.sweeps.eta import Eta
from rnngan_cli.sweeps.jobs import Display, Job, Survey
from rnngan_cli.sweeps.messages import Progress


def job(seed: int = 0, seconds: float = 10.0, steps: int = 100) -> Job:
    return Job(RunConfig(seed=seed, steps=steps), RunFolder(Path("nowhere")), seconds)


JOBS = [job(0), job(1), job(2, seconds=20.0)]
PROGRESS = Progress(50, d_loss=1.25, g_loss=-0.5)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("rnngan_cli.cli.display.time.monotonic", found)
    return found


def recorded(terminal: bool = False) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=200), text


def test_the_eta_counts_expected_seconds(clock: Clock) -> None:
    eta = Eta(JOBS, workers=1)
    assert eta.share == 0
    eta.at(1, JOBS[0], 50)
    assert eta.share == pytest.approx(5 / 40)
    eta.at(2, JOBS[2], 25)
    assert eta.share == pytest.approx(10 / 40)
    eta.finished(1, JOBS[0])
    assert eta.share == pytest.approx(15 / 40)
    eta.finished(2, JOBS[2])
    eta.at(1, JOBS[1], 100)
    assert eta.share == 1


def test_the_guess_counts_down_until_something_is_known(clock: Clock) -> None:
    eta = Eta(JOBS, workers=1)
    assert eta.left == pytest.approx(40 + COMPILE_SECONDS)  # the three share one shape
    clock.now += 30
    assert eta.left == pytest.approx(10 + COMPILE_SECONDS)
    clock.now += 3000
    assert eta.left == 0


def test_workers_share_the_guess() -> None:
    assert Eta(JOBS, workers=2).left == pytest.approx((40 + COMPILE_SECONDS) / 2, abs=0.1)
    assert Eta(JOBS, workers=9).left == pytest.approx((40 + COMPILE_SECONDS) / 3, abs=0.1)  # no more than runs


def test_measured_speed_takes_over(clock: Clock) -> None:
    """A quarter of the work in 100 s is 300 s for the rest; the guess says 36 s; sqrt(1/4) weighs them equally."""
    eta = Eta(JOBS, workers=1)
    eta.finished(1, JOBS[0])
    clock.now += 100
    assert eta.left == pytest.approx(0.5 * 300 + 0.5 * (40 + COMPILE_SECONDS) * 3 / 4)


def test_nothing_to_do_is_all_done() -> None:
    assert Eta([], workers=1).share == 1
    assert Eta([], workers=1).left == 0


def test_the_opening_line() -> None:
    states = {one.name: RunState.PENDING for one in JOBS}
    assert opening(Survey(JOBS, states), 1) == "3 runs to do on 1 worker, about 48 s"
    assert opening(Survey(JOBS[:1], states), 2).startswith("1 run to do on 2 workers, about 18 s")


def test_the_opening_line_tells_what_was_done_before() -> None:
    states = dict(zip("abcd", (RunState.DONE, RunState.DIVERGED, RunState.FAILED, RunState.PENDING), strict=True))
    line = opening(Survey(JOBS[:1], states, stale=("a",)), 1)
    assert "(1 done, 1 diverged, 1 failed earlier)" in line
    assert "1 made with other versions: `--rerun stale` trains them again" in line
    assert "`--rerun failed` tries failed ones again" in line
    nothing = opening(Survey(states={"a": RunState.DONE}), 1)
    assert nothing == "nothing to do: all 1 runs have ended (1 done earlier)"


def test_a_runs_step_and_losses() -> None:
    assert describe_progress(JOBS[0], PROGRESS) == "step 50 of 100, D 1.25  G -0.5"
    assert describe_progress(JOBS[0], PROGRESS, short=True) == "D 1.25  G -0.5"
    assert describe_progress(JOBS[0], Progress(100, "scoring")) == "scoring"


def test_plain_lines_count_runs_and_tell_the_time_left(clock: Clock) -> None:
    console, text = recorded()
    plain = Plain(console)
    plain.begin(Survey(JOBS), 1)
    plain.assign(1, JOBS[0])
    plain.progress(1, JOBS[0], PROGRESS)
    clock.now += 10
    plain.end(1, JOBS[0], RunState.DONE, "")
    plain.end(1, JOBS[1], RunState.FAILED, "its worker ended with code -9")
    plain.stopping()
    plain.end(1, JOBS[2], RunState.INTERRUPTED, "")
    lines = text.getvalue().splitlines()
    assert lines[0] == "3 runs to do on 1 worker, about 48 s"
    assert lines[1] == f"started  {JOBS[0].name}"
    # A quarter done in 10 s: half of 30 s measured, half of 36 s guessed.
    assert lines[2] == f"done     {JOBS[0].name} (1 of 3, about 33 s left)"
    assert lines[3].startswith(f"failed   {JOBS[1].name}: its worker ended with code -9 (2 of 3, about ")
    assert lines[4] == "stopping after a checkpoint ..."
    assert lines[5] == f"interrupted {JOBS[2].name} (3 of 3)"


def test_a_try_that_is_repeated_is_not_counted_twice() -> None:
    console, text = recorded()
    plain = Plain(console)
    plain.begin(Survey(JOBS[:1]), 1)
    plain.end(1, JOBS[0], AttemptEnd.RETRIED, "its worker ended with code -9")
    plain.end(1, JOBS[0], RunState.DONE, "")
    lines = text.getvalue().splitlines()
    assert lines[1].startswith(f"retried  {JOBS[0].name}: its worker ended with code -9 (0 of 1, about ")
    assert lines[2] == f"done     {JOBS[0].name} (1 of 1)"


def test_plain_says_once_a_minute_how_things_stand(clock: Clock) -> None:
    console, text = recorded()
    plain = Plain(console)
    plain.begin(Survey(JOBS), 1)
    plain.progress(1, JOBS[0], PROGRESS)
    plain.tick()
    clock.now += 59
    plain.tick()
    assert len(text.getvalue().splitlines()) == 1
    clock.now += 1
    plain.tick()
    plain.tick()
    # An eighth done in 60 s is 420 s for the rest; the guess says 42 s; sqrt(1/8) of the one and the rest of the other.
    assert text.getvalue().splitlines()[1:] == [
        f"12% done, about 3 min left: {JOBS[0].config.label} step 50 of 100, D 1.25  G -0.5"
    ]


def test_plain_lines_are_not_wrapped_or_marked_up() -> None:
    text = io.StringIO()
    plain = Plain(Console(file=text, width=20))
    plain.begin(Survey(JOBS), 1)
    plain.end(1, JOBS[0], RunState.FAILED, "[bold]no markup[/bold]")
    assert len(text.getvalue().splitlines()) == 2
    assert "[bold]no markup[/bold]" in text.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_bars_are_drawn_and_taken_down(terminal: bool) -> None:
    console, text = recorded(terminal)
    bars = Bars(console)
    bars.begin(Survey(JOBS), 2)
    for worker, one in ((1, JOBS[0]), (2, JOBS[1])):
        bars.assign(worker, one)
        bars.progress(worker, one, PROGRESS)
    bars.tick()
    bars.progress(1, JOBS[0], Progress(100, "scoring"))
    bars.end(1, JOBS[0], RunState.DONE, "")
    bars.end(2, JOBS[1], RunState.DIVERGED, "`d_loss` was not finite")
    bars.stopping()
    bars.assign(1, JOBS[2])
    bars.end(1, JOBS[2], RunState.DONE, "")
    bars.close()
    shown = text.getvalue()
    assert "3 runs to do on 2 workers" in shown
    assert f"diverged: {JOBS[1].name}: `d_loss` was not finite" in shown
    assert "3 of 3 runs" in shown
    assert ("\x1b[" in shown) == terminal


def test_bars_stay_up_while_a_run_is_tried_again() -> None:
    console, text = recorded(terminal=True)
    bars = Bars(console)
    bars.begin(Survey(JOBS[:1]), 1)
    bars.assign(1, JOBS[0])
    bars.end(1, JOBS[0], AttemptEnd.RETRIED, "why")
    bars.assign(2, JOBS[0])
    bars.progress(2, JOBS[0], PROGRESS)
    bars.end(2, JOBS[0], RunState.DONE, "")
    bars.close()
    assert f"retried: {JOBS[0].name}: why" in text.getvalue()
    assert "1 of 1 runs" in text.getvalue()


def test_bars_with_nothing_to_do() -> None:
    console, text = recorded(terminal=True)
    bars = Bars(console)
    bars.begin(Survey([]), 1)
    bars.close()
    assert "nothing to do" in text.getvalue()


def test_bars_that_never_began_can_be_closed() -> None:
    console, text = recorded()
    Bars(console).close()
    assert text.getvalue() == ""


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    display: Display = Silent()
    display.begin(Survey(JOBS), 1)
    display.assign(1, JOBS[0])
    display.progress(1, JOBS[0], PROGRESS)
    display.end(1, JOBS[0], RunState.FAILED, "why")
    display.tick()
    display.stopping()
    display.close()
    assert display.notes() == ()
    assert capsys.readouterr() == ("", "")


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars still move, without a colour: signs such as 31, 92, 38;5;1."""
    colours = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|9[0-7])(?:;[0-9;]*)?m")
    for wanted in (True, False):
        monkeypatch.delenv("NO_COLOR", raising=False) if wanted else monkeypatch.setenv("NO_COLOR", "1")
        text = io.StringIO()
        bars = Bars(Console(file=text, force_terminal=True, color_system="256", width=200))
        bars.begin(Survey(JOBS[:1]), 1)
        bars.assign(1, JOBS[0])
        bars.progress(1, JOBS[0], PROGRESS)
        bars.close()
        assert "\x1b[" in text.getvalue()
        assert bool(colours.search(text.getvalue())) == wanted


def test_a_terminal_that_cannot_move_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert isinstance(display_for("auto", Voice(), as_json=False), Bars)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(display_for("auto", Voice(), as_json=False), Plain)
    assert type(display_for("auto", Voice(quiet=True), as_json=False)) is Silent


def test_bars_tell_of_every_run_to_who_wants_more() -> None:
    console, text = recorded()
    bars = Bars(console, verbose=True)
    bars.begin(Survey(JOBS[:1]), 1)
    bars.assign(1, JOBS[0])
    bars.end(1, JOBS[0], RunState.DONE, "")
    bars.close()
    assert [f"started: {JOBS[0].name}", f"done: {JOBS[0].name}"] == text.getvalue().splitlines()[1:3]
