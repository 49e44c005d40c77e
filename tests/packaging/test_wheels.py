"""What is installed is what was tested: wheels of every distribution, and each plugin alone on the core's wheel."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DISTRIBUTIONS = {
    "attibooks_core": ROOT,
    "attibooks_attio": ROOT / "plugins/attio",
    "attibooks_quickbooks": ROOT / "plugins/quickbooks",
    "attibooks_invoice_object": ROOT / "plugins/invoice_object",
    "attibooks_stripe_billing": ROOT / "plugins/stripe_billing",
    "attibooks_sandbox": ROOT / "sandbox",
    "attibooks_example_deposit": ROOT / "examples/deposit_adjuster",
}
PLUGINS = {
    "attibooks_attio": "plugins/attio/tests",
    "attibooks_quickbooks": "plugins/quickbooks/tests",
    "attibooks_invoice_object": "plugins/invoice_object/tests",
    "attibooks_stripe_billing": "plugins/stripe_billing/tests",
    "attibooks_example_deposit": "examples/deposit_adjuster/tests",
}
UV = Path(sys.executable).parent / "uv"

pytestmark = pytest.mark.timeout(400)


def run(*command, cwd=ROOT, **environment):
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """A wheel of each distribution, by name."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in DISTRIBUTIONS.values():
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source)
    return {name: next(folder.glob(f"{name}-*.whl")) for name in DISTRIBUTIONS}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_wheel_holds_the_package_and_nothing_else(wheels, name):
    with zipfile.ZipFile(wheels[name]) as wheel:
        files = wheel.namelist()
        metadata = wheel.read(next(f for f in files if f.endswith("METADATA"))).decode()
    assert {f.split("/")[0] for f in files} == {name, f"{wheels[name].name.split('-py3')[0]}.dist-info"}
    assert f"{name}/py.typed" in files
    assert not [f for f in files if "/tests/" in f]
    assert "License-Expression: MIT" in metadata


def test_the_core_wheel_holds_its_migrations(wheels):
    with zipfile.ZipFile(wheels["attibooks_core"]) as wheel:
        assert "attibooks_core/storage/migrations/versions/0001_first_tables.py" in wheel.namelist()


@pytest.fixture
def new_venv(tmp_path):
    """Makes environments with some wheels and nothing of this checkout."""

    def make(*wheels, tools=("pytest", "hypothesis")):
        venv = tmp_path / "venv"
        run(UV, "venv", "-q", "--python", sys.executable, venv)
        constraints = ROOT / "requirements/dev.txt"
        run(UV, "pip", "install", "-q", "--python", venv / "bin/python", "-c", constraints, *wheels, *tools)
        return venv / "bin"

    return make


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugins_tests_pass_on_the_cores_wheel_and_its_own(wheels, new_venv, tmp_path, name):
    binaries = new_venv(wheels["attibooks_core"], wheels[name])
    rules = tmp_path / "pytest.ini"
    rules.write_text(
        "[pytest]\nanyio_mode = auto\naddopts = --import-mode=importlib -p attibooks_core.testing.plugin\nfilterwarnings = error\n"
    )
    run(
        binaries / "python",
        "-m",
        "pytest",
        "-q",
        "-c",
        rules,
        "--rootdir",
        tmp_path,
        "-p",
        "no:cacheprovider",
        ROOT / PLUGINS[name],
        cwd=tmp_path,
    )


def test_the_installed_program_finds_the_installed_plugins(wheels, new_venv, tmp_path):
    binaries = new_venv(*wheels.values(), tools=())
    settings = {"ATTIBOOKS_BILLING": "none", "ATTIBOOKS_ATTIO__APP_SECRETS": '{"k": "s"}'}
    listed = run(binaries / "attibooks", "plugins", cwd=tmp_path, **settings)
    for name in ("attio", "quickbooks", "invoice_object", "stripe_billing", "core.builder", "core.unmetered"):
        assert f"{name} " in listed
    assert "active" in listed
    assert "sandbox" in run(binaries / "attibooks", "--help", cwd=tmp_path)


def test_the_core_alone_is_a_host_without_plugins(wheels, new_venv, tmp_path):
    binaries = new_venv(wheels["attibooks_core"], tools=())
    code = (
        "import sys; from attibooks_core.host_settings import load_host_settings; from attibooks_core.web import create_app;"
        "create_app(load_host_settings(billing='none'));"
        "print([m for m in sys.modules if m.startswith('attibooks_') and not m.startswith('attibooks_core')])"
    )
    assert run(binaries / "python", "-c", code, cwd=tmp_path).strip() == "[]"


def test_the_checkout_runs_from_any_folder(tmp_path):
    settings = {"ATTIBOOKS_BILLING": "none", "ATTIBOOKS_ATTIO__APP_SECRETS": '{"k": "s"}'}
    assert "quickbooks" in run(Path(sys.executable).parent / "attibooks", "plugins", cwd=tmp_path, **settings)
    assert list(tmp_path.iterdir()) == [], "listing plugins writes nothing"
