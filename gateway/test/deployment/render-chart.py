"""Renders the chart in argv[1] for each set of values of the JSON on standard input, and checks what comes out.

Prints JSON: what the linter says, and for each name either the objects or why there are none. Objects are checked against
the schemas of the Kubernetes release in argv[2].
"""

import json
import sys

import helm_python as helm
import kubernetes_validate
import yaml

chart_path, release = sys.argv[1:]
report = {"lint": helm.lint(chart_path), "releases": {}}
with helm.Chart.load(chart_path) as chart:
    for name, values in json.load(sys.stdin).items():
        try:
            chart.validate_schema(values)
            rendered = chart.render(values, name="demo", namespace="prod")
        except helm.HelmError as error:
            report["releases"][name] = {"error": str(error), "objects": []}
            continue
        texts = [text for path, text in rendered.items() if path.endswith(".yaml")]
        objects = [one for text in texts for one in yaml.safe_load_all(text) if one is not None]
        for one in objects:
            kubernetes_validate.validate(one, release, strict=True)
        report["releases"][name] = {"error": "", "objects": objects}
print(json.dumps(report))
