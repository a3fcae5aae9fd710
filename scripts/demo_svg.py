"""Draws docs/demo.svg: the table of ``edge demo`` as it is while the link is cut and a backlog waits."""

import io
import sys
from pathlib import Path
from threading import Event

from rich.console import Console
from rich.terminal_theme import MONOKAI

from edge.cli.demo import table
from edge.cli.demo.stage import Stage

PICTURE = Path(__file__).parent.parent / "docs" / "demo.svg"
CUT, HURT, SHOT = 18.0, 30.0, 36.0  # seconds after the start
WIDTH = 136


def main() -> int:
    """Runs the demo, takes the picture, and proves that nothing was lost meanwhile."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    with Stage() as stage:
        play(stage)
        console.print(table.view(stage, console), crop=False)
        proof = stage.finish()
        console.print(f"\n {proof.line(stage.power.kills, stage.link.cuts)}", style="bold")
    PICTURE.parent.mkdir(exist_ok=True)
    console.save_svg(str(PICTURE), title="edge demo", theme=MONOKAI, unique_id="demo")
    print(f"{PICTURE}: {proof.taken} readings, {proof.missing} missing")
    return 0 if proof.holds else 1


def play(stage: Stage) -> None:
    """Cuts the link, unplugs a sensor, and waits for the moment of the picture."""
    while stage.seconds < SHOT:
        if stage.link.up and stage.seconds >= CUT:
            stage.link.cut()
        if stage.power.hurt is None and stage.seconds >= HURT:
            stage.hurt("ph")
        stage.look()
        Event().wait(0.25)


if __name__ == "__main__":
    sys.exit(main())
