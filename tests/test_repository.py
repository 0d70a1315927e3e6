"""What surrounds the code says what is there: citation, changes, contributing, forms, workflows, hooks, container."""

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import convnotes

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = re.findall(r":: (3\.\d+)'", str(PROJECT["classifiers"]))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}


def test_the_citation_is_of_this_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "abstract"} <= set(citation)
    assert citation["version"] == convnotes.__version__
    assert citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert citation["keywords"] == PROJECT["keywords"]


def test_the_changes_are_those_of_this_version():
    """A change adds its line to the version that is being made; a new version has a new heading first."""
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert convnotes.__version__ in headings[0]
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CHANGELOG.md"])
def test_what_pages_link_and_name_is_there(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), target
    for name in re.findall(r"(?:tests/|\.ci/|`)(test_\w+\.py)", text):
        assert (ROOT / "tests" / name).exists(), name
    for name in re.findall(r"\.ci/\w+(?:\.py)?", text):
        assert (ROOT / name).exists(), name


def test_contributing_says_how_to_add_each_thing_and_is_one_page():
    for thing in ("implementation", "algorithm", "operation", "layer", "notebook"):
        assert re.search(rf"^- \*\*An? {thing}\b", CONTRIBUTING, re.M), thing
    assert len(CONTRIBUTING.splitlines()) < 90


def test_every_test_file_that_holds_a_rule_is_a_row():
    rows = [line for line in CONTRIBUTING.splitlines() if line.startswith("| ") and "tests/test_" in line]
    assert len(rows) >= 12
    assert all(re.fullmatch(r"\| [A-Z`].*[^.] \| .*(`tests/test_\w+\.py`|nbval) \|", row) for row in rows), rows


def test_tests_run_on_every_python_that_is_named_and_on_every_system():
    jobs = WORKFLOWS["test"]["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == PYTHONS
    assert {"lowest", "newest"} <= set(jobs)
    assert jobs["elsewhere"]["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]
    commands = [step["run"] for name in jobs for step in jobs[name]["steps"] if "run" in step]
    assert {"bash .ci/run", "bash .ci/lowest", "bash .ci/elsewhere"} <= set(commands)


def test_the_site_is_built_and_its_links_are_followed():
    jobs = WORKFLOWS["site"]["jobs"]
    commands = {name: [step["run"] for step in jobs[name]["steps"] if "run" in step] for name in jobs}
    assert commands["build"] == ["bash .ci/site"]
    assert commands["links"] == ["bash .ci/site linkcheck"]


def test_the_extra_of_the_site_is_what_builds_it_and_is_pinned():
    """Sphinx with what its configuration and our extensions name, and what these import."""
    site = {canonicalize_name(one.name): one for one in map(Requirement, PROJECT["optional-dependencies"]["site"])}
    modules = [ROOT / "docs/conf.py", *(ROOT / "docs/extensions").glob("*.py")]
    source = "".join(path.read_text() for path in modules)
    for name in site.keys() - {"matplotlib", "pillow"}:
        assert re.search(rf'"{name.replace("-", "[-_]")}["./]', source), name
    imported = set(re.findall(r"^(?:from|import) (\w+)", source, re.M)) - sys.stdlib_module_names
    assert imported == {"convnotes", "docutils", "PIL"}
    assert {"sphinx", "pillow"} <= site.keys(), "Sphinx brings docutils"
    assert "matplotlib" in site, "convnotes.draw is described"
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    for name, one in site.items():
        assert sorted(bound.operator for bound in one.specifier) == ["<", ">="], one
        assert one.specifier.contains(pins[name]), one


def test_scripts_of_the_workflows_are_there_and_name_tests_that_are():
    for path in ROOT.glob(".ci/*"):
        assert path.suffix == ".py" or path.read_text().startswith("#!/usr/bin/env bash\n"), path
    (listed,) = re.findall(r"^tests=\((.*?)\)$", (ROOT / ".ci/elsewhere").read_text(), re.S | re.M)
    for name in listed.split():
        assert (ROOT / f"tests/test_{name}.py").exists(), name


def test_what_runs_everywhere_starts_no_process_and_sends_no_signal():
    (listed,) = re.findall(r"^tests=\((.*?)\)$", (ROOT / ".ci/elsewhere").read_text(), re.S | re.M)
    for name in listed.split():
        source = (ROOT / f"tests/test_{name}.py").read_text()
        assert not re.search(r"^import (signal|fcntl)|SIG[A-Z]+|os\.fork", source, re.M), name


def test_the_form_of_an_issue_asks_for_the_environment():
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/report.yml").read_text())
    assert {"name", "description", "body"} <= set(form)
    fields = {field["id"]: field for field in form["body"]}
    environment = fields["environment"]
    assert environment["attributes"]["label"] == "environment.json"
    assert environment["validations"]["required"]
    (command,) = re.findall(r"`\.venv/bin/convnotes (benchmark .*?)`", environment["attributes"]["description"])
    assert parsed(command).out == Path("environment")


def parsed(command: str):
    from convnotes.benchmark.commands import parser

    return parser().parse_args(command.split())


def test_dependabot_looks_after_packages_and_actions():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"pip", "github-actions"}


def test_hooks_use_the_ruff_of_the_constraints_and_the_filter_of_notebooks():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    (pin,) = re.findall(r"^ruff==\S+$", (ROOT / "constraints.txt").read_text(), re.M)
    for name in ("ruff-check", "ruff-format"):
        assert hooks[name]["additional_dependencies"] == [pin]
    assert (ROOT / hooks["notebooks"]["entry"].split()[-1]).exists()
    assert re.search(hooks["notebooks"]["files"], "notebooks/05_bias.ipynb")


def test_the_container_installs_what_tests_need():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    program, script = container["postCreateCommand"].split()
    assert program == "bash"
    text = (ROOT / script).read_text()
    assert "--torch-backend=cpu -c constraints.txt -e '.[test]'" in text
    (environment,) = re.findall(r"\$\{1:-(.*?)\}", text)
    assert container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"].startswith(environment)
    assert container["image"].removeprefix("python:") in PYTHONS
