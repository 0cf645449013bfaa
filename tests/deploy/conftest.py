"""One deployment for all tests of the folder."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.deployment import Deployment, deployed, nginx

NUMBERS = itertools.count(1)  # of schemas


@pytest.fixture(scope="package")
def deployment(postgres: str) -> Iterator[Deployment]:
    """nginx, two replicas and a schema of PostgreSQL. Without nginx, an error in CI and a skip elsewhere."""
    if nginx() is None:
        message = "no nginx found: install it (Debian: apt-get install nginx-light) to run the tests of the deployment"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    schema = f"deployment_{next(NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    database = f"{postgres}&options=-csearch_path%3D{schema}"
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder), database) as running:
        yield running
