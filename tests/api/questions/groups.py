"""Lists of figures, and groups of them."""

import json

from answers import FIGURE, OneOf, Question, figure_told
from data_set import DataSet, Figure
from dimensions import DIMENSIONS, OF_FIGURES_ALONE, WORDS, key_of, key_selected, key_told
from draw import Draw
from filters import picked_figures
from summaries import SUMMARY, Expected, Summary


def list_question(draw: Draw) -> Question:
    """Which figures a filter of their periods picks, in the order of the periods."""
    condition = {"period": draw.period_filter()}
    if draw.chance(0.5):
        others = [{"period": draw.period_filter()} for _ in range(2)]
        condition = draw.choice([{"and": others}, {"or": others}, {"not": condition}, condition | {"or": others}])
    direction = draw.choice(["ASC", "DESC"])
    figures = picked_figures(draw.data.figures, condition)
    figures.sort(key=lambda f: f.period)
    ordered = [figures]
    if direction == "DESC":
        # Whether those of one period turn round, too, is left open.
        ordered = [sorted(figures, key=lambda f: f.period, reverse=True), figures[::-1]]
    return Question(
        f"""{{ observations(filter: $filter, first: 1000, orderBy: [{{by: PERIOD, direction: $direction}}]) {{
          totalCount nodes {FIGURE}
        }} }}""",
        {"filter": condition, "direction": direction},
        {"observations": {
            "totalCount": len(figures), "nodes": OneOf(*([figure_told(f) for f in o[:1000]] for o in ordered)),
        }},
    )


def grouped(data: DataSet, by: tuple[str, ...], condition: dict) -> list[tuple[tuple, list[Figure]]]:
    """The groups of the figures that a filter picks, in their order, each with its key."""
    found: dict[tuple, list[Figure]] = {} if by else {(): []}
    for figure in picked_figures(data.figures, condition):
        found.setdefault(key_of(figure, by), []).append(figure)
    return sorted(found.items(), key=lambda group: [(v is None, data.number.get(v, v)) for v in group[0]])


def groups_question(draw: Draw) -> Question:
    """Groups of figures, and what is computed of each."""
    by = tuple(draw.random.sample(list(DIMENSIONS), draw.choice([0, 1, 1, 1, 2, 2, 3])))
    if draw.chance(0.7):
        by = tuple(d for d in by if d not in OF_FIGURES_ALONE)
    condition, of, percent = draw.figure_filter(), draw.choice(list(DIMENSIONS)), draw.percent()
    expected = Expected(draw.data, condition, by)
    groups = grouped(draw.data, by, condition)
    nodes = []
    for key, figures in groups[:1000]:
        told = {"key": key_told(by, key)} if by else {}
        nodes.append(told | Summary(draw.data, figures, expected, key).told(of, percent))

    def any_order(connection):
        return connection | {"nodes": {json.dumps(node["key"]): node for node in connection["nodes"]}}

    def compared(data):
        return any_order(data["observationGroups"]) if WORDS & set(by) else data["observationGroups"]
    connection = {"observationGroups": {"totalCount": len(groups), "nodes": nodes}}
    return Question(
        f"""{{ observationGroups(by: $by, filter: $filter, first: 1000) {{
          totalCount nodes {{ {key_selected(by)} {SUMMARY} }}
        }} }}""",
        {"by": by, "filter": condition, "of": of, "p": str(percent)}, compared(connection), compared,
    )
