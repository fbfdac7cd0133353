"""Reads boards into Grafana's own model and writes them again: what is lost or changed is no part of that model.

Prints one line for each, nothing if all is well.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def compare(before, after, path):
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                compare(value, after[key], f"{path}.{key}")
            elif value is not None:
                print(f"{path}.{key} is lost")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (one, other) in enumerate(zip(before, after)):
            compare(one, other, f"{path}[{at}]")
    elif before != after:
        print(f"{path} is {json.dumps(before)} before and {json.dumps(after)} after")


register_default_plugins()
for name in sys.argv[1:]:
    board = json.loads(Path(name).read_text(encoding="utf-8"))
    model = Dashboard.from_json(board)
    again = json.loads(json.dumps(model, cls=JSONEncoder))
    compare(board, again, Path(name).name)
