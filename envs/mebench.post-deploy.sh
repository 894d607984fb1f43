#!/bin/sh
# Install the lock and the package into the active conda environment; run from the project's folder.
set -eu
uv pip install --require-hashes --python "$CONDA_PREFIX/bin/python" --requirements envs/requirements.lock
uv pip install --no-deps --python "$CONDA_PREFIX/bin/python" --editable .
