"""What people who use, cite or change the project look for first."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import fastjsonschema
import pytest
import yaml

PROJECT = Path(__file__).parents[2]
ABOUT = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

# The parts of the schema of the Citation File Format 1.2.0 that this file uses, with all of its top-level keys:
# https://github.com/citation-file-format/citation-file-format/blob/1.2.0/schema-guide.md
KEYS = ("abstract authors cff-version commit contact date-released doi identifiers keywords license license-url "
        "message preferred-citation references repository repository-artifact repository-code title type url version"
        )  # fmt: skip
TEXT = {"type": "string", "minLength": 1}
PERSON_KEYS = ("family-names", "given-names", "affiliation", "email", "orcid", "alias")
PERSON = {"type": "object", "additionalProperties": False, "minProperties": 1,
          "properties": dict.fromkeys(PERSON_KEYS, TEXT)}  # fmt: skip
ENTITY = {"type": "object", "required": ["name"], "additionalProperties": False,
          "properties": dict.fromkeys(("name", "website", "email", "orcid", "alias"), TEXT)}  # fmt: skip
CITATION = {
    "type": "object",
    "required": ["authors", "cff-version", "message", "title"],
    "additionalProperties": False,
    "properties": {key: {} for key in KEYS.split()}
    | dict.fromkeys(("abstract", "message", "title"), TEXT)
    | {
        "cff-version": {"const": "1.2.0"},
        "type": {"enum": ["software", "dataset"]},
        "version": {"type": ["string", "number"]},
        "license": {"const": ABOUT["license"]},
        "authors": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"anyOf": [ENTITY, PERSON]}},
        "keywords": {"type": "array", "minItems": 1, "uniqueItems": True, "items": TEXT},
    },
}


def load(name: str):
    return yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))


def test_the_citation_file_is_valid_and_says_what_the_package_says():
    found = load("CITATION.cff")
    fastjsonschema.compile(CITATION)(found)
    assert str(found["version"]) == ABOUT["version"]
    assert found["authors"] == ABOUT["authors"]
    assert isinstance(found.get("date-released", date.today()), date)


@pytest.mark.parametrize("change", [{"authors": []}, {"authors": [{"nam": "x"}]}, {"licence": "MIT"}, {"message": ""}])
def test_a_citation_file_that_is_not_valid_would_be_noticed(change):
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        fastjsonschema.compile(CITATION)(load("CITATION.cff") | change)


def test_the_licence_is_the_one_that_the_package_names():
    text = (PROJECT / "LICENSE").read_text()
    assert text.startswith(f"{ABOUT['license']} License\n")
    assert re.search(rf"Copyright \(c\) \d{{4}} {ABOUT['authors'][0]['name']}\n", text)


def test_the_changelog_has_the_unreleased_part_first_and_then_the_version_of_the_package():
    heads = re.findall(r"^## \[(.+?)\]", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[:2] == ["Unreleased", ABOUT["version"]]
    kinds = re.findall(r"^### (.+)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_hooks_before_a_commit_are_formatters_and_linters_of_make_lint_and_in_the_lock():
    lint = (PROJECT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    hooks = [hook for repo in load(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert [hook["id"] for hook in hooks] == ["ruff-check", "ruff-format", "snakefmt"]
    for hook in hooks:
        command = hook["entry"].replace(" --force-exclude", "")
        assert hook["language"] == "system"
        assert re.search(rf"^\t{command} ", lint, re.MULTILINE), command
        assert re.search(rf"^{command.split()[0]}==", (PROJECT / "envs/requirements.lock").read_text(), re.MULTILINE)
    smk = re.compile(hooks[-1]["files"])
    named = ["Snakefile", "workflow/rules/train.smk", "tests/Snakefile.py"]
    assert [name for name in named if smk.search(name)] == named[:2]


def test_the_public_ci_calls_ci_run_on_pythons_that_the_package_knows():
    flow = load(".github/workflows/ci.yml")
    (job,) = flow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert set(flow[True]) == {"push", "pull_request"}  # YAML reads the key `on` as a truth value
    assert min(job["strategy"]["matrix"]["python"]) == ABOUT["requires-python"].removeprefix(">=")


def test_the_list_of_dependencies_says_what_each_is_for():
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("\n## Dependencies\n")[2]
    listed = [name for line in text.splitlines() for name in line.strip("| ").partition(" | ")[0].split(", ")]
    wanted = [*ABOUT["dependencies"], *(name for extra in ABOUT["optional-dependencies"].values() for name in extra)]
    missing = {re.match(r"[\w-]+", name)[0] for name in wanted} - set(listed)
    assert not missing


def test_forms_of_issues_have_what_github_asks_for():
    forms = sorted(path for path in (PROJECT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
    assert len(forms) == 2
    for form in map(load, forms):
        assert {"name", "description", "body"} <= set(form)
        fields = [field for field in form["body"] if field["type"] != "markdown"]
        assert len({field["id"] for field in fields}) == len(fields) > 0
        assert all(field["attributes"]["label"] for field in fields)
        assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_workflow_catalogue_finds_what_it_reads():
    usage = load(".snakemake-workflow-catalog.yml")["usage"]
    assert {"mandatory-flags", "software-stack-deployment", "report"} <= set(usage)
    assert usage["software-stack-deployment"]["conda"] is (
        "conda:\n" in (PROJECT / "workflow/rules/data.smk").read_text()
    )
    assert (PROJECT / "Snakefile").is_file()
    assert (PROJECT / "config/README.md").is_file()


def test_a_configuration_in_the_catalogues_words_is_one():
    from mebench.config.schema import checked

    text = (PROJECT / "config/README.md").read_text()
    checked(yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]))
