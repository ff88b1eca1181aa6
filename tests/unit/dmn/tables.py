"""Decision files for tests, stating only what matters."""

from __future__ import annotations

from engine.dmn.bench import _escape as escape

MODEL = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def table(
    inputs, outputs, rules, policy="UNIQUE", *, aggregation=None, types=None, values=None, default=None, items=""
):
    """`rules`: (cells…, results…) as texts; `types`: name to typeRef; `values`: name to the values allowed."""
    types, values = types or {}, values or {}

    def kind(name):
        return f' typeRef="{types[name]}"' if name in types else ""

    def allowed(name, tag):
        return f"<{tag}><text>{escape(values[name])}</text></{tag}>" if name in values else ""

    data = "".join(
        f'<inputData id="in{n}" name="{name}"><variable name="{name}"{kind(name)}/></inputData>'
        for n, name in enumerate(inputs)
    )
    needs = "".join(
        f'<informationRequirement><requiredInput href="#in{n}"/></informationRequirement>' for n in range(len(inputs))
    )
    columns = "".join(
        f"<input><inputExpression><text>{name}</text></inputExpression>{allowed(name, 'inputValues')}</input>"
        for name in inputs
    )
    results = "".join(
        f'<output name="{name}"{kind(name)}>{allowed(name, "outputValues")}'
        + (f"<defaultOutputEntry><text>{escape(default[name])}</text></defaultOutputEntry>" if default else "")
        + "</output>"
        for name in outputs
    )
    rows = ""
    for rule in rules:
        cells = "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in rule[: len(inputs)])
        answers = "".join(f"<outputEntry><text>{escape(cell)}</text></outputEntry>" for cell in rule[len(inputs) :])
        rows += f"<rule>{cells}{answers}</rule>"
    extra = f' aggregation="{aggregation}"' if aggregation else ""
    return decision_file(
        f'{items}{data}<decision id="d" name="d">{needs}'
        f'<decisionTable hitPolicy="{policy}"{extra}>{columns}{results}{rows}</decisionTable></decision>'
    )


def decision_file(content, namespace=MODEL):
    return f'<definitions xmlns="{namespace}" id="f" name="f" namespace="urn:test">{content}</definitions>'.encode()


def literal(text, kind=""):
    return f"<literalExpression{kind}><text>{escape(text)}</text></literalExpression>"
