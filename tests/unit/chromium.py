"""Pages in headless Chromium: a script runs in the page, and what it returns comes back. No driver is needed: the
script writes its answer into the page, whose DOM Chromium prints."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

import pytest

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needed = pytest.mark.skipif(PROGRAM is None, reason="needs Chromium: apt-get install chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=20000")


def ask(page: Path, script: str, width: int = 1400, with_axe: bool = False, with_scripts: bool = True) -> dict:
    """What the body of an async function, ``script``, returns in the page, which is ``width`` pixels wide.

    The page is shown in a frame, because a window of Chromium is not narrower than 500 pixels. The script has its
    ``window`` and ``document``, and ``axe`` where it is asked for. ``with_scripts``: whether the page has its own.
    """
    axe = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") if with_axe else ""
    text = page.read_text(encoding="utf-8")
    text = text if with_scripts else re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    inside = text.replace("</body>", f"<script>{axe}</script></body>")
    wrapper = f"""<!DOCTYPE html><title>wait</title><body style="margin:0">
<iframe style="width:{width}px;height:900px;border:0" srcdoc="{html.escape(inside)}"></iframe>
<script>document.querySelector("iframe").addEventListener("load", async event => {{
  const window = event.target.contentWindow, document = window.document, axe = window.axe;
  let answer;
  try {{ answer = await (async () => {{ {script} }})(); }} catch (error) {{ answer = {{error: String(error)}}; }}
  const told = globalThis.document.createElement("pre");
  told.id = "answer";
  told.textContent = JSON.stringify(answer);
  globalThis.document.body.replaceChildren(told);
}});</script></body>"""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "page.html"
        whole.write_text(wrapper, encoding="utf-8")
        printed = _run(folder, "--dump-dom", f"--window-size={max(width, 500)},1000", whole.as_uri())
    found = re.search(r'<pre id="answer">(.*?)</pre>', printed, re.DOTALL)
    assert found, f"no answer in {printed[-500:]}"
    answer = json.loads(html.unescape(found[1]))
    assert "error" not in answer, answer["error"]
    return answer


def _run(folder: str, *arguments: str) -> str:
    assert PROGRAM is not None, "tests that ask are skipped without it"
    command = [PROGRAM, *FLAGS, f"--user-data-dir={folder}/profile", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
